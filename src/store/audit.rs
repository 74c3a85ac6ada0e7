//! The audit trail: entries are written in the same transaction as their change, and only ever added.

use super::dialect::Engine;
use super::health::freeing;
use super::pool::{Row, Transaction};
use super::tables::table::{Present, Table};
use super::{Store, StoreError, transaction};
use crate::model::{
    AuditCheck, AuditEntry, AuditFilter, AuditRow, NO_ENTRY, TrimmedAudit, hexadecimal,
};

/// Entries read at once when checking or copying the trail.
const PAGE: u32 = 1000;

/// Entries removed at once.
const TRIMMED: u32 = 10_000;

const AUDIT: Table = Table {
    name: "audit",
    columns: &[
        "number", "at_us", "actor", "token", "scopes", "via", "peer", "action", "object", "note",
        "was", "became", "hash",
    ],
    present: Present::Never,
};

const COLUMNS: &str = "SELECT number, at_us, actor, token, scopes, via, peer, action, object, note, was, became, \
                       hash FROM audit";

/// Appends an entry within the transaction of its change. To be called last: from here on, other writers of entries
/// wait until this transaction is over.
pub(super) async fn append(
    transaction: &mut Transaction,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    append_all(transaction, std::slice::from_ref(entry)).await
}

/// The same, for several entries.
async fn append_all(
    transaction: &mut Transaction,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    // Updated before it is read, which locks the row on every database with concurrent writers; and changed, so that what
    // is read is the row as it is now, not as it was when the transaction began.
    let mut update = transaction.query("UPDATE audit_head SET number = number + ? WHERE id = 1");
    update.bind(count).execute_in(transaction).await?;
    let mut query = transaction.query("SELECT number, hash FROM audit_head WHERE id = 1");
    let rows = query.fetch_all_in(transaction).await?;
    let head = rows.first().ok_or(StoreError::Damaged {
        part: "the audit trail: its end is not noted",
    })?;
    let (number, mut last) = read_head(head)?;
    let first = number.saturating_sub(count).saturating_add(1);
    let mut rows = Vec::with_capacity(entries.len());
    for (number, entry) in (first..).zip(entries) {
        let row = AuditRow::seal(entry, number, &last);
        last = row.hash;
        rows.push(row);
    }
    insert(transaction, &rows).await?;
    set_head(transaction, number, &last).await
}

async fn insert(transaction: &mut Transaction, rows: &[AuditRow]) -> Result<(), StoreError> {
    AUDIT
        .insert(transaction, rows, |values, row| {
            values.bind(row.number).bind(row.at_us);
            values.bind(&row.actor).bind(row.token).bind(&row.scopes);
            values.bind(&row.via).bind(row.peer.as_deref());
            values.bind(&row.action).bind(&row.object);
            values.bind(row.note.as_deref()).bind(row.before.as_deref());
            values.bind(row.after.as_deref()).bind(row.hash.as_slice());
        })
        .await?;
    Ok(())
}

async fn set_head(
    transaction: &mut Transaction,
    number: i64,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let mut update = transaction.query("UPDATE audit_head SET number = ?, hash = ? WHERE id = 1");
    update.bind(number).bind(hash.as_slice());
    update.execute_in(transaction).await?;
    Ok(())
}

async fn set_base(
    transaction: &mut Transaction,
    number: i64,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let mut update = transaction.query("UPDATE audit_head SET number = ?, hash = ? WHERE id = 2");
    update.bind(number).bind(hash.as_slice());
    if update.execute_in(transaction).await? == 0 {
        let mut insert =
            transaction.query("INSERT INTO audit_head (id, number, hash) VALUES (2, ?, ?)");
        insert.bind(number).bind(hash.as_slice());
        insert.execute_in(transaction).await?;
    }
    Ok(())
}

impl Store {
    /// Appends an entry without a change in the store.
    ///
    /// # Errors
    /// The database failed: nothing was appended.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        transaction!(self, transaction => append(transaction, entry).await?)
    }

    /// Appends entries without a change in the store: all of them, or none.
    ///
    /// # Errors
    /// The database failed: nothing was appended.
    pub async fn audit_all(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        transaction!(self, transaction => append_all(transaction, entries).await?)
    }

    /// Appends an entry that must be stored before something is deleted: on a full disk, it uses the space reserved for
    /// deletions.
    ///
    /// # Errors
    /// The database failed: nothing was appended.
    pub async fn audit_deletion(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        freeing!(self, self.audit(entry).await)
    }

    /// Entries of the trail, newest first, with numbers below `before`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_entries(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let mut query = self.query(COLUMNS);
        query.push(" WHERE 1 = 1");
        if let Some(before) = before {
            query.push(" AND number < ?").bind(before);
        }
        // Every field is named, so that the compiler reports one that is forgotten.
        let AuditFilter {
            actor,
            action,
            object,
            from_us,
            to_us,
        } = filter;
        if let Some(actor) = actor {
            query.push(" AND actor = ?").bind(actor);
        }
        if let Some(action) = action {
            query.push(" AND action = ?").bind(action.as_str());
        }
        if let Some(object) = object {
            query.push(" AND object = ?").bind(object);
        }
        if let Some(from_us) = from_us {
            query.push(" AND at_us >= ?").bind(*from_us);
        }
        if let Some(to_us) = to_us {
            query.push(" AND at_us <= ?").bind(*to_us);
        }
        query.push(" ORDER BY number DESC LIMIT ?").bind(limit);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// Number and hash of the last entry, according to its writer.
    ///
    /// # Errors
    /// The database failed, or the row is missing.
    pub async fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError> {
        let mut query = self.query("SELECT number, hash FROM audit_head WHERE id = 1");
        match query.fetch_optional(&self.read).await? {
            Some(row) => read_head(&row),
            // The row was removed, and with it the record of the trail's end: all entries then show as inserted.
            None => Ok((0, NO_ENTRY)),
        }
    }

    /// Number and hash of the last entry that was removed; the number is 0 if none was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_base(&self) -> Result<(i64, [u8; 32]), StoreError> {
        let mut query = self.query("SELECT number, hash FROM audit_head WHERE id = 2");
        match query.fetch_optional(&self.read).await? {
            Some(row) => read_head(&row),
            None => Ok((0, NO_ENTRY)),
        }
    }

    /// When the last entry was written, in microseconds since the epoch; none if there is none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_audited_us(&self) -> Result<Option<i64>, StoreError> {
        let mut query = self.query("SELECT at_us FROM audit ORDER BY number DESC LIMIT 1");
        let row = query.fetch_optional(&self.read).await?;
        row.map(|row| row.get("at_us")).transpose()
    }

    /// Removes the oldest entries, as long as they are older than `before_us`, and a limited number at once; `entry` makes
    /// the entry that says so. The last entry stays. Returns how many were removed.
    ///
    /// # Errors
    /// The database failed: nothing was removed.
    pub async fn trim_audit(
        &self,
        before_us: i64,
        entry: impl Fn(TrimmedAudit) -> AuditEntry,
    ) -> Result<u64, StoreError> {
        transaction!(self, transaction => {
            // As in `append`: locks the row where others may write.
            let mut lock = transaction.query("UPDATE audit_head SET number = number WHERE id = 1");
            lock.execute_in(transaction).await?;
            let mut query = transaction.query(
                "SELECT a.number, a.at_us, a.hash FROM audit a, audit_head h \
                 WHERE h.id = 1 AND a.number < h.number ORDER BY a.number LIMIT ?",
            );
            let rows = query.bind(TRIMMED).fetch_all_in(transaction).await?;
            let mut last = None;
            let mut entries = 0;
            for row in &rows {
                if row.get::<i64>("at_us")? >= before_us {
                    break;
                }
                last = Some(read_head(row)?);
                entries += 1;
            }
            if let Some((number, hash)) = last {
                let mut delete = transaction.query("DELETE FROM audit WHERE number <= ?");
                delete.bind(number).execute_in(transaction).await?;
                set_base(transaction, number, &hash).await?;
                let told = TrimmedAudit { up_to: number, hash: hexadecimal(&hash), entries };
                append(transaction, &entry(told)).await?;
            }
            entries
        })
    }

    /// Entries in the order in which they were written, with numbers above `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_trail(&self, after: i64) -> Result<Vec<AuditRow>, StoreError> {
        let mut query = self.query(COLUMNS);
        query.push(" WHERE number > ? ORDER BY number LIMIT ?");
        query.bind(after).bind(PAGE);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// Checks the whole trail, entry by entry.
    ///
    /// # Errors
    /// The database failed.
    pub async fn check_audit(&self) -> Result<AuditCheck, StoreError> {
        loop {
            // Entries appended from now on are not checked.
            let head = self.audit_head().await?;
            let base = self.audit_base().await?;
            let mut check = AuditCheck::new(base, head);
            let mut after = i64::MIN;
            loop {
                let rows = self.audit_trail(after).await?;
                let Some(last) = rows.last() else { break };
                after = last.number;
                for row in &rows {
                    check.look(row);
                }
            }
            check.end();
            // Old entries may be removed meanwhile, and are missed then.
            if check.faults.is_empty() || self.audit_base().await? == base {
                return Ok(check);
            }
        }
    }
}

/// Copies the trail into another database with numbers and hashes unchanged. Entries that the target already has, such
/// as of a token created there, move behind them.
pub(super) async fn copy(from: &Store, to: &Store) -> Result<(), StoreError> {
    let base = from.audit_base().await?;
    if base != to.audit_base().await? {
        transaction!(to, transaction => {
            let mut delete = transaction.query("DELETE FROM audit WHERE number <= ?");
            delete.bind(base.0).execute_in(transaction).await?;
            set_base(transaction, base.0, &base.1).await?;
        })?;
    }
    let (mut rows, own) = difference(from, to).await?;
    let Some(first) = rows.first().map(|row| row.number) else {
        // The target has all of the source's entries.
        return Ok(());
    };
    let (mut number, mut last) = from.audit_head().await?;
    for row in own {
        number += 1;
        let row = row.moved(number, &last);
        last = row.hash;
        rows.push(row);
    }
    transaction!(to, transaction => {
        let mut delete = transaction.query("DELETE FROM audit WHERE number >= ?");
        delete.bind(first).execute_in(transaction).await?;
        insert(transaction, &rows).await?;
        set_head(transaction, number, &last).await?;
    })
}

/// The entries of each trail from the first difference on.
async fn difference(
    from: &Store,
    to: &Store,
) -> Result<(Vec<AuditRow>, Vec<AuditRow>), StoreError> {
    let (mut source, mut target) = (whole(from).await?, whole(to).await?);
    let both = source.iter().zip(&target);
    let same = both.take_while(|(one, other)| one == other).count();
    source.drain(..same);
    target.drain(..same);
    Ok((source, target))
}

async fn whole(store: &Store) -> Result<Vec<AuditRow>, StoreError> {
    let mut trail = Vec::new();
    let mut after = i64::MIN;
    loop {
        let rows = store.audit_trail(after).await?;
        let Some(last) = rows.last() else {
            return Ok(trail);
        };
        after = last.number;
        trail.extend(rows);
    }
}

fn read_head(row: &Row) -> Result<(i64, [u8; 32]), StoreError> {
    Ok((row.get("number")?, read_hash(row)?))
}

fn read_hash(row: &Row) -> Result<[u8; 32], StoreError> {
    let hash: Vec<u8> = row.get("hash")?;
    // A hash of another length matches nothing, so the entry is reported as changed.
    Ok(hash.try_into().unwrap_or(NO_ENTRY))
}

fn read(row: &Row) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        number: row.get("number")?,
        at_us: row.get("at_us")?,
        actor: row.get("actor")?,
        token: row.get("token")?,
        scopes: row.get("scopes")?,
        via: row.get("via")?,
        peer: row.get("peer")?,
        action: row.get("action")?,
        object: row.get("object")?,
        note: row.get("note")?,
        before: row.get("was")?,
        after: row.get("became")?,
        hash: read_hash(row)?,
    })
}
