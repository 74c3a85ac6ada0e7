//! `playback report`: what ran in a period, in comparison with the period before.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::client::{Client, ClientArgs};
use super::export::Target;
use super::filters::{Filters, SEVERAL, names};
use super::out::{Layout, Out};
use super::query::QueryArgs;
use crate::clock::Clock;
use crate::filter::place;
use crate::model::{Report, ReportFormat, ReportPeriod};
use crate::reports::as_text;

/// Width of a text that is not printed to a terminal.
const COLUMNS: usize = 80;

/// Report what ran in a period: what failed and why, what is new, slower, flaky or missing, what it cost
///
/// Each figure is compared with the period before. "playback reports" shows the reports that the collector makes
/// regularly.
#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    query: QueryArgs,
    /// The day, the seven days or the month before now (or before --until) [default: week]
    #[arg(long, value_parser = names(&ReportPeriod::ALL, ReportPeriod::as_str), conflicts_with = "from")]
    period: Option<String>,
    /// The time zone of the period and of the report's times, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    #[command(flatten)]
    filters: Filters<place::Stats>,
    /// The format [default: by the ending of FILE, else text]
    #[arg(long, value_parser = names(&ReportFormat::ALL, ReportFormat::as_str))]
    format: Option<String>,
    /// Write to this file, which is only replaced by a complete report; standard output by default
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's report
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// The format for a file's name.
fn of_file(file: &Path) -> Option<ReportFormat> {
    let ending = file.extension()?.to_str()?.to_ascii_lowercase();
    let mut all = ReportFormat::ALL.into_iter();
    all.find(|format| format.ending() == ending)
}

impl ReportArgs {
    fn format(&self) -> ReportFormat {
        if self.json {
            return ReportFormat::Json;
        }
        let named = self.format.as_deref().and_then(ReportFormat::from_name);
        let of_file = || self.output.as_deref().and_then(of_file);
        named.or_else(of_file).unwrap_or(ReportFormat::Text)
    }
}

pub(super) fn run(command: &ReportArgs) -> anyhow::Result<ExitCode> {
    let selection = command.query.select(&Clock::system(), &command.filters)?;
    let mut query = selection.with(Vec::new());
    let mine = [
        ("period", command.period.clone()),
        ("zone", command.zone.clone()),
    ];
    query.extend(
        mine.into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let client = Client::new(&command.client)?;
    let path = "/reports/preview";
    let format = command.format();
    if format == ReportFormat::Text && command.output.is_none() {
        // The terminal's width.
        let report: Report = client.get(path, &query)?;
        let mut out = Out::laid_out(command.layout);
        let text = as_text(&report, out.width().unwrap_or(COLUMNS));
        out.bytes(text.as_bytes())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    query.push(("format", format.as_str().to_owned()));
    let target = Target::new(command.output.as_deref(), false)?;
    let mut body = client.read(path, &query)?;
    target.write(&mut body, client.url())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_tells_the_format() {
        for (file, format) in [
            ("week.html", Some(ReportFormat::Html)),
            ("a/WEEK.MD", Some(ReportFormat::Markdown)),
            ("week.csv", Some(ReportFormat::Csv)),
            ("week.json", Some(ReportFormat::Json)),
            ("week.txt", Some(ReportFormat::Text)),
            ("week", None),
            ("week.pdf", None),
        ] {
            assert_eq!(of_file(Path::new(file)), format, "{file}");
        }
    }
}
