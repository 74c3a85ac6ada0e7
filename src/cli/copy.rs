//! `playback copy`: copies a whole history into another database.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;

use super::database::open_existing;
use super::out;
use crate::store::copy::{Progress, copy};
use crate::store::{DatabaseLock, Options, Store};

/// How often progress is reported.
const TELL: Duration = Duration::from_secs(5);

/// Copy a whole history into another database, and verify it
///
/// Stop the collector first. After an interruption, run it again: it continues where it stopped.
#[derive(Debug, Args)]
pub(super) struct Copy {
    /// Database to copy from; it is not changed
    #[arg(
        long,
        value_name = "URL",
        env = "PLAYBACK_COPY_FROM",
        hide_env_values = true
    )]
    from: SecretString,
    /// Database to copy to: an empty one, or one that an earlier copy filled in part; addresses with
    /// passwords belong into the environment, where no other user sees them
    #[arg(
        long,
        value_name = "URL",
        env = "PLAYBACK_COPY_TO",
        hide_env_values = true
    )]
    to: SecretString,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Copy) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(copy_all(command))
}

async fn copy_all(command: Copy) -> anyhow::Result<ExitCode> {
    let (from, to) = (Options::from(command.from), Options::from(command.to));
    if from.is_same(&to) {
        bail!("--from and --to are the same database");
    }
    if from.path().is_some_and(|file| !file.exists()) {
        // Fails if the source does not exist, and does not create it.
        open_existing(&from).await?;
    }
    // A running collector would add rows to the source that are not copied, or overwrite copied ones.
    let _from = DatabaseLock::take(&from, "copy")?;
    let _to = DatabaseLock::take(&to, "copy")?;
    let source = open_existing(&from).await?;
    let target = Store::open(to.clone()).await?;
    let mut told = Instant::now();
    let done = copy(&source, &target, |progress| {
        if !command.json && told.elapsed() >= TELL {
            told = Instant::now();
            out::note(format_args!(
                "{} of {} executions",
                progress.verified.executions, progress.total
            ));
        }
    })
    .await;
    source.close().await;
    target.close().await;
    tell((&from, &to), &done?, command.json)?;
    Ok(ExitCode::SUCCESS)
}

fn tell((from, to): (&Options, &Options), done: &Progress, json: bool) -> anyhow::Result<()> {
    let counts = &done.verified;
    if json {
        return out::json(&json!({
            "from": from.shown(),
            "to": to.shown(),
            "executions": counts.executions,
            "present": done.present,
            "plays": counts.plays,
            "tasks": counts.tasks,
            "hosts": counts.hosts,
            "results": counts.results,
            "facts": counts.facts,
            "blocks": counts.blocks,
            "launches": counts.launches,
            "tokens": done.tokens,
        }));
    }
    out::line(format_args!(
        "{} executions are the same in both databases ({} were there already): {} plays, {} tasks, {} hosts, \
         {} results, {} reports of facts, {} blocks, {} launches; {} tokens",
        counts.executions,
        done.present,
        counts.plays,
        counts.tasks,
        counts.hosts,
        counts.results,
        counts.facts,
        counts.blocks,
        counts.launches,
        done.tokens
    ))
}
