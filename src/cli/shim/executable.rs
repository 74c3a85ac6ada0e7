//! Looks up a program's name in PATH, in the order of a shell.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::super::environment;
use super::is_shim;

/// A program found in PATH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Executable {
    /// The file.
    pub(in crate::cli) file: PathBuf,
    /// Whether it is a shim.
    pub(in crate::cli) shim: bool,
}

/// All programs of this name; a shell runs the first.
pub(in crate::cli) fn find(program: &str) -> Vec<Executable> {
    let mut found: Vec<Executable> = Vec::new();
    for folder in environment::search_path() {
        let file = folder.join(program);
        let runs = std::fs::metadata(&file)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
        if runs && found.iter().all(|before| before.file != file) {
            let shim = is_shim(&file);
            found.push(Executable { file, shim });
        }
    }
    found
}
