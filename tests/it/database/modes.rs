//! Only their owner can read the files of a history, whatever the umask.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::builders::good_run;
use crate::harness::{Collector, Setup, eventually};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The modes of all that lies in a folder and is named after the database.
fn files(folder: &Path) -> Vec<(String, u32)> {
    let all = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut found: Vec<_> = all
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                mode(&entry.path()),
            )
        })
        .filter(|(name, _)| name.contains(".db"))
        .collect();
    found.sort();
    found
}

#[test]
fn files_and_folders_are_closed_whatever_the_umask() {
    let outer = tempfile::TempDir::new().unwrap();
    let folder = outer.path().join("history");
    for umask in ["0", "022", "0777"] {
        let _ = fs::remove_dir_all(&folder);
        let script = format!("umask {umask}; exec \"$@\"");
        let words = ["bash", "-c", &script, "bash"];
        let address = format!("sqlite://{}", folder.join("playback.db").display());
        let setup = Setup::default()
            .within(&words, anywhere())
            .database(address);
        let mut collector = setup.argument("--no-auth").start_without_token();
        good_run().deliver(&collector.client_with(None));
        let names = [
            "playback.db",
            "playback.db-shm",
            "playback.db-wal",
            "playback.db.lock",
        ];
        let found = eventually("its files", || {
            let found = files(&folder);
            let has = |name: &str| found.iter().any(|(one, _)| one == name);
            (names.iter().all(|name| has(name)) && has("playback.db.reserve")).then_some(found)
        });
        for (name, mode) in found {
            assert_eq!(mode, 0o600, "{name} with umask {umask}");
        }
        assert_eq!(mode(&folder), 0o700, "umask {umask}");
        assert!(collector.stop().0.success());
        // A copy is a history, too.
        let to = format!("sqlite://{}", outer.path().join("copy.db").display());
        let from = collector.database();
        let done = std::process::Command::new("bash")
            .args(["-c", &script, "bash", crate::harness::PLAYBACK])
            .args(["copy", "--from", &from, "--to", &to])
            .env_clear()
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        for (name, mode) in files(outer.path()) {
            assert_eq!(mode, 0o600, "{name} with umask {umask}");
        }
        for (name, _) in files(outer.path()) {
            fs::remove_file(outer.path().join(name)).unwrap();
        }
    }
}

#[test]
fn a_file_that_everybody_may_read_is_closed_and_a_group_on_purpose_is_kept_and_told() {
    let mut collector = Collector::start();
    good_run().deliver(&collector.client());
    collector.kill();
    let file = collector.database_file();
    let wal = collector.folder().join("playback.db-wal");
    for path in [&file, &wal] {
        fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    }
    collector.launch();
    assert_eq!((mode(&file), mode(&wal)), (0o600, 0o600));
    let told = |collector: &Collector, word: &str| {
        let log = collector.log();
        log.iter().any(|line| {
            line["message"]
                .as_str()
                .is_some_and(|said| said.contains(word))
        })
    };
    assert!(told(&collector, "its mode is 600 now"));
    assert!(collector.stop().0.success());
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    collector.launch();
    assert_eq!(mode(&file), 0o640);
    assert!(told(&collector, "a group may read"));
}
