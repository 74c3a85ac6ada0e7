//! Lines of all runs.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Described, cursor_schema, limit_schema, object, read, within};
use crate::mcp::ask::{Ask, Query, add_parameter, ask};
use crate::mcp::text::Text;
use crate::mcp::words::{page, run_subject, task, time};
use crate::model::{SearchHit, SearchPage};

/// Lines of an answer, unless asked otherwise, and at most.
const LINES: u32 = 10;
const MOST: u32 = 50;

/// How long a search may take, in seconds: an assistant gives up after a minute.
const SECONDS: &str = "20";

pub(super) const DESCRIBED: Described = Described {
    name: "search",
    title: "Search the output of all Ansible runs",
    description: "Search every line that all runs printed, everything that tasks returned (stdout, stderr, msg, diff …), and \
        the names of tasks: who restarted that service, which runs saw that error, where a host, path or package \
        occurs. The newest run comes first; each line is told with its run, host and task.",
    schema,
};

fn schema() -> Value {
    object(
        &json!({
            "query": {
                "type": "string",
                "description": "What to look for: words, \"phrases in quotes\", prefix*, /regular expressions/, and fields \
                    that say where: host:web-*, task:\"Install nginx\", module:service, in:stderr, playbook:site.yml, \
                    status:failed, since:7d; joined by blanks (and), OR, NOT and brackets. \
                    E.g. \"connection refused\" host:web-* since:7d",
            },
            "limit": limit_schema(LINES, MOST),
            "cursor": cursor_schema(),
        }),
        &["query"],
    )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    query: String,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let limit = within("limit", arguments.limit, LINES, MOST)?;
    let mut query: Query = vec![
        ("q", arguments.query),
        ("limit", limit.to_string()),
        ("timeout", SECONDS.to_owned()),
    ];
    add_parameter(&mut query, "cursor", arguments.cursor.as_deref());
    let found: SearchPage = ask(api, "/search", query).await?;
    let mut text = Text::default();
    if found.hits.is_empty() {
        text.line("No line was found.");
    }
    let mut last = None;
    for hit in &found.hits {
        let run = &hit.execution;
        if last.replace(run.id) != Some(run.id) {
            text.line(&format!(
                "{}: {}, started {}, id {}, {}",
                run_subject(
                    run.r#type,
                    run.playbook.as_deref(),
                    run.module.as_deref(),
                    run.hosts.as_deref()
                ),
                run.status.as_str(),
                time(run.start_time),
                run.id,
                api.page(&page(run.id))
            ));
        }
        text.line(&format!("  {}: {}", place(hit), hit.text));
    }
    if found.timed_out
        && let Some(back_to) = found.searched_back_to
    {
        text.line(&format!(
            "The time was up: runs before {} were not searched.",
            time(back_to)
        ));
    }
    if found.runs_without_log > 0 {
        text.line(&format!(
            "{} runs could not be searched, because retention removed their output.",
            found.runs_without_log
        ));
    }
    if let Some(cursor) = found.next_cursor {
        text.line(&format!(
            "There may be more lines: ask again with cursor = {cursor:?}, or with a narrower query."
        ));
    }
    Ok(text.finish())
}

/// Where a line stands: its host, its task, its field.
fn place(hit: &SearchHit) -> String {
    let mut parts = Vec::new();
    if let Some(host) = &hit.host {
        parts.push(host.clone());
    }
    if let Some(of) = &hit.task {
        parts.push(task(&of.name, &of.action, &of.role));
    }
    parts.push(match hit.r#in.as_str() {
        "output" => format!("printed line {}", hit.line),
        field => field.to_owned(),
    });
    parts.join(", ")
}
