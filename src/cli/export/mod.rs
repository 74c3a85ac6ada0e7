//! `playback export`: runs, results, hosts or lines as a file, or one run as a document.

pub(super) mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use playback_wire::ResultStatus;

pub(super) use self::write::Target;
use super::Wrong;
use super::client::{Client, ClientArgs};
use super::filters::{Filters, SEVERAL_OR_LINES, names};
use super::pick::Pick;
use super::query::{Parameters, QueryArgs};
use crate::clock::Clock;
use crate::export::report::Document;
use crate::export::{Dataset, Format};
use crate::filter::place;

/// Export runs, their results, hosts or printed lines; or one run as a document
///
/// Everything that matches is exported, newest first, however much it is. If the collector or the connection fails
/// during the export, the command fails, and --output FILE stays unchanged.
#[derive(Debug, Args)]
#[command(after_help = SEVERAL_OR_LINES)]
pub(super) struct Export {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    filters: Filters<place::List>,
    /// The content of a row: a run, a result (a task on a host), a host of a run, or a printed line [default:
    /// executions]
    #[arg(long, value_name = "WHAT", value_parser = names(&Dataset::ALL, Dataset::as_str))]
    what: Option<String>,
    /// The format. html, junit and markdown are documents of one run (--run). A bundle contains whole runs, for "playback
    /// import" [default: by the ending of FILE, else ndjson]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: Option<String>,
    /// Export only this run: its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest"
    #[arg(long, value_name = "ID")]
    run: Option<Pick>,
    /// Write to this file, which is only replaced by a complete export; standard output by default
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Export these columns, in this order, joined by commas: docs/export.md lists them
    #[arg(long, value_name = "NAMES")]
    columns: Option<String>,
    /// Begin with the oldest run
    #[arg(long)]
    oldest_first: bool,
    /// For hosts and results: only those of this host
    #[arg(long, value_name = "HOST")]
    only_host: Option<String>,
    /// For results: only those with this outcome
    #[arg(long, value_name = "STATUS", value_parser = names(&ResultStatus::ALL, ResultStatus::as_str))]
    only_status: Option<String>,
    /// For results: only those that changed something; =false: only those that did not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    only_changed: Option<bool>,
    /// For printed lines: only those on this stream
    #[arg(long, value_name = "STREAM", value_parser = ["stdout", "stderr"])]
    only_stream: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

fn formats() -> PossibleValuesParser {
    let rows = Format::ALL.iter().map(|format| format.as_str());
    let documents = Document::ALL.iter().map(|document| document.as_str());
    PossibleValuesParser::new(rows.chain(documents).chain([BUNDLE]))
}

/// The selected format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rows(Format),
    Document(Document),
    Bundle,
}

/// The name of the format of bundles, and the ending of their files.
const BUNDLE: &str = "bundle";
const BUNDLE_ENDING: &str = "playback";

impl Kind {
    fn named(name: &str) -> Option<Self> {
        let rows = Format::ALL.into_iter().find(|one| one.as_str() == name);
        let document = Document::ALL.into_iter().find(|one| one.as_str() == name);
        rows.map(Self::Rows)
            .or(document.map(Self::Document))
            .or((name == BUNDLE).then_some(Self::Bundle))
    }

    /// By the ending of a file's name; none if it is not known.
    fn of_file(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        let rows = Format::ALL.into_iter().find(|one| one.as_str() == ending);
        let document = Document::ALL.into_iter().find(|one| one.ending() == ending);
        rows.map(Self::Rows)
            .or(document.map(Self::Document))
            .or((ending == BUNDLE_ENDING).then_some(Self::Bundle))
    }
}

impl Export {
    fn kind(&self) -> Kind {
        let named = self.format.as_deref().and_then(Kind::named);
        let of_file = || self.output.as_deref().and_then(Kind::of_file);
        named.or_else(of_file).unwrap_or(Kind::Rows(Format::Ndjson))
    }

    /// Everything except the selection of runs, as parameters of the API.
    fn options(&self) -> Parameters {
        let changed = self.only_changed.map(|changed| changed.to_string());
        [
            ("what", self.what.clone()),
            ("columns", self.columns.clone()),
            ("order", self.oldest_first.then(|| "asc".to_owned())),
            ("only_host", self.only_host.clone()),
            ("only_status", self.only_status.clone()),
            ("only_changed", changed),
            ("only_stream", self.only_stream.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

pub(super) fn run(command: &Export) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let selection = command.query.select_listed(&clock, &command.filters)?;
    let kind = command.kind();
    let options = command.options();
    if command.run.is_some() && !selection.is_everything() {
        let told = "--run names the only run: leave the query and the filters out";
        return Err(Wrong(told.to_owned()).into());
    }
    if let (Kind::Document(document), None) = (kind, &command.run) {
        let told = format!(
            "{} is a document of one run: name it with --run ID, or give --run latest",
            document.as_str()
        );
        return Err(Wrong(told).into());
    }
    let of_rows = options.iter().find(|(name, _)| match kind {
        Kind::Rows(_) => false,
        Kind::Bundle => *name != "order",
        Kind::Document(_) => true,
    });
    if let Some((name, _)) = of_rows {
        let option = match *name {
            "order" => "oldest-first".to_owned(),
            name => name.replace('_', "-"),
        };
        let told =
            format!("--{option} is for rows: it goes with --format json, ndjson, csv or parquet");
        return Err(Wrong(told).into());
    }
    let is_binary = matches!(kind, Kind::Rows(Format::Parquet) | Kind::Bundle);
    let target = Target::new(command.output.as_deref(), is_binary)?;
    let client = Client::new(&command.client)?;
    let pick = command.run.as_ref();
    let id = pick.map(|pick| pick.find(&client)).transpose()?;
    let (path, query) = match (kind, id) {
        (Kind::Document(document), Some(id)) => {
            let query = vec![("format", document.as_str().to_owned())];
            (format!("/executions/{id}/report"), query)
        }
        (Kind::Rows(_) | Kind::Bundle, id) => {
            let mut query = selection.with(Vec::new());
            query.extend(options);
            query.extend(id.map(|id| ("execution", id.to_string())));
            match kind {
                Kind::Rows(format) => {
                    query.push(("format", format.as_str().to_owned()));
                    ("/export".to_owned(), query)
                }
                _ => ("/export/bundle".to_owned(), query),
            }
        }
        (Kind::Document(_), None) => anyhow::bail!("--run names no run"),
    };
    let mut body = client.read(&path, &query)?;
    target.write(&mut body, client.url())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_tells_the_format() {
        for (file, kind) in [
            ("runs.csv", Some(Kind::Rows(Format::Csv))),
            ("a/b.PARQUET", Some(Kind::Rows(Format::Parquet))),
            ("report.html", Some(Kind::Document(Document::Html))),
            ("junit.xml", Some(Kind::Document(Document::Junit))),
            ("summary.md", Some(Kind::Document(Document::Markdown))),
            ("all.playback", Some(Kind::Bundle)),
            ("notes.txt", None),
            ("csv", None),
        ] {
            assert_eq!(Kind::of_file(Path::new(file)), kind, "{file}");
        }
    }
}
