//! In spool folders where others can write, other users' files are neither delivered nor touched.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use nix::unistd::{Uid, chown, mkfifo};
use playback_spool::{AdoptOptions, Delivered, Fate, Spool, deliver_orphans};
use playback_wire::Producer;
use uuid::Uuid;

use crate::collector::{Collector, Fault};
use crate::support::{config, files, leave_behind, print_many, spool};

fn flush(dir: &Path, collector: &Collector) -> Vec<Delivered> {
    let mut told = Vec::new();
    let options = AdoptOptions::default();
    deliver_orphans(dir, &config(&collector.url()), &options, |delivered| {
        told.push(delivered);
    })
    .unwrap();
    told
}

fn spool_name() -> String {
    format!("{}.recorder.ndjson", Uuid::now_v7())
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A file with the events of a spool that was left behind elsewhere.
fn a_spool_elsewhere(dir: &Path) -> PathBuf {
    let (_, path) = leave_behind(dir, 5, 100);
    path
}

#[test]
fn links_pipes_folders_and_hard_links_under_a_spools_name_are_left_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let precious = a_spool_elsewhere(outside.path());
    let torn = outside.path().join("torn");
    std::fs::write(&torn, "{\"seq\":1,\"at\":1 and much more that is precious").unwrap();
    let before = std::fs::read(&precious).unwrap();

    symlink(&precious, dir.path().join(spool_name())).unwrap();
    symlink("/dev/zero", dir.path().join(spool_name())).unwrap();
    symlink(outside.path(), dir.path().join(spool_name())).unwrap();
    std::fs::hard_link(&precious, dir.path().join(spool_name())).unwrap();
    std::fs::hard_link(&torn, dir.path().join(spool_name())).unwrap();
    mkfifo(&dir.path().join(spool_name()), Mode::S_IRWXU).unwrap();
    std::fs::create_dir(dir.path().join(spool_name())).unwrap();
    let (ours, _) = leave_behind(dir.path(), 10, 100);
    let count = files(dir.path()).len();

    let told = flush(dir.path(), &collector);
    let left: Vec<&str> = told
        .iter()
        .filter_map(|told| match &told.fate {
            Fate::Left { reason, expected } => {
                assert!(!expected);
                Some(reason.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(left.len(), 7, "{told:?}");
    for (word, times) in [
        ("symbolic link", 3),
        ("hard link", 2),
        ("a pipe", 1),
        ("a folder", 1),
    ] {
        let named = left.iter().filter(|why| why.contains(word)).count();
        assert_eq!(named, times, "{word}: {left:?}");
    }
    assert_eq!(collector.lines(&ours).len(), 10);
    assert_eq!(collector.state().stored.len(), 1, "nothing else was sent");
    assert_eq!(files(dir.path()).len(), count - 1, "nothing was taken away");
    assert_eq!(std::fs::read(&precious).unwrap(), before);
    assert!(
        std::fs::read_to_string(&torn)
            .unwrap()
            .ends_with("precious")
    );
}

#[test]
fn a_file_that_holds_no_event_is_no_spool_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    for text in ["#!/bin/sh\n", "secret without an end"] {
        std::fs::write(dir.path().join(spool_name()), text).unwrap();
    }
    let told = flush(dir.path(), &collector);
    assert!(
        told.iter()
            .all(|told| matches!(told.fate, Fate::Left { .. })),
        "{told:?}"
    );
    for file in files(dir.path()) {
        assert!(
            !std::fs::read_to_string(dir.path().join(file))
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn a_file_that_others_can_write_to_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let (_, path) = leave_behind(dir.path(), 10, 100);
    mode(&path, 0o666);
    let told = flush(dir.path(), &collector);
    assert!(
        matches!(&told[0].fate, Fate::Left { reason, .. } if reason.contains("write")),
        "{told:?}"
    );
    mode(&path, 0o600);
    assert_eq!(flush(dir.path(), &collector)[0].fate, Fate::Delivered);
}

#[test]
fn a_folder_that_is_open_to_others_is_refused_with_what_to_do_unless_it_is_sticky() {
    let dir = tempfile::tempdir().unwrap();
    let shared = dir.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let create = || Spool::create(&shared, Uuid::now_v7(), Producer::Recorder, 1 << 20);
    for open in [0o777, 0o775, 0o757, 0o722] {
        mode(&shared, open);
        let error = create().expect_err("others can write").to_string();
        assert!(
            error.contains("chmod go-w") && error.contains("chmod +t"),
            "{error}"
        );
    }
    for closed in [0o700, 0o755, 0o1777, 0o1770] {
        mode(&shared, closed);
        create().expect("it is ours alone, or sticky");
    }
    mode(&shared, 0o777);
    let collector = Collector::start();
    let options = AdoptOptions::default();
    let error = deliver_orphans(&shared, &config(&collector.url()), &options, |_| {}).unwrap_err();
    assert!(error.to_string().contains("chmod"), "{error}");
}

/// The files of another user need root to be made.
#[test]
fn what_another_user_left_in_a_shared_folder_is_not_ours_to_deliver() {
    assert!(Uid::effective().is_root(), "these tests run as root");
    let collector = Collector::start();
    let stranger = Some(Uid::from_raw(12_345));

    let shared = tempfile::tempdir().unwrap();
    mode(shared.path(), 0o1777);
    let theirs = a_spool_elsewhere(shared.path());
    chown(&theirs, stranger, None).unwrap();
    let (ours, _) = leave_behind(shared.path(), 10, 100);
    let told = flush(shared.path(), &collector);
    assert!(
        matches!(&told[0].fate, Fate::Left { reason, expected: true } if reason.contains("12345")),
        "{told:?}"
    );
    assert_eq!(told[1].fate, Fate::Delivered);
    assert_eq!(collector.lines(&ours).len(), 10);
    assert_eq!(collector.state().stored.len(), 1);
    assert!(theirs.exists());

    // Nobody records in a stranger's folder; root flushes it with the stranger's files, if it is named.
    let folder = tempfile::tempdir().unwrap();
    let theirs = a_spool_elsewhere(folder.path());
    let roots = a_spool_elsewhere(folder.path());
    chown(&theirs, stranger, None).unwrap();
    chown(folder.path(), stranger, None).unwrap();
    let error = Spool::create(folder.path(), Uuid::now_v7(), Producer::Recorder, 1 << 20);
    let error = error.expect_err("it is a stranger's").to_string();
    assert!(error.contains("12345"), "{error}");
    let told = flush(folder.path(), &collector);
    let fates: Vec<_> = told
        .iter()
        .map(|told| (&told.orphan.path, &told.fate))
        .collect();
    assert_eq!(fates[0], (&theirs, &Fate::Delivered), "{fates:?}");
    assert!(
        matches!(fates[1], (path, Fate::Left { .. }) if *path == roots),
        "{fates:?}"
    );
}

#[test]
fn the_note_of_a_refusal_is_written_through_no_link_and_over_no_other_file() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    collector.always(Some(Fault::status(422)));
    let precious = outside.path().join("precious");
    std::fs::write(&precious, "precious").unwrap();
    let (_, path) = leave_behind(dir.path(), 10, 100);
    let note = PathBuf::from(format!("{}.rejected.txt", path.display()));
    symlink(&precious, &note).unwrap();
    let told = flush(dir.path(), &collector);
    assert!(matches!(told[0].fate, Fate::SetAside { .. }), "{told:?}");
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
    assert!(std::fs::symlink_metadata(&note).unwrap().is_file());
    assert!(std::fs::read_to_string(&note).unwrap().starts_with("422"));
}

#[test]
fn a_new_spool_takes_nobodys_place() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("precious");
    std::fs::write(&precious, "precious").unwrap();
    for end in ["", ".new"] {
        let execution = Uuid::now_v7();
        let name = format!("{execution}.recorder.ndjson{end}");
        symlink(&precious, dir.path().join(name)).unwrap();
        let error = Spool::create(dir.path(), execution, Producer::Recorder, 1 << 20);
        assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    }
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
}

#[test]
fn a_folder_that_is_removed_meanwhile_is_said_to_keep_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("spool");
    let spool = spool(&folder);
    print_many(&spool, 3, 100);
    assert_eq!(spool.kept_in(), Some(folder.clone()));
    std::fs::remove_dir_all(&folder).unwrap();
    print_many(&spool, 3, 100);
    assert_eq!(spool.kept_in(), None);
}
