//! The events of an execution, as they were sent.

use playback_wire::{Body as EventBody, Producer};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::public_fields::without_instance;
use super::{damaged_event, each_entry, raw_value};
use crate::history::{HistoryError, require_log};
use crate::log::block::{Entry, Gap};
use crate::model::{ExecutionKey, ExecutionRow};
use crate::store::Store;

/// Which events of an execution.
#[derive(Debug, Clone)]
pub struct EventFilter {
    /// Producer of the events.
    pub producer: Producer,
    /// Only events after this sequence number.
    pub after: u64,
    /// How many at most.
    pub limit: usize,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// Only events of the task with this number.
    pub task: Option<u32>,
    /// Only events of this host.
    pub host: Option<String>,
}

impl EventFilter {
    fn shows(&self, body: &EventBody<'_>) -> bool {
        let kind = self.kind.as_deref();
        kind.is_none_or(|kind| kind == body.kind())
            && concerns(body, self.task, self.host.as_deref())
    }

    /// Whether unreadable events match: they may be anything.
    fn shows_damage(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == "damaged")
            && self.task.is_none()
            && self.host.is_none()
    }
}

/// A page of events as they were sent, without the `instance` of a first event. An event of the kind `damaged` replaces events that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The events, in the order of their sequence.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Box<RawValue>>,
    /// Ask with this as `after` for the next page; missing when there is no more for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A page of the events of an execution.
///
/// # Errors
/// Retention removed them, or the store failed.
pub async fn events(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    filter: &EventFilter,
) -> Result<EventPage, HistoryError> {
    require_log(row, "the events")?;
    let mut events = Vec::new();
    let mut last = filter.after;
    let mut more = false;
    // A rare kind may need a search through the whole log: a page ends after this many reads.
    for _ in 0..64 {
        let from = last.saturating_add(1);
        let stored = store.blocks_from_seq(key, filter.producer, from, 8).await?;
        more = !stored.is_empty();
        for stored in stored {
            let block = stored.block;
            if events.len() >= filter.limit {
                break;
            }
            if block.first_seq > last.saturating_add(1) {
                // A whole block is missing.
                let gap = Gap {
                    first_seq: last + 1,
                    last_seq: block.first_seq - 1,
                    lines: 0,
                };
                last = gap.last_seq;
                events.extend(damaged_event(&gap).filter(|_| filter.shows_damage()));
            }
            each_entry(&block, |entry| match entry {
                _ if events.len() >= filter.limit => {}
                Entry::Event(line, event) if event.seq > last => {
                    last = event.seq;
                    if filter.shows(&event.body) {
                        events.extend(match &event.body {
                            EventBody::ExecutionStarted(_) => without_instance(line),
                            _ => raw_value(line),
                        });
                    }
                }
                Entry::Gap(gap) if gap.last_seq > last => {
                    let gap = Gap {
                        first_seq: gap.first_seq.max(last + 1),
                        ..gap
                    };
                    last = gap.last_seq;
                    events.extend(damaged_event(&gap).filter(|_| filter.shows_damage()));
                }
                Entry::Event(..) | Entry::Gap(_) => {}
            });
        }
        if !more || events.len() >= filter.limit {
            break;
        }
    }
    Ok(EventPage {
        events,
        next: more.then_some(last),
    })
}

/// Whether an event belongs to the requested task and host, if any.
fn concerns(body: &EventBody<'_>, task: Option<u32>, host: Option<&str>) -> bool {
    let (of_task, of_host): (Option<u32>, Option<&str>) = match body {
        EventBody::TaskStarted(event) => (Some(event.task), None),
        EventBody::HostStarted(event) => (Some(event.task), Some(&event.host)),
        EventBody::Item(event) => (Some(event.task), Some(&event.host)),
        EventBody::Retry(event) => (Some(event.task), Some(&event.host)),
        EventBody::AsyncPoll(event) => (Some(event.task), Some(&event.host)),
        EventBody::Result(event) => (Some(event.task), Some(&event.host)),
        EventBody::Facts(event) => (Some(event.task), Some(&event.host)),
        EventBody::Notified(event) => (None, Some(&event.host)),
        _ => (None, None),
    };
    task.is_none_or(|task| of_task == Some(task)) && host.is_none_or(|host| of_host == Some(host))
}
