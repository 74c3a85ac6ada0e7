//! What a comparison of two executions needs: all results of one in few bytes, and earlier executions like one.
//!
//! An execution may have a million results, and a row costs a microsecond or more on its way here. So the database joins the
//! results of a page into one text, two numbers each, which costs a fraction of that.

use playback_wire::ResultStatus;

use super::tables::executions;
use super::{Store, StoreError};
use crate::filter::{indexed, inventory_names, playbook_names};
use crate::model::{ExecutionKey, ExecutionRow, ResultFlags, Status};

/// Results in one text: it stays below a megabyte.
const PAGE: u32 = 20_000;

/// In the first number of a result, the task is multiplied by this, and the host is added.
const TASK: u64 = 1 << 32;

/// In the second number, the duration is multiplied by this; the status and the flags are added.
const DURATION: u64 = 1 << 10;

/// A result in few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedResult {
    /// Number of the task.
    pub task: u32,
    /// Number of the host.
    pub host: u32,
    /// How it ended.
    pub status: ResultStatus,
    /// See [`ResultFlags`].
    pub flags: ResultFlags,
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
    /// Passes on the results of an execution in the order of their sequence, at most about `limit`, without those that no
    /// longer count. Returns whether these were all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn packed_results(
        &self,
        key: ExecutionKey,
        limit: u64,
        mut each: impl FnMut(PackedResult),
    ) -> Result<bool, StoreError> {
        let (mut after, mut read) = (0, 0);
        loop {
            let mut query = self.query("SELECT COUNT(*) AS n, MAX(seq) AS last, ");
            query
                .push(self.engine().packed_results())
                // A larger number of a task would not fit into the packed one; no record has it.
                .push(
                    " AS packed FROM (SELECT seq, task, host, status, flags, duration_us FROM results \
                     WHERE execution = ? AND seq > ? AND task < 2147483648 ORDER BY seq LIMIT ?) AS of_one",
                )
                .bind(key)
                .bind(after)
                .bind(PAGE);
            let row = query.fetch_one(&self.read).await?;
            let count = row.unsigned("n")?;
            if count == 0 {
                return Ok(true);
            }
            after = row.unsigned("last")?;
            let mut numbers = Numbers(row.get::<&str>("packed")?.as_bytes());
            for _ in 0..count {
                // A text that the database cut would silently lack results.
                let result = numbers.result()?;
                if !result.flags.has(ResultFlags::RETRACTED) {
                    each(result);
                }
            }
            read += count;
            if count < u64::from(PAGE) {
                return Ok(true);
            }
            if read >= limit {
                return Ok(false);
            }
        }
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
            .push(" FROM executions e WHERE e.started_us < ? AND e.type = ?")
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

/// The numbers in a text, a blank between two.
struct Numbers<'t>(&'t [u8]);

impl Numbers<'_> {
    fn result(&mut self) -> Result<PackedResult, StoreError> {
        let cell = self.number();
        let rest = self.number();
        let (Some(cell), Some(rest)) = (cell, rest) else {
            return Err(damaged());
        };
        let status = ResultStatus::ALL.get(((rest >> 8) & 3) as usize);
        Ok(PackedResult {
            task: (cell / TASK) as u32,
            host: (cell % TASK) as u32,
            status: status.copied().ok_or_else(damaged)?,
            flags: ResultFlags((rest & 255) as u8),
            duration_us: (rest / DURATION).checked_sub(1).map(u64::cast_signed),
        })
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
    fn a_text_that_was_cut_is_noticed() {
        let all = format!("{} {}", 7 * TASK + 3, 42 * DURATION + 256 + 129);
        let result = Numbers(all.as_bytes()).result().unwrap();
        let expected = PackedResult {
            task: 7,
            host: 3,
            status: ResultStatus::Failed,
            flags: ResultFlags(129),
            duration_us: Some(41),
        };
        assert_eq!(result, expected);
        let unknown = Numbers(b"1 512").result().unwrap();
        assert_eq!(
            (unknown.status, unknown.duration_us),
            (ResultStatus::Skipped, None)
        );
        for cut in ["", "1", "1 ", "x 1", "1 -1"] {
            assert!(Numbers(cut.as_bytes()).result().is_err(), "{cut:?}");
        }
    }
}
