//! Logs of runs that are over: packed, one after the other.

use tokio::sync::mpsc;
use uuid::Uuid;

use super::Ingest;
use crate::log::pack::pack;
use crate::model::ExecutionKey;

/// Packs one execution after the other. Where so many lines are kept and no more, the others go first.
pub(super) async fn run(ingest: Ingest, mut packing: mpsc::Receiver<(Uuid, ExecutionKey)>) {
    while let Some((id, key)) = packing.recv().await {
        if let Some(most) = ingest.inner.max_output_lines
            && let Err(error) = ingest.trim(id, most).await
        {
            tracing::warn!(execution = %id, %error, "lines beyond max_output_lines were not left out");
        }
        if let Err(error) = pack(&ingest.inner.store, id, key).await {
            tracing::warn!(execution = %id, %error, "a log could not be packed");
        }
    }
}
