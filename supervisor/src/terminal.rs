//! Our own terminal, while its keys go to the command.
//!
//! Every key is passed on unchanged (raw mode), and the command's pseudo-terminal treats it as the command wants: an
//! echo, a signal, nothing. The terminal is restored on every exit, and whenever the command is stopped.

use std::os::fd::BorrowedFd;

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The terminal that a person sits at.
#[derive(Debug)]
pub(crate) struct Terminal {
    fd: BorrowedFd<'static>,
    /// Its original modes. None: we are not reading its keys.
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

    /// Whether we are reading its keys.
    pub(crate) fn is_taken(&self) -> bool {
        self.before.is_some()
    }

    /// Switches to raw mode, unless we are in the background, where the keys belong to another process.
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

    /// Restores the terminal.
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
