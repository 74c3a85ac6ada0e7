//! Events for PagerDuty: a failure triggers an incident, and a success of the same series resolves it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::notice::{Notice, opens_incident};
use super::document::Document;
use crate::model::{Status, Trigger};

/// Longest summary that PagerDuty takes, in characters.
const SUMMARY_CHARS: usize = 1024;

/// An event, without the routing key.
pub(super) fn event(notice: &Notice, id: Uuid) -> Value {
    let data = &notice.data;
    let document = Document::of(notice);
    let run = data.run.as_ref();
    let status = run.map_or(Status::Failed, |run| run.status);
    let first = data.triggers.first();
    let is_good = first.is_some_and(|first| !opens_incident(*first, status));
    let key = match (&data.series, data.test) {
        (Some(series), false) => format!("playback-{series}"),
        _ => format!("playback-{}", id.simple()),
    };
    let links: Vec<Value> = document
        .link
        .iter()
        .map(|url| json!({ "href": url, "text": "The run in Playback" }))
        .collect();
    let summary: String = document.title.chars().take(SUMMARY_CHARS).collect();
    let severity = match data.triggers.first() {
        Some(
            Trigger::Slow | Trigger::Drift | Trigger::Waiting | Trigger::Canceled | Trigger::Budget,
        ) => "warning",
        Some(Trigger::Started) => "info",
        _ => "error",
    };
    json!({
        "event_action": if is_good { "resolve" } else { "trigger" },
        "dedup_key": key,
        "client": "Playback",
        "links": links,
        "payload": {
            "summary": summary,
            "source": run.and_then(|run| run.controller.as_deref()).unwrap_or("playback"),
            "severity": severity,
            "timestamp": notice.timestamp,
            "component": run.map(|run| run.name.as_str()),
            "custom_details": data,
        },
    })
}
