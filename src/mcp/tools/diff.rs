//! The tool that compares two runs.

use serde::Deserialize;
use serde_json::{Value, json};

use super::why::in_words;
use super::{Described, object, read, run_schema};
use crate::mcp::ask::{Ask, ask, find};
use crate::mcp::text::Text;
use crate::mcp::words::{counted, seconds, some, task, time};
use crate::model::{
    ComparedRun, ComparedTask, Comparison, PrintedIn, ResultDifference, TaskOutcomes,
};

/// Entries of each list.
const LISTED: usize = 8;

/// Lines of a value.
const VALUE_LINES: usize = 4;

pub(super) const DESCRIBED: Described = Described {
    name: "diff",
    title: "Compare two Ansible runs",
    description: "Compare two runs, by default a run with the last earlier one of the same playbook and inventory that \
        succeeded: options, versions and git commit; hosts and tasks that only one has; tasks that ended otherwise, on \
        which hosts; what results returned; durations; printed lines. Use it for \"what is different since it worked\".",
    schema,
};

fn schema() -> Value {
    object(
        &json!({
            "run": run_schema("the latest"),
            "with": {
                "type": "string",
                "description": "What it is compared with: \"last_good\" (the default: the last earlier run like it that \
                    succeeded), \"previous\" (the last earlier run like it), or another run by its id or the last 6 \
                    digits of it.",
            },
        }),
        &[],
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    run: Option<String>,
    with: Option<String>,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let id = find(api, arguments.run.as_deref().unwrap_or("latest")).await?;
    let limit = ("limit", LISTED.to_string());
    let found: Comparison = match arguments.with.as_deref().unwrap_or("last_good") {
        with @ ("last_good" | "previous") => {
            let query = vec![("with", with.to_owned()), limit];
            ask(api, &format!("/executions/{id}/compare"), query).await?
        }
        other => {
            let other = find(api, other).await?;
            ask(
                api,
                &format!("/executions/{other}/compare/{id}"),
                vec![limit],
            )
            .await?
        }
    };
    let mut text = Text::default();
    text.line(&format!("before: {}", brief(&found.before)));
    text.line(&format!("now: {}", brief(&found.now)));
    text.line(&api.page(&format!("/compare/{}/{}", found.before.id, found.now.id)));
    for remark in &found.remarks {
        text.line(&format!("Note: {remark}"));
    }
    let sums = &found.summary;
    text.line(&match (found.same_run, sums.different) {
        (true, _) => "Both are the same run.".to_owned(),
        (false, false) => "Nothing is different but durations.".to_owned(),
        (false, true) => format!(
            "Failures: {} new, {} in both, {} fixed. {} with another outcome.",
            sums.failures_new,
            sums.failures_same,
            sums.failures_fixed,
            counted(sums.results_different, "result")
        ),
    });
    for parameter in &found.parameters {
        text.line(&format!("- {}", in_words(parameter)));
    }
    more(
        sums.parameters,
        found.parameters.len(),
        "parameter",
        &mut text,
    );
    lists(&found, &mut text);
    for outcome in &found.outcomes {
        outcomes(outcome, &mut text);
    }
    more(
        sums.tasks_different,
        found.outcomes.len(),
        "task",
        &mut text,
    );
    for result in found.results.iter().take(LISTED) {
        returned(result, &mut text);
    }
    for duration in &found.durations {
        text.line(&format!(
            "- task {} took {} before, {} now (median of {})",
            named(&duration.task),
            seconds(duration.before),
            seconds(duration.now),
            counted(duration.host_count, "host")
        ));
    }
    more(sums.durations, found.durations.len(), "duration", &mut text);
    for line in &found.output {
        let only = match line.only_in {
            PrintedIn::Before => "printed only before",
            PrintedIn::Now => "printed only now",
        };
        text.line(&format!("- {only}: {}", line.text));
    }
    more(
        sums.output_lines,
        found.output.len(),
        "printed line",
        &mut text,
    );
    Ok(text.finish())
}

/// Hosts and tasks that only one of the runs has.
fn lists(found: &Comparison, text: &mut Text) {
    let sums = &found.summary;
    for (word, count, names) in [
        ("added", sums.hosts_added, &found.hosts_added),
        ("gone", sums.hosts_gone, &found.hosts_gone),
    ] {
        if count > 0 {
            text.line(&format!(
                "- {} {word}: {}",
                counted(count, "host"),
                some(names, count)
            ));
        }
    }
    for (word, count, tasks) in [
        ("added", sums.tasks_added, &found.tasks_added),
        ("gone", sums.tasks_gone, &found.tasks_gone),
    ] {
        if count > 0 {
            let names: Vec<String> = tasks.iter().map(named).collect();
            text.line(&format!(
                "- {} {word}: {}",
                counted(count, "task"),
                some(&names, count)
            ));
        }
    }
    for pair in &found.tasks_renamed {
        text.line(&format!(
            "- task {} was {} before",
            named(&pair.now),
            named(&pair.before)
        ));
    }
    if sums.tasks_moved > 0 {
        text.line(&format!(
            "- {} at another place",
            counted(sums.tasks_moved, "task")
        ));
    }
    if sums.tasks_not_reached > 0 {
        text.line(&format!(
            "- {} of before not reached now",
            counted(sums.tasks_not_reached, "task")
        ));
    }
}

fn outcomes(of: &TaskOutcomes, text: &mut Text) {
    for transition in &of.transitions {
        text.line(&format!(
            "- task {}: {} before, {} now, on {}",
            named(&of.task),
            transition.before.as_str(),
            transition.now.as_str(),
            some(&transition.hosts, transition.host_count)
        ));
    }
}

fn returned(of: &ResultDifference, text: &mut Text) {
    if of.fields.is_empty() && of.note.is_none() {
        return;
    }
    text.line(&format!(
        "- task {} on {} ({} before, {} now) returned:",
        named(&of.task),
        of.host,
        of.before.as_str(),
        of.now.as_str()
    ));
    for field in of.fields.iter().take(LISTED) {
        for (when, value) in [("before", &field.before), ("now", &field.now)] {
            if let Some(value) = value {
                text.lines(&format!("    {} {when}: ", field.field), value, VALUE_LINES);
            }
        }
    }
    if let Some(note) = &of.note {
        text.line(&format!("    {note}"));
    }
}

/// The note about entries that a list leaves out.
fn more(all: u64, told: usize, noun: &str, text: &mut Text) {
    if let Some(more @ 1..) = all.checked_sub(told as u64) {
        let all = counted(all, noun);
        text.line(&format!(
            "  and {more} more ({all} in all): the page shows them"
        ));
    }
}

fn brief(run: &ComparedRun) -> String {
    let what = run.playbook.as_deref().or(run.module.as_deref());
    let reason = run.reason.map(|reason| format!(" ({})", reason.as_str()));
    let took = run
        .duration
        .map(|duration| format!(", took {}", seconds(duration)));
    format!(
        "{} {}{}, started {}{}, id {}",
        what.unwrap_or("a run"),
        run.status.as_str(),
        reason.unwrap_or_default(),
        time(run.start_time),
        took.unwrap_or_default(),
        run.id
    )
}

fn named(of: &ComparedTask) -> String {
    task(&of.name, &of.action, &of.role)
}
