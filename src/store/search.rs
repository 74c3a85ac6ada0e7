//! Searches for part of a text, in the list's order.
//!
//! No index for this works on all databases. So a Bloom filter beside each day's roll-up tells that its runs cannot
//! contain a text, or none of several, and only the remaining days are searched, one after the other, until the page is full. Running
//! executions have no roll-up, and are searched separately.

use super::executions::{FEW, push_page};
use super::pool::Transaction;
use super::stats::Candidates;
use super::tables::executions::{SELECT, read};
use super::{Store, StoreError};
use crate::filter::{Condition, searched};
use crate::model::{Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, Page, Status};
use crate::search::NgramFilter;

type KeyedRows = Vec<(ExecutionKey, ExecutionRow)>;

/// Number of entries that may be skipped in memory when a page is reached by offset.
const PASSED_OVER: u64 = 1000;

/// The texts of which a match contains at least one, if searching by days is worthwhile: not if another filter leaves so
/// few executions that reading them all is cheaper. (A host's and a label's executions also have an order of their own.)
pub(super) fn texts_of(filter: &ExecutionFilter, page: &Page) -> Option<Vec<String>> {
    match filter.narrows() || page.offset > PASSED_OVER {
        true => None,
        false => judged_texts(filter),
    }
}

/// The texts of which a match contains at least one, if the days' filters can judge them all.
pub(super) fn judged_texts(filter: &ExecutionFilter) -> Option<Vec<String>> {
    let texts: Vec<String> = match filter.text.as_deref() {
        Some(text) => vec![searched(text)],
        None => {
            let (_, queried) = filter.parted_conditions();
            let texts = queried.iter().find_map(Condition::texts)?;
            texts.into_iter().map(str::to_owned).collect()
        }
    };
    let can_judge = texts.iter().all(|text| NgramFilter::can_judge(text));
    (can_judge && !texts.is_empty()).then_some(texts)
}

impl Store {
    /// One page of the executions that contain one of these texts, from one consistent snapshot.
    pub(super) async fn search(
        &self,
        texts: &[String],
        filter: &ExecutionFilter,
        page: &Page,
    ) -> Result<KeyedRows, StoreError> {
        let passed_over = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let limit = page.limit as usize;
        let mut walk = Walk {
            snapshot: self.read.begin_snapshot().await?,
            page: Page {
                offset: 0,
                ..page.clone()
            },
        };
        let wanted = passed_over.saturating_add(limit);
        let mut found = KeyedRows::new();
        if filter.status.is_none() {
            found = walk.running(filter, wanted).await?;
        }
        found.extend(walk.days(self, texts, filter, wanted).await?);
        walk.snapshot.commit().await?;
        found.sort_by_key(|(key, row)| (row.started_us, *key));
        found.dedup_by_key(|(key, _)| *key);
        if !page.ascending {
            found.reverse();
        }
        Ok(found.into_iter().skip(passed_over).take(limit).collect())
    }
}

/// A walk through a consistent snapshot of the history.
struct Walk {
    snapshot: Transaction,
    page: Page,
}

impl Walk {
    /// Searches the running executions, by their keys: a database that does not know how few they are might scan all
    /// others first.
    async fn running(
        &mut self,
        filter: &ExecutionFilter,
        wanted: usize,
    ) -> Result<KeyedRows, StoreError> {
        let mut query = self
            .snapshot
            .query("SELECT id FROM executions WHERE status = 'running' LIMIT ?");
        let rows = query.bind(FEW + 1).fetch_all_in(&mut self.snapshot).await?;
        let keys: Vec<ExecutionKey> = rows
            .iter()
            .map(|row| row.get("id"))
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Ok(KeyedRows::new());
        }
        let running = ExecutionFilter {
            status: Some(Status::Running),
            ..filter.clone()
        };
        let few = (keys.len() <= FEW as usize).then_some(&*keys);
        self.read(&running, few, wanted).await
    }

    /// Searches the days that may contain one of the texts, in the page's order, until enough entries are found.
    async fn days(
        &mut self,
        store: &Store,
        texts: &[String],
        filter: &ExecutionFilter,
        wanted: usize,
    ) -> Result<KeyedRows, StoreError> {
        let mut within = (
            filter.from_us.unwrap_or(i64::MIN),
            filter.to_us.unwrap_or(i64::MAX),
        );
        let ascending = self.page.ascending;
        match self.page.after {
            Some(Cursor { started_us, .. }) if ascending => within.0 = within.0.max(started_us),
            Some(Cursor { started_us, .. }) => within.1 = within.1.min(started_us),
            None => {}
        }
        let snapshot = &mut self.snapshot;
        let mut days = Candidates::new(snapshot, &store.ngrams, texts, within, ascending).await?;
        let mut found = KeyedRows::new();
        while found.len() < wanted
            && let Some((from_us, to_us)) = days.next(&mut self.snapshot).await?
        {
            let of_these = ExecutionFilter {
                from_us: Some(from_us),
                to_us: Some(to_us),
                ..filter.clone()
            };
            found.extend(self.read(&of_these, None, wanted - found.len()).await?);
        }
        Ok(found)
    }

    /// A page of those that match a filter. `few`: only these can match.
    async fn read(
        &mut self,
        filter: &ExecutionFilter,
        few: Option<&[ExecutionKey]>,
        wanted: usize,
    ) -> Result<KeyedRows, StoreError> {
        self.page.limit = u32::try_from(wanted).unwrap_or(u32::MAX);
        let mut query = self.snapshot.query(SELECT);
        push_page(&mut query, filter, &self.page, few);
        let rows = query.fetch_all_in(&mut self.snapshot).await?;
        rows.iter().map(read).collect()
    }
}
