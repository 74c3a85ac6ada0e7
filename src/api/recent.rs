//! The last runs of several playbooks, in brief.

use axum::Json;
use axum::extract::{RawQuery, State};
use url::form_urlencoded;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use crate::app::App;
use crate::history::{self, RecentList};

/// Playbooks in one request, at most.
const PLAYBOOKS: usize = 100;

/// Runs of each, unless asked otherwise, and at most.
const RUNS: u32 = 20;
const MOST_RUNS: u32 = 100;

/// List the last runs of each of several playbooks, in brief: how they ended, and how long they took.
#[utoipa::path(
    get, path = "/executions/recent", tag = "history",
    params(
        ("playbook" = Vec<String>, Query, description = "Name of a playbook, exactly as records have it; given once for each, up to 100 times"),
        ("limit" = Option<u32>, Query, description = "Runs of each at most: 1 to 100, 20 by default"),
    ),
    responses((status = 200, body = RecentList), (status = 400, body = ErrorBody))
)]
pub(super) async fn list_recent(
    State(app): State<App>,
    _: ReadAccess,
    RawQuery(query): RawQuery,
) -> Result<Json<RecentList>, ApiError> {
    let (playbooks, limit) = question(query.as_deref().unwrap_or_default())?;
    Ok(Json(history::recent(&app.store, playbooks, limit).await?))
}

/// Reads the names and the limit; the usual extractor takes no name twice.
fn question(query: &str) -> Result<(Vec<String>, u32), ApiError> {
    let mut playbooks = Vec::new();
    let mut limit = RUNS;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "playbook" => playbooks.push(value.into_owned()),
            "limit" => {
                let read = value.parse().ok();
                let fits = read.filter(|limit| (1..=MOST_RUNS).contains(limit));
                limit = fits.ok_or_else(|| {
                    ApiError::bad_request(format!(
                        "limit = {value:?}: it must be from 1 to {MOST_RUNS}"
                    ))
                })?;
            }
            other => {
                return Err(ApiError::bad_request(format!(
                    "query: unknown field {other:?}, expected playbook or limit"
                )));
            }
        }
    }
    match playbooks.len() {
        1..=PLAYBOOKS => Ok((playbooks, limit)),
        count => Err(ApiError::bad_request(format!(
            "playbook: {count} were given; it must be there from 1 to {PLAYBOOKS} times"
        ))),
    }
}
