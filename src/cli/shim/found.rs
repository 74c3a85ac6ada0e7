//! What a program's name stands for in PATH, in the order in which a shell looks.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::super::environment;
use super::is_shim;

/// A program that PATH holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Found {
    /// The file.
    pub(in crate::cli) file: PathBuf,
    /// It is a shim.
    pub(in crate::cli) shim: bool,
}

/// All that bear this name, the first of which runs.
pub(in crate::cli) fn find(program: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for folder in environment::search_path() {
        let file = folder.join(program);
        let runs = std::fs::metadata(&file)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
        if runs && found.iter().all(|before| before.file != file) {
            let shim = is_shim(&file);
            found.push(Found { file, shim });
        }
    }
    found
}
