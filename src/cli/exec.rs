//! `playback exec`: run a command and record it.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use playback_spool::RunClock;
use secrecy::SecretString;
use uuid::Uuid;

use super::{environment, out};
use crate::config::ansible::AnsibleConfig;
use playback_producer::Delivery;
use playback_producer::report::truth;
use playback_supervisor::account::Account;
use playback_supervisor::{self as supervisor, Limits, RedactOptions, Request};

/// Run a command and record its output, exit code and cost
///
/// The command runs as without "playback exec": with the same terminal, keys, size and signals, and the same reader of
/// its output. "playback exec" ends with the command's exit code.
///
/// If an option is wrong, an error says so, and nothing runs. If a variable is wrong, a warning says so, and the
/// command runs without that setting.
#[derive(Debug, Args)]
pub(super) struct Exec {
    /// Label of the run; may be given several times [env: PLAYBACK_LABELS]
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',')]
    labels: Vec<OsString>,
    /// Why it is run [env: PLAYBACK_NOTE]
    #[arg(long, value_name = "TEXT")]
    note: Option<OsString>,
    /// Name of a key whose values are hidden from the record, such as "*password*"; may be given several times [env:
    /// PLAYBACK_REDACT_KEYS]
    #[arg(long = "redact-key", value_name = "NAME", value_delimiter = ',')]
    redact_keys: Vec<String>,
    /// Regular expression whose matches are hidden from the record; may be given several times, and has a line for
    /// each in the variable [env: PLAYBACK_REDACT_PATTERNS]
    #[arg(long = "redact-pattern", value_name = "REGEX", value_delimiter = '\n')]
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
    /// The user as whom the command runs, in a run that the collector launches
    #[arg(long, value_name = "USER", hide = true, requires = "run_folder")]
    run_as: Option<String>,
    /// Started by a shim: what Ansible's configuration turns off is not recorded
    #[arg(long, hide = true)]
    shim: bool,
    #[command(flatten)]
    delivery: DeliveryArgs,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Where the record goes; the names are the recorder's.
#[derive(Debug, Args)]
struct DeliveryArgs {
    /// The collector; without it the run is kept in the spool [env: PLAYBACK_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// File that holds a token with the scope "ingest"; not read where PLAYBACK_TOKEN is set [env: PLAYBACK_TOKEN_FILE]
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
    /// Seconds that the end may wait for the collector [env: PLAYBACK_FLUSH_SECONDS] [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    flush_seconds: Option<f64>,
    /// The same where the collector did not answer during the run [env: PLAYBACK_FLUSH_SECONDS_UNREACHABLE] [default: 0.5]
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

/// A variable's text; invalid UTF-8 is replaced.
fn text(name: &str) -> Option<String> {
    let (text, damaged) = environment::text(name)?;
    if damaged {
        out::note(format_args!(
            "playback: {name} holds bytes that are not UTF-8: they are replaced"
        ));
    }
    Some(text)
}

/// A variable's value; `default` if it is not set or not valid.
fn value<T: Display>(name: &str, read: impl Fn(&str) -> Result<T, String>, default: T) -> T {
    match text(name).map(|text| read(&text).map_err(|why| (text, why))) {
        None => default,
        Some(Ok(value)) => value,
        Some(Err((text, why))) => {
            let shown: String = text.chars().take(40).collect();
            out::note(format_args!(
                "playback: {name} is {shown:?} and is not used: {why}; {default} is used instead"
            ));
            default
        }
    }
}

/// A typed text as the record keeps it; invalid UTF-8 is replaced.
fn typed(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// The values of an option, or else of its variable.
fn several(given: Vec<String>, name: &str, separator: char) -> Vec<String> {
    let given = match given.is_empty() {
        true => text(name).map_or_else(Vec::new, |text| {
            text.split(separator).map(str::to_owned).collect()
        }),
        false => given,
    };
    given
        .into_iter()
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

/// Whether the address of the run's page is printed, if a setting says so.
fn link(ansible: &AnsibleConfig) -> Option<bool> {
    let Some(text) = text("PLAYBACK_LINK") else {
        return ansible.recorder_flag("link");
    };
    let wanted = truth(&text);
    if wanted.is_none() {
        let shown: String = text.chars().take(40).collect();
        out::note(format_args!(
            "playback: PLAYBACK_LINK is {shown:?} and is not used: it must be true or false"
        ));
    }
    wanted
}

fn path(given: Option<PathBuf>, name: &str) -> Option<PathBuf> {
    given.or_else(|| environment::variable(name).map(PathBuf::from))
}

pub(super) fn run(command: Exec) -> anyhow::Result<ExitCode> {
    let delivery = command.delivery;
    // The recorder inside reads Ansible's configuration; what we record is part of the same run.
    let run_as = command.run_as.as_deref().map(Account::find).transpose()?;
    let ansible = match &run_as {
        None => environment::ansible_config(),
        Some(account) => account.with_rights(environment::ansible_config)?,
    };
    if command.shim && ansible.recorder_flag("disabled") == Some(true) {
        return Err(supervisor::replace(&command.command).into());
    }
    // A rule that can only be read in part would hide nothing.
    let rules = ["PLAYBACK_REDACT_KEYS", "PLAYBACK_REDACT_PATTERNS"];
    let unusable = rules
        .into_iter()
        .find(|name| environment::text(name).is_some_and(|(_, damaged)| damaged))
        .map(|name| format!("{name} holds bytes that are not UTF-8"));
    let keys = several(command.redact_keys, "PLAYBACK_REDACT_KEYS", ',');
    let patterns = several(command.redact_patterns, "PLAYBACK_REDACT_PATTERNS", '\n');
    let labels = command.labels.iter().map(|label| typed(label)).collect();
    // Files that another user's configuration names are not read.
    let configured = |key: &str| match run_as {
        None => ansible.recorder_path(key, environment::variable),
        Some(_) => None,
    };
    let token_file = path(delivery.token_file, "PLAYBACK_TOKEN_FILE");
    let beside = match ansible.has_token() {
        true => ", which wins over the one in ansible.cfg",
        false => "",
    };
    let token_from = if text("PLAYBACK_TOKEN").is_some() {
        Some(format!("PLAYBACK_TOKEN in the environment{beside}"))
    } else if let Some(file) = &token_file {
        Some(format!("the token file {}{beside}", file.display()))
    } else {
        ansible.has_token().then(|| "ansible.cfg".to_owned())
    };
    let request = Request {
        command: command.command,
        execution: command.execution_id.unwrap_or_else(Uuid::now_v7),
        labels: several(labels, "PLAYBACK_LABELS", ','),
        note: command
            .note
            .map(|note| typed(&note))
            .or_else(|| text("PLAYBACK_NOTE"))
            .or_else(|| ansible.recorder("note")),
        redact: RedactOptions {
            keys: [keys, ansible.redact_keys()].concat(),
            patterns: [patterns, ansible.redact_patterns()].concat(),
            unusable,
        },
        capture_output: !command.shim || ansible.recorder_flag("capture_output") != Some(false),
        delivery: Delivery {
            url: delivery
                .url
                .or_else(|| text("PLAYBACK_URL"))
                .or_else(|| ansible.recorder("url")),
            token_from,
            // A token file named here wins over a token in ansible.cfg.
            token: text("PLAYBACK_TOKEN").map(SecretString::from).or_else(|| {
                let configured = ansible.recorder_token();
                configured.filter(|_| token_file.is_none()).cloned()
            }),
            token_file: token_file.or_else(|| configured("token_file")),
            ca_file: path(delivery.ca_file, "PLAYBACK_CA_FILE").or_else(|| configured("ca_file")),
            proxies: playback_producer::environment::proxies(),
            spool_dir: path(delivery.spool_dir, "PLAYBACK_SPOOL_DIR")
                .or_else(|| configured("spool_dir")),
            // The environment belongs to another user: nothing is written where it points.
            state_folder: run_as.is_none(),
            spool_max_mb: delivery
                .spool_max_mb
                .unwrap_or_else(|| value("PLAYBACK_SPOOL_MAX_MB", mebibytes, 2048)),
            flush_seconds: delivery
                .flush_seconds
                .unwrap_or_else(|| value("PLAYBACK_FLUSH_SECONDS", seconds, 5.0)),
            flush_seconds_unreachable: delivery
                .flush_seconds_unreachable
                .unwrap_or_else(|| value("PLAYBACK_FLUSH_SECONDS_UNREACHABLE", seconds, 0.5)),
            link: link(&ansible),
        },
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
