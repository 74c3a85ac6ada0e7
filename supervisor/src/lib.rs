//! The supervisor: runs one command, shows what it prints as it comes, and records it.
//!
//! ```text
//! child ── pipe or pseudo-terminal ──► copy (a thread each) ──► our own stdout and stderr
//!   ▲                                      │
//!   │ signals, keys, size                  ▼ first
//! watch (this thread) ── flushes ──► capture: bytes → text → `output` events ──► spool ──► sender
//! ```
//!
//! Layout, in the order in which a run needs it:
//! - [`account`]: another user of this machine: becoming that user, accessing files as that user
//! - [`clock`], [`command`], [`options`], [`environment`], [`describe`]: what runs, who runs it and with what
//! - [`claim`]: claims a launched run
//! - [`recording`]: the spool, its sender, and messages to the user about them
//! - [`signals`]: signals as events to read
//! - [`streams`]: pipes and pseudo-terminals for the command
//! - [`offer`]: lets the first Ansible in a script join the script's record
//! - [`launch`], [`run_as`]: starts the command; as another user
//! - [`text`], [`censor`], [`capture`], [`copy`]: its output
//! - [`recap`]: reads statistics from Ansible's output, if no recorder reports them
//! - [`terminal`], [`watch`]: keys, signals and size on their way to it; its stops and its end
//! - [`ending`], [`tree`]: ends it on request, with its descendants
//! - [`reap`]: how it ended, and what it cost
//! - [`leave`]: ends this process like the command, so that a shell sees no difference
//!
//! The command has priority: it waits for the reader of its output, and never for the collector; and
//! even if nothing can be recorded, it runs.

#![cfg(target_os = "linux")]

pub mod account;
mod capture;
mod censor;
mod claim;
mod clock;
mod command;
mod copy;
mod describe;
mod ending;
mod environment;
mod launch;
mod leave;
mod offer;
mod options;
mod reap;
mod recap;
mod recording;
pub mod run_as;
mod signals;
mod streams;
mod terminal;
mod text;
mod tree;
mod watch;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use playback_producer::Delivery;
use playback_spool::RunClock;
use playback_wire::{EndReason, ExecutionEnded};
use uuid::Uuid;

use account::Account;
use capture::Capture;
use claim::Claim;
use clock::Clock;
use ending::Ending;
use recording::Recording;
use signals::Signals;
use streams::Streams;
use watch::Watch;

pub use ending::Limits;
pub use leave::End;

/// The user's login name and this machine's name, as records made here show them.
#[must_use]
pub fn who_and_where() -> (Option<String>, Option<String>) {
    (environment::user(), environment::controller())
}

/// What to run, and the record's metadata.
#[derive(Debug)]
pub struct Request {
    /// The command and its arguments; not empty.
    pub command: Vec<OsString>,
    /// Identity of the execution; a new one if the caller has none.
    pub execution: Uuid,
    /// Labels given by the user.
    pub labels: Vec<String>,
    /// Why it is run, in the user's words.
    pub note: Option<String>,
    /// Redaction rules.
    pub redact: RedactOptions,
    /// Whether what is printed is recorded.
    pub capture_output: bool,
    /// Where the record goes.
    pub delivery: Delivery,
    /// How long the command may take.
    pub limits: Limits,
    /// The run's own folder, if a launcher started us.
    pub run_folder: Option<PathBuf>,
    /// The user that the command runs as. None: ours.
    pub run_as: Option<Account>,
}

/// Redaction rules.
#[derive(Debug, Default)]
pub struct RedactOptions {
    /// Names of keys whose values are redacted.
    pub keys: Vec<String>,
    /// Regular expressions.
    pub patterns: Vec<String>,
    /// Why one of them cannot be used. Then nothing is recorded.
    pub unusable: Option<String>,
}

/// Errors that prevent the command from running.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// The signal handlers cannot be installed.
    #[error("cannot install signal handlers: {0}")]
    Signals(std::io::Error),
    /// The command's streams cannot be made.
    #[error("the command's output cannot be captured: {0}")]
    Streams(std::io::Error),
    /// The run's folder cannot be used.
    #[error("the run's folder cannot be used: {0}")]
    Folder(std::io::Error),
    /// Another supervisor has begun this run.
    #[error("another process supervises this run already")]
    Claimed,
    /// A command that cannot be recorded could not be run either.
    #[error("{}: {cause}", .command.display())]
    Replace {
        /// The program.
        command: OsString,
        /// Why.
        cause: std::io::Error,
    },
    /// The child can no longer be watched.
    #[error("the command cannot be watched: {0}")]
    Watch(std::io::Error),
}

/// Runs the command to its end and returns how it ended. `clock` is that of the run.
///
/// # Errors
/// Nothing can be run. A missing command is no such error: it ends with 127 as in a shell, and the record says so.
pub fn run(request: &Request, run_clock: &RunClock) -> Result<End, SuperviseError> {
    let clock = Clock::Run(*run_clock);
    // Before any thread, because threads inherit the blocked signals.
    let signals = match Signals::take() {
        Ok(signals) => signals,
        Err(cause) => return Err(unrecorded(request, SuperviseError::Signals(cause))),
    };
    let claim = match &request.run_folder {
        Some(folder) => {
            // Signals to the launcher must not reach the run. This fails if we already lead a session, which is as
            // good.
            let _ = rustix::process::setsid();
            let claim = Claim::take(folder).map_err(SuperviseError::Folder)?;
            Some(claim.ok_or(SuperviseError::Claimed)?)
        }
        None => None,
    };
    let command = command::read(&request.command);
    let started = describe::started(request, command.started);
    let key = claim.as_ref().and_then(Claim::run_key);
    let recording = Recording::begin(request, &started, (&clock, *run_clock), key);
    let streams = Streams::make().and_then(|streams| {
        let capture = Capture::new(
            recording.spool(),
            request.capture_output,
            command.statistics,
            clock.clone(),
        )?;
        Ok((streams, capture))
    });
    let (streams, (capture, wakes)) = match streams {
        Ok(made) => made,
        Err(cause) => {
            let error = SuperviseError::Streams(cause);
            return Err(signals.as_the_caller(|| unrecorded(request, error)));
        }
    };
    let capture = Arc::new(capture);

    reap::adopt_descendants();
    let offer = recording.offer(request.execution, command.is_ansible);
    let spool = recording.spool();
    let given = match (&claim, &request.run_as) {
        (Some(claim), Some(account)) => claim.give(account),
        _ => Ok(()),
    };
    let given = given.map_err(|cause| launch::LaunchError::new(request, cause));
    let launched = given.and_then(|()| {
        launch::launch(
            request,
            command.is_ansible,
            offer.as_ref(),
            spool.as_ref().and_then(|spool| spool.run_key()),
            streams,
            &signals,
            *run_clock,
        )
    });
    let (end, reason) = match launched {
        Ok(launched) => {
            let ending = Ending::new(request.limits, request.run_as.is_some());
            let ended = Watch::new(&signals, launched, Arc::clone(&capture), wakes, ending)
                .and_then(Watch::run)
                .map_err(SuperviseError::Watch)?;
            keep_exit_code(ended.end);
            capture.finish();
            recording.stats(capture.statistics(ended.end));
            recording.usage(&reap::usage());
            (ended.end, ended.reason)
        }
        Err(error) => {
            let code = error.exit_code();
            say(&capture, &error);
            capture.finish();
            (End::Code(code), Some(EndReason::LaunchError))
        }
    };
    if let Some(claim) = &claim {
        claim.remove_secrets();
    }
    let ended = ExecutionEnded {
        exit_code: Some(end.exit_code()),
        signal: end.signal(),
        reason: reason.filter(|_| !end.is_success()),
        dropped: recording.dropped(),
        ..ExecutionEnded::default()
    };
    recording.end(&ended, &signals);
    Ok(end)
}

/// From now on we end as the command did, even if there is no memory left for the remaining work (`ulimit -v`): a
/// failed allocation aborts the process.
fn keep_exit_code(end: End) {
    let always = Arc::new(AtomicBool::new(true));
    let abort = nix::sys::signal::Signal::SIGABRT as i32;
    let _ = signal_hook::flag::register_conditional_shutdown(abort, end.exit_code(), always);
}

/// Runs a command that cannot be recorded in our place. Returns only if that fails too.
fn unrecorded(request: &Request, why: SuperviseError) -> SuperviseError {
    // A launched run needs a supervisor.
    if request.run_folder.is_some() {
        return why;
    }
    eprintln!("playback: this run is not recorded: {why}");
    replace(&request.command)
}

/// Replaces this process by the command. Returns only if that fails.
#[must_use]
pub fn replace(command: &[OsString]) -> SuperviseError {
    use std::os::unix::process::CommandExt as _;
    let program = command.first().cloned().unwrap_or_default();
    let cause = std::process::Command::new(&program)
        .args(command.iter().skip(1))
        .exec();
    SuperviseError::Replace {
        command: program,
        cause,
    }
}

/// Tells the user and the record what happened to the command.
fn say(capture: &Capture, message: &impl std::fmt::Display) {
    let line = format!("playback: {message}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    capture.printed(playback_wire::Stream::Stderr, line.as_bytes());
}
