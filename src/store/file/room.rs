//! Reserves disk space in a file of its own, for deletions only: they need space before they free any.
//!
//! On a full disk, SQLite can neither append to its write-ahead log nor checkpoint it into a file that has to grow. So
//! the reserve is released for a deletion, and recreated when there is space.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::process::{Resource, getrlimit};

use super::make::{closed, give_to_owner, ours_alone};
use super::{folder_of, with_end};

const MIB: u64 = 1 << 20;

/// Bounds for the reserve's size, which is a sixteenth of the disk. The maximum is the write-ahead log's size at a
/// checkpoint, and a little more.
const SIZES: (u64, u64) = (2 * MIB, 40 * MIB);

/// A page of the database, in bytes.
const PAGE: u64 = 8192;

/// Pages of the write-ahead log that trigger a checkpoint, if there is enough space.
const CHECKPOINT: u64 = 4096;

/// The disk of a database.
#[derive(Debug)]
pub(in super::super) struct Room {
    database: PathBuf,
    reserve: PathBuf,
    /// The intended size of the reserve.
    size: u64,
    /// Maximum size of the database's files (`ulimit -f`).
    limit: Option<u64>,
    /// Held while the reserve is created or released.
    busy: Mutex<()>,
}

impl Room {
    pub(super) fn beside(database: &Path) -> Self {
        let total = statvfs(folder_of(database)).map_or(0, |disk| disk.f_blocks * disk.f_frsize);
        let limit = getrlimit(Resource::Fsize).current;
        let size = (total / 16).clamp(SIZES.0, SIZES.1);
        Self {
            database: database.to_owned(),
            reserve: with_end(database, ".reserve"),
            size: limit.map_or(size, |limit| size.min(limit / 4)),
            limit,
            busy: Mutex::default(),
        }
    }

    /// Space that ingestion needs to continue.
    fn needed(&self) -> u64 {
        self.size / 4
    }

    /// Pages of the write-ahead log that trigger a checkpoint: on a small or nearly full disk, few enough to fit the
    /// reserve.
    pub(in super::super) fn checkpoint_pages(&self) -> u64 {
        let free = self.free().unwrap_or(u64::MAX);
        if free >= 8 * SIZES.1 && self.limit.is_none() {
            return CHECKPOINT;
        }
        let few = (self.size / 2).min(free / 4) / PAGE;
        // A power of two, so that it does not change with every page.
        1 << few.clamp(16, CHECKPOINT).ilog2()
    }

    /// Maximum number of pages of the database, if the system limits the size of files: SQLite then reports a full disk
    /// instead of failing midway. Deletions may use a few more.
    pub(in super::super) fn most_pages(&self, is_deleting: bool) -> Option<u64> {
        let pages = self.limit? / PAGE;
        let spare = (pages / 32).clamp(4, 256);
        Some(
            pages
                .saturating_sub(if is_deleting { 1 } else { spare })
                .max(1),
        )
    }

    /// Free bytes on the disk, if known.
    fn free(&self) -> Option<u64> {
        let disk = statvfs(folder_of(&self.database)).ok()?;
        Some(disk.f_bavail * disk.f_frsize)
    }

    /// Whether there is too little space to accept anything.
    pub(in super::super) fn is_short(&self) -> bool {
        self.free().is_some_and(|free| free < self.needed() / 2)
    }

    /// Whether ingestion can continue: the disk and the quota must have space, and enough for the batch that found none
    /// (`refused` bytes).
    pub(in super::super) fn is_enough(&self, refused: u64) -> bool {
        let needed = self.needed().saturating_add(refused.saturating_mul(5) / 4);
        let _busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if self.free().is_some_and(|free| free < needed) {
            return false;
        }
        let Ok(file) = self.open() else {
            return false;
        };
        let Ok(size) = file.metadata().map(|known| known.len()) else {
            return false;
        };
        let tried = allocate(&file, size, needed);
        let _ = file.set_len(size);
        tried.is_ok()
    }

    /// Creates or enlarges the reserve, up to half of the free space.
    pub(in super::super) fn keep(&self) {
        let _busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let has = fs::metadata(&self.reserve).map_or(0, |known| known.len());
        let Some(free) = self.free() else {
            return;
        };
        let wanted = self.size.min(has.saturating_add(free) / 2);
        // Not worth it for a few pages.
        if wanted < has + MIB.min(self.size / 2).max(1) {
            return;
        }
        let made = self.open().and_then(|file| {
            let made = allocate(&file, has, wanted - has);
            if made.is_err() {
                file.set_len(has)?;
            }
            made
        });
        if let Err(error) = made {
            tracing::debug!(%error, "the reserve could not be made");
        }
    }

    /// Recreates the reserve before ingestion continues: as large as possible while leaving space for the batch that
    /// found none (`refused` bytes). It may become smaller for that, but is never omitted: the next deletion needs it.
    pub(in super::super) fn settle(&self, refused: u64) {
        let needed = self.needed().saturating_add(refused.saturating_mul(5) / 4);
        let _busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let has = fs::metadata(&self.reserve).map_or(0, |known| known.len());
        let Some(free) = self.free() else {
            return;
        };
        let least = MIB.min(self.size);
        let wanted = has.saturating_add(free).saturating_sub(needed);
        let made = self.open().and_then(|file| {
            let mut wanted = wanted.clamp(least, self.size);
            loop {
                // A quota may leave less than the disk has: tested together with the space that ingestion needs.
                let kept = has.min(wanted);
                file.set_len(kept)?;
                let made = allocate(&file, kept, wanted - kept + needed);
                file.set_len(if made.is_ok() { wanted } else { kept })?;
                if made.is_ok() || wanted == least {
                    return made;
                }
                wanted = (wanted / 2).max(least);
            }
        });
        if let Err(error) = made {
            tracing::debug!(%error, "the reserve could not be made");
        }
    }

    /// Releases the reserve; returns whether there was one.
    pub(in super::super) fn give_up(&self) -> bool {
        let _busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let had = fs::metadata(&self.reserve).is_ok_and(|known| known.len() > 0);
        let gone = fs::remove_file(&self.reserve).is_ok();
        if had && gone {
            tracing::warn!(
                "the disk is full: the reserve is given up, so that something can be deleted"
            );
        }
        had && gone
    }

    fn open(&self) -> io::Result<File> {
        let file = closed().create(true).truncate(false).open(&self.reserve)?;
        ours_alone(&file);
        give_to_owner(&file, &self.database);
        Ok(file)
    }
}

/// Allocates real space on the disk.
fn allocate(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), from, bytes) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
            use std::io::Seek as _;
            let mut file = file;
            file.seek(io::SeekFrom::Start(from))?;
            // Not zeros, which some file systems do not store.
            let block: Vec<u8> = (0..64_u32 << 10)
                .map(|at| (at.wrapping_mul(31) >> 3) as u8 | 1)
                .collect();
            let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
            while left > 0 {
                let part = &block[..block.len().min(left)];
                file.write_all(part)?;
                left -= part.len();
            }
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
