//! Reads signals as events: they are blocked in every thread of ours, so that none can end us and leave the terminal in
//! a bad state, and passed to the command instead.
//!
//! Signals that the caller ignores (`nohup`) stay ignored, by the command too. While the command is being started
//! nothing can be blocked, because the command would inherit it: for that moment, the signals that would end us have
//! handlers that only take note.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use playback_producer::limits::is_ignored;

/// Signals that are read instead of delivered.
const TAKEN: [Signal; 10] = [
    Signal::SIGCHLD,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGCONT,
    Signal::SIGWINCH,
];

/// Signals that would end us while nothing is blocked.
const NOTED: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// The signals sent to this process.
#[derive(Debug)]
pub(crate) struct Signals {
    fd: SignalFd,
    taken: SigSet,
    /// The signals that the caller had blocked.
    before: SigSet,
    /// Signals that arrived while nothing was blocked.
    noted: Vec<(Signal, Arc<AtomicBool>)>,
}

/// One signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// Which.
    pub(crate) signal: Signal,
    /// The kernel sent it to the whole process group, as it does for a key.
    pub(crate) from_terminal: bool,
}

impl Received {
    /// Whether it asks the command to end.
    pub(crate) fn asks_for_the_end(self) -> bool {
        matches!(
            self.signal,
            Signal::SIGINT | Signal::SIGTERM | Signal::SIGQUIT | Signal::SIGHUP
        )
    }
}

impl Signals {
    /// Blocks the signals in this thread and in those that it starts.
    ///
    /// # Errors
    /// The system does not allow it.
    pub(crate) fn take() -> io::Result<Self> {
        let taken: SigSet = TAKEN.into_iter().collect();
        let before = taken.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let fd = SignalFd::with_flags(&taken, flags)?;
        let mut noted = Vec::new();
        for signal in NOTED {
            // A handler is reset to the default in the command, but the caller wants the signal ignored.
            if !is_ignored(signal as i32) {
                let flag = Arc::new(AtomicBool::new(false));
                signal_hook::flag::register(signal as i32, Arc::clone(&flag))?;
                noted.push((signal, flag));
            }
        }
        Ok(Self {
            fd,
            taken,
            before,
            noted,
        })
    }

    /// Runs the code that starts the command with exactly the caller's blocked signals.
    pub(crate) fn as_the_caller<T>(&self, start: impl FnOnce() -> T) -> T {
        let _ = self.before.thread_set_mask();
        let started = start();
        let _ = self.taken.thread_block();
        started
    }

    /// The next signal that arrived, if any.
    pub(crate) fn next(&self) -> Option<Received> {
        for (signal, came) in &self.noted {
            if came.swap(false, Ordering::SeqCst) {
                return Some(Received {
                    signal: *signal,
                    from_terminal: false,
                });
            }
        }
        loop {
            let info = self.fd.read_signal().ok().flatten()?;
            let number = i32::try_from(info.ssi_signo).unwrap_or_default();
            if let Ok(signal) = Signal::try_from(number) {
                return Some(Received {
                    signal,
                    from_terminal: info.ssi_code == libc::SI_KERNEL,
                });
            }
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Stops this process as Ctrl-Z does, if another process could continue it. Returns when it is continued.
pub(crate) fn stop_here() {
    let set = SigSet::from(Signal::SIGTSTP);
    let _ = nix::sys::signal::raise(Signal::SIGTSTP);
    let _ = set.thread_unblock();
    let _ = set.thread_block();
}
