//! Turns filter conditions into SQL. The meaning of each filter is defined in `filter`; this module can translate any
//! such condition.

use super::statement::Statement;
use crate::filter::{Column, Comparison, Condition, ExecutionFilter, Value};

/// The table that a list reads from. A host's and a label's executions have an index of their own in the list's order;
/// the executions are always `e`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Executions,
    Host,
    Label,
}

impl Source {
    /// The source that finds the filter's matches in order.
    pub(super) fn of(filter: &ExecutionFilter) -> Self {
        match (&filter.host, &filter.label) {
            (Some(_), _) => Self::Host,
            (None, Some(_)) => Self::Label,
            (None, None) => Self::Executions,
        }
    }

    pub(super) fn from(self) -> &'static str {
        match self {
            Self::Executions => " FROM executions e",
            Self::Host => " FROM execution_hosts x JOIN executions e ON e.id = x.execution",
            Self::Label => " FROM execution_labels x JOIN executions e ON e.id = x.execution",
        }
    }

    /// The table of a column. An execution's start time is also stored with its hosts and labels, for their indexes.
    fn table(self, column: &Column) -> &'static str {
        match self {
            Self::Host | Self::Label if column.name == "started_us" => "x.",
            _ => "e.",
        }
    }

    /// The condition for entries after a cursor: its time twice, and its key. In this form every database finds the
    /// position in the index.
    pub(super) fn after(self, ascending: bool) -> &'static str {
        match (self, ascending) {
            (Self::Executions, true) => " AND e.started_us >= ? AND (e.started_us > ? OR e.id > ?)",
            (Self::Executions, false) => {
                " AND e.started_us <= ? AND (e.started_us < ? OR e.id < ?)"
            }
            (_, true) => " AND x.started_us >= ? AND (x.started_us > ? OR x.execution > ?)",
            (_, false) => " AND x.started_us <= ? AND (x.started_us < ? OR x.execution < ?)",
        }
    }

    pub(super) fn order(self, ascending: bool) -> &'static str {
        match (self, ascending) {
            (Self::Executions, true) => " ORDER BY e.started_us, e.id",
            (Self::Executions, false) => " ORDER BY e.started_us DESC, e.id DESC",
            (_, true) => " ORDER BY x.started_us, x.execution",
            (_, false) => " ORDER BY x.started_us DESC, x.execution DESC",
        }
    }
}

/// Adds a filter's conditions to a `WHERE` that already has one.
pub(super) fn push_filter(query: &mut Statement, filter: &ExecutionFilter, source: Source) {
    for condition in &filter.conditions() {
        query.push(" AND ");
        push_condition(query, condition, source);
    }
}

/// Writes one condition. It can stand beside `AND`; in an `OR`, the caller adds parentheses.
fn push_condition(query: &mut Statement, condition: &Condition, source: Source) {
    match condition {
        Condition::Column {
            column,
            comparison,
            value,
        } => {
            query
                .push(source.table(column))
                .push(column.name)
                .push(match comparison {
                    Comparison::Is => " = ",
                    Comparison::AtLeast => " >= ",
                    Comparison::AtMost => " <= ",
                });
            push_value(query, value);
        }
        Condition::PathEnd {
            path,
            name,
            file,
            end,
        } => {
            query.push("e.").push(name.name).push(" = ?").bind(file);
            query.push(" AND (e.").push(path.name).push(" = ? OR ");
            query.bind(end);
            let folder = format!("/{end}");
            let engine = query.engine();
            engine.push_ends_with(query, "e.", path.name, &folder);
            query.push(")");
        }
        Condition::Host { name, changed } => push_host(query, name, *changed, source),
        Condition::Label(label) => {
            query.push(match source {
                Source::Label => "x.label = ?",
                _ => "EXISTS (SELECT 1 FROM execution_labels WHERE label = ? AND execution = e.id)",
            });
            query.bind(label);
        }
        Condition::Pinned(true) => {
            query.push("e.uuid IN (SELECT uuid FROM execution_pins)");
        }
        Condition::Pinned(false) => {
            query.push("e.uuid NOT IN (SELECT uuid FROM execution_pins)");
        }
        Condition::Holds(text) => {
            // Not a backslash, because databases treat it differently in string literals.
            let escaped = text
                .replace('!', "!!")
                .replace('%', "!%")
                .replace('_', "!_");
            query
                .push("e.search LIKE ? ESCAPE '!'")
                .bind(&format!("%{escaped}%"));
        }
    }
}

fn push_value(query: &mut Statement, value: &Value<'_>) {
    match value {
        Value::Word(word) => query.push("'").push(word).push("'"),
        Value::Text(text) => query.push("?").bind(&**text),
        Value::Integer(number) => query.push("?").bind(*number),
        Value::Flag(flag) => query.push("?").bind(*flag),
    };
}

/// The host's own change, not those of other hosts. A run in check mode changed nothing, whatever was counted.
fn push_host(query: &mut Statement, name: &str, changed: Option<bool>, source: Source) {
    query.push(match (source, changed) {
        (Source::Host, None) => "x.name = ?",
        (Source::Host, Some(true)) => "x.name = ? AND x.changed > 0 AND e.changed = ?",
        (Source::Host, Some(false)) => "x.name = ? AND (x.changed = 0 OR e.changed = ?)",
        (_, None) => "EXISTS (SELECT 1 FROM execution_hosts WHERE name = ? AND execution = e.id)",
        (_, Some(true)) => {
            "EXISTS (SELECT 1 FROM execution_hosts WHERE name = ? AND execution = e.id \
             AND changed > 0 AND e.changed = ?)"
        }
        (_, Some(false)) => {
            "EXISTS (SELECT 1 FROM execution_hosts WHERE name = ? AND execution = e.id \
             AND (changed = 0 OR e.changed = ?))"
        }
    });
    query.bind(name);
    if let Some(changed) = changed {
        query.bind(changed);
    }
}
