//! Only one collector can use an SQLite file; a second one names the first and ends.

use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::json;

use super::complaint;
use crate::builders::good_run;
use crate::harness::{Collector, Setup, eventually};

/// The arguments of a second collector.
fn second(database: &str) -> [&str; 5] {
    ["serve", "--listen", "127.0.0.1:0", "--database", database]
}

#[test]
fn a_second_collector_says_who_has_the_file_and_ends_and_the_live_run_goes_on() {
    let collector = Setup::default().config("silence_seconds = 60\n").start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..3);
    let file = collector.database_file();
    let beside = collector.folder().join("other");
    std::fs::create_dir(&beside).unwrap();
    symlink(&file, beside.join("link.db")).unwrap();
    symlink(collector.folder(), beside.join("folder")).unwrap();
    std::fs::hard_link(&file, beside.join("hard.db")).unwrap();
    let path = file.display();
    for database in [
        format!("sqlite://{path}"),
        format!("sqlite:{path}"),
        format!("sqlite://{path}?mode=rwc"),
        "sqlite://../playback.db".to_owned(),
        "sqlite://link.db".to_owned(),
        "sqlite://folder/playback.db".to_owned(),
        "sqlite://hard.db".to_owned(),
        "sqlite://../play%62ack.db".to_owned(),
    ] {
        let said = complaint(&beside, &second(&database));
        assert!(said.contains("in use by"), "{database}: {said}");
        if !database.contains("hard") {
            let pid = format!("process {}", collector.pid());
            let address = collector.address().to_string();
            assert!(said.contains(&pid) && said.contains(&address), "{said}");
        }
    }
    // Nothing of it was touched: the run is alive and goes on.
    assert_eq!(client.execution(run.id, "").ok()["status"], "running");
    run.deliver_range(&client, 3..run.len());
    let record = client.finished(run.id);
    assert_eq!(
        (&record["status"], &record["events"]["complete"]),
        (&json!("success"), &json!(true))
    );
}

#[test]
fn a_bind_mount_is_the_same_file() {
    let collector = Collector::start();
    let elsewhere = tempfile::TempDir::new().unwrap();
    let mount = |arguments: &[&std::ffi::OsStr]| {
        let done = Command::new("mount").args(arguments).output().unwrap();
        assert!(done.status.success(), "a mount needs root: {done:?}");
    };
    mount(&[
        "--bind".as_ref(),
        collector.folder().as_ref(),
        elsewhere.path().as_ref(),
    ]);
    let said = complaint(elsewhere.path(), &second("sqlite://playback.db"));
    let done = Command::new("umount")
        .arg(elsewhere.path())
        .status()
        .unwrap();
    assert!(done.success());
    assert!(
        said.contains(&format!("process {}", collector.pid())),
        "{said}"
    );
}

#[test]
fn a_killed_collector_leaves_no_lock_behind() {
    let mut collector = Collector::start();
    good_run().deliver(&collector.client());
    let lock = collector.folder().join("playback.db.lock");
    for _ in 0..3 {
        collector.kill_and_restart();
        assert!(lock.exists());
    }
    collector.kill();
    // Nor does one that a machine left behind when it lost power.
    std::fs::write(&lock, r#"{"command":"serve","pid":1,"host":"here"}"#).unwrap();
    collector.launch();
    assert_eq!(collector.client().get("/readyz").status, 200);
    // Whoever removes it gains nothing: the file itself is locked, too.
    std::fs::remove_file(&lock).unwrap();
    let database = collector.database();
    let said = complaint(collector.folder(), &second(&database));
    assert!(said.contains("in use by"), "{said}");
}

#[test]
fn commands_that_are_safe_beside_a_collector_work_and_the_others_say_who_has_it() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let made = collector.command(&["token", "create", "ci", "--scope", "read", "--json"]);
    assert!(made.unwrap().contains("pbk_"));
    assert!(
        collector
            .command(&["token", "list"])
            .unwrap()
            .contains("ci")
    );
    collector.command(&["token", "revoke", "ci"]).unwrap();
    assert!(
        collector
            .command(&["migrate"])
            .unwrap()
            .contains("up to date")
    );
    collector.command(&["migrate", "--dry-run"]).unwrap();
    collector.command(&["rebuild", "--all"]).unwrap();
    let database = collector.database();
    let other = format!("sqlite://{}", collector.folder().join("copy.db").display());
    for (from, to) in [(&database, &other), (&other, &database)] {
        // A source that is there, so that it is not missed first.
        if *to == database {
            collector.stop();
            let arguments = ["copy", "--from", &database, "--to", &other];
            assert!(
                super::playback(collector.folder(), &arguments)
                    .status
                    .success()
            );
            collector.launch();
        }
        let said = complaint(collector.folder(), &["copy", "--from", from, "--to", to]);
        assert!(
            said.contains(&format!("process {}", collector.pid())),
            "{said}"
        );
    }
    let same = format!("sqlite:{}", collector.database_file().display());
    let said = complaint(
        collector.folder(),
        &["copy", "--from", &database, "--to", &same],
    );
    assert!(said.contains("the same database"), "{said}");
    eventually("the collector to have everything", || {
        (client.execution(run.id, "").status == 200).then_some(())
    });
}
