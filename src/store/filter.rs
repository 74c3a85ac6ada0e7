//! Turns filter conditions into SQL. The meaning of each filter is defined in `filter`; this module can translate any
//! such condition.

use super::dialect::escaped;
use super::guide::Choice;
use super::statement::Statement;
use crate::filter::{Column, Comparison, Condition, ExecutionFilter, IdDigits, Pattern, Value};

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

    /// The table, and its join with the executions.
    fn tables(self) -> (&'static str, &'static str) {
        match self {
            Self::Executions => (" FROM executions e", ""),
            Self::Host => (
                " FROM execution_hosts x ",
                "JOIN executions e ON e.id = x.execution",
            ),
            Self::Label => (
                " FROM execution_labels x ",
                "JOIN executions e ON e.id = x.execution",
            ),
        }
    }

    pub(super) fn push_from(self, query: &mut Statement) {
        let (table, join) = self.tables();
        query.push(table).push(join);
    }

    /// As [`Source::push_from`], for a page in the list's order; `is_later`: not for the first page.
    pub(super) fn push_from_in_order(
        self,
        query: &mut Statement,
        filter: &ExecutionFilter,
        is_later: bool,
    ) {
        let is_dated = is_later || filter.from_us.is_some() || filter.to_us.is_some();
        let mut conditions = filter.conditions();
        conditions.retain(
            |one| !matches!(one, Condition::Column { column, .. } if column.name == "started_us"),
        );
        // One condition with an index in the list's order leaves a database no choice.
        let is_clear = match (self, conditions.as_slice()) {
            (_, []) => true,
            (Self::Executions, [Condition::Column { .. }]) => !is_dated,
            (Self::Executions, _) => false,
            (_, [Condition::Label(_) | Condition::Host { changed: None, .. }]) => true,
            (_, _) => false,
        };
        let (table, join) = self.tables();
        query.push(table);
        if !is_clear {
            query.guided(match self {
                Self::Executions => Choice::Index,
                Self::Host | Self::Label => Choice::Order,
            });
        }
        query.push(join);
        if self == Self::Executions {
            query.push(query.engine().not_by_folder());
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

/// With more conditions than this, databases are kept from making a join of each `EXISTS`: PostgreSQL plans the order of
/// 100 joins for two seconds.
const MOST_JOINED: usize = 8;

/// Adds a filter's conditions to a `WHERE` that already has one.
pub(super) fn push_filter(query: &mut Statement, filter: &ExecutionFilter, source: Source) {
    let (own, queried) = filter.parted_conditions();
    if !queried.is_empty() {
        // Hardly two queries have the same form.
        query.rarely();
    }
    for condition in &own {
        query.push(" AND ");
        push_condition(query, condition, source);
    }
    // The source finds the hosts and labels of the fields; a query may name others.
    let end = match queried.len() > MOST_JOINED {
        true => ") IS TRUE",
        false => ")",
    };
    for condition in &queried {
        query.push(" AND (");
        push_condition(query, condition, Source::Executions);
        query.push(end);
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
        Condition::Glob { column, glob } => {
            query.engine().push_glob(query, "e.", column.name, glob);
        }
        Condition::Host { names, changed } => push_host(query, names, *changed, source),
        Condition::Id(digits) => {
            query.push("(");
            push_id_begins(query, *digits);
            if digits.end().is_some() {
                query.push(" OR ");
                push_id_ends(query, *digits);
            }
            query.push(")");
        }
        Condition::Label(label) => match source {
            Source::Label => push_pattern(query, "x.", "label", label),
            _ => {
                query.push("EXISTS (SELECT 1 FROM execution_labels WHERE ");
                push_pattern(query, "", "label", label);
                query.push(" AND execution = e.id)");
            }
        },
        Condition::Pinned(true) => {
            query.push("e.uuid IN (SELECT uuid FROM execution_pins)");
        }
        Condition::Pinned(false) => {
            query.push("e.uuid NOT IN (SELECT uuid FROM execution_pins)");
        }
        Condition::Holds(text) => {
            query
                .push("e.search LIKE ? ESCAPE '!'")
                .bind(&format!("%{}%", escaped(text)));
        }
        Condition::All(all) => push_joined(query, all, " AND ", "1 = 1", source),
        Condition::Any(any) => push_joined(query, any, " OR ", "1 = 0", source),
        Condition::Not(condition) => {
            // A comparison with NULL is neither true nor false, and its negation is to be true.
            query.push("((");
            push_condition(query, condition, source);
            query.push(") IS NOT TRUE)");
        }
    }
}

/// Adds a condition that an execution's id begins with these digits.
pub(super) fn push_id_begins(query: &mut Statement, digits: IdDigits) {
    let (first, last) = digits.range();
    query
        .push("e.uuid >= ? AND e.uuid <= ?")
        .bind(first)
        .bind(last);
}

/// Adds a condition that an execution's id ends with these digits, in parentheses; nothing does if they are too few for
/// an end. The index has the last three bytes.
pub(super) fn push_id_ends(query: &mut Statement, digits: IdDigits) {
    let Some(end) = digits.end() else {
        query.push("(1 = 0)");
        return;
    };
    let engine = query.engine();
    query.push("(").push(engine.id_end()).push(" = ?");
    query.bind(end.as_slice());
    if !digits.is_short() {
        query.push(" AND ").push(engine.id_digits()).push(" LIKE ?");
        query.bind(&format!("%{digits}"));
    }
    query.push(")");
}

/// Writes several conditions in parentheses; `none` is the meaning of no condition.
fn push_joined(
    query: &mut Statement,
    conditions: &[Condition],
    join: &'static str,
    none: &'static str,
    source: Source,
) {
    if conditions.is_empty() {
        query.push(none);
        return;
    }
    for (at, condition) in conditions.iter().enumerate() {
        query.push(if at == 0 { "((" } else { join });
        query.push(if at == 0 { "" } else { "(" });
        push_condition(query, condition, source);
        query.push(")");
    }
    query.push(")");
}

/// Compares a column with a text or a pattern.
fn push_pattern(
    query: &mut Statement,
    table: &'static str,
    column: &'static str,
    pattern: &Pattern,
) {
    match pattern {
        Pattern::Exact(text) => {
            query.push(table).push(column).push(" = ?").bind(text);
        }
        Pattern::Glob(glob) => query.engine().push_glob(query, table, column, glob),
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
fn push_host(query: &mut Statement, names: &[Pattern], changed: Option<bool>, source: Source) {
    let (table, end) = match source {
        Source::Host => ("x.", ""),
        _ => {
            query.push("EXISTS (SELECT 1 FROM execution_hosts WHERE ");
            ("", " AND execution = e.id)")
        }
    };
    match names {
        [name] => push_pattern(query, table, "name", name),
        names => {
            for (at, name) in names.iter().enumerate() {
                query.push(if at == 0 { "(" } else { " OR " });
                push_pattern(query, table, "name", name);
            }
            query.push(if names.is_empty() { "1 = 0" } else { ")" });
        }
    }
    match changed {
        None => {}
        Some(true) => {
            query
                .push(" AND ")
                .push(table)
                .push("changed > 0 AND e.changed = ?");
            query.bind(true);
        }
        Some(false) => {
            query
                .push(" AND (")
                .push(table)
                .push("changed = 0 OR e.changed = ?)");
            query.bind(false);
        }
    }
    query.push(end);
}
