//! An execution as a page: what ran, its outcome, the recap, what failed, how to see the output.

use chrono::DateTime;
use playback_wire::{ExecutionStarted, HostStats, Redaction};
use unicode_width::UnicodeWidthStr as _;
use uuid::Uuid;

use super::super::client::Client;
use super::super::out::{Colour, Column, Out, plain};
use super::super::{costs, summary, when};
use super::failures;
use crate::clock::Clock;
use crate::model::{ExecutionResult, Phase, Pinned, ScheduleRow, Status};

/// All fields of a record except its output, which may be large.
const FIELDS: &str = "id,type,status,phase,reason,queued_time,canceled_by,cancel_note,start_time,end_time,duration,exit_code,signal,stats,\
    changed,unreachable,failed,usage,cost,events,output_lines,results,playbook,inventory,limit,tags,\
    skip_tags,check,diff,forks,verbosity,extra_var_names,argv,cwd,hosts,module,args,git,labels,user,imported,\
    sudo_user,controller,launched_by,schedule,note,replay_of,parent,traceparent,trace_id,ansible_version,python_version,recorder_version,redacted,\
    output_left_out,payload_removed,pinned";

/// Failures shown on the page; `--failed` shows all.
const FAILURES: usize = 10;

/// Maximum number of hosts with which the recap is shown in full.
const HOSTS: usize = 40;

pub(super) fn print(client: &Client, id: Uuid, clock: &Clock, out: &mut Out) -> anyhow::Result<()> {
    let fields = ("fields", FIELDS.replace(' ', ""));
    let record: ExecutionResult = client.get(&super::path(id), &[fields])?;
    let title = plain(&summary::title(&record));
    let status = summary::status(&record);
    let mut more = String::new();
    if let Some(code) = record.exit_code {
        more.push_str(&format!(", exit code {code}"));
    }
    if let Some(signal) = record.signal {
        more.push_str(&format!(", signal {signal}"));
    }
    let ended = out.paint(summary::colour(record.status), &status) + &more;
    let width = title.width() + status.width() + more.width() + 2;
    if out.width().is_none_or(|room| width <= room) {
        out.line(format_args!("{}  {ended}", out.paint(Colour::Bold, &title)))?;
    } else {
        out.headline(Colour::Bold, &title)?;
        out.line(ended)?;
    }
    out.line("")?;
    for (name, value) in facts(&record, clock) {
        if !value.is_empty() {
            out.hanging(&format!("  {name:<11} "), &plain(&value))?;
        }
    }
    recap(&record, out)?;
    if let Some(removed) = record.payload_removed {
        out.line("")?;
        return out.line(format_args!(
            "Retention removed what it printed, and what its results returned, on {}.",
            when::show(removed)
        ));
    }
    if record.status != Status::Success {
        failures::in_short(client, id, FAILURES, out)?;
    }
    out.line("")?;
    let printed = match record.output_lines {
        0 if record.description.imported.is_some() => {
            "What it printed was not recorded.".to_owned()
        }
        0 => "It has printed nothing.".to_owned(),
        lines => {
            let left_out = match record.description.output_left_out {
                0 => String::new(),
                count => format!(", without {count} in the middle"),
            };
            let count = if lines == 1 {
                "1 line"
            } else {
                &format!("{lines} lines")
            };
            format!("It has printed {count}{left_out}: \"playback show {id} --output\" shows what.")
        }
    };
    out.hanging("", &printed)
}

/// The person who canceled a run, and the reason.
fn canceled(record: &ExecutionResult) -> String {
    match (&record.canceled_by, &record.description.cancel_note) {
        (Some(by), Some(note)) => format!("{by}: {note}"),
        (by, _) => by.clone().unwrap_or_default(),
    }
}

/// The person who pinned a run, the time and the reason.
fn pinned(pinned: &Pinned) -> String {
    let note = pinned.note.as_ref().map(|note| format!(": {note}"));
    let note = note.unwrap_or_default();
    format!("{}, by {}{note}", when::show(pinned.time), pinned.by)
}

/// Names and values, in display order.
fn facts(record: &ExecutionResult, clock: &Clock) -> Vec<(&'static str, String)> {
    let run = &record.description;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mode = [
        (run.check, "check (nothing was changed)"),
        (run.diff, "diff"),
    ];
    let mode = mode.into_iter().filter_map(|(on, name)| on.then_some(name));
    let who = [run.user.as_ref(), run.controller.as_ref()];
    let who = who.into_iter().flatten().cloned().collect::<Vec<_>>();
    let took = summary::duration(record, clock);
    let started = when::show_zoned(record.start_time);
    // While the run is queued, that is the time of the request.
    let is_queued = record.phase == Phase::Queued;
    let imported = run.imported.as_ref();
    let is_start_known = imported.is_none_or(|imported| !imported.lacks("start_time"));
    let queued = record.queued_time.filter(|_| !is_queued);
    let queued = queued.map(when::show_zoned);
    let mut events = match (record.events.complete, record.events.expected) {
        (true, Some(expected)) => {
            format!("complete: {} of {expected} events", record.events.received)
        }
        (_, Some(expected)) => format!("{} of {expected} events", record.events.received),
        (_, None) => format!("{} events so far", record.events.received),
    };
    if let Some(missing) = &record.events.missing {
        events.push_str(&format!("; missing: {missing}"));
    }
    let git = run.git.as_ref().map(|git| {
        let dirty = if git.dirty == Some(true) {
            ", changed since"
        } else {
            ""
        };
        let branch = git.branch.as_deref().unwrap_or("no branch");
        format!(
            "{} ({branch}{dirty})",
            git.commit.get(..12).unwrap_or(&git.commit)
        )
    });
    vec![
        ("id", record.id.to_string()),
        ("queued", queued.unwrap_or_default()),
        (
            match (is_queued, is_start_known) {
                (true, _) => "queued",
                (false, true) => "started",
                // The only known time.
                (false, false) => "ended",
            },
            if took.is_empty() {
                started
            } else {
                format!("{started}, {took}")
            },
        ),
        ("by", who.join(" on ")),
        ("sudo by", text(&run.sudo_user)),
        ("launched by", launched_by(run)),
        ("schedule", schedule(run)),
        (
            "imported",
            imported.map_or_else(String::new, |imported| {
                format!("from {}", imported.recorder())
            }),
        ),
        ("replay of", text(&run.replay_of)),
        (
            "trace",
            run.traceparent
                .as_ref()
                .map(|_| record.trace_id.clone())
                .unwrap_or_default(),
        ),
        ("started by", text(&run.parent)),
        ("canceled by", canceled(record)),
        (
            "pinned",
            record.pinned.as_ref().map(pinned).unwrap_or_default(),
        ),
        ("command", run.argv.join(" ")),
        ("in", text(&run.cwd)),
        ("hosts", summary::hosts(record)),
        ("inventory", text(&run.inventory)),
        ("limit", text(&run.limit)),
        ("tags", run.tags.join(", ")),
        ("skip tags", run.skip_tags.join(", ")),
        ("mode", mode.collect::<Vec<_>>().join(", ")),
        ("extra vars", run.extra_var_names.join(", ")),
        ("labels", run.labels.join(", ")),
        ("note", text(&run.note)),
        ("git", git.unwrap_or_default()),
        ("ansible", text(&run.ansible_version)),
        (
            "cost",
            record.cost.as_ref().map(costs::of_run).unwrap_or_default(),
        ),
        ("record", events),
        ("redacted", redacted(&run.redacted)),
    ]
}

/// The person who started a run, or the name of its schedule.
fn launched_by(run: &ExecutionStarted) -> String {
    let by = run.launched_by.as_ref();
    by.filter(|_| run.schedule.is_none() || is_by_hand(run))
        .cloned()
        .unwrap_or_default()
}

/// The schedule that started it.
fn schedule(run: &ExecutionStarted) -> String {
    match &run.schedule {
        Some(name) if is_by_hand(run) => format!("{name}, run by hand"),
        name => name.clone().unwrap_or_default(),
    }
}

/// Whether it is a run of a schedule that was started by hand.
fn is_by_hand(run: &ExecutionStarted) -> bool {
    let (schedule, by) = (run.schedule.as_deref(), run.launched_by.as_ref());
    schedule.is_some_and(|name| by.is_some_and(|by| *by != ScheduleRow::object(name)))
}

/// When and why values were redacted, and how many.
fn redacted(notes: &[Redaction]) -> String {
    let notes = notes.iter().map(|note| {
        let time = DateTime::parse_from_rfc3339(&note.time);
        let time = time.map_or_else(|_| note.time.clone(), |time| when::show(time.to_utc()));
        let why = note.note.as_ref().map(|why| format!(": {why}"));
        format!(
            "{time} by {}, {} values and {} lines{}",
            note.by,
            note.values,
            note.lines,
            why.unwrap_or_default()
        )
    });
    notes.collect::<Vec<_>>().join("; ")
}

fn recap(record: &ExecutionResult, out: &mut Out) -> anyhow::Result<()> {
    if record.stats.is_empty() {
        return Ok(());
    }
    let bad = |stats: &HostStats| stats.failed > 0 || stats.unreachable > 0;
    let shown: Vec<_> = record
        .stats
        .iter()
        .filter(|(_, stats)| record.stats.len() <= HOSTS || bad(stats))
        .collect();
    let rows = shown.iter().map(|(host, stats)| {
        let count = |count: u64| {
            if count == 0 {
                "-".to_owned()
            } else {
                count.to_string()
            }
        };
        [
            (*host).clone(),
            count(stats.ok),
            count(stats.changed),
            count(stats.unreachable),
            count(stats.failed),
            count(stats.skipped),
            count(stats.rescued),
            count(stats.ignored),
        ]
    });
    out.line("")?;
    let columns = [
        Column::end("HOST", 8),
        Column::whole("OK"),
        Column::whole("CHANGED"),
        Column::spare("UNREACHABLE"),
        Column::spare("FAILED"),
        Column::spare("SKIPPED"),
        Column::spare("RESCUED"),
        Column::spare("IGNORED"),
    ];
    out.table(columns, rows.collect(), |out, row, line| {
        if bad(shown[row].1) {
            out.paint(Colour::Red, &line)
        } else {
            line
        }
    })?;
    match record.stats.len() - shown.len() {
        0 => Ok(()),
        well => out.line(format_args!("and {well} hosts that went well")),
    }
}
