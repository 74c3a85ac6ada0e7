//! The executions that are exported, page by page, each once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use crate::history::{self, HistoryError};
use crate::model::{Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, Page};
use crate::store::{Store, StoreError};

/// Executions in a page.
const PAGE: u32 = 1000;

/// An execution with its key.
pub(super) type Run = (ExecutionKey, Arc<ExecutionRow>);

/// Reads executions.
pub(super) struct Runs {
    store: Store,
    filter: ExecutionFilter,
    page: Page,
    is_over: bool,
    /// An execution's start, and with it its place in the list, may move while the list is read.
    seen: KeySet,
    /// Those that were read and not yet taken.
    pending: VecDeque<Run>,
}

impl Runs {
    /// Those that match a filter.
    pub(super) fn matching(store: Store, filter: ExecutionFilter, ascending: bool) -> Self {
        Self {
            store,
            filter,
            page: Page {
                limit: PAGE,
                offset: 0,
                after: None,
                ascending,
            },
            is_over: false,
            seen: KeySet::default(),
            pending: VecDeque::new(),
        }
    }

    /// One alone.
    pub(super) async fn one(store: Store, id: Uuid) -> Result<Self, HistoryError> {
        let (key, row) = history::find(&store, id).await?;
        Ok(Self {
            is_over: true,
            pending: VecDeque::from([(key, Arc::new(row))]),
            ..Self::matching(store, ExecutionFilter::default(), false)
        })
    }

    /// The executions that come next, without taking them; none if there are no more.
    pub(super) async fn pending(&mut self) -> Result<&VecDeque<Run>, StoreError> {
        while self.pending.is_empty() && !self.is_over {
            let rows = self.store.executions(&self.filter, &self.page).await?;
            self.is_over = rows.len() < PAGE as usize;
            self.page.after = rows.last().map(Cursor::of);
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
