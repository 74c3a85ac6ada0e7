//! Tombstones: identities of deleted executions, so that data still on its way to one cannot recreate it.

use uuid::Uuid;

use super::pool::Transaction;
use super::statement::Statement;
use super::tables::table::{CHUNKS, Present, Table, push_list};
use super::{Store, StoreError};
use crate::model::DAY_US;

/// How long tombstones are kept: a spool is not delivered later than that.
const REMEMBERED_US: i64 = 400 * DAY_US;

/// Maximum number of tombstones removed at once, which limits the damage of a temporarily wrong clock.
const FORGOTTEN: u32 = 50;

/// Tombstones copied at once.
const PAGE: u32 = 1000;

const TOMBSTONES: Table = Table {
    name: "execution_tombstones",
    columns: &["uuid", "deleted_us"],
    present: Present::Unchanged,
};

/// A deleted execution.
pub(super) type Tombstone = (Uuid, i64);

impl Store {
    /// Whether an execution was deleted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn was_deleted(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut query = self.query("SELECT deleted_us FROM execution_tombstones WHERE uuid = ?");
        let found = query.bind(id).fetch_optional(&self.read).await?;
        Ok(found.is_some())
    }

    /// A page of tombstones after an identity, in order.
    pub(super) async fn tombstones(&self, after: Uuid) -> Result<Vec<Tombstone>, StoreError> {
        let mut query = self.query(
            "SELECT uuid, deleted_us FROM execution_tombstones WHERE uuid > ? ORDER BY uuid LIMIT ?",
        );
        let rows = query.bind(after).bind(PAGE).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok((row.get("uuid")?, row.get("deleted_us")?)))
            .collect()
    }
}

/// Adds tombstones for executions, within the transaction that deletes them, and removes expired ones.
pub(super) async fn note(
    transaction: &mut Transaction,
    deleted: &[Uuid],
) -> Result<(), StoreError> {
    if deleted.is_empty() {
        return Ok(());
    }
    // The database's own time is the same for all who share it.
    let mut query = transaction.query("SELECT ");
    query.push(transaction.engine().now_us()).push(" AS now_us");
    let rows = query.fetch_all_in(transaction).await?;
    let now_us: i64 = rows.first().map_or(Ok(0), |row| row.get("now_us"))?;
    let tombstones: Vec<Tombstone> = deleted.iter().map(|id| (*id, now_us)).collect();
    TOMBSTONES.insert(transaction, &tombstones, bind).await?;
    let mut query = transaction.query(
        "SELECT uuid FROM execution_tombstones WHERE deleted_us < ? ORDER BY deleted_us LIMIT ?",
    );
    query
        .bind(now_us.saturating_sub(REMEMBERED_US))
        .bind(FORGOTTEN);
    let rows = query.fetch_all_in(transaction).await?;
    let old: Vec<Uuid> = rows
        .iter()
        .map(|row| row.get("uuid"))
        .collect::<Result<_, StoreError>>()?;
    if !old.is_empty() {
        let mut delete = transaction.query("DELETE FROM execution_tombstones WHERE uuid IN (");
        push_list(&mut delete, &old);
        delete.execute_in(transaction).await?;
    }
    Ok(())
}

/// Which of these executions were deleted, as seen by a transaction.
pub(super) async fn among(
    transaction: &mut Transaction,
    ids: &[Uuid],
) -> Result<Vec<Uuid>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(CHUNKS[0]) {
        let mut query = transaction.query("SELECT uuid FROM execution_tombstones WHERE uuid IN (");
        push_list(&mut query, ids);
        for row in query.fetch_all_in(transaction).await? {
            found.push(row.get("uuid")?);
        }
    }
    Ok(found)
}

fn bind(values: &mut Statement, (id, deleted_us): &Tombstone) {
    values.bind(*id).bind(*deleted_us);
}

/// Copies all tombstones from one database into another.
pub(super) async fn copy(from: &Store, to: &Store) -> Result<(), StoreError> {
    let mut after = Uuid::nil();
    loop {
        let page = from.tombstones(after).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = *last;
        let mut transaction = to.write.begin().await?;
        TOMBSTONES.insert(&mut transaction, &page, bind).await?;
        transaction.commit().await?;
    }
}
