//! The events of the callback `jsonl`, collected into what the callback `json` prints.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::{Counts, Document, Head, Play, Task, time};
use crate::import::NotTranslated;
use crate::import::fields::Fields;

/// An event.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "_event")]
    event: String,
    #[serde(rename = "_timestamp")]
    timestamp: String,
    #[serde(default)]
    play: Option<Head>,
    #[serde(default)]
    task: Option<Head>,
    #[serde(borrow, default)]
    hosts: Fields<'a>,
    #[serde(default)]
    stats: Option<BTreeMap<String, Counts>>,
}

/// The runs of a text: each ends with its recap.
pub(super) fn runs(text: &str) -> Vec<Result<Document<'_>, NotTranslated>> {
    let mut found = Vec::new();
    let mut open = Document {
        plays: Vec::new(),
        stats: None,
    };
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('{') {
            continue;
        }
        let read = serde_json::from_str(line).map_err(|error| {
            NotTranslated(format!(
                "line {} is no event of the callback jsonl: it was cut, or the run is not over ({error})",
                number + 1
            ))
        });
        match read.and_then(|line| add(&mut open, line)) {
            Ok(false) => {}
            Ok(true) => {
                let plays = std::mem::take(&mut open.plays);
                let stats = open.stats.take();
                found.push(Ok(Document { plays, stats }));
            }
            Err(error) => {
                found.push(Err(error));
                return found;
            }
        }
    }
    if !open.plays.is_empty() {
        found.push(Err(NotTranslated::new(
            "it has no recap (v2_playbook_on_stats): it was cut, or the run is not over",
        )));
    }
    found
}

/// Adds an event; true if it ended the run.
fn add<'a>(open: &mut Document<'a>, line: Line<'a>) -> Result<bool, NotTranslated> {
    match line.event.as_str() {
        "v2_playbook_on_play_start" => open.plays.push(Play {
            play: line.play.unwrap_or_default(),
            tasks: Vec::new(),
        }),
        "v2_playbook_on_task_start" | "v2_playbook_on_handler_task_start" => {
            let Some(play) = open.plays.last_mut() else {
                return Err(NotTranslated::new("a task begins before any play"));
            };
            play.tasks.push(Task {
                task: line.task.unwrap_or_default(),
                hosts: Fields::default(),
                ended_us: Vec::new(),
                handler: line.event == "v2_playbook_on_handler_task_start",
            });
        }
        "v2_playbook_on_stats" => {
            open.stats = Some(line.stats.unwrap_or_default());
            return Ok(true);
        }
        event if event.starts_with("v2_runner_on_") => {
            let at = time(&line.timestamp)?;
            let head = line.task.unwrap_or_default();
            // Under the strategy `free`, several tasks run at once; a task of a batch is there again in the next.
            let plays = open.plays.iter_mut().rev();
            let mut tasks = plays.flat_map(|play| play.tasks.iter_mut().rev());
            let task = tasks.find(|task| task.task.id == head.id);
            let Some(task) = task else {
                return Err(NotTranslated::new("a result has no task"));
            };
            for host in line.hosts.0 {
                task.hosts.0.push(host);
                task.ended_us.push(at);
            }
        }
        // A kind of event that nothing depends on.
        _ => {}
    }
    Ok(false)
}
