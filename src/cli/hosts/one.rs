//! `playback host`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::client::{Client, ClientArgs};
use super::super::ids::ShortIds;
use super::super::out::{self, Colour, Column, Layout, Out, plain};
use super::super::summary;
use super::super::when::{self, Moment};
use super::entries::{Continued, Entries};
use super::{facts, groups, is_bad, path, status, title};
use crate::clock::Clock;
use crate::model::{HostChange, HostDetail, HostRun, printed_task, task_place, task_title};

/// Number of runs and changes on the page of a host.
const SHOWN: u64 = 10;

/// Number of lines of a difference.
const DIFF_LINES: usize = 40;

/// Show one host: its last runs, what changed it, its facts
#[derive(Debug, Args)]
pub(in crate::cli) struct Host {
    /// Its inventory name
    name: String,
    /// List its runs, newest first, each with the host's own status
    #[arg(long, conflicts_with_all = ["changes", "facts"])]
    runs: bool,
    /// List what tasks changed on it, newest first
    #[arg(long, group = "over_time", conflicts_with = "facts")]
    changes: bool,
    /// List the groups that it belonged to, newest change first
    #[arg(long, conflicts_with_all = ["runs", "changes", "facts"])]
    groups: bool,
    /// With --changes, also show the modules' messages, and the differences that they reported
    #[arg(long, requires = "changes")]
    diff: bool,
    /// Show its facts
    #[arg(long, group = "over_time")]
    facts: bool,
    /// Show the facts at this time instead of now: 2026-01-20, "2026-01-20 10:00", or 2h or 7d (ago)
    #[arg(long, value_name = "TIME", requires = "facts", value_parser = Moment::parse)]
    at: Option<Moment>,
    /// With --changes, list only what runs changed that started since this time: 2026-01-20, "2026-01-20 10:00", or 2h or
    /// 7d (ago). With --facts, show how the facts have changed since then
    #[arg(long, value_name = "TIME", requires = "over_time", conflicts_with = "at", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// With --since, up to this time
    #[arg(long, value_name = "TIME", requires = "since", value_parser = Moment::parse)]
    until: Option<Moment>,
    /// Show only facts with this name, with or without ansible_; * stands for any text
    #[arg(long, value_name = "NAME", requires = "facts")]
    fact: Option<String>,
    /// List at most N runs or changes
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's host, or the list that was requested
    #[arg(long)]
    json: bool,
}

impl Host {
    /// Which facts to show, and for which time.
    fn facts(&self, clock: &Clock) -> facts::Request {
        facts::Request {
            path: path(&self.name),
            name: self.fact.clone(),
            at: time(self.at, when::Edge::End, clock),
            since: time(self.since, when::Edge::Start, clock),
            until: time(self.until, when::Edge::End, clock),
            limit: self.limit,
        }
    }

    /// Which changes, as parameters of the API.
    fn changes(&self, clock: &Clock) -> Vec<(&'static str, String)> {
        let content = self.diff.then(|| "true".to_owned());
        let parameters = [
            ("content", content),
            ("since", time(self.since, when::Edge::Start, clock)),
            ("until", time(self.until, when::Edge::End, clock)),
        ];
        let given = parameters.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

/// A time as the API takes it.
fn time(moment: Option<Moment>, edge: when::Edge, clock: &Clock) -> Option<String> {
    moment.map(|moment| moment.resolve(edge, clock).to_rfc3339())
}

pub(in crate::cli) fn run(command: &Host) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let client = Client::new(&command.client)?;
    let mut out = Out::laid_out(command.layout);
    let path = path(&command.name);
    if command.facts {
        facts::print(&client, &command.facts(&clock), command.json, &mut out)?;
    } else if command.runs {
        let entries = runs(&client, &path, command.limit)?;
        if command.json {
            entries.print_json("runs", &mut out)?;
        } else {
            print_runs(&entries.parsed()?, &mut out)?;
            hint_at_more(&entries);
        }
    } else if command.changes {
        let entries = changes(&client, &path, command.limit, command.changes(&clock))?;
        let changes: Vec<HostChange> = entries.parsed()?;
        if command.json {
            entries.print_json("changes", &mut out)?;
        } else if changes.is_empty() {
            out::note(match command.since {
                Some(_) => "no run that started in this time changed it",
                None => "no task of any recorded run changed it",
            });
        } else {
            print_changes(&changes, command.diff, &mut out)?;
            hint_at_more(&entries);
        }
    } else if command.groups {
        groups::print(&client, &path, command.limit, command.json, &mut out)?;
    } else if command.json {
        let detail: Box<RawValue> = client.get(&path, &[])?;
        out.line(detail.get())?;
    } else {
        page(&client, &command.name, &clock, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn runs(client: &Client, path: &str, limit: u64) -> anyhow::Result<Entries> {
    let wanted = (limit, Continued::Cursor);
    Entries::read(client, &format!("{path}/runs"), Vec::new(), wanted)
}

fn changes(
    client: &Client,
    path: &str,
    limit: u64,
    query: Vec<(&'static str, String)>,
) -> anyhow::Result<Entries> {
    let wanted = (limit, Continued::Cursor);
    Entries::read(client, &format!("{path}/changes"), query, wanted)
}

fn hint_at_more(entries: &Entries) {
    if entries.next.is_some() {
        out::hint(format_args!(
            "these are the newest {}: --limit N shows more",
            entries.entries.len()
        ));
    }
}

/// The page of a host.
fn page(client: &Client, name: &str, clock: &Clock, out: &mut Out) -> anyhow::Result<()> {
    let path = path(name);
    let detail: HostDetail = client.get(&path, &[])?;
    let host = &detail.summary;
    out.headline(Colour::Bold, &plain(&host.name))?;
    let told = status(&host.last_run);
    match is_bad(host.status) {
        true => out.line(out.paint(Colour::Red, &told))?,
        false => out.line(told)?,
    }
    out.line("")?;
    let seen = |run: &HostRun| {
        let time = when::show(run.start_time);
        format!(
            "{time} ({}), {}",
            when::ago(run.start_time, clock),
            title(run)
        )
    };
    let count = match host.has_more_runs {
        true => format!("more than {}", host.runs),
        false => host.runs.to_string(),
    };
    let change = host.last_change.as_ref();
    let facts = detail.facts_time;
    let groups = detail.groups.as_deref();
    for (heading, text) in [
        ("last run", seen(&host.last_run)),
        ("changed", change.map_or("never".to_owned(), seen)),
        ("first run", seen(&detail.first_run)),
        ("runs", count),
        (
            "groups",
            groups.map_or("not known".to_owned(), groups::shown),
        ),
        ("facts", facts.map_or("none".to_owned(), when::show)),
    ] {
        out.hanging(&format!("  {heading:<10} "), &plain(&text))?;
    }
    let last: Vec<HostRun> = runs(client, &path, SHOWN)?.parsed()?;
    out.line("")?;
    out.line(out.paint(Colour::Bold, "Last runs"))?;
    print_runs(&last, out)?;
    let last: Vec<HostChange> = changes(client, &path, SHOWN, Vec::new())?.parsed()?;
    if !last.is_empty() {
        out.line("")?;
        out.line(out.paint(Colour::Bold, "Last changes"))?;
        print_changes(&last, false, out)?;
    }
    Ok(())
}

fn print_runs(runs: &[HostRun], out: &mut Out) -> anyhow::Result<()> {
    let ids = ShortIds::of(runs.iter().map(|run| run.execution));
    let rows = runs.iter().map(|run| {
        [
            ids.show(run.execution),
            when::show(run.start_time),
            status(run),
            title(run),
            run.user.clone().unwrap_or_default(),
        ]
    });
    let columns = [
        Column::whole("ID"),
        Column::whole("STARTED"),
        Column::end("STATUS", 11),
        Column::by("WHAT", 10, summary::shorten),
        Column::end("USER", 6),
    ];
    out.table(columns, rows.collect(), |out, row, line| {
        match is_bad(runs[row].status) {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })
}

fn print_changes(changes: &[HostChange], with_content: bool, out: &mut Out) -> anyhow::Result<()> {
    if !with_content {
        let ids = ShortIds::of(changes.iter().map(|change| change.execution));
        let rows = changes.iter().map(|change| {
            [
                when::show(change.time),
                task(change),
                module(&change.action).to_owned(),
                ids.show(change.execution),
                change.playbook.clone().unwrap_or_default(),
            ]
        });
        let columns = [
            Column::whole("TIME"),
            Column::end("TASK", 14),
            Column::front("ACTION", 8),
            Column::whole("RUN"),
            Column::front("PLAYBOOK", 8),
        ];
        return out.table(columns, rows.collect(), |_, _, line| line);
    }
    for (at, change) in changes.iter().enumerate() {
        if at > 0 {
            out.line("")?;
        }
        let head = format!("{}  {}", when::show(change.time), task(change));
        out.headline(Colour::Bold, &plain(&head))?;
        let run = change.playbook.as_deref().unwrap_or_default();
        let by = format!("{} in {run} ({})", change.action, change.execution);
        out.hanging("  ", &plain(&by))?;
        if let Some(place) = task_place(&change.path, change.line) {
            out.hanging("  at: ", &plain(&place))?;
        }
        if let Some(host) = &change.delegated_to {
            out.hanging("  ran on: ", &plain(host))?;
        }
        if change.censored {
            out.line("  the result is hidden by no_log")?;
        }
        if !change.items.is_empty() {
            out.hanging("  items: ", &plain(&change.items.join(", ")))?;
        }
        if let Some(message) = &change.message {
            out.hanging("  ", &plain(message))?;
        }
        for line in change.diff.iter().flat_map(diff_lines).take(DIFF_LINES) {
            out.hanging("  ", &plain(&line))?;
        }
    }
    Ok(())
}

/// A module by its usual short name.
fn module(action: &str) -> &str {
    let own = ["ansible.builtin.", "ansible.legacy."];
    let bare = own.iter().find_map(|own| action.strip_prefix(own));
    bare.unwrap_or(action)
}

/// A task with its role.
fn task(change: &HostChange) -> String {
    printed_task(task_title(&change.task_name, &change.action), &change.role)
}

/// Differences as lines. Modules report a text (`prepared`), or the content before and after.
fn diff_lines(diff: &Value) -> Vec<String> {
    match diff {
        Value::Array(list) => list.iter().flat_map(diff_lines).collect(),
        Value::Object(parts) => {
            if let Some(prepared) = parts.get("prepared").and_then(Value::as_str) {
                return prepared.lines().map(str::to_owned).collect();
            }
            let mut lines = Vec::new();
            for (part, mark) in [("before", '-'), ("after", '+')] {
                let header = parts.get(&format!("{part}_header"));
                if let Some(header) = header.and_then(Value::as_str) {
                    lines.push(format!("{mark}{mark}{mark} {header}"));
                }
            }
            for (part, mark) in [("before", '-'), ("after", '+')] {
                let text = match parts.get(part) {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Null) | None => continue,
                    Some(other) => serde_json::to_string_pretty(other).unwrap_or_default(),
                };
                lines.extend(text.lines().map(|line| format!("{mark} {line}")));
            }
            lines
        }
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
