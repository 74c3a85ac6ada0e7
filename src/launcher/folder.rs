//! A run's own folder: the files that it needs and that only it may read, until it is over.
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
//! With `run_as`, the supervisor gives `secrets/` and `recorder/` to the run's user when it begins. From then on only
//! processes with that user's rights read, write or remove what is in them: see `errands`.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use playback_spool::RunKey;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, ExposeSecretMut as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::check::Checked;
use super::{command, values};

/// Upper bound for the number of secret files: more than we write.
const MOST_SECRETS: usize = 100;

/// The folder of one run.
#[derive(Debug, Clone)]
pub(super) struct RunFolder {
    path: PathBuf,
}

/// The command to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Command {
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// Working directory.
    pub(super) cwd: PathBuf,
}

/// The state of a run's supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supervisor {
    /// None has started.
    NotStarted,
    /// Running as this process.
    Alive(u32),
    /// It started, and has ended.
    Ended,
}

/// Makes the folder of all runs, closed to others. If runs execute as another user, that user can pass through it
/// without listing it.
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
    // It is not closed again without `run_as`, because earlier runs may still be running.
    if passable && mode & 0o777 != 0o711 {
        fs::set_permissions(runs, Permissions::from_mode(0o711))?;
    }
    Ok(())
}

/// The common name of the collectors that share this folder, chosen by the first of them.
///
/// # Errors
/// The folder cannot be written or read.
pub(super) fn name(runs: &Path) -> io::Result<String> {
    let path = runs.join("collector");
    let chosen = Uuid::new_v4().simple().to_string();
    let made = path.with_extension(&chosen);
    fs::write(&made, &chosen)?;
    // The link makes the file appear whole, or not at all.
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

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The supervisor's spool folder.
    pub(super) fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    /// The recorder's spool folder.
    pub(super) fn recorder_spool(&self) -> PathBuf {
        self.path.join("recorder")
    }

    /// The folders that the supervisor gives to the run's user.
    pub(super) fn handed_over(&self) -> [PathBuf; 2] {
        ["secrets", "recorder"].map(|name| self.path.join(name))
    }

    /// Id of the user that parts of it were given to. None: all of it is ours.
    pub(super) fn owner(&self) -> Option<u32> {
        let us = rustix::process::geteuid().as_raw();
        let owners = self
            .handed_over()
            .into_iter()
            .filter_map(|part| Some(fs::symlink_metadata(part).ok()?.uid()));
        owners.into_iter().find(|owner| *owner != us)
    }

    /// The supervisor's token file.
    pub(super) fn token(&self) -> PathBuf {
        self.path.join("token")
    }

    /// The recorder's token file.
    pub(super) fn recorder_token(&self) -> PathBuf {
        self.path.join("secrets/token")
    }

    /// Makes it, with everything that the run needs. `passable`: the run will execute as another user.
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
            // Set explicitly, because of the umask.
            fs::set_permissions(&self.path, Permissions::from_mode(0o711))?;
        }
        folder(&self.spool())?;
        self.handed_over()
            .iter()
            .try_for_each(|part| folder(part))?;
        if let Some(key) = key {
            self.write("secrets/run_key", key.expose().as_bytes())?;
        }
        let secrets = &checked.secrets;
        let mut files = command::Files {
            private_key: checked.private_key.clone(),
            ..command::Files::default()
        };
        let mut vars = secrets.extra_vars.clone().unwrap_or_default();
        let vars = &mut vars.expose_secret_mut().0;
        if let Some(args) = &secrets.args {
            vars.extend(args.variables.expose_secret().0.clone());
        }
        if !vars.is_empty() {
            let text = Zeroizing::new(values::to_yaml(vars));
            files.extra_vars = Some(self.write("secrets/extra_vars.yml", text.as_bytes())?);
        }
        if let Some(password) = &secrets.vault_password {
            let text = Zeroizing::new(format!("{}\n", password.expose_secret()));
            files.vault_password = Some(self.write("secrets/vault_password", text.as_bytes())?);
        }
        if let Some(key) = &secrets.private_key {
            let text = key.expose_secret().as_bytes();
            files.private_key = Some(self.write("secrets/private_key", text)?);
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

    /// Writes the token for the run's producers.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write_token(&self, token: &SecretString) -> io::Result<()> {
        for (path, name) in [
            (self.token(), "token"),
            (self.recorder_token(), "secrets/token"),
        ] {
            // A run whose start was interrupted by killing the collector has one already.
            let _ = fs::remove_file(path);
            self.write(name, token.expose_secret().as_bytes())?;
        }
        Ok(())
    }

    /// Writes a new file that only we can read.
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

    /// Reads the command to run.
    ///
    /// # Errors
    /// The folder was removed, or changed by another program.
    pub(super) fn command(&self) -> io::Result<Command> {
        let text = fs::read(self.path.join("command.json"))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// The supervisor's state. The system releases its lock, however the supervisor ends.
    pub(super) fn supervisor(&self) -> Supervisor {
        let path = self.path.join("supervisor");
        let Ok(file) = File::open(&path) else {
            return Supervisor::NotStarted;
        };
        let pid = || -> Option<u32> { fs::read_to_string(&path).ok()?.trim().parse().ok() };
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => match pid() {
                Some(pid) => Supervisor::Alive(pid),
                // It holds the lock, and has not written its process id yet.
                None => Supervisor::NotStarted,
            },
            Ok(()) | Err(TryLockError::Error(_)) => match pid() {
                Some(_) => Supervisor::Ended,
                None => Supervisor::NotStarted,
            },
        }
    }

    /// Removes the secrets after the command ended, or if it never began. A folder given to the run's user may hold
    /// anything: only a limited number of names in it are removed, and no link is followed.
    pub(super) fn remove_secrets(&self) {
        let _ = fs::remove_file(self.token());
        let folder = self.path.join("secrets");
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        for file in files.take(MOST_SECRETS) {
            let _ = fs::remove_file(file.path());
        }
        let _ = fs::remove_dir(folder);
    }

    /// Whether the supervisor left undelivered spools.
    pub(super) fn has_spools(&self) -> bool {
        has_files(&self.spool())
    }

    /// Whether the recorder left undelivered spools. Only names are checked: the files may be the run's user's.
    pub(super) fn has_recorder_spools(&self) -> bool {
        has_files(&self.recorder_spool())
    }

    /// Removes it with everything in it. Of the folders given to the run's user, only empty ones are removed: a process
    /// with that user's rights must have emptied them before.
    pub(super) fn remove(&self) {
        let emptied = match self.owner() {
            None => Ok(()),
            Some(_) => self
                .handed_over()
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
