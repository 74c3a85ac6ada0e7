//! What is done for a run as its user: in a process of this program that is that user (`playback as-user`).
//!
//! What a run's user can write, the user may have filled with anything: links to files of ours, pipes, folders that
//! are a thousand deep, a spool of a terabyte. A process that has that user's rights can do nothing with them that the
//! user could not do itself; and one that takes too long, or falls, is not the collector.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use super::LaunchError;
use super::folder::RunFolder;
use playback_supervisor::account::Account;
use playback_supervisor::account::probe::Wish;

/// How long it may take to look at a few paths. Those of a network may hang.
const PROBING: Duration = Duration::from_secs(20);

/// How long a run's recorder's spool may take to be delivered.
const DELIVERING: Duration = Duration::from_secs(600);

/// How long its files may take to be removed.
const REMOVING: Duration = Duration::from_secs(60);

/// This program as that user. Nothing of our environment goes with it.
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

/// What is wrong with each of these, for that user.
///
/// # Errors
/// We cannot become that user.
pub(super) async fn probe(
    account: &Account,
    wishes: &[Wish],
) -> Result<Vec<Option<String>>, LaunchError> {
    let probed = async {
        let mut child = command(account, "probe")?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&serde_json::to_vec(wishes)?).await?;
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

/// Delivers what a run's recorder did not. What becomes of it is seen by the record.
pub(super) async fn deliver(account: &Account, run: &RunFolder, url: &str, token: &str) {
    let delivered = async {
        command(account, "deliver")?
            .arg("--spool-dir")
            .arg(run.recorder_spool())
            .args(["--url", url])
            .args(["--patience", "0", "--retry-set-aside"])
            .env("PLAYBACK_TOKEN", token)
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

/// Removes a run's folder, with what was given to its user.
pub(super) async fn remove(run: RunFolder) {
    if let Some(owner) = run.owner() {
        let emptied = async {
            let account = Account::of_number(owner).map_err(io::Error::other)?;
            command(&account, "empty")?.args(run.given()).status().await
        };
        // What is left is told when the folder cannot be removed.
        let _ = timeout(REMOVING, emptied).await;
    }
    let removed = tokio::task::spawn_blocking(move || run.remove()).await;
    if let Err(error) = removed {
        tracing::warn!(%error, "a run's folder could not be removed");
    }
}

/// Whose errand it is; none where everything of the run is ours.
pub(super) fn account(id: Uuid, run: &RunFolder) -> Option<Account> {
    let owner = run.owner()?;
    Account::of_number(owner)
        .inspect_err(|error| tracing::warn!(execution = %id, %error, "a run's user is gone"))
        .ok()
}
