//! Which executions a list holds.

use super::indexed::indexed;
use super::statement::Statement;
use super::tables::executions::type_name;
use crate::model::ExecutionFilter;

/// What a list reads its executions from. A host's and a label's executions stand in an index of their own in
/// the list's order; `e` are the executions, whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Executions,
    Host,
    Label,
}

impl Source {
    /// Where to find what the filter asks for, in order.
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

    /// Where in the list it begins or ends, with a bound time.
    fn started(self, first: bool) -> &'static str {
        match (self, first) {
            (Self::Executions, true) => " AND e.started_us >= ?",
            (Self::Executions, false) => " AND e.started_us <= ?",
            (_, true) => " AND x.started_us >= ?",
            (_, false) => " AND x.started_us <= ?",
        }
    }

    /// What comes after an entry: its time twice, and its key. Every database sees in this form where in an
    /// index that is.
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

/// A text as it stands in what is searched.
pub(super) fn searched(q: &str) -> String {
    q.to_lowercase().replace('\0', "\u{fffd}")
}

/// Adds what must hold to a `WHERE` that has a condition already.
pub(super) fn push_filter(query: &mut Statement, filter: &ExecutionFilter) {
    let source = Source::of(filter);
    if let Some(status) = filter.status {
        // Written out, so that partial indexes of failures are seen to fit.
        query
            .push(" AND e.status = '")
            .push(status.as_str())
            .push("'");
    }
    if let Some(kind) = filter.r#type {
        query.push(" AND e.type = ?").bind(type_name(kind));
    }
    // A bare file name finds the playbook or inventory in whatever folder it lies.
    let paths = [
        (
            " AND e.playbook = ?",
            " AND e.playbook_name = ?",
            &filter.playbook,
        ),
        (
            " AND e.inventory = ?",
            " AND e.inventory_name = ?",
            &filter.inventory,
        ),
    ];
    for (whole, name, value) in paths {
        if let Some(value) = value {
            let condition = if value.contains('/') { whole } else { name };
            query.push(condition).bind(indexed(value));
        }
    }
    let columns = [
        (" AND e.username = ?", &filter.user),
        (" AND e.controller = ?", &filter.controller),
        (" AND x.name = ?", &filter.host),
        (
            match source {
                Source::Label => " AND x.label = ?",
                _ => {
                    " AND EXISTS (SELECT 1 FROM execution_labels l \
                     WHERE l.execution = e.id AND l.label = ?)"
                }
            },
            &filter.label,
        ),
    ];
    for (condition, value) in columns {
        if let Some(value) = value {
            query.push(condition).bind(indexed(value));
        }
    }
    if let Some(changed) = filter.changed {
        query.push(match (source, changed) {
            // The host's own change, and not what happened to others beside it.
            (Source::Host, true) => " AND x.changed > 0 AND e.changed = ?",
            (Source::Host, false) => " AND (x.changed = 0 OR e.changed = ?)",
            _ => " AND e.changed = ?",
        });
        query.bind(changed);
    }
    if let Some(reason) = filter.reason {
        query.push(" AND e.reason = ?").bind(reason.as_str());
    }
    if let Some(pinned) = filter.pinned {
        query.push(if pinned {
            " AND e.uuid IN (SELECT uuid FROM execution_pins)"
        } else {
            " AND e.uuid NOT IN (SELECT uuid FROM execution_pins)"
        });
    }
    if let Some(from_us) = filter.from_us {
        query.push(source.started(true)).bind(from_us);
    }
    if let Some(to_us) = filter.to_us {
        query.push(source.started(false)).bind(to_us);
    }
    if let Some(min_us) = filter.min_duration_us {
        query.push(" AND e.duration_us >= ?").bind(min_us);
    }
    if let Some(q) = &filter.q {
        // Not with a backslash: databases disagree about one in a text.
        let escaped = searched(q)
            .replace('!', "!!")
            .replace('%', "!%")
            .replace('_', "!_");
        query
            .push(" AND e.search LIKE ? ESCAPE '!'")
            .bind(&format!("%{escaped}%"));
    }
}
