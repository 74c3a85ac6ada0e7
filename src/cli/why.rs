//! `playback why`: why a run failed, for people.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::out::{Colour, Layout, Out, plain};
use super::pick::Pick;
use super::tasks::described;
use super::{summary, when};
use crate::clock::Clock;
use crate::model::{
    Difference, ExecutionResult, Explanation, FailedTask, FailureGroup, Handled, HandledFailure,
    LastSuccess, Seen, task_place,
};

/// The fields of a record that say what ran.
const FIELDS: &str = "id,type,status,phase,reason,start_time,end_time,duration,exit_code,signal,stats,changed,\
    unreachable,failed,events,output_lines,results,playbook,hosts,module,check,user,controller,canceled_by";

/// Maximum number of hosts that are named.
const HOSTS: usize = 5;

/// Explain why a run failed: what went wrong, on which hosts, and since when
///
/// Equal errors are shown once, with the number of their hosts. For each: the task, its file and line, the message,
/// since when and in how many runs the error occurred, and what changed since the task last succeeded.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest"; by default the run
    /// that failed last
    id: Option<Pick>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's explanation
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Why) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let client = Client::new(&command.client)?;
    let id = match &command.id {
        Some(pick) => pick.find(&client)?,
        None => Pick::find_failed(&client)?,
    };
    let path = format!("/executions/{id}/explain");
    let mut out = Out::laid_out(command.layout);
    if command.json {
        let answer: Box<RawValue> = client.get(&path, &[])?;
        out.line(answer.get())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let fields = ("fields", FIELDS.to_owned());
    let record: ExecutionResult = client.get(&format!("/executions/{id}"), &[fields])?;
    let explanation: Explanation = client.get(&path, &[])?;
    headline(&record, &clock, &mut out)?;
    tell(&explanation, &mut out)?;
    out.line("")?;
    out.line(client.page_of(id))?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The subject of a run, its outcome, when it ran, and who ran it.
fn headline(record: &ExecutionResult, clock: &Clock, out: &mut Out) -> anyhow::Result<()> {
    let status = summary::status(record);
    let code = record.exit_code.map(|code| format!(", exit code {code}"));
    let title = plain(&summary::title(record));
    let ended = out.paint(summary::colour(record.status), &status) + &code.unwrap_or_default();
    out.headline(Colour::Bold, &title)?;
    out.line(ended)?;
    let who = [
        record.description.user.as_deref(),
        record.description.controller.as_deref(),
    ];
    let who: Vec<&str> = who.into_iter().flatten().collect();
    let facts = [
        when::show_zoned(record.start_time),
        summary::duration(record, clock),
        match who.is_empty() {
            true => String::new(),
            false => format!("by {}", who.join(" on ")),
        },
        record.id.to_string(),
    ];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    out.hanging("", &plain(&facts.join(", ")))
}

fn tell(explanation: &Explanation, out: &mut Out) -> anyhow::Result<()> {
    out.line("")?;
    for sentence in &explanation.verdict {
        out.hanging("", &plain(sentence))?;
    }
    if !explanation.printed.is_empty() {
        out.line("")?;
        out.line("It printed:")?;
        for line in &explanation.printed {
            out.hanging("  ", &plain(line))?;
        }
    }
    for group in &explanation.failures {
        out.line("")?;
        failure(group, out)?;
    }
    if explanation.groups_left_out > 0 {
        out.line("")?;
        out.hanging(
            "",
            &format!(
                "and {} on {}: \"playback show {} --failed\" shows all",
                counted(explanation.groups_left_out, "further error"),
                counted(explanation.hosts_left_out, "host"),
                explanation.id
            ),
        )?;
    }
    if explanation.later_failures > 0 {
        out.line("")?;
        let count = counted(explanation.later_failures, "further failure");
        out.hanging("", &format!("{count} on hosts that had failed before."))?;
    }
    if !explanation.handled.is_empty() {
        out.line("")?;
        out.line(out.paint(Colour::Bold, "Failures that were handled"))?;
        for one in &explanation.handled {
            handled(one, out)?;
        }
    }
    if !explanation.retried.is_empty() {
        out.line("")?;
        out.line(out.paint(Colour::Bold, "Worked after more than one try"))?;
        for one in &explanation.retried {
            let results = counted(one.results, "time");
            out.hanging("  ", &plain(&format!("{}: {results}", named(&one.task))))?;
        }
    }
    Ok(())
}

/// One error: its number of hosts, its message, its place, and since when it has occurred.
fn failure(group: &FailureGroup, out: &mut Out) -> anyhow::Result<()> {
    let message = match (&group.message, group.censored, &group.damaged) {
        (Some(message), ..) => message.clone(),
        (None, true, _) => "the message is hidden by no_log".to_owned(),
        (None, _, Some(damage)) => format!(
            "the message cannot be read: the log is damaged at events {} to {}",
            damage.first_seq, damage.last_seq
        ),
        (None, false, None) => format!("{}, without a message", group.status.as_str()),
    };
    let mut lines = message.lines();
    let head = match group.host_count {
        1 => format!("{}: {}", group.host, lines.next().unwrap_or_default()),
        count => format!("{count} hosts: {}", lines.next().unwrap_or_default()),
    };
    out.headline(Colour::Red, &plain(&head))?;
    for line in lines {
        out.hanging("  ", &plain(line))?;
    }
    if group.host_count > 1 {
        let hosts = some_of(&group.hosts, group.host_count);
        out.hanging("  hosts:    ", &plain(&hosts))?;
    }
    for task in &group.tasks {
        let on = match (group.tasks.len(), group.host_count) {
            (1, _) | (_, 1) => String::new(),
            _ => format!(", on {}", counted(task.host_count, "host")),
        };
        out.hanging("  task:     ", &plain(&(named(task) + &on)))?;
        if let Some(place) = task_place(&task.path, task.line) {
            out.hanging("  at:       ", &plain(&place))?;
        }
    }
    if let Some(item) = &group.item {
        out.hanging("  item:     ", &plain(item))?;
    }
    if let Some(rc) = group.rc {
        out.hanging("  rc:       ", &rc.to_string())?;
    }
    if let Some(attempts) = group.attempts.filter(|attempts| *attempts > 1) {
        out.hanging("  tried:    ", &counted(attempts.into(), "time"))?;
    }
    for (heading, text) in [
        ("  stderr:   ", &group.stderr),
        ("  stdout:   ", &group.stdout),
    ] {
        let mut before = heading.to_owned();
        for line in text.iter().flat_map(|text| text.lines()) {
            out.hanging(&before, &plain(line))?;
            before = " ".repeat(heading.len());
        }
    }
    if group.host_count > 1 && group.message.is_some() {
        out.hanging("  example:  ", &plain(&group.host))?;
    }
    if let Some(seen) = &group.seen {
        out.hanging("  seen:     ", &seen_in_words(seen))?;
    }
    match &group.last_success {
        Some(success) => last_success(group, success, out),
        None => Ok(()),
    }
}

fn seen_in_words(seen: &Seen) -> String {
    match (seen.runs, &seen.previous) {
        (0 | 1, _) => "in no other run whose errors are known".to_owned(),
        (runs, Some(previous)) => format!(
            "in {runs} runs since {}, before this one last on {}",
            when::show(seen.first.start_time),
            when::show(previous.start_time)
        ),
        (runs, None) => format!(
            "in no earlier run whose errors are known; in {} since then, last on {}",
            counted(runs - 1, "run"),
            when::show(seen.last.start_time)
        ),
    }
}

fn last_success(group: &FailureGroup, success: &LastSuccess, out: &mut Out) -> anyhow::Result<()> {
    let on = match group.host_count {
        1 => String::new(),
        _ => format!(" on {}", group.host),
    };
    let heading = "  worked:   ";
    let Some(run) = &success.run else {
        let never = match success.searched {
            0 => format!("not known{on}: no earlier run there is recorded"),
            1 => format!("not in the only run before this one{on}"),
            searched => format!("in none of the {searched} runs before this one{on}"),
        };
        return out.hanging(heading, &plain(&never));
    };
    let id = run.id.to_string();
    let since = match success.differences.is_empty() {
        true => "nothing that is recorded is different since",
        false => "different since:",
    };
    let last = format!("last on {}{on} ({id}); {since}", when::show(run.start_time));
    out.hanging(heading, &plain(&last))?;
    for difference in &success.differences {
        out.hanging("            ", &plain(&in_words(difference)))?;
    }
    Ok(())
}

/// A difference: `limit: web → none`.
pub(super) fn in_words(difference: &Difference) -> String {
    let is_commit = difference.field == "git.commit";
    let value = |value: &Option<String>| match value {
        Some(commit) if is_commit => commit.chars().take(12).collect(),
        Some(value) => value.clone(),
        None => "none".to_owned(),
    };
    let (before, now) = (value(&difference.before), value(&difference.now));
    format!("{}: {before} → {now}", difference.field)
}

fn handled(one: &HandledFailure, out: &mut Out) -> anyhow::Result<()> {
    let how = match one.handled {
        Handled::Rescued => "rescued",
        Handled::Ignored => "ignored",
    };
    let task = one.task.as_ref().map(named).unwrap_or_default();
    let hosts = some_of(&one.hosts, one.host_count);
    let message = one.message.as_ref().and_then(|text| text.lines().next());
    let message = message.map(|message| format!(": {message}"));
    let text = format!("{task} on {hosts}{}", message.unwrap_or_default());
    out.hanging(&format!("  {how}: "), &plain(&text))
}

/// A task with its role.
fn named(task: &FailedTask) -> String {
    described(&task.name, &task.action, &task.role, false)
}

/// The first of these names, and how many more there are.
fn some_of(names: &[String], count: u64) -> String {
    let shown: Vec<&str> = names.iter().take(HOSTS).map(String::as_str).collect();
    match count.saturating_sub(shown.len() as u64) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A number with a noun.
pub(super) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}
