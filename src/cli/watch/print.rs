//! Starts and ends as lines for people, or as JSON.

use anyhow::Context as _;
use serde_json::value::RawValue;
use unicode_width::UnicodeWidthStr as _;

use super::super::out::{Colour, Out, cut_end, plain};
use super::super::{ids, summary, when};
use crate::clock::Clock;
use crate::model::{ExecutionResult, FeedEvent, FeedMessage, Phase};

/// Columns for the status, so that the text after it is aligned.
const STATUS: usize = 11;

/// The minimum number of columns for what ran.
const WHAT: usize = 12;

/// Prints the message of the feed.
pub(super) fn json(event: FeedEvent, record: &RawValue, out: &mut Out) -> anyhow::Result<()> {
    out.json(&FeedMessage::Execution {
        event,
        execution: record,
    })
}

/// Prints one line: time, status, id, what ran, and the outcome.
pub(super) fn line(
    event: FeedEvent,
    record: &RawValue,
    clock: &Clock,
    out: &mut Out,
) -> anyhow::Result<()> {
    let record: ExecutionResult = serde_json::from_str(record.get())
        .context("this version does not understand the collector's")?;
    let (time, status, colour, more) = match event {
        FeedEvent::Ended => (
            record.end_time.unwrap_or(record.start_time),
            summary::short_status(&record),
            summary::colour(record.status),
            vec![summary::duration(&record, clock), summary::hosts(&record)],
        ),
        FeedEvent::Started | FeedEvent::Changed => (
            record.start_time,
            match record.phase {
                Phase::Queued => "queued".to_owned(),
                _ => "started".to_owned(),
            },
            Colour::Cyan,
            vec![by(&record)],
        ),
    };
    let more: Vec<String> = more.into_iter().filter(|part| !part.is_empty()).collect();
    let more = plain(&more.join(", "));
    let what = plain(&(summary::title(&record) + &summary::options(&record)));
    // At a terminal, ids are shown as in lists; scripts get the whole id.
    let id = match out.width() {
        Some(_) => ids::short(record.id),
        None => record.id.to_string(),
    };
    let full_time = when::show(time);
    // Current events need no date.
    let short_time = full_time.split_once(' ').map_or("", |(_, clock)| clock);
    let head = |time: &str| format!("{time}  {status:<STATUS$}  {id}  ");
    let whole = format!("{}{what}  {more}", head(&full_time));
    let text = match out.width() {
        Some(width) if whole.width() > width => {
            let head = head(short_time);
            let room = width.saturating_sub(head.width() + more.width() + 2);
            let what = summary::shorten(&what, room.max(WHAT));
            cut_end(&format!("{head}{what}  {more}"), width)
        }
        _ => whole,
    };
    let painted = out.paint(colour, &status);
    out.line(text.trim_end().replacen(&status, &painted, 1))
}

/// The person or schedule that started a run.
fn by(record: &ExecutionResult) -> String {
    let started = &record.description;
    let who = started.launched_by.as_ref().or(started.user.as_ref());
    who.map(|who| format!("by {who}")).unwrap_or_default()
}
