//! `playback exec`: run a command and record it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use crate::clock::Clock;
use crate::supervise::{self, DeliveryOptions, Request};

/// Run a command and record its output, exit code and cost
///
/// The command sees what it would see without us: the terminal, its keys and its size, its signals, and
/// whoever reads its output. Its exit code is ours.
#[derive(Debug, Args)]
pub(super) struct Exec {
    /// Label of the run; may be given several times
    #[arg(
        long = "label",
        value_name = "LABEL",
        env = "PLAYBACK_LABELS",
        value_delimiter = ','
    )]
    labels: Vec<String>,
    /// Why it is run
    #[arg(long, value_name = "TEXT", env = "PLAYBACK_NOTE")]
    note: Option<String>,
    /// Identity of the run, where the caller has one already
    #[arg(long, value_name = "UUID")]
    execution_id: Option<Uuid>,
    #[command(flatten)]
    delivery: DeliveryArgs,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Where the record goes; the names are the recorder's.
#[derive(Debug, Args)]
struct DeliveryArgs {
    /// The collector; without it the run is kept in the spool
    #[arg(long, value_name = "URL", env = "PLAYBACK_URL")]
    url: Option<String>,
    /// File that holds the token
    #[arg(long, value_name = "FILE", env = "PLAYBACK_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Token with the scope "ingest"; a file or the environment keeps it from the process list
    #[arg(
        long,
        value_name = "TOKEN",
        env = "PLAYBACK_TOKEN",
        hide_env_values = true
    )]
    token: Option<Secret>,
    /// Certificate authorities to trust (PEM)
    #[arg(long, value_name = "FILE", env = "PLAYBACK_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Folder of the spool
    #[arg(long, value_name = "FOLDER", env = "PLAYBACK_SPOOL_DIR")]
    spool_dir: Option<PathBuf>,
    /// Largest size of the spool, in MiB
    #[arg(
        long,
        value_name = "MIB",
        env = "PLAYBACK_SPOOL_MAX_MB",
        default_value_t = 2048
    )]
    spool_max_mb: u64,
    /// Seconds that the end may wait for the collector
    #[arg(
        long,
        value_name = "SECONDS",
        env = "PLAYBACK_FLUSH_SECONDS",
        default_value_t = 5.0
    )]
    flush_seconds: f64,
    /// The same while the collector does not answer
    #[arg(
        long,
        value_name = "SECONDS",
        env = "PLAYBACK_FLUSH_SECONDS_UNREACHABLE",
        default_value_t = 0.5
    )]
    flush_seconds_unreachable: f64,
}

/// A text that `Debug` does not show.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("(set)")
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

pub(super) fn run(command: Exec) -> anyhow::Result<ExitCode> {
    let delivery = command.delivery;
    let request = Request {
        command: command.command,
        execution: command.execution_id.unwrap_or_else(Uuid::now_v7),
        labels: command
            .labels
            .into_iter()
            .filter(|label| !label.is_empty())
            .collect(),
        note: command.note,
        delivery: DeliveryOptions {
            url: delivery.url,
            token: delivery.token.map(|token| token.0),
            token_file: delivery.token_file,
            ca_file: delivery.ca_file,
            spool_dir: delivery.spool_dir,
            spool_max_mb: delivery.spool_max_mb,
            flush_seconds: delivery.flush_seconds,
            flush_seconds_unreachable: delivery.flush_seconds_unreachable,
        },
    };
    let end = supervise::run(&request, &Clock::system())?;
    Ok(end.leave())
}
