//! A command that runs as another user (`run_as`).
//!
//! The supervisor stays root; only the command runs as the user. A supervisor running as that user would be simpler,
//! but its own command could trace it, or kill it and so escape its timeout and its cancellation. So a process of our
//! own program briefly stands between us and the command (`playback as-user USER exec`): it gives up every right,
//! verifies that none can be regained, closes everything that it inherited, and becomes the command. `pre_exec` would
//! avoid that process, but is unsafe.
//!
//! Reports whether the command started, as the standard library does it between `fork` and `exec`: by a pipe that
//! closes when the command starts. That process receives the pipe as its standard input.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::account::Account;

/// Stands for a failure without a system error number.
const NO_NUMBER: i32 = 0;

/// The pipe that reports a failure to start the command.
#[derive(Debug)]
pub(crate) struct Report(OwnedFd);

/// The process that becomes `program` as that user.
///
/// # Errors
/// A pipe cannot be created, or our own program cannot be found.
pub(crate) fn command(account: &Account, program: &OsStr) -> io::Result<(Command, Report)> {
    let (report, reporting) = pipe_with(PipeFlags::CLOEXEC)?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["as-user", &account.text(), "exec", "--"])
        .arg(program)
        .stdin(Stdio::from(reporting));
    Ok((command, Report(report)))
}

impl Report {
    /// Waits until the command runs. Our own end of the pipe must be closed.
    ///
    /// # Errors
    /// It does not run, for this reason.
    pub(crate) fn wait(self) -> io::Result<()> {
        let mut text = String::new();
        std::fs::File::from(self.0).read_to_string(&mut text)?;
        match text.split_once(' ') {
            None => Ok(()),
            Some((number, why)) => Err(match number.parse() {
                Ok(number) if number != NO_NUMBER => io::Error::from_raw_os_error(number),
                _ => io::Error::other(why.to_owned()),
            }),
        }
    }
}

/// Becomes the command as that user. Returns only if that fails; the error is then reported through the pipe, and on
/// standard error.
#[must_use]
pub fn replace(account: io::Result<Account>, command: &[OsString]) -> ExitCode {
    let report = take_report();
    let error = account
        .and_then(|account| become_user(&account, report.as_ref()))
        .map_or_else(
            |error| error,
            |()| {
                let program = command.first().cloned().unwrap_or_default();
                Command::new(program).args(&command[1..]).exec()
            },
        );
    match report {
        Some(report) => {
            let number = error.raw_os_error().unwrap_or(NO_NUMBER);
            let _ = std::fs::File::from(report).write_all(format!("{number} {error}").as_bytes());
        }
        None => drop(writeln!(io::stderr(), "playback: {error}")),
    }
    ExitCode::from(126)
}

fn become_user(account: &Account, report: Option<&OwnedFd>) -> io::Result<()> {
    // Pipes belong to their creator. The command could write to its own, but not reopen them (`> /dev/stderr`).
    for stream in [rustix::stdio::stdout(), rustix::stdio::stderr()] {
        if is_pipe(stream) {
            account.own_open(stream)?;
        }
    }
    account.become_for_good()?;
    close_all_but(report.map(|report| report.as_raw_fd()))
}

/// Takes the pipe from standard input, and leaves an empty input for the command.
fn take_report() -> Option<OwnedFd> {
    let stdin = rustix::stdio::stdin();
    if !is_pipe(stdin) {
        return None;
    }
    let report = stdin.try_clone_to_owned().ok()?;
    let nothing = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    rustix::stdio::dup2_stdin(nothing.ok()?.as_fd()).ok()?;
    Some(report)
}

fn is_pipe(stream: std::os::fd::BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(stream)
        .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Fifo)
}

/// Closes everything inherited except the three streams. Our own descriptors are close-on-exec; this is for those that
/// another part of the program left open.
fn close_all_but(report: Option<i32>) -> io::Result<()> {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for fd in open {
        if fd > 2 && Some(fd) != report {
            // The descriptor used for listing is closed already.
            let _ = nix::unistd::close(fd);
        }
    }
    Ok(())
}
