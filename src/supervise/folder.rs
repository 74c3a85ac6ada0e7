//! Which folder holds the spool: the configured one, else the user's own state folder, else a private
//! folder among the temporary files, else memory. The recorder looks in the same places.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use playback_spool::{RunKey, Spool};
use playback_wire::Producer;
use uuid::Uuid;

use super::delivery::DeliveryOptions;
use super::environment;

/// A spool, and what the user should know about where it is.
pub(super) struct Opened {
    /// The spool.
    pub(super) spool: Arc<Spool>,
    /// A line for the user, where the spool is not where it was asked for.
    pub(super) notice: Option<String>,
}

/// Opens the spool of `execution`.
///
/// # Errors
/// Not even memory can be had.
pub(super) fn open(
    options: &DeliveryOptions,
    execution: Uuid,
    key: Option<RunKey>,
) -> io::Result<Opened> {
    let max_bytes = options.spool_max_bytes();
    let key = key.or_else(RunKey::mint);
    let producer = Producer::Supervisor;
    let create =
        |dir: &PathBuf| Spool::create_with_key(dir, execution, producer, max_bytes, key.clone());
    let asked = options.spool_dir.as_ref();
    let mut refused = None;
    if let Some(dir) = asked.filter(|dir| !dir.as_os_str().is_empty()) {
        match create(dir) {
            Ok(spool) => {
                return Ok(Opened {
                    spool,
                    notice: None,
                });
            }
            Err(error) => {
                refused = Some(format!(
                    "the spool folder {} cannot be used ({error})",
                    dir.display()
                ));
            }
        }
    }
    let dirs = options
        .state_folder
        .then(environment::state_folder)
        .flatten()
        .into_iter();
    // The temporary folder is shared by all users: only asked for when the state folder fails.
    for dir in dirs.chain(std::iter::once_with(private_temporary).flatten()) {
        if let Ok(spool) = create(&dir) {
            let notice = refused
                .map(|why| format!("{why}; the run is spooled in {} instead", dir.display()));
            return Ok(Opened { spool, notice });
        }
    }
    let why = refused.unwrap_or_else(|| "no folder for the spool can be used".into());
    Ok(Opened {
        spool: Spool::in_memory_with_key(execution, producer, max_bytes, key.clone())?,
        notice: Some(format!(
            "{why}; the run is kept in memory, and lost if it cannot be delivered at its end"
        )),
    })
}

/// A folder among the temporary files that is this user's own: not a link, and closed to others.
fn private_temporary() -> Option<PathBuf> {
    let user = nix::unistd::geteuid().as_raw();
    let dir = std::env::temp_dir().join(format!("playback-spool-{user}"));
    match DirBuilder::new().mode(0o700).create(&dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(_) => return None,
    }
    let found = fs::symlink_metadata(&dir).ok()?;
    (found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0).then_some(dir)
}
