//! Detects that another program overwrites the open database file: a backup copied onto it keeps its name and its
//! inode, and SQLite would mix pages of both.
//!
//! In WAL mode only checkpoints write the file itself, and each says so in the index of the write-ahead log (`-shm`)
//! before it begins and when it is done ([`walCheckpoint` in SQLite's wal.c](https://sqlite.org/walformat.html)). So if
//! the file changed while that index did not, somebody else changed it. Other processes of ours, and `sqlite3`, use the
//! log as we do.

use std::fs::{self, File};
use std::mem::ManuallyDrop;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::with_end;

/// File systems that update a file's modification time at once. Others may do so later, or by another machine's clock,
/// which would cause false alarms: there the file is not watched.
const KNOWN: [u32; 8] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683e, // Btrfs
    0x0102_1994, // tmpfs
    0x2fc1_2fc1, // ZFS
    0xf2f5_2010, // F2FS
    0xca45_1a4e, // bcachefs
    0x794c_7630, // overlay
];

/// Offsets of the checkpoint progress in the index of the write-ahead log: `nBackfill`, and `nBackfillAttempted`.
const DONE: u64 = 96;
const BEGUN: u64 = 128;
/// Offset of the write-ahead log's salts, which change when it is restarted.
const SALTS: u64 = 32;

/// A database file that only SQLite should write to.
#[derive(Debug)]
pub(super) struct Written {
    database: PathBuf,
    /// The index of the write-ahead log. Never closed, because that would release SQLite's own locks on it.
    index: Option<ManuallyDrop<File>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seen: Option<FileState>,
    /// It was overwritten. This is never reset, because the file may contain pages of both databases.
    is_overwritten: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    file: Stamp,
    checkpoints: Checkpoints,
}

/// A file's modification time and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(i64, i64, u64);

/// The index's state of checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checkpoints {
    salts: [u8; 8],
    done: [u8; 4],
    begun: [u8; 4],
}

impl Written {
    /// Watches an open database.
    pub(super) fn of(database: &Path) -> Self {
        let index = is_known(database)
            .then(|| File::open(with_end(database, "-shm")).ok())
            .flatten();
        let watched = Self {
            database: database.to_owned(),
            index: index.map(ManuallyDrop::new),
            state: Mutex::default(),
        };
        watched.is_overwritten();
        watched
    }

    /// Whether another program has written to it since it was opened.
    pub(super) fn is_overwritten(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_overwritten {
            return true;
        }
        let Some(now) = self.look() else {
            return false;
        };
        let is_at_rest = now.checkpoints.begun == now.checkpoints.done;
        state.is_overwritten = state.seen.is_some_and(|seen| {
            seen.file != now.file && seen.checkpoints == now.checkpoints && is_at_rest
        });
        state.seen = Some(now);
        state.is_overwritten
    }

    /// The state between two checkpoints; none during one, or if it cannot be determined.
    fn look(&self) -> Option<FileState> {
        let index = self.index.as_deref()?;
        // A checkpoint may begin and end during the check.
        for _ in 0..3 {
            let before = checkpoints(index)?;
            let found = fs::metadata(&self.database).ok()?;
            if checkpoints(index)? == before {
                return Some(FileState {
                    file: Stamp(found.mtime(), found.mtime_nsec(), found.len()),
                    checkpoints: before,
                });
            }
        }
        None
    }
}

fn checkpoints(index: &File) -> Option<Checkpoints> {
    let mut read = Checkpoints {
        salts: [0; 8],
        done: [0; 4],
        begun: [0; 4],
    };
    index.read_exact_at(&mut read.salts, SALTS).ok()?;
    index.read_exact_at(&mut read.done, DONE).ok()?;
    index.read_exact_at(&mut read.begun, BEGUN).ok()?;
    Some(read)
}

fn is_known(database: &Path) -> bool {
    rustix::fs::statfs(database).is_ok_and(|known| {
        #[allow(
            clippy::unnecessary_cast,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "its width and sign differ between machines"
        )]
        let kind = known.f_type as u32;
        KNOWN.contains(&kind)
    })
}
