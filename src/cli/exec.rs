//! `playback exec`: run a command and record it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use uuid::Uuid;

use super::environment;
use crate::clock::Clock;
use crate::config::ansible::AnsibleConfig;
use crate::supervise::{self, DeliveryOptions, Limits, RedactOptions, Request};

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
    /// Name of a key whose values are hidden from the record, such as "*password*"; may be given several times
    #[arg(
        long = "redact-key",
        value_name = "NAME",
        env = "PLAYBACK_REDACT_KEYS",
        value_delimiter = ','
    )]
    redact_keys: Vec<String>,
    /// Regular expression whose matches are hidden from the record; may be given several times, and has a line for
    /// each in the variable
    #[arg(
        long = "redact-pattern",
        value_name = "REGEX",
        env = "PLAYBACK_REDACT_PATTERNS",
        value_delimiter = '\n',
        hide_env_values = true
    )]
    redact_patterns: Vec<String>,
    /// Identity of the run, where the caller has one already
    #[arg(long, value_name = "UUID")]
    execution_id: Option<Uuid>,
    /// Seconds after which the command is asked to end (SIGTERM)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Seconds after which a command that was asked to end is killed [default: never; 10 with --timeout]
    #[arg(long, value_name = "SECONDS")]
    kill_after: Option<u64>,
    /// Folder of a run that the collector launches
    #[arg(long, value_name = "FOLDER", hide = true)]
    run_folder: Option<PathBuf>,
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
    /// File that holds a token with the scope "ingest"; not read where PLAYBACK_TOKEN is set
    #[arg(long, value_name = "FILE", env = "PLAYBACK_TOKEN_FILE")]
    token_file: Option<PathBuf>,
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

pub(super) fn run(command: Exec) -> anyhow::Result<ExitCode> {
    let delivery = command.delivery;
    // The recorder inside hides what Ansible's configuration says; what we capture is the same output.
    let ansible = std::env::current_dir()
        .map(|cwd| AnsibleConfig::read(&cwd, environment::variable))
        .unwrap_or_default();
    let request = Request {
        command: command.command,
        execution: command.execution_id.unwrap_or_else(Uuid::now_v7),
        labels: command
            .labels
            .into_iter()
            .filter(|label| !label.is_empty())
            .collect(),
        note: command.note,
        redact: RedactOptions {
            keys: [command.redact_keys, ansible.redact_keys()].concat(),
            patterns: command
                .redact_patterns
                .iter()
                .map(|pattern| pattern.trim().to_owned())
                .chain(ansible.redact_patterns())
                .collect(),
        },
        delivery: DeliveryOptions {
            url: delivery.url,
            token: environment::token(),
            token_file: delivery.token_file,
            ca_file: delivery.ca_file,
            spool_dir: delivery.spool_dir,
            spool_max_mb: delivery.spool_max_mb,
            flush_seconds: delivery.flush_seconds,
            flush_seconds_unreachable: delivery.flush_seconds_unreachable,
        },
        limits: Limits {
            timeout: command.timeout.map(Duration::from_secs),
            kill_after: command.kill_after.map(Duration::from_secs),
        },
        run_folder: command.run_folder,
    };
    let end = supervise::run(&request, &Clock::system())?;
    Ok(end.leave())
}
