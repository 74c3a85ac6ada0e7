//! The tool that shows trends.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Described, object, query_schema, read, within};
use crate::mcp::ask::{Ask, Query, add_parameter, ask};
use crate::mcp::text::Text;
use crate::mcp::words::{counted, page, seconds, task, time};
use crate::model::{DurationTrend, HostTrend, PlaybookTrend, TaskTrend, Trends, Turns};

/// The number of runs that are read by default, and at most.
const RUNS: u32 = 200;
const MOST: u32 = 2000;

/// Entries of each list.
const LISTED: usize = 10;

pub(super) const DESCRIBED: Described = Described {
    name: "trends",
    title: "Show how Ansible runs develop",
    description: "Show how the newest finished runs develop: the success rate of each playbook and how its last run went, \
        since when runs take longer or shorter, tasks that change something every time (not idempotent) or that pass \
        and fail in turn (flaky), and the hosts that fail most. Use it for questions about a period rather than a run.",
    schema,
};

fn schema() -> Value {
    object(
        &json!({
            "query": query_schema(),
            "runs": {
                "type": "integer", "minimum": 1, "maximum": MOST, "default": RUNS,
                "description": "How many of the newest runs to look at.",
            },
        }),
        &[],
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    query: Option<String>,
    runs: Option<u32>,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let runs = within("runs", arguments.runs, RUNS, MOST)?;
    let mut query: Query = vec![("runs", runs.to_string())];
    add_parameter(&mut query, "q", arguments.query.as_deref());
    let found: Trends = ask(api, "/trends", query).await?;
    let mut text = Text::default();
    let (Some(from), Some(to)) = (found.from, found.to) else {
        text.line("No finished run matches.");
        return Ok(text.finish());
    };
    text.line(&format!(
        "{} from {} to {}{}. {}",
        counted(found.runs, "run"),
        time(from),
        time(to),
        match found.has_older {
            true => " (older ones were left out: a higher \"runs\" includes more)",
            false => "",
        },
        api.page("/trends")
    ));
    text.line("Playbooks:");
    for one in found.playbooks.iter().take(LISTED) {
        playbook(api, one, &mut text);
    }
    let untold = found.playbooks.len().saturating_sub(LISTED) as u64 + found.playbooks_left_out;
    more(untold, "playbook", &mut text);
    if !found.tasks.is_empty() {
        text.line("Conspicuous tasks:");
    }
    for one in found.tasks.iter().take(LISTED) {
        of_task(one, &mut text);
    }
    let untold = found.tasks.len().saturating_sub(LISTED) as u64 + found.tasks_left_out;
    more(untold, "task", &mut text);
    if !found.hosts.is_empty() {
        text.line("Hosts that failed:");
    }
    for one in found.hosts.iter().take(LISTED) {
        host(one, &mut text);
    }
    let untold = found.hosts.len().saturating_sub(LISTED) as u64 + found.hosts_left_out;
    more(untold, "host", &mut text);
    Ok(text.finish())
}

fn playbook(api: &impl Ask, one: &PlaybookTrend, text: &mut Text) {
    let folder = one.folder.as_deref();
    let folder = folder
        .map(|folder| format!(" in {folder}"))
        .unwrap_or_default();
    let mut parts = vec![
        format!("{}{folder}: {}", one.name, counted(one.runs, "run")),
        format!("{:.0} % succeeded", 100.0 * one.success_rate),
        format!(
            "the last {} ({}, {})",
            one.last_status.as_str(),
            time(one.last.start_time),
            api.page(&page(one.last.id))
        ),
    ];
    parts.extend(one.flaky.map(flaky));
    if let Some(durations) = &one.durations {
        parts.push(took(durations));
    }
    text.line(&format!("- {}", parts.join(", ")));
    changes(one.durations.as_ref(), text);
}

fn of_task(one: &TaskTrend, text: &mut Text) {
    let mut parts = vec![format!(
        "{} of {}: {}",
        task(&one.name, &one.action, &one.role),
        one.playbook,
        counted(one.runs, "run")
    )];
    if one.always_changes {
        parts.push("changes something every time (not idempotent)".to_owned());
    }
    if one.failed_runs > 0 {
        parts.push(format!("failed in {}", one.failed_runs));
    }
    parts.extend(one.flaky.map(flaky));
    if let Some(durations) = &one.durations {
        parts.push(took(durations));
    }
    text.line(&format!("- {}", parts.join(", ")));
    changes(one.durations.as_ref(), text);
}

fn host(one: &HostTrend, text: &mut Text) {
    let mut parts = vec![format!(
        "{}: {}, failed in {}, unreachable in {}",
        one.name,
        counted(one.runs, "run"),
        one.failed_runs,
        one.unreachable_runs
    )];
    parts.extend(one.flaky.map(flaky));
    parts.push(match one.last_failed {
        true => "also in the last".to_owned(),
        false => "not in the last".to_owned(),
    });
    text.line(&format!("- {}", parts.join(", ")));
}

fn flaky(turns: Turns) -> String {
    format!(
        "flaky: turned {} of {}",
        counted(turns.turns, "time"),
        turns.of
    )
}

fn took(durations: &DurationTrend) -> String {
    format!(
        "took {} (median; 95 % at most {})",
        seconds(durations.median),
        seconds(durations.p95)
    )
}

fn changes(durations: Option<&DurationTrend>, text: &mut Text) {
    for change in durations.iter().flat_map(|durations| &durations.changes) {
        let commit = change.commit.as_deref();
        let commit = commit.map(|commit| {
            let short: String = commit.chars().take(12).collect();
            format!(", git commit {short}")
        });
        text.line(&format!(
            "  since {} (run {}{}) it takes {} instead of {}",
            time(change.run.start_time),
            change.run.id,
            commit.unwrap_or_default(),
            seconds(change.after),
            seconds(change.before)
        ));
    }
}

fn more(untold: u64, noun: &str, text: &mut Text) {
    if untold > 0 {
        text.line(&format!(
            "  and {}: a narrower query or the page shows them",
            counted(untold, &format!("more {noun}"))
        ));
    }
}
