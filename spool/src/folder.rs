//! An open spool folder, and the check which of its files are ours.
//!
//! A spool folder may be where others can write (`/tmp`, a folder that several users share). Files that they put there
//! under a spool's name must neither be delivered with our token nor make us write elsewhere. So the folder itself must
//! be ours and closed to others (or sticky, as `/tmp` is), every file is opened relative to it and without following
//! links, and a file is only accepted if it is a regular one, ours, not writable for others, and has no second name: a
//! hard link may be another user's file.
//!
//! Root may name a folder: `sudo playback flush --spool-dir /home/x/…` accepts the folder of x with the files of x,
//! because that is a deliberate choice. Otherwise root never accepts other users' files.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

/// Permission bits that let others than the owner write.
const OTHERS_WRITE: u32 = 0o022;

/// Sticky bit: only a file's owner may remove or rename it.
const STICKY: u32 = 0o1000;

/// The largest note that is read, in bytes.
const MAX_NOTE_BYTES: u64 = 16 << 10;

/// The user on whose behalf a folder is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenedBy {
    /// A producer: the folder must be ours or root's.
    Producer,
    /// A person who named it: root may mean another user's folder.
    Person,
}

/// An open spool folder that may be used.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    fd: OwnedFd,
    /// The user whose files are accepted.
    owner: u32,
    /// Others may put files here, as intended.
    shared: bool,
}

/// Why a file with a spool's name is not accepted.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// It is not ours, or no spool; and why.
    NotOurs {
        /// What is wrong with it, and what to do.
        why: String,
        /// It is another user's file in a folder that users share.
        expected: bool,
    },
    /// The system refuses access.
    Io(io::Error),
}

impl From<io::Error> for NotTaken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for NotTaken {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}

impl Folder {
    /// Opens a folder. None: it does not exist.
    ///
    /// # Errors
    /// It cannot be opened, or must not be used; the text says what to do.
    pub(crate) fn open(path: &Path, opened_by: OpenedBy) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = match rustix::fs::open(path, flags, Mode::empty()) {
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::NOTDIR) => {
                return Err(refused(format!("{} is not a folder", path.display())));
            }
            opened => opened?,
        };
        let found = rustix::fs::fstat(&fd)?;
        let user = rustix::process::geteuid().as_raw();
        let (owner, mode) = (found.st_uid, mode(&found));
        let named_by_root = user == 0 && opened_by == OpenedBy::Person;
        if owner != user && owner != 0 && !named_by_root {
            return Err(refused(format!(
                "it belongs to the user with the number {owner}, who could change what lies there: name a \
                 folder of your own"
            )));
        }
        let shared = mode & OTHERS_WRITE != 0;
        if shared && mode & STICKY == 0 {
            return Err(refused(format!(
                "others can write there and take files away: `chmod go-w {0}`, or `chmod +t {0}` where several \
                 users share it",
                path.display()
            )));
        }
        Ok(Some(Self {
            path: path.to_owned(),
            fd,
            owner: if named_by_root { owner } else { user },
            shared,
        }))
    }

    /// Opens a folder, and creates it, for its owner only, if it is missing.
    ///
    /// # Errors
    /// As [`Folder::open`]; or it cannot be created.
    pub(crate) fn make(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Self::open(path, OpenedBy::Producer)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file's path, for messages: never used for opening.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The file names that are valid UTF-8.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            if let Ok(name) = entry?.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Creates a new file, for its owner only.
    pub(crate) fn create_new(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(fd.into())
    }

    /// Opens a file for reading and writing, if it is ours. None: there is none.
    pub(crate) fn open_ours(&self, name: &str) -> Result<Option<File>, NotTaken> {
        // Checked before opening, because opening a device can already have effects.
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            found => self.check(&found?)?,
        }
        let flags =
            OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP) => return Err(not_ours("it is a symbolic link")),
            opened => opened?,
        };
        // Checked again, because it may be another file by now.
        self.check(&rustix::fs::fstat(&fd)?)?;
        Ok(Some(fd.into()))
    }

    fn check(&self, found: &Stat) -> Result<(), NotTaken> {
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => None,
            FileType::Symlink => Some("a symbolic link"),
            FileType::Directory => Some("a folder"),
            FileType::Fifo => Some("a pipe"),
            FileType::Socket => Some("a socket"),
            _ => Some("a device"),
        };
        if let Some(kind) = kind {
            return Err(not_ours(format!("it is {kind}")));
        }
        if found.st_uid != self.owner {
            return Err(NotTaken::NotOurs {
                why: format!("it belongs to the user with the number {}", found.st_uid),
                expected: self.shared,
            });
        }
        if found.st_nlink != 1 {
            return Err(not_ours(
                "it is a hard link: the same file has another name elsewhere",
            ));
        }
        if mode(found) & OTHERS_WRITE != 0 {
            return Err(not_ours("others can write to it"));
        }
        Ok(())
    }

    /// Whether `name` still refers to `file`.
    pub(crate) fn is_still(&self, name: &str, file: &File) -> io::Result<bool> {
        let opened = rustix::fs::fstat(file)?;
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) => Ok((named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether anything has that name.
    pub(crate) fn has(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Size of the file with that name, in bytes; 0 if unknown.
    pub(crate) fn size(&self, name: &str) -> u64 {
        rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .ok()
            .and_then(|found| u64::try_from(found.st_size).ok())
            .unwrap_or(0)
    }

    /// Gives a file another name, which must be free.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::io::Errno;
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(&self.fd, from, &self.fd, to, flags) {
                // The file system does not support it.
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
                renamed => return Ok(renamed?),
            }
        }
        if self.has(to)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Takes a name away.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Writes a small text as a new file: an existing one loses its name, and is not written to.
    pub(crate) fn write_note(&self, name: &str, text: &str) -> io::Result<()> {
        match self.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.create_new(name)?.write_all(text.as_bytes())
    }

    /// The beginning of a small text file of ours.
    pub(crate) fn read_note(&self, name: &str) -> Option<String> {
        let file = self.open_ours(name).ok()??;
        let mut text = Vec::new();
        file.take(MAX_NOTE_BYTES).read_to_end(&mut text).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Permission bits, without the file type.
#[allow(clippy::unnecessary_cast, reason = "its width differs by system")]
fn mode(found: &Stat) -> u32 {
    found.st_mode as u32 & 0o7777
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Why a file is not a spool of ours.
pub(crate) fn not_ours(why: impl Into<String>) -> NotTaken {
    NotTaken::NotOurs {
        why: why.into(),
        expected: false,
    }
}
