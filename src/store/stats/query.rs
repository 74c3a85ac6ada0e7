//! Answers questions: from roll-ups where possible, otherwise from the executions themselves.

use std::collections::BTreeMap;

use super::super::pool::Transaction;
use super::super::search::judged_texts;
use super::super::{Store, StoreError};
use super::ngrams::Candidates;
use super::read::{ReadParts, RunSelection, RunState, read};
use super::rolls::{self, Unpacker};
use crate::filter::stored;
use crate::model::{
    By, HOUR_US, HostSelection, Part, Period, Question, RollBuilder, Statistics, Tally, day_of,
    span_of,
};

pub(super) const DAYS: &str =
    "SELECT day, version, rolled FROM stat_days WHERE day >= ? AND day <= ? ORDER BY day";

/// A period, both ends included, in microseconds since the epoch.
pub(super) type Span = (i64, i64);

impl Store {
    /// Answers a question about the runs that started in a period, from one consistent snapshot.
    ///
    /// The figures of runs that retention deleted are known by the hour: an hour counts if it begins in the period.
    /// They are missing where roll-ups cannot answer the question (see [`Question::suits_rolls`]).
    ///
    /// # Errors
    /// The database failed.
    pub async fn statistics(
        &self,
        question: &Question,
        period: Option<Period>,
    ) -> Result<Statistics, StoreError> {
        let question = in_stored_words(question);
        let mut tally = Tally::new(&question);
        let mut snapshot = self.read.begin_snapshot().await?;
        let whole = (question.from_us, question.to_us);
        if question.suits_rolls() {
            let spans = add_rolls(&mut snapshot, &question, &mut tally).await?;
            for span in spans {
                add_executions(&mut snapshot, &question, span, RunState::Over, &mut tally).await?;
            }
            add_executions(
                &mut snapshot,
                &question,
                whole,
                RunState::Running,
                &mut tally,
            )
            .await?;
        } else if let Some(texts) = judged_texts(&question.filter) {
            let mut days =
                Candidates::new(&mut snapshot, &self.ngrams, &texts, whole, true).await?;
            while let Some(span) = days.next(&mut snapshot).await? {
                add_executions(&mut snapshot, &question, span, RunState::Over, &mut tally).await?;
            }
            add_executions(
                &mut snapshot,
                &question,
                whole,
                RunState::Running,
                &mut tally,
            )
            .await?;
        } else {
            add_executions(&mut snapshot, &question, whole, RunState::Any, &mut tally).await?;
        }
        snapshot.commit().await?;
        Ok(tally.answer(period))
    }
}

/// The question with its host as stored in roll-ups.
fn in_stored_words(question: &Question) -> Question {
    let mut question = question.clone();
    let filter = &mut question.filter;
    // The question has its own time range.
    filter.from_us = None;
    filter.to_us = None;
    if let Some(host) = &mut filter.host {
        *host = stored(host).into_owned();
    }
    question
}

/// Adds what roll-ups have; returns the periods whose finished executions must be read.
async fn add_rolls(
    snapshot: &mut Transaction,
    question: &Question,
    tally: &mut Tally<'_>,
) -> Result<Vec<Span>, StoreError> {
    let (from_us, to_us) = (question.from_us, question.to_us);
    let (from_day, to_day) = (day_of(from_us), day_of(to_us));
    let mut parts = vec![Part::Runs, Part::FailedHosts];
    let is_by_host = question.by == Some(By::Host);
    if is_by_host || question.filter.host.is_some() || question.needs_hosts() {
        parts.push(Part::Hosts);
    }
    if question.by == Some(By::Task) {
        parts.push(Part::Tasks);
    }
    // The hours of a day that its own roll-up answers for; what was archived of it counts in the whole period.
    let mut clean = BTreeMap::new();
    let days = snapshot
        .query(DAYS)
        .bind(from_day)
        .bind(to_day)
        .fetch_all_in(snapshot)
        .await?;
    let mut spans = Vec::new();
    for row in days {
        let day: i64 = row.get("day")?;
        let (starts_us, ends_us) = span_of(day);
        let (first_us, last_us) = (from_us.max(starts_us), to_us.min(ends_us));
        let is_clean = row.get::<i64>("version")? == row.get::<i64>("rolled")?;
        // Roll-ups have nothing finer than hours.
        if !is_clean || question.slot_us() < HOUR_US {
            push_span(&mut spans, (first_us, last_us));
            continue;
        }
        let (begin_us, end_us) = whole_hours((first_us, last_us));
        if begin_us >= end_us {
            push_span(&mut spans, (first_us, last_us));
            continue;
        }
        push_span(&mut spans, (first_us, begin_us - 1));
        push_span(&mut spans, (end_us, last_us));
        clean.insert(day, begin_us..end_us);
    }
    let hosts = HostSelection {
        only: question.filter.host.as_deref(),
        distribution: question.needs_host_percentiles(),
    };
    let mut unpacker = Unpacker::new()?;
    for (first, last) in rolls::months(snapshot, from_day, to_day).await? {
        for ((day, archived), data) in rolls::load(snapshot, first, last, &parts).await? {
            let within = match archived {
                true => from_us..to_us.saturating_add(1),
                false => match clean.get(&day) {
                    Some(hours) => hours.clone(),
                    None => continue,
                },
            };
            let roll = unpacker.unpack(day, &data, hosts)?;
            tally.add_stored(&roll, |at_us| within.contains(&at_us));
        }
    }
    Ok(spans)
}

/// The hours that lie wholly in a period: the start of the first, the end of the last.
fn whole_hours((first_us, last_us): Span) -> (i64, i64) {
    let after = last_us.saturating_add(1);
    let into = first_us.rem_euclid(HOUR_US);
    let begin = match into {
        0 => first_us,
        _ => first_us.saturating_add(HOUR_US - into),
    };
    (begin, after - after.rem_euclid(HOUR_US))
}

/// Appends a period; one that begins where the last one ends extends it.
pub(super) fn push_span(spans: &mut Vec<Span>, (first_us, last_us): Span) {
    match spans.last_mut() {
        _ if first_us > last_us => {}
        Some((_, end)) if *end == first_us - 1 => *end = last_us,
        _ => spans.push((first_us, last_us)),
    }
}

/// Adds figures from the executions themselves.
async fn add_executions(
    snapshot: &mut Transaction,
    question: &Question,
    (from_us, to_us): Span,
    stand: RunState,
    tally: &mut Tally<'_>,
) -> Result<(), StoreError> {
    let which = RunSelection::Started {
        from_us,
        to_us,
        filter: &question.filter,
        stand,
    };
    let wants = ReadParts {
        labels: question.by == Some(By::Label),
        hosts: true,
        failed_hosts: question.by != Some(By::Host) && !question.needs_hosts(),
        host: question.filter.host.as_deref(),
        tasks: question.by == Some(By::Task),
    };
    let mut roll = RollBuilder::default();
    read(snapshot, &which, &wants, question.slot_us(), &mut roll).await?;
    tally.add_chosen(&roll.finish());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_join_where_they_touch() {
        let mut spans = Vec::new();
        for span in [(0, 9), (10, 19), (30, 29), (25, 25)] {
            push_span(&mut spans, span);
        }
        assert_eq!(spans, [(0, 19), (25, 25)]);
    }

    #[test]
    fn whole_hours_lie_within() {
        let hour = HOUR_US;
        assert_eq!(whole_hours((0, hour - 1)), (0, hour));
        assert_eq!(whole_hours((1, 3 * hour)), (hour, 3 * hour));
        assert_eq!(whole_hours((-hour, hour - 2)), (-hour, 0));
        let (begin, end) = whole_hours((5, 9));
        assert!(begin >= end);
    }
}
