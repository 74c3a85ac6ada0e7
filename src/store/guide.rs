//! Helps MariaDB and MySQL to find the executions of a list.
//!
//! Both often compare `playbook_name = ?` with the index that has `playbook_name` and `started_us`, and leave the start
//! time to a look at each row: a page in the middle of a large history takes seconds then, because every newer run of the
//! playbook is read. With one index to choose from, they find the start time in it, too. Which index is best is their own
//! estimate; so they are asked for it first, which takes one way to the server.
//!
//! In a join from hosts or labels, they may read and sort all executions of a common user to find 50 of a common host.
//! The order of the host's runs is given to them, unless few executions are to be read the other way.

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

/// A list may sort so many executions, by the database's estimate: reading these takes less than a tenth of a second.
const FEW: u64 = 2_000;

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
    match choice {
        Choice::Index => {
            if let Some(name) = steps.iter().find_map(sought_by) {
                statement.insert(at, &[" FORCE INDEX (", name, ")"]);
            }
        }
        Choice::Order => {
            if steps.first().is_some_and(sorts_many) {
                statement.insert(at, &["STRAIGHT_"]);
            }
        }
    }
    Ok(())
}

/// The index of executions in which a step looks for a value, and not for the start time.
fn sought_by(step: &Row) -> Option<&'static str> {
    if word(step, "table")? != "e" || word(step, "type")? != "ref" {
        return None;
    }
    let key = word(step, "key")?;
    INDEXES.into_iter().find(|name| *name == key)
}

/// Whether a step, the first of a join, reads many executions, which are sorted later.
fn sorts_many(step: &Row) -> bool {
    let begins_with_executions = word(step, "table").is_some_and(|table| table == "e");
    begins_with_executions && step.estimate().is_some_and(|rows| rows > FEW)
}

fn word(step: &Row, column: &'static str) -> Option<String> {
    step.get::<Option<String>>(column).ok().flatten()
}
