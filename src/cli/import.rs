//! `playback import`: runs that another collector exported.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::client::{Client, ClientArgs};
use super::out::{self, Out, plain};

/// Import runs that another collector exported
///
/// Each run is imported as a whole or not at all. One that is there already is passed over. The token needs the scope
/// "admin".
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The bundle: what "playback export --format bundle" wrote
    file: PathBuf,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's answer
    #[arg(long)]
    json: bool,
}

/// What became of the bundle's runs.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    imported: u64,
    present: u64,
    refused: u64,
    not_imported: Vec<NotImported>,
    left_out: u64,
    not_in_bundle: Vec<NotImported>,
}

#[derive(Debug, Serialize, Deserialize)]
struct NotImported {
    id: String,
    why: String,
}

pub(super) fn run(command: &Import) -> anyhow::Result<ExitCode> {
    let path = &command.file;
    let mut file =
        File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let client = Client::new(&command.client)?;
    let note = command.note.as_deref();
    let answer: Answer = client.upload("/import", "application/zstd", &mut file, note)?;
    if command.json {
        out::json(&answer)?;
    } else {
        let mut out = Out::new();
        out.line(format_args!("imported: {}", answer.imported))?;
        out.line(format_args!("there already: {}", answer.present))?;
        for (heading, count, runs) in [
            ("refused", answer.refused, &answer.not_imported),
            ("not in the bundle", answer.left_out, &answer.not_in_bundle),
        ] {
            if count > 0 {
                out.line(format_args!("{heading}: {count}"))?;
            }
            for run in runs {
                out.hanging("  ", &plain(&format!("{}: {}", run.id, run.why)))?;
            }
        }
        out.flush()?;
    }
    Ok(match answer.refused {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
