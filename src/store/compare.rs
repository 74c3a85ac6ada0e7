//! Queries for the comparison of two executions: all results of one in few bytes, and earlier executions like one.
//!
//! An execution may have a million results, and a row costs a microsecond or more on its way here. So the database joins the
//! results of a page into one text, a number each, and their durations into another, which costs a fraction of that.

use playback_wire::ResultStatus;

use super::guide::Choice;
use super::pool::Row;
use super::tables::executions;
use super::{Store, StoreError};
use crate::filter::{indexed, inventory_names, playbook_names};
use crate::model::{ExecutionKey, ExecutionRow, ResultFlags, Status};

/// Results in one text: it stays below a megabyte.
const PAGE: u32 = 20_000;

/// In the number of an outcome, the task is multiplied by this, and the host by [`HOST`]; the status and the flags are added.
const TASK: u64 = 1 << 32;

/// See [`TASK`].
const HOST: u64 = 1 << 10;

/// How a task ended on a host, in few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedOutcome {
    /// Number of the task.
    pub task: u32,
    /// Number of the host.
    pub host: u32,
    /// How it ended.
    pub status: ResultStatus,
    /// See [`ResultFlags`].
    pub flags: ResultFlags,
}

/// A result in few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedResult {
    /// How it ended, and where.
    pub outcome: PackedOutcome,
    /// How long it took, in microseconds; unknown when the recorder did not see it start.
    pub duration_us: Option<i64>,
}

/// A result that was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundResult {
    /// Sequence number of its event.
    pub seq: u64,
    /// Number of the task.
    pub task: u32,
    /// See [`ResultFlags`].
    pub flags: ResultFlags,
}

impl Store {
    /// Passes on the results of an execution, at most about `limit`, without those that no longer count. Returns whether
    /// these were all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn packed_results(
        &self,
        key: ExecutionKey,
        limit: u64,
        mut each: impl FnMut(PackedResult),
    ) -> Result<bool, StoreError> {
        let (mut range, mut read) = ((0, u64::MAX), 0);
        while let Some(page) = self.packed_page(key, range, true).await? {
            let outcomes = Numbers(page.get::<&str>("outcomes")?.as_bytes());
            let durations = Numbers(page.get::<&str>("durations")?.as_bytes());
            let count = page.unsigned("n")?;
            for (outcome, duration) in outcomes.exactly(count).zip(durations.exactly(count)) {
                let (outcome, duration) = (PackedOutcome::read(outcome?)?, duration?);
                if !outcome.flags.has(ResultFlags::RETRACTED) {
                    each(PackedResult {
                        outcome,
                        duration_us: duration.checked_sub(1).map(u64::cast_signed),
                    });
                }
            }
            range.0 = page.unsigned("last")?;
            read += count;
            if count < u64::from(PAGE) {
                break;
            }
            if read >= limit {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Passes on how each task ended on each host, without results that no longer count: of those after the first and up
    /// to the second of these sequence numbers.
    ///
    /// # Errors
    /// The database failed.
    pub async fn packed_outcomes(
        &self,
        key: ExecutionKey,
        mut range: (u64, u64),
        mut each: impl FnMut(PackedOutcome),
    ) -> Result<(), StoreError> {
        while let Some(page) = self.packed_page(key, range, false).await? {
            let outcomes = Numbers(page.get::<&str>("outcomes")?.as_bytes());
            let count = page.unsigned("n")?;
            for outcome in outcomes.exactly(count) {
                let outcome = PackedOutcome::read(outcome?)?;
                if !outcome.flags.has(ResultFlags::RETRACTED) {
                    each(outcome);
                }
            }
            range.0 = page.unsigned("last")?;
            if count < u64::from(PAGE) {
                break;
            }
        }
        Ok(())
    }

    /// A page of results in one row; none if there are no more.
    async fn packed_page(
        &self,
        key: ExecutionKey,
        (after, last): (u64, u64),
        with_durations: bool,
    ) -> Result<Option<Row>, StoreError> {
        let engine = self.engine();
        let mut query = self.query("SELECT COUNT(*) AS n, MAX(seq) AS last, ");
        query.push(engine.packed_outcomes()).push(" AS outcomes");
        if with_durations {
            query
                .push(", ")
                .push(engine.packed_durations())
                .push(" AS durations");
        }
        query.push(" FROM (SELECT seq, task, host, status, flags");
        if with_durations {
            query.push(", duration_us");
        }
        query
            // A larger number of a task would not fit into the packed one; no record has it.
            .push(
                " FROM results WHERE execution = ? AND seq > ? AND seq <= ? AND task < 2147483648 \
                 ORDER BY seq LIMIT ?) AS of_one",
            )
            .bind(key)
            .bind(after)
            .bind(last.min(i64::MAX.cast_unsigned()))
            .bind(PAGE);
        let row = query.fetch_one(&self.read).await?;
        Ok((row.unsigned("n")? > 0).then_some(row))
    }

    /// The numbers and names of an execution's hosts, in order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn host_names(&self, key: ExecutionKey) -> Result<Vec<(u32, String)>, StoreError> {
        let mut query = self
            .query("SELECT number, name FROM execution_hosts WHERE execution = ? ORDER BY number");
        let mut names = Vec::new();
        query
            .bind(key)
            .for_each(&self.read, |row| {
                names.push((row.number("number")?, row.get("name")?));
                Ok(())
            })
            .await?;
        Ok(names)
    }

    /// The last result of a task on a host that counts; `span` is the range of the task's results, as sequence numbers.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_result_on(
        &self,
        key: ExecutionKey,
        task: u32,
        host: &str,
        (first, last): (u64, u64),
    ) -> Result<Option<FoundResult>, StoreError> {
        let mut query = self.query(
            "SELECT seq, task, flags FROM results WHERE execution = ? AND seq >= ? AND seq <= ? \
             AND task = ? AND flags >= 0 \
             AND host = (SELECT number FROM execution_hosts WHERE name = ? AND execution = ?) \
             ORDER BY seq DESC LIMIT 1",
        );
        query
            .bind(key)
            .bind(first)
            .bind(last)
            .bind(task)
            .bind(indexed(host))
            .bind(key);
        let row = query.fetch_optional(&self.read).await?;
        row.map(|row| {
            Ok(FoundResult {
                seq: row.unsigned("seq")?,
                task: row.number("task")?,
                flags: ResultFlags(row.get::<i32>("flags")? as u8),
            })
        })
        .transpose()
    }

    /// Executions before `than` of the same type, of playbooks and with an inventory of the same file names, the latest
    /// first; `status`: only those that ended so.
    ///
    /// # Errors
    /// The database failed.
    pub async fn earlier_like(
        &self,
        than: &ExecutionRow,
        status: Option<Status>,
        (limit, offset): (u32, u32),
    ) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
        let mut query = self.query(executions::SELECT);
        query
            .push(" FROM executions e")
            .guided(Choice::Index)
            .push(" WHERE e.started_us < ? AND e.type = ?")
            .bind(than.started_us)
            .bind(than.description.r#type.as_str());
        let description = &than.description;
        match description.playbook.as_deref().map(playbook_names) {
            Some(names) => query.push(" AND e.playbook_name = ?").bind(indexed(&names)),
            None => query.push(" AND e.playbook_name IS NULL"),
        };
        match description.inventory.as_deref().map(inventory_names) {
            Some(names) => query
                .push(" AND e.inventory_name = ?")
                .bind(indexed(&names)),
            None => query.push(" AND e.inventory_name IS NULL"),
        };
        if let Some(status) = status {
            query.push(" AND e.status = ?").bind(status.as_str());
        }
        query
            .push(" ORDER BY e.started_us DESC, e.id DESC LIMIT ? OFFSET ?")
            .bind(limit)
            .bind(offset);
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(executions::read).collect()
    }
}

impl PackedOutcome {
    fn read(number: u64) -> Result<Self, StoreError> {
        let status = ResultStatus::ALL.get(((number >> 8) & 3) as usize);
        Ok(Self {
            task: (number / TASK) as u32,
            host: (number % TASK / HOST) as u32,
            status: status.copied().ok_or_else(damaged)?,
            flags: ResultFlags((number & 255) as u8),
        })
    }
}

/// The numbers in a text, a blank between two.
struct Numbers<'t>(&'t [u8]);

impl Numbers<'_> {
    /// Exactly this many numbers. A text that the database cut has fewer: the first missing number is an error.
    fn exactly(mut self, count: u64) -> impl Iterator<Item = Result<u64, StoreError>> {
        (0..count).map(move |_| self.number().ok_or_else(damaged))
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.0.iter().position(|byte| *byte == b' ');
        let (digits, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        if digits.is_empty() {
            return None;
        }
        digits.iter().try_fold(0_u64, |number, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
            number.checked_mul(10)?.checked_add(digit.into())
        })
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged {
        part: "a page of results",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_read_from_its_number() {
        let outcome = PackedOutcome::read(7 * TASK + 3 * HOST + 256 + 129).unwrap();
        let expected = PackedOutcome {
            task: 7,
            host: 3,
            status: ResultStatus::Failed,
            flags: ResultFlags(129),
        };
        assert_eq!(outcome, expected);
        let (task, host) = (u32::MAX / 2, 50_000);
        let largest = u64::from(task) * TASK + u64::from(host) * HOST + 1_023;
        let largest = PackedOutcome::read(largest).unwrap();
        assert_eq!((largest.task, largest.host), (task, host));
    }

    #[test]
    fn a_text_that_was_cut_is_noticed() {
        let read = |text: &'static str| -> Result<Vec<u64>, _> {
            Numbers(text.as_bytes()).exactly(2).collect()
        };
        assert_eq!(read("12 0").unwrap(), [12, 0]);
        for cut in ["", "1", "1 ", "x 1", "1 -1", "1 99999999999999999999"] {
            assert!(read(cut).is_err(), "{cut:?}");
        }
    }
}
