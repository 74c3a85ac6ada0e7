//! Query plans: for finding out why a statement is slow, and for the tests which ensure that no list, filter or page
//! reads a whole table.
//!
//! The very statement that runs is explained, with its values, right before it runs: not a copy that may be outdated.

use std::cell::RefCell;

use super::StoreError;
use super::pool::{Row, Session};
use super::statement::Statement;

/// The plan of one statement.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The statement, with a `?` for each value.
    pub statement: String,
    /// The database's description, one step each: lines of `EXPLAIN QUERY PLAN` (SQLite) and of `EXPLAIN` (PostgreSQL),
    /// and `table type key ref Extra` of `EXPLAIN` (MySQL), with `-` for nothing.
    pub steps: Vec<String>,
}

tokio::task_local! {
    /// The plans collected for this task; not set if they are not wanted.
    static PLANS: RefCell<Vec<Plan>>;
}

/// Runs some work with a store, and returns the plan of each of its statements, in order. It takes about twice as long
/// as the work alone.
pub async fn explained<W: Future>(work: W) -> (W::Output, Vec<Plan>) {
    PLANS
        .scope(RefCell::default(), async {
            let done = work.await;
            (done, PLANS.with(RefCell::take))
        })
        .await
}

/// Collects the plan of a statement that is about to run, if plans are wanted.
pub(super) async fn note(
    statement: &Statement,
    session: &mut Session<'_>,
) -> Result<(), sqlx::Error> {
    if PLANS.try_with(|_| ()).is_err() {
        return Ok(());
    }
    // Boxed, so that ordinary statements do not carry the size of this future.
    let (statement, rows) = Box::pin(statement.account(session.reborrow())).await?;
    let steps: Result<Vec<String>, StoreError> = rows.iter().map(step).collect();
    let steps = steps.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    PLANS.with(|plans| plans.borrow_mut().push(Plan { statement, steps }));
    Ok(())
}

fn step(row: &Row) -> Result<String, StoreError> {
    let mut words = Vec::new();
    for column in row.engine().explained() {
        let word: Option<String> = row.get(column)?;
        words.push(word.unwrap_or_else(|| "-".to_owned()));
    }
    Ok(words.join(" "))
}
