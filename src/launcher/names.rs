//! Names within the configured folders: resolved, confined, listed.
//!
//! A request names playbooks, inventories and keys; it never gives a path. With links followed, a name leads to
//! something in a configured folder, or to nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use walkdir::{DirEntry, WalkDir};

use super::describe;
use super::error::LaunchError;

/// How deep folders are searched for a list.
const MAX_DEPTH: usize = 8;

/// How many files of a folder are examined for a list.
const MAX_FILES: usize = 20_000;

/// Folders beside playbooks and inventories that contain neither.
const PARTS: [&str; 12] = [
    "collections",
    "ansible_collections",
    "roles",
    "group_vars",
    "host_vars",
    "vars",
    "tasks",
    "handlers",
    "templates",
    "files",
    "library",
    "node_modules",
];

/// The file or directory that a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResolvedPath {
    /// The configured folder, with links followed.
    pub(super) root: PathBuf,
    /// The file or directory, with links followed.
    pub(super) path: PathBuf,
}

/// A file that can be named.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its name in requests.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// Name of its first play.
    pub description: Option<String>,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
    /// Size in bytes; none for a directory.
    pub size: Option<u64>,
}

/// The kinds of files that a name may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// A file, or a directory of files, as Ansible takes inventories.
    FileOrDirectory,
}

/// Finds `name` in one of the folders.
///
/// # Errors
/// The name is not a relative path, or leads out of the folder or to nothing.
pub(super) fn find(
    field: &'static str,
    folders: &[PathBuf],
    name: &str,
    kind: Kind,
) -> Result<ResolvedPath, LaunchError> {
    check_name(field, name)?;
    if folders.is_empty() {
        return Err(LaunchError::invalid(
            field,
            "no folder is configured for it in the section [launcher] of the collector's configuration",
        ));
    }
    for folder in folders {
        let Ok(root) = folder.canonicalize() else {
            continue;
        };
        let Ok(path) = root.join(name).canonicalize() else {
            continue;
        };
        if !path.starts_with(&root) || path == root {
            return Err(LaunchError::invalid(
                field,
                format!("{name:?} leads out of {}", folder.display()),
            ));
        }
        let fits = path.is_file() || (kind == Kind::FileOrDirectory && path.is_dir());
        if fits {
            return Ok(ResolvedPath { root, path });
        }
    }
    Err(LaunchError::NotFound {
        field,
        name: name.to_owned(),
        searched: folders.to_vec(),
    })
}

fn check_name(field: &'static str, name: &str) -> Result<(), LaunchError> {
    let refuse = |problem: &str| Err(LaunchError::invalid(field, format!("{name:?} {problem}")));
    if name.is_empty() {
        return Err(LaunchError::invalid(field, "a name is needed"));
    }
    if name.chars().any(char::is_control) {
        return refuse("has a control character");
    }
    if name.starts_with(['-', '@']) {
        return refuse("begins with a character that Ansible would not read as part of a name");
    }
    let plain = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return refuse("must be a name below a configured folder: no leading \"/\", no \"..\"");
    }
    Ok(())
}

/// The playbooks in the folders, by name; of two with the same name, the one that a request would run.
pub(super) fn playbooks(folders: &[PathBuf]) -> Vec<Named> {
    list(folders, |entry| {
        let yaml = entry
            .path()
            .extension()
            .is_some_and(|end| end == "yml" || end == "yaml");
        (yaml && entry.file_type().is_file())
            .then(|| describe::playbook(entry.path()))
            .flatten()
    })
}

/// The inventories in the folders, by name: files, and directories of files.
pub(super) fn inventories(folders: &[PathBuf]) -> Vec<Named> {
    list(folders, |entry| {
        let fits = if entry.file_type().is_dir() {
            fs::read_dir(entry.path()).is_ok_and(|files| {
                files
                    .flatten()
                    .any(|file| file.path().is_file() && may_be_inventory(&file.path()))
            })
        } else {
            may_be_inventory(entry.path())
        };
        fits.then_some(None)
    })
}

/// Whether Ansible would read the file as an inventory: it ignores names with these extensions.
fn may_be_inventory(path: &Path) -> bool {
    const PASSED_OVER: [&str; 10] = [
        "pyc", "pyo", "swp", "bak", "rpm", "md", "txt", "cfg", "retry", "orig",
    ];
    let end = path.extension().unwrap_or_default().to_string_lossy();
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let script = end == "py" || end == "sh";
    let executable = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o111 != 0);
    !hidden && !PASSED_OVER.contains(&&*end) && (!script || executable)
}

/// Lists the entries that `take` accepts; it returns their description, if there is one.
fn list(folders: &[PathBuf], take: impl Fn(&DirEntry) -> Option<Option<String>>) -> Vec<Named> {
    let mut named: Vec<Named> = Vec::new();
    for folder in folders {
        let Ok(root) = folder.canonicalize() else {
            continue;
        };
        let entries = WalkDir::new(&root)
            .max_depth(MAX_DEPTH)
            .min_depth(1)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| !is_part(entry))
            .flatten()
            .take(MAX_FILES);
        for entry in entries {
            let Some(description) = take(&entry) else {
                continue;
            };
            let Ok(name) = entry.path().strip_prefix(&root) else {
                continue;
            };
            let name = name.to_string_lossy().into_owned();
            if named.iter().any(|known| known.name == name) {
                continue;
            }
            let found = entry.metadata().ok();
            named.push(Named {
                name,
                path: entry.path().to_path_buf(),
                description,
                modified: found.as_ref().and_then(|found| found.modified().ok()),
                size: found
                    .filter(|found| found.is_file())
                    .map(|found| found.len()),
            });
        }
    }
    named.sort_by(|a, b| a.name.cmp(&b.name));
    named
}

fn is_part(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || (entry.file_type().is_dir() && PARTS.contains(&&*name))
}
