//! The recorder's spool.

use std::io;
use std::path::Path;
use std::sync::Arc;

use playback_producer::{Delivery, folder};
use playback_spool::{RunKey, Spool};
use playback_wire::Producer;
use uuid::Uuid;

/// Opens the spool of `execution`.
///
/// # Errors
/// Not even memory is available.
pub(crate) fn open(
    delivery: &Delivery,
    execution: Uuid,
    key: Option<RunKey>,
) -> io::Result<folder::Opened> {
    let max_bytes = delivery.spool_max_bytes();
    folder::open(
        delivery,
        |dir| create(dir, execution, max_bytes, &key),
        || Spool::in_memory_with_key(execution, Producer::Recorder, max_bytes, key.clone()),
    )
}

/// If the identity is already in use (two runs with one launcher's identity), a new one is generated.
fn create(
    dir: &Path,
    execution: Uuid,
    max_bytes: u64,
    key: &Option<RunKey>,
) -> io::Result<Arc<Spool>> {
    match Spool::create_with_key(dir, execution, Producer::Recorder, max_bytes, key.clone()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Spool::create(dir, Uuid::now_v7(), Producer::Recorder, max_bytes)
        }
        created => created,
    }
}
