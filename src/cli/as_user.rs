//! `playback as-user`: what the collector does with the permissions of the user as whom launched runs execute. It is
//! for the collector only, and therefore hidden; without root it can do nothing.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{flush, out};
use playback_supervisor::account::Account;
use playback_supervisor::account::probe::{PathRequirement, probe};
use playback_supervisor::run_as;

/// Do something as another user, with only that user's permissions
#[derive(Debug, Args)]
pub(super) struct AsUser {
    /// The user, as NAME or NAME:GROUP
    user: String,
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Become a command
    Exec {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true)]
        command: Vec<OsString>,
    },
    /// Report which of a list of paths (JSON, on standard input) are not as they should be
    Probe,
    /// Deliver what the recorder left behind
    Deliver(flush::Flush),
    /// Remove the content of these folders
    Empty {
        /// The folders
        folders: Vec<PathBuf>,
    },
}

pub(super) fn run(command: AsUser) -> anyhow::Result<ExitCode> {
    let account = Account::find(&command.user);
    if let AccountCommand::Exec { command } = &command.command {
        // Returns only if the command cannot be run.
        return Ok(run_as::replace(
            account.map_err(std::io::Error::other),
            command,
        ));
    }
    let account = account?;
    account.become_for_good()?;
    // If the caller died, nothing would stop this process in time.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    match command.command {
        AccountCommand::Exec { .. } => {}
        AccountCommand::Probe => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let requirements: Vec<PathRequirement> =
                serde_json::from_str(&text).context("the list of paths")?;
            out::line(serde_json::to_string(&probe(&requirements, account.uid()))?)?;
        }
        AccountCommand::Deliver(flush) => return flush::run(flush),
        AccountCommand::Empty { folders } => {
            for folder in folders {
                for entry in std::fs::read_dir(folder)?.flatten() {
                    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    // If something cannot be removed, its folder stays, and is reported.
                    let _ = match is_folder {
                        true => std::fs::remove_dir_all(entry.path()),
                        false => std::fs::remove_file(entry.path()),
                    };
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
