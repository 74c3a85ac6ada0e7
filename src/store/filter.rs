//! Which executions a list holds.

use super::commit::type_name;
use super::indexed::indexed;
use super::statement::Statement;
use crate::model::ExecutionFilter;

/// Adds what must hold to a `WHERE` that has a condition already.
pub(super) fn push_filter(query: &mut Statement, filter: &ExecutionFilter) {
    if let Some(status) = filter.status {
        query.push(" AND status = ?").bind(status.as_str());
    }
    if let Some(kind) = filter.r#type {
        query.push(" AND type = ?").bind(type_name(kind));
    }
    // A bare file name finds the playbook or inventory in whatever folder it lies.
    let paths = [
        (
            " AND playbook = ?",
            " AND playbook_name = ?",
            &filter.playbook,
        ),
        (
            " AND inventory = ?",
            " AND inventory_name = ?",
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
        (" AND username = ?", &filter.user),
        (" AND controller = ?", &filter.controller),
        (
            " AND id IN (SELECT execution FROM execution_hosts WHERE name = ?)",
            &filter.host,
        ),
        (
            " AND id IN (SELECT execution FROM execution_labels WHERE label = ?)",
            &filter.label,
        ),
    ];
    for (condition, value) in columns {
        if let Some(value) = value {
            query.push(condition).bind(indexed(value));
        }
    }
    if let Some(changed) = filter.changed {
        query.push(" AND changed = ?").bind(changed);
    }
    if let Some(reason) = filter.reason {
        query.push(" AND reason = ?").bind(reason.as_str());
    }
    if let Some(pinned) = filter.pinned {
        query.push(if pinned {
            " AND uuid IN (SELECT uuid FROM execution_pins)"
        } else {
            " AND uuid NOT IN (SELECT uuid FROM execution_pins)"
        });
    }
    if let Some(from_us) = filter.from_us {
        query.push(" AND started_us >= ?").bind(from_us);
    }
    if let Some(to_us) = filter.to_us {
        query.push(" AND started_us <= ?").bind(to_us);
    }
    if let Some(min_us) = filter.min_duration_us {
        query.push(" AND duration_us >= ?").bind(min_us);
    }
    if let Some(q) = &filter.q {
        // Not with a backslash: databases disagree about one in a text.
        let escaped = q
            .to_lowercase()
            .replace('!', "!!")
            .replace('%', "!%")
            .replace('_', "!_");
        query
            .push(" AND search LIKE ? ESCAPE '!'")
            .bind(&format!("%{escaped}%"));
    }
}
