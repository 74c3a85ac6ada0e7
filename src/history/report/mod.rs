//! A report: what ran in a period, beside the period before.
//!
//! It is built on the roll-ups of statistics, on the fingerprints of errors and on the trends of the newest runs: its cost
//! does not grow with the number of runs, and its memory only with the number of hosts and playbooks. What has to read
//! runs reads a bounded number of them, and the report says so.
//!
//! Layout:
//! - here: the parts together
//! - `errors`: why runs failed
//! - `hosts`, `playbooks`: which are new, which are missing; pure but for a few look-ups
//! - `developments`: what got slower, what is flaky, what is not idempotent; pure

mod developments;
mod errors;
mod hosts;
mod playbooks;

use std::sync::Arc;

use super::{Costs, HistoryError, TrendLimits, trends};
use crate::model::{
    By, Costing, ExecutionFilter, Question, Report, ReportPeriod, ReportReason, ReportRuns,
    Statistics, interval_us, time_from_us,
};
use crate::store::Store;

/// The number of newest runs that are read for trends.
const TREND_RUNS: usize = 1000;

/// Of wide runs, fewer: a report is to be there within two seconds.
const TREND_LIMITS: TrendLimits = TrendLimits {
    runs: TREND_RUNS,
    tasks: 100_000,
    hosts: 100_000,
};

/// Hosts that failed, in a report.
const FAILED_HOSTS: usize = 20;

/// Which runs a report is about.
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// The schedule that it is for.
    pub schedule: Option<String>,
    /// The period, if it is one.
    pub period: Option<ReportPeriod>,
    /// When the period before begins, in microseconds since the epoch.
    pub before_us: i64,
    /// Runs that started at or after this time count.
    pub from_us: i64,
    /// Runs that started before this time count.
    pub end_us: i64,
    /// The time zone in which documents show times.
    pub zone: String,
    /// The filter, as written.
    pub query: Option<String>,
    /// Which runs; its own time range is ignored.
    pub filter: ExecutionFilter,
}

impl ReportRequest {
    /// The first and the last microsecond of the period.
    fn span(&self) -> (i64, i64) {
        (self.from_us, self.end_us.saturating_sub(1))
    }

    /// Those of the period before.
    fn span_before(&self) -> (i64, i64) {
        (self.before_us, self.from_us.saturating_sub(1))
    }
}

/// Makes a report.
///
/// # Errors
/// The store failed.
pub async fn report(
    store: &Store,
    costs: &Costs,
    request: &ReportRequest,
    now_us: i64,
) -> Result<Report, HistoryError> {
    let mut request = request.clone();
    // The period takes the place of times in the query.
    (request.filter.from_us, request.filter.to_us) = (None, None);
    let costing = costs.costing().await?;
    let now = statistics(store, &request, request.span(), costing.clone()).await?;
    let before = statistics(store, &request, request.span_before(), costing.clone()).await?;
    let mut report = Report {
        schedule: request.schedule.clone(),
        period: request.period.map(|period| period.as_str().to_owned()),
        from: time_from_us(request.from_us),
        to: time_from_us(request.end_us),
        before_from: time_from_us(request.before_us),
        zone: request.zone.clone(),
        query: request.query.clone(),
        made: time_from_us(now_us),
        is_empty: now.figures.total == 0,
        reasons: reasons(&now, &before),
        budgets: costs.budgets(request.span().1.min(now_us)).await?,
        ..Report::default()
    };
    hosts::fill(store, &request, &now, &before, &mut report).await?;
    playbooks::fill(store, &request, &now, &before, &mut report).await?;
    errors::fill(store, &request, &mut report).await?;
    if !report.is_empty {
        // Earlier runs tell what was usual before.
        let filter = ExecutionFilter {
            to_us: Some(request.span().1),
            ..request.filter.clone()
        };
        let trends = trends(store, &filter, None, TREND_LIMITS, costing.as_deref()).await?;
        developments::fill(&request, &trends, &mut report);
    }
    if !statistics_are_whole(&request, now_us) {
        report.remarks.push(
            "The query needs the runs themselves: runs that retention deleted are not counted."
                .to_owned(),
        );
    }
    report.failed_hosts = now
        .failed_hosts
        .iter()
        .take(FAILED_HOSTS)
        .cloned()
        .collect();
    report.runs = runs(now);
    report.runs_before = runs(before);
    Ok(report)
}

/// Statistics with all hosts, all playbooks and all failed hosts.
async fn statistics(
    store: &Store,
    request: &ReportRequest,
    (from_us, to_us): (i64, i64),
    costing: Option<Arc<Costing>>,
) -> Result<Statistics, HistoryError> {
    let question = Question {
        from_us,
        to_us,
        interval_us: interval_us(from_us, to_us),
        filter: request.filter.clone(),
        by: Some(By::Host),
        limit: usize::MAX,
        top: usize::MAX,
        host_percentiles: false,
        costing,
    };
    Ok(store.statistics(&question, None).await?)
}

/// Whether deleted runs are counted, too.
fn statistics_are_whole(request: &ReportRequest, now_us: i64) -> bool {
    let question = Question {
        from_us: request.from_us,
        to_us: now_us,
        interval_us: interval_us(request.from_us, now_us),
        filter: request.filter.clone(),
        by: Some(By::Host),
        limit: 0,
        top: 0,
        host_percentiles: false,
        costing: None,
    };
    question.suits_rolls()
}

fn runs(statistics: Statistics) -> ReportRuns {
    ReportRuns {
        figures: statistics.figures,
        changed: statistics.changed,
        hosts: statistics.groups_total.unwrap_or_default(),
    }
}

fn reasons(now: &Statistics, before: &Statistics) -> Vec<ReportReason> {
    let count = |of: &Statistics, reason: &str| {
        let runs = of.by_reason.get(reason);
        runs.and_then(serde_json::Value::as_u64).unwrap_or_default()
    };
    let mut names: Vec<&String> = now
        .by_reason
        .keys()
        .chain(before.by_reason.keys())
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut reasons: Vec<ReportReason> = names
        .into_iter()
        .map(|reason| ReportReason {
            reason: reason.clone(),
            runs: count(now, reason),
            runs_before: count(before, reason),
        })
        .collect();
    reasons.sort_by_key(|one| std::cmp::Reverse((one.runs, one.runs_before)));
    reasons
}
