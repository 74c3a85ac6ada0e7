//! `playback playbooks` and `playback inventories`: each with its runs and its last run.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::filters::{Filters, SEVERAL, names, term};
use super::out::{self, Colour, Column, Layout, Out};
use super::pages::Pages;
use super::query::{QueryArgs, Selection};
use super::{stats, summary, when};
use crate::clock::Clock;
use crate::filter::{place, stored};
use crate::model::{By, ExecutionResult, GroupFigures, Period, Statistics, Status};

/// How many runs of playbooks with the same name are examined to find the last run of each.
const NEWEST: u64 = 1000;

/// The displayed fields of the last run, and those that identify its playbook and inventory.
const FIELDS: &str = "id,type,status,phase,reason,canceled_by,start_time,stats,changed,unreachable,failed,events,\
    output_lines,results,playbook,inventory,cwd,check";

/// The listed property of runs.
#[derive(Debug)]
pub(super) struct Property {
    /// How statistics group by it.
    by: By,
    /// The filter that finds its runs.
    filter: &'static str,
    /// Heading of its column.
    heading: &'static str,
    /// In JSON: the name of the list, and of the number of all.
    names: (&'static str, &'static str),
    /// Says that there is none, before the time range.
    none: &'static str,
    /// Whether a run belongs to a group.
    is_of: fn(&ExecutionResult, &GroupFigures) -> bool,
}

pub(super) static PLAYBOOKS: Property = Property {
    by: By::Playbook,
    filter: "playbook",
    heading: "PLAYBOOK",
    names: ("playbooks", "playbooks_total"),
    none: "no playbook ran",
    is_of: |record, group| {
        let run = &record.description;
        let is_absolute = group.name.starts_with('/');
        let folder = run.cwd.as_ref().filter(|_| !is_absolute);
        run.playbook.as_ref() == Some(&group.name) && folder == group.folder.as_ref()
    },
};

pub(super) static INVENTORIES: Property = Property {
    by: By::Inventory,
    filter: "inventory",
    heading: "INVENTORY",
    names: ("inventories", "inventories_total"),
    none: "no inventory was used",
    is_of: |record, group| {
        // A list of many hosts may be longer than the texts by which statistics group.
        let inventory = record.description.inventory.as_deref().map(stored);
        inventory.as_deref() == Some(group.name.as_str())
    },
};

#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(super) struct Used {
    #[command(flatten)]
    query: QueryArgs,
    /// Runs of the last hour, 24 hours, 7 days or 30 days [default: month]
    #[arg(long, value_parser = names(Period::ALL, Period::as_str), conflicts_with = "from")]
    period: Option<String>,
    /// Show at most this many, those with the most runs first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    filters: Filters<place::Stats>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's groups, each with its last run
    #[arg(long)]
    json: bool,
}

/// A playbook or an inventory with its runs.
#[derive(Debug, Serialize)]
struct Entry {
    #[serde(flatten)]
    group: GroupFigures,
    /// None: retention deleted its runs.
    last: Option<Last>,
}

/// The last run of one of them.
#[derive(Debug, Serialize)]
struct Last {
    id: Uuid,
    status: Status,
    start_time: DateTime<Utc>,
    #[serde(skip)]
    in_short: String,
}

pub(super) fn run(command: &Used, property: &Property) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let mut selection = command.query.select(&clock, &command.filters)?;
    let client = Client::new(&command.client)?;

    let mut asked = selection.with(Vec::new());
    asked.push(("by", property.by.as_str().to_owned()));
    asked.push(("limit", command.limit.to_string()));
    match &command.period {
        Some(period) => asked.push(("period", period.clone())),
        None if !command.filters.has("from") => {
            asked.push(("period", Period::Month.as_str().to_owned()));
        }
        None => {}
    }
    let mut statistics: Statistics = client.get("/executions/stats", &asked)?;

    // The list has other names for the time range.
    let range = &mut selection.filters;
    range.retain(|(name, _)| !matches!(*name, "from" | "to"));
    range.push(("start_date", statistics.from.to_rfc3339()));
    range.push(("end_date", statistics.to.to_rfc3339()));
    let mut entries = Vec::new();
    for group in statistics.groups.take().unwrap_or_default() {
        let last = last(&client, property, &group, &selection)?;
        entries.push(Entry { group, last });
    }
    if command.json {
        let (list, total) = property.names;
        let mut answer = Map::new();
        answer.insert("from".to_owned(), serde_json::to_value(statistics.from)?);
        answer.insert("to".to_owned(), serde_json::to_value(statistics.to)?);
        let all = statistics.groups_total.unwrap_or_default();
        answer.insert(total.to_owned(), all.into());
        answer.insert(list.to_owned(), serde_json::to_value(&entries)?);
        out::json(&Value::Object(answer))?;
    } else {
        print(property, &statistics, &entries, command.layout)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The last run of a group.
fn last(
    client: &Client,
    property: &Property,
    group: &GroupFigures,
    selection: &Selection,
) -> anyhow::Result<Option<Last>> {
    let named = term(property.filter, std::slice::from_ref(&group.name));
    let mut parameters = selection.with(vec![named]);
    parameters.push(("fields", FIELDS.to_owned()));
    // Usually the first one matches: only playbooks with the same name in other folders can precede it.
    for wanted in [1, NEWEST] {
        let mut pages = Pages::new(client, parameters.clone(), wanted);
        while let Some(page) = pages.next()? {
            for entry in page.executions {
                let record: ExecutionResult = serde_json::from_str(entry.get())?;
                if (property.is_of)(&record, group) {
                    return Ok(Some(Last {
                        id: record.id,
                        status: record.status,
                        start_time: record.start_time,
                        in_short: summary::short_status(&record),
                    }));
                }
            }
        }
        if pages.cursor().is_none() {
            // There are no more.
            break;
        }
    }
    Ok(None)
}

fn print(
    property: &Property,
    statistics: &Statistics,
    entries: &[Entry],
    layout: Layout,
) -> anyhow::Result<()> {
    let range = when::range(statistics.from, statistics.to);
    if entries.is_empty() {
        out::note(format_args!("{} from {range}", property.none));
        return Ok(());
    }
    let mut out = Out::laid_out(layout);
    out.line(range)?;
    out.line("")?;
    let named = entries.iter().map(|one| &one.group);
    let named: Vec<_> = named
        .map(|group| (group.name.clone(), group.folder.clone()))
        .collect();
    let rows = entries.iter().zip(summary::told_apart(&named));
    let rows = rows.map(|(entry, name)| {
        let figures = &entry.group.figures;
        let last = entry.last.as_ref();
        [
            name,
            figures.total.to_string(),
            figures.failed.to_string(),
            stats::rate(figures),
            last.map_or("-".to_owned(), |last| last.in_short.clone()),
            last.map_or("-".to_owned(), |last| when::show(last.start_time)),
        ]
    });
    let columns = [
        Column::front(property.heading, 12),
        Column::whole("RUNS"),
        Column::whole("FAILED"),
        Column::whole("RATE"),
        Column::whole("LAST"),
        Column::whole("STARTED"),
    ];
    let is_bad = |row: usize| {
        let last = entries[row].last.as_ref();
        last.is_some_and(|last| last.status == Status::Failed)
    };
    out.table(columns, rows.collect(), |out, row, line| {
        match is_bad(row) {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })?;
    out.flush()?;
    let all = statistics.groups_total.unwrap_or_default();
    if all > entries.len() as u64 {
        out::hint(format_args!(
            "these are the first {} of {all}: --limit N shows more",
            entries.len()
        ));
    }
    Ok(())
}
