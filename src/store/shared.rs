//! Coordination of collectors that share a database: none overwrites another's changes, each is notified of the others'
//! commits, and partitions are created before they are needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use sqlx::postgres::PgListener;
use uuid::Uuid;

use super::dialect::Engine;
use super::pool::{Pool, Transaction};
use super::tables::table::{CHUNKS, push_list};
use super::{Store, StoreError};
use crate::model::{Changes, ExecutionKey};

/// The notification channel.
const CHANNEL: &str = "playback";

/// Maximum number of changes in one message, which must have less than 8,000 bytes.
const NOTICES: usize = 100;

/// New partitions are created when fewer keys than this are left.
const ROOM: ExecutionKey = 25_000;

/// A change to an execution by another collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The execution.
    pub id: Uuid,
    /// Its new version; 0 if it was deleted or rewritten.
    pub version: i64,
    /// Whether the execution's own row changed.
    pub row_changed: bool,
}

/// An event from other collectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// They committed changes.
    Notices(Vec<Notice>),
    /// The connection was lost and restored: changes in between are unknown.
    Gap,
}

/// Receives notifications of other collectors' commits.
#[derive(Debug)]
pub struct Listener {
    listener: PgListener,
    name: Uuid,
}

impl Listener {
    /// Waits for the next event, and for the database while it is away.
    ///
    /// # Errors
    /// The database refuses the connection.
    pub async fn next(&mut self) -> Result<PeerEvent, StoreError> {
        loop {
            // None: the connection was lost; the next call reconnects.
            let Some(message) = self.listener.try_recv().await? else {
                return Ok(PeerEvent::Gap);
            };
            let mut words = message.payload().split(' ');
            let sender = words.next().and_then(|name| Uuid::try_parse(name).ok());
            if sender == Some(self.name) {
                continue;
            }
            let notices: Vec<Notice> = words.filter_map(read_notice).collect();
            if !notices.is_empty() {
                return Ok(PeerEvent::Notices(notices));
            }
        }
    }
}

impl Store {
    /// Whether several collectors can share this database. Then each change names the version of the execution that it
    /// is based on, and fails ([`StoreError::Overtaken`]) if another collector was faster.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.engine().is_shared()
    }

    /// Listens for other collectors' commits from now on; none if there cannot be any.
    ///
    /// # Errors
    /// The database failed.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        let Pool::Postgres(pool, _) = &self.read else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Listener {
            listener,
            name: self.name,
        }))
    }

    /// Notifies other collectors at the commit that an execution was rewritten or deleted. To be called before its rows
    /// are touched; locks its own row.
    pub(super) async fn tell_changed(
        &self,
        transaction: &mut Transaction,
        key: ExecutionKey,
    ) -> Result<(), StoreError> {
        if !self.is_shared() {
            return lock_row(transaction, key).await;
        }
        let mut update = transaction
            .query("UPDATE executions SET version = version + 1 WHERE id = ? RETURNING uuid");
        for row in update.bind(key).fetch_all_in(transaction).await? {
            let notice = Notice {
                id: row.get("uuid")?,
                version: 0,
                row_changed: true,
            };
            notify(transaction, self.name, &[notice]).await?;
        }
        Ok(())
    }

    /// Running executions, each with a number that grows with every sign of life that any collector received.
    ///
    /// # Errors
    /// The database failed.
    pub async fn signs_of_life(&self) -> Result<Vec<(Uuid, i64)>, StoreError> {
        self.query("SELECT uuid, version + beats AS signs FROM executions WHERE status = 'running'")
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(|row| Ok((row.get("uuid")?, row.get("signs")?)))
            .collect()
    }

    /// Creates partitions for future executions, after the newest existing one.
    pub(super) async fn make_room(&self) -> Result<(), StoreError> {
        if !self.is_shared() {
            return Ok(());
        }
        let row = self
            .query("SELECT COALESCE(MAX(id), 0) AS newest FROM executions")
            .fetch_one(&self.read)
            .await?;
        self.make_room_after(row.get("newest")?).await
    }

    /// Creates partitions when the existing ones will soon be full. If that fails, it is retried at the next commit:
    /// many keys are still left.
    pub(super) async fn keep_room(&self, newest: ExecutionKey) {
        if !self.is_shared() || newest + ROOM < self.room.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.make_room_after(newest).await {
            tracing::warn!(%error, "places for new executions could not be made yet");
        }
    }

    /// Whether the bulk of the history is in partitions, which can be removed at once.
    #[must_use]
    pub fn has_partitions(&self) -> bool {
        self.is_shared()
    }

    /// Empties a partition in which nothing is kept any longer; false if there is none.
    pub(super) async fn empty_partition(&self) -> Result<bool, StoreError> {
        let mut query = self.query("SELECT empty_history_partition() AS emptied");
        query.fetch_one(&self.write).await?.get("emptied")
    }

    async fn make_room_after(&self, newest: ExecutionKey) -> Result<(), StoreError> {
        let row = self
            .query("SELECT make_history_partitions(?) AS made")
            .bind(newest + ROOM)
            .fetch_one(&self.write)
            .await?;
        self.room.fetch_max(row.get("made")?, Ordering::Relaxed);
        Ok(())
    }
}

/// Locks an execution's row until the transaction ends, where others could write at the same time: on MySQL a second
/// process may be pinning what the first deletes. In SQLite a transaction locks the whole database.
async fn lock_row(transaction: &mut Transaction, key: ExecutionKey) -> Result<(), StoreError> {
    if transaction.engine() == Engine::MySql {
        let mut lock = transaction.query("SELECT id FROM executions WHERE id = ? FOR UPDATE");
        lock.bind(key).fetch_all_in(transaction).await?;
    }
    Ok(())
}

/// Raises the version of each changed execution, and notifies the others. Locks its row, so that other writers come
/// before or after, but not in between.
pub(super) async fn advance(
    transaction: &mut Transaction,
    keys: &[ExecutionKey],
    changes: &[Changes],
    name: Uuid,
) -> Result<(), StoreError> {
    let mut alive: Vec<ExecutionKey> = Vec::new();
    // Whether the row of each changes.
    let mut written: BTreeMap<ExecutionKey, bool> = BTreeMap::new();
    for (key, change) in keys.iter().zip(changes) {
        if change.beat {
            alive.push(*key);
        }
        *written.entry(*key).or_default() |= change.execution.is_some();
    }
    let mut notices = Vec::with_capacity(written.len());
    let mut versions: HashMap<ExecutionKey, i64> = HashMap::with_capacity(written.len());
    let all: Vec<ExecutionKey> = written.keys().copied().collect();
    for keys in all.chunks(CHUNKS[0]) {
        let mut update =
            transaction.query("UPDATE executions SET version = version + 1 WHERE id IN (");
        push_list(&mut update, keys);
        update.push(" RETURNING id, uuid, version");
        for row in update.fetch_all_in(transaction).await? {
            let (key, version) = (row.get("id")?, row.get("version")?);
            versions.insert(key, version);
            notices.push(Notice {
                id: row.get("uuid")?,
                version,
                row_changed: written.get(&key).copied().unwrap_or_default(),
            });
        }
    }
    // A missing execution was deleted by another collector.
    let overtaken = |(_, (key, change)): &(usize, (&ExecutionKey, &Changes))| {
        let next = change.version.map(|version| version + 1);
        next.is_some() && versions.get(*key).copied() != next
    };
    let all = keys.iter().zip(changes).enumerate();
    let overtaken: Vec<usize> = all.filter(overtaken).map(|(index, _)| index).collect();
    if !overtaken.is_empty() {
        return Err(StoreError::Overtaken(overtaken));
    }
    if !alive.is_empty() {
        let mut update = transaction.query("UPDATE executions SET beats = beats + 1 WHERE id IN (");
        push_list(&mut update, &alive);
        update.execute_in(transaction).await?;
    }
    notify(transaction, name, &notices).await
}

/// Notifies the others when, and only when, the transaction is committed.
async fn notify(
    transaction: &mut Transaction,
    name: Uuid,
    notices: &[Notice],
) -> Result<(), StoreError> {
    for notices in notices.chunks(NOTICES) {
        let mut message = name.simple().to_string();
        for notice in notices {
            message.push(' ');
            message.push_str(&write_notice(notice));
        }
        transaction
            .query("SELECT pg_notify('playback', ?)")
            .bind(&message)
            .execute_in(transaction)
            .await?;
    }
    Ok(())
}

fn write_notice(notice: &Notice) -> String {
    let row = if notice.row_changed { "r" } else { "" };
    format!("{}:{:x}:{row}", notice.id.simple(), notice.version)
}

fn read_notice(word: &str) -> Option<Notice> {
    let mut parts = word.split(':');
    Some(Notice {
        id: Uuid::try_parse(parts.next()?).ok()?,
        version: i64::from_str_radix(parts.next()?, 16).ok()?,
        row_changed: parts.next()? == "r",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_back() {
        for (version, row_changed) in [(0, true), (1, false), (i64::MAX, true)] {
            let notice = Notice {
                id: Uuid::from_u128(7),
                version,
                row_changed,
            };
            let written = write_notice(&notice);
            assert_eq!(read_notice(&written), Some(notice));
            // Including the sender's name, a full message fits.
            assert!(33 + NOTICES * (written.len() + 1) < 8000);
        }
        assert_eq!(read_notice("nothing"), None);
    }
}
