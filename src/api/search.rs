//! Searches the lines of all runs.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use super::extract::Query;
use crate::app::App;
use crate::filter::parse;
use crate::filter::query::{parse_search, time_at};
use crate::history::{SearchCursor, SearchRequest};
use crate::model::{Facet, SearchPage};

/// Default and maximum number of lines in an answer.
const LINES: usize = 50;
const MOST_LINES: usize = 1000;

/// Default and maximum number of lines around each line.
const CONTEXT: usize = 0;
const MOST_CONTEXT: usize = 20;

/// Default duration of a search in seconds, and its limits.
const SECONDS: f64 = 5.0;
const MOST_SECONDS: f64 = 60.0;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SearchQuery {
    /// What to search for, in the language that docs/search.md describes: words, `"phrases"`, `prefix*`, `/regular
    /// expressions/`, the fields of a line (`host:`, `task:`, `module:`, `in:`) and those of its run (`status:`, `since:`
    /// …), joined by AND (or a blank), OR, NOT (or `-`) and brackets. An error names the column.
    #[param(
        required = true,
        example = "\"connection refused\" host:web-* since:7d"
    )]
    q: Option<String>,
    /// Maximum number of lines: 1 to 1000, 50 by default.
    limit: Option<usize>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
    /// How long the search may take in seconds: 0.1 to 60, 5 by default. After that, the answer says how far back it
    /// searched, and `next_cursor` continues from there.
    timeout: Option<f64>,
    /// Number of lines before and after each line: 0 to 20, none by default.
    context: Option<usize>,
    /// Count all matching lines, within the time limit, by these facets: `playbook`, `host`, `task`, `module`, `status`
    /// and `day`, separated by commas.
    facets: Option<String>,
}

impl SearchQuery {
    fn read(&self, now_us: i64) -> Result<SearchRequest, ApiError> {
        let q = self.q.as_deref().unwrap_or_default();
        let query = parse_search(q, &time_at(now_us));
        let query = query
            .map_err(|error| ApiError::bad_request(format!("q: {error}")))?
            .ok_or_else(|| {
                ApiError::bad_request("q: it must say what to look for, as in q=\"timed out\"")
            })?;
        let after = match self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => None,
            Some(cursor) => Some(SearchCursor::decode(cursor).ok_or_else(|| {
                ApiError::bad_request(
                    "cursor: this is no cursor; take next_cursor of the page before, as it is",
                )
            })?),
        };
        Ok(SearchRequest {
            query,
            limit: within("limit", self.limit, LINES, 1..=MOST_LINES)?,
            context: within("context", self.context, CONTEXT, 0..=MOST_CONTEXT)?,
            facets: facets(self.facets.as_deref().unwrap_or_default())?,
            timeout: timeout(self.timeout)?,
            after,
        })
    }
}

/// How long a search may take.
pub(super) fn timeout(seconds: Option<f64>) -> Result<Duration, ApiError> {
    let seconds = seconds.unwrap_or(SECONDS);
    if !(0.1..=MOST_SECONDS).contains(&seconds) {
        return Err(ApiError::bad_request(format!(
            "timeout = {seconds}: it must be from 0.1 to {MOST_SECONDS} seconds; next_cursor continues"
        )));
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn within(
    name: &str,
    asked: Option<usize>,
    default: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, ApiError> {
    let asked = asked.unwrap_or(default);
    if range.contains(&asked) {
        return Ok(asked);
    }
    let (least, most) = range.into_inner();
    Err(ApiError::bad_request(format!(
        "{name} = {asked}: it must be from {least} to {most}"
    )))
}

fn facets(names: &str) -> Result<BTreeSet<Facet>, ApiError> {
    let names = names.split(',').map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(|name| {
            parse::word(name, &Facet::ALL, Facet::as_str)
                .map_err(|problem| ApiError::bad_request(format!("facets = {name:?}: {problem}")))
        })
        .collect()
}

/// Search the lines of all runs: printed lines, texts that tasks returned (stdout, stderr, msg, diff …), and the names
/// of tasks. The newest run comes first.
#[utoipa::path(
    get, path = "/search", tag = "history", params(SearchQuery),
    responses((status = 200, body = SearchPage), (status = 400, body = ErrorBody))
)]
pub(super) async fn search_lines(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<SearchQuery>,
) -> Result<Json<SearchPage>, ApiError> {
    let request = query.read(app.clock.now_us())?;
    Ok(Json(app.searches.search(request).await?))
}
