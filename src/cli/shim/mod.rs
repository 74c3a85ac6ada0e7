//! `playback shim`: programs with the names of Ansible's, which run the real ones under `playback exec`. This also
//! records runs that end before Ansible loads callbacks, and users do not have to type `exec`.
//!
//! Layout:
//! - `shim.sh`: the shim itself, which can run the real program even without Playback
//! - `executable`: finds a name in PATH
//! - `install`: installs and removes shims; `status`: whether PATH leads to them

mod executable;
mod install;
mod status;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::environment;

pub(super) use executable::{Executable, find};

/// The programs that get a shim. `ansible-console` does not: each command typed in it is a separate run.
pub(super) const PROGRAMS: [&str; 3] = ["ansible-playbook", "ansible", "ansible-pull"];

/// Start of a shim's second line.
const MARK: &str = "# playback-shim ";

/// Record every run of Ansible from outside, without typing "playback exec"
///
/// A shim is a small program named "ansible-playbook", "ansible" or "ansible-pull" in a folder that comes first in PATH. It
/// runs the real program under "playback exec". This records even runs that end before Ansible loads callbacks.
#[derive(Debug, Args)]
pub(super) struct Shim {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the shims, and print how to put them into PATH
    Install(Change),
    /// Remove the shims; everything else stays
    Uninstall(Change),
    /// Show what runs when Ansible's programs are called: a shim, or the program itself
    ///
    /// Exits with 0 if every installed program runs through a shim, and with 1 otherwise.
    Status(status::Status),
}

#[derive(Debug, Args)]
struct Change {
    /// Folder of the shims
    #[arg(required_unless_present = "user", conflicts_with = "user")]
    folder: Option<PathBuf>,
    /// The user's own folder: playback/shims in XDG_DATA_HOME or ~/.local/share
    #[arg(long)]
    user: bool,
}

impl Change {
    /// The folder's absolute path.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => environment::data_folder()
                .context("the home folder is not known: name a folder for the shims")?
                .join("playback/shims"),
        };
        std::path::absolute(&folder)
            .with_context(|| format!("{} is no folder's name", folder.display()))
    }
}

pub(super) fn run(command: &Shim) -> anyhow::Result<ExitCode> {
    match &command.command {
        Command::Install(change) => install::install(&change.folder()?),
        Command::Uninstall(change) => install::uninstall(&change.folder()?, change.user),
        Command::Status(command) => status::run(command),
    }
}

/// Whether a file is one of our shims, by its second line, whatever its name or link.
fn is_shim(file: &Path) -> bool {
    use std::io::{BufRead as _, BufReader, Read as _};
    let Ok(file) = std::fs::File::open(file) else {
        return false;
    };
    let mut lines = BufReader::new(file.take(256)).lines();
    let second = lines.nth(1);
    matches!(second, Some(Ok(line)) if line.starts_with(MARK))
}
