//! One viewer of one execution: gets every line from the first requested one, once each and in order, and the end.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use super::chunk::Chunk;
use super::pump::Handle;
use super::{Hub, LINE_LIMIT, Watched};
use crate::log::lines::Line;
use crate::log::output::OutputReader;
use crate::model::Status;
use crate::store::{Store, StoreError};

/// The next thing for a viewer.
#[derive(Debug)]
pub enum ViewerUpdate {
    /// Lines that it read itself.
    Lines(Vec<Line>),
    /// Lines shared by all viewers; this viewer's next one is at this index.
    Shared(Arc<Chunk>, usize),
    /// The execution is over, or was deleted.
    End,
}

/// One viewer of one execution.
#[derive(Debug)]
pub struct Viewer {
    id: Uuid,
    store: Store,
    watched: Arc<Watched>,
    chunks: broadcast::Receiver<Arc<Chunk>>,
    next_line: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Reads the store, because it is behind.
    Behind(Option<OutputReader>),
    /// Receives lines from the pump.
    Live,
    /// The run is over: reads the remaining lines, and then the end.
    Ending(Option<OutputReader>),
    Ended,
}

impl Viewer {
    /// Starts to watch an execution from line `from_line` (from 0) on.
    #[must_use]
    pub fn open(hub: &Hub, store: &Store, id: Uuid, from_line: u64) -> Self {
        let watched = hub.watch(id);
        let chunks = Handle::subscribe(&watched, store);
        Self {
            id,
            store: store.clone(),
            watched,
            chunks,
            next_line: from_line,
            stage: Stage::Behind(None),
        }
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// The store failed.
    pub async fn next(&mut self) -> Result<ViewerUpdate, StoreError> {
        loop {
            match &mut self.stage {
                Stage::Ended => return Ok(ViewerUpdate::End),
                Stage::Live => match self.chunks.recv().await {
                    Ok(chunk) if chunk.is_final => self.stage = Stage::Ending(None),
                    Ok(chunk) => {
                        let Some(first) = chunk.lines.first().map(|line| line.number) else {
                            continue;
                        };
                        if first > self.next_line {
                            self.stage = Stage::Behind(None);
                            continue;
                        }
                        let index = usize::try_from(self.next_line - first).unwrap_or(usize::MAX);
                        if index < chunk.lines.len() {
                            self.next_line = first + chunk.lines.len() as u64;
                            return Ok(ViewerUpdate::Shared(chunk, index));
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.stage = Stage::Behind(None),
                    Err(RecvError::Closed) => {
                        self.chunks = Handle::subscribe(&self.watched, &self.store);
                        self.stage = Stage::Behind(None);
                    }
                },
                Stage::Behind(reader) | Stage::Ending(reader) => {
                    let Some((key, row)) = self.store.execution(self.id).await? else {
                        self.stage = Stage::Ended;
                        continue;
                    };
                    // The status is read before the lines, so that lines committed with the end are included.
                    let over = row.status != Status::Running;
                    reader.take_if(|reader| !reader.is_of(&row));
                    let open = reader.get_or_insert_with(|| {
                        OutputReader::new(self.store.clone(), key, &row, self.next_line)
                            .keeping(LINE_LIMIT)
                    });
                    let mut lines = open.next_lines().await?;
                    if lines.is_empty() {
                        if !over {
                            self.stage = Stage::Live;
                            continue;
                        }
                        lines.extend(reader.take().and_then(OutputReader::finish));
                        self.stage = Stage::Ended;
                    }
                    if let Some(last) = lines.last() {
                        self.next_line = last.number + 1;
                        return Ok(ViewerUpdate::Lines(lines));
                    }
                }
            }
        }
    }
}
