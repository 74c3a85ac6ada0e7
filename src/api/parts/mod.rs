//! The parts of an execution, a file each: what it printed, its events, what it is made of, its results.

pub(super) mod events;
pub(super) mod output;
pub(super) mod results;
pub(super) mod structure;

use serde_json::value::RawValue;

use super::query::execution_id;
use super::{ApiError, view};
use crate::app::App;
use crate::blocks;
use crate::model::{ExecutionKey, ExecutionRow};
use crate::output::OutputError;

async fn open(app: &App, id: &str) -> Result<(ExecutionKey, ExecutionRow), ApiError> {
    view::find(&app.store, execution_id(id)?).await
}

fn expand(data: &[u8]) -> Result<Vec<u8>, ApiError> {
    blocks::expand_stored(data).map_err(|error| OutputError::from(error).into())
}

fn each_event(
    raw: &[u8],
    mut each: impl FnMut(&[u8], &playback_wire::Event<'_>),
) -> Result<(), ApiError> {
    blocks::for_each_event(raw, |line, event| {
        each(line, &event);
        Ok(())
    })
    .map_err(|error| OutputError::from(error).into())
}

fn raw_value(line: &[u8]) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(line.to_vec()).ok()?).ok()
}
