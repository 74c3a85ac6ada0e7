//! Selects the spool folder: the configured one, otherwise the user's state folder, otherwise a private folder among
//! the temporary files, otherwise memory.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use playback_spool::Spool;

use crate::environment::state_folder;
use crate::{Delivery, option_name};

/// A spool, and a notice about its location.
#[derive(Debug)]
pub struct Opened {
    /// The spool.
    pub spool: Arc<Spool>,
    /// A line for the user, if the spool is not where it was configured.
    pub notice: Option<String>,
}

/// Opens a spool in the first folder in which `create` succeeds; if there is none, with `in_memory`.
///
/// # Errors
/// Not even memory is available.
pub fn open(
    delivery: &Delivery,
    create: impl Fn(&Path) -> io::Result<Arc<Spool>>,
    in_memory: impl FnOnce() -> io::Result<Arc<Spool>>,
) -> io::Result<Opened> {
    let mut refused = None;
    if let Some(dir) = &delivery.spool_dir
        && !dir.as_os_str().is_empty()
    {
        match create(dir) {
            Ok(spool) => {
                let notice = None;
                return Ok(Opened { spool, notice });
            }
            Err(error) => {
                refused = Some(format!(
                    "{}: the spool folder {} cannot be used ({error})",
                    option_name("spool_dir"),
                    dir.display()
                ));
            }
        }
    }
    let state = state_folder().filter(|_| delivery.state_folder);
    // The temporary folder is shared by all users: only used if the state folder fails.
    let temporary = std::iter::once_with(make_private_temporary).flatten();
    for dir in state.into_iter().chain(temporary) {
        if let Ok(spool) = create(&dir) {
            let notice = refused
                .map(|why| format!("{why}; the run is spooled in {} instead", dir.display()));
            return Ok(Opened { spool, notice });
        }
    }
    let why = refused.unwrap_or_else(|| "no folder for the spool can be used".into());
    Ok(Opened {
        spool: in_memory()?,
        notice: Some(format!(
            "{why}; the run is kept in memory, and lost if it cannot be delivered before its end"
        )),
    })
}

/// The default spool folders, for finding spools left behind.
#[must_use]
pub fn default_folders() -> Vec<PathBuf> {
    state_folder()
        .into_iter()
        .chain(private_temporary())
        .collect()
}

/// The folder among the temporary files, created if it is missing.
fn make_private_temporary() -> Option<PathBuf> {
    match DirBuilder::new().mode(0o700).create(temporary()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(_) => return None,
    }
    private_temporary()
}

/// The folder among the temporary files, if it is this user's own: not a link, and closed to others.
fn private_temporary() -> Option<PathBuf> {
    let dir = temporary();
    let found = fs::symlink_metadata(&dir).ok()?;
    let is_own = found.uid() == rustix::process::geteuid().as_raw();
    (found.is_dir() && is_own && found.mode() & 0o077 == 0).then_some(dir)
}

fn temporary() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    std::env::temp_dir().join(format!("playback-spool-{user}"))
}

#[cfg(test)]
mod tests {
    use playback_wire::Producer;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_folder_that_cannot_be_used_is_told() {
        let home = tempfile::tempdir().unwrap();
        let good = Delivery {
            spool_dir: Some(home.path().join("spool")),
            ..Delivery::default()
        };
        let id = Uuid::now_v7();
        let create = |dir: &Path| Spool::create(dir, id, Producer::Supervisor, 1 << 20);
        let in_memory = || Spool::in_memory_with_key(id, Producer::Supervisor, 1 << 20, None);
        assert!(open(&good, create, in_memory).unwrap().notice.is_none());

        fs::write(home.path().join("file"), "").unwrap();
        let bad = Delivery {
            spool_dir: Some(home.path().join("file")),
            ..Delivery::default()
        };
        let opened = open(&bad, |_| create(&home.path().join("file")), in_memory).unwrap();
        let notice = opened.notice.unwrap();
        assert!(notice.contains("the spool folder "), "{notice}");
        assert!(notice.contains("kept in memory"), "{notice}");
    }
}
