//! The request for a report: its period, and a filter for its runs.

use chrono_tz::Tz;

use crate::filter::query::{parse_query, time_at};
use crate::history::{HistoryError, ReportRequest};
use crate::model::{ExecutionFilter, ReportContent, ReportPeriod};

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportsError {
    /// The request is not valid.
    #[error("{0}")]
    Invalid(String),
    /// The history cannot answer.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// The parameters of a report, as a client or a schedule gives them.
#[derive(Debug, Clone, Default)]
pub struct ReportParameters {
    /// The schedule that it is for.
    pub schedule: Option<String>,
    /// `day`, `week` or `month`; `week` where neither this nor `from_us` is given.
    pub period: Option<String>,
    /// Where the period begins, instead of a period, in microseconds since the epoch.
    pub from_us: Option<i64>,
    /// Where it ends: runs that started before this time count. Now, if it is missing.
    pub end_us: Option<i64>,
    /// The time zone, by its name; UTC if it is missing.
    pub zone: Option<String>,
    /// Filters beside the query.
    pub filter: ExecutionFilter,
    /// Which runs, as a query.
    pub query: Option<String>,
}

impl ReportParameters {
    /// The parameters of a scheduled report that is due at a time.
    #[must_use]
    pub fn of(content: &ReportContent, due_us: i64) -> Self {
        Self {
            period: Some(content.period.clone()),
            end_us: Some(due_us),
            zone: Some(content.zone.clone()),
            query: content.query.clone(),
            ..Self::default()
        }
    }
}

/// Checks the parameters and fills in defaults.
///
/// # Errors
/// The zone does not exist, the query is not understood, or the times make no sense: which, and what is valid.
pub fn request(parameters: &ReportParameters, now_us: i64) -> Result<ReportRequest, String> {
    let name = parameters.zone.as_deref().filter(|zone| !zone.is_empty());
    let zone: Tz = match name {
        None => Tz::UTC,
        Some(name) => name.parse().map_err(|_| {
            format!(
                "zone: there is no time zone {name:?}: names are those of the IANA database, such as Europe/Berlin"
            )
        })?,
    };
    let text = parameters.query.as_deref().map(str::trim);
    let text = text.filter(|text| !text.is_empty());
    let mut filter = parameters.filter.clone();
    if let Some(text) = text {
        let query = parse_query(text, &time_at(now_us));
        let query = query.map_err(|error| format!("q: {error}"))?;
        if let Some(query) = query {
            filter = filter.with_query(&query);
        }
    }
    let period = match parameters
        .period
        .as_deref()
        .filter(|period| !period.is_empty())
    {
        None => None,
        Some(name) => Some(
            ReportPeriod::from_name(name)
                .ok_or_else(|| format!("period = {name:?}: it must be day, week or month"))?,
        ),
    };
    // A time in the query is that of the report.
    let from_us = parameters.from_us.or(filter.from_us);
    let until_us = filter.to_us.map(|to_us| to_us.saturating_add(1));
    let end_us = parameters.end_us.or(until_us).unwrap_or(now_us);
    (filter.from_us, filter.to_us) = (None, None);
    let (period, from_us, before_us) = match from_us {
        Some(_) if period.is_some() => {
            return Err(
                "period and from (or since: in q): give one of them; a period ends at to, or now"
                    .to_owned(),
            );
        }
        Some(from_us) if from_us >= end_us => {
            return Err("from is not before to: exchange them".to_owned());
        }
        Some(from_us) => (None, from_us, from_us.saturating_sub(end_us - from_us)),
        None => {
            let period = period.unwrap_or(ReportPeriod::Week);
            let from_us = period.begins_us(end_us, zone);
            (Some(period), from_us, period.begins_us(from_us, zone))
        }
    };
    Ok(ReportRequest {
        schedule: parameters.schedule.clone(),
        period,
        before_us,
        from_us,
        end_us,
        zone: zone.name().to_owned(),
        query: text.map(str::to_owned),
        filter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_768_910_400_000_000;
    const DAY: i64 = 86_400_000_000;

    #[test]
    fn a_period_ends_now_and_begins_as_long_before() {
        let made = request(&ReportParameters::default(), NOON).unwrap();
        assert_eq!((made.from_us, made.end_us), (NOON - 7 * DAY, NOON));
        assert_eq!(made.before_us, NOON - 14 * DAY);
        assert_eq!(
            (made.zone.as_str(), made.period),
            ("UTC", Some(ReportPeriod::Week))
        );
        let parameters = ReportParameters {
            query: Some("label:prod since:2d".to_owned()),
            ..ReportParameters::default()
        };
        let made = request(&parameters, NOON).unwrap();
        assert_eq!(
            (made.from_us, made.before_us),
            (NOON - 2 * DAY, NOON - 4 * DAY)
        );
        assert_eq!((made.period, made.filter.from_us), (None, None));
        assert_eq!(made.filter.label.as_deref(), Some("prod"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let text = |text: &str| Some(text.to_owned());
        for (parameters, says) in [
            (
                ReportParameters {
                    zone: text("Europe/Berln"),
                    ..ReportParameters::default()
                },
                "Europe/Berln",
            ),
            (
                ReportParameters {
                    period: text("year"),
                    ..ReportParameters::default()
                },
                "day, week or month",
            ),
            (
                ReportParameters {
                    query: text("stauts:failed"),
                    ..ReportParameters::default()
                },
                "q: column 1",
            ),
            (
                ReportParameters {
                    period: text("day"),
                    from_us: Some(5),
                    ..ReportParameters::default()
                },
                "give one of them",
            ),
            (
                ReportParameters {
                    from_us: Some(NOON + 1),
                    ..ReportParameters::default()
                },
                "exchange them",
            ),
        ] {
            let error = request(&parameters, NOON).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
