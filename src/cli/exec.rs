//! `playback exec`: run a command and record it.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use playback_spool::RunClock;
use uuid::Uuid;

use super::sources::{Setting, Sources};
use super::{environment, out};
use playback_producer::Delivery;
use playback_producer::report::truth;
use playback_supervisor::account::Account;
use playback_supervisor::{self as supervisor, Limits, RedactOptions, Request};

/// Run a command and record its output, exit code and cost
///
/// The command runs exactly as without "playback exec": with the same terminal, keys, size and signals, and with the
/// same reader of its output. The exit code is the command's.
///
/// If an option is invalid, an error says so, and nothing runs. If a variable is invalid, a warning says so, and the
/// command runs without that setting.
#[derive(Debug, Args)]
pub(super) struct Exec {
    /// Label of the run; may be given several times [env: PLAYBACK_LABELS]
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',')]
    labels: Vec<OsString>,
    /// Why the command is run [env: PLAYBACK_NOTE]
    #[arg(long, value_name = "TEXT")]
    note: Option<OsString>,
    /// Name of a key whose values are hidden from the record, such as "*password*"; may be given several times [env:
    /// PLAYBACK_REDACT_KEYS]
    #[arg(long = "redact-key", value_name = "NAME", value_delimiter = ',')]
    redact_keys: Vec<String>,
    /// Regular expression whose matches are hidden from the record; may be given several times; the variable has one on
    /// each line [env: PLAYBACK_REDACT_PATTERNS]
    #[arg(long = "redact-pattern", value_name = "REGEX", value_delimiter = '\n')]
    redact_patterns: Vec<String>,
    /// Identity of the run, if the caller has already chosen one
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
    /// The user as whom the command of a launched run executes
    #[arg(long, value_name = "USER", hide = true, requires = "run_folder")]
    run_as: Option<String>,
    /// Started by a shim: if Ansible's configuration turns recording off, nothing is recorded
    #[arg(long, hide = true)]
    shim: bool,
    #[command(flatten)]
    delivery: DeliveryArgs,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Where the record goes; the names are those of the recorder's options.
#[derive(Debug, Args)]
struct DeliveryArgs {
    /// The collector; without it, the run stays in the spool [env: PLAYBACK_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// File that contains a token with the scope "ingest" [env: PLAYBACK_TOKEN_FILE; not read if PLAYBACK_TOKEN is set]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificate authorities to trust (PEM) [env: PLAYBACK_CA_FILE]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Folder of the spool [env: PLAYBACK_SPOOL_DIR]
    #[arg(long, value_name = "FOLDER")]
    spool_dir: Option<PathBuf>,
    /// Largest size of the spool, in MiB [env: PLAYBACK_SPOOL_MAX_MB] [default: 2048]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    spool_max_mb: Option<u64>,
    /// Seconds that the end of the run may wait for the collector [env: PLAYBACK_FLUSH_SECONDS] [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    flush_seconds: Option<f64>,
    /// The same if the collector did not answer during the run [env: PLAYBACK_FLUSH_SECONDS_UNREACHABLE] [default: 0.5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    flush_seconds_unreachable: Option<f64>,
}

/// A finite number of seconds, 0 or more.
fn seconds(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(seconds),
        _ => Err("it must be a number of seconds, such as 5 or 0.5".to_owned()),
    }
}

fn mebibytes(text: &str) -> Result<u64, String> {
    match text.trim().parse() {
        Ok(mebibytes) if mebibytes > 0 => Ok(mebibytes),
        _ => Err("it must be a number of MiB, such as 2048".to_owned()),
    }
}

/// An option's text; invalid UTF-8 is replaced.
fn text(sources: &Sources, key: &str) -> Option<Setting<String>> {
    tell_damage(sources, key);
    sources.text(key)
}

fn tell_damage(sources: &Sources, key: &str) {
    if let Some(from) = sources.damaged(key) {
        out::note(format_args!(
            "playback: {from} holds bytes that are not UTF-8: they are replaced"
        ));
    }
}

/// The value of an option; `default` if it is not set or not valid.
fn value<T: Display>(
    sources: &Sources,
    key: &str,
    read: impl Fn(&str) -> Result<T, String>,
    default: T,
) -> T {
    let Some(Setting { value: text, from }) = text(sources, key) else {
        return default;
    };
    read(&text).unwrap_or_else(|why| {
        let shown: String = text.chars().take(40).collect();
        out::note(format_args!(
            "playback: {from} is {shown:?} and is not used: {why}; {default} is used instead"
        ));
        default
    })
}

/// A typed text as the record keeps it; invalid UTF-8 is replaced.
fn typed(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// The texts that are not empty.
fn filled(given: impl IntoIterator<Item = String>) -> Vec<String> {
    given
        .into_iter()
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

/// Whether to print the address of the run's page, if a setting decides it.
fn link(sources: &Sources) -> Option<bool> {
    let Setting { value, from } = text(sources, "link")?;
    let wanted = truth(&value);
    if wanted.is_none() {
        let shown: String = value.chars().take(40).collect();
        out::note(format_args!(
            "playback: {from} is {shown:?} and is not used: it must be true or false"
        ));
    }
    wanted
}

pub(super) fn run(command: Exec) -> anyhow::Result<ExitCode> {
    let delivery = command.delivery;
    // The recorder inside reads Ansible's configuration; our record is part of the same run.
    let run_as = command.run_as.as_deref().map(Account::find).transpose()?;
    let sources = match &run_as {
        None => Sources::of(environment::ansible_config()),
        // Files that another user's configuration names are not read.
        Some(account) => {
            Sources::of(account.with_rights(environment::ansible_config)?).without_files()
        }
    };
    let is_on = |key: &str| sources.flag(key).map(|flag| flag.value);
    if command.shim && is_on("disabled") == Some(true) {
        return Err(supervisor::replace(&command.command).into());
    }
    let path = |given: Option<PathBuf>, key: &str| given.or_else(|| Some(sources.path(key)?.value));
    tell_damage(&sources, "token");
    let labels = filled(command.labels.iter().map(|label| typed(label)));
    let labels = match labels.is_empty() {
        true => {
            tell_damage(&sources, "labels");
            sources.list("labels")
        }
        false => labels,
    };
    let request = Request {
        labels,
        note: command
            .note
            .map(|note| typed(&note))
            .or_else(|| Some(text(&sources, "note")?.value)),
        redact: rules(&sources, command.redact_keys, command.redact_patterns),
        capture_output: !command.shim || is_on("capture_output") != Some(false),
        delivery: Delivery {
            url: delivery.url.or_else(|| Some(text(&sources, "url")?.value)),
            ca_file: path(delivery.ca_file, "ca_file"),
            proxies: playback_producer::environment::proxies(),
            spool_dir: path(delivery.spool_dir, "spool_dir"),
            // The environment belongs to another user: its paths are not written to.
            state_folder: run_as.is_none(),
            spool_max_mb: delivery
                .spool_max_mb
                .unwrap_or_else(|| value(&sources, "spool_max_mb", mebibytes, 2048)),
            flush_seconds: delivery
                .flush_seconds
                .unwrap_or_else(|| value(&sources, "flush_seconds", seconds, 5.0)),
            flush_seconds_unreachable: delivery
                .flush_seconds_unreachable
                .unwrap_or_else(|| value(&sources, "flush_seconds_unreachable", seconds, 0.5)),
            link: link(&sources),
            ..Delivery::default().with_token(sources.token(delivery.token_file))
        },
        command: command.command,
        execution: command.execution_id.unwrap_or_else(Uuid::now_v7),
        limits: Limits {
            timeout: command.timeout.map(Duration::from_secs),
            kill_after: command.kill_after.map(Duration::from_secs),
        },
        run_folder: command.run_folder,
        run_as: run_as.clone(),
    };
    let end = supervisor::run(&request, &RunClock::start())?;
    Ok(end.leave())
}

/// What is hidden: by the options or the variables, and also by `ansible.cfg`. A rule that is not completely readable
/// would hide nothing.
fn rules(sources: &Sources, keys: Vec<String>, patterns: Vec<String>) -> RedactOptions {
    let (keys, patterns) = (filled(keys), filled(patterns));
    RedactOptions {
        unusable: sources.damaged_rule(),
        keys: sources.redact_keys(keys),
        patterns: sources.redact_patterns(patterns),
    }
}
