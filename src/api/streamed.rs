//! Response bodies generated while they are sent, because they may be larger than memory should be.
//!
//! The response has begun by then, so aborting it is the only way left to report a failure of the store.

use axum::body::{Body, Bytes};
use futures_util::stream;
use playback_wire::Producer;

use crate::history::{self, HistoryError, RecordPage};
use crate::log::block::Gap;
use crate::log::lines::Piece;
use crate::log::output::OutputReader;
use crate::model::{ExecutionResult, LogDamage};

/// A page of the list. The result of the first query is ready before the response begins: usually that is the whole
/// page.
pub(super) async fn page(mut page: RecordPage) -> Result<Body, HistoryError> {
    let mut text = String::from("{\"executions\":[");
    push_records(&mut page, &mut text, false).await?;
    if page.is_done() {
        text.push_str(&end_of_page(&page)?);
        return Ok(Body::from(text));
    }
    let steps = stream::unfold(Some((text, page)), |state| async move {
        let (mut text, mut page) = state?;
        if !text.is_empty() {
            // Ready before the response began.
            return Some((Ok(Bytes::from(text)), Some((String::new(), page))));
        }
        match next_of_page(&mut page, &mut text).await {
            Ok(()) => {
                let next = (!page.is_done()).then_some((String::new(), page));
                Some((Ok(Bytes::from(text)), next))
            }
            Err(error) => {
                tracing::error!(%error, "a list could not be read to its end");
                Some((Err(error), None))
            }
        }
    });
    Ok(Body::from_stream(steps))
}

async fn next_of_page(page: &mut RecordPage, text: &mut String) -> Result<(), HistoryError> {
    push_records(page, text, true).await?;
    if page.is_done() {
        text.push_str(&end_of_page(page)?);
    }
    Ok(())
}

/// Appends the next records of a page; `follows`: there are records before them.
async fn push_records(
    page: &mut RecordPage,
    text: &mut String,
    mut follows: bool,
) -> Result<(), HistoryError> {
    for record in page.next_records().await? {
        if std::mem::replace(&mut follows, true) {
            text.push(',');
        }
        text.push_str(&page.fields().write(&record)?);
    }
    Ok(())
}

/// The end of a page after its records.
fn end_of_page(page: &RecordPage) -> Result<String, HistoryError> {
    let mut end = String::from("]");
    if let Some(next) = page.next_cursor() {
        end.push_str(",\"next_cursor\":");
        end.push_str(&serde_json::to_string(next)?);
    }
    if let Some(searched_back_to) = page.searched_back_to() {
        end.push_str(",\"searched_back_to\":");
        end.push_str(&serde_json::to_string(&searched_back_to)?);
    }
    end.push('}');
    Ok(end)
}

/// A record with all its lines, generated while it is sent: a run's output may be larger than memory should be.
pub(super) fn record(record: &ExecutionResult, reader: OutputReader) -> Body {
    let mut head = serde_json::to_string(record).unwrap_or_else(|_| "{}".to_owned());
    head.pop();
    head.push_str(",\"output\":[");
    let steps = stream::unfold(Some((head, reader, Lines::None)), |state| async move {
        let (mut text, mut reader, mut lines) = state?;
        let read = reader.next_pieces(|piece| lines.push(&mut text, piece));
        let more = match read.await {
            Ok(more) => more,
            Err(error) => {
                // The response has begun: aborting it is the only way left to report the error.
                tracing::error!(%error, "output could not be read");
                return Some((Err(error), None));
            }
        };
        if !more {
            text.push_str(&end_of_record(lines, reader.gaps()));
        }
        let next = more.then(|| (String::new(), reader, lines));
        Some((Ok(Bytes::from(text)), next))
    });
    Body::from_stream(steps)
}

/// Progress of writing a JSON list of lines.
#[derive(Debug, Clone, Copy)]
enum Lines {
    /// Nothing yet.
    None,
    /// Some lines.
    Whole,
    /// Some lines, and part of the next.
    Open,
}

impl Lines {
    fn push(&mut self, text: &mut String, piece: Piece<'_>) {
        text.push_str(match self {
            Lines::None => "\"",
            Lines::Whole => ",\"",
            Lines::Open => "",
        });
        let quoted = serde_json::to_string(piece.text).unwrap_or_else(|_| "\"\"".to_owned());
        text.push_str(&quoted[1..quoted.len() - 1]);
        *self = Lines::Open;
        if piece.ends {
            text.push('"');
            *self = Lines::Whole;
        }
    }

    fn end(self) -> &'static str {
        match self {
            Lines::None | Lines::Whole => "]",
            Lines::Open => "\"]",
        }
    }
}

/// The end of a record after its lines: by then the unreadable ones are known.
fn end_of_record(lines: Lines, (producer, gaps): (Producer, &[Gap])) -> String {
    let mut end = lines.end().to_owned();
    if !gaps.is_empty() {
        let damaged: Vec<LogDamage> = gaps
            .iter()
            .map(|gap| history::damaged(producer, gap))
            .collect();
        end.push_str(",\"damaged\":");
        end.push_str(&serde_json::to_string(&damaged).unwrap_or_else(|_| "[]".to_owned()));
    }
    end.push('}');
    end
}
