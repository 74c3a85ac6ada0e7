//! Parses request parameters, with errors that name the field and the next step.

use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use crate::filter::query::{parse_query, time_at};
use crate::filter::{ExecutionFilter, Filtered, parse, place};
use crate::model::{Cursor, Page};

/// Default page size.
pub(super) const DEFAULT_LIMIT: u32 = 50;
/// Maximum page size.
pub(super) const MAX_LIMIT: u32 = 1000;

/// Checks a page's size.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Some(limit) => Err(ApiError::bad_request(format!(
            "limit = {limit}: it must be from 1 to {MAX_LIMIT}; use cursor for more"
        ))),
    }
}

/// Filters and page of the list of executions; all that are given must match.
pub(super) type ListQuery = Filtered<place::List, ListPage>;

/// Which page of the list, in which order, and what of each entry.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct ListPage {
    /// A query, in the language that docs/query.md describes. Words, `"phrases"` and the filters as fields, joined by
    /// AND (or a blank), OR, NOT (or `-`) and brackets: `status:failed host:web-* since:7d "connection refused"`. A field
    /// takes several values (`status:failed,running`), texts take `*`. Together with the filters, both must hold. An
    /// error names the column.
    #[param(example = "status:failed OR (host:web-* NOT user:deploy)")]
    pub(super) q: Option<String>,
    /// Entries at most: 1 to 1000, 50 by default.
    pub(super) limit: Option<u32>,
    /// Entries to pass over; `cursor` is faster.
    pub(super) offset: Option<u64>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// `desc` (newest first, the default) or `asc`.
    pub(super) order: Option<String>,
    /// Names of the fields to return, separated by commas; all by default. Unknown names are ignored.
    pub(super) fields: Option<String>,
}

impl ListPage {
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let after = match self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => None,
            Some(cursor) => Some(Cursor::decode(cursor).ok_or_else(|| {
                ApiError::bad_request(
                    "cursor: this is no cursor; take next_cursor of the page before, as it is",
                )
            })?),
        };
        let order = named(
            "order",
            self.order.as_deref(),
            &["asc", "desc"],
            std::convert::identity,
        )?;
        Ok(Page {
            limit: limit(self.limit)?,
            offset: self.offset.unwrap_or(0),
            after,
            ascending: order == Some("asc"),
        })
    }
}

/// Adds the query `q` to the filters; an empty one adds nothing.
pub(super) fn with_query(
    filter: ExecutionFilter,
    q: Option<&str>,
    now_us: i64,
) -> Result<ExecutionFilter, ApiError> {
    match parse_query(q.unwrap_or_default(), &time_at(now_us)) {
        Ok(Some(query)) => Ok(filter.with_query(&query)),
        Ok(None) => Ok(filter),
        Err(error) => Err(ApiError::bad_request(format!("q: {error}"))),
    }
}

/// Parses a value that must be one of a few names.
pub(super) fn named<T: Copy>(
    field: &str,
    value: Option<&str>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, ApiError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let read = parse::word(value, all, name);
    read.map(Some)
        .map_err(|problem| ApiError::bad_request(format!("{field} = {value:?}: {problem}")))
}
