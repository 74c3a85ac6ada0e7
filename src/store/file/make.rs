//! Creates our files and folders for their owner alone, whatever the umask.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

use super::{folder_of, resolved, with_end};

/// Permission bits of others, and of the group.
const OTHERS: u32 = 0o007;
const GROUP: u32 = 0o070;

/// Makes sure that the database's folder and file exist and are closed to others, before SQLite opens them: the files
/// that it creates beside the database get the same mode.
///
/// # Errors
/// In words: the folder is missing, or the file cannot be created.
pub(in super::super) fn prepare(path: &Path) -> Result<(), String> {
    let folder = folder_of(path);
    make_folder(folder)?;
    if !path.exists() {
        let log = with_end(&resolved(path), "-wal");
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            // SQLite would discard it, although it may hold the last acknowledged commits.
            return Err(format!(
                "it does not exist, but its write-ahead log {} does: put the database back beside it, or move the log away",
                log.display()
            ));
        }
        match closed().create_new(true).open(path) {
            Ok(file) => ours_alone(&file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(super::words::of_io(path, &error)),
        }
    }
    let path = resolved(path);
    make_shared_memory(&with_end(&path, "-shm"));
    for end in ["", "-wal", "-shm", "-journal"] {
        close(&with_end(&path, end));
    }
    Ok(())
}

/// Makes the file that SQLite maps into memory, as one that Btrfs overwrites in its place: otherwise each change of a page
/// takes new room, and where a quota leaves none the system kills the process (SIGBUS).
fn make_shared_memory(path: &Path) {
    let Ok(file) = closed().create_new(true).open(path) else {
        return;
    };
    ours_alone(&file);
    // Other file systems always do so, and do not know the flag.
    if let Ok(flags) = ioctl_getflags(&file) {
        let _ = ioctl_setflags(&file, flags | IFlags::NOCOW);
    }
}

/// Creates the database's folder if that is safe: its parent exists, is ours, and no other user may write to it.
fn make_folder(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        return Ok(());
    }
    let missing = || {
        format!(
            "its folder {0} is missing: make it (install -d -m 700 {0}), or name another file",
            folder.display()
        )
    };
    let parent = fs::metadata(folder_of(folder)).map_err(|_| missing())?;
    let is_ours = parent.uid() == rustix::process::geteuid().as_raw();
    let is_shared = parent.mode() & 0o022 != 0;
    // With one slash too many, the path would name a folder in the root.
    let is_root = resolved(folder_of(folder)) == Path::new("/");
    if !parent.is_dir() || !is_ours || is_shared || is_root {
        return Err(missing());
    }
    DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .map_err(|error| format!("its folder {} cannot be made: {error}", folder.display()))?;
    // The umask may have removed more permissions than intended.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    tracing::info!(folder = %folder.display(), "made the database's folder");
    Ok(())
}

/// Removes others' permissions from a file of ours. Permissions of a group alone were set on purpose: they are kept,
/// and logged.
fn close(path: &Path) {
    let Ok(known) = fs::metadata(path) else {
        return;
    };
    let mode = known.mode() & 0o777;
    if !known.is_file() || mode & (OTHERS | GROUP) == 0 {
        return;
    }
    if mode & OTHERS == 0 {
        tracing::warn!(
            file = %path.display(), mode = %format_args!("{mode:o}"),
            "a group may read the database, with everything that was printed; chmod 600 ends that"
        );
        return;
    }
    match fs::set_permissions(path, Permissions::from_mode(0o600)) {
        Ok(()) => tracing::warn!(
            file = %path.display(), mode = %format_args!("{mode:o}"),
            "every user of this machine could read the database: its mode is 600 now"
        ),
        Err(error) => tracing::warn!(
            file = %path.display(), %error, "every user of this machine can read the database: chmod 600 prevents that"
        ),
    }
}

/// Options for opening a file that no other user may read.
pub(super) fn closed() -> OpenOptions {
    let mut options = File::options();
    options
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Sets exactly the intended mode, whatever the umask.
pub(super) fn ours_alone(file: &File) {
    let is_so = file
        .metadata()
        .is_ok_and(|known| known.mode() & 0o777 == 0o600);
    if !is_so {
        // Another user's file is left unchanged.
        let _ = file.set_permissions(Permissions::from_mode(0o600));
    }
}

/// Gives a file created by root to the database's owner, who must be able to open it next time.
pub(super) fn give_to_owner(file: &File, database: &Path) {
    let owner = fs::metadata(database).or_else(|_| fs::metadata(folder_of(database)));
    if let Ok(owner) = owner
        && rustix::process::geteuid().is_root()
        && owner.uid() != 0
    {
        let user = rustix::process::Uid::from_raw(owner.uid());
        let group = rustix::process::Gid::from_raw(owner.gid());
        if let Err(error) = rustix::fs::fchown(file.as_fd(), Some(user), Some(group)) {
            tracing::debug!(%error, "a file stays root's");
        }
    }
}
