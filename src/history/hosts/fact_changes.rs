//! Changes of a host's facts: compares its reports in order, and reads only those whose digest differs from the one
//! before.

use serde_json::Value;

use super::facts::Fold;
use super::require_host;
use crate::facts::Difference;
use crate::history::HistoryError;
use crate::model::{FactDifference, FactsChange, FactsChangeList, time_from_us};
use crate::store::{FactsReport, Store};

/// Maximum number of reports that are read for one page.
const REPORTS: u32 = 1_000;

/// Reports that are read for one page.
const READ: usize = 200;

/// Differences that are listed on one page.
const LISTED: usize = 2_000;

/// Longest value that is shown, as JSON, in bytes.
const VALUE: usize = 4 << 10;

/// Which changes of a host's facts.
#[derive(Debug, Clone)]
pub struct FactChangesQuestion {
    /// Only changes after this time, in microseconds since the epoch.
    pub since_us: i64,
    /// Only changes at or before this time.
    pub until_us: i64,
    /// Only of these facts: see [`super::shows`].
    pub name: Option<String>,
    /// How many at most. The changes of one moment are not divided.
    pub limit: usize,
}

/// How the facts of a host changed, oldest first.
///
/// # Errors
/// No run has the host, or the store failed.
pub async fn fact_changes(
    store: &Store,
    host: &str,
    question: &FactChangesQuestion,
) -> Result<FactsChangeList, HistoryError> {
    let range = (question.since_us, question.until_us);
    let reports = store.facts_between(host, range, REPORTS).await?;
    if reports.is_empty() {
        require_host(store, host).await?;
    }
    let is_whole = reports.len() < REPORTS as usize;
    let mut moments = by_moment(reports);
    // The last moment may have further reports.
    if !is_whole && moments.len() > 1 {
        moments.pop();
    }
    let mut fold = Fold::new(store, question.name.as_deref());
    if !moments.is_empty() {
        fold.until(host, question.since_us).await?;
    }
    let mut unreadable = Vec::new();
    let mut changes = Vec::new();
    let mut listed = 0;
    let before = fold.reports.len();
    let mut last_us = None;
    let mut next_us = None;
    for moment in moments {
        let read = fold.reports.len() - before + unreadable.len();
        if changes.len() >= question.limit || read >= READ || listed >= LISTED {
            next_us = last_us;
            break;
        }
        for report in moment {
            last_us = Some(report.at_us);
            if fold.knows(&report) {
                continue;
            }
            let (execution, time) = (report.id, time_from_us(report.at_us));
            fold.unreadable.clear();
            let learned = fold.add(report).await?;
            unreadable.append(&mut fold.unreadable);
            let Some(learned) = learned else { continue };
            if learned.is_first || learned.left_out > 0 || !learned.differences.is_empty() {
                listed += learned.differences.len();
                changes.push(FactsChange {
                    execution,
                    time,
                    first: learned.is_first,
                    differences: learned.differences.into_iter().map(shown).collect(),
                    left_out: learned.left_out,
                });
            }
        }
    }
    if next_us.is_none() && !is_whole {
        next_us = last_us;
    }
    Ok(FactsChangeList {
        host: host.to_owned(),
        changes,
        unreadable,
        next_since: next_us.map(time_from_us),
    })
}

/// Divides reports, which are in order, by their time.
fn by_moment(reports: Vec<FactsReport>) -> Vec<Vec<FactsReport>> {
    let mut moments: Vec<Vec<FactsReport>> = Vec::new();
    for report in reports {
        match moments.last_mut() {
            Some(moment) if moment[0].at_us == report.at_us => moment.push(report),
            _ => moments.push(vec![report]),
        }
    }
    moments
}

fn shown(difference: Difference) -> FactDifference {
    let Difference {
        path,
        mut before,
        mut after,
    } = difference;
    let mut cut = false;
    for value in [&mut before, &mut after] {
        if value.as_ref().is_some_and(is_long) {
            *value = None;
            cut = true;
        }
    }
    FactDifference {
        path,
        before,
        after,
        cut,
    }
}

/// Whether a value is longer than is shown. The length is only counted until it is.
fn is_long(value: &Value) -> bool {
    fn rest(value: &Value, left: usize) -> Option<usize> {
        let left = match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => left.checked_sub(5)?,
            Value::String(text) => left.checked_sub(text.len() + 2)?,
            Value::Array(list) => list
                .iter()
                .try_fold(left, |left, value| rest(value, left))?,
            Value::Object(object) => object.iter().try_fold(left, |left, (name, value)| {
                rest(value, left.checked_sub(name.len() + 3)?)
            })?,
        };
        left.checked_sub(1)
    }
    rest(value, VALUE).is_none()
}
