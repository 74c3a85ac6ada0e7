//! Lets the first Ansible that a command starts, however deep, report this run instead of one of its own.
//!
//! The offer is a file named after the run, and a variable holds its path. The process that removes the file has taken
//! the offer, so only one can. Each further Ansible has a run of its own, whose `parent` is this one.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The variable that holds the file's path.
pub(crate) const VARIABLE: &str = "PLAYBACK_OFFER";

/// An open offer.
#[derive(Debug)]
pub(crate) struct Offer {
    path: PathBuf,
}

impl Offer {
    /// Creates it in the spool's folder. None: it cannot be created, and each Ansible has a run of its own.
    pub(crate) fn make(folder: &Path, execution: Uuid, content: &str) -> Option<Self> {
        let path = folder.join(format!("{execution}.offer"));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .ok()?;
        let offer = Self { path };
        file.write_all(content.as_bytes()).ok()?;
        Some(offer)
    }

    /// The variable's value.
    pub(crate) fn value(&self) -> OsString {
        self.path.clone().into_os_string()
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        // Usually it was taken.
        let _ = fs::remove_file(&self.path);
    }
}

/// The run whose offer a variable names.
pub(crate) fn run(variable: &Path) -> Option<String> {
    let name = variable.file_name()?.to_str()?.strip_suffix(".offer")?;
    Uuid::parse_str(name).ok().map(|run| run.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_taken_once_and_never_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let id = Uuid::now_v7();
        let offer = Offer::make(folder.path(), id, "key\n").unwrap();
        let path = PathBuf::from(offer.value());
        assert_eq!(run(&path), Some(id.to_string()));
        assert!(Offer::make(folder.path(), id, "").is_none());
        drop(offer);
        assert!(!path.exists());
        assert_eq!(run(Path::new("/x/other.offer")), None);
    }
}
