//! One task for each watched execution: reads new lines once, for all its viewers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;

use super::chunk::Chunk;
use super::{LINE_LIMIT, Watched};
use crate::log::output::OutputReader;
use crate::model::Status;
use crate::store::{Store, StoreError};

/// Chunks kept for viewers that are slightly behind.
const CHUNKS: usize = 64;

/// Commits closer together than this are read together.
const PACE: Duration = Duration::from_millis(20);

/// Each viewer adds this to the pace, up to [`CROWD`]: the cost of a round grows with the viewers, and a crowd must not
/// slow down other executions.
const PACE_EACH: Duration = Duration::from_micros(40);

/// The most that viewers add to the pace, so that no line is much delayed.
const CROWD: Duration = Duration::from_millis(40);

/// How often an idle pump checks whether it still has viewers.
const IDLE: Duration = Duration::from_secs(5);

/// Starts the pump with its first viewer.
#[derive(Debug, Default)]
pub(crate) struct Handle {
    chunks: Mutex<Option<broadcast::Sender<Arc<Chunk>>>>,
}

impl Handle {
    /// Subscribes to lines from now on; earlier ones must be read from the store.
    pub(super) fn subscribe(
        watched: &Arc<Watched>,
        store: &Store,
    ) -> broadcast::Receiver<Arc<Chunk>> {
        let mut chunks = watched
            .pump
            .chunks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*chunks
            && sender.receiver_count() > 0
        {
            return sender.subscribe();
        }
        let (sender, receiver) = broadcast::channel(CHUNKS);
        *chunks = Some(sender.clone());
        drop(chunks);
        tokio::spawn(run(watched.clone(), store.clone(), sender));
        receiver
    }

    /// New viewers start a new pump from here on; those that still listen learn that this one ended.
    fn ended(&self, sender: &broadcast::Sender<Arc<Chunk>>) {
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        chunks.take_if(|current| current.same_channel(sender));
    }
}

async fn run(watched: Arc<Watched>, store: Store, chunks: broadcast::Sender<Arc<Chunk>>) {
    pump(&watched, &store, &chunks).await;
    watched.pump.ended(&chunks);
}

/// Reads while there are viewers and the execution is running.
async fn pump(watched: &Watched, store: &Store, chunks: &broadcast::Sender<Arc<Chunk>>) {
    let mut commits = watched.commits.subscribe();
    let mut reader: Option<OutputReader> = None;
    while chunks.receiver_count() > 0 {
        commits.mark_unchanged();
        match forward(watched, store, &mut reader, chunks).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(execution = %watched.id, %error, "lines could not be read");
                // The reader may have stopped in the middle of something: the next one starts from the beginning.
                reader = None;
            }
        }
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            // From time to time, checks whether any viewer is left.
            () = tokio::time::sleep(IDLE) => {}
        }
        tokio::time::sleep(pace(chunks.receiver_count())).await;
    }
}

fn pace(viewers: usize) -> Duration {
    let viewers = u32::try_from(viewers).unwrap_or(u32::MAX);
    PACE + PACE_EACH.saturating_mul(viewers).min(CROWD)
}

/// Sends new lines to viewers; true when there will be no more.
async fn forward(
    watched: &Watched,
    store: &Store,
    reader: &mut Option<OutputReader>,
    chunks: &broadcast::Sender<Arc<Chunk>>,
) -> Result<bool, StoreError> {
    let found = store.execution(watched.id).await?;
    let Some((key, row)) = found else {
        // Deleted: viewers find that out in the store.
        let _ = chunks.send(Arc::new(Chunk::last()));
        return Ok(true);
    };
    // The row may lag behind the log, and its last line may be unfinished: viewers skip what they have seen.
    let mut from = row.output_lines.saturating_sub(1);
    if reader.as_ref().is_some_and(|reader| !reader.is_of(&row)) {
        // It waited for the recorder's lines, but the supervisor prints: those were not sent to any viewer.
        *reader = None;
        from = 0;
    }
    let reader = reader.get_or_insert_with(|| {
        OutputReader::new(store.clone(), key, &row, from).keeping(LINE_LIMIT)
    });
    loop {
        let lines = reader.next_lines().await?;
        if lines.is_empty() {
            break;
        }
        let _ = chunks.send(Arc::new(Chunk::of(lines)));
    }
    if row.status == Status::Running {
        return Ok(false);
    }
    let _ = chunks.send(Arc::new(Chunk::last()));
    Ok(true)
}
