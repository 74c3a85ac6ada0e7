//! The columns of a list: by name, each with a text for people and a value for CSV.

use std::str::FromStr;

use super::super::out::Column;
use super::super::{costs, summary, when};
use crate::clock::Clock;
use crate::model::{ExecutionResult, Reason};
use chrono::{DateTime, SecondsFormat, Utc};

/// A column by its name.
#[derive(Clone, Copy)]
pub(super) struct Named {
    /// Its name for users; also its heading in CSV.
    pub(super) name: &'static str,
    /// Its layout in a table.
    pub(super) column: Column,
    /// Its value in CSV: times in UTC, durations in seconds.
    value: fn(&ExecutionResult) -> String,
    /// Its text for people, if that differs.
    text: Option<fn(&ExecutionResult, &Clock) -> String>,
}

impl std::fmt::Debug for Named {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Every column, in the order of CSV.
static ALL: [Named; 24] = [
    of("id", Column::whole("ID"), |run| run.id.to_string()),
    of("type", Column::whole("TYPE"), |run| {
        run.description.r#type.as_str().to_owned()
    }),
    shown(
        "status",
        Column::whole("STATUS"),
        |run| run.status.as_str().to_owned(),
        |run, _| summary::short_status(run),
    ),
    of("reason", Column::whole("REASON"), |run| {
        run.reason
            .map(Reason::as_str)
            .unwrap_or_default()
            .to_owned()
    }),
    shown(
        "started",
        Column::whole("STARTED"),
        |run| time(run.start_time),
        |run, _| when::show(run.start_time),
    ),
    shown(
        "ended",
        Column::whole("ENDED"),
        |run| run.end_time.map(time).unwrap_or_default(),
        |run, _| run.end_time.map(when::show).unwrap_or_default(),
    ),
    shown(
        "duration",
        Column::whole("TOOK"),
        |run| {
            run.duration
                .map(|took| took.to_string())
                .unwrap_or_default()
        },
        summary::short_duration,
    ),
    of("exit_code", Column::whole("CODE"), |run| {
        run.exit_code
            .map(|code| code.to_string())
            .unwrap_or_default()
    }),
    of("what", Column::by("WHAT", 12, summary::shorten), |run| {
        summary::title(run) + &summary::options(run)
    }),
    of("playbook", Column::front("PLAYBOOK", 12), |run| {
        text(&run.description.playbook)
    }),
    of("inventory", Column::front("INVENTORY", 9), |run| {
        text(&run.description.inventory)
    }),
    of("check", Column::whole("CHECK"), |run| {
        yes(run.description.check)
    }),
    of("changed", Column::whole("CHANGED"), |run| yes(run.changed)),
    of("hosts", Column::end("HOSTS", 9), summary::hosts),
    of("failed", Column::end("FAILED", 9), |run| {
        run.failed.join(" ")
    }),
    of("unreachable", Column::end("UNREACHABLE", 11), |run| {
        run.unreachable.join(" ")
    }),
    of("user", Column::end("USER", 8), |run| {
        text(&run.description.user)
    }),
    of("controller", Column::end("CONTROLLER", 10), |run| {
        text(&run.description.controller)
    }),
    of("launched_by", Column::end("LAUNCHED BY", 11), |run| {
        text(&run.description.launched_by)
    }),
    of("labels", Column::end("LABELS", 8), |run| {
        run.description.labels.join(" ")
    }),
    of("note", Column::end("NOTE", 8), |run| {
        text(&run.description.note)
    }),
    of("commit", Column::end("COMMIT", 12), |run| {
        let git = run.description.git.as_ref();
        git.map(|git| git.commit.clone()).unwrap_or_default()
    }),
    of("schedule", Column::end("SCHEDULE", 8), |run| {
        text(&run.description.schedule)
    }),
    shown(
        "cost",
        Column::whole("COST"),
        |run| {
            let cost = run.cost.as_ref();
            cost.and_then(|cost| cost.total.clone()).unwrap_or_default()
        },
        |run, _| run.cost.as_ref().map(costs::in_short).unwrap_or_default(),
    ),
];

/// A column with one text for both.
const fn of(name: &'static str, column: Column, value: fn(&ExecutionResult) -> String) -> Named {
    Named {
        name,
        column,
        value,
        text: None,
    }
}

/// A column whose text for people differs from its value.
const fn shown(
    name: &'static str,
    column: Column,
    value: fn(&ExecutionResult) -> String,
    text: fn(&ExecutionResult, &Clock) -> String,
) -> Named {
    Named {
        name,
        column,
        value,
        text: Some(text),
    }
}

impl Named {
    /// Every column.
    pub(super) fn all() -> &'static [Self] {
        &ALL
    }

    /// The cell in CSV.
    pub(super) fn value(&self, record: &ExecutionResult) -> String {
        (self.value)(record)
    }

    /// The cell in a table.
    pub(super) fn text(&self, record: &ExecutionResult, clock: &Clock) -> String {
        match self.text {
            Some(text) => text(record, clock),
            None => (self.value)(record),
        }
    }
}

impl FromStr for Named {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = ALL.iter().find(|column| column.name == name);
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|column| column.name).collect();
            format!("there is no such column; there are {}", names.join(", "))
        })
    }
}

/// A time with its zone.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;

    #[test]
    fn the_help_names_every_column() {
        let command = super::super::List::augment_args(Command::new("list"));
        let mut arguments = command.get_arguments();
        let columns = arguments.find(|one| one.get_id() == "columns").unwrap();
        let help = columns.get_help().unwrap().to_string();
        let names: Vec<&str> = ALL.iter().map(|column| column.name).collect();
        let listed = format!("joined by commas: {}", names.join(", "));
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.ends_with(&listed), "{help}");
    }
}
