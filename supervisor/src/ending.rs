//! Ends the command on request: by a signal, or at its timeout. If it does not end in time, it is killed.
//!
//! A signal to the command's process group does not reach everything that the command runs: Ansible's workers have
//! sessions of their own since ansible-core 2.19. So its descendants get the signal as well, and are killed if they
//! outlive it. A process that detached itself before (a daemon, an asynchronous task) is no longer a descendant, and is
//! left alone. Only a command that runs as another user cannot escape like that, because that user is not trusted: we
//! become the parent of its orphans, and end them with it.

use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::unistd::{Pid, getpid};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::time::{ClockId, clock_gettime};

use crate::tree;

/// How long a command may run, and how long it may take to end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// When it is asked to end. None: never.
    pub timeout: Option<Duration>,
    /// How long after it was asked to end it is killed. None: never, except after a timeout.
    pub kill_after: Option<Duration>,
}

/// Default time between a timeout and killing the command.
const KILL_AFTER_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of searches for remaining processes.
const MOST_LOOKS: usize = 50;

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The timeout has passed.
    Terminate,
    /// It was asked to end, and did not.
    Kill,
}

/// The state of ending a command.
#[derive(Debug)]
pub(crate) struct Ending {
    timeout_at: Option<i64>,
    kill_after: Option<Duration>,
    kill_at: Option<i64>,
    /// Including detached processes.
    everyone: bool,
    /// Its end was requested.
    is_terminating: bool,
    /// Its descendants when it was asked.
    descendants: Vec<OwnedFd>,
}

impl Ending {
    /// The time limit begins now.
    pub(crate) fn new(limits: Limits, everyone: bool) -> Self {
        Self {
            everyone,
            is_terminating: false,
            timeout_at: limits.timeout.map(|timeout| now() + micros(timeout)),
            kill_after: limits
                .kill_after
                .or(limits.timeout.map(|_| KILL_AFTER_TIMEOUT)),
            kill_at: None,
            descendants: Vec::new(),
        }
    }

    /// Time until the next step, in microseconds.
    pub(crate) fn wait_us(&self) -> Option<i64> {
        let at = [self.timeout_at, self.kill_at]
            .into_iter()
            .flatten()
            .min()?;
        Some((at - now()).max(0))
    }

    /// The step that is due now; each is returned once.
    pub(crate) fn due(&mut self) -> Option<Due> {
        let now = now();
        if self.kill_at.take_if(|at| *at <= now).is_some() {
            return Some(Due::Kill);
        }
        self.timeout_at
            .take_if(|at| *at <= now)
            .map(|_| Due::Terminate)
    }

    /// Notes that `command` was asked to end. The first time, its descendants get the signal, and the time until
    /// killing begins.
    pub(crate) fn note_termination(&mut self, command: Pid) {
        self.timeout_at = None;
        if self.is_terminating {
            return;
        }
        let Some(kill_after) = self.kill_after else {
            return;
        };
        self.kill_at = Some(now() + micros(kill_after));
        self.is_terminating = true;
        self.descendants = match self.everyone {
            false => hold(command, None),
            // The caller signals the command itself.
            true => hold(getpid(), Some(command)),
        };
        self.signal(Signal::TERM);
    }

    /// Kills the remaining descendants.
    pub(crate) fn kill_descendants(&self) {
        self.signal(Signal::KILL);
        if !self.everyone || !self.is_terminating {
            return;
        }
        // Each search finds processes started since the last one. A command that starts processes faster than we can
        // kill them is limited by the machine, not by us.
        for _ in 0..MOST_LOOKS {
            let left = hold(getpid(), None);
            if left.is_empty() {
                return;
            }
            for process in &left {
                let _ = pidfd_send_signal(process, Signal::KILL);
            }
        }
    }

    /// Seconds that it was given to end.
    pub(crate) fn grace_seconds(&self) -> u64 {
        self.kill_after.unwrap_or_default().as_secs()
    }

    fn signal(&self, signal: Signal) {
        for process in &self.descendants {
            // It may have ended.
            let _ = pidfd_send_signal(process, signal);
        }
    }
}

/// Opens a handle for every descendant of a process. A process id may be reused between search and opening, so the
/// search is repeated, and only what is found both times is kept.
fn hold(of: Pid, but: Option<Pid>) -> Vec<OwnedFd> {
    let held: Vec<(Pid, OwnedFd)> = tree::descendants(of)
        .into_iter()
        .filter(|pid| Some(*pid) != but)
        .filter_map(|pid| Some((pid, open(pid)?)))
        .collect();
    let still = tree::descendants(of);
    held.into_iter()
        .filter(|(pid, _)| still.contains(pid))
        .map(|(_, process)| process)
        .collect()
}

fn open(pid: Pid) -> Option<OwnedFd> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw())?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// Monotonic time, in microseconds.
fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}
