//! Why a run failed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Described, object, read, run_schema};
use crate::mcp::ask::{Ask, ask, find};
use crate::mcp::text::Text;
use crate::mcp::words::{FIELDS, Run, counted, page, some, task, time};
use crate::model::{
    Difference, Explanation, FailedTask, FailureGroup, Handled, LastSuccess, Seen, task_place,
};

/// Maximum number of errors that are listed.
const ERRORS: usize = 5;

/// Lines of a message, and of a program's error output.
const MESSAGE_LINES: usize = 8;

/// Maximum number of handled failures, differences and printed lines that are listed.
const OTHERS: usize = 10;

pub(super) const DESCRIBED: Described = Described {
    name: "why",
    title: "Explain why an Ansible run failed",
    description: "Explain why a run failed: its errors, equal ones of many hosts told once, each with the hosts, the task, \
        its file and line, the message, in how many runs the same error occurred and since when, and what is different \
        since the task last worked (git commit, versions, options). Use it first for any question about a failure.",
    schema,
};

fn schema() -> Value {
    object(
        &json!({ "run": run_schema("the run that failed last") }),
        &[],
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    run: Option<String>,
}

pub(super) async fn answer<A: Ask>(api: &A, arguments: Value) -> Result<String, String> {
    let arguments: Arguments = read(arguments)?;
    let id = find(api, arguments.run.as_deref().unwrap_or("failed")).await?;
    let path = format!("/executions/{id}");
    let run: Run = ask(api, &path, vec![("fields", FIELDS.to_owned())]).await?;
    let found: Explanation = ask(api, &format!("{path}/explain"), vec![]).await?;
    let mut text = Text::default();
    text.line(&run.in_words());
    text.line(&format!("id {id}, {}", api.page(&page(id))));
    for sentence in &found.verdict {
        text.line(sentence);
    }
    if !found.printed.is_empty() {
        text.line("It printed:");
        for line in found.printed.iter().take(OTHERS) {
            text.line(&format!("  {line}"));
        }
    }
    for group in found.failures.iter().take(ERRORS) {
        failure(group, &mut text);
    }
    let untold = found.failures.len().saturating_sub(ERRORS) as u64 + found.groups_left_out;
    if untold > 0 {
        text.line(&format!(
            "And {} on fewer hosts: the run's page shows all.",
            counted(untold, "further error")
        ));
    }
    if found.later_failures > 0 {
        let count = counted(found.later_failures, "further failure");
        text.line(&format!("And {count} of hosts that had failed before."));
    }
    for handled in found.handled.iter().take(OTHERS) {
        let how = match handled.handled {
            Handled::Rescued => "Rescued",
            Handled::Ignored => "Ignored",
        };
        let of = handled.task.as_ref().map(named).unwrap_or_default();
        let message = handled
            .message
            .as_deref()
            .and_then(|text| text.lines().next());
        text.line(&format!(
            "{how}, so that it did not count: task {of} on {}{}",
            some(&handled.hosts, handled.host_count),
            message
                .map(|message| format!(": {message}"))
                .unwrap_or_default()
        ));
    }
    for retried in found.retried.iter().take(OTHERS) {
        text.line(&format!(
            "Worked only after more than one try: task {}, {}",
            named(&retried.task),
            counted(retried.results, "time")
        ));
    }
    if found.payload_removed.is_some() {
        text.line("Retention removed what its tasks returned, so that messages are missing.");
    }
    Ok(text.finish())
}

fn failure(group: &FailureGroup, text: &mut Text) {
    let status = group.status.as_str();
    text.line(&format!(
        "- {status} on {}: {}",
        counted(group.host_count, "host"),
        some(&group.hosts, group.host_count)
    ));
    match &group.message {
        Some(message) => text.lines("  message: ", message, MESSAGE_LINES),
        None if group.censored => text.line("  message: hidden by no_log"),
        None => text.line("  message: none is recorded"),
    }
    for failed in &group.tasks {
        let place = task_place(&failed.path, failed.line);
        let place = place
            .map(|place| format!(" at {place}"))
            .unwrap_or_default();
        text.line(&format!("  task {}{place}", named(failed)));
    }
    if let Some(item) = &group.item {
        text.line(&format!("  loop item: {item}"));
    }
    if let Some(rc) = group.rc {
        text.line(&format!("  rc: {rc}"));
    }
    for (name, printed) in [("stderr", &group.stderr), ("stdout", &group.stdout)] {
        if let Some(printed) = printed {
            text.lines(&format!("  {name}: "), printed, MESSAGE_LINES);
        }
    }
    if let Some(seen) = &group.seen {
        text.line(&format!("  {}", seen_in_words(seen)));
    }
    if let Some(success) = &group.last_success {
        last_success(&group.host, success, text);
    }
}

fn seen_in_words(seen: &Seen) -> String {
    match (seen.runs, &seen.previous) {
        (0 | 1, _) => "this error occurred in no other run".to_owned(),
        (runs, Some(previous)) => format!(
            "this error occurred in {runs} runs since {}, before this one last in {} on {}",
            time(seen.first.start_time),
            previous.id,
            time(previous.start_time)
        ),
        (runs, None) => format!(
            "this error is new here, and occurred in {} since then, last in {}",
            counted(runs - 1, "run"),
            seen.last.id
        ),
    }
}

fn last_success(host: &str, success: &LastSuccess, text: &mut Text) {
    let Some(run) = &success.run else {
        text.line(&format!(
            "  the task succeeded on {host} in none of the {} that were searched",
            counted(success.searched.into(), "earlier run")
        ));
        return;
    };
    let different = match success.differences.is_empty() {
        true => "nothing that is recorded is different since then",
        false => "different since then:",
    };
    text.line(&format!(
        "  the task last worked on {host} in {} on {}; {different}",
        run.id,
        time(run.start_time)
    ));
    for difference in success.differences.iter().take(OTHERS) {
        text.line(&format!("    {}", in_words(difference)));
    }
}

/// A parameter that is different: `limit: "web" before, none now`.
pub(super) fn in_words(difference: &Difference) -> String {
    let value = |value: &Option<String>| match value {
        Some(value) => format!("{value:?}"),
        None => "none".to_owned(),
    };
    format!(
        "{}: {} before, {} now",
        difference.field,
        value(&difference.before),
        value(&difference.now)
    )
}

fn named(of: &FailedTask) -> String {
    task(&of.name, &of.action, &of.role)
}
