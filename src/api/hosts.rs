//! Hosts over all executions: their runs, what changed them, their facts.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use super::extract::{Path, Query};
use super::query::{limit, named};
use crate::app::App;
use crate::filter::{Edge, parse};
use crate::history::hosts::{
    self, ChangeCursor, ChangesQuestion, FactChangesQuestion, HostsQuestion,
};
use crate::model::{
    Cursor, FactsChangeList, HostChangeList, HostDetail, HostFacts, HostGroupList, HostRunList,
    HostStatus, HostSummaryList,
};

/// The name of a host, `{name}` in a path. Whether it exists is not checked.
pub(super) struct HostName(String);

#[derive(Deserialize)]
struct NameInPath {
    name: String,
}

impl FromRequestParts<App> for HostName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Path(NameInPath { name }) = Path::from_request_parts(parts, app).await?;
        Ok(Self(name))
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HostsQuery {
    /// Only hosts with this name, in which `*` stands for any text.
    #[param(example = "web-*")]
    name: Option<String>,
    /// Only hosts whose last run started longer ago than this: `90s`, `5m`, `2h`, `30d`, `4w`.
    #[param(example = "30d")]
    unseen: Option<String>,
    /// Only hosts with this status in their last run: `ok`, `failed`, `unreachable` or `running`.
    status: Option<String>,
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List the hosts of all runs, by name, each with its last run and the last run that changed it.
///
/// At most 2000 hosts are examined for one page. With a filter, a page may therefore have fewer entries than `limit`, or
/// none, although there are more: then it has a `next_cursor`.
#[utoipa::path(
    get, path = "/hosts", tag = "history", params(HostsQuery),
    responses((status = 200, body = HostSummaryList), (status = 400, body = ErrorBody))
)]
pub(super) async fn list_known_hosts(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<HostsQuery>,
) -> Result<Json<HostSummaryList>, ApiError> {
    let unseen = non_empty(&query.unseen).map(|text| {
        let seconds = parse::duration(text)
            .map_err(|problem| ApiError::bad_request(format!("unseen = {text:?}: {problem}")))?;
        Ok::<i64, ApiError>(app.clock.now_us() - (seconds * 1e6) as i64)
    });
    let question = HostsQuestion {
        name: non_empty(&query.name).map(str::to_owned),
        unseen_since_us: unseen.transpose()?,
        status: named(
            "status",
            query.status.as_deref(),
            HostStatus::ALL,
            HostStatus::as_str,
        )?,
        limit: limit(query.limit)? as usize,
        after: non_empty(&query.cursor).map(str::to_owned),
    };
    Ok(Json(hosts::hosts(&app.store, &question).await?))
}

/// Get one host: its last run, the last run that changed it, its first run, and the number of its runs.
#[utoipa::path(
    get, path = "/hosts/{name}", tag = "history",
    params(("name" = String, Path, description = "Inventory name, percent-encoded")),
    responses((status = 200, body = HostDetail), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_host(
    State(app): State<App>,
    _: ReadAccess,
    HostName(name): HostName,
) -> Result<Json<HostDetail>, ApiError> {
    Ok(Json(hosts::host(&app.store, &name).await?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HostRunsQuery {
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List the runs of a host, newest first, including ad-hoc commands, each with the host's own status.
#[utoipa::path(
    get, path = "/hosts/{name}/runs", tag = "history",
    params(("name" = String, Path, description = "Inventory name, percent-encoded"), HostRunsQuery),
    responses((status = 200, body = HostRunList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_host_runs(
    State(app): State<App>,
    _: ReadAccess,
    HostName(name): HostName,
    Query(query): Query<HostRunsQuery>,
) -> Result<Json<HostRunList>, ApiError> {
    let limit = limit(query.limit)?;
    let cursor = cursor(&query.cursor, Cursor::decode)?;
    let runs = hosts::host_runs(&app.store, &name, cursor, limit).await?;
    Ok(Json(runs))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HostChangesQuery {
    /// Only changes of runs that started at or after this time: RFC 3339, a date (its beginning), or how long ago (`7d`);
    /// all by default.
    #[param(example = "7d")]
    since: Option<String>,
    /// Only changes of runs that started at or before this time: RFC 3339, a date (its end), or how long ago.
    until: Option<String>,
    /// `true`: include the module's message, the items of a loop, and the differences that were reported (`--diff`); a
    /// page then has at most 200 entries.
    content: Option<bool>,
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the previous page, together with the same `since` and `until`.
    cursor: Option<String>,
}

/// List what tasks changed on a host, newest first: every result that its recaps count as changed. Runs in check mode
/// are left out, because they changed nothing.
///
/// `since` and `until` refer to the start of the run, not to the time of the change.
///
/// A limited part of the history is searched for one page, so it may have fewer entries than `limit`, or none, although
/// there are more: then it has a `next_cursor`.
#[utoipa::path(
    get, path = "/hosts/{name}/changes", tag = "history",
    params(("name" = String, Path, description = "Inventory name, percent-encoded"), HostChangesQuery),
    responses((status = 200, body = HostChangeList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_host_changes(
    State(app): State<App>,
    _: ReadAccess,
    HostName(name): HostName,
    Query(query): Query<HostChangesQuery>,
) -> Result<Json<HostChangeList>, ApiError> {
    let now_us = app.clock.now_us();
    let since_us = moment("since", &query.since, Edge::Start, now_us)?;
    let until_us = moment("until", &query.until, Edge::End, now_us)?;
    if let (Some(from), Some(to)) = (since_us, until_us)
        && from > to
    {
        return Err(ApiError::bad_request(format!(
            "since = {:?} is after until = {:?}: exchange them",
            query.since.unwrap_or_default(),
            query.until.unwrap_or_default()
        )));
    }
    let question = ChangesQuestion {
        since_us,
        until_us,
        after: cursor(&query.cursor, ChangeCursor::decode)?,
        limit: limit(query.limit)? as usize,
        with_content: query.content.unwrap_or(false),
    };
    let changes = hosts::changes(&app.store, &name, &question).await?;
    Ok(Json(changes))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HostGroupsQuery {
    /// Maximum number of changes: 1 to 1000, 50 by default.
    limit: Option<u32>,
}

/// List the groups that a host belongs to, and how they changed: each entry is the first run that reported these
/// groups.
///
/// Runs report the groups of the hosts that they give tasks to. If there are more than 10,000 runs, the newest are
/// examined.
#[utoipa::path(
    get, path = "/hosts/{name}/groups", tag = "history",
    params(("name" = String, Path, description = "Inventory name, percent-encoded"), HostGroupsQuery),
    responses((status = 200, body = HostGroupList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_host_groups(
    State(app): State<App>,
    _: ReadAccess,
    HostName(name): HostName,
    Query(query): Query<HostGroupsQuery>,
) -> Result<Json<HostGroupList>, ApiError> {
    let limit = limit(query.limit)? as usize;
    Ok(Json(hosts::groups(&app.store, &name, limit).await?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HostFactsQuery {
    /// The time of the facts: RFC 3339, a date (its end), or how long ago (`30d`); now by default.
    at: Option<String>,
    /// Only facts with this name, with or without `ansible_`; `*` stands for any text.
    #[param(example = "distribution*")]
    name: Option<String>,
}

/// Get the facts of a host, now or at a time, as modules reported them.
///
/// A complete report of `setup` replaces earlier facts. A partial one (`gather_subset`, `filter`), and the reports of other
/// modules (`package_facts`), add to them. Variables (`set_fact`, `include_vars`) are not facts. Before the first report,
/// there are none.
#[utoipa::path(
    get, path = "/hosts/{name}/facts", tag = "history",
    params(("name" = String, Path, description = "Inventory name, percent-encoded"), HostFactsQuery),
    responses((status = 200, body = HostFacts), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_host_facts(
    State(app): State<App>,
    _: ReadAccess,
    HostName(name): HostName,
    Query(query): Query<HostFactsQuery>,
) -> Result<Json<HostFacts>, ApiError> {
    let at_us = moment("at", &query.at, Edge::End, app.clock.now_us())?;
    let facts = hosts::facts_at(&app.store, &name, at_us, non_empty(&query.name)).await?;
    Ok(Json(facts))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FactsChangesQuery {
    /// Only changes after this time: RFC 3339, a date (its beginning), or how long ago (`30d`); all by default.
    since: Option<String>,
    /// Only changes at or before this time: RFC 3339, a date (its end), or how long ago.
    until: Option<String>,
    /// Only facts with this name, with or without `ansible_`; `*` stands for any text.
    #[param(example = "distribution*")]
    name: Option<String>,
    /// Maximum number of entries: 1 to 1000, 50 by default. Reports with the same microsecond are not split between
    /// pages.
    limit: Option<u32>,
}

/// List how the facts of a host changed, oldest first. Facts that change with every run, such as the time and free
/// memory, are left out.
///
/// A limited part of the history is read for one page, so it may have fewer entries than `limit`, or none, although there
/// are more: then it has a `next_since`.
#[utoipa::path(
    get, path = "/hosts/{name}/facts/changes", tag = "history",
    params(("name" = String, Path, description = "Inventory name, percent-encoded"), FactsChangesQuery),
    responses((status = 200, body = FactsChangeList), (status = 404, body = ErrorBody))
)]
pub(super) async fn list_host_facts_changes(
    State(app): State<App>,
    _: ReadAccess,
    HostName(name): HostName,
    Query(query): Query<FactsChangesQuery>,
) -> Result<Json<FactsChangeList>, ApiError> {
    let now_us = app.clock.now_us();
    let question = FactChangesQuestion {
        since_us: moment("since", &query.since, Edge::Start, now_us)?.unwrap_or(i64::MIN),
        until_us: moment("until", &query.until, Edge::End, now_us)?.unwrap_or(i64::MAX),
        name: non_empty(&query.name).map(str::to_owned),
        limit: limit(query.limit)? as usize,
    };
    let changes = hosts::fact_changes(&app.store, &name, &question).await?;
    Ok(Json(changes))
}

/// A parameter that must not be empty.
fn non_empty(parameter: &Option<String>) -> Option<&str> {
    parameter.as_deref().filter(|text| !text.is_empty())
}

fn moment(
    field: &str,
    parameter: &Option<String>,
    edge: Edge,
    now_us: i64,
) -> Result<Option<i64>, ApiError> {
    let time = non_empty(parameter).map(|text| {
        parse::moment(text, edge, now_us)
            .map_err(|problem| ApiError::bad_request(format!("{field} = {text:?}: {problem}")))
    });
    time.transpose()
}

fn cursor<T>(
    parameter: &Option<String>,
    decode: fn(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let cursor = non_empty(parameter).map(|text| {
        decode(text).ok_or_else(|| {
            ApiError::bad_request(
                "cursor: this is no cursor; take next_cursor of the page before, as it is",
            )
        })
    });
    cursor.transpose()
}
