//! The facts of a host, and how they changed.

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::client::Client;
use super::super::ids::ShortIds;
use super::super::out::{self, Colour, Column, Out, cut_end, plain};
use super::super::when;
use super::entries::{Continued, Entries};
use crate::model::{FactDifference, FactsChange, FactsGap, HostFacts, UnreadableFacts};

/// Widest value of a difference, in columns.
const VALUE: usize = 150;

/// Which facts to show, and for which time.
#[derive(Debug)]
pub(super) struct Request {
    /// Path of the host in the API.
    pub(super) path: String,
    /// The name of the facts.
    pub(super) name: Option<String>,
    /// The time of the facts.
    pub(super) at: Option<String>,
    /// The time from which changes are shown, instead of facts.
    pub(super) since: Option<String>,
    /// The time up to which changes are shown.
    pub(super) until: Option<String>,
    /// Maximum number of changes.
    pub(super) limit: u64,
}

pub(super) fn print(
    client: &Client,
    request: &Request,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let parameters = [
        ("name", &request.name),
        ("at", &request.at),
        ("since", &request.since),
        ("until", &request.until),
    ];
    let query = parameters.into_iter();
    let query: Vec<(&'static str, String)> = query
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect();
    if request.since.is_some() {
        let path = format!("{}/facts/changes", request.path);
        let wanted = (request.limit, Continued::Since);
        let entries = Entries::read(client, &path, query, wanted)?;
        return match json {
            true => entries.print_json("changes", out),
            false => print_changes(&entries, out),
        };
    }
    let raw: Box<RawValue> = client.get(&format!("{}/facts", request.path), &query)?;
    if json {
        return out.line(raw.get());
    }
    print_facts(&serde_json::from_str(raw.get())?, request, out)
}

fn print_facts(found: &HostFacts, request: &Request, out: &mut Out) -> anyhow::Result<()> {
    if found.facts.is_empty() {
        if found.unreadable.is_empty() {
            out::note(match (&request.name, found.at) {
                (Some(_), _) => "no fact has this name: without --fact, all are shown",
                (None, Some(_)) => "no facts were reported up to that time",
                (None, None) => {
                    "no run reported facts of it: gather_facts is off, or facts are not recorded"
                }
            });
        }
    } else {
        let rows = found.facts.iter();
        let rows = rows.map(|(name, value)| [name.clone(), shown(value)]);
        let columns = [Column::end("FACT", 20), Column::end("VALUE", 20)];
        out.table(columns, rows.collect(), |_, _, line| line)?;
        out.line("")?;
        let shown = || found.sources.iter().filter(|source| source.facts > 0);
        let ids = ShortIds::of(shown().map(|source| source.execution));
        for source in shown() {
            let what = match source.complete {
                true => "all that setup gathers",
                false => "a part",
            };
            out.hanging(
                "",
                &format!(
                    "{} of these facts: {}, {what}, in run {}",
                    source.facts,
                    when::show(source.time),
                    ids.show(source.execution)
                ),
            )?;
        }
    }
    tell_unreadable(&found.unreadable, out)
}

fn print_changes(entries: &Entries, out: &mut Out) -> anyhow::Result<()> {
    let changes: Vec<FactsChange> = entries.parsed()?;
    if changes.is_empty() {
        out::note("no fact changed in this time");
    }
    for (at, change) in changes.iter().enumerate() {
        if at > 0 {
            out.line("")?;
        }
        let head = format!("{}  run {}", when::show(change.time), change.execution);
        out.headline(Colour::Bold, &head)?;
        if change.first {
            out.line("  the first gathering that is known")?;
        }
        for difference in &change.differences {
            out.hanging("  ", &plain(&in_words(difference)))?;
        }
        if change.left_out > 0 {
            out.line(format_args!(
                "  and {} further differences",
                change.left_out
            ))?;
        }
    }
    tell_unreadable(&entries.unreadable, out)?;
    if entries.next.is_some() {
        out::hint(format_args!(
            "these are the first {}: --limit N shows more",
            changes.len()
        ));
    }
    Ok(())
}

/// A difference: `ansible_kernel: 6.1 → 6.2`.
fn in_words(difference: &FactDifference) -> String {
    let value = |value: &Option<Value>| match value {
        Some(value) => cut_end(&shown(value), VALUE),
        None if difference.cut => "(long)".to_owned(),
        None => "none".to_owned(),
    };
    format!(
        "{}: {} → {}",
        difference.path.join("."),
        value(&difference.before),
        value(&difference.after)
    )
}

/// A text unchanged, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn tell_unreadable(unreadable: &[UnreadableFacts], out: &mut Out) -> anyhow::Result<()> {
    let ids = ShortIds::of(unreadable.iter().map(|report| report.execution));
    for report in unreadable {
        let why = match report.reason {
            FactsGap::PayloadRemoved => "retention removed what that run reported",
            FactsGap::Damaged => "the log of that run is damaged",
        };
        out.hanging(
            "",
            &format!(
                "Facts of {} in run {} are missing: {why}.",
                when::show(report.time),
                ids.show(report.execution)
            ),
        )?;
    }
    Ok(())
}
