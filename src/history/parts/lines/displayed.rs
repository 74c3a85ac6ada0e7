//! Lines that the recorder captured: each text names the event that Ansible was showing when it was printed.

use std::collections::{HashMap, VecDeque};

use playback_wire::{Body, Event, Producer};

use super::{EventRange, Shown};
use crate::history::parts::each_entry;
use crate::log::block::Entry;
use crate::log::lines::PieceReader;
use crate::model::ExecutionKey;
use crate::store::{Store, StoreError};

/// Blocks that are fetched at once.
const BLOCKS: u32 = 16;

/// Events that are remembered for the texts that follow them.
const REMEMBERED: usize = 4_096;

/// Events after one that is shown, among which its text is.
const SLACK: u64 = 1_000;

/// Passes on the lines that show the wanted events, in order.
pub(super) async fn each_line(
    store: &Store,
    key: ExecutionKey,
    wanted: EventRange,
    mut each: impl FnMut(u64, &Shown),
) -> Result<(), StoreError> {
    let mut events = Events::default();
    let mut next = wanted.from_seq.max(1);
    loop {
        let stored = store
            .blocks_from_seq(key, Producer::Recorder, next, BLOCKS)
            .await?;
        let Some(last) = stored.last() else {
            return Ok(());
        };
        next = last.block.last_seq + 1;
        for stored in stored {
            let block = stored.block;
            if block.first_seq > wanted.to_seq.saturating_add(SLACK) {
                return Ok(());
            }
            let mut pieces = PieceReader::new(block.first_line, 0);
            each_entry(&block, |entry| {
                if let Entry::Event(_, event) = &entry {
                    events.note(event);
                }
                pieces.read_entry(&entry, |piece| {
                    if let Some(shown) = piece.of.and_then(|of| events.known.get(&of)) {
                        each(piece.line, shown);
                    }
                });
            });
        }
    }
}

/// The tasks and hosts of the latest events.
#[derive(Debug, Default)]
struct Events {
    order: VecDeque<u64>,
    known: HashMap<u64, Shown>,
}

impl Events {
    fn note(&mut self, event: &Event<'_>) {
        let (task, host) = match &event.body {
            Body::TaskStarted(task) => (task.task, None),
            Body::Result(result) => (result.task, Some(&result.host)),
            Body::Item(item) => (item.task, Some(&item.host)),
            Body::Retry(retry) => (retry.task, Some(&retry.host)),
            _ => return,
        };
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(event.seq);
        let host = host.map(|host| host.clone().into_owned());
        self.known.insert(event.seq, Shown { task, host });
    }
}
