//! The last runs of several playbooks, in brief.

use axum::Json;
use axum::extract::{RawQuery, State};
use url::form_urlencoded;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use crate::app::App;
use crate::history::{self, RecentList};

/// Maximum number of playbooks in one request.
const PLAYBOOKS: usize = 100;

/// Default and maximum number of runs of each playbook.
const RUNS: u32 = 20;
const MOST_RUNS: u32 = 100;

/// List the last runs of several playbooks, in brief: their status and their duration.
#[utoipa::path(
    get, path = "/executions/recent", tag = "history",
    params(
        ("playbook" = Vec<String>, Query, description = "Name of a playbook, exactly as recorded; repeat the parameter for up to 100 playbooks"),
        ("limit" = Option<u32>, Query, description = "Maximum number of runs of each: 1 to 100, 20 by default"),
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

/// Parses the names and the limit; the usual extractor does not accept a repeated name.
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
