//! Spools that the collector refuses for good: kept, named, and never sent again unasked.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::names::{REJECTED, with_suffix};

/// Gives the spool at `path` the name of a refused one and writes the reason beside it. Returns where
/// the spool is now: where it was, if it cannot be renamed.
pub(crate) fn set_aside(path: &Path, reason: &str) -> PathBuf {
    let rejected = if path.to_string_lossy().ends_with(REJECTED) {
        path.to_path_buf()
    } else {
        let rejected = with_suffix(path, REJECTED);
        match fs::rename(path, &rejected) {
            Ok(()) => rejected,
            Err(_) => return path.to_path_buf(),
        }
    };
    let text = format!(
        "{reason}\n\nThese events were not recorded. Once the cause is mended, send them with \
         `playback flush --retry-set-aside`.\n"
    );
    // The reason is a help to a person; the spool matters, and is safe already.
    let _ = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(note_path(&rejected))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    rejected
}

/// Why the spool at `path` was refused: the first line of the note beside it.
pub(crate) fn reason(path: &Path) -> Option<String> {
    let text = fs::read_to_string(note_path(path)).ok()?;
    text.lines().next().map(str::to_owned)
}

/// Deletes a spool that is acknowledged, and the note beside it.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    fs::remove_file(path)?;
    if path.to_string_lossy().ends_with(REJECTED) {
        let _ = fs::remove_file(note_path(path));
    }
    Ok(())
}

fn note_path(rejected: &Path) -> PathBuf {
    with_suffix(rejected, ".txt")
}
