//! Helps MariaDB and MySQL to find the executions of a list.
//!
//! Both often compare `playbook_name = ?` with the index that has `playbook_name` and `started_us`, and leave the start
//! time to a look at each row: a page in the middle of a large history takes seconds then, because every newer run of the
//! playbook is read. With one index to choose from, they find the start time in it, too. Which index is best is their own
//! estimate; so they are asked for it first, which takes one way to the server.
//!
//! They may also read and sort all executions with either of two values, or all of a common user to find 50 of a common
//! host. The order of the list, or of the host's runs, is given to them then, unless few executions are to be sorted.

use super::pool::{Row, Session};
use super::statement::Statement;

/// What a statement leaves to the database's estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The index of `executions e`; a hint can be inserted here.
    Index,
    /// Whether a join begins with the table on its left; `JOIN` follows here.
    Order,
}

/// A list may sort so many executions, by the database's estimate, which takes about two tenths of a second: in the order
/// of the list, all of them might come last.
const FEW: u64 = 10_000;

/// As [`FEW`], where the hosts of each execution are read, too.
const FEW_JOINED: u64 = 2_000;

/// The indexes of executions with one column, and the start time behind it.
const INDEXES: [&str; 11] = [
    "executions_status",
    "executions_type",
    "executions_playbook",
    "executions_playbook_name",
    "executions_inventory",
    "executions_inventory_name",
    "executions_user",
    "executions_controller",
    "executions_reason",
    "executions_changed",
    "executions_schedule",
];

/// Asks the database for its plan, and inserts the hint that improves it.
pub(super) async fn guide(
    statement: &mut Statement,
    session: &mut Session<'_>,
) -> Result<(), sqlx::Error> {
    let Some((at, choice)) = statement.take_choice() else {
        return Ok(());
    };
    // Boxed, so that ordinary statements do not carry the size of this future.
    let (_, steps) = Box::pin(statement.account(session.reborrow())).await?;
    let few = match choice {
        Choice::Index => FEW,
        Choice::Order => FEW_JOINED,
    };
    let sorts_many = steps.first().is_some_and(|first| sorts_more(first, few));
    match choice {
        Choice::Index => {
            let in_order = sorts_many.then_some("executions_started");
            if let Some(name) = in_order.or_else(|| steps.iter().find_map(sought_by)) {
                statement.insert(at, &[" FORCE INDEX (", name, ")"]);
            }
        }
        Choice::Order if sorts_many => statement.insert(at, &["STRAIGHT_"]),
        Choice::Order => {}
    }
    Ok(())
}

/// The index of executions in which a step looks for a value, and perhaps not for the start time.
fn sought_by(step: &Row) -> Option<&'static str> {
    if word(step, "table")? != "e" || word(step, "type")? != "ref" {
        return None;
    }
    let key = word(step, "key")?;
    INDEXES.into_iter().find(|name| *name == key)
}

/// Whether a step, the first of a statement, reads more executions than `few`, and sorts what it found.
fn sorts_more(step: &Row, few: u64) -> bool {
    let of_executions = word(step, "table").is_some_and(|table| table == "e");
    let sorts = word(step, "Extra").is_some_and(|extra| extra.contains("filesort"));
    of_executions && sorts && step.estimate().is_some_and(|rows| rows > few)
}

fn word(step: &Row, column: &'static str) -> Option<String> {
    step.get::<Option<String>>(column).ok().flatten()
}
