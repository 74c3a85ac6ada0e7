//! The owner of a spool file, also across `fork`.
//!
//! An owner holds an exclusive `flock` on its spool for as long as it lives; the kernel lets go of it
//! however the owner ends, `kill -9` included, and a lock that can be taken therefore means a dead
//! owner. Why `flock`, of the three kinds that Linux has:
//!
//! - A record lock (`fcntl`) belongs to the process and is lost when *any* descriptor of the file is
//!   closed, such as the one that a listing of the folder opens for a moment. It also excludes nobody
//!   within the process, where one execution may end while the next begins (`ansible-console`).
//! - An open-file-description lock and `flock` belong to the open file, and are shared with forked
//!   children in the same way. `flock` is the older and the simpler one, and the one that the standard
//!   library speaks (`File::try_lock`); a lock of a byte range is of no use here.
//!
//! That sharing has a price: Ansible's workers are plain forks that outlive a killed parent, up to the
//! end of their task, and an inherited descriptor would keep the lock held after its owner's death.
//! So every descriptor that carries a lock is listed here, and a child closes them all first thing
//! ([`inherited_fds`]). Closing a copy lets go of nothing while the owner's own descriptor is open.
//! Children that `exec` need no help: every descriptor is close-on-exec.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::Deref;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

/// An empty slot in [`SHARED`].
const NONE: RawFd = -1;

/// The descriptors that a forked child must not keep. A fixed table of atomics, because neither a lock nor an
/// allocation is safe between `fork` and `exec`. A process owns one spool, and adopts one at a time: the table is far
/// larger than that.
static SHARED: [AtomicI32; 64] = [const { AtomicI32::new(NONE) }; 64];

/// The descriptors that a forked child must close, and must not use otherwise. To be called in a `pthread_atfork` child
/// handler: it takes no lock and allocates nothing. The child must end without dropping the [`Spool`](crate::Spool)
/// that it inherited (Ansible's workers leave through `_exit`).
pub fn inherited_fds() -> impl Iterator<Item = RawFd> {
    SHARED
        .iter()
        .map(|slot| slot.load(Ordering::Relaxed))
        .filter(|fd| *fd != NONE)
}

/// An open spool file that a forked child will close.
#[derive(Debug)]
pub(crate) struct OwnedFile {
    file: File,
    slot: Option<&'static AtomicI32>,
}

impl OwnedFile {
    /// Locks `file`. None: it is locked already.
    pub(crate) fn lock(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self::unlocked(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// A file that no other process can open, and that needs no lock.
    pub(crate) fn unlocked(file: File) -> Self {
        let fd = file.as_raw_fd();
        let slot = SHARED.iter().find(|slot| {
            slot.compare_exchange(NONE, fd, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        });
        Self { file, slot }
    }
}

impl Deref for OwnedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for OwnedFile {
    fn drop(&mut self) {
        // The slot is cleared before the file is closed: afterwards the number may be another file's, which a child
        // must not close.
        if let Some(slot) = self.slot {
            slot.store(NONE, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_at_a_time_and_its_descriptor_is_listed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let owner = OwnedFile::lock(File::create(&path).unwrap())
            .unwrap()
            .expect("nobody else has it");
        let fd = owner.as_raw_fd();
        assert!(inherited_fds().any(|listed| listed == fd));
        assert!(
            OwnedFile::lock(File::open(&path).unwrap())
                .unwrap()
                .is_none()
        );
        drop(owner);
        assert!(
            OwnedFile::lock(File::open(&path).unwrap())
                .unwrap()
                .is_some()
        );
    }
}
