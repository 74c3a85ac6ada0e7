//! How the database goes about statements: for whoever wants to know why one is slow, and for the tests that
//! hold every list, filter and page against the promise that none reads a whole table.
//!
//! What is explained is the very statement that runs, with its values, right before it runs: no copy of a
//! text that may have changed since.

use std::cell::RefCell;

use super::StoreError;
use super::pool::{Row, Session};
use super::statement::Statement;

/// How the database goes about one statement.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The statement, with a `?` for each value.
    pub statement: String,
    /// The database's own words, a step each: lines of `EXPLAIN QUERY PLAN` (SQLite) and of `EXPLAIN`
    /// (PostgreSQL), and `table type key ref Extra` of `EXPLAIN` (MySQL), with `-` for nothing.
    pub steps: Vec<String>,
}

tokio::task_local! {
    /// The plans of what this task does; not set: nobody wants to know.
    static PLANS: RefCell<Vec<Plan>>;
}

/// Does some work with a store, and tells how the database went about each of its statements, in order.
/// It takes about twice as long as the work alone.
pub async fn explained<W: Future>(work: W) -> (W::Output, Vec<Plan>) {
    PLANS
        .scope(RefCell::default(), async {
            let done = work.await;
            (done, PLANS.with(RefCell::take))
        })
        .await
}

/// Notes how the database would go about a statement that is about to run, where somebody wants to know.
pub(super) async fn note(
    statement: &Statement,
    session: &mut Session<'_>,
) -> Result<(), sqlx::Error> {
    if PLANS.try_with(|_| ()).is_err() {
        return Ok(());
    }
    // Apart, so that statements that nobody asks about carry nothing of it along.
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
