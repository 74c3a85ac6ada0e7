//! T10: from the start of the process to its first answer, the first page of the list.

use std::time::Duration;

use anyhow::Result;

use crate::collector::Collector;
use crate::note;
use crate::place::Database;
use crate::table::median;

const STARTS: usize = 5;

/// How long it may take.
pub(crate) const LIMIT: Duration = Duration::from_millis(100);

/// Milliseconds from the start to the first answer, in the middle of several starts.
pub(crate) fn starts(database: &Database) -> Result<f64> {
    let mut all = Vec::new();
    for _ in 0..STARTS {
        let collector = Collector::start_on(&database.address)?;
        all.push(collector.first_answer.as_secs_f64() * 1e3);
        collector.stop()?;
    }
    note(&format!("  starts: {all:.0?} ms"));
    Ok(median(&all))
}
