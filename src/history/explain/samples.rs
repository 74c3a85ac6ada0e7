//! What a few failed results said, read from the log: each block once, however many of them it holds.

use std::collections::BTreeMap;

use playback_wire::{Body, Producer, TaskResult};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::{Message, item_label, message};
use crate::log::block::{Entry, Gap, StoredLog};
use crate::model::{BlockRow, ExecutionKey, LogDamage};
use crate::store::{Store, StoreError};

/// Events before a loop's result that are searched for its first failed item.
const EVENTS: usize = 5_000;

/// Blocks that are read for that.
const BLOCKS: usize = 4;

/// A result to read.
#[derive(Debug, Clone)]
pub struct SampleRequest {
    /// Sequence number of its event.
    pub seq: u64,
    /// Number of its task.
    pub task: u32,
    /// Inventory name of its host.
    pub host: String,
    /// Whether it had loop items.
    pub is_loop: bool,
}

/// What a result said.
#[derive(Debug)]
pub(super) enum Sample {
    Read(ResultMessage),
    /// Its event cannot be read.
    Damaged(Gap),
}

/// The telling parts of a result, or of its first failed loop item.
#[derive(Debug, Default)]
pub(super) struct ResultMessage {
    /// None: it is censored, or nothing was returned.
    pub(super) message: Option<Message>,
    pub(super) item: Option<String>,
    pub(super) attempts: Option<u32>,
}

impl Sample {
    pub(super) fn message(&self) -> Option<&ResultMessage> {
        match self {
            Self::Read(message) => Some(message),
            Self::Damaged(_) => None,
        }
    }

    /// The part of the log that cannot be read.
    pub(super) fn damage(&self) -> Option<LogDamage> {
        match self {
            Self::Read(_) => None,
            Self::Damaged(gap) => Some(crate::history::damaged(Producer::Recorder, gap)),
        }
    }
}

/// Reads what these results said, by sequence number.
pub(super) async fn read(
    store: &Store,
    key: ExecutionKey,
    wanted: impl Iterator<Item = SampleRequest>,
) -> Result<BTreeMap<u64, Sample>, StoreError> {
    let mut wanted: Vec<SampleRequest> = wanted.collect();
    wanted.sort_by_key(|wanted| wanted.seq);
    let mut samples = BTreeMap::new();
    let mut open: Option<(BlockRow, StoredLog)> = None;
    for wanted in wanted {
        let seq = wanted.seq;
        if !open.as_ref().is_some_and(|(block, _)| holds(block, seq)) {
            open = block(store, key, seq).await?;
        }
        let sample = match open.as_ref().and_then(|(_, log)| log.find(seq)) {
            Some(Entry::Event(_, event)) => match &event.body {
                Body::Result(result) => {
                    let item = match (wanted.is_loop, &open) {
                        (true, Some(open)) => first_item(store, key, open, &wanted).await?,
                        _ => None,
                    };
                    Sample::Read(item.unwrap_or_else(|| message_of(result)))
                }
                _ => continue,
            },
            Some(Entry::Gap(gap)) => Sample::Damaged(gap),
            // A whole block is missing.
            None => Sample::Damaged(Gap {
                first_seq: seq,
                last_seq: seq,
                lines: 0,
            }),
        };
        samples.insert(seq, sample);
    }
    Ok(samples)
}

fn holds(block: &BlockRow, seq: u64) -> bool {
    (block.first_seq..=block.last_seq).contains(&seq)
}

/// The recorder's block that holds an event.
async fn block(
    store: &Store,
    key: ExecutionKey,
    seq: u64,
) -> Result<Option<(BlockRow, StoredLog)>, StoreError> {
    let found = store
        .blocks_from_seq(key, Producer::Recorder, seq, 1)
        .await?;
    let mut found = found.into_iter().map(|stored| stored.block);
    let found = found.find(|block| holds(block, seq));
    Ok(found.map(|block| {
        let log = StoredLog::of(&block);
        (block, log)
    }))
}

fn message_of(result: &TaskResult<'_>) -> ResultMessage {
    let content = result.content.filter(|_| !result.censored);
    ResultMessage {
        message: content.and_then(parsed).as_ref().map(message),
        item: None,
        attempts: result.attempts,
    }
}

fn parsed(content: &RawValue) -> Option<Value> {
    serde_json::from_str(content.get()).ok()
}

/// The first failed item of a loop, going back from its result to where its host began with the task.
async fn first_item(
    store: &Store,
    key: ExecutionKey,
    open: &(BlockRow, StoredLog),
    wanted: &SampleRequest,
) -> Result<Option<ResultMessage>, StoreError> {
    let mut first = None;
    let mut left = EVENTS;
    let (mut before, mut start) = (wanted.seq, open.0.first_seq);
    let mut earlier = None;
    for _ in 0..BLOCKS {
        let log = earlier.as_ref().map_or(&open.1, |(_, log)| log);
        let is_begun = go_back(log, before, wanted, &mut first, &mut left);
        if is_begun || left == 0 || start <= 1 {
            break;
        }
        earlier = block(store, key, start - 1).await?;
        let Some((block, _)) = &earlier else { break };
        (before, start) = (start, block.first_seq);
    }
    Ok(first)
}

/// Goes back through a block; true once the host's beginning with the task is found.
fn go_back(
    log: &StoredLog,
    before: u64,
    wanted: &SampleRequest,
    first: &mut Option<ResultMessage>,
    left: &mut usize,
) -> bool {
    for event in log.before(before) {
        let Some(less) = left.checked_sub(1) else {
            return false;
        };
        *left = less;
        match &event.body {
            Body::Item(item)
                if item.task == wanted.task
                    && item.host == wanted.host
                    && item.status.is_failure()
                    && !item.censored =>
            {
                let content = item.content.and_then(parsed);
                *first = Some(ResultMessage {
                    message: content.as_ref().map(message),
                    item: content.as_ref().and_then(item_label),
                    attempts: item.attempts,
                });
            }
            Body::HostStarted(started)
                if started.task == wanted.task && started.host == wanted.host =>
            {
                return true;
            }
            Body::TaskStarted(started) if started.task == wanted.task => return true,
            _ => {}
        }
    }
    false
}
