//! What a person types and nobody may see.

use std::io;

use nix::sys::signal::{SigSet, Signal};

/// Asks for it at the terminal.
///
/// # Errors
/// There is no terminal.
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    // At a Ctrl-C, rpassword raises the signal before it has put the terminal back, which would leave one that shows
    // nothing. So the signal waits until that is done, and ends us then.
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    interrupt.thread_block()?;
    let answer = rpassword::prompt_password(prompt);
    interrupt.thread_unblock()?;
    answer
}
