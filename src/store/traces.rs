//! The queue of runs whose traces are to be sent: written in the transaction that ends a run.
//!
//! A row stays when its trace was sent, so that a run whose record changes afterwards is not sent again.

use super::pool::Transaction;
use super::tables::executions;
use super::tables::table::{Present, Table};
use super::{Store, StoreError};
use crate::model::{ExecutionKey, ExecutionRow};

const TRACES: Table = Table {
    name: "traces",
    columns: &["execution", "due_us", "attempts", "spans"],
    present: Present::Unchanged,
};

/// A run whose trace is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct DueTrace {
    /// The run.
    pub key: ExecutionKey,
    /// Its record.
    pub row: ExecutionRow,
    /// How often sending it failed.
    pub attempts: u32,
    /// Spans that the receiver has taken already.
    pub spans: u64,
}

/// The outcome of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceOutcome {
    /// The receiver has it.
    Sent,
    /// The receiver does not want it.
    Refused,
    /// The receiver could not be reached for too long.
    GivenUp,
    /// The caller that started the run does not want it traced.
    NotSampled,
}

impl TraceOutcome {
    /// Its name, in the store and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::NotSampled => "not_sampled",
        }
    }
}

/// Queues the traces of these runs, each once.
pub(super) async fn queue(
    transaction: &mut Transaction,
    runs: impl Iterator<Item = ExecutionKey>,
) -> Result<(), StoreError> {
    // In an order that is the same for all collectors.
    let runs: std::collections::BTreeSet<ExecutionKey> = runs.collect();
    let rows: Vec<ExecutionKey> = runs.into_iter().collect();
    TRACES
        .insert(transaction, &rows, |values, key| {
            values.bind(*key).bind(0_i64).bind(0_i64).bind(0_i64);
        })
        .await?;
    Ok(())
}

impl Store {
    /// The same store, which queues the trace of each run that ends from now on.
    #[must_use]
    pub fn queueing_traces(mut self, queues: bool) -> Self {
        self.queues_traces = queues;
        self
    }

    /// The runs whose traces are due at this time, those that have waited longest, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn due_traces(&self, now_us: i64, limit: u32) -> Result<Vec<DueTrace>, StoreError> {
        let mut query = self.query(executions::SELECT);
        query
            .push(
                ", of_one.attempts, of_one.spans FROM \
                 (SELECT execution, attempts, spans FROM traces WHERE due_us <= ? ORDER BY due_us LIMIT ?) of_one \
                 JOIN executions e ON e.id = of_one.execution",
            )
            .bind(now_us)
            .bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                let (key, execution) = executions::read(row)?;
                Ok(DueTrace {
                    key,
                    row: execution,
                    attempts: row.number("attempts")?,
                    spans: row.unsigned("spans")?,
                })
            })
            .collect()
    }

    /// Whether a trace is due at this time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has_due_traces(&self, now_us: i64) -> Result<bool, StoreError> {
        let mut query =
            self.query("SELECT execution FROM traces WHERE due_us <= ? ORDER BY due_us LIMIT 1");
        let found = query.bind(now_us).fetch_optional(&self.read).await?;
        Ok(found.is_some())
    }

    /// How many traces are still to be sent.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pending_traces(&self) -> Result<u64, StoreError> {
        let mut query = self.query("SELECT COUNT(*) AS n FROM traces WHERE due_us IS NOT NULL");
        query.fetch_one(&self.read).await?.unsigned("n")
    }

    /// Sends a trace later; `failed`: because sending it failed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn postpone_trace(
        &self,
        key: ExecutionKey,
        due_us: i64,
        failed: bool,
    ) -> Result<(), StoreError> {
        let mut update =
            self.query("UPDATE traces SET due_us = ?, attempts = attempts + ? WHERE execution = ?");
        update.bind(due_us).bind(i64::from(failed)).bind(key);
        update.execute(&self.write).await?;
        Ok(())
    }

    /// Notes that the receiver has taken this many spans of a trace.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_spans(&self, key: ExecutionKey, spans: u64) -> Result<(), StoreError> {
        let mut update = self.query("UPDATE traces SET spans = ? WHERE execution = ?");
        update.bind(spans).bind(key).execute(&self.write).await?;
        Ok(())
    }

    /// Notes that a trace need not be sent any longer.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_trace(
        &self,
        key: ExecutionKey,
        outcome: TraceOutcome,
    ) -> Result<(), StoreError> {
        let mut update =
            self.query("UPDATE traces SET due_us = NULL, outcome = ? WHERE execution = ?");
        update
            .bind(outcome.as_str())
            .bind(key)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
