//! Hosts over all runs, and one host.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Described, cursor_schema, limit_schema, object, read, within};
use crate::mcp::ask::{Ask, Query, add_parameter, ask, in_path};
use crate::mcp::text::Text;
use crate::mcp::words::{counted, page, run_subject, some, task, time};
use crate::model::{
    HostChangeList, HostDetail, HostRun, HostRunList, HostSummary, HostSummaryList, task_place,
};

/// Hosts, runs or changes of an answer, unless asked otherwise, and at most.
const HOSTS: u32 = 10;
const MOST: u32 = 50;

pub(super) const DESCRIBED: Described = Described {
    name: "hosts",
    title: "Show the hosts that Ansible manages",
    description: "Tell how hosts fared. Without a name or with a pattern (web-*), list hosts: how the last run of each went \
        and what changed it last, e.g. those that fail now or were not seen for 30 days. With the name of one host, tell its \
        groups, its last runs with its own status in each, and which tasks changed it, when and in which run.",
    schema,
};

fn schema() -> Value {
    object(
        &json!({
            "name": {
                "type": "string",
                "description": "The inventory name of one host, of which more is told; or a pattern, in which * stands for \
                    any text. By default all hosts.",
            },
            "status": {
                "type": "string", "enum": ["ok", "failed", "unreachable", "running"],
                "description": "Only hosts that ended so in their last run.",
            },
            "unseen": {
                "type": "string",
                "description": "Only hosts whose last run is longer ago than this: 30d, 12h.",
            },
            "limit": limit_schema(HOSTS, MOST),
            "cursor": cursor_schema(),
        }),
        &[],
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    name: Option<String>,
    status: Option<String>,
    unseen: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let limit = within("limit", arguments.limit, HOSTS, MOST)?;
    match &arguments.name {
        Some(name) if !name.is_empty() && !name.contains('*') => one(api, name, limit).await,
        _ => several(api, &arguments, limit).await,
    }
}

async fn several<A: Ask>(api: &A, arguments: &Arguments, limit: u32) -> Result<String, String> {
    let mut query: Query = vec![("limit", limit.to_string())];
    add_parameter(&mut query, "name", arguments.name.as_deref());
    add_parameter(&mut query, "status", arguments.status.as_deref());
    add_parameter(&mut query, "unseen", arguments.unseen.as_deref());
    add_parameter(&mut query, "cursor", arguments.cursor.as_deref());
    let found: HostSummaryList = ask(api, "/hosts", query).await?;
    let mut text = Text::default();
    if found.hosts.is_empty() {
        text.line("No host was found here.");
    }
    for host in &found.hosts {
        summary(host, &mut text);
        text.line(&format!("  {}", api.page(&address(&host.name))));
    }
    if let Some(cursor) = found.next_cursor {
        text.line(&format!(
            "There may be more hosts: ask again with cursor = {cursor:?}."
        ));
    }
    Ok(text.finish())
}

async fn one<A: Ask>(api: &A, name: &str, limit: u32) -> Result<String, String> {
    let path = format!("/hosts/{}", in_path(name));
    let limit = || vec![("limit", limit.to_string())];
    let host: HostDetail = ask(api, &path, vec![]).await?;
    let runs: HostRunList = ask(api, &format!("{path}/runs"), limit()).await?;
    let changes: HostChangeList = ask(api, &format!("{path}/changes"), limit()).await?;
    let mut text = Text::default();
    summary(&host.summary, &mut text);
    text.line(&api.page(&address(name)));
    if let Some(groups) = &host.groups {
        text.line(&format!("groups: {}", some(groups, groups.len() as u64)));
    }
    text.line(&format!("first run: {}", time(host.first_run.start_time)));
    text.line("Its last runs:");
    for run in &runs.runs {
        text.line(&format!(
            "- {}, {}",
            in_words(run),
            api.page(&page(run.execution))
        ));
    }
    if runs.next_cursor.is_some() {
        text.line("  and older ones: \"list\" with the query host:NAME pages through them");
    }
    text.line(match changes.changes.is_empty() {
        true => "No task is known to have changed it.",
        false => "What changed it last:",
    });
    for change in &changes.changes {
        let place = task_place(&change.path, change.line);
        text.line(&format!(
            "- {}: task {}{} of {} in run {}",
            time(change.time),
            task(&change.task_name, &change.action, &change.role),
            place
                .map(|place| format!(" at {place}"))
                .unwrap_or_default(),
            change.playbook.as_deref().unwrap_or("an ad-hoc command"),
            change.execution
        ));
    }
    if changes.next_cursor.is_some() {
        text.line("  and older ones: a larger \"limit\" or the host's page shows more");
    }
    Ok(text.finish())
}

fn summary(host: &HostSummary, text: &mut Text) {
    let runs = counted(host.runs, "run");
    let more = match host.has_more_runs {
        true => " or more",
        false => "",
    };
    text.line(&format!(
        "- {}: {} in its last run, {runs}{more}; last {}",
        host.name,
        host.status.as_str(),
        in_words(&host.last_run)
    ));
    if let Some(change) = &host.last_change {
        text.line(&format!(
            "  last changed {} by {} (id {})",
            time(change.start_time),
            ran(change),
            change.execution
        ));
    }
}

/// A run, and how the host fared in it.
fn in_words(run: &HostRun) -> String {
    let stats = &run.stats;
    let check = match run.check {
        true => ", check mode",
        false => "",
    };
    format!(
        "{} {} (ok={} changed={} failed={} unreachable={}{check}; the run: {}), id {}",
        time(run.start_time),
        ran(run),
        stats.ok,
        stats.changed,
        stats.failed,
        stats.unreachable,
        run.run_status.as_str(),
        run.execution
    )
}

fn ran(run: &HostRun) -> String {
    run_subject(
        run.r#type,
        run.playbook.as_deref(),
        run.module.as_deref(),
        run.hosts.as_deref(),
    )
}

fn address(name: &str) -> String {
    format!("/hosts/{}", in_path(name))
}
