//! Lists, details and deletion of executions.

use std::collections::{BTreeMap, HashMap};

use playback_wire::HostStats;
use uuid::Uuid;

use super::dialect::Engine;
use super::filter::{Source, push_filter, push_id_begins, push_id_ends};
use super::pool::Row;
use super::search_index::mark_gone;
use super::statement::Statement;
use super::tables::delete_all;
use super::tables::executions::{SELECT, read, read_log_state, read_owner, read_status};
use super::tables::hosts::read_stats;
use super::tables::table::push_list;
use super::{Store, StoreError, search, stats, tombstones, transaction};
use crate::filter::IdDigits;
use crate::model::{
    DurationPage, ExecutionFilter, ExecutionKey, ExecutionRow, HostsByOutcome, LogState, Owner,
    Page, Status,
};

/// With more executions than this that match a filter, a list finds them soon enough in its own order.
pub(super) const FEW: u32 = 1000;

/// A page is first looked for among so many executions: see [`Store::near`].
const NEAR: u32 = 5_000;

/// Adds the query for a page of a list. `few`: only these executions can match.
pub(super) fn push_page(
    query: &mut Statement,
    filter: &ExecutionFilter,
    page: &Page,
    few: Option<&[ExecutionKey]>,
) {
    let source = Source::of(filter);
    source.push_from_in_order(query, filter, page.after.is_some());
    query.push(" WHERE 1 = 1");
    push_filter(query, filter, source);
    if let Some(few) = few {
        push_list(query.push(" AND e.id IN ("), few);
    }
    if let Some(after) = page.after {
        query
            .push(source.after(page.ascending))
            .bind(after.started_us)
            .bind(after.started_us)
            .bind(after.key);
    }
    query
        .push(source.order(page.ascending))
        .push(" LIMIT ?")
        .bind(page.limit);
    if page.offset > 0 {
        query.push(" OFFSET ?").bind(page.offset);
    }
}

/// Adds the query for those of some executions that match a filter, in the list's order.
pub(super) fn push_page_of(query: &mut Statement, filter: &ExecutionFilter, keys: &[ExecutionKey]) {
    // By their keys, whatever else the filter has an index for.
    let source = Source::Executions;
    source.push_from(query);
    query.push(" WHERE e.id IN (");
    push_list(query, keys);
    push_filter(query, filter, source);
    query.push(source.order(false));
}

/// The recaps of several executions: each one's hosts by name.
pub type Recaps = HashMap<ExecutionKey, BTreeMap<String, HostStats>>;

/// What must be known of an execution before continuing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionHead {
    /// Its key in the store.
    pub key: ExecutionKey,
    /// Raised by every commit to it, if several collectors may write.
    pub version: i64,
    /// Its status.
    pub status: Status,
    /// The state of its log.
    pub log: LogState,
    /// Its latest stored sign of life without events, by its producers' clock.
    pub alive_us: Option<i64>,
    /// Whether all its events are stored.
    pub is_complete: bool,
    /// Who may add to it.
    pub owner: Owner,
}

impl Store {
    /// One page of executions, each with its key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn executions(
        &self,
        filter: &ExecutionFilter,
        page: &Page,
    ) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
        if let Some(texts) = search::texts_of(filter, page) {
            return self.search(&texts, filter, page).await;
        }
        let few = match (filter.id, filter.min_duration_us) {
            (Some(digits), _) => self.few_named(digits).await?,
            (None, Some(min_us)) => self.few_that_took(min_us).await?,
            (None, None) => None,
        };
        if few.is_none()
            && let Some(near) = self.near(filter, page).await?
        {
            let found = self.page(&near, page, None).await?;
            if found.len() == page.limit as usize {
                return Ok(found);
            }
        }
        self.page(filter, page, few.as_deref()).await
    }

    async fn page(
        &self,
        filter: &ExecutionFilter,
        page: &Page,
        few: Option<&[ExecutionKey]>,
    ) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
        let mut query = self.query(SELECT);
        push_page(&mut query, filter, page, few);
        let mut found = Vec::new();
        // Each is decoded while the database continues.
        query
            .for_each(&self.read, |row| {
                found.push(read(row)?);
                Ok(())
            })
            .await?;
        Ok(found)
    }

    /// The filter for the executions with which a page's part of the list begins, if this may be worthwhile and there
    /// are more. A query that joins conditions by OR makes databases read and sort everything that meets one of them; most
    /// often, the page is full long before.
    async fn near(
        &self,
        filter: &ExecutionFilter,
        page: &Page,
    ) -> Result<Option<ExecutionFilter>, StoreError> {
        if filter.query.is_none() || Source::of(filter) != Source::Executions {
            return Ok(None);
        }
        let after = page.after.map(|after| after.started_us);
        let mut query = self.query("SELECT started_us FROM executions e WHERE started_us ");
        if page.ascending {
            let from_us = filter.from_us.max(after).unwrap_or(i64::MIN);
            query.push(">= ? ORDER BY started_us, id").bind(from_us);
        } else {
            let ends = [filter.to_us, after];
            let to_us = ends.into_iter().flatten().min().unwrap_or(i64::MAX);
            query
                .push("<= ? ORDER BY started_us DESC, id DESC")
                .bind(to_us);
        }
        let row = query
            .push(" LIMIT 1 OFFSET ?")
            .bind(NEAR)
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let end_us: i64 = row.get("started_us")?;
        let mut near = filter.clone();
        match page.ascending {
            true if filter.to_us.is_none_or(|to_us| to_us > end_us) => near.to_us = Some(end_us),
            false if filter.from_us.is_none_or(|from_us| from_us < end_us) => {
                near.from_us = Some(end_us);
            }
            _ => return Ok(None),
        }
        Ok(Some(near))
    }

    /// One page of the executions that are over, by their duration, each with its key. The index on it is gone through
    /// from its end until the page is full.
    ///
    /// # Errors
    /// The database failed.
    pub async fn executions_by_duration(
        &self,
        filter: &ExecutionFilter,
        page: &DurationPage,
    ) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
        let few = match filter.id {
            Some(digits) => self.few_named(digits).await?,
            None => None,
        };
        // Conditions without an index may hold for none of the longest runs. Reading all executions in their own order
        // is several times faster then than in the order of the index, which databases do not use for an expression.
        let duration = match filter.text.is_some() || filter.query.is_some() {
            true => "e.duration_us + 0",
            false => "e.duration_us",
        };
        let (beyond, beyond_or_same, order) = match page.ascending {
            true => (" > ?", " >= ?", ""),
            false => (" < ?", " <= ?", " DESC"),
        };
        let source = Source::of(filter);
        let mut query = self.query(SELECT);
        source.push_from(&mut query);
        query.push(" WHERE ");
        query.push(duration).push(" IS NOT NULL");
        push_filter(&mut query, filter, source);
        if let Some(few) = few {
            push_list(query.push(" AND e.id IN ("), &few);
        }
        if let Some(cursor) = page.after {
            // In this form every database finds the position in the index.
            query.push(" AND ").push(duration).push(beyond_or_same);
            query.push(" AND (").push(duration).push(beyond);
            query.push(" OR e.id").push(beyond).push(")");
            query.bind(cursor.duration_us);
            query.bind(cursor.duration_us).bind(cursor.key);
        }
        query.push(" ORDER BY ").push(duration).push(order);
        query.push(", e.id").push(order);
        query.push(" LIMIT ?").bind(page.limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// All executions that took at least this long, if they are few. Looking for them among all others would take
    /// longer, the more others there are.
    async fn few_that_took(&self, min_us: i64) -> Result<Option<Vec<ExecutionKey>>, StoreError> {
        let mut query = self.query("SELECT id FROM executions");
        query
            .push(self.engine().index_of_durations())
            .push(" WHERE duration_us >= ?")
            .bind(min_us);
        self.few(query).await
    }

    /// All executions whose id begins or ends with these digits, if they are few. Each of the two has an index; a
    /// database that has to find either in the list's order might read all executions.
    async fn few_named(&self, digits: IdDigits) -> Result<Option<Vec<ExecutionKey>>, StoreError> {
        const NAMED: &str = "SELECT e.id FROM executions e WHERE ";
        let mut query = self.query(NAMED);
        push_id_begins(&mut query, digits);
        let Some(mut keys) = self.few(query).await? else {
            return Ok(None);
        };
        if digits.end().is_some() {
            let mut query = self.query(NAMED);
            push_id_ends(&mut query, digits);
            let Some(ends) = self.few(query).await? else {
                return Ok(None);
            };
            keys.extend(ends);
        }
        Ok(Some(keys))
    }

    /// The keys that a query finds, if they are few.
    async fn few(&self, mut query: Statement) -> Result<Option<Vec<ExecutionKey>>, StoreError> {
        query.push(" LIMIT ?").bind(FEW + 1);
        let rows = query.fetch_all(&self.read).await?;
        if rows.len() > FEW as usize {
            return Ok(None);
        }
        let keys = rows.iter().map(|row| row.get("id"));
        keys.collect::<Result<_, _>>().map(Some)
    }

    /// One execution and its key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn execution(
        &self,
        id: Uuid,
    ) -> Result<Option<(ExecutionKey, ExecutionRow)>, StoreError> {
        let mut query = self.query(SELECT);
        query.push(" FROM executions e WHERE e.uuid = ?").bind(id);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read).transpose()
    }

    /// What must be known of an execution before continuing it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn head(&self, id: Uuid) -> Result<Option<ExecutionHead>, StoreError> {
        let mut query = self.query(
            "SELECT id, version, status, payload_bytes, payload_removed_us, alive_us, \
             events_complete, run_key, begun_by FROM executions WHERE uuid = ?",
        );
        let row = query.bind(id).fetch_optional(&self.read).await?;
        row.as_ref().map(read_head).transpose()
    }

    /// When an execution arrived, and when it last gave a sign of life without events.
    ///
    /// # Errors
    /// The database failed.
    pub async fn noted_times(
        &self,
        key: ExecutionKey,
    ) -> Result<(Option<i64>, Option<i64>), StoreError> {
        let mut query = self.query("SELECT arrived_us, alive_us FROM executions WHERE id = ?");
        match query.bind(key).fetch_optional(&self.read).await? {
            Some(row) => Ok((row.get("arrived_us")?, row.get("alive_us")?)),
            None => Ok((None, None)),
        }
    }

    /// Identities of all executions that are not over.
    ///
    /// # Errors
    /// The database failed.
    pub async fn running_executions(&self) -> Result<Vec<Uuid>, StoreError> {
        self.query("SELECT uuid FROM executions WHERE status = 'running'")
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(|row| row.get("uuid"))
            .collect()
    }

    /// Whether an execution is not over.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_running(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut query =
            self.query("SELECT id FROM executions WHERE uuid = ? AND status = 'running'");
        Ok(query.bind(id).fetch_optional(&self.read).await?.is_some())
    }

    /// Identities of queued executions.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queued_executions(&self) -> Result<Vec<Uuid>, StoreError> {
        self.query("SELECT uuid FROM executions WHERE status = 'running' AND phase = 'queued'")
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(|row| row.get("uuid"))
            .collect()
    }

    /// The recaps of several executions.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stats(&self, keys: &[ExecutionKey]) -> Result<Recaps, StoreError> {
        Ok(self.read_recaps(keys, None).await?.0)
    }

    /// Like [`Store::stats`], for a limited number of hosts; also returns whether these are all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stats_within(
        &self,
        keys: &[ExecutionKey],
        hosts: u32,
    ) -> Result<(Recaps, bool), StoreError> {
        self.read_recaps(keys, Some(hosts)).await
    }

    async fn read_recaps(
        &self,
        keys: &[ExecutionKey],
        most: Option<u32>,
    ) -> Result<(Recaps, bool), StoreError> {
        let mut recaps = Recaps::new();
        if keys.is_empty() {
            return Ok((recaps, true));
        }
        let mut query = self.query(
            "SELECT execution, name, ok, changed, unreachable, failed, skipped, rescued, ignored \
             FROM execution_hosts WHERE execution IN (",
        );
        push_list(&mut query, keys);
        if let Some(most) = most {
            query.push(" LIMIT ?").bind(u64::from(most) + 1);
        }
        let mut hosts = 0;
        query
            .for_each(&self.read, |row| {
                hosts += 1;
                let recap = recaps.entry(row.get("execution")?).or_default();
                recap.insert(row.get("name")?, read_stats(row)?);
                Ok(())
            })
            .await?;
        Ok((recaps, most.is_none_or(|most| hosts <= most)))
    }

    /// The hosts of several executions, counted by how they ended as [`HostsByOutcome::of`] does it. Executions without hosts
    /// are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hosts_by_outcome(
        &self,
        keys: &[ExecutionKey],
    ) -> Result<HashMap<ExecutionKey, HostsByOutcome>, StoreError> {
        let mut counts = HashMap::new();
        if keys.is_empty() {
            return Ok(counts);
        }
        let mut query = self.query(
            "SELECT execution, \
             COUNT(CASE WHEN unreachable > 0 THEN 1 END) AS unreachable, \
             COUNT(CASE WHEN unreachable = 0 AND failed > 0 THEN 1 END) AS failed, \
             COUNT(CASE WHEN unreachable = 0 AND failed = 0 AND changed > 0 THEN 1 END) AS changed, \
             COUNT(CASE WHEN unreachable = 0 AND failed = 0 AND changed = 0 AND ok = 0 AND skipped > 0 \
             THEN 1 END) AS skipped, \
             COUNT(CASE WHEN unreachable = 0 AND failed = 0 AND changed = 0 AND ok = 0 AND skipped = 0 \
             AND rescued = 0 AND ignored = 0 THEN 1 END) AS idle, \
             COUNT(*) AS hosts \
             FROM execution_hosts WHERE execution IN (",
        );
        push_list(&mut query, keys);
        query.push(" GROUP BY execution");
        query
            .for_each(&self.read, |row| {
                let mut of_one = HostsByOutcome {
                    unreachable: row.unsigned("unreachable")?,
                    failed: row.unsigned("failed")?,
                    changed: row.unsigned("changed")?,
                    skipped: row.unsigned("skipped")?,
                    idle: row.unsigned("idle")?,
                    ok: 0,
                };
                let others = of_one.unreachable
                    + of_one.failed
                    + of_one.changed
                    + of_one.skipped
                    + of_one.idle;
                of_one.ok = row.unsigned("hosts")?.saturating_sub(others);
                counts.insert(row.get("execution")?, of_one);
                Ok(())
            })
            .await?;
        Ok(counts)
    }

    /// Deletes an execution: its rows and its blocks, everything except its tombstone.
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub async fn delete_execution(&self, key: ExecutionKey) -> Result<(), StoreError> {
        self.delete_and_note(key, true).await
    }

    /// Deletes it so that it can be written again: without a tombstone.
    ///
    /// # Errors
    /// The database failed: nothing was deleted.
    pub(super) async fn clear_execution(&self, key: ExecutionKey) -> Result<(), StoreError> {
        self.delete_and_note(key, false).await
    }

    async fn delete_and_note(&self, key: ExecutionKey, for_good: bool) -> Result<(), StoreError> {
        transaction!(self, transaction => {
            self.tell_changed(transaction, key).await?;
            if for_good {
                let mut query = transaction.query("SELECT uuid FROM executions WHERE id = ?");
                let rows = query.bind(key).fetch_all_in(transaction).await?;
                let deleted: Vec<Uuid> = rows
                    .iter()
                    .map(|row| row.get("uuid"))
                    .collect::<Result<_, StoreError>>()?;
                tombstones::note(transaction, &deleted).await?;
            }
            let days = stats::days_of(transaction, &[key]).await?;
            delete_all(transaction, key).await?;
            mark_gone(transaction, &[key]).await?;
            stats::forget(transaction, &days).await?;
        })
    }
}

fn read_head(row: &Row) -> Result<ExecutionHead, StoreError> {
    Ok(ExecutionHead {
        key: row.get("id")?,
        version: row.get("version")?,
        status: read_status(row)?,
        log: read_log_state(row)?,
        alive_us: row.get("alive_us")?,
        is_complete: row.get("events_complete")?,
        owner: read_owner(row)?,
    })
}
