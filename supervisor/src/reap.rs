//! Reaps the command: its exit status, and the resources used by its whole process tree.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use playback_wire::Usage;

use crate::leave::End;

/// A change of the command's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It ended.
    Ended(End),
    /// It was stopped.
    Stopped,
}

/// Makes us the parent of every descendant whose own parent dies, so that its cost is counted if it ends before the
/// command.
pub(crate) fn adopt_descendants() {
    // If this fails, only the command's own cost is counted.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Reaps every child that ended or stopped. Returns the latest change of `command`.
pub(crate) fn reap(command: Pid) -> Option<Change> {
    let flags = WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED;
    let mut news = None;
    loop {
        let change = match waitpid(None, Some(flags)) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, Change::Ended(End::Code(code))),
            Ok(WaitStatus::Signaled(pid, signal, _)) => {
                (pid, Change::Ended(End::Signal(signal as i32)))
            }
            Ok(WaitStatus::Stopped(pid, _)) => (pid, Change::Stopped),
            Err(nix::errno::Errno::EINTR) => continue,
            Ok(WaitStatus::StillAlive) | Err(_) => return news,
            Ok(_) => continue,
        };
        if change.0 == command {
            news = Some(change.1);
        }
    }
}

/// The cost of all reaped processes.
pub(crate) fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return Usage::default();
    };
    // Both fit a float's 53 bits for centuries.
    #[allow(clippy::cast_precision_loss)]
    let seconds = |microseconds: i64| microseconds as f64 / 1e6;
    Usage {
        user_s: seconds(usage.user_time().num_microseconds()),
        system_s: seconds(usage.system_time().num_microseconds()),
        // Linux counts in KiB.
        peak_bytes: u64::try_from(usage.max_rss()).unwrap_or(0) * 1024,
    }
}
