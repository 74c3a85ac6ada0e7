//! The tables of the history: for each its columns, what is bound to them and what is read back, in one place.
//!
//! - [`table`]: rows in bulk
//! - [`executions`], and what belongs to one: [`blocks`] of its log, what is made of these ([`hosts`], [`labels`],
//!   [`plays`], [`tasks`], [`results`]), [`launches`]
//! - [`CHILDREN`]: what goes with an execution

pub(super) mod blocks;
pub(super) mod executions;
pub(super) mod hosts;
pub(super) mod labels;
pub(super) mod launches;
pub(super) mod plays;
pub(super) mod results;
pub(super) mod table;
pub(super) mod tasks;

use uuid::Uuid;

use super::StoreError;
use super::pool::Transaction;
use crate::model::ExecutionKey;

/// A table whose rows belong to an execution.
struct Child {
    name: &'static str,
    key: Key,
    role: Role,
}

/// By which column they belong to it.
#[derive(PartialEq, Eq)]
enum Key {
    Execution,
    Uuid,
}

/// What they are to it.
#[derive(PartialEq, Eq)]
enum Role {
    /// Its log.
    Log,
    /// Made of its log. `found`: it is found by them, so that they go with its row; else they may be many, and are
    /// deleted in steps.
    Projected { found: bool },
    /// Said of it from outside. `found`: as above.
    Beside { found: bool },
}

/// Every table whose rows belong to an execution: a new one is deleted, rebuilt and swept away because it stands here.
const CHILDREN: [Child; 8] = [
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
        "execution_labels",
        Key::Execution,
        Role::Projected { found: true },
    ),
    // An execution that is pinned is not deleted but for another copy of it.
    Child::new("execution_pins", Key::Uuid, Role::Beside { found: false }),
    Child::new("launches", Key::Uuid, Role::Beside { found: true }),
];

impl Child {
    const fn new(name: &'static str, key: Key, role: Role) -> Self {
        Self { name, key, role }
    }

    /// Deletes an execution's rows; how many there were. The execution's own row is still there.
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

/// Deletes all that belongs to an execution, and its row.
pub(super) async fn delete_all(
    transaction: &mut Transaction,
    key: ExecutionKey,
) -> Result<(), StoreError> {
    for child in &CHILDREN {
        child.delete(transaction, key).await?;
    }
    let mut delete = transaction.query("DELETE FROM executions WHERE id = ?");
    delete.bind(key).execute_in(transaction).await?;
    Ok(())
}

/// Deletes all that is made of an execution's log.
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

/// Deletes the rows by which an execution is found, whose own row is gone.
pub(super) async fn delete_found(
    transaction: &mut Transaction,
    key: ExecutionKey,
    id: Uuid,
) -> Result<(), StoreError> {
    for child in &CHILDREN {
        let found = match child.role {
            Role::Projected { found } | Role::Beside { found } => found,
            Role::Log => false,
        };
        if !found {
            continue;
        }
        let mut delete = transaction.query("DELETE FROM ");
        delete.push(child.name);
        match child.key {
            Key::Execution => delete.push(" WHERE execution = ?").bind(key),
            Key::Uuid => delete.push(" WHERE uuid = ?").bind(id),
        };
        delete.execute_in(transaction).await?;
    }
    Ok(())
}

/// Deletes what is left of an execution whose row is gone, but for its log; how many rows there were.
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
