//! The spool folders: whether they can be used, and which runs wait in them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use playback_spool::{Orphan, orphans};

use super::finding::Report;
use super::settings::Settings;

/// Sticky bit: only a file's owner may remove or rename it, as in `/tmp`.
const STICKY: u32 = 0o1000;

pub(super) fn look(report: &mut Report, settings: &Settings) {
    let dirs = match &settings.spool_dir {
        Some(dir) => vec![dir.value.clone()],
        None => playback_producer::folder::default_folders(),
    };
    for dir in dirs {
        report.about(format!("the spool {}", dir.display()));
        match fs::metadata(&dir) {
            Err(_) => missing(report, &dir),
            Ok(found) if !found.is_dir() => report.problem(
                "spool",
                "it is no folder",
                "name another in \"spool_dir\", or PLAYBACK_SPOOL_DIR",
            ),
            Ok(found) => {
                usable(report, &dir, &found);
                waiting(report, &dir);
            }
        }
    }
}

/// A missing folder is created by the first run, if its nearest existing parent is writable.
fn missing(report: &mut Report, dir: &Path) {
    let above = dir.ancestors().find(|folder| folder.is_dir());
    match above.map(try_out) {
        Some(Ok(())) => report.ok("spool", "it is made with the first run"),
        _ => report.problem(
            "spool",
            "it does not exist, and cannot be created",
            "name a folder that can be written in \"spool_dir\", or PLAYBACK_SPOOL_DIR",
        ),
    }
}

fn usable(report: &mut Report, dir: &Path, found: &fs::Metadata) {
    let ours = fs::metadata("/proc/self").map_or(found.uid(), |process| process.uid());
    if found.uid() != ours && found.uid() != 0 {
        report.problem(
            "spool",
            format!("it belongs to another user (number {})", found.uid()),
            "name a folder of your own in \"spool_dir\", or PLAYBACK_SPOOL_DIR",
        );
    } else if found.mode() & 0o022 != 0 && found.mode() & STICKY == 0 {
        report.problem(
            "spool",
            format!(
                "other users can write there (mode {:03o})",
                found.mode() & 0o777
            ),
            format!("\"chmod 700 {}\"", dir.display()),
        );
    } else if let Err(error) = try_out(dir) {
        report.problem(
            "spool",
            format!("it cannot be written: {error}"),
            "mend that, or name another folder in \"spool_dir\", or PLAYBACK_SPOOL_DIR",
        );
    } else {
        report.ok("spool", "it can be used");
    }
}

/// Checks that a folder is writable.
fn try_out(dir: &Path) -> std::io::Result<()> {
    let probe: PathBuf = dir.join(format!(".playback-doctor.{}", std::process::id()));
    fs::create_dir(&probe)?;
    fs::remove_dir(&probe)
}

fn waiting(report: &mut Report, dir: &Path) {
    let found = match orphans(dir) {
        Ok(found) => found,
        Err(error) => {
            report.problem(
                "waiting",
                format!("it cannot be read: {error}"),
                "mend that",
            );
            return;
        }
    };
    let (aside, waiting): (Vec<&Orphan>, Vec<&Orphan>) =
        found.iter().partition(|orphan| orphan.set_aside.is_some());
    if waiting.is_empty() && aside.is_empty() {
        report.ok("waiting", "nothing waits to be delivered");
    }
    if !waiting.is_empty() {
        let bytes: u64 = waiting.iter().map(|orphan| orphan.bytes).sum();
        report.warn(
            "waiting",
            format!(
                "{} to be delivered ({} KiB)",
                match waiting.len() {
                    1 => "1 spool waits".to_owned(),
                    several => format!("{several} spools wait"),
                },
                bytes.div_ceil(1024)
            ),
            "\"playback flush\" delivers them; so does the next run",
        );
    }
    for orphan in aside {
        let why = orphan.set_aside.as_deref().unwrap_or_default();
        let why = why.lines().next().unwrap_or_default();
        report.warn(
            "set_aside",
            format!("run {} was refused: {why}", orphan.execution),
            "mend the cause, then \"playback flush --retry-set-aside\"",
        );
    }
}
