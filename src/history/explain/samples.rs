//! Reads the messages of a few failed results from the log: each block once, however many of them it holds.

use std::collections::BTreeMap;

use playback_wire::{Body, Producer, TaskResult};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::{Message, item_label, message};
use crate::history::blocks::{LoopResult, OpenBlock, each_item_before, entry};
use crate::log::block::{Entry, Gap};
use crate::model::{ExecutionKey, LogDamage};
use crate::store::{Store, StoreError};

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

/// The message of a result.
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
    let mut open: Option<OpenBlock> = None;
    for wanted in wanted {
        let seq = wanted.seq;
        OpenBlock::turn(&mut open, store, key, seq).await?;
        let sample = match entry(open.as_ref(), seq) {
            Entry::Event(_, event) => match &event.body {
                Body::Result(result) => {
                    let item = match (wanted.is_loop, &open) {
                        (true, Some(open)) => first_item(store, key, open, &wanted).await?,
                        _ => None,
                    };
                    Sample::Read(item.unwrap_or_else(|| message_of(result)))
                }
                _ => continue,
            },
            Entry::Gap(gap) => Sample::Damaged(gap),
        };
        samples.insert(seq, sample);
    }
    Ok(samples)
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

/// The first failed item of a loop.
async fn first_item(
    store: &Store,
    key: ExecutionKey,
    open: &OpenBlock,
    wanted: &SampleRequest,
) -> Result<Option<ResultMessage>, StoreError> {
    let result = LoopResult {
        seq: wanted.seq,
        task: wanted.task,
        host: &wanted.host,
    };
    let mut first = None;
    each_item_before(store, key, open, result, |item| {
        if item.status.is_failure() && !item.censored {
            let content = item.content.and_then(parsed);
            first = Some(ResultMessage {
                message: content.as_ref().map(message),
                item: content.as_ref().and_then(item_label),
                attempts: item.attempts,
            });
        }
    })
    .await?;
    Ok(first)
}
