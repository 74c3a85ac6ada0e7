//! Parses request parameters, with errors that name the field and the next step.

use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::search::timeout;
use crate::filter::query::{Expression, ListedBy, parse_list, parse_query, time_at};
use crate::filter::{ExecutionFilter, Filtered, LineTerm, parse, place};
use crate::history::{SearchCursor, SearchRequest};
use crate::model::{Cursor, DurationCursor, DurationPage, Page};

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

/// Filters and page of the list of executions; executions must match all filters that are given.
pub(super) type ListQuery = Filtered<place::List, ListPage>;

/// Page and order of the list, and the fields of each entry.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct ListPage {
    /// A query, in the language that docs/query.md describes. It consists of words, `"phrases"` and the filters as
    /// fields, joined by AND (or a blank), OR, NOT (or `-`) and brackets: `status:failed host:web-* since:7d "connection
    /// refused"`. A field accepts several values (`status:failed,running`), and texts accept `*`. Executions must match
    /// both the query and the filters. An error names the column.
    ///
    /// A query with `task:`, `module:`, `in:` or a `/regular expression/` is about lines, as in `GET /search`: the list has
    /// the runs with such a line, newest first. Then a page may be short, or empty, before the last one.
    #[param(example = "status:failed OR (host:web-* NOT user:deploy)")]
    pub(super) q: Option<String>,
    /// Maximum number of entries: 1 to 1000, 50 by default.
    pub(super) limit: Option<u32>,
    /// Number of entries to skip; `cursor` is faster. Not together with `sort=duration`.
    pub(super) offset: Option<u64>,
    /// `next_cursor` of the previous page.
    pub(super) cursor: Option<String>,
    /// How long a query about lines may take for a page, in seconds: 0.1 to 60, 5 by default. After that, the answer says
    /// how far back it searched, and `next_cursor` continues from there.
    timeout: Option<f64>,
    /// `started` (the default) or `duration`, which lists finished executions only, the longest first.
    pub(super) sort: Option<String>,
    /// `desc` (newest or longest first, the default) or `asc`.
    pub(super) order: Option<String>,
    /// Names of the fields to return, separated by commas; all by default. Unknown names are ignored.
    pub(super) fields: Option<String>,
}

/// What a list has.
pub(super) enum Listed {
    /// The runs that match a filter, in an order.
    Filtered(ExecutionFilter, Sorted),
    /// The runs of the lines that a search finds.
    Found(SearchRequest),
}

/// The order of a list, and the requested page.
pub(super) enum Sorted {
    /// By start time.
    Started(Page),
    /// By duration.
    Duration(DurationPage),
}

/// By what a list is ordered, and whether the first or shortest run comes first.
struct Order {
    by_duration: bool,
    ascending: bool,
}

impl ListPage {
    /// What the list has, if runs must match this filter, too.
    pub(super) fn listed(&self, filter: ExecutionFilter, now_us: i64) -> Result<Listed, ApiError> {
        match matching(filter, self.q.as_deref(), now_us)? {
            Matching::Filter(filter) => Ok(Listed::Filtered(*filter, self.sorted()?)),
            Matching::Line(query) => Ok(Listed::Found(self.search(query)?)),
        }
    }

    /// The search for the runs with such a line.
    fn search(&self, query: Expression<LineTerm>) -> Result<SearchRequest, ApiError> {
        let Order {
            by_duration,
            ascending,
        } = self.order()?;
        let other = match (by_duration, ascending) {
            (true, _) => Some("sort = \"duration\""),
            (false, true) => Some("order = \"asc\""),
            (false, false) => None,
        };
        if let Some(other) = other {
            return Err(ApiError::bad_request(format!(
                "{other}: it is not possible together with a query about lines, whose runs come newest first"
            )));
        }
        self.no_offset("a query about lines")?;
        let limit = limit(self.limit)? as usize;
        Ok(SearchRequest {
            after: self.after(SearchCursor::decode)?,
            ..SearchRequest::for_runs(query, limit, timeout(self.timeout)?)
        })
    }

    fn order(&self) -> Result<Order, ApiError> {
        let words = |field, value: &Option<String>, all: &[&'static str]| {
            named(field, value.as_deref(), all, std::convert::identity)
        };
        Ok(Order {
            by_duration: words("sort", &self.sort, &["started", "duration"])? == Some("duration"),
            ascending: words("order", &self.order, &["asc", "desc"])? == Some("asc"),
        })
    }

    /// Refuses to leave runs out at the start.
    fn no_offset(&self, beside: &str) -> Result<(), ApiError> {
        match self.offset {
            None | Some(0) => Ok(()),
            Some(offset) => Err(ApiError::bad_request(format!(
                "offset = {offset}: it is not possible together with {beside}; use cursor for more"
            ))),
        }
    }

    fn sorted(&self) -> Result<Sorted, ApiError> {
        let limit = limit(self.limit)?;
        let Order {
            by_duration,
            ascending,
        } = self.order()?;
        if !by_duration {
            return Ok(Sorted::Started(Page {
                limit,
                offset: self.offset.unwrap_or(0),
                after: self.after(Cursor::decode)?,
                ascending,
            }));
        }
        self.no_offset("sort=duration")?;
        Ok(Sorted::Duration(DurationPage {
            limit,
            after: self.after(DurationCursor::decode)?,
            ascending,
        }))
    }

    /// The cursor, if one was given.
    fn after<C>(&self, decode: fn(&str) -> Option<C>) -> Result<Option<C>, ApiError> {
        let Some(cursor) = self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok(None);
        };
        let decoded = decode(cursor).ok_or_else(|| {
            ApiError::bad_request(
                "cursor: this is no cursor of such a list; take next_cursor of the page before, as it is, with the same query and sort",
            )
        })?;
        Ok(Some(decoded))
    }
}

/// Which runs match filters and the query of a list.
pub(super) enum Matching {
    /// Those of a filter.
    Filter(Box<ExecutionFilter>),
    /// Those with such a line.
    Line(Expression<LineTerm>),
}

/// Which runs match these filters and the query `q` of a list.
pub(super) fn matching(
    filter: ExecutionFilter,
    q: Option<&str>,
    now_us: i64,
) -> Result<Matching, ApiError> {
    match parse_list(q.unwrap_or_default(), &time_at(now_us)) {
        Ok(None) => Ok(Matching::Filter(Box::new(filter))),
        Ok(Some(ListedBy::Run(query))) => Ok(Matching::Filter(Box::new(filter.with_query(&query)))),
        Ok(Some(ListedBy::Line(query))) => Ok(Matching::Line(query.with_filter(&filter))),
        Err(error) => Err(ApiError::bad_request(format!("q: {error}"))),
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
