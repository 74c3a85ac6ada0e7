//! Statistics.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::auth::ReadAccess;
use super::error::ErrorBody;
use super::extract::Query;
use super::query::{Day, ListQuery, MAX_LIMIT, named, time};
use crate::app::App;
use crate::model::{By, Period, Question, Statistics, interval_us};

/// Groups when nothing else is asked for.
const DEFAULT_GROUPS: u32 = 20;

/// Which runs, and how they are divided. Filters are those of the list; all that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StatisticsQuery {
    /// `hour` (the 60 minutes before now), `day` (the 24 hours before, the default), `week` (today and the 6 days
    /// before, in UTC) or `month` (today and the 29 days before). With `to`, it ends then instead of now.
    period: Option<String>,
    /// Started at or after: RFC 3339, or a date (UTC). Instead of a period.
    #[serde(alias = "start_date")]
    from: Option<String>,
    /// Started at or before: RFC 3339, or a date, that day included (UTC); now by default.
    #[serde(alias = "end_date")]
    to: Option<String>,
    /// Groups to add: `playbook`, `host`, `task`, `label` or `user`.
    by: Option<String>,
    /// Groups at most: 1 to 1000, 20 by default.
    limit: Option<u32>,
    /// `running`, `success` or `failed`.
    status: Option<String>,
    /// `playbook` or `adhoc`.
    r#type: Option<String>,
    /// The playbook: its file name, or its path as recorded.
    playbook: Option<String>,
    /// The inventory: its file name, or its path as recorded.
    inventory: Option<String>,
    /// Inventory name of a host that took part. Of hosts, the answer then tells of this one alone.
    host: Option<String>,
    /// Login name of the user who ran it.
    user: Option<String>,
    /// Name of the machine that ran it.
    controller: Option<String>,
    /// A label that it carries.
    label: Option<String>,
    /// Whether it changed anything: `true` or `false`. With `host`, whether it changed that host. A run in check
    /// mode changes nothing.
    changed: Option<bool>,
    /// Why it failed: `task_failed`, `unreachable`, `canceled`, `timed_out`, `lost`, `launch_error`
    /// or `ansible_error`.
    reason: Option<String>,
    /// Whether somebody has pinned it: `true` or `false`. The runs themselves are read for this, see above.
    pinned: Option<bool>,
    /// Took at least that many seconds. The runs themselves are read for this, see above.
    min_duration: Option<f64>,
    /// Part of what is recorded of the run's start (playbook, inventory, user, note, command line …),
    /// ignoring case. The runs themselves are read for this, see above.
    q: Option<String>,
}

impl StatisticsQuery {
    /// The question, and the period that it names.
    fn question(&self, now_us: i64) -> Result<(Question, Option<Period>), ApiError> {
        let asked = named(
            "period",
            self.period.as_deref(),
            Period::ALL,
            Period::as_str,
        )?;
        let from_us = time("from", self.from.as_deref(), Day::Start)?;
        let to_us = time("to", self.to.as_deref(), Day::End)?.unwrap_or(now_us);
        let (from_us, interval_us, period) = match from_us {
            Some(_) if asked.is_some() => {
                return Err(ApiError::bad_request(
                    "period and from: give one of them; a period ends at to, or now",
                ));
            }
            Some(from_us) if from_us > to_us => {
                return Err(ApiError::bad_request(format!(
                    "from = {:?} is after to ({}): exchange them",
                    self.from.as_deref().unwrap_or_default(),
                    self.to.as_deref().unwrap_or("now")
                )));
            }
            Some(from_us) => (from_us, interval_us(from_us, to_us), None),
            None => {
                let period = asked.unwrap_or(Period::Day);
                let (from_us, interval_us) = period.begins(to_us);
                (from_us, interval_us, Some(period))
            }
        };
        let limit = match self.limit {
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
            filter: self.filters().filter()?,
            by: named("by", self.by.as_deref(), By::ALL, By::as_str)?,
            limit: limit as usize,
        };
        Ok((question, period))
    }

    /// The filters, read as the list reads them.
    fn filters(&self) -> ListQuery {
        ListQuery {
            status: self.status.clone(),
            r#type: self.r#type.clone(),
            playbook: self.playbook.clone(),
            inventory: self.inventory.clone(),
            host: self.host.clone(),
            user: self.user.clone(),
            controller: self.controller.clone(),
            label: self.label.clone(),
            changed: self.changed,
            reason: self.reason.clone(),
            pinned: self.pinned,
            min_duration: self.min_duration,
            q: self.q.clone(),
            ..ListQuery::default()
        }
    }
}

/// Statistics of the runs that started in a time, as a whole, over time and by group.
///
/// They are exact but for the percentiles, and of this moment. What retention has deleted stays in them, by the
/// hour: an hour counts where it begins in that time. A run that somebody deleted is gone from them.
/// Days that are over are read from roll-ups, so that the cost does not grow with the history. `q`,
/// `min_duration`, and `host` together with `by=task`, are asked of the runs themselves: that costs more the
/// longer the time is, and what retention has deleted is not in it.
#[utoipa::path(
    get, path = "/executions/stats", tag = "history", params(StatisticsQuery),
    responses((status = 200, body = Statistics), (status = 400, body = ErrorBody))
)]
pub(super) async fn get_statistics(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<StatisticsQuery>,
) -> Result<Json<Statistics>, ApiError> {
    let (question, period) = query.question(app.clock.now_us())?;
    Ok(Json(app.store.statistics(&question, period).await?))
}
