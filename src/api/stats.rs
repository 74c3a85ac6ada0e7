//! Statistics.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use super::extract::Query;
use super::query::{MAX_LIMIT, named, with_query};
use crate::app::App;
use crate::filter::{Filtered, place};
use crate::model::{By, Period, Question, Statistics, interval_us, time_from_us};

/// Default number of groups.
const DEFAULT_GROUPS: u32 = 20;

/// Which runs to count, and how to group them. The filters are those of the list; runs must match all that are given.
pub(super) type StatisticsQuery = Filtered<place::Stats, Division>;

/// How runs are grouped.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Division {
    /// A query, as for the list of executions. A single `since:` or `until:` at its top level is used as `from` or `to`.
    /// For a query that joins a host, a time or a text with OR or NOT, or names several hosts, the runs themselves are
    /// read, see above.
    #[param(example = "host:web-* since:7d NOT user:deploy")]
    q: Option<String>,
    /// `hour` (the 60 minutes before now), `day` (the 24 hours before now, the default), `week` (today and the 6 days
    /// before, in UTC) or `month` (today and the 29 days before). With `to`, it ends then instead of now.
    period: Option<String>,
    /// The groups to add: `playbook`, `inventory`, `host`, `task`, `label` or `user`.
    by: Option<String>,
    /// Maximum number of groups: 1 to 1000, 20 by default.
    limit: Option<u32>,
}

/// The question, and the period that it names.
fn question(query: &StatisticsQuery, now_us: i64) -> Result<(Question, Option<Period>), ApiError> {
    let division = &query.rest;
    let asked = named(
        "period",
        division.period.as_deref(),
        Period::ALL,
        Period::as_str,
    )?;
    let filter = with_query(query.filter()?, division.q.as_deref(), now_us)?;
    let to_us = filter.to_us.unwrap_or(now_us);
    // The value of the parameter, if the query has none.
    let given = |name, at_us| match query.given.text(name) {
        Some(text) => text.to_owned(),
        None if at_us == now_us => "now".to_owned(),
        None => time_from_us(at_us).to_rfc3339(),
    };
    let (from_us, interval_us, period) = match filter.from_us {
        Some(_) if asked.is_some() => {
            return Err(ApiError::bad_request(
                "period and from (or since: in q): give one of them; a period ends at to, or now",
            ));
        }
        Some(from_us) if from_us > to_us => {
            return Err(ApiError::bad_request(format!(
                "from = {:?} is after to ({}): exchange them",
                given("from", from_us),
                given("to", to_us)
            )));
        }
        Some(from_us) => (from_us, interval_us(from_us, to_us), None),
        None => {
            let period = asked.unwrap_or(Period::Day);
            let (from_us, interval_us) = period.begins(to_us);
            (from_us, interval_us, Some(period))
        }
    };
    let limit = match division.limit {
        None => DEFAULT_GROUPS,
        Some(limit @ 1..=MAX_LIMIT) => limit,
        Some(limit) => {
            return Err(ApiError::bad_request(format!(
                "limit = {limit}: it must be from 1 to {MAX_LIMIT}"
            )));
        }
    };
    let question = Question {
        from_us,
        to_us,
        interval_us,
        filter,
        by: named("by", division.by.as_deref(), By::ALL, By::as_str)?,
        limit: limit as usize,
        top: Question::TOP,
        host_percentiles: true,
        costing: None,
    };
    Ok((question, period))
}

/// Get statistics of the runs that started in a time range: in total, over time and by group.
///
/// They are exact except for the percentiles, and always current. Runs that retention deleted still count, by the hour:
/// an hour counts if its start is in the time range. Runs that a person deleted no longer count. Past days are read from
/// roll-ups, so that the cost does not grow with the history. For `text`, `min_duration`, and `host` together with
/// `by=task`, the runs themselves are read: such requests cost more for a longer time range, and do not include runs that
/// retention deleted.
#[utoipa::path(
    get, path = "/executions/stats", tag = "history", params(StatisticsQuery),
    responses((status = 200, body = Statistics), (status = 400, body = ErrorBody))
)]
pub(super) async fn get_statistics(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<StatisticsQuery>,
) -> Result<Json<Statistics>, ApiError> {
    let (question, period) = question(&query, app.clock.now_us())?;
    let question = Question {
        costing: app.costs.costing().await?,
        ..question
    };
    Ok(Json(app.store.statistics(&question, period).await?))
}
