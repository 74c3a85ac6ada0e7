//! Runs, newest first.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Described, cursor_schema, limit_schema, object, query_schema, read, within};
use crate::mcp::ask::{Ask, Query, add_parameter, ask};
use crate::mcp::text::Text;
use crate::mcp::words::{FIELDS, Run, page};

/// Runs of an answer, unless asked otherwise, and at most.
const RUNS: u32 = 10;
const MOST: u32 = 50;

pub(super) const DESCRIBED: Described = Described {
    name: "list",
    title: "List Ansible runs",
    description: "List runs of Ansible playbooks and ad-hoc commands, newest first: what ran, how it ended, when, how long \
        it took, who ran it, on which hosts it failed, and the address of its page. Use it to find the runs that a \
        question is about; give the id of one to \"show\", \"why\" or \"diff\". With task:NAME, module:NAME, in:stderr or \
        /regex/ in its query, it lists the runs that printed or returned such a line, as \"search\" finds lines.",
    schema,
};

fn schema() -> Value {
    object(
        &json!({
            "query": query_schema(),
            "limit": limit_schema(RUNS, MOST),
            "cursor": cursor_schema(),
        }),
        &[],
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    query: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    executions: Vec<Run>,
    next_cursor: Option<String>,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let limit = within("limit", arguments.limit, RUNS, MOST)?;
    let mut query: Query = vec![("fields", FIELDS.to_owned()), ("limit", limit.to_string())];
    add_parameter(&mut query, "q", arguments.query.as_deref());
    add_parameter(&mut query, "cursor", arguments.cursor.as_deref());
    let found: Page = ask(api, "/executions", query).await?;
    let mut text = Text::default();
    if found.executions.is_empty() {
        text.line(match (&arguments.query, &arguments.cursor) {
            (None, None) => "The history is empty: nothing was recorded yet.",
            _ => "No run matches.",
        });
    }
    for run in &found.executions {
        text.line(&format!("- {}", run.in_words()));
        text.line(&format!("  {}", api.page(&page(run.id))));
    }
    if let Some(cursor) = found.next_cursor {
        text.line(&format!(
            "There are more runs: ask again with cursor = {cursor:?}, or with a narrower query."
        ));
    }
    Ok(text.finish())
}
