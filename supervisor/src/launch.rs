//! Starts the command.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::unistd::Pid;
use playback_spool::{RunClock, RunKey};
use playback_wire::CLOCK_VARIABLE;

use crate::offer::{self, Offer};
use crate::run_as::{self, Report};
use crate::signals::Signals;
use crate::streams::{Arrangement, ChildStreams, Source, Streams};
use crate::{Request, environment};

/// Tells a recorder which run it reports.
const EXECUTION_ID: &str = "PLAYBACK_EXECUTION_ID";

/// Lets a recorder add to that run.
const RUN_KEY: &str = "PLAYBACK_RUN_KEY";

/// Tells a recorder whether to record what is printed.
const CAPTURE_OUTPUT: &str = "PLAYBACK_CAPTURE_OUTPUT";

/// A running command.
#[derive(Debug)]
pub(crate) struct Launched {
    /// The command's process.
    pub(crate) pid: Pid,
    /// Its relation to the terminal.
    pub(crate) arrangement: Arrangement,
    /// The reading ends of its output.
    pub(crate) sources: Vec<Source>,
}

/// Why the command could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .command.display(), describe(.cause))]
pub(crate) struct LaunchError {
    command: OsString,
    cause: io::Error,
}

impl LaunchError {
    /// The request's command cannot be started.
    pub(crate) fn new(request: &Request, cause: io::Error) -> Self {
        Self {
            command: request.command.first().cloned().unwrap_or_default(),
            cause,
        }
    }

    /// The exit code that a shell would show.
    pub(crate) fn exit_code(&self) -> i32 {
        match self.cause.kind() {
            io::ErrorKind::NotFound => 127,
            _ => 126,
        }
    }
}

fn describe(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "command not found".into(),
        io::ErrorKind::PermissionDenied => {
            "the command cannot be executed: permission denied".into()
        }
        _ => format!("the command cannot be executed: {cause}"),
    }
}

/// Starts the command. Our copies of its ends are closed when this returns.
///
/// # Errors
/// There is no such command, or it cannot be executed.
pub(crate) fn launch(
    request: &Request,
    is_ansible: bool,
    offer: Option<&Offer>,
    key: Option<&RunKey>,
    streams: Streams,
    signals: &Signals,
    clock: RunClock,
) -> Result<Launched, LaunchError> {
    let mut words = request.command.iter();
    let program = words.next().map_or(OsStr::new(""), OsString::as_os_str);
    let failed = |cause| LaunchError::new(request, cause);
    let (mut command, report) = match &request.run_as {
        None => (Command::new(program), None),
        Some(account) => {
            let (command, report) = run_as::command(account, program).map_err(failed)?;
            (command, Some(report))
        }
    };
    command.args(words);
    if is_ansible {
        // One record has both producers: the recorder reports what happens, we report the output.
        command
            .env(EXECUTION_ID, request.execution.to_string())
            .env(CAPTURE_OUTPUT, "0");
    }
    if is_ansible || offer.is_some() {
        // All producers of a run use the same clock.
        command.envs(clock.to_word().map(|word| (CLOCK_VARIABLE, word)));
    }
    // Only a holder of the key may report the run. A key passed to us is that of another run.
    match key.filter(|_| is_ansible || offer.is_some()) {
        Some(key) => command.env(RUN_KEY, key.expose()),
        None => command.env_remove(RUN_KEY),
    };
    // An offer to us is not passed on to our children: they are part of our run.
    match offer {
        Some(offer) => command.env(offer::VARIABLE, offer.value()),
        None => command.env_remove(offer::VARIABLE),
    };
    if !is_ansible && environment::is_part_of_a_run() {
        // A script may run several playbooks: each is an execution of its own, with its own output.
        command.env_remove(EXECUTION_ID).env_remove(CAPTURE_OUTPUT);
        if offer.is_none() {
            command.env_remove(CLOCK_VARIABLE);
        }
    }
    let Streams {
        arrangement,
        sources,
        theirs,
    } = streams;
    let is_told = report.is_some();
    let spawned = signals.as_the_caller(|| spawn(command, arrangement, theirs, is_told));
    let pid = spawned.map_err(failed)?;
    report.map_or(Ok(()), Report::wait).map_err(failed)?;
    Ok(Launched {
        pid,
        arrangement,
        sources,
    })
}

/// `is_told`: standard input is the pipe of a report.
fn spawn(
    mut command: Command,
    arrangement: Arrangement,
    theirs: ChildStreams,
    is_told: bool,
) -> io::Result<Pid> {
    let child = match theirs.controlling {
        Some(controlling) => {
            let mut command = pty_process::blocking::Command::from(command);
            if let Some(stdout) = theirs.stdout {
                command = command.stdout(stdout);
            }
            if let Some(stderr) = theirs.stderr {
                command = command.stderr(stderr);
            }
            command.spawn(controlling).map_err(|error| match error {
                pty_process::Error::Io(error) => error,
                other => io::Error::other(other),
            })?
        }
        None => {
            if let Some(stdout) = theirs.stdout {
                command.stdout(stdout);
            }
            if let Some(stderr) = theirs.stderr {
                command.stderr(stderr);
            }
            if arrangement == Arrangement::Apart {
                command.process_group(0);
            }
            if !is_told {
                command.stdin(Stdio::inherit());
            }
            command.spawn()?
        }
    };
    // A process id is positive and fits.
    Ok(Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX)))
}
