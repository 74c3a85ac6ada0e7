//! Records: one, and a page of the list.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use playback_wire::HostStats;
use uuid::Uuid;

use super::costs::add_cost;
use super::recaps::RecapReader;
use super::{Fields, FoundRuns, HistoryError, SearchCursor, tails};
use crate::model::{
    Costing, Cursor, DurationCursor, DurationPage, ExecutionFilter, ExecutionKey, ExecutionResult,
    ExecutionRow, HostsByOutcome, Page, Pin, Pinned,
};
use crate::store::{Recaps, Store, StoreError};

/// One execution's record, without output. Data that none of these fields needs is not read.
///
/// # Errors
/// The store failed.
pub async fn record(
    store: &Store,
    key: ExecutionKey,
    row: ExecutionRow,
    fields: &Fields,
) -> Result<ExecutionResult, StoreError> {
    let keys: &[ExecutionKey] = if fields.has_stats() { &[key] } else { &[] };
    let ids: &[Uuid] = if fields.has("pinned") { &[row.id] } else { &[] };
    let counted: &[ExecutionKey] = if fields.has_outcomes_alone() {
        &[key]
    } else {
        &[]
    };
    let (mut recaps, mut pins, counts) = tokio::try_join!(
        store.stats(keys),
        store.pins(ids),
        store.hosts_by_outcome(counted)
    )?;
    let recap = recaps.remove(&key).unwrap_or_default();
    Ok(assembled(row, recap, counts.get(&key), &mut pins))
}

fn assembled(
    row: ExecutionRow,
    recap: BTreeMap<String, HostStats>,
    counts: Option<&HostsByOutcome>,
    pins: &mut HashMap<Uuid, Pin>,
) -> ExecutionResult {
    let mut record = row.into_result(recap);
    if let Some(counts) = counts {
        record.hosts_by_outcome = *counts;
    }
    record.pinned = pins.remove(&record.id).map(Pinned::from);
    record
}

/// Finds a page of executions. Running ones carry their last lines; the others have no output.
///
/// # Errors
/// The store failed.
pub async fn page(
    store: &Store,
    filter: &ExecutionFilter,
    page: &Page,
    fields: Fields,
) -> Result<RecordPage, HistoryError> {
    let limit = page.limit;
    // One more than requested shows whether there is a next page.
    let page = Page {
        limit: limit.saturating_add(1),
        ..page.clone()
    };
    let mut rows = store.executions(filter, &page).await?;
    let next = cut(&mut rows, limit, |last| Cursor::of(last).encode());
    of_rows(store, rows, next, fields).await
}

/// Finds a page of the executions that are over, by their duration.
///
/// # Errors
/// The store failed.
pub async fn page_by_duration(
    store: &Store,
    filter: &ExecutionFilter,
    page: &DurationPage,
    fields: Fields,
) -> Result<RecordPage, HistoryError> {
    let limit = page.limit;
    let page = DurationPage {
        limit: limit.saturating_add(1),
        ..page.clone()
    };
    let mut rows = store.executions_by_duration(filter, &page).await?;
    let next = cut(&mut rows, limit, |last| DurationCursor::of(last).encode());
    of_rows(store, rows, next, fields).await
}

/// The page of the executions that a search found.
///
/// # Errors
/// The store failed.
pub async fn page_of_found(
    store: &Store,
    found: FoundRuns,
    fields: Fields,
) -> Result<RecordPage, HistoryError> {
    let next = found.next.map(SearchCursor::encode);
    let page = of_rows(store, found.rows, next, fields).await?;
    Ok(RecordPage {
        searched_back_to: found.searched_back_to,
        ..page
    })
}

/// Cuts rows to a page. One more than its limit shows that there is a next one, whose cursor is returned.
fn cut(
    rows: &mut Vec<(ExecutionKey, ExecutionRow)>,
    limit: u32,
    cursor: impl FnOnce(&(ExecutionKey, ExecutionRow)) -> String,
) -> Option<String> {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(cursor)
}

/// A page of these rows, with the next one's cursor.
async fn of_rows(
    store: &Store,
    rows: Vec<(ExecutionKey, ExecutionRow)>,
    next: Option<String>,
    fields: Fields,
) -> Result<RecordPage, HistoryError> {
    let tails = match fields.has("output") {
        true => tails(store, &rows).await?,
        false => HashMap::new(),
    };
    let ids: Vec<Uuid> = match fields.has("pinned") {
        true => rows.iter().map(|(_, row)| row.id).collect(),
        false => Vec::new(),
    };
    let counted: Vec<ExecutionKey> = match fields.has_outcomes_alone() {
        true => rows.iter().map(|(key, _)| *key).collect(),
        false => Vec::new(),
    };
    Ok(RecordPage {
        pins: store.pins(&ids).await?,
        hosts_by_outcome: store.hosts_by_outcome(&counted).await?,
        store: store.clone(),
        rows: rows.into(),
        recaps: fields.has_stats().then(RecapReader::new),
        next,
        searched_back_to: None,
        tails,
        costing: None,
        fields,
    })
}

/// A page of the list. Records are built some at a time, because those of runs with many thousand hosts are large.
#[derive(Debug)]
pub struct RecordPage {
    store: Store,
    fields: Fields,
    next: Option<String>,
    searched_back_to: Option<DateTime<Utc>>,
    /// Rows not returned yet.
    rows: VecDeque<(ExecutionKey, ExecutionRow)>,
    tails: HashMap<ExecutionKey, Vec<String>>,
    pins: HashMap<Uuid, Pin>,
    /// The prices, if costs are wanted.
    costing: Option<Arc<Costing>>,
    /// Empty if recaps were requested, which tell the same.
    hosts_by_outcome: HashMap<ExecutionKey, HostsByOutcome>,
    /// None: recaps were not requested.
    recaps: Option<RecapReader>,
}

impl RecordPage {
    /// The next page's cursor; none on the last page.
    #[must_use]
    pub fn next_cursor(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Start of the oldest run that was searched, if a search for the runs of the page had no more time.
    #[must_use]
    pub fn searched_back_to(&self) -> Option<DateTime<Utc>> {
        self.searched_back_to
    }

    /// The same page, with the cost of each run.
    #[must_use]
    pub fn with_costs(self, costing: Option<Arc<Costing>>) -> Self {
        Self { costing, ..self }
    }

    /// The requested fields.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Whether there are no more records.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.rows.is_empty()
    }

    /// The next records: as many as one query returns; none when there are no more.
    ///
    /// # Errors
    /// The store failed.
    pub async fn next_records(&mut self) -> Result<Vec<ExecutionResult>, HistoryError> {
        let (count, mut recaps) = match &mut self.recaps {
            Some(reader) => {
                let keys: Vec<ExecutionKey> = self.rows.iter().map(|(key, _)| *key).collect();
                reader.next(&self.store, &keys).await?
            }
            None => (self.rows.len(), Recaps::new()),
        };
        let (tails, pins, counts) = (&mut self.tails, &mut self.pins, &self.hosts_by_outcome);
        let costing = self.costing.as_deref();
        let records = self.rows.drain(..count).map(|(key, row)| {
            let recap = recaps.remove(&key).unwrap_or_default();
            let mut record = assembled(row, recap, counts.get(&key), pins);
            record.output = tails.remove(&key);
            add_cost(&mut record, costing);
            record
        });
        Ok(records.collect())
    }
}
