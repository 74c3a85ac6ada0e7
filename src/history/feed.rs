//! The feed: executions as they start, change and end. One task reads each change once for all viewers; it runs only
//! while there are any.
//!
//! Records with every host are only read while a viewer wants them: those of runs with many thousand hosts are large.
//!
//! A slow viewer costs the others nothing: if an execution changes again before a viewer took the message, that viewer
//! only gets the later one. A viewer that is too far behind is told to read the list again.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::{Costs, Fields, HistoryError, add_cost, is_final, record};
use crate::live::Hub;
use crate::model::{FeedEvent, FeedMessage};
use crate::store::Store;

/// Changes of one execution within this time are reported once.
const PACE: Duration = Duration::from_millis(200);

/// Number of messages kept for viewers that are behind, and their total size: a record may have many thousand hosts.
const MESSAGES: usize = 1024;
const BYTES: usize = 32 << 20;

/// Counts how often an execution was read for the feed.
const READS: &str = "playback_feed_reads_total";

/// Reports executions as they change; cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    hub: Hub,
    costs: Costs,
    board: Mutex<Board>,
    /// Number of the latest message; every viewer subscribes to it.
    latest: watch::Sender<u64>,
}

impl Feed {
    /// A feed without viewers.
    #[must_use]
    pub fn new(store: Store, hub: Hub, costs: Costs) -> Self {
        Self(Arc::new(Inner {
            store,
            hub,
            costs,
            board: Mutex::default(),
            latest: watch::channel(0).0,
        }))
    }

    /// Subscribes to changes from now on. Without hosts, messages have what [`Fields::WITHOUT_HOSTS`] has.
    pub async fn watch(&self, with_hosts: bool) -> FeedViewer {
        // Running executions are not reported as started. They are read before listening: one that starts in between is
        // reported as started when it is first heard of. If they cannot be read, every one is.
        let running = self.0.store.running_executions().await.unwrap_or_default();
        let mut board = self.0.board();
        let latest = self.0.latest.subscribe();
        if with_hosts {
            board.host_viewers += 1;
        }
        if !std::mem::replace(&mut board.is_read, true) {
            tokio::spawn(self.clone().read(self.0.hub.feed()));
        }
        FeedViewer {
            seen: board.latest,
            feed: self.0.clone(),
            latest,
            with_hosts,
            running: running.into_iter().collect(),
        }
    }

    /// Reads changes for as long as there are viewers.
    async fn read(self, mut changes: broadcast::Receiver<Option<Uuid>>) {
        let inner = &*self.0;
        loop {
            let first = tokio::select! {
                first = changes.recv() => first,
                () = inner.latest.closed() => match inner.end_unwatched() {
                    true => return,
                    // A viewer arrived in the meantime.
                    false => continue,
                },
            };
            let (ids, is_behind) = gather(first, &mut changes);
            if is_behind {
                inner.tell(Board::give_up);
            }
            for id in ids {
                inner.read(id).await;
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

impl Inner {
    fn board(&self) -> MutexGuard<'_, Board> {
        // The lock may be poisoned, but a panic never leaves the board half changed.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        let (changed, latest) = {
            let mut board = self.board();
            (change(&mut board), board.latest)
        };
        self.latest.send_replace(latest);
        changed
    }

    /// Reads an execution that changed, and tells of it.
    async fn read(&self, id: Uuid) {
        loop {
            let with_hosts = self.board().host_viewers > 0;
            let news = match news_of(&self.store, &self.costs, id, with_hosts).await {
                Ok(news) => news,
                Err(error) => {
                    tracing::warn!(execution = %id, %error, "a change could not be sent");
                    return self.tell(Board::give_up);
                }
            };
            let is_told = self.tell(|board| {
                let is_enough = with_hosts || board.host_viewers == 0;
                if is_enough {
                    board.put(news);
                }
                is_enough
            });
            if is_told {
                return;
            }
            // A viewer who wants hosts came while the record was read without them.
        }
    }

    /// Stops reading if there are no viewers; false if there are.
    fn end_unwatched(&self) -> bool {
        let mut board = self.board();
        if self.latest.receiver_count() > 0 {
            return false;
        }
        board.is_read = false;
        board.give_up();
        true
    }
}

/// Collects the executions that changed, as far as known by now, and whether some may have been missed.
fn gather(
    first: Result<Option<Uuid>, RecvError>,
    changes: &mut broadcast::Receiver<Option<Uuid>>,
) -> (Vec<Uuid>, bool) {
    let (mut ids, mut known, mut is_behind) = (Vec::new(), HashSet::new(), false);
    let mut next = first.map_err(|error| match error {
        RecvError::Lagged(missed) => TryRecvError::Lagged(missed),
        RecvError::Closed => TryRecvError::Closed,
    });
    loop {
        match next {
            Ok(Some(id)) => {
                if known.insert(id) {
                    ids.push(id);
                }
            }
            Ok(None) | Err(TryRecvError::Lagged(_)) => is_behind = true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return (ids, is_behind),
        }
        next = changes.try_recv();
    }
}

/// The news of an execution that changed.
async fn news_of(
    store: &Store,
    costs: &Costs,
    id: Uuid,
    with_hosts: bool,
) -> Result<News, HistoryError> {
    metrics::counter!(READS).increment(1);
    let Some((key, row)) = store.execution(id).await? else {
        return Ok(News::deleted(id));
    };
    let is_final = is_final(&row);
    let record = if with_hosts {
        let mut record = record(store, key, row, &Fields::ALL).await?;
        add_cost(&mut record, costs.costing().await?.as_deref());
        to_raw_value(&record)?
    } else {
        let fields = Fields::WITHOUT_HOSTS;
        let record = record(store, key, row, &fields).await?;
        RawValue::from_string(fields.write(&record)?)?
    };
    Ok(News {
        id,
        is_final,
        record: Some(record),
        texts: Default::default(),
        texts_without_hosts: Default::default(),
    })
}

/// The messages of the feed, and how far back they go.
#[derive(Debug, Default)]
struct Board {
    /// Whether a task is reading changes.
    is_read: bool,
    /// Number of viewers who want records with hosts: while there are any, every message that is put has them.
    host_viewers: usize,
    /// Number of the latest message.
    latest: u64,
    /// Number of the latest message that is no longer available: a viewer that has not seen it is behind.
    given_up: u64,
    /// The messages kept, by number.
    news: BTreeMap<u64, Arc<News>>,
    /// Number of each execution's message.
    of: HashMap<Uuid, u64>,
    /// Total size of the messages.
    bytes: usize,
}

impl Board {
    /// Adds an execution's message, replacing its earlier one.
    fn put(&mut self, news: News) {
        self.latest += 1;
        if let Some(before) = self.of.insert(news.id, self.latest) {
            self.remove(before);
        }
        self.bytes += news.size();
        self.news.insert(self.latest, Arc::new(news));
        while self.news.len() > MESSAGES || (self.bytes > BYTES && self.news.len() > 1) {
            let Some((&oldest, news)) = self.news.first_key_value() else {
                return;
            };
            self.of.remove(&news.id);
            self.remove(oldest);
            self.given_up = oldest;
        }
    }

    /// Tells every viewer that something was missed.
    fn give_up(&mut self) {
        self.latest += 1;
        self.given_up = self.latest;
        self.news.clear();
        self.of.clear();
        self.bytes = 0;
    }

    fn remove(&mut self, number: u64) {
        if let Some(news) = self.news.remove(&number) {
            self.bytes -= news.size();
        }
    }
}

/// The message about one execution.
#[derive(Debug)]
struct News {
    id: Uuid,
    is_final: bool,
    /// None: the execution was deleted.
    record: Option<Box<RawValue>>,
    /// The encoded message for each kind of change: encoded for the first viewer, and shared.
    texts: [OnceLock<Bytes>; 3],
    /// The same, without hosts.
    texts_without_hosts: [OnceLock<Bytes>; 3],
}

impl News {
    fn deleted(id: Uuid) -> Self {
        Self {
            id,
            is_final: true,
            record: None,
            texts: Default::default(),
            texts_without_hosts: Default::default(),
        }
    }

    /// Its size in memory, roughly: the record, and the messages that hold it.
    fn size(&self) -> usize {
        let record = self.record.as_ref();
        3 * record.map_or(0, |record| record.get().len()) + 128
    }

    /// The message for a viewer who knows these executions to be running.
    fn text(&self, running: &mut HashSet<Uuid>, with_hosts: bool) -> Bytes {
        let event = if self.is_final {
            running.remove(&self.id);
            FeedEvent::Ended
        } else if running.insert(self.id) {
            FeedEvent::Started
        } else {
            FeedEvent::Changed
        };
        let texts = match with_hosts {
            true => &self.texts,
            false => &self.texts_without_hosts,
        };
        let text = texts[event as usize].get_or_init(|| match self.record.as_deref() {
            Some(execution) if with_hosts => written(&FeedMessage::Execution { event, execution }),
            Some(execution) => written(&FeedMessage::Execution {
                event,
                execution: without_hosts(execution),
            }),
            None => written(&FeedMessage::<&RawValue>::Deleted { id: self.id }),
        });
        text.clone()
    }
}

/// The record without what it says of each host; as it is where it says nothing of them.
fn without_hosts(record: &RawValue) -> Cow<'_, RawValue> {
    let picked = Fields::WITHOUT_HOSTS.pick(record.get().to_owned());
    match picked.map(RawValue::from_string) {
        Ok(Ok(small)) => Cow::Owned(small),
        // Cannot happen: the record is an encoded object.
        _ => Cow::Borrowed(record),
    }
}

fn written<R: Serialize>(message: &FeedMessage<R>) -> Bytes {
    // Encoding only fails for values that are not JSON; these always are.
    serde_json::to_vec(message).unwrap_or_default().into()
}

/// A viewer of all executions.
#[derive(Debug)]
pub struct FeedViewer {
    feed: Arc<Inner>,
    latest: watch::Receiver<u64>,
    /// Whether its messages name hosts.
    with_hosts: bool,
    /// Number of the last message it received.
    seen: u64,
    /// The executions it was told are running.
    running: HashSet<Uuid>,
}

impl FeedViewer {
    /// Waits for the next message, an encoded [`FeedMessage`]. Dropping this future loses none.
    pub async fn next(&mut self) -> Bytes {
        loop {
            if let Some(text) = self.ready() {
                return text;
            }
            // Cannot fail: we hold the sender.
            let _ = self.latest.changed().await;
        }
    }

    /// The next message, if one is ready.
    pub fn ready(&mut self) -> Option<Bytes> {
        let news = {
            let board = self.feed.board();
            if self.seen < board.given_up {
                self.seen = board.given_up;
                return Some(written(&FeedMessage::<&RawValue>::Behind));
            }
            let (number, news) = board.news.range(self.seen + 1..).next()?;
            self.seen = *number;
            news.clone()
        };
        Some(news.text(&mut self.running, self.with_hosts))
    }
}

impl Drop for FeedViewer {
    fn drop(&mut self) {
        if self.with_hosts {
            self.feed.board().host_viewers -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(number: u128, bytes: usize) -> News {
        let text = format!("\"{}\"", "x".repeat(bytes));
        News {
            id: Uuid::from_u128(number),
            is_final: false,
            record: Some(RawValue::from_string(text).unwrap()),
            texts: Default::default(),
            texts_without_hosts: Default::default(),
        }
    }

    fn ids(board: &Board) -> Vec<u128> {
        board.news.values().map(|news| news.id.as_u128()).collect()
    }

    #[test]
    fn what_was_told_of_an_execution_gives_way_to_what_is_new() {
        let mut board = Board::default();
        for number in [1, 2, 1, 3] {
            board.put(news(number, 1));
        }
        assert_eq!(ids(&board), [2, 1, 3]);
        assert_eq!((board.latest, board.given_up), (4, 0));
        board.give_up();
        assert_eq!((ids(&board).len(), board.bytes, board.given_up), (0, 0, 5));
    }

    #[test]
    fn messages_that_are_kept_are_bounded_and_the_latest_is_kept_however_large() {
        let mut board = Board::default();
        for number in 0..2000 {
            board.put(news(number, 1));
        }
        assert_eq!(board.news.len(), MESSAGES);
        assert_eq!(board.of.len(), MESSAGES);
        assert_eq!(board.given_up, 2000 - MESSAGES as u64);
        board.put(news(5000, BYTES));
        assert_eq!(ids(&board), [5000]);
        assert_eq!(board.given_up, 2000);
        board.put(news(5001, 1));
        assert_eq!(ids(&board), [5001]);
        assert!(board.bytes < 1000, "{}", board.bytes);
    }

    #[test]
    fn a_viewer_is_told_what_became_of_an_execution_for_itself() {
        let mut running = HashSet::new();
        let event = |news: &News, running: &mut HashSet<Uuid>| {
            let text: serde_json::Value =
                serde_json::from_slice(&news.text(running, true)).unwrap();
            text["event"].as_str().map(str::to_owned)
        };
        let told = news(1, 1);
        assert_eq!(event(&told, &mut running).as_deref(), Some("started"));
        assert_eq!(event(&told, &mut running).as_deref(), Some("changed"));
        assert_eq!(
            event(&told, &mut HashSet::new()).as_deref(),
            Some("started")
        );
        let over = News {
            is_final: true,
            ..news(1, 1)
        };
        assert_eq!(event(&over, &mut running).as_deref(), Some("ended"));
        assert!(running.is_empty());
        assert_eq!(event(&News::deleted(Uuid::nil()), &mut running), None);
    }

    #[test]
    fn viewers_who_want_no_hosts_get_none_from_a_record_that_has_them() {
        let record = r#"{"failed":["web-01"],"id":"a","stats":{"web-01":{"ok":1}}}"#;
        let news = News {
            record: Some(RawValue::from_string(record.to_owned()).unwrap()),
            ..news(1, 1)
        };
        let told = |with_hosts| {
            let text = news.text(&mut HashSet::new(), with_hosts);
            let message: serde_json::Value = serde_json::from_slice(&text).unwrap();
            message["execution"].to_string()
        };
        assert_eq!(told(false), r#"{"id":"a"}"#);
        assert_eq!(told(true), record);
        assert_eq!(told(false), r#"{"id":"a"}"#);
    }
}
