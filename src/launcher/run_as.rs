//! Checks that runs may execute as the user in `run_as`: the start is refused if that user could reach the collector's
//! files, or could not reach what runs need.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::LaunchError;
use super::errands;
use crate::config::{Config, SecretSource};
use playback_supervisor::account::Account;
use playback_supervisor::account::probe::{Kind, PathRequirement};

const FIELD: &str = "launcher.run_as";

/// A requirement on a path.
struct Demand {
    requirement: PathRequirement,
    /// What it is, for people.
    role: &'static str,
    /// What to do, or what would happen, if it is not met.
    then: String,
    /// Whether the collector then refuses to start; otherwise it warns.
    refuses: bool,
}

impl Demand {
    fn new(path: PathBuf, kind: Kind, role: &'static str, then: String) -> Self {
        Self {
            requirement: PathRequirement { path, kind },
            role,
            then,
            refuses: true,
        }
    }
}

fn refused(problem: String) -> LaunchError {
    LaunchError::invalid(FIELD, problem)
}

/// The user that runs execute as. None: ours.
///
/// # Errors
/// That user does not exist or is root, or we are not root.
pub(super) fn account(config: &Config) -> Result<Option<Account>, LaunchError> {
    let Some(text) = &config.launcher.run_as else {
        return Ok(None);
    };
    if !rustix::process::geteuid().is_root() {
        return Err(refused(format!(
            "only root can run something as the user {text:?}: start the collector as root, or leave run_as out and \
             start the collector itself as that user"
        )));
    }
    let account = Account::find(text).map_err(|error| refused(error.to_string()))?;
    Ok(Some(account))
}

/// Tests what that user can do.
///
/// # Errors
/// It is not safe, or runs would not work.
pub(super) async fn check(
    config: &Config,
    account: &Account,
    runs: &Path,
) -> Result<(), LaunchError> {
    if config.no_auth {
        return Err(refused(
            "no_auth lets every user of this machine do everything, and so every run: serve with tokens".to_owned(),
        ));
    }
    let database = config.store();
    let address = database.address.expose_secret();
    if address != database.shown() && is_on_command_line(address) {
        return Err(refused(
            "the database's password stands on the collector's command line, where every user of the machine can \
             read it: give it with PLAYBACK_DATABASE, or in the configuration file"
                .to_owned(),
        ));
    }
    let demands = demands(config, account, runs);
    let requirements: Vec<PathRequirement> = demands
        .iter()
        .map(|demand| demand.requirement.clone())
        .collect();
    let found = errands::probe(account, &requirements).await?;
    for (demand, wrong) in demands.iter().zip(found) {
        if let Some(wrong) = wrong {
            let (name, path) = (account.name(), demand.requirement.path.display());
            let Demand { role, then, .. } = demand;
            let text =
                format!("runs execute as the user {name}, who {wrong} {path} ({role}): {then}");
            if demand.refuses {
                return Err(refused(text));
            }
            tracing::warn!("{FIELD}: {text}");
        }
    }
    Ok(())
}

/// The paths that must be closed to the user, and those that must be open.
fn demands(config: &Config, account: &Account, runs: &Path) -> Vec<Demand> {
    let mut demands: Vec<Demand> = Vec::new();
    let close = |path: &Path| format!("chmod go-rwx {0}, and chown root {0}", path.display());
    let mut closed = |path: PathBuf, role| {
        // A link's target must be closed.
        if let Ok(path) = path.canonicalize() {
            let then = close(&path);
            demands.push(Demand::new(path, Kind::Closed, role, then));
        }
    };
    let database = config.store();
    if let Some(database) = database.path() {
        for file in files_of(&database) {
            closed(file, "the database");
        }
    }
    for key in database.private_keys() {
        closed(key, "the database's private key");
    }
    for file in &config.private_files {
        closed(file.clone(), "of the collector's own files");
    }
    let secrets = config.launcher.secrets.values();
    for file in secrets.filter_map(SecretSource::file) {
        closed(file.to_owned(), "a secret of launcher.secrets");
    }
    let environment = PathBuf::from(format!("/proc/{}/environ", std::process::id()));
    closed(environment, "the collector's environment");
    if let Ok(program) = std::env::current_exe() {
        let then = "install it where only root can change it, such as /usr/local/bin".to_owned();
        demands.push(Demand::new(
            program,
            Kind::Protected,
            "the collector's program",
            then,
        ));
    }
    let then = format!(
        "set launcher.folder to a folder that is root's, and that others can go through and not read, such as \
         /var/lib/playback-runs (now {})",
        runs.display()
    );
    demands.push(Demand::new(
        runs.to_owned(),
        Kind::Passed,
        "launcher.folder",
        then,
    ));
    let launcher = &config.launcher;
    for (folders, role) in [
        (&launcher.playbooks, "launcher.playbooks"),
        (&launcher.inventories, "launcher.inventories"),
        (&launcher.private_keys, "launcher.private_keys"),
    ] {
        for folder in folders {
            let folder = absolute(folder);
            let then = format!(
                "make it readable (chmod -R go+rX {}), and the folders above it passable",
                folder.display()
            );
            demands.push(Demand::new(folder.clone(), Kind::Readable, role, then));
            let then = "a run can change what later runs do".to_owned();
            demands.push(Demand {
                refuses: false,
                ..Demand::new(folder, Kind::Protected, role, then)
            });
        }
    }
    let environment = launcher.run_environment(Some(account));
    let home = environment.get(std::ffi::OsStr::new("HOME"));
    if let Some(home) = home.map(PathBuf::from) {
        let then = "Ansible keeps files there: create it (mkhomedir_helper, or useradd --create-home), or set HOME in \
                    [launcher.environment]"
            .to_owned();
        demands.push(Demand::new(home, Kind::Writable, "its home folder", then));
    }
    if let Some(folder) = &launcher.ansible {
        for program in ["ansible-playbook", "ansible"] {
            let then = "install Ansible where every user can run it".to_owned();
            let program = std::path::absolute(folder.join(program)).unwrap_or_default();
            if program.exists() {
                demands.push(Demand::new(
                    program,
                    Kind::Runnable,
                    "launcher.ansible",
                    then,
                ));
            }
        }
    }
    demands
}

/// Absolute, because the errand has another working folder. Links are followed, if the path exists.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

/// The database's file, and everything beside it that is named after it.
fn files_of(database: &Path) -> Vec<PathBuf> {
    let database = database
        .canonicalize()
        .unwrap_or_else(|_| database.to_owned());
    let Some((folder, name)) = database.parent().zip(database.file_name()) else {
        return Vec::new();
    };
    let beside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    beside
        .filter(|entry| {
            let found = entry.file_name();
            found
                .as_encoded_bytes()
                .starts_with(name.as_encoded_bytes())
        })
        .map(|entry| entry.path())
        .collect()
}

/// Whether every user of the machine can read this text in the process list.
fn is_on_command_line(text: &str) -> bool {
    std::fs::read("/proc/self/cmdline").is_ok_and(|words| {
        words
            .split(|byte| *byte == 0)
            .any(|word| String::from_utf8_lossy(word).contains(text))
    })
}
