//! `playback completions` prints a script that completes command lines in a shell. `playback __complete` answers the
//! script's requests for values that only the collector knows.
//!
//! clap's own engine for such values has no stable interface yet. Its scripts have one, and they first call this hidden
//! command: one request of at most one second, and neither an error nor a question is ever printed into a prompt.
//!
//! Layout:
//! - `script`: clap's script for a shell, and what is added to it
//! - `typed`: which argument to complete in a command line; `query`: the same at the end of a query
//! - `values`: what the collector knows

mod query;
mod script;
mod typed;
mod values;

use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use self::typed::Typed;
use super::out::Out;
use super::{Cli, out};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

pub(super) fn completions(command: &Completions) -> anyhow::Result<ExitCode> {
    let mut out = Out::new();
    out.bytes(script::of(command.shell, &mut Cli::command()).as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Print the values that complete a command line: for the scripts of "playback completions"
#[derive(Debug, Args)]
pub(super) struct Complete {
    /// The shell
    shell: Shell,
    /// The words after the program's name; the last one is completed
    #[arg(last = true)]
    words: Vec<String>,
}

/// Prints a line for each value, with a tab and a description if the shell shows one. If the collector knows no values
/// or cannot be reached, nothing is printed; if the collector has no values of this kind, the exit code is 1.
pub(super) fn run(command: &Complete) -> anyhow::Result<ExitCode> {
    let mut all = Cli::command();
    all.build();
    let Some(typed) = Typed::read(&all, command.shell, &command.words) else {
        return Ok(ExitCode::FAILURE);
    };
    let mut out = Out::new();
    for value in values::candidates(&typed).unwrap_or_default() {
        // The collector is not trusted with a person's terminal.
        if value.text.contains(char::is_control) || !typed.takes(&value.text) {
            continue;
        }
        let text = typed.inserted(&value.text);
        match command.shell {
            Shell::Bash => out.line(text)?,
            _ => out.line(format_args!("{text}\t{}", out::plain(&value.description)))?,
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
