//! `playback diff`: how two runs differ, for people.

mod print;
mod sections;

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::out::{self, Layout, Out};
use super::pick::Pick;
use crate::model::Comparison;

/// Exit codes of `--exit-code`, the same as those of diff(1).
const DIFFERENT: u8 = 1;
const TROUBLE: u8 = 2;

/// Compare two runs: parameters, hosts, tasks, outcomes, what failed, durations, output
///
/// A single run, or your last run if you name none, is compared with the last earlier success of the same playbook and
/// inventory, with the same limit and check mode. Times, durations, addresses, identities and names of temporary files
/// never count as differences.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The earlier run: its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest".
    /// Without B, it is the run to compare with an earlier one
    #[arg(value_name = "A")]
    a: Option<Pick>,
    /// The later run
    #[arg(value_name = "B")]
    b: Option<Pick>,
    /// Compare with the last earlier run that succeeded (the default)
    #[arg(long, conflicts_with_all = ["b", "previous"])]
    last_good: bool,
    /// Compare with the last earlier run, whatever its outcome
    #[arg(long, conflicts_with = "b")]
    previous: bool,
    /// Show at most this many entries of each kind
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Exit with 1 if anything is different, and with 2 if the runs cannot be compared
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's comparison
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Diff) -> anyhow::Result<ExitCode> {
    match compare(command) {
        Ok(true) if command.exit_code => Ok(ExitCode::from(DIFFERENT)),
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) if command.exit_code && !error.is::<out::Closed>() => {
            out::note(format_args!("playback: {error:#}"));
            Ok(ExitCode::from(TROUBLE))
        }
        Err(error) => Err(error),
    }
}

/// Prints the comparison; returns whether anything is different.
fn compare(command: &Diff) -> anyhow::Result<bool> {
    let client = Client::new(&command.client)?;
    let a = match &command.a {
        Some(pick) => pick.find(&client)?,
        None => Pick::find_last_own(&client)?,
    };
    let mut query = vec![("limit", command.limit.to_string())];
    let path = match &command.b {
        Some(b) => format!("/executions/{a}/compare/{}", b.find(&client)?),
        None => {
            let with = match command.previous && !command.last_good {
                true => "previous",
                false => "last_good",
            };
            query.push(("with", with.to_owned()));
            format!("/executions/{a}/compare")
        }
    };
    let answer: Box<RawValue> = client.get(&path, &query)?;
    let comparison: Comparison = serde_json::from_str(answer.get())?;
    let mut out = Out::laid_out(command.layout);
    match command.json {
        true => out.line(answer.get())?,
        false => {
            print::print(&comparison, &mut out)?;
            let (before, now) = (comparison.before.id, comparison.now.id);
            out.line("")?;
            out.line(client.page(&format!("/compare/{before}/{now}")))?;
        }
    }
    out.flush()?;
    Ok(comparison.summary.different)
}
