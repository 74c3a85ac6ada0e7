//! The history's tables: for each its columns, and how they are bound and read, in one place.
//!
//! - [`table`]: rows in bulk
//! - [`executions`], and the tables that belong to one: [`blocks`] of its log, the rows projected from it ([`hosts`],
//!   [`labels`], [`plays`], [`tasks`], [`results`], [`fingerprints`], [`facts`]), [`launches`]
//! - [`CHILDREN`]: the tables whose rows belong to an execution

pub(super) mod blocks;
pub(super) mod executions;
pub(super) mod facts;
pub(super) mod fingerprints;
pub(super) mod hosts;
pub(super) mod labels;
pub(super) mod launches;
pub(super) mod plays;
pub(super) mod results;
pub(super) mod table;
pub(super) mod tasks;

use super::StoreError;
use super::notifications::forget_deleted;
use super::pool::Transaction;
use crate::model::ExecutionKey;

/// A table whose rows belong to an execution.
struct Child {
    name: &'static str,
    key: Key,
    role: Role,
}

/// The column that refers to the execution.
#[derive(PartialEq, Eq)]
enum Key {
    Execution,
    Uuid,
}

/// The role of the rows.
#[derive(PartialEq, Eq)]
enum Role {
    /// Its log.
    Log,
    /// Projected from its log. `found`: the execution is found by them, so they are deleted with its row; otherwise
    /// they are swept away later.
    Projected { found: bool },
    /// Data from outside the log. `found`: as above.
    Beside { found: bool },
}

/// Every table whose rows belong to an execution. Rows of a table in this list are deleted with it, and cleared before a
/// rebuild, without more code. Writing them is in `commit`, copying in `copy`, and a table of very many rows needs a step
/// of its own in `retention::sweep_one`.
const CHILDREN: [Child; 16] = [
    Child::new("event_blocks", Key::Execution, Role::Log),
    Child::new("results", Key::Execution, Role::Projected { found: false }),
    Child::new("tasks", Key::Execution, Role::Projected { found: false }),
    Child::new("plays", Key::Execution, Role::Projected { found: false }),
    Child::new(
        "execution_hosts",
        Key::Execution,
        Role::Projected { found: false },
    ),
    Child::new(
        "host_facts",
        Key::Execution,
        Role::Projected { found: false },
    ),
    Child::new(
        "execution_labels",
        Key::Execution,
        Role::Projected { found: true },
    ),
    Child::new(
        "fingerprints",
        Key::Execution,
        Role::Projected { found: true },
    ),
    Child::new(
        "search_pending",
        Key::Execution,
        Role::Projected { found: true },
    ),
    Child::new("traces", Key::Execution, Role::Beside { found: true }),
    // Notifications about it say who ran what, and why it failed.
    Child::new(
        "notification_outbox",
        Key::Execution,
        Role::Beside { found: true },
    ),
    Child::new(
        "notification_events",
        Key::Execution,
        Role::Beside { found: true },
    ),
    Child::new(
        "notification_deliveries",
        Key::Execution,
        Role::Beside { found: true },
    ),
    Child::new(
        "notification_attempts",
        Key::Execution,
        Role::Beside { found: true },
    ),
    // A pinned execution is only deleted to replace it by another copy.
    Child::new("execution_pins", Key::Uuid, Role::Beside { found: false }),
    Child::new("launches", Key::Uuid, Role::Beside { found: true }),
];

impl Child {
    const fn new(name: &'static str, key: Key, role: Role) -> Self {
        Self { name, key, role }
    }

    /// Deletes an execution's rows; returns how many. The execution's own row still exists.
    async fn delete(
        &self,
        transaction: &mut Transaction,
        key: ExecutionKey,
    ) -> Result<u64, sqlx::Error> {
        let mut delete = transaction.query("DELETE FROM ");
        delete.push(self.name).push(match self.key {
            Key::Execution => " WHERE execution = ?",
            Key::Uuid => " WHERE uuid = (SELECT uuid FROM executions WHERE id = ?)",
        });
        delete.bind(key).execute_in(transaction).await
    }
}

/// Deletes an execution's row, and everything that belongs to it.
pub(super) async fn delete_all(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    forget_deleted(transaction, key).await?;
    for child in &CHILDREN {
        child.delete(transaction, key).await?;
    }
    let mut delete = transaction.query("DELETE FROM executions WHERE id = ?");
    delete.bind(key).execute_in(transaction).await?;
    Ok(())
}

/// Deletes everything projected from an execution's log.
pub(super) async fn delete_projected(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    let is_projected = |child: &&Child| matches!(child.role, Role::Projected { .. });
    for child in CHILDREN.iter().filter(is_projected) {
        child.delete(transaction, key).await?;
    }
    Ok(())
}

/// Deletes the rows by which an execution is found, before its own row.
pub(super) async fn delete_found(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    forget_deleted(transaction, key).await?;
    let is_found = |child: &&Child| {
        matches!(
            child.role,
            Role::Projected { found: true } | Role::Beside { found: true }
        )
    };
    for child in CHILDREN.iter().filter(is_found) {
        child.delete(transaction, key).await?;
    }
    Ok(())
}

/// Deletes the remaining rows of an execution whose row is gone, except its log; returns how many.
pub(super) async fn delete_left(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for child in CHILDREN
        .iter()
        .filter(|child| child.role == (Role::Projected { found: false }))
    {
        deleted += child.delete(transaction, key).await?;
    }
    Ok(deleted)
}
