//! The commands. Errors say what to do next, `--json` serves scripts, tables serve people.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line is wrong; `run`, `adhoc`, `replay`, `follow` and `exec`
//! end with the run's own.
//!
//! Layout:
//! - one module for each command; `launch` has the three that ask for a run, and `documents` the two that
//!   describe this program
//! - `out`: the one place that prints; `when`, `summary`: how things read
//! - `client`, `filters`, `pages`, `pick`: asking a collector; `database`: working on its database
//! - `environment`: what is not an option

mod cancel;
mod client;
mod copy;
mod database;
#[cfg(target_os = "linux")]
mod doctor;
mod documents;
mod environment;
#[cfg(target_os = "linux")]
mod exec;
mod filters;
mod flush;
mod follow;
mod launch;
mod list;
mod migrate;
mod out;
mod pages;
mod pick;
mod pin;
mod prune;
mod rebuild;
mod recorder_settings;
mod redact;
mod serve;
#[cfg(target_os = "linux")]
mod shim;
mod show;
mod stats;
mod summary;
mod token;
mod when;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use database::DatabaseArgs;

/// What one needs to know before the first command that asks a collector.
const AFTER_HELP: &str = "\
Commands that ask a collector find it by --url or PLAYBACK_URL, and their token by --token-file,
PLAYBACK_TOKEN_FILE or PLAYBACK_TOKEN. What they print for people, --json prints for scripts.

Exit codes: 0 done, 1 failed, 2 the command line is wrong; \"run\", \"adhoc\", \"replay\", \"follow\" and \"exec\"
end with the run's own.";

/// Execution history for Ansible.
#[derive(Debug, Parser)]
#[command(
    name = "playback",
    version,
    about,
    propagate_version = true,
    after_help = AFTER_HELP
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the collector: take events in, serve the history
    Serve(serve::Serve),
    #[cfg(target_os = "linux")]
    Exec(exec::Exec),
    #[cfg(target_os = "linux")]
    Shim(shim::Shim),
    #[cfg(target_os = "linux")]
    Doctor(doctor::Doctor),
    Run(Box<launch::Run>),
    Adhoc(Box<launch::Adhoc>),
    Replay(Box<launch::Replay>),
    Cancel(cancel::Cancel),
    /// Make, list and revoke tokens
    Token(token::Token),
    /// List executions, newest first
    List(Box<list::List>),
    /// Show one execution: how it ended, its recap, what failed, what it printed
    Show(show::Show),
    Stats(Box<stats::Stats>),
    /// Print a run's lines as they come; ends with the run's own exit code
    Follow(follow::Follow),
    /// Deliver what recorders on this machine could not
    Flush(flush::Flush),
    /// Bring the database's schema up to date, or show what there is to do
    Migrate(migrate::Migrate),
    Redact(redact::Redact),
    Prune(prune::Prune),
    Pin(pin::Pin),
    Unpin(pin::Unpin),
    /// Make rows anew from the event log
    Rebuild(rebuild::Rebuild),
    Copy(copy::Copy),
    /// Print the OpenAPI document of the API
    Openapi(documents::OpenApi),
    /// Print a script with which a shell completes this command line
    Completions(documents::Completions),
}

/// The command line is wrong, in a way that is seen only when it is read more closely.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Wrong(String);

/// Runs the command that the process was given.
#[must_use]
pub fn main() -> ExitCode {
    crate::limits::outlive_file_size_limit();
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(command) => serve::run(command),
        #[cfg(target_os = "linux")]
        Command::Exec(command) => exec::run(command),
        #[cfg(target_os = "linux")]
        Command::Shim(command) => shim::run(&command),
        #[cfg(target_os = "linux")]
        Command::Doctor(command) => doctor::run(&command),
        Command::Run(command) => launch::run(&command),
        Command::Adhoc(command) => launch::adhoc(&command),
        Command::Replay(command) => launch::replay(&command),
        Command::Cancel(command) => cancel::run(&command),
        Command::Token(command) => token::run(command),
        Command::List(command) => list::run(&command),
        Command::Show(command) => show::run(&command),
        Command::Stats(command) => stats::run(&command),
        Command::Follow(command) => follow::run(&command),
        Command::Flush(command) => flush::run(command),
        Command::Migrate(command) => migrate::run(command),
        Command::Redact(command) => redact::run(&command),
        Command::Prune(command) => prune::run(&command),
        Command::Pin(command) => pin::pin(&command),
        Command::Unpin(command) => pin::unpin(&command),
        Command::Rebuild(command) => rebuild::run(command),
        Command::Copy(command) => copy::run(&command),
        Command::Openapi(command) => documents::openapi(&command),
        Command::Completions(command) => documents::completions(&command),
    };
    match done {
        Ok(code) => code,
        // Whoever reads has enough (`| head`): that is no failure.
        Err(error) if error.is::<out::Closed>() => ExitCode::SUCCESS,
        Err(error) if error.is::<Wrong>() => {
            let error = Cli::command().error(ErrorKind::ValueValidation, error);
            // Where standard error is closed, nobody wants to know.
            let _ = error.print();
            ExitCode::from(2)
        }
        Err(error) => {
            out::note(format_args!("playback: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
