//! The parts of an execution, a file each: what it printed, its events, what it is made of, its results.

pub(super) mod events;
pub(super) mod output;
pub(super) mod results;
pub(super) mod structure;

use super::ApiError;
use super::query::execution_id;
use crate::app::App;
use crate::history;
use crate::model::{ExecutionKey, ExecutionRow};

async fn open(app: &App, id: &str) -> Result<(ExecutionKey, ExecutionRow), ApiError> {
    Ok(history::find(&app.store, execution_id(id)?).await?)
}
