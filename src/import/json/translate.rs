//! The object of the callback `json` as a run.

use std::collections::BTreeMap;

use playback_redact::Rules;
use playback_wire::{
    ExecutionEnded, ExecutionStarted, HostStats, Imported, PlayStarted, ResultStatus, Stats,
    TaskStarted,
};

use super::document::{Document, Task};
use crate::import::content::{Content, Reading};
use crate::import::handled::{self, Outcome, Recap};
use crate::import::result::ResultOf;
use crate::import::run::{Identity, Translation, role_and_name};
use crate::import::{NotTranslated, TranslatedRun, number};

/// Fields that both callbacks never record.
const UNKNOWN: [&str; 18] = [
    "output",
    "exit_code",
    "usage",
    "argv",
    "cwd",
    "git",
    "inventory",
    "limit",
    "tags",
    "check",
    "diff",
    "user",
    "controller",
    "ansible_version",
    "python_version",
    "play_hosts",
    "retries",
    "durations_of_results",
];

/// A result with what was read of it.
struct Read<'d> {
    task: u32,
    host: &'d str,
    content: Content,
    outcome: Outcome,
    at: i64,
}

/// Translates a run.
///
/// # Errors
/// It has no play, a time is missing or is not valid, or a result is no object.
pub(super) fn run(
    document: &Document<'_>,
    source: &'static str,
    rules: Option<&Rules>,
) -> Result<TranslatedRun, NotTranslated> {
    let Some(stats) = &document.stats else {
        return Err(NotTranslated::new("it has no recap: the run is not over"));
    };
    let Some(first) = document.plays.first() else {
        return Err(NotTranslated::new(
            "it has no play, so nothing says when it ran",
        ));
    };
    let mut results = read_results(document)?;
    let is_known = mark_handled(&mut results, stats);
    let mut unknown: Vec<String> = UNKNOWN.iter().map(|name| (*name).to_owned()).collect();
    if source == "json" {
        unknown.extend(["ends_of_results", "handler"].map(str::to_owned));
    }
    let is_unnamed = |result: &Read<'_>| {
        let items = result.content.items.iter();
        let mut all = items.chain([&result.content]);
        all.any(|content| content.is_delegate_unnamed)
    };
    if results.iter().any(is_unnamed) {
        unknown.push("delegated_to".to_owned());
    }
    if !is_known {
        unknown.push("which_failures_were_rescued_or_ignored".to_owned());
    }
    let (playbook, _) = first.play.place();
    if playbook.is_empty() {
        unknown.push("playbook".to_owned());
    }
    let description = ExecutionStarted {
        playbook: Some(playbook)
            .filter(|path| !path.is_empty())
            .map(str::to_owned),
        labels: vec![source.to_owned()],
        imported: Some(Imported {
            from: source.to_owned(),
            version: None,
            unknown,
        }),
        ..ExecutionStarted::default()
    };
    let mut log = Translation::begin(first.play.started_us()?, &description, rules)?;
    let mut results = results.into_iter().peekable();
    let mut task_number = 0;
    let mut ended_us = first.play.started_us()?;
    for (at, play) in document.plays.iter().enumerate() {
        let started_us = play.play.started_us()?;
        let event = PlayStarted {
            play: number(at),
            name: (&*play.play.name).into(),
            ..PlayStarted::default()
        };
        log.push(started_us, "play_started", &event)?;
        for task in &play.tasks {
            let started_us = task.task.started_us()?;
            task_number += 1;
            let mut of_task = Vec::new();
            while let Some(result) = results.next_if(|result| result.task == task_number) {
                of_task.push(result);
            }
            push_task(&mut log, task, (task_number, number(at)), &of_task)?;
            ended_us = ended_us.max(started_us);
            of_task.sort_by_key(|result| result.at);
            for result in &of_task {
                let delegate = result.content.delegate.as_deref();
                let translated = ResultOf {
                    task: task_number,
                    host: result.host,
                    outcome: result.outcome,
                    changed: result.content.changed,
                    // When a host began with its task is not recorded.
                    started: None,
                    delegates: delegate
                        .filter(|name| *name != result.host)
                        .unwrap_or_default()
                        .to_owned(),
                    at: result.at,
                };
                translated.push(&mut log, &result.content)?;
                ended_us = ended_us.max(result.at);
            }
        }
        ended_us = ended_us.max(play.play.ended_us()?.unwrap_or(started_us));
    }
    let recap = recap(stats);
    let is_failure = |counts: &HostStats| counts.failed + counts.unreachable > 0;
    let succeeded = !recap.hosts.values().any(is_failure);
    log.push(ended_us, "stats", &recap)?;
    let event = ExecutionEnded {
        succeeded: Some(succeeded),
        ..ExecutionEnded::default()
    };
    log.push(ended_us, "execution_ended", &event)?;
    Ok(log.finish(source, &Identity::Content))
}

/// Reads the results of all tasks, in order.
fn read_results<'d>(document: &'d Document<'_>) -> Result<Vec<Read<'d>>, NotTranslated> {
    // It is unknown whether differences were requested, so they are kept.
    let reading = Reading { diff: true };
    let mut results = Vec::new();
    let tasks = document.plays.iter().flat_map(|play| &play.tasks);
    for (at, task) in tasks.enumerate() {
        // A result ended when its task did, or earlier.
        let ended_us = match task.task.ended_us()? {
            Some(ended_us) => ended_us,
            None => task.task.started_us()?,
        };
        for (place, (host, text)) in task.hosts.0.iter().enumerate() {
            let content = reading.read(text.get())?;
            results.push(Read {
                task: number(at),
                host,
                outcome: Outcome {
                    status: status(&content),
                    ..Outcome::default()
                },
                content,
                at: task.ended_us.get(place).copied().unwrap_or(ended_us),
            });
        }
    }
    Ok(results)
}

/// How a result ended. Since 2.19, a loop of which every item was skipped does not say so itself.
fn status(content: &Content) -> ResultStatus {
    let all_skipped = !content.items.is_empty()
        && content
            .items
            .iter()
            .all(|item| item.status == Some(ResultStatus::Skipped));
    match content.status {
        Some(status) => status,
        None if all_skipped => ResultStatus::Skipped,
        None => ResultStatus::Ok,
    }
}

/// Marks failures that were rescued or ignored; false if the recap does not tell them apart.
fn mark_handled(
    results: &mut [Read<'_>],
    stats: &BTreeMap<String, super::document::Counts>,
) -> bool {
    let mut by_host: BTreeMap<&str, Vec<&mut Outcome>> = BTreeMap::new();
    for result in results {
        by_host
            .entry(result.host)
            .or_default()
            .push(&mut result.outcome);
    }
    let mut is_known = true;
    for (host, mut outcomes) in by_host {
        let Some(counts) = stats.get(host) else {
            continue;
        };
        let recap = Recap {
            failed: counts.failures,
            unreachable: counts.unreachable,
            rescued_and_ignored: Some((counts.rescued, counts.ignored)),
        };
        is_known &= handled::mark(&mut outcomes, recap);
    }
    is_known
}

fn push_task(
    log: &mut Translation<'_>,
    task: &Task<'_>,
    (task_number, play): (u32, u32),
    results: &[Read<'_>],
) -> Result<(), NotTranslated> {
    let (path, line) = task.task.place();
    let (role, name) = role_and_name(&task.task.name, path);
    let mut actions = results
        .iter()
        .filter_map(|result| result.content.action.as_deref());
    let event = TaskStarted {
        task: task_number,
        play,
        name: name.into(),
        action: actions.next().unwrap_or_default().into(),
        path: path.into(),
        line,
        role: role.into(),
        handler: task.handler,
        ..TaskStarted::default()
    };
    log.push(task.task.started_us()?, "task_started", &event)
}

fn recap(stats: &BTreeMap<String, super::document::Counts>) -> Stats {
    let hosts = stats.iter().map(|(host, counts)| {
        let counts = HostStats {
            ok: counts.ok,
            changed: counts.changed,
            unreachable: counts.unreachable,
            failed: counts.failures,
            skipped: counts.skipped,
            rescued: counts.rescued,
            ignored: counts.ignored,
        };
        (host.clone(), counts)
    });
    Stats {
        hosts: hosts.collect(),
    }
}
