//! `playback openapi`: a description of the API for other programs.

use std::process::ExitCode;

use clap::Args;

use super::out;
use crate::api;

#[derive(Debug, Args)]
pub(super) struct OpenApi {
    /// Print JSON, which it always does
    #[arg(long, hide = true)]
    json: bool,
}

pub(super) fn openapi(_: &OpenApi) -> anyhow::Result<ExitCode> {
    out::line(api::openapi().to_pretty_json()?)?;
    Ok(ExitCode::SUCCESS)
}
