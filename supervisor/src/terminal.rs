//! Our own terminal, while its keys belong to the command.
//!
//! Every key is handed on as it is (raw mode), and the command's pseudo-terminal makes of it what the
//! command wants: an echo, a signal, nothing. The terminal is as it was on every way out, and whenever
//! the command is stopped.

use std::os::fd::BorrowedFd;

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The terminal that a person sits at.
#[derive(Debug)]
pub(crate) struct Terminal {
    fd: BorrowedFd<'static>,
    /// What it was like. None: its keys are not ours.
    before: Option<Termios>,
}

impl Terminal {
    /// The terminal on standard input.
    pub(crate) fn on_stdin() -> Self {
        Self {
            fd: rustix::stdio::stdin(),
            before: None,
        }
    }

    /// The terminal itself.
    pub(crate) fn fd(&self) -> BorrowedFd<'static> {
        self.fd
    }

    /// Whether its keys are ours.
    pub(crate) fn is_taken(&self) -> bool {
        self.before.is_some()
    }

    /// Takes the keys, unless we are in the background, where they are somebody else's.
    pub(crate) fn take(&mut self) {
        if self.is_taken() || !self.is_foreground() {
            return;
        }
        let Ok(before) = tcgetattr(self.fd) else {
            return;
        };
        let mut raw = before.clone();
        raw.make_raw();
        if tcsetattr(self.fd, OptionalActions::Now, &raw).is_ok() {
            self.before = Some(before);
        }
    }

    /// Gives the keys back.
    pub(crate) fn give_back(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = tcsetattr(self.fd, OptionalActions::Now, &before);
        }
    }

    /// A terminal that does not control our session has no background.
    fn is_foreground(&self) -> bool {
        tcgetpgrp(self.fd).map_or(true, |group| group == getpgrp())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
    }
}
