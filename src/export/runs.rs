//! The executions that are exported, page by page, each once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use crate::history::{self, HistoryError, SearchRequest, Searches};
use crate::model::{Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, Page};
use crate::store::Store;

/// Executions in a page.
const PAGE: u32 = 1000;

/// An execution with its key.
pub(super) type Run = (ExecutionKey, Arc<ExecutionRow>);

/// Reads executions.
pub(super) struct Runs {
    /// Where the next ones come from; none: there are no more.
    source: Option<Source>,
    /// An execution's start, and with it its place in the list, may move while the list is read.
    seen: KeySet,
    /// Those that were read and not yet taken.
    pending: VecDeque<Run>,
}

/// Where executions come from.
enum Source {
    /// Those that match a filter, in the order of a page.
    Matching(Store, ExecutionFilter, Page),
    /// Those that searches find: the next one.
    Found(Searches, SearchRequest),
}

impl Runs {
    fn of(source: Option<Source>) -> Self {
        Self {
            source,
            seen: KeySet::default(),
            pending: VecDeque::new(),
        }
    }

    /// Those that match a filter.
    pub(super) fn matching(store: Store, filter: ExecutionFilter, ascending: bool) -> Self {
        let page = Page {
            limit: PAGE,
            offset: 0,
            after: None,
            ascending,
        };
        Self::of(Some(Source::Matching(store, filter, page)))
    }

    /// Those that searches find, one after the other.
    pub(super) fn found(searches: Searches, first: SearchRequest) -> Self {
        Self::of(Some(Source::Found(searches, first)))
    }

    /// One alone.
    pub(super) async fn one(store: Store, id: Uuid) -> Result<Self, HistoryError> {
        let (key, row) = history::find(&store, id).await?;
        Ok(Self {
            pending: VecDeque::from([(key, Arc::new(row))]),
            ..Self::of(None)
        })
    }

    /// The executions that come next, without taking them; none if there are no more.
    pub(super) async fn pending(&mut self) -> Result<&VecDeque<Run>, HistoryError> {
        while self.pending.is_empty()
            && let Some(source) = &mut self.source
        {
            let (rows, is_last) = source.next().await?;
            if is_last {
                self.source = None;
            }
            for (key, row) in rows {
                if self.seen.is_new(key) {
                    self.pending.push_back((key, Arc::new(row)));
                }
            }
        }
        Ok(&self.pending)
    }

    /// Takes the first of the pending ones.
    pub(super) fn take(&mut self, count: usize) -> Vec<Run> {
        let count = count.min(self.pending.len());
        self.pending.drain(..count).collect()
    }
}

impl Source {
    /// The next executions, and whether they are the last.
    async fn next(&mut self) -> Result<(Vec<(ExecutionKey, ExecutionRow)>, bool), HistoryError> {
        match self {
            Self::Matching(store, filter, page) => {
                let rows = store.executions(filter, page).await?;
                page.after = rows.last().map(Cursor::of);
                let is_last = rows.len() < page.limit as usize;
                Ok((rows, is_last))
            }
            Self::Found(searches, request) => {
                let found = searches.runs(request.clone()).await?;
                request.after = found.next;
                Ok((found.rows, request.after.is_none()))
            }
        }
    }
}

/// Which keys were seen: a bit each, since keys are counted up without large gaps. A million are about half a megabyte.
#[derive(Debug, Default)]
struct KeySet(BTreeMap<i64, u64>);

impl KeySet {
    /// Remembers a key; false if it was known.
    fn is_new(&mut self, key: ExecutionKey) -> bool {
        let bits = self.0.entry(key >> 6).or_default();
        let bit = 1 << (key & 63);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once() {
        let mut seen = KeySet::default();
        for key in [0, 1, 63, 64, 65, 1_000_000, i64::MAX, -1] {
            assert!(seen.is_new(key), "{key}");
            assert!(!seen.is_new(key), "{key}");
        }
        assert!(seen.is_new(62));
    }
}
