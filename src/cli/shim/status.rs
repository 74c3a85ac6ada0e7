//! Shows what runs when one of Ansible's programs is called.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::super::out;
use super::{Executable, PROGRAMS, find};

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Status) -> anyhow::Result<ExitCode> {
    let all: Vec<_> = PROGRAMS
        .into_iter()
        .map(|program| (program, find(program)))
        .collect();
    let through = all.iter().all(|(_, found)| {
        // A program that is not installed cannot bypass a shim.
        found.first().is_none_or(|first| first.shim)
    });
    let any = all
        .iter()
        .any(|(_, found)| found.first().is_some_and(|first| first.shim));
    if command.json {
        let programs: Vec<_> = all
            .iter()
            .map(|(program, found)| {
                json!({
                    "program": program,
                    "shim": found.first().is_some_and(|first| first.shim),
                    "runs": real(found).map(|real| &real.file),
                    "path": found.iter().map(|one| json!({"file": one.file, "shim": one.shim})).collect::<Vec<_>>(),
                })
            })
            .collect();
        out::json(&json!({ "programs": programs }))?;
    } else {
        for (program, found) in &all {
            out::line(format_args!("{program}: {}", in_words(found)))?;
        }
    }
    Ok(if through && any {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn real(found: &[Executable]) -> Option<&Executable> {
    found.iter().find(|one| !one.shim)
}

fn in_words(found: &[Executable]) -> String {
    let shim = found.iter().find(|one| one.shim);
    match (found.first(), shim, real(found)) {
        (None, ..) => "not in PATH".to_owned(),
        (Some(first), _, Some(real)) if first.shim => format!(
            "the shim {} runs {}",
            first.file.display(),
            real.file.display()
        ),
        (Some(first), _, None) => format!(
            "the shim {} has nothing to run: PATH holds no other",
            first.file.display()
        ),
        (Some(first), Some(shim), _) => format!(
            "{} runs without the shim, because its folder comes before {} in PATH",
            first.file.display(),
            shim.file.parent().unwrap_or(&shim.file).display()
        ),
        (Some(first), None, _) => format!(
            "{} runs without a shim; \"playback shim install --user\" makes one",
            first.file.display()
        ),
    }
}
