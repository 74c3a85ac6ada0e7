//! The commands. Errors say what to do next, `--json` serves scripts, tables serve people.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line is wrong; `follow` ends with the run's own.

mod serve;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Execution history for Ansible.
#[derive(Debug, Parser)]
#[command(name = "playback", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the collector: take events in, serve the history
    Serve(serve::Serve),
    /// Make, list and revoke tokens
    Token(token::Token),
}

/// Which database a command works on.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "PLAYBACK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Database, such as sqlite:///var/lib/playback/playback.db
    #[arg(
        long,
        value_name = "URL",
        env = "PLAYBACK_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
}

/// Runs the command that the process was given.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(command) => serve::run(command),
        Command::Token(command) => token::run(command),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("playback: {error:#}");
            ExitCode::FAILURE
        }
    }
}
