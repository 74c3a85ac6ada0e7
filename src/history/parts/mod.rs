//! The parts of an execution, one file each: its structure, its results, its events, the matrix of its
//! results, and which printed lines show them.

mod events;
mod lines;
mod matrix;
mod public_fields;
mod results;
mod structure;

use std::convert::Infallible;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

pub use events::{EventFilter, EventPage, events};
pub use lines::LineSpan;
pub use matrix::{OutcomeMatrix, matrix};
pub use results::{ResultDetail, ResultList, TaskResult, result, results};
pub use structure::{
    Host, HostList, Play, PlayList, Task, TaskList, TasksQuestion, hosts, plays, tasks,
};

use crate::log::block::{Entry, Gap, StoredLog};
use crate::model::BlockRow;

/// Passes on the entries of a stored block, in order.
fn each_entry(block: &BlockRow, mut each: impl FnMut(Entry<'_>)) {
    let read: Result<(), Infallible> = StoredLog::of(block).for_each(|entry| {
        each(entry);
        Ok(())
    });
    match read {
        Ok(()) => {}
    }
}

/// Replaces events that cannot be read.
fn damaged_event(gap: &Gap) -> Option<Box<RawValue>> {
    let event = json!({
        "seq": gap.first_seq,
        "kind": "damaged",
        "data": { "first_seq": gap.first_seq, "last_seq": gap.last_seq, "lines": gap.lines },
    });
    to_raw_value(&event).ok()
}

fn raw_value(line: &[u8]) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(line.to_vec()).ok()?).ok()
}
