//! Schedules for people.

use chrono::{DateTime, FixedOffset};

use super::super::ids::ShortIds;
use super::super::out::{Colour, Column, Out, plain};
use super::super::when;
use crate::model::{Schedule, ScheduleOutcome, ScheduleTime, ScheduledRun};

/// How many of its last times are shown; `--json` has all.
const PAST: usize = 10;

/// A time in a schedule's own zone.
pub(super) fn in_zone(time: &DateTime<FixedOffset>) -> String {
    time.format("%a %Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Its next time.
pub(super) fn next(time: Option<&DateTime<FixedOffset>>) -> String {
    time.map_or_else(
        || "it has no further time".to_owned(),
        |time| format!("next {}", in_zone(time)),
    )
}

pub(super) fn list(schedules: &[Schedule], out: &mut Out) -> anyhow::Result<()> {
    if schedules.is_empty() {
        return out.line("there are no schedules: \"playback schedule create\" makes one");
    }
    let rows = schedules.iter().map(|schedule| {
        [
            schedule.name.clone(),
            schedule.run.title(),
            schedule.cron.clone(),
            schedule.zone.clone(),
            schedule
                .next
                .first()
                .map_or_else(|| "-".to_owned(), in_zone),
            schedule
                .past
                .first()
                .map_or_else(|| "-".to_owned(), |time| when::show(time.decided)),
            last(schedule),
            state(schedule),
        ]
    });
    let columns = [
        Column::end("NAME", 8),
        Column::front("RUNS", 12),
        Column::whole("CRON"),
        Column::spare("ZONE"),
        Column::whole("NEXT"),
        Column::spare("LAST"),
        Column::whole("OUTCOME"),
        Column::whole("STATE"),
    ];
    out.table(columns, rows.collect(), |out, row, line| {
        match schedules
            .get(row)
            .is_some_and(|schedule| schedule.blocked.is_some())
        {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })
}

/// The outcome of its last time.
fn last(schedule: &Schedule) -> String {
    match schedule.past.first() {
        None => "-".to_owned(),
        Some(time) => outcome(time, schedule),
    }
}

/// The outcome of a time: for a run, how it ended.
fn outcome(time: &ScheduleTime, schedule: &Schedule) -> String {
    let is_last = time.execution.is_some() && time.execution == schedule.last_execution;
    match (time.outcome, schedule.last_status) {
        (ScheduleOutcome::Started | ScheduleOutcome::StartedByHand, Some(status)) if is_last => {
            status.as_str().to_owned()
        }
        (outcome, _) => outcome.as_str().replace('_', " "),
    }
}

/// Whether it starts runs, in one or two words.
fn state(schedule: &Schedule) -> String {
    match &schedule.blocked {
        Some(block) => block.reason.as_str().replace('_', " "),
        None if schedule.next.is_empty() => "over".to_owned(),
        None => "active".to_owned(),
    }
}

pub(super) fn one(schedule: &Schedule, out: &mut Out) -> anyhow::Result<()> {
    let state = state(schedule);
    let colour = match schedule.blocked {
        Some(_) => Colour::Red,
        None => Colour::Green,
    };
    let name = out.paint(Colour::Bold, &plain(&schedule.name));
    let state = out.paint(colour, &state);
    out.line(format_args!("{name}  {state}"))?;
    out.line("")?;
    for (name, value) in facts(schedule) {
        if !value.is_empty() {
            out.hanging(&format!("  {name:<11} "), &plain(&value))?;
        }
    }
    if let Some(block) = &schedule.blocked {
        out.line("")?;
        out.hanging("It would start nothing now: ", &plain(&block.message))?;
    }
    if !schedule.next.is_empty() {
        out.line("")?;
        out.line("Next")?;
        for time in &schedule.next {
            out.line(format_args!("  {}", in_zone(time)))?;
        }
    }
    past(schedule, out)
}

/// Names and values, in display order.
fn facts(schedule: &Schedule) -> Vec<(&'static str, String)> {
    let ScheduledRun {
        playbook: _,
        hosts: _,
        module: _,
        args,
        inventory,
        limit,
        tags,
        skip_tags,
        extra_vars,
        r#become,
        become_user,
        forks,
        verbosity,
        check,
        diff,
        timeout,
        private_key,
        note,
        labels,
        secrets,
    } = &schedule.run;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let flags = [
        (*check == Some(true), "check"),
        (*diff == Some(true), "diff"),
        (*r#become == Some(true), "become"),
    ];
    let flags = flags
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name));
    let mut named: Vec<String> = [
        ("vault password", &secrets.vault_password),
        ("private key", &secrets.private_key),
    ]
    .into_iter()
    .filter_map(|(what, name)| Some(format!("{what} from {}", name.as_ref()?)))
    .collect();
    let variables = secrets.extra_vars.iter();
    named.extend(variables.map(|(variable, name)| format!("{variable} from {name}")));
    let jitter = match schedule.jitter_seconds {
        0 => String::new(),
        seconds => format!("up to {seconds} seconds late"),
    };
    vec![
        ("for", text(&schedule.description)),
        ("runs", schedule.run.title()),
        ("cron", format!("{} ({})", schedule.cron, schedule.zone)),
        ("jitter", jitter),
        ("overlap", schedule.overlap.as_str().to_owned()),
        ("missed", schedule.missed.as_str().replace('_', " ")),
        ("owner", schedule.owner.clone()),
        ("changed", when::show_zoned(schedule.changed)),
        ("inventory", text(inventory)),
        ("limit", text(limit)),
        ("tags", tags.join(", ")),
        ("skip tags", skip_tags.join(", ")),
        ("arguments", text(args)),
        (
            "extra vars",
            extra_vars.keys().cloned().collect::<Vec<_>>().join(", "),
        ),
        ("secrets", named.join(", ")),
        ("private key", text(private_key)),
        ("mode", flags.collect::<Vec<_>>().join(", ")),
        ("become user", text(become_user)),
        ("forks", number(forks.map(u64::from))),
        ("verbosity", number(verbosity.map(u64::from))),
        ("timeout", number(*timeout)),
        ("labels", labels.join(", ")),
        ("note", text(note)),
    ]
}

fn past(schedule: &Schedule, out: &mut Out) -> anyhow::Result<()> {
    if schedule.past.is_empty() {
        out.line("")?;
        return out.line("No time of it has come yet.");
    }
    let shown = &schedule.past[..schedule.past.len().min(PAST)];
    let ids = ShortIds::of(shown.iter().filter_map(|time| time.execution));
    let rows = shown.iter().map(|time| {
        [
            when::show(time.time),
            match time.decided.timestamp() == time.time.timestamp() {
                true => String::new(),
                false => when::show(time.decided),
            },
            outcome(time, schedule),
            time.execution.map(|id| ids.show(id)).unwrap_or_default(),
            why(time),
        ]
    });
    out.line("")?;
    let columns = [
        Column::whole("TIME"),
        Column::spare("DECIDED"),
        Column::whole("OUTCOME"),
        Column::whole("RUN"),
        Column::end("WHY", 10),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)
}

/// Why no run was started or who requested it, and how many times were skipped.
fn why(time: &ScheduleTime) -> String {
    let passed = match time.passed_over {
        0 => None,
        1 => Some("1 time before it was passed over".to_owned()),
        times => Some(format!("{times} times before it were passed over")),
    };
    let parts = [time.message.clone(), passed];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
