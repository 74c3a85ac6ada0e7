//! A run that was launched for somebody: its folder says who supervises it, and for how long its secrets
//! are needed.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use playback_spool::RunKey;

use crate::account::Account;

/// The folder of what the command needs and nobody else may see.
const SECRETS: &str = "secrets";

/// The folder of the recorder's spool.
const RECORDER: &str = "recorder";

/// The launcher writes fewer files.
const MOST_SECRETS: usize = 100;

/// This process supervises the run, and no other does.
#[derive(Debug)]
pub(crate) struct Claim {
    folder: PathBuf,
    /// Locked for as long as we live; a number in it says that the run has begun.
    _lock: File,
}

impl Claim {
    /// Claims the run. None: it has begun already, under another supervisor.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn take(folder: &Path) -> io::Result<Option<Self>> {
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
    pub(crate) fn run_key(&self) -> Option<RunKey> {
        let text = fs::read_to_string(self.folder.join("secrets/run_key")).ok()?;
        RunKey::parse(&text)
    }

    /// Gives the user as whom the command runs what the launcher has made for it. Until then it was closed; from now
    /// on nothing in there is ours, and we touch it no more but to remove names.
    ///
    /// # Errors
    /// The system does not allow it.
    pub(crate) fn give(&self, account: &Account) -> io::Result<()> {
        // A run that was queued before runs had another user is closed, or lacks a folder.
        fs::set_permissions(&self.folder, Permissions::from_mode(0o711))?;
        for folder in [SECRETS, RECORDER] {
            let folder = self.folder.join(folder);
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)?;
            // What is in it first: in a folder of its own, the user could put something else there.
            for file in fs::read_dir(&folder)? {
                account.own(&file?.path())?;
            }
            account.own(&folder)?;
        }
        Ok(())
    }

    /// The command has ended: nobody needs its secrets any more.
    pub(crate) fn remove_secrets(&self) {
        let _ = fs::remove_file(self.folder.join("token"));
        let folder = self.folder.join(SECRETS);
        // Names alone, without going into folders: a command that ran as another user may have put anything here.
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        for file in files.take(MOST_SECRETS) {
            let _ = fs::remove_file(file.path());
        }
        // The launcher removes what is left, with the run's folder.
        let _ = fs::remove_dir(folder);
    }
}
