//! One run: how it ended, its recap, the end of its output.

use std::collections::BTreeMap;

use playback_wire::{Git, HostStats};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Described, object, read, run_schema};
use crate::mcp::ask::{Ask, ask, find};
use crate::mcp::text::Text;
use crate::mcp::words::{FIELDS, Run, counted, page};
use crate::model::{EventCount, Status};

/// Printed lines, unless asked otherwise, and at most.
const LINES: u64 = 20;
const MOST_LINES: u64 = 200;

/// Maximum number of hosts of the recap that are listed.
const HOSTS: usize = 20;

pub(super) const DESCRIBED: Described = Described {
    name: "show",
    title: "Show one Ansible run",
    description: "Show one run: what ran and how it ended, its versions, git commit and note, the recap of its hosts (those \
        with failures first), and the last lines that it printed. For the reason of a failure, \"why\" says more in \
        fewer words.",
    schema,
};

fn schema() -> Value {
    object(
        &json!({
            "run": run_schema("the latest"),
            "lines": {
                "type": "integer", "minimum": 0, "maximum": MOST_LINES, "default": LINES,
                "description": "How many of the printed lines: the last ones, or those from \"from\" on.",
            },
            "from": {
                "type": "integer", "minimum": 0,
                "description": "Number of the first printed line, from 0; by default so that the last lines are shown.",
            },
        }),
        &[],
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    run: Option<String>,
    lines: Option<u64>,
    from: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    #[serde(flatten)]
    run: Run,
    #[serde(default)]
    stats: BTreeMap<String, HostStats>,
    events: EventCount,
    #[serde(default)]
    output_lines: u64,
    #[serde(default)]
    results: u64,
    ansible_version: Option<String>,
    git: Option<Git>,
    note: Option<String>,
    canceled_by: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Output {
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    text: String,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let lines = arguments.lines.unwrap_or(LINES);
    if lines > MOST_LINES {
        return Err(format!(
            "lines = {lines}: it must be from 0 to {MOST_LINES}; \"from\" shows others"
        ));
    }
    let id = find(api, arguments.run.as_deref().unwrap_or("latest")).await?;
    let more = "stats,events,output_lines,results,ansible_version,git,note,canceled_by,tags";
    let query = vec![("fields", format!("{FIELDS},{more}"))];
    let shown: Shown = ask(api, &format!("/executions/{id}"), query).await?;
    let mut text = Text::default();
    text.line(&shown.run.in_words());
    text.line(&format!("id {id}, {}", api.page(&page(id))));
    about(&shown, &mut text);
    recap(&shown.stats, &mut text);
    let total = shown.output_lines;
    if lines == 0 || total == 0 {
        text.line(&format!("It printed {}.", counted(total, "line")));
        return Ok(text.finish());
    }
    let from = arguments
        .from
        .unwrap_or_else(|| total.saturating_sub(lines));
    let query = vec![("from", from.to_string()), ("limit", lines.to_string())];
    match ask::<Output>(api, &format!("/executions/{id}/output"), query).await {
        Ok(output) => {
            let end = from + output.lines.len() as u64;
            text.line(&format!(
                "Printed lines from {from} to {} of {total} (\"from\" and \"lines\" show others):",
                end.saturating_sub(1)
            ));
            for line in &output.lines {
                text.line(&format!("  {}", line.text));
            }
        }
        // The rest of the record is there nevertheless: retention removes the output first.
        Err(problem) => text.line(&format!("Its output cannot be shown: {problem}")),
    }
    Ok(text.finish())
}

fn about(shown: &Shown, text: &mut Text) {
    let mut parts = vec![
        counted(shown.results, "result"),
        counted(shown.stats.len() as u64, "host"),
    ];
    if let Some(version) = &shown.ansible_version {
        parts.push(format!("ansible-core {version}"));
    }
    if let Some(git) = &shown.git {
        let short: String = git.commit.chars().take(12).collect();
        parts.push(format!("git commit {short}"));
    }
    if !shown.tags.is_empty() {
        parts.push(format!("tags {}", shown.tags.join(", ")));
    }
    if let Some(who) = &shown.canceled_by {
        parts.push(format!("canceled by {who}"));
    }
    text.line(&parts.join(", "));
    if let Some(note) = &shown.note {
        text.line(&format!("note: {note}"));
    }
    if let Some(missing) = &shown.events.missing {
        text.line(&format!("The record is incomplete: {missing}"));
    } else if !shown.events.complete && shown.run.status != Status::Running {
        text.line("The record is incomplete: not all of its events have arrived.");
    }
}

fn recap(stats: &BTreeMap<String, HostStats>, text: &mut Text) {
    if stats.is_empty() {
        return;
    }
    let mut hosts: Vec<(&String, &HostStats)> = stats.iter().collect();
    let trouble = |of: &HostStats| {
        (
            of.unreachable + of.failed,
            of.rescued + of.ignored,
            of.changed,
        )
    };
    hosts.sort_by_key(|(_, of)| std::cmp::Reverse(trouble(of)));
    text.line("Recap, as Ansible counts:");
    for (name, of) in hosts.iter().take(HOSTS) {
        text.line(&format!(
            "  {name}: ok={} changed={} unreachable={} failed={} skipped={} rescued={} ignored={}",
            of.ok, of.changed, of.unreachable, of.failed, of.skipped, of.rescued, of.ignored
        ));
    }
    if let Some(more @ 1..) = hosts.len().checked_sub(HOSTS) {
        text.line(&format!(
            "  and {more} more hosts, none of them worse than the last one above; the tool \"hosts\" shows a single host"
        ));
    }
}
