//! Which folder holds the spool.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use playback_spool::{RunKey, Spool};
use playback_wire::Producer;
use uuid::Uuid;

use crate::environment;
use crate::options::{Options, shown};

/// A spool, and what the user should know about where it is.
pub(crate) struct Opened {
    /// The spool.
    pub(crate) spool: Arc<Spool>,
    /// A line for the user, where the spool is not where it was asked for.
    pub(crate) notice: Option<String>,
}

/// Opens the spool of `execution`: in the configured folder, else in the user's own state folder, else
/// in a private folder among the temporary files, else in memory.
///
/// # Errors
/// Not even memory can be had.
pub(crate) fn open(options: &Options, execution: Uuid, key: Option<RunKey>) -> io::Result<Opened> {
    let max_bytes = options.spool_max_bytes();
    let asked = options
        .spool_dir
        .as_ref()
        .filter(|dir| !dir.as_os_str().is_empty());
    let mut refused = None;
    if let Some(dir) = asked {
        match create(dir, execution, max_bytes, &key) {
            Ok(spool) => {
                return Ok(Opened {
                    spool,
                    notice: None,
                });
            }
            Err(error) => {
                refused = Some(format!(
                    "{}: the spool folder {} cannot be used ({error})",
                    shown("spool_dir"),
                    dir.display()
                ));
            }
        }
    }
    for dir in default_dirs() {
        if let Ok(spool) = create(&dir, execution, max_bytes, &key) {
            let notice = refused
                .map(|why| format!("{why}; the run is spooled in {} instead", dir.display()));
            return Ok(Opened { spool, notice });
        }
    }
    let spool = Spool::in_memory_with_key(execution, Producer::Recorder, max_bytes, key)?;
    let why = refused.unwrap_or_else(|| "no folder for the spool can be used".into());
    Ok(Opened {
        spool,
        notice: Some(format!(
            "{why}; the run is kept in memory, and lost if it cannot be delivered before Ansible exits"
        )),
    })
}

/// An identity that is in use already (two runs under one launcher's identity) gets one of its own.
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

fn default_dirs() -> impl Iterator<Item = PathBuf> {
    let state = environment::path("XDG_STATE_HOME")
        .filter(|dir| dir.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
        .map(|dir| dir.join("playback/spool"));
    // The temporary folder is shared by all users: only asked for when the state folder fails.
    state
        .into_iter()
        .chain(std::iter::once_with(private_temporary).flatten())
}

/// A folder among the temporary files that is this user's own: not a link, and closed to others.
fn private_temporary() -> Option<PathBuf> {
    // SAFETY: geteuid has no preconditions and cannot fail.
    #[allow(unsafe_code)]
    let user = unsafe { libc::geteuid() };
    let dir = std::env::temp_dir().join(format!("playback-spool-{user}"));
    match DirBuilder::new().mode(0o700).create(&dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(_) => return None,
    }
    let found = fs::symlink_metadata(&dir).ok()?;
    (found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0).then_some(dir)
}
