//! Runs that execute as another user (`run_as`): what they can and cannot do, while everything else works as without
//! it. These tests need root.
//!
//! That user is in no file of this machine: the collector is started in a mount namespace of its own, where
//! `/etc/passwd` and `/etc/group` have it.

mod ends;
mod planted;
mod refused;
mod rights;

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::Site;
use crate::harness::{Collector, Setup};

/// The user.
const USER: &str = "playback-run";

/// The user's number, and its group's.
const NUMBER: u32 = 64_123;

/// The number of a further group that the user is in.
const FURTHER: u32 = 64_124;

/// Starts a program where there is that user: `FOLDER HOME [HIDDEN KEPT] -- PROGRAM…`. Where the interpreter of the
/// tests' Ansible lies in a folder that is closed to others, that is laid open.
const NAMESPACE: &str = r#"set -e
folder=$1 home=$2; shift 2
cat /etc/passwd > "$folder/passwd"
echo "playback-run:x:64123:64123::$home:/bin/sh" >> "$folder/passwd"
cat /etc/group > "$folder/group"
printf 'playback-run:x:64123:\nplayback-keys:x:64124:playback-run\n' >> "$folder/group"
mount --bind "$folder/passwd" /etc/passwd
mount --bind "$folder/group" /etc/group
if [ "$1" != -- ]; then
    mkdir -p "$folder/kept"
    mount --bind "$2" "$folder/kept"
    mount -t tmpfs -o mode=755 none "$1"
    mkdir -p "$2"
    mount --bind "$folder/kept" "$2"
    shift 2
fi
shift
exec "$@"
"#;

/// A site whose runs execute as that user, who may look into it and owns its `home` and `marks`.
fn site() -> Site {
    site_with(&crate::ansible::newest(), USER)
}

fn site_with(bin: &Path, run_as: &str) -> Site {
    let mut site = Site::with_ansible(bin).setting(&format!("run_as = {run_as:?}"));
    // It is the user's own that is to be seen.
    site.environment.retain(|(name, _)| name != "HOME");
    open(site.dir.path(), 0o711);
    for folder in ["playbooks", "inventories", "keys"] {
        open(&site.path(folder), 0o755);
    }
    for folder in ["home", "marks"] {
        give(&site.path(folder));
    }
    std::fs::create_dir(site.path("namespace")).unwrap();
    site
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives a file or folder to the user.
fn give(path: &Path) {
    chown(path, Some(NUMBER), Some(NUMBER)).unwrap();
}

/// A collector of that site.
fn start(site: &Site) -> Collector {
    start_by(site, &[])
}

/// The same, as the last words of a command.
fn start_by(site: &Site, command: &[&str]) -> Collector {
    let mut words = namespace(site);
    words.extend(command.iter().map(|word| (*word).to_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Setup::default()
        .within(&words, ([127, 0, 0, 1], 0).into())
        .config(&site.config())
        .start()
}

/// The words that start a program where there is that user.
fn namespace(site: &Site) -> Vec<String> {
    let folder = site.path("namespace").display().to_string();
    let home = site.path("home").display().to_string();
    let mut words: Vec<String> = ["unshare", "--mount", "bash", "-c", NAMESPACE, "bash"]
        .map(str::to_owned)
        .into();
    words.extend([folder, home]);
    if let Some((hidden, kept)) = hidden(site) {
        words.extend([hidden, kept].map(|path| path.display().to_string()));
    }
    words.push("--".to_owned());
    words
}

/// The folder above the interpreter of the site's Ansible that others cannot go through, and the one in it that they
/// must see.
fn hidden(site: &Site) -> Option<(PathBuf, PathBuf)> {
    let (_, bin) = site.settings.split_once("ansible = \"")?;
    let program = Path::new(bin.split('"').next()?).join("python");
    let mut below = program.canonicalize().ok()?;
    while let Some(folder) = below.parent().map(Path::to_owned) {
        let mode = std::fs::metadata(&folder).ok()?.permissions().mode();
        if mode & 0o001 == 0 {
            return Some((folder, below));
        }
        below = folder;
    }
    None
}
