//! A run that was launched for somebody: its folder says who supervises it, and for how long its secrets
//! are needed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use playback_spool::RunKey;

/// This process supervises the run, and no other does.
#[derive(Debug)]
pub(super) struct Claim {
    folder: PathBuf,
    /// Locked for as long as we live; a number in it says that the run has begun.
    _lock: File,
}

impl Claim {
    /// Claims the run. None: it has begun already, under another supervisor.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(super) fn take(folder: &Path) -> io::Result<Option<Self>> {
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("supervisor"))?;
        // The launcher may be looking at it for a moment.
        lock.lock()?;
        let mut pid = String::new();
        lock.read_to_string(&mut pid)?;
        if !pid.is_empty() {
            return Ok(None);
        }
        lock.write_all(format!("{}\n", std::process::id()).as_bytes())?;
        Ok(Some(Self {
            folder: folder.to_owned(),
            _lock: lock,
        }))
    }

    /// The key of the run, which the launcher has begun. None: an earlier version launched it.
    pub(super) fn run_key(&self) -> Option<RunKey> {
        let text = fs::read_to_string(self.folder.join("secrets/run_key")).ok()?;
        RunKey::parse(&text)
    }

    /// The command has ended: nobody needs its secrets any more.
    pub(super) fn remove_secrets(&self) {
        // The launcher removes what is left, with the folder.
        let _ = fs::remove_dir_all(self.folder.join("secrets"));
    }
}
