//! A run's own folder: what it needs and nobody else may see, for as long as it lasts.
//!
//! ```text
//! RUNS/{execution}/          0700; with `run_as` 0711, as RUNS is: others get through to what is theirs
//!   command.json             what is to be run, where
//!   supervisor               locked by the supervisor while it lives; its process's number
//!   token                    the supervisor's copy
//!   spool/                   what the supervisor did not deliver yet
//!   secrets/                 removed by the supervisor when the command has ended
//!     token  run_key  extra_vars.yml  vault_password  private_key  hosts
//!   recorder/                what the recorder did not deliver yet
//! ```
//!
//! With `run_as`, the supervisor gives `secrets/` and `recorder/` to the run's user when it begins. From then on nobody
//! with other rights than that user's reads, writes or removes what is in them: see `errands`.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use playback_spool::RunKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::check::Checked;
use super::{command, values};

/// More than the secrets that we write.
const MOST_SECRETS: usize = 100;

/// The folder of one run.
#[derive(Debug, Clone)]
pub(super) struct RunFolder {
    path: PathBuf,
}

/// What is to be run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Command {
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// Working directory.
    pub(super) cwd: PathBuf,
}

/// Where a run's supervisor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supervisor {
    /// None has begun.
    NotStarted,
    /// This process.
    Alive(u32),
    /// It has begun, and is gone.
    Gone,
}

/// Makes the folder of all runs; it must be closed to others. Where runs execute as another user, that user can go
/// through it, and still not list it.
///
/// # Errors
/// It cannot be made, or others can look into it.
pub(super) fn prepare(runs: &Path, passable: bool) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(runs)?;
    let mode = fs::metadata(runs)?.mode();
    if mode & 0o066 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "{} must be closed to other users: chmod 700",
                runs.display()
            ),
        ));
    }
    // It is not closed again without `run_as`: runs of before may go on.
    if passable && mode & 0o777 != 0o711 {
        fs::set_permissions(runs, Permissions::from_mode(0o711))?;
    }
    Ok(())
}

/// What the collectors call themselves that share this folder: the first one chose it.
///
/// # Errors
/// The folder cannot be written or read.
pub(super) fn name(runs: &Path) -> io::Result<String> {
    let path = runs.join("collector");
    let chosen = Uuid::new_v4().simple().to_string();
    let made = path.with_extension(&chosen);
    fs::write(&made, &chosen)?;
    // It is there as a whole, or not at all.
    let linked = fs::hard_link(&made, &path);
    fs::remove_file(&made)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(fs::read_to_string(&path)?.trim().to_owned()),
    }
}

/// The runs that have a folder.
pub(super) fn all(runs: &Path) -> io::Result<Vec<Uuid>> {
    let names = fs::read_dir(runs)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names
        .filter_map(|name| Uuid::parse_str(&name).ok())
        .collect())
}

impl RunFolder {
    /// The folder of this run.
    pub(super) fn of(runs: &Path, id: Uuid) -> Self {
        Self {
            path: runs.join(id.to_string()),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the supervisor spools.
    pub(super) fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    /// Where the recorder spools.
    pub(super) fn recorder_spool(&self) -> PathBuf {
        self.path.join("recorder")
    }

    /// What the supervisor gives to the run's user.
    pub(super) fn given(&self) -> [PathBuf; 2] {
        ["secrets", "recorder"].map(|name| self.path.join(name))
    }

    /// The number of the user to whom parts of it were given. None: all of it is ours.
    pub(super) fn owner(&self) -> Option<u32> {
        let us = rustix::process::geteuid().as_raw();
        let owners = self
            .given()
            .into_iter()
            .filter_map(|part| Some(fs::symlink_metadata(part).ok()?.uid()));
        owners.into_iter().find(|owner| *owner != us)
    }

    /// Where the supervisor finds its token.
    pub(super) fn token(&self) -> PathBuf {
        self.path.join("token")
    }

    /// Where the recorder finds the same.
    pub(super) fn recorder_token(&self) -> PathBuf {
        self.path.join("secrets/token")
    }

    /// Makes it, with everything that the run needs. `passable`: it will execute as another user.
    ///
    /// # Errors
    /// It cannot be written; then nothing is left of it.
    pub(super) fn create(
        &self,
        checked: &Checked,
        ansible: Option<&Path>,
        key: Option<&RunKey>,
        passable: bool,
    ) -> io::Result<()> {
        let made = self.fill(checked, ansible, key, passable);
        if made.is_err() {
            self.remove();
        }
        made
    }

    fn fill(
        &self,
        checked: &Checked,
        ansible: Option<&Path>,
        key: Option<&RunKey>,
        passable: bool,
    ) -> io::Result<()> {
        let folder = |path: &Path| DirBuilder::new().mode(0o700).create(path);
        folder(&self.path)?;
        if passable {
            // Whatever the umask.
            fs::set_permissions(&self.path, Permissions::from_mode(0o711))?;
        }
        folder(&self.spool())?;
        self.given().iter().try_for_each(|part| folder(part))?;
        if let Some(key) = key {
            self.write("secrets/run_key", key.expose().as_bytes())?;
        }
        let secrets = &checked.secrets;
        let mut files = command::Files {
            private_key: checked.private_key.clone(),
            ..command::Files::default()
        };
        let mut vars = secrets.extra_vars.clone().unwrap_or_default();
        if let Some(args) = &secrets.args {
            vars.extend(args.variables.clone());
        }
        if !vars.is_empty() {
            let text = values::to_yaml(&vars);
            files.extra_vars = Some(self.write("secrets/extra_vars.yml", text.as_bytes())?);
        }
        if let Some(password) = &secrets.vault_password {
            let text = format!("{password}\n");
            files.vault_password = Some(self.write("secrets/vault_password", text.as_bytes())?);
        }
        if let Some(key) = &secrets.private_key {
            files.private_key = Some(self.write("secrets/private_key", key.as_bytes())?);
        }
        if !checked.parameters.only_hosts.is_empty() {
            let text = checked.parameters.only_hosts.join("\n");
            files.hosts = Some(self.write("secrets/hosts", text.as_bytes())?);
        }
        let command = Command {
            argv: command::argv(checked, &files, ansible),
            cwd: checked.cwd.clone(),
        };
        self.write("command.json", &serde_json::to_vec(&command)?)?;
        Ok(())
    }

    /// Writes the token that the run's producers use.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write_token(&self, token: &str) -> io::Result<()> {
        for (path, name) in [
            (self.token(), "token"),
            (self.recorder_token(), "secrets/token"),
        ] {
            // A run that was being started when the collector was killed has one already.
            let _ = fs::remove_file(path);
            self.write(name, token.as_bytes())?;
        }
        Ok(())
    }

    /// Writes a file that only we can read, to disk.
    fn write(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(content)?;
        Ok(path)
    }

    /// What is to be run.
    ///
    /// # Errors
    /// The folder was removed, or changed by somebody else.
    pub(super) fn command(&self) -> io::Result<Command> {
        let text = fs::read(self.path.join("command.json"))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Where its supervisor is. The lock is let go by the system, however the supervisor ends.
    pub(super) fn supervisor(&self) -> Supervisor {
        let path = self.path.join("supervisor");
        let Ok(file) = File::open(&path) else {
            return Supervisor::NotStarted;
        };
        let pid = || -> Option<u32> { fs::read_to_string(&path).ok()?.trim().parse().ok() };
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => match pid() {
                Some(pid) => Supervisor::Alive(pid),
                // It holds the lock, and has not written its number yet.
                None => Supervisor::NotStarted,
            },
            Ok(()) | Err(TryLockError::Error(_)) => match pid() {
                Some(_) => Supervisor::Gone,
                None => Supervisor::NotStarted,
            },
        }
    }

    /// Its command has ended, or never began. Where the folder was given to the run's user, it may hold anything:
    /// only names in it are removed, a few of them, and nothing is followed.
    pub(super) fn remove_secrets(&self) {
        let _ = fs::remove_file(self.token());
        let folder = self.path.join("secrets");
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        for file in files.take(MOST_SECRETS) {
            let _ = fs::remove_file(file.path());
        }
        let _ = fs::remove_dir(folder);
    }

    /// Whether the supervisor left something that was not delivered.
    pub(super) fn has_spools(&self) -> bool {
        has_files(&self.spool())
    }

    /// The same of the recorder. Only names are looked at: they may be the run's user's.
    pub(super) fn has_recorder_spools(&self) -> bool {
        has_files(&self.recorder_spool())
    }

    /// Removes it with everything in it. Of what was given to the run's user, only empty folders are removed:
    /// somebody with that user's rights must have emptied them before.
    pub(super) fn remove(&self) {
        let emptied = match self.owner() {
            None => Ok(()),
            Some(_) => self
                .given()
                .iter()
                .try_for_each(|part| missing_is_well(fs::remove_dir(part))),
        };
        let removed = emptied.and_then(|()| missing_is_well(fs::remove_dir_all(&self.path)));
        if let Err(error) = removed {
            tracing::warn!(folder = %self.path.display(), %error, "a run's folder cannot be removed");
        }
    }
}

fn has_files(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some())
}

fn missing_is_well(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}
