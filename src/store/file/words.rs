//! Explains why a database file cannot be opened: SQLite uses the same error code for most reasons.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use rustix::fs::{Access, access};

use super::super::problem::in_words;
use super::folder_of;

/// The first bytes of every SQLite database.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Finds out why a file could not be opened; if no reason is visible, returns SQLite's message.
///
/// Only to be called after opening failed: opening and closing the file again releases this process's locks on it.
pub(in super::super) fn why(path: &Path, error: &sqlx::Error) -> String {
    seen(path).unwrap_or_else(|| in_words(error))
}

fn seen(path: &Path) -> Option<String> {
    let folder = folder_of(path);
    if path.is_dir() {
        return Some("it is a folder: name a file in it".to_owned());
    }
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some(format!("its folder {} is missing", folder.display()));
        }
        Err(error) => return Some(of_io(folder, &error)),
        Ok(known) if !known.is_dir() => {
            return Some(format!("{} is not a folder", folder.display()));
        }
        Ok(_) => {}
    }
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) => return Some(of_io(path, &error)),
    };
    if let Err(error) = access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        let error = io::Error::from(error);
        let why = match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => "is on a read-only file system",
            _ => "cannot be written by this user",
        };
        return Some(format!(
            "its folder {} {why}, and SQLite keeps its log beside the file",
            folder.display()
        ));
    }
    if !file.metadata().ok()?.is_file() {
        return Some("it is not a file".to_owned());
    }
    let mut head = [0; MAGIC.len()];
    let read = file.read(&mut head).ok()?;
    (read > 0 && head != MAGIC)
        .then(|| "it is a file, but not an SQLite database: name another one".to_owned())
}

/// The operating system's error for a file, in words.
pub(super) fn of_io(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no {path}"),
        io::ErrorKind::PermissionDenied => format!(
            "this user (number {}) has no permission to write {path}: run it as the user that owns it",
            rustix::process::geteuid().as_raw()
        ),
        io::ErrorKind::ReadOnlyFilesystem => format!("{path} is on a read-only file system"),
        io::ErrorKind::StorageFull => format!("{path} cannot be written: the disk is full"),
        io::ErrorKind::IsADirectory => format!("{path} is a folder: name a file in it"),
        io::ErrorKind::NotADirectory => format!("{path}: a part of it is a file, not a folder"),
        _ => format!("{path}: {error}"),
    }
}
