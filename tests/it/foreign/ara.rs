//! Databases of ARA.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use playback::store::dialect::Engine;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use tempfile::TempDir;

use super::compared::{Knows, compare, runs};
use super::{counts, expanded, import, named, reasons, recorded, summary};
use crate::harness::{Client, Collector, eventually};
use crate::servers;

const KNOWS: Knows = Knows {
    everything: true,
    recap: true,
    handled: true,
    unreachable: true,
    delegates: true,
    failures: true,
};

/// A word that must not be in any record: extra variables and results under `no_log` had it.
const SECRET: &str = "do-not-import-me";

/// The imported runs, and those that Playback recorded at the same time.
fn compare_all(own: &Client, imported: &Client) {
    let own_runs = runs(own);
    let imported_runs = runs(imported);
    for name in ["site.yml", "good.yml", "ping"] {
        let find = |runs: &[(String, Value)]| -> Value {
            let found = runs.iter().find(|(found, _)| found == name);
            found
                .unwrap_or_else(|| panic!("{name}: {runs:?}"))
                .1
                .clone()
        };
        let (ours, theirs) = (find(&own_runs), find(&imported_runs));
        compare((own, &ours), (imported, &theirs), KNOWS);
        assert_eq!(theirs["imported"]["from"], "ara");
        // ARA measures both ends itself, so the two differ a little.
        let took = |run: &Value| run["duration"].as_f64().unwrap();
        assert!((took(&ours) - took(&theirs)).abs() < 5.0, "{ours} {theirs}");
    }
}

/// Also run with collectors on other databases.
#[test]
pub(crate) fn the_records_are_those_of_the_recorder() {
    for name in named("ara-", ".sqlite.zst") {
        let (own, imported) = (Collector::start(), Collector::start());
        let bundle = recorded().join(name.replace(".sqlite.zst", ".playback"));
        summary(&own, 0, &[bundle.to_str().unwrap()]);
        let folder = TempDir::new().unwrap();
        let database = expanded(&name, &folder);
        let before = fs::read(&database).unwrap();
        let answer = summary(
            &imported,
            0,
            &[database.to_str().unwrap(), "--note", "moved"],
        );
        assert_eq!(counts(&answer), (4, 0, 0), "{name}: {answer:#}");
        // The one that may be running is left out, and said so.
        let told = reasons(&answer);
        assert!(
            matches!(told.as_slice(), [one] if one.contains("ARA says that it is running")),
            "{told:?}"
        );
        assert_eq!(fs::read(&database).unwrap(), before, "nothing is written");
        compare_all(&own.client(), &imported.client());
        lost(&imported.client());
        nothing_secret(&imported);

        // The second time changes nothing, not even in the audit trail.
        let client = imported.client();
        let all = client.api("/executions?limit=100").ok();
        let audit = client.api("/audit?action=import").ok();
        assert_eq!(audit["entries"].as_array().unwrap().len(), 4);
        assert_eq!(audit["entries"][0]["note"], "moved");
        let again = summary(&imported, 0, &[database.to_str().unwrap()]);
        assert_eq!(counts(&again), (0, 4, 0));
        assert_eq!(client.api("/executions?limit=100").ok(), all);
        assert_eq!(
            client.api("/audit?action=import").ok()["entries"],
            audit["entries"]
        );
    }
}

/// The run whose process died long ago never ended.
fn lost(client: &Client) {
    let all = runs(client);
    let (_, run) = all.iter().find(|(name, _)| name == "slow.yml").unwrap();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&json!("failed"), &json!("lost"))
    );
    let missing = run["events"]["missing"].as_str().unwrap();
    assert!(missing.contains("its end"), "{missing}");
}

fn nothing_secret(collector: &Collector) {
    let client = collector.client();
    for (_, run) in runs(&client) {
        let id = run["id"].as_str().unwrap().parse().unwrap();
        let events = client.execution(id, "/events?limit=1000").text;
        assert!(!events.contains(SECRET), "{events}");
        assert!(!run.to_string().contains(SECRET));
    }
}

#[test]
fn a_rebuild_changes_nothing() {
    let mut collector = Collector::start();
    let folder = TempDir::new().unwrap();
    let database = expanded(named("ara-", ".sqlite.zst").last().unwrap(), &folder);
    summary(&collector, 0, &[database.to_str().unwrap()]);
    let before = runs(&collector.client());
    collector.stop();
    collector.command(&["rebuild", "--all"]).unwrap();
    collector.launch();
    assert_eq!(runs(&collector.client()), before);
}

#[test]
fn a_server_has_the_same_runs() {
    let server = servers::Server::start(Engine::Postgres);
    for name in named("ara-", ".sql.zst") {
        let folder = TempDir::new().unwrap();
        let dump = expanded(&name, &folder);
        let address = server.database();
        let done = Command::new("psql")
            .arg(&address)
            .args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(&dump)
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        let collector = Collector::start();
        let answer = summary(&collector, 0, &["--database-url", &address]);
        assert_eq!(counts(&answer), (3, 0, 0), "{answer:#}");
        let again = summary(&collector, 0, &["--database-url", &address]);
        assert_eq!(counts(&again), (0, 3, 0), "{again:#}");
        let own = Collector::start();
        let version = name.trim_start_matches("ara-").trim_end_matches(".sql.zst");
        let bundle = recorded().join(format!("ara-{version}.playback"));
        summary(&own, 0, &[bundle.to_str().unwrap()]);
        for (ours, theirs) in runs(&own.client()).iter().zip(runs(&collector.client())) {
            assert_eq!(ours.0, theirs.0);
            let (own, collector) = (own.client(), collector.client());
            compare((&own, &ours.1), (&collector, &theirs.1), KNOWS);
        }
        // The password is not shown.
        let wrong = address.replace(&server.port().to_string(), "1");
        let ran = import(&collector, &["--database-url", &wrong]);
        let told = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(told.contains("cannot be opened"), "{told}");
        assert!(
            !told.contains("ss%40word") && !told.contains(servers::PASSWORD),
            "{told}"
        );
    }
}

/// Runs statements on a SQLite file.
fn sqlite(path: &Path, statements: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let address = format!("sqlite://{}", path.display());
        let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
        connection.execute(statements).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_database_that_is_being_written_gives_what_is_over() {
    let folder = TempDir::new().unwrap();
    let database = expanded(named("ara-", ".sqlite.zst").last().unwrap(), &folder);
    let collector = Collector::start();
    let path = database.to_str().unwrap().to_owned();
    // Somebody writes into the write-ahead log, and has not committed everything.
    let mut writer = Command::new("sqlite3")
        .arg(&database)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = writer.stdin.take().unwrap();
    let reached = folder.path().join("reached");
    std::io::Write::write_all(
        &mut input,
        format!(
            "PRAGMA journal_mode = WAL;\nBEGIN IMMEDIATE;\n\
             UPDATE playbooks SET status = 'completed', ended = started WHERE status = 'running';\n\
             DELETE FROM results;\n.shell touch {}\n",
            reached.display()
        )
        .as_bytes(),
    )
    .unwrap();
    eventually("the writer to be in the middle", || {
        reached.exists().then_some(())
    });
    let answer = summary(&collector, 0, &[&path]);
    assert_eq!(counts(&answer), (4, 0, 0), "{answer:#}");
    let site = |collector: &Collector| {
        let all = runs(&collector.client());
        all.iter().find(|(name, _)| name == "site.yml").unwrap().1["results"].clone()
    };
    assert!(site(&collector).as_u64().unwrap() > 10);
    // Now it is over, and only it is new.
    std::io::Write::write_all(&mut input, b"ROLLBACK;\n").unwrap();
    drop(input);
    assert!(writer.wait().unwrap().success());
    sqlite(
        &database,
        "UPDATE playbooks SET status = 'failed', ended = started WHERE status = 'running'",
    );
    let answer = summary(&collector, 0, &[&path]);
    assert_eq!(counts(&answer), (1, 4, 0), "{answer:#}");
}

#[test]
fn what_is_damaged_foreign_or_newer_is_named_with_the_next_step() {
    let folder = TempDir::new().unwrap();
    let name = named("ara-", ".sqlite.zst").pop().unwrap();
    let collector = Collector::start();
    let refused = |change: &dyn Fn(&Path)| -> String {
        let database = expanded(&name, &folder);
        change(&database);
        let answer = summary(&collector, 1, &[database.to_str().unwrap()]);
        assert_eq!(counts(&answer), (0, 0, 0), "{answer:#}");
        reasons(&answer).join("\n")
    };
    for (statements, told) in [
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('api', '0099_later', '2030-01-01')",
            "0099_later",
        ),
        (
            "ALTER TABLE playbooks DROP COLUMN controller",
            "no playbooks.controller",
        ),
        (
            "PRAGMA foreign_keys = OFF; DROP TABLE results",
            "its tables are",
        ),
        (
            "ALTER TABLE results RENAME TO event_blocks",
            "playback copy",
        ),
    ] {
        let said = refused(&|path| sqlite(path, statements));
        assert!(said.contains(told), "{told}: {said}");
    }
    let said = refused(&|path| {
        let mut bytes = fs::read(path).unwrap();
        for byte in &mut bytes[4096..] {
            *byte = 0x5a;
        }
        fs::write(path, bytes).unwrap();
    });
    assert!(said.contains("damaged"), "{said}");
    let said = refused(&|path| {
        let mut bytes = fs::read(path).unwrap();
        bytes.truncate(100);
        fs::write(path, bytes).unwrap();
    });
    assert!(
        said.contains("damaged") || said.contains("no tables"),
        "{said}"
    );
}

#[test]
fn a_damaged_playbook_leaves_the_others() {
    let folder = TempDir::new().unwrap();
    let database = expanded(&named("ara-", ".sqlite.zst").pop().unwrap(), &folder);
    sqlite(
        &database,
        "UPDATE results SET content = x'00' WHERE id = (SELECT max(id) FROM results WHERE playbook_id = 1); \
         UPDATE playbooks SET status = 'odd' WHERE id = 2;",
    );
    let collector = Collector::start();
    let answer = summary(&collector, 1, &[database.to_str().unwrap()]);
    assert_eq!(counts(&answer), (2, 0, 0), "{answer:#}");
    let told = reasons(&answer).join("\n");
    assert!(
        told.contains("damaged") && told.contains("\"odd\""),
        "{told}"
    );
    // Nothing half of it is there.
    let all = runs(&collector.client());
    assert!(all.iter().all(|(name, _)| name != "site.yml"), "{all:?}");
}
