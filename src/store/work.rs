//! Leases: decide which collector does work that only one of them may do at a time.
//!
//! A lease expires by the database's clock, which all collectors share, so their own clocks do not matter. If
//! collectors cannot share the database, the only one always gets the lease.

use std::time::Duration;

use super::pool::Pool;
use super::tables::table::{Present, Table};
use super::{DatabaseProblem, Store, StoreError};

/// An error is stored up to this many characters.
const ERROR_CHARS: usize = 1000;

const LEASES: Table = Table {
    name: "work_leases",
    columns: &["name"],
    present: Present::Unchanged,
};

/// The right to do a piece of work for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkLease {
    name: &'static str,
    /// The fencing number: a later claim has a greater one. 0 if the claim could not be stored.
    fence: i64,
}

impl WorkLease {
    /// The name of the work.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The fencing number: a holder with an older one than the latest is too late.
    #[must_use]
    pub fn fence(&self) -> i64 {
        self.fence
    }
}

impl Store {
    /// Claims a piece of work for a limited time. None: another collector's lease has not expired.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_work(
        &self,
        name: &'static str,
        time: Duration,
    ) -> Result<Option<WorkLease>, StoreError> {
        match self.try_claim(name, time).await {
            // A full disk has no space for the claim, and there is no other collector: the work may be what frees
            // space.
            Err(error)
                if !self.is_shared()
                    && error
                        .trouble()
                        .is_some_and(DatabaseProblem::is_want_of_room) =>
            {
                Ok(Some(WorkLease { name, fence: 0 }))
            }
            claimed => claimed,
        }
    }

    async fn try_claim(
        &self,
        name: &'static str,
        time: Duration,
    ) -> Result<Option<WorkLease>, StoreError> {
        let mut is_claimed = self.claim(name, time).await?;
        if !is_claimed && self.note_work(name).await? {
            // It was never claimed before.
            is_claimed = self.claim(name, time).await?;
        }
        if !is_claimed {
            return Ok(None);
        }
        let row = self
            .query("SELECT fence FROM work_leases WHERE name = ? AND holder = ?")
            .bind(name)
            .bind(self.name)
            .fetch_optional(self.leases())
            .await?;
        row.map(|row| {
            let fence = row.get("fence")?;
            Ok(WorkLease { name, fence })
        })
        .transpose()
    }

    /// One statement: of several collectors that try, only one finds the lease free.
    async fn claim(&self, name: &str, time: Duration) -> Result<bool, StoreError> {
        let (now_us, time_us) = (self.engine().now_us(), micros(time));
        let mut claim = self.query(
            "UPDATE work_leases SET holder = ?, fence = fence + 1, attempts = attempts + 1, last_started_us = ",
        );
        claim.push(now_us).push(", until_us = ").push(now_us);
        claim.push(" + ? WHERE name = ?");
        claim.bind(self.name).bind(time_us).bind(name);
        if self.is_shared() {
            claim.push(" AND (holder IS NULL OR holder = ? OR until_us <= ");
            // A lease longer than any possible one was claimed before the database's clock was set back.
            claim.push(now_us).push(" OR until_us > ").push(now_us);
            claim.push(" + ?)").bind(self.name).bind(time_us);
        }
        Ok(claim.execute(self.leases()).await? > 0)
    }

    /// Adds the work's row; false if it certainly existed.
    async fn note_work(&self, name: &str) -> Result<bool, StoreError> {
        let mut insert = self.query("INSERT INTO work_leases (name) VALUES (?)");
        self.engine().push_conflict(&LEASES, &mut insert);
        Ok(insert.bind(name).execute(self.leases()).await? > 0)
    }

    /// Extends a lease from now on; false if another collector has taken the work over.
    ///
    /// # Errors
    /// The database failed.
    pub async fn renew_work(&self, lease: &WorkLease, time: Duration) -> Result<bool, StoreError> {
        let mut renew = self.query("UPDATE work_leases SET until_us = ");
        renew.push(self.engine().now_us());
        renew.push(" + ? WHERE name = ? AND fence = ? AND holder = ?");
        renew.bind(micros(time)).bind(lease.name).bind(lease.fence);
        let renewed = renew.bind(self.name).execute(self.leases()).await?;
        Ok(renewed > 0 || !self.is_shared())
    }

    /// Whether no other lease of the work was taken since this one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn holds_work(&self, lease: &WorkLease) -> Result<bool, StoreError> {
        if !self.is_shared() {
            return Ok(true);
        }
        let mut query = self.query("SELECT fence FROM work_leases WHERE name = ? AND fence = ?");
        query.bind(lease.name).bind(lease.fence);
        Ok(query.fetch_optional(self.leases()).await?.is_some())
    }

    /// Releases a lease, and stores the outcome; false if another collector has taken the work over meanwhile.
    ///
    /// # Errors
    /// The database failed: the lease expires by itself.
    pub async fn finish_work(
        &self,
        lease: &WorkLease,
        error: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut finish = self.query(
            "UPDATE work_leases SET holder = NULL, until_us = 0, last_error = ?, last_finished_us = ",
        );
        let error: Option<String> = error.map(|error| error.chars().take(ERROR_CHARS).collect());
        finish.push(self.engine().now_us()).bind(error.as_deref());
        if error.is_none() {
            finish.push(", attempts = 0");
        }
        finish.push(" WHERE name = ? AND fence = ?");
        finish.bind(lease.name).bind(lease.fence);
        let finished = finish.execute(self.leases()).await?;
        Ok(finished > 0 || !self.is_shared())
    }

    /// The connections for writing leases. On a server any of them: a lease is renewed while the writing one is busy
    /// with the very work.
    fn leases(&self) -> &Pool {
        match self.is_shared() {
            true => &self.read,
            false => &self.write,
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
