//! Secrets that the command line reads: from the user at the terminal, without echo, and from files.

use std::io;
use std::path::Path;

use anyhow::{Context as _, bail};
use nix::sys::signal::{SigSet, Signal};
use playback_spool::read_secret;
use secrecy::{ExposeSecret as _, SecretString};

/// Asks for the secret at the terminal.
///
/// # Errors
/// There is no terminal.
pub(super) fn ask(prompt: &str) -> io::Result<SecretString> {
    // At a Ctrl-C, rpassword raises the signal before it restores the terminal, which would stay without echo. So the
    // signal is blocked until that is done, and ends us then.
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    interrupt.thread_block()?;
    let answer = rpassword::prompt_password(prompt);
    interrupt.thread_unblock()?;
    answer.map(SecretString::from)
}

/// Reads a token from its file.
///
/// # Errors
/// The file cannot be read, or is empty.
pub(super) fn token_file(file: &Path) -> anyhow::Result<SecretString> {
    let token = read_secret(file)
        .with_context(|| format!("the token file {} cannot be read", file.display()))?;
    if token.expose_secret().is_empty() {
        bail!("the token file {} is empty", file.display());
    }
    Ok(token)
}
