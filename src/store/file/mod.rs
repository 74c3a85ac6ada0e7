//! The file of an SQLite database: its path, whether it is still the one that was opened, who has locked it, and the
//! free space on its disk. Its content is up to SQLite.
//!
//! Layout:
//! - here: its path, and whether it still exists
//! - `make`: creates files and folders with closed permissions
//! - `lock`: locks it for one collector
//! - `room`: reserved space for deletions on a full disk
//! - `written`: detects that another program overwrites it
//! - `words`: explains why it cannot be opened

mod lock;
mod make;
mod room;
mod words;
mod written;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::sqlite::SqliteConnectOptions;

use super::problem::DatabaseProblem;

pub use lock::{DatabaseLock, LockError};
pub(super) use make::prepare;
pub(super) use room::Room;
pub(super) use words::why;
use written::Written;

/// Identifies a file: its device and inode.
type Identity = (u64, u64);

/// The file of an open database.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    /// Its path, with links followed.
    path: PathBuf,
    /// The database, its write-ahead log and the index of that, as opened.
    opened: OnceLock<Vec<(PathBuf, Identity)>>,
    /// Whether one of them was missing at the last check.
    is_gone: AtomicBool,
    /// Detects other writers.
    written: OnceLock<Written>,
    is_overwritten: AtomicBool,
    /// The free space on its disk.
    pub(super) room: Room,
}

impl DatabaseFile {
    pub(super) fn new(path: &Path) -> Self {
        let path = resolved(path);
        Self {
            room: Room::beside(&path),
            path,
            opened: OnceLock::new(),
            is_gone: AtomicBool::new(false),
            written: OnceLock::new(),
            is_overwritten: AtomicBool::new(false),
        }
    }

    /// Remembers which files were opened. Those of the write-ahead log exist as long as a process has it open, and we
    /// do.
    pub(super) fn remember(&self) {
        let paths = ["", "-wal", "-shm"].map(|end| with_end(&self.path, end));
        let known = paths
            .into_iter()
            .filter_map(|path| identity(&path).map(|known| (path, known)));
        let _ = self.opened.set(known.collect());
        let _ = self.written.set(Written::of(&self.path));
    }

    /// Whether they are still the opened files: data written to others would be lost.
    pub(super) fn check(&self) -> Result<(), DatabaseProblem> {
        let opened = self.opened.get().map_or(&[][..], Vec::as_slice);
        let missing = opened
            .iter()
            .find(|(path, known)| identity(path) != Some(*known));
        let was_gone = self.is_gone.swap(missing.is_some(), Ordering::Relaxed);
        match (missing, was_gone) {
            (Some((path, _)), false) => {
                tracing::error!(file = %path.display(), "{}", DatabaseProblem::FileGone);
            }
            (None, true) => {
                tracing::info!(file = %self.path.display(), "the database file is back");
            }
            _ => {}
        }
        match missing {
            Some(_) => Err(DatabaseProblem::FileGone),
            None => self.check_writers(),
        }
    }
}

impl DatabaseFile {
    /// Whether only SQLite has written to it.
    fn check_writers(&self) -> Result<(), DatabaseProblem> {
        if !self.written.get().is_some_and(Written::is_overwritten) {
            return Ok(());
        }
        if !self.is_overwritten.swap(true, Ordering::Relaxed) {
            tracing::error!(file = %self.path.display(), "{}", DatabaseProblem::FileOverwritten);
        }
        Err(DatabaseProblem::FileOverwritten)
    }
}

/// The file of an SQLite database; none for another kind, or for an invalid address.
pub(super) fn path_of(address: &str) -> Option<PathBuf> {
    if !address.starts_with("sqlite:") {
        return None;
    }
    let options = SqliteConnectOptions::from_str(address).ok()?;
    // "sqlite:////folder/file" begins with two slashes, which mean one.
    Some(options.get_filename().components().collect())
}

/// Whether two paths lead to the same file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    identity(one).is_some_and(|known| identity(other) == Some(known))
}

/// The path with all links followed; for a missing file, its folder's path is resolved.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    let folder = fs::canonicalize(folder_of(path));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A file's folder.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn identity(path: &Path) -> Option<Identity> {
    let known = fs::metadata(path).ok()?;
    Some((known.dev(), known.ino()))
}
