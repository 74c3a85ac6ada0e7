//! Follows other collectors that share the database: their commits are passed on to executions in memory and to
//! viewers.

use std::time::Duration;

use super::Ingest;
use crate::live::Hub;
use crate::store::{Listener, Notice, PeerEvent};

/// How long to wait before retrying a database that refuses the connection.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens until it is dropped.
pub(super) async fn run(ingest: Ingest, hub: Hub, mut listener: Listener) {
    loop {
        match listener.next().await {
            Ok(PeerEvent::Notices(notices)) => {
                for notice in notices {
                    hear(&ingest, &hub, &notice);
                }
            }
            Ok(PeerEvent::Gap) => {
                tracing::info!("notices of other collectors were missed: their changes are read");
                for slot in ingest.inner.all() {
                    slot.hear_of(i64::MAX);
                }
                hub.missed();
            }
            Err(error) => {
                tracing::warn!(%error, "notices of other collectors are not received");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn hear(ingest: &Ingest, hub: &Hub, notice: &Notice) {
    let slot = ingest.inner.slots().get(&notice.id).cloned();
    if let Some(slot) = slot {
        if notice.version == 0 {
            // Deleted or rewritten: the state in memory is worthless.
            slot.overtake();
        } else {
            slot.hear_of(notice.version);
            slot.note_contact(ingest.inner.clock.monotonic_us());
        }
    }
    hub.committed(notice.id, notice.row_changed);
}
