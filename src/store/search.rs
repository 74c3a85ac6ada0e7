//! Searching for a part of a text, in the list's order.
//!
//! No database has an index for that which the others have too. So a day whose roll-up is current says beside it
//! which texts its runs cannot hold, and only the other days are gone through, one after the other, until the page
//! is full. Runs that are not over belong to no roll-up, and are looked through by themselves.

use super::executions::{COLUMNS, push_page, read_execution};
use super::pool::Transaction;
use super::stats::Candidates;
use super::{Store, StoreError};
use crate::model::{Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, Page, Status};

type Found = Vec<(ExecutionKey, ExecutionRow)>;

impl Store {
    /// One page of the executions that hold `q`, all of one moment. `few`: they are among these.
    pub(super) async fn search(
        &self,
        q: &str,
        filter: &ExecutionFilter,
        page: &Page,
        few: Option<&[ExecutionKey]>,
    ) -> Result<Found, StoreError> {
        let wanted = usize::try_from(page.offset)
            .unwrap_or(usize::MAX)
            .saturating_add(page.limit as usize);
        let mut walk = Walk {
            snapshot: self.read.begin_snapshot().await?,
            page: Page {
                offset: 0,
                ..page.clone()
            },
            few,
        };
        let mut found = Found::new();
        if filter.status.is_none_or(|status| status == Status::Running) {
            let running = ExecutionFilter {
                status: Some(Status::Running),
                ..filter.clone()
            };
            found = walk.read(&running, wanted).await?;
        }
        if filter.status != Some(Status::Running) {
            found.extend(walk.days(q, filter, wanted).await?);
        }
        walk.snapshot.commit().await?;
        found.sort_by_key(|(key, row)| (row.started_us, *key));
        found.dedup_by_key(|(key, _)| *key);
        if !page.ascending {
            found.reverse();
        }
        let passed_over = wanted - page.limit as usize;
        Ok(found
            .into_iter()
            .skip(passed_over)
            .take(page.limit as usize)
            .collect())
    }
}

/// A way through the history, as it is at one moment.
struct Walk<'w> {
    snapshot: Transaction,
    page: Page,
    few: Option<&'w [ExecutionKey]>,
}

impl Walk<'_> {
    /// Goes through the days that may hold `q`, in the page's order, until there are as many as are wanted.
    async fn days(
        &mut self,
        q: &str,
        filter: &ExecutionFilter,
        wanted: usize,
    ) -> Result<Found, StoreError> {
        let mut filter = filter.clone();
        if let Some(Cursor { started_us, .. }) = self.page.after {
            if self.page.ascending {
                filter.from_us = Some(filter.from_us.map_or(started_us, |us| us.max(started_us)));
            } else {
                filter.to_us = Some(filter.to_us.map_or(started_us, |us| us.min(started_us)));
            }
        }
        let (from_us, to_us) = (
            filter.from_us.unwrap_or(i64::MIN),
            filter.to_us.unwrap_or(i64::MAX),
        );
        let ascending = self.page.ascending;
        let mut days = Candidates::new(&mut self.snapshot, q, (from_us, to_us), ascending).await?;
        let mut found = Found::new();
        while let Some((from_us, to_us)) = days.next(&mut self.snapshot).await? {
            filter.from_us = Some(from_us);
            filter.to_us = Some(to_us);
            found.extend(self.read(&filter, wanted - found.len()).await?);
            if found.len() >= wanted {
                break;
            }
        }
        Ok(found)
    }

    async fn read(&mut self, filter: &ExecutionFilter, wanted: usize) -> Result<Found, StoreError> {
        self.page.limit = u32::try_from(wanted).unwrap_or(u32::MAX);
        let mut query = self.snapshot.query(COLUMNS);
        push_page(&mut query, filter, &self.page, self.few);
        let rows = query.fetch_all_in(&mut self.snapshot).await?;
        rows.iter().map(read_execution).collect()
    }
}
