//! If the database is missing or cannot store anything, nothing is acknowledged, and the reason is reported.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use playback::store::dialect::Engine;
use uuid::Uuid;

use crate::builders::{Run, good_run};
use crate::harness::{Client, Collector, Setup, eventually};
use crate::servers::{PASSWORD, Server, USER};

fn part(collector: &Collector, end: &str) -> PathBuf {
    let name = format!("playback.db{end}");
    collector.folder().join(name)
}

/// Nothing is taken in, and everything says why.
#[track_caller]
fn refuses(client: &Client, known: &Run, why: &str) {
    let message = client.get("/readyz").error(503, "busy");
    assert!(message.contains(why), "{message}");
    let message = good_run().send(client).error(503, "busy");
    assert!(message.contains(why), "{message}");
    // Neither is what was stored before acknowledged again: its sender may still have it.
    known.send(client).error(503, "busy");
    client.ingest(known.id, "recorder", b"").error(503, "busy");
    assert_eq!(client.get("/healthz").status, 200);
}

#[test]
fn a_file_that_is_deleted_takes_nothing_in_and_says_so() {
    for end in ["", "-wal", "-shm"] {
        let collector = Collector::start();
        let client = collector.client();
        let run = good_run();
        run.deliver(&client);
        fs::remove_file(part(&collector, end)).unwrap();
        refuses(&client, &run, "deleted, renamed or replaced");
        // What is open can still be read, and be saved by hand.
        assert_eq!(client.execution(run.id, "").status, 200);
        assert!(!part(&collector, end).exists(), "nothing new is made");
    }
}

#[test]
fn a_file_that_is_replaced_takes_nothing_in_and_a_restart_goes_on_with_it() {
    let mut collector = Collector::start();
    let client = collector.client();
    let before = good_run();
    before.deliver(&client);
    assert!(collector.stop().0.success());
    let backup = part(&collector, ".backup");
    fs::copy(part(&collector, ""), &backup).unwrap();
    collector.launch();
    let after = good_run();
    after.deliver(&client);
    fs::rename(&backup, part(&collector, "")).unwrap();
    refuses(&client, &after, "deleted, renamed or replaced");
    // As a person would: the log belongs to the other file.
    collector.kill();
    for end in ["-wal", "-shm"] {
        fs::remove_file(part(&collector, end)).unwrap();
    }
    collector.launch();
    assert_eq!(client.get("/readyz").status, 200);
    assert_eq!(client.execution(before.id, "").status, 200);
    client.execution(after.id, "").error(404, "not_found");
    good_run().deliver(&client);
}

/// Its name and its inode stay: `cp backup.db playback.db`.
#[test]
fn a_file_that_a_backup_is_copied_onto_takes_nothing_in_and_says_so() {
    let mut collector = Collector::start();
    let client = collector.client();
    let before = good_run();
    before.deliver(&client);
    assert!(collector.stop().0.success());
    let backup = part(&collector, ".backup");
    fs::copy(part(&collector, ""), &backup).unwrap();
    collector.launch();
    let after = good_run();
    after.deliver(&client);
    fs::copy(&backup, part(&collector, "")).unwrap();
    refuses(&client, &after, "written over");
    refuses(&client, &after, "written over");
    // What the message says.
    collector.stop();
    fs::copy(&backup, part(&collector, "")).unwrap();
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(part(&collector, end));
    }
    collector.launch();
    assert_eq!(client.get("/readyz").status, 200);
    assert_eq!(client.execution(before.id, "").status, 200);
    client.execution(after.id, "").error(404, "not_found");
    good_run().deliver(&client);
}

/// A backup of the current state of a collector that was killed before: its log was read back, and nothing was copied.
#[test]
fn a_fresh_backup_that_is_copied_back_is_noticed_after_a_crash_as_well() {
    let mut collector = Collector::start();
    let client = collector.client();
    good_run().deliver(&client);
    collector.kill_and_restart();
    good_run().deliver(&client);
    let backup = part(&collector, ".backup");
    fs::copy(part(&collector, ""), &backup).unwrap();
    let after = good_run();
    after.deliver(&client);
    fs::copy(&backup, part(&collector, "")).unwrap();
    refuses(&client, &after, "written over");
}

/// Copying the log back, and others that go through SQLite, are no strangers.
#[test]
fn checkpoints_and_other_processes_of_ours_are_not_taken_for_strangers() {
    let collector = Collector::start();
    let client = collector.client();
    let database = part(&collector, "");
    for round in 0..5 {
        good_run().deliver(&client);
        collector.create_token(&["read"]);
        let copied = std::process::Command::new("sqlite3")
            .arg(&database)
            .arg("PRAGMA wal_checkpoint(TRUNCATE)")
            .output()
            .unwrap();
        assert!(copied.status.success(), "{copied:?}");
        assert_eq!(client.get("/readyz").status, 200, "{round}");
        good_run().deliver(&client);
    }
    // Redaction and deletion copy it back themselves.
    let run = good_run();
    run.deliver(&client);
    client.finished(run.id);
    assert_eq!(client.delete(run.id).status, 204);
    assert_eq!(client.get("/readyz").status, 200);
    good_run().deliver(&client);
}

#[test]
fn a_folder_that_is_moved_is_noticed() {
    let outer = tempfile::TempDir::new().unwrap();
    let folder = outer.path().join("data");
    fs::create_dir(&folder).unwrap();
    let address = format!("sqlite://{}", folder.join("playback.db").display());
    let collector = Setup::default().database(address).start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    fs::rename(&folder, outer.path().join("moved")).unwrap();
    refuses(&client, &run, "deleted, renamed or replaced");
    fs::rename(outer.path().join("moved"), &folder).unwrap();
    assert_eq!(client.get("/readyz").status, 200);
    good_run().deliver(&client);
}

/// The file goes and comes back while many deliver: whatever was acknowledged is there afterwards.
#[test]
fn a_file_that_is_put_back_has_everything_that_was_acknowledged() {
    let mut collector = Collector::start();
    let client = collector.client();
    let (here, there) = (part(&collector, ""), part(&collector, ".away"));
    let is_over = AtomicBool::new(false);
    let (taken, refused): (Vec<Uuid>, usize) = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let (mut taken, mut refused) = (Vec::new(), 0);
                    while !is_over.load(Ordering::Relaxed) {
                        let run = good_run();
                        match run.send(&client).status {
                            200 => taken.push(run.id),
                            503 => refused += 1,
                            other => panic!("{other}"),
                        }
                    }
                    (taken, refused)
                })
            })
            .collect();
        for _ in 0..10 {
            fs::rename(&here, &there).unwrap();
            client.get("/readyz").error(503, "busy");
            fs::rename(&there, &here).unwrap();
            eventually("it to take runs again", || {
                (good_run().send(&client).status == 200).then_some(())
            });
        }
        is_over.store(true, Ordering::Relaxed);
        let all = senders.into_iter().map(|sender| sender.join().unwrap());
        all.fold((Vec::new(), 0), |(mut taken, refused), (more, also)| {
            taken.extend(more);
            (taken, refused + also)
        })
    });
    println!("{} taken, {refused} refused", taken.len());
    assert!(!taken.is_empty());
    collector.kill_and_restart();
    for id in taken {
        let record = client.finished(id);
        assert_eq!(record["events"]["complete"], true, "{record}");
    }
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let mut collector = Collector::start();
    good_run().deliver(&collector.client());
    collector.kill();
    let away = part(&collector, ".away");
    fs::rename(part(&collector, ""), &away).unwrap();
    let database = collector.database();
    let said = super::complaint(
        Path::new("/"),
        &["serve", "--listen", "127.0.0.1:0", "--database", &database],
    );
    assert!(said.contains("playback.db-wal"), "{said}");
    fs::rename(&away, part(&collector, "")).unwrap();
    collector.launch();
}

/// On a server, tables go, and a server becomes a replica that may only be read.
fn on_a_server(engine: Engine, harm: &[(&str, &str, Option<&str>)]) {
    let server = Server::start(engine);
    for (sql, why, mend) in harm {
        let address = server.database();
        let name = address.rsplit('/').next().unwrap().to_owned();
        let filled = sql.replace("DATABASE_NAME", &name);
        // An account that may write to its own database alone.
        let address = match engine {
            Engine::MySql => {
                let grant = format!(
                    "CREATE OR REPLACE USER plain IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON {name}.* TO plain"
                );
                assert!(server.sql(&grant));
                address.replacen(USER, "plain", 1)
            }
            _ => address,
        };
        let collector = Setup::default()
            .database(address)
            .config("database_wait_seconds = 2\n")
            .start();
        let client = collector.client();
        let run = good_run();
        run.deliver(&client);
        assert_eq!(client.get("/readyz").status, 200);
        // Dropping a database is done from another one.
        let all_done = |sql: &str| {
            sql.split("; ")
                .all(|sql| match sql.starts_with("DROP DATABASE") {
                    true => server.sql(sql),
                    false => server.sql_in(&name, sql),
                })
        };
        assert!(all_done(&filled), "{filled}");
        eventually(why, || {
            let answer = client.get("/readyz");
            let is_said = answer.status == 503 && answer.text.contains(why);
            is_said.then_some(())
        });
        let answer = good_run().send(&client);
        answer.error(503, "busy");
        if let Some(mend) = mend {
            assert!(all_done(mend), "{mend}");
            eventually("it to be ready again", || {
                (client.get("/readyz").status == 200).then_some(())
            });
            good_run().deliver(&client);
        }
    }
}

#[test]
fn postgres_without_its_tables_or_that_may_only_be_read_is_not_ready_and_says_why() {
    on_a_server(
        Engine::Postgres,
        &[
            (
                "DROP TABLE execution_pins, executions CASCADE",
                "tables are gone",
                None,
            ),
            (
                "DROP DATABASE DATABASE_NAME WITH (FORCE)",
                "tables are gone",
                None,
            ),
            (
                "ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()",
                "read-only",
                Some("ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()"),
            ),
        ],
    );
}

#[test]
fn mariadb_without_its_tables_or_that_may_only_be_read_is_not_ready_and_says_why() {
    on_a_server(
        Engine::MySql,
        &[
            ("DROP TABLE executions", "tables are gone", None),
            ("DROP DATABASE DATABASE_NAME", "tables are gone", None),
        ],
    );
    // `sql_in` is an account that may do this.
    on_a_server(
        Engine::MySql,
        &[(
            "SET GLOBAL read_only = 1",
            "read-only",
            Some("SET GLOBAL read_only = 0"),
        )],
    );
}
