//! Makes roll-ups.

use super::super::{Engine, Store, StoreError, transaction};
use super::read::{ReadParts, RunSelection, RunState, read};
use super::{ngrams, rolls};
use crate::model::{ExecutionFilter, HOUR_US, RollBuilder, Status, span_of};

impl Store {
    /// Days before `day` whose roll-up is missing or outdated, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn days_to_roll(&self, day: i64) -> Result<Vec<i64>, StoreError> {
        self.query(
            "SELECT day FROM stat_days WHERE day < ? AND rolled <> version ORDER BY day DESC",
        )
        .bind(day)
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(|row| row.get("day"))
        .collect()
    }

    /// Makes a day's roll-up. False: there was nothing to do, or the day changed meanwhile, and the next attempt may
    /// succeed. Several collectors may do this at once.
    ///
    /// # Errors
    /// The database failed: the roll-up is unchanged.
    pub async fn roll_day(&self, day: i64) -> Result<bool, StoreError> {
        let mut snapshot = self.read.begin_snapshot().await?;
        let mut query = snapshot.query("SELECT version FROM stat_days WHERE day = ?");
        let found = query.bind(day).fetch_all_in(&mut snapshot).await?;
        let Some(row) = found.first() else {
            return Ok(false);
        };
        let version: i64 = row.get("version")?;
        let (from_us, to_us) = span_of(day);
        let mut roll = RollBuilder::default();
        let which = RunSelection::Started {
            from_us,
            to_us,
            filter: &ExecutionFilter::default(),
            stand: RunState::Over,
        };
        read(&mut snapshot, &which, &ReadParts::ALL, HOUR_US, &mut roll).await?;
        let ngrams = ngrams::gather(&mut snapshot, &which, version).await?;
        snapshot.commit().await?;
        let roll = roll.finish();
        let data = rolls::pack(&roll);
        transaction!(self, transaction => {
            // Takes the day's lock: no other transaction writes its roll-up or raises its version now.
            let ours = transaction
                .query("UPDATE stat_days SET rolled = ?, success = ?, failed = ? \
                        WHERE day = ? AND version = ? AND rolled <> ?")
                .bind(version)
                .bind(roll.runs(Status::Success))
                .bind(roll.runs(Status::Failed))
                .bind(day)
                .bind(version)
                .bind(version)
                .execute_in(transaction)
                .await?;
            if ours > 0 {
                rolls::replace(transaction, day, false, &data, &ngrams).await?;
            }
            ours > 0
        })
    }
}
