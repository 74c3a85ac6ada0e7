//! The parts of an execution, a file each: what it printed, its events, what it is made of, its results.

pub(super) mod events;
pub(super) mod output;
pub(super) mod results;
mod shown;
pub(super) mod structure;

use std::convert::Infallible;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::query::execution_id;
use super::{ApiError, view};
use crate::app::App;
use crate::log::block::{Entry, Gap, StoredLog};
use crate::model::{BlockRow, ExecutionKey, ExecutionRow};

async fn open(app: &App, id: &str) -> Result<(ExecutionKey, ExecutionRow), ApiError> {
    view::find(&app.store, execution_id(id)?).await
}

/// What a stored block holds, in order.
fn each_entry(block: &BlockRow, mut each: impl FnMut(Entry<'_>)) {
    let read: Result<(), Infallible> = StoredLog::of(block).for_each(|entry| {
        each(entry);
        Ok(())
    });
    match read {
        Ok(()) => {}
    }
}

/// Stands for events that cannot be read.
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
