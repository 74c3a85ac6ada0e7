//! With a full disk, or a database locked for half a minute, producers are told to retry, and everything is stored in
//! the end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use playback::store::dialect::Engine;
use tempfile::TempDir;
use uuid::Uuid;

use crate::builders::{Run, good_run};
use crate::harness::{API, Client, Collector, Setup, after_much_work, eventually};
use crate::servers::{Server, free_port};

/// A small disk; it goes with the test.
struct Disk(TempDir);

impl Disk {
    fn of(mebibytes: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let done = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={mebibytes}m,mode=1777"),
                "playback-test",
            ])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "a small disk needs root: {done:?}");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills what is left of it; removing the file makes room again.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        std::fs::write(&ballast, "").unwrap();
        fill(&ballast);
        ballast
    }
}

/// Writes to a file until no more can be written.
fn fill(ballast: &Path) {
    let mut file = std::fs::File::options().append(true).open(ballast).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 64 << 10]).is_ok() {}
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
    }
}

/// A folder with a quota, on a disk that has room: writing beyond it fails with EDQUOT, for root as well.
struct Quota {
    disk: Disk,
    _image: tempfile::NamedTempFile,
}

impl Quota {
    /// Of Btrfs, because kernels are often built without those of other file systems; none where this one has no Btrfs.
    fn of(mebibytes: u32) -> Option<Self> {
        let known = std::fs::read_to_string("/proc/filesystems").unwrap();
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(256 << 20).unwrap();
        let file = image.path().to_str().unwrap();
        run("mkfs.btrfs", &["-q", "-m", "single", file]);
        if !known.contains("btrfs")
            && !Command::new("modprobe")
                .arg("btrfs")
                .status()
                .is_ok_and(|done| done.success())
        {
            return None;
        }
        let disk = Disk(TempDir::new().unwrap());
        let at = disk.path().to_str().unwrap();
        run("mount", &["-o", "loop", file, at]);
        run("btrfs", &["quota", "enable", at]);
        let data = format!("{at}/data");
        run("btrfs", &["subvolume", "create", &data]);
        run(
            "btrfs",
            &["qgroup", "limit", &format!("{mebibytes}M"), &data],
        );
        Some(Self {
            disk,
            _image: image,
        })
    }

    fn database(&self) -> String {
        format!("sqlite://{}/data/playback.db", self.disk.path().display())
    }
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).output();
    let done = done.unwrap_or_else(|error| panic!("{program}, of btrfs-progs: {error}"));
    assert!(done.status.success(), "a quota needs root: {done:?}");
}

/// Runs of 2 MiB that do not compress.
fn large_run(number: u64) -> Run {
    let mut seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    while text.len() < 2 << 20 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        text.push_str(&format!("{seed:016x}\n"));
    }
    Run::new().output(&text).ended(0)
}

/// What SQLite's collector says of a full disk. On a slow disk a batch may also be too late.
const FULL: &str = "nothing is stored";

/// Sends runs until one is refused with this in the message; those that were taken, and the one that was not.
fn until_refused(client: &Client, why: &str) -> (Vec<Run>, Run) {
    let mut taken = Vec::new();
    for number in 0..1000 {
        let run = large_run(number);
        let is_taken = eventually("the run to be taken or refused for good", || {
            let answer = run.try_send(client)?;
            if answer.status == 200 {
                return Some(true);
            }
            let message = answer.error(503, "busy");
            message.contains(why).then_some(false)
        });
        if !is_taken {
            return (taken, run);
        }
        taken.push(run);
    }
    panic!("the disk is never full");
}

fn everything_is_there(client: &Client, taken: &[Run], refused: &Run) {
    eventually("the refused one to be taken", || {
        (refused.send(client).status == 200).then_some(())
    });
    let after = good_run();
    after.deliver(client);
    for run in taken.iter().chain([refused, &after]) {
        let record = client.finished(run.id);
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
        assert_eq!(client.execution(run.id, "/output").status, 200);
    }
    assert_eq!(client.get("/readyz").status, 200);
}

#[test]
fn a_full_disk_under_sqlite_loses_nothing() {
    let disk = Disk::of(96);
    let database = format!("sqlite://{}/playback.db", disk.path().display());
    let mut collector = Setup::default().database(database).start();
    let client = collector.client();
    let first = good_run();
    first.deliver(&client);
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 40 << 20]).unwrap();
    let (mut taken, refused) = until_refused(&client, FULL);
    let message = client.get("/readyz").error(503, "busy");
    assert!(message.contains("disk is full"), "{message}");
    // What is there can be read.
    assert_eq!(client.finished(first.id)["events"]["complete"], true);
    std::fs::remove_file(&ballast).unwrap();
    taken.push(first);
    everything_is_there(&client, &taken, &refused);
    // The file is whole: a killed collector finds everything.
    collector.kill_and_restart();
    everything_is_there(&collector.client(), &taken, &refused);
}

/// Somebody else fills the disk, and keeps it full: deletions make room all the same, and ingestion goes on by itself.
#[test]
fn a_full_disk_under_sqlite_takes_deletions_and_goes_on_by_itself() {
    let disk = Disk::of(96);
    let database = format!("sqlite://{}/playback.db", disk.path().display());
    let mut collector = Setup::default().database(database).start();
    let client = collector.client();
    let reserve = disk.path().join("playback.db.reserve");
    eventually("the reserve to be made", || {
        let known = std::fs::metadata(&reserve).ok()?;
        (known.len() > 1 << 20).then_some(())
    });
    std::fs::write(disk.path().join("other"), vec![0; 40 << 20]).unwrap();
    let (taken, refused) = until_refused(&client, FULL);
    assert!(taken.len() > 8, "{}", taken.len());
    let _ballast = disk.fill();
    let message = client.get("/readyz").error(503, "busy");
    assert!(message.contains("disk is full"), "{message}");
    // Also after a restart, which finds no room either.
    collector.kill_and_restart();
    eventually("it to say that it is full", || {
        (client.get("/readyz").status == 503).then_some(())
    });
    let (gone, kept) = taken.split_at(4);
    for run in gone {
        assert_eq!(client.delete(run.id).status, 204);
    }
    eventually("the refused one to be taken", || {
        (refused.send(&client).status == 200).then_some(())
    });
    assert_eq!(client.finished(refused.id)["events"]["complete"], true);
    eventually("it to be ready", || {
        (client.get("/readyz").status == 200).then_some(())
    });
    // Full again, and a cleanup does the same.
    let (more, refused) = until_refused(&client, FULL);
    let body = br#"{"keep_runs": 4}"#;
    let path = format!("{}/executions/cleanup", crate::harness::API);
    let cleaned = client.send("POST", &path, &[], body).ok();
    assert!(cleaned["deleted"].as_u64().unwrap() > 2, "{cleaned}");
    eventually("the refused one to be taken", || {
        (refused.send(&client).status == 200).then_some(())
    });
    println!("{} and {} were taken", kept.len(), more.len());
    // The file is whole.
    collector.kill_and_restart();
    assert_eq!(client.finished(refused.id)["events"]["complete"], true);
}

/// Nobody is there to delete anything: the scheduled cleanup does, though there is no room to note that it began.
#[test]
fn a_full_disk_under_sqlite_takes_the_scheduled_cleanup() {
    let disk = Disk::of(96);
    let database = format!("sqlite://{}/playback.db", disk.path().display());
    let setup = Setup::default().database(database);
    let mut collector = setup.config("silence_seconds = 30\n").start();
    let client = collector.client();
    let reserve = disk.path().join("playback.db.reserve");
    eventually("the reserve to be made", || {
        let known = std::fs::metadata(&reserve).ok()?;
        (known.len() > 1 << 20).then_some(())
    });
    std::fs::write(disk.path().join("other"), vec![0; 40 << 20]).unwrap();
    let (taken, refused) = until_refused(&client, FULL);
    let _ballast = disk.fill();
    collector.kill();
    std::fs::write(
        collector.folder().join("collector.toml"),
        // After a deletion, what is left of the disk is kept for the next one for two seconds.
        "retention_schedule = \"every 5 seconds\"\n\n[[retention]]\nkeep_runs = 4\n",
    )
    .unwrap();
    collector.launch();
    assert!(taken.len() > 8, "{}", taken.len());
    eventually("the scheduled cleanup", || {
        let log = collector.log();
        let mut deleted = log.iter().filter_map(|line| line["deleted"].as_u64());
        deleted.any(|deleted| deleted > 0).then_some(())
    });
    eventually("the refused one to be taken", || {
        (refused.send(&client).status == 200).then_some(())
    });
}

/// The disk has room, and the system allows no more of it. SQLite maps a file into memory, and where Btrfs has no room to
/// write a page of it back, it kills the process: a service manager starts it again, and nothing is missing.
#[test]
fn a_quota_is_a_full_disk_and_takes_deletions() {
    let Some(quota) = Quota::of(64) else {
        eprintln!("this kernel has no Btrfs: quotas are not tested");
        return;
    };
    // 135 is SIGBUS.
    let manager = "setpriv --pdeathsig KILL \"$@\"; while [ $? = 135 ]; do setpriv --pdeathsig KILL \"$@\"; done";
    let words = ["bash", "-c", manager, "bash"];
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let setup = Setup::default().database(quota.database());
    let mut collector = setup.within(&words, address).start();
    let client = collector.client();
    let get = |path: &str| eventually("an answer", || client.try_send("GET", path, &[], b""));
    let (taken, refused) = until_refused(&client, FULL);
    assert!(taken.len() > 4, "{}", taken.len());
    let message = get("/readyz").error(503, "busy");
    assert!(message.contains("quota"), "{message}");
    let (gone, kept) = taken.split_at(4);
    for run in gone {
        let path = format!("{API}/executions/{}", run.id);
        eventually("the run to be deleted", || {
            let answer = client.try_send("DELETE", &path, &[], b"")?;
            // Deleted, and the answer was lost.
            matches!(answer.status, 204 | 404).then_some(())
        });
    }
    eventually("the refused one to be taken", || {
        (refused.try_send(&client)?.status == 200).then_some(())
    });
    eventually("it to be ready", || {
        (get("/readyz").status == 200).then_some(())
    });
    // The file is whole.
    collector.kill_and_restart();
    for run in kept.iter().chain([&refused]) {
        assert_eq!(client.finished(run.id)["events"]["complete"], true);
    }
}

#[test]
fn a_file_size_limit_is_a_full_disk_and_takes_deletions() {
    // In blocks of 1 KiB.
    let words = [
        "bash",
        "-c",
        "trap '' XFSZ; ulimit -f 24576; exec \"$@\"",
        "bash",
    ];
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let collector = Setup::default().within(&words, nowhere).start();
    let client = collector.client();
    let (taken, refused) = until_refused(&client, FULL);
    let message = client.get("/readyz").error(503, "busy");
    assert!(
        message.contains("full") || message.contains("ulimit"),
        "{message}"
    );
    for run in &taken[..4] {
        assert_eq!(client.delete(run.id).status, 204);
    }
    eventually("the refused one to be taken", || {
        (refused.send(&client).status == 200).then_some(())
    });
    eventually("it to be ready", || {
        (client.get("/readyz").status == 200).then_some(())
    });
    for run in taken[4..].iter().chain([&refused]) {
        assert_eq!(client.finished(run.id)["events"]["complete"], true);
    }
}

/// The server's files on a small disk.
fn a_full_disk_under_a_server_loses_nothing(engine: Engine, mebibytes: u32) {
    let disk = Disk::of(mebibytes);
    let mut server = Server::start_in(engine, disk.path());
    let collector = Setup::default()
        .database(server.database())
        .config("database_wait_seconds = 1\n")
        .start();
    let client = collector.client();
    let first = good_run();
    first.deliver(&client);
    let ballast = disk.fill();
    let (mut taken, refused) = until_refused(&client, "");
    client.get("/readyz").error(503, "busy");
    std::fs::remove_file(&ballast).unwrap();
    // A server that could not write its log has given up, and is started again.
    server.kill();
    server.run();
    eventually("the collector to be ready", || {
        (client.get("/readyz").status == 200).then_some(())
    });
    taken.push(first);
    everything_is_there(&client, &taken, &refused);
}

#[test]
fn a_full_disk_under_postgres_loses_nothing() {
    a_full_disk_under_a_server_loses_nothing(Engine::Postgres, 400);
}

#[test]
fn a_full_disk_under_mariadb_loses_nothing() {
    a_full_disk_under_a_server_loses_nothing(Engine::MySql, 500);
}

/// Memory stays within bounds while nobody can write, producers hear it, and afterwards everything is there.
fn a_lock_that_is_held_loses_nothing(collector: &Collector, hold: impl FnOnce() + Send) {
    let client = collector.client();
    let first = good_run();
    first.deliver(&client);
    let runs: Vec<Run> = (0..40).map(large_run).collect();
    std::thread::scope(|scope| {
        let holding = scope.spawn(hold);
        for run in &runs {
            let client = client.clone();
            scope.spawn(move || {
                eventually("the run to be taken", || {
                    let status = run.send(&client).status;
                    assert!(matches!(status, 200 | 503), "{status}");
                    (status == 200).then_some(())
                });
            });
        }
        // What is there can be read meanwhile.
        eventually("the lock to be let go", || {
            assert_eq!(client.execution(first.id, "").status, 200);
            assert_eq!(client.get("/healthz").status, 200);
            holding.is_finished().then_some(())
        });
    });
    for run in &runs {
        assert_eq!(client.finished(run.id)["events"]["complete"], true);
    }
    assert!(
        collector.peak_memory() < 400 << 20,
        "{}",
        collector.peak_memory()
    );
}

#[test]
fn a_lock_on_sqlite_that_is_held_for_half_a_minute_loses_nothing() {
    let collector = Collector::start();
    let file = collector.database_file();
    a_lock_that_is_held_loses_nothing(&collector, || hold_sqlite(&file));
}

/// Python's own SQLite: another program that has the file open, and its writer's lock.
fn hold_sqlite(file: &Path) {
    let script = "import sqlite3, sys, time\n\
        c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n\
        c.execute('BEGIN IMMEDIATE'); time.sleep(31); c.execute('ROLLBACK')\n";
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_lock_on_postgres_that_is_held_for_half_a_minute_loses_nothing() {
    a_lock_on_a_server(
        Engine::Postgres,
        "BEGIN; LOCK TABLE executions IN EXCLUSIVE MODE; SELECT pg_sleep(31); COMMIT;",
    );
}

#[test]
fn a_lock_on_mariadb_that_is_held_for_half_a_minute_loses_nothing() {
    a_lock_on_a_server(
        Engine::MySql,
        "LOCK TABLES executions READ; DO SLEEP(31); UNLOCK TABLES;",
    );
}

fn a_lock_on_a_server(engine: Engine, hold: &str) {
    let server = Server::start(engine);
    let collector = Setup::default().database(server.database()).start();
    let database = collector.database();
    let name = database.rsplit('/').next().unwrap().to_owned();
    a_lock_that_is_held_loses_nothing(&collector, || assert!(server.sql_in(&name, hold)));
}

#[test]
fn a_frozen_collector_keeps_no_lock_on_postgres() {
    a_frozen_collector_keeps_no_lock(
        Engine::Postgres,
        "SELECT COUNT(*) FROM pg_stat_activity \
         WHERE application_name = 'playback' AND state LIKE 'idle in transaction%'",
    );
}

#[test]
fn a_frozen_collector_keeps_no_lock_on_mariadb() {
    a_frozen_collector_keeps_no_lock(
        Engine::MySql,
        // InnoDB keeps this table's last content until nobody has read it for a tenth of a second.
        "DO SLEEP(0.15); \
         SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_locked > 0 OR trx_rows_modified > 0",
    );
}

/// A machine that stops in the middle of a transaction (or whose network is cut then) does not tell the server. `open`
/// counts such transactions.
fn a_frozen_collector_keeps_no_lock(engine: Engine, open: &str) {
    let server = Server::start(engine);
    let setup = Setup::default().database(server.database());
    let collector = setup.config("database_wait_seconds = 1\n").start();
    let client = collector.client();
    let database = collector.database();
    let name = database.rsplit('/').next().unwrap();
    let is_open = || server.value(name, open) != "0";
    let over = AtomicBool::new(false);
    let taken: Vec<Uuid> = std::thread::scope(|scope| {
        let producers: Vec<_> = (0..4)
            .map(|producer| {
                let (client, over) = (client.clone(), &over);
                scope.spawn(move || {
                    let mut taken = Vec::new();
                    while !over.load(Ordering::SeqCst) && taken.len() < 200 {
                        let run = large_run(producer + 4 * taken.len() as u64);
                        after_much_work("the run to be taken", || {
                            let status = run.send(&client).status;
                            assert!(matches!(status, 200 | 503), "{status}");
                            (status == 200).then_some(())
                        });
                        taken.push(run.id);
                    }
                    taken
                })
            })
            .collect();
        eventually("it to stop in the middle of a transaction", || {
            collector.signal("STOP");
            if is_open() {
                return Some(());
            }
            collector.signal("CONT");
            None
        });
        eventually("the server to end it", || (!is_open()).then_some(()));
        collector.signal("CONT");
        over.store(true, Ordering::SeqCst);
        producers
            .into_iter()
            .flat_map(|producer| producer.join().unwrap())
            .collect()
    });
    for run in taken {
        assert_eq!(client.finished(run)["events"]["complete"], true);
    }
}
