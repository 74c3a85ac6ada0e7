//! Locks a database file for one process: a collector, or a command that rewrites it.
//!
//! The kernel holds the locks (`flock`) and releases them with the process, however that ends; a leftover lock file
//! locks nothing. There are two: one on `playback.db.lock`, which names the holder, and one on the database itself,
//! which also works through another name of the same file (a hard link, a bind mount). SQLite locks byte ranges
//! (`fcntl`), which are independent of these. The database's descriptor stays open until the process ends: closing it
//! would release SQLite's own locks.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::mem::ManuallyDrop;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::Options;
use super::make::{self, closed, give_to_owner, ours_alone};
use super::words::of_io;
use super::{resolved, with_end};

/// A database file locked by this process, until it ends.
#[derive(Debug)]
#[must_use = "the database is let go of with it"]
pub struct DatabaseLock {
    file: File,
    holder: Holder,
    _database: ManuallyDrop<File>,
}

/// Why a database file cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "database {address:?} is in use by {holder}: two would write over each other, so this one ends. Stop that one \
         first, or use a database server, which several collectors can share (docs/scale.md)"
    )]
    Held {
        /// The address.
        address: String,
        /// The holder, if known.
        holder: String,
    },
    /// It cannot be locked.
    #[error("database {address:?} cannot be used: {why}")]
    Unfit {
        /// The address.
        address: String,
        /// What is wrong, and what to do about it.
        why: String,
    },
}

/// The holder, as written in the lock file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Holder {
    command: String,
    pid: u32,
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<String>,
}

impl Holder {
    fn in_words(&self) -> String {
        if self.pid == 0 {
            return "another process".to_owned();
        }
        let listen = self
            .listen
            .as_deref()
            .map_or_else(String::new, |listen| format!(", listening on {listen}"));
        format!(
            "\"playback {}\" (process {} on {}{listen})",
            self.command, self.pid, self.host
        )
    }
}

impl DatabaseLock {
    /// Locks the database for a command; `None` for a database server, which handles concurrent access itself. The file
    /// is created if it is missing.
    ///
    /// # Errors
    /// Another process has it, or it cannot be locked.
    pub fn take(options: &Options, command: &str) -> Result<Option<Self>, LockError> {
        let Some(path) = options.path() else {
            return Ok(None);
        };
        let unfit = |why| LockError::Unfit {
            address: options.shown(),
            why,
        };
        let held = |holder: &Holder| LockError::Held {
            address: options.shown(),
            holder: holder.in_words(),
        };
        if path.is_dir() {
            return Err(unfit("it is a folder: name a file in it".to_owned()));
        }
        let beside = with_end(&resolved(&path), ".lock");
        // An existing database's lock file is locked before anything is touched.
        let first = match path.exists() {
            true => {
                let file = lock_file(&path, &beside).map_err(unfit)?;
                if !lock(&file, &beside).map_err(unfit)? {
                    return Err(held(&read(&beside)));
                }
                Some(file)
            }
            false => None,
        };
        make::prepare(&path).map_err(unfit)?;
        let path = resolved(&path);
        let file = match first {
            Some(file) => file,
            None => {
                let file = lock_file(&path, &beside).map_err(unfit)?;
                if !lock(&file, &beside).map_err(unfit)? {
                    return Err(held(&read(&beside)));
                }
                file
            }
        };
        let database = File::open(&path).map_err(|error| unfit(of_io(&path, &error)))?;
        // SQLite is not open yet, so closing this descriptor releases none of its locks.
        if !is_remote(&database) && !lock(&database, &path).map_err(unfit)? {
            return Err(held(&Holder::default()));
        }
        let mut taken = Self {
            file,
            holder: Holder {
                command: command.to_owned(),
                pid: std::process::id(),
                host: host(),
                listen: None,
            },
            _database: ManuallyDrop::new(database),
        };
        taken.write();
        Ok(Some(taken))
    }

    /// Notes the collector's listen address.
    pub fn listens(&mut self, address: &str) {
        self.holder.listen = Some(address.to_owned());
        self.write();
    }

    /// Writes the holder to the lock file; that is for people, and may fail.
    fn write(&mut self) {
        let written = serde_json::to_vec(&self.holder)
            .map_err(io::Error::other)
            .and_then(|said| {
                self.file.set_len(0)?;
                self.file.rewind()?;
                self.file.write_all(&said)
            });
        if let Err(error) = written {
            tracing::debug!(%error, "who has the database could not be noted");
        }
    }
}

fn lock_file(database: &Path, beside: &Path) -> Result<File, String> {
    let opened = closed().create(true).truncate(false).open(beside);
    let file = match opened {
        Ok(file) => {
            ours_alone(&file);
            give_to_owner(&file, database);
            file
        }
        // Another user's file can still be locked.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && beside.exists() => {
            File::open(beside).map_err(|error| of_io(beside, &error))?
        }
        Err(error) => return Err(of_io(beside, &error)),
    };
    Ok(file)
}

/// Locks a file; false if another process has it.
fn lock(file: &File, path: &Path) -> Result<bool, String> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        // The file system does not support locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            tracing::warn!(file = %path.display(), "it cannot be locked: see to it that one collector alone uses it");
            Ok(true)
        }
        Err(TryLockError::Error(error)) => Err(of_io(path, &error)),
    }
}

fn read(beside: &Path) -> Holder {
    let said = fs::read(beside).unwrap_or_default();
    serde_json::from_slice(&said).unwrap_or_default()
}

/// Whether the file is on a network file system, where `flock` and SQLite's own locks are the same.
fn is_remote(file: &File) -> bool {
    const NFS: i64 = 0x6969;
    const CIFS: i64 = 0xff53_4d42;
    const SMB2: i64 = 0xfe53_4d42;
    rustix::fs::fstatfs(file).is_ok_and(|known| {
        #[allow(
            clippy::unnecessary_cast,
            reason = "its width differs between machines"
        )]
        let kind = known.f_type as i64;
        [NFS, CIFS, SMB2].contains(&kind)
    })
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "this machine".to_owned(), |name| name.trim().to_owned())
}
