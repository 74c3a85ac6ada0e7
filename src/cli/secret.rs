//! Reads a secret from a person at the terminal, without echo.

use std::io;

use nix::sys::signal::{SigSet, Signal};

/// Asks for the secret at the terminal.
///
/// # Errors
/// There is no terminal.
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    // At a Ctrl-C, rpassword raises the signal before it restores the terminal, which would stay without echo. So the
    // signal is blocked until that is done, and ends us then.
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    interrupt.thread_block()?;
    let answer = rpassword::prompt_password(prompt);
    interrupt.thread_unblock()?;
    answer
}
