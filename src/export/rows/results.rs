//! Results of executions.

use std::collections::BTreeMap;

use super::{ROWS, Rows, of_runs};
use crate::export::ExportError;
use crate::export::runs::{Run, Runs};
use crate::export::tables::ResultOfRun;
use crate::failure::Message;
use crate::history::explain::{self, SampleRequest};
use crate::model::ResultFlags;
use crate::store::{PlacedResult, RowFilter, Store};

/// Results of executions.
pub(in crate::export) struct ResultRows {
    store: Store,
    runs: Runs,
    filter: RowFilter,
    /// Whether the messages of failures are wanted: these are read from the log.
    has_messages: bool,
    /// An execution of which only some results were passed on, and the sequence number of the last of these.
    large: Option<(Run, u64)>,
}

impl ResultRows {
    pub(in crate::export) fn new(
        store: Store,
        runs: Runs,
        filter: RowFilter,
        has_messages: bool,
    ) -> Self {
        Self {
            store,
            runs,
            filter,
            has_messages,
            large: None,
        }
    }

    /// The next results of a large execution.
    async fn more(&mut self, run: Run, after: u64) -> Result<Vec<ResultOfRun>, ExportError> {
        let (store, filter) = (&self.store, &self.filter);
        let found = store.results_of(&[run.0], filter, after, ROWS).await?;
        let results: Vec<PlacedResult> = found.into_iter().map(|(_, result)| result).collect();
        let is_last = results.len() < ROWS as usize;
        if is_last && !self.is_there(&run).await? {
            return Err(ExportError::Vanished(run.1.id));
        }
        let last = results.last().map(|result| result.entry.row.seq);
        let rows = self.with_messages(&run, results).await?;
        self.large = last.filter(|_| !is_last).map(|last| (run, last));
        Ok(rows)
    }

    async fn is_there(&self, run: &Run) -> Result<bool, ExportError> {
        Ok(self.store.execution(run.1.id).await?.is_some())
    }

    /// The results with what failed ones said.
    async fn with_messages(
        &self,
        run: &Run,
        results: Vec<PlacedResult>,
    ) -> Result<Vec<ResultOfRun>, ExportError> {
        let mut messages = match self.has_messages {
            true => messages(&self.store, run, &results).await?,
            false => BTreeMap::new(),
        };
        let rows = results.into_iter().map(|result| ResultOfRun {
            run: run.1.clone(),
            message: messages
                .remove(&result.entry.row.seq)
                .map(|message| message.text),
            result,
        });
        Ok(rows.collect())
    }
}

/// The messages of the failed ones among these results.
pub(in crate::export) async fn messages(
    store: &Store,
    run: &Run,
    results: &[PlacedResult],
) -> Result<BTreeMap<u64, Message>, ExportError> {
    if run.1.log.is_removed() {
        return Ok(BTreeMap::new());
    }
    let failed = results
        .iter()
        .map(|result| &result.entry)
        .filter(|entry| entry.row.status.is_failure());
    let wanted = failed.map(|entry| SampleRequest {
        seq: entry.row.seq,
        task: entry.row.task,
        host: entry.host.clone(),
        is_loop: entry.row.flags.has(ResultFlags::LOOP),
    });
    Ok(explain::messages(store, run.0, wanted).await?)
}

impl Rows for ResultRows {
    type Row = ResultOfRun;

    async fn next(&mut self) -> Result<Option<Vec<ResultOfRun>>, ExportError> {
        if let Some((run, after)) = self.large.take() {
            return Ok(Some(self.more(run, after).await?));
        }
        let pending = self.runs.pending().await?;
        // As many executions as have few results together; a running one may have more by now.
        let mut results = 0;
        let fitting = pending.iter().take_while(|(_, run)| {
            results += run.results;
            results <= u64::from(ROWS)
        });
        let mut count = fitting.count().max(1).min(pending.len());
        if count == 0 {
            return Ok(None);
        }
        let keys: Vec<_> = pending.iter().take(count).map(|(key, _)| *key).collect();
        let (store, filter) = (&self.store, &self.filter);
        let mut found = store.results_of(&keys, filter, 0, ROWS + 1).await?;
        if found.len() > ROWS as usize && count > 1 {
            count = 1;
            found = store.results_of(&keys[..1], filter, 0, ROWS + 1).await?;
        }
        let is_large = found.len() > ROWS as usize;
        let mut rows = Vec::with_capacity(found.len());
        let seq = |result: &PlacedResult| result.entry.row.seq;
        for (run, results) in of_runs(self.runs.take(count), found, seq) {
            let last = results.last().map(|result| result.entry.row.seq);
            let of_run = self.with_messages(&run, results).await?;
            if is_large {
                self.large = last.map(|last| (run, last));
            } else if of_run.iter().any(|row| row.message.is_some()) && !self.is_there(&run).await?
            {
                // It was deleted while its messages were read.
                continue;
            }
            rows.extend(of_run);
        }
        Ok(Some(rows))
    }
}
