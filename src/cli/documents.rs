//! `playback openapi` and `playback completions`: descriptions of this program for other programs.

use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::out::Out;
use super::{Cli, out};
use crate::api;

#[derive(Debug, Args)]
pub(super) struct OpenApi {
    /// Print JSON: it always does
    #[arg(long, hide = true)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

pub(super) fn openapi(_: &OpenApi) -> anyhow::Result<ExitCode> {
    out::line(api::openapi().to_pretty_json()?)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn completions(command: &Completions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Cli::command(), "playback", &mut script);
    let mut out = Out::new();
    out.bytes(&script)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
