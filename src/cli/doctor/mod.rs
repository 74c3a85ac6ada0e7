//! `playback doctor`: what is and what is not recorded on this machine, and what to do about it.
//!
//! Layout:
//! - `finding`: the findings, for people and for scripts
//! - `settings`: the recorder's settings that affect whether runs arrive
//! - `ansible`, `python`: each Ansible, by its own answers; `shim`: which runs bypass the recorder
//! - `collector`: whether runs arrive; `spool`: what is still waiting
//!
//! It changes nothing, and prints no token.

mod ansible;
mod collector;
mod finding;
mod python;
mod settings;
mod spool;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use self::finding::Report;
use self::settings::Settings;
use super::environment;
use super::sources::Sources;
use crate::clock::Clock;
use crate::config::ansible::AnsibleConfig;

/// Check what is and is not recorded on this machine, and why
///
/// Checks each Ansible in PATH, its configuration in this folder, the recorder, the collector and the
/// spool. Exits with 1 if something prevents runs from being recorded or delivered.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// An ansible-playbook to check, or the folder that contains it, instead of those in PATH; may be given several
    /// times
    #[arg(long = "ansible", value_name = "PATH")]
    ansible: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Doctor) -> anyhow::Result<ExitCode> {
    let cwd = std::env::current_dir().context("the working folder cannot be read")?;
    let sources = Sources::of(AnsibleConfig::read(&cwd, environment::raw));
    let settings = Settings::read(&sources);
    let mut report = Report::default();
    ansible::look(&mut report, &command.ansible, &sources);
    collector::look(&mut report, &settings, &Clock::system());
    spool::look(&mut report, &settings);
    report.print(command.json)?;
    Ok(if report.has_problems() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
