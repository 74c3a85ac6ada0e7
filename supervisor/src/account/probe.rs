//! Tests what a user can read and change: permission bits alone are not enough, because of groups, access lists and
//! parent folders.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags, access};
use serde::{Deserialize, Serialize};

/// Sticky bit: only a file's owner may remove or rename it.
const STICKY: u32 = 0o1000;

/// The longest first line of a program that is read.
const MAX_FIRST_LINE: u64 = 4096;

/// A requirement on a path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PathRequirement {
    /// The path, absolute and without links.
    pub path: PathBuf,
    /// What the user must be able to do.
    pub kind: Kind,
}

/// What a user should be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Neither read nor write it, nor replace it.
    Closed,
    /// Only pass through it, to what has been given to the user there.
    Passed,
    /// List and read it.
    Readable,
    /// Change its content.
    Writable,
    /// Not change or replace it.
    #[serde(rename = "kept")]
    Protected,
    /// Run it, and the interpreter that its first line names.
    Runnable,
}

/// The violation of each requirement, for the user `uid`, who runs this process. None: it is met.
#[must_use]
pub fn probe(requirements: &[PathRequirement], uid: u32) -> Vec<Option<String>> {
    requirements
        .iter()
        .map(|requirement| {
            let PathRequirement { path, kind } = requirement;
            match kind {
                Kind::Closed => closed(path, uid),
                Kind::Protected => changed(path, uid),
                Kind::Passed => {
                    let passed = can(path, Access::EXEC_OK);
                    closed(path, uid).or_else(|| (!passed).then(|| "cannot go through".to_owned()))
                }
                Kind::Readable => {
                    let all = Access::READ_OK | Access::EXEC_OK;
                    (!can(path, all)).then(|| "cannot read".to_owned())
                }
                Kind::Writable => {
                    let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
                    (!can(path, all)).then(|| "cannot write to".to_owned())
                }
                Kind::Runnable => {
                    let runs = can(path, Access::EXEC_OK);
                    let interpreted = interpreter(path).is_none_or(|it| can(&it, Access::EXEC_OK));
                    match (runs, interpreted) {
                        (true, true) => None,
                        (true, false) => Some("cannot run the interpreter of".to_owned()),
                        (false, _) => Some("cannot run".to_owned()),
                    }
                }
            }
        })
        .collect()
}

fn can(path: &Path, wanted: Access) -> bool {
    access(path, wanted).is_ok()
}

/// How the user can access `path`, if at all.
fn closed(path: &Path, uid: u32) -> Option<String> {
    match can(path, Access::READ_OK) {
        true => Some("can read".to_owned()),
        false => changed(path, uid),
    }
}

/// How the user can change or replace `path`, if at all.
fn changed(path: &Path, uid: u32) -> Option<String> {
    let owns = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.uid() == uid);
    if can(path, Access::WRITE_OK) {
        return Some("can write to".to_owned());
    }
    if owns(path) {
        return Some("owns".to_owned());
    }
    let mut below = path;
    for folder in path.ancestors().skip(1) {
        let Ok(found) = fs::metadata(folder) else {
            // It cannot be examined; its parents tell whether it can be changed.
            below = folder;
            continue;
        };
        let writes = can(folder, Access::WRITE_OK | Access::EXEC_OK);
        // In a sticky folder, other users' files cannot be removed or renamed.
        let protected = found.mode() & STICKY != 0 && !owns(below);
        if found.uid() == uid || (writes && !protected) {
            return Some(format!("can change {}, and so replace", folder.display()));
        }
        below = folder;
    }
    None
}

/// The interpreter in a script's first line.
#[must_use]
pub fn interpreter(program: &Path) -> Option<PathBuf> {
    // The program's owner may have put a pipe there.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let opened = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(program)
        .ok()?;
    if !opened.metadata().ok()?.is_file() {
        return None;
    }
    let mut first = String::new();
    BufReader::new(opened.take(MAX_FIRST_LINE))
        .read_line(&mut first)
        .ok()?;
    let word = first.strip_prefix("#!")?.split_whitespace().next()?;
    Some(PathBuf::from(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_its_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        for (text, expected) in [
            ("#!/usr/bin/python3 -s\n", Some("/usr/bin/python3")),
            ("#! /bin/sh", Some("/bin/sh")),
            ("\u{7f}ELF", None),
            ("", None),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(
                interpreter(&file).as_deref(),
                expected.map(Path::new),
                "{text}"
            );
        }
        assert_eq!(interpreter(folder.path()), None);
    }
}
