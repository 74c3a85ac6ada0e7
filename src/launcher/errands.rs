//! Work on behalf of a run's user, done in a process of this program with that user's rights (`playback as-user`).
//!
//! The user may have filled any folder that runs can write to with anything: links to our files, pipes, folders a
//! thousand deep, a spool of a terabyte. A process with that user's rights can do no more with them than the user
//! could; and if it hangs or crashes, the collector does not.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use super::LaunchError;
use super::folder::RunFolder;
use playback_supervisor::account::Account;
use playback_supervisor::account::probe::PathRequirement;

/// How long checking a few paths may take. Those on a network may hang.
const PROBING: Duration = Duration::from_secs(20);

/// How long delivering the spool of a run's recorder may take.
const DELIVERING: Duration = Duration::from_secs(600);

/// How long removing its files may take.
const REMOVING: Duration = Duration::from_secs(60);

/// This program as that user, without our environment.
pub(super) fn command(account: &Account, errand: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["as-user", &account.text(), errand])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

/// Checks these paths with that user's rights, and returns what is wrong with each.
///
/// # Errors
/// We cannot become that user.
pub(super) async fn probe(
    account: &Account,
    requirements: &[PathRequirement],
) -> Result<Vec<Option<String>>, LaunchError> {
    let probed = async {
        let mut child = command(account, "probe")?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&serde_json::to_vec(requirements)?).await?;
        }
        child.wait_with_output().await
    };
    let refused = |why: String| {
        let name = account.name();
        let text = format!("the collector cannot become the user {name}: {why}");
        LaunchError::invalid("launcher.run_as", text)
    };
    let Output {
        status,
        stdout,
        stderr,
    } = match timeout(PROBING, probed).await {
        Ok(probed) => probed.map_err(|error| refused(error.to_string()))?,
        Err(_) => return Err(refused("it takes too long".into())),
    };
    if !status.success() {
        return Err(refused(String::from_utf8_lossy(&stderr).trim().to_owned()));
    }
    serde_json::from_slice(&stdout).map_err(|error| refused(error.to_string()))
}

/// Delivers what a run's recorder did not. The outcome shows in the record.
pub(super) async fn deliver(account: &Account, run: &RunFolder, url: &str, token: &SecretString) {
    let delivered = async {
        command(account, "deliver")?
            .arg("--spool-dir")
            .arg(run.recorder_spool())
            .args(["--url", url])
            .args(["--patience", "0", "--retry-set-aside"])
            .env("PLAYBACK_TOKEN", token.expose_secret())
            .status()
            .await
    };
    match timeout(DELIVERING, delivered).await {
        Ok(Ok(status)) if status.success() => {}
        other => {
            tracing::warn!(folder = %run.path().display(), ?other, "what a run's recorder left is not delivered");
        }
    }
}

/// Removes a run's folder, including the parts given to its user.
pub(super) async fn remove(run: RunFolder) {
    if let Some(owner) = run.owner() {
        let emptied = async {
            let account = Account::of_number(owner).map_err(io::Error::other)?;
            command(&account, "empty")?
                .args(run.handed_over())
                .status()
                .await
        };
        // Anything left is reported when the folder cannot be removed.
        let _ = timeout(REMOVING, emptied).await;
    }
    let removed = tokio::task::spawn_blocking(move || run.remove()).await;
    if let Err(error) = removed {
        tracing::warn!(%error, "a run's folder could not be removed");
    }
}

/// The user to act as; none if everything of the run is ours.
pub(super) fn account(id: Uuid, run: &RunFolder) -> Option<Account> {
    let owner = run.owner()?;
    Account::of_number(owner)
        .inspect_err(
            |error| tracing::warn!(execution = %id, %error, "a run's user no longer exists"),
        )
        .ok()
}
