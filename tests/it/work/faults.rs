//! Collectors that are killed during background work, and databases that are down.

use std::collections::BTreeSet;

use playback::clock::Clock;
use playback::store::dialect::Engine;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, Row as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::builders::Run;
use crate::harness::{API, Client, Collector, Setup, eventually};
use crate::servers::{self, Server};

const CLEANS_UP: &str = "retention_schedule = \"every 1 seconds\"\n";
const RULE: &str = "\n[[retention]]\nkeep_days = 30\n";

const DAY_US: i64 = 86_400_000_000;

/// A run that the rule removes; the higher the number, the older.
fn old(number: i64) -> Run {
    let begun_us = Clock::system().now_us() - 50 * DAY_US - number * 1_000_000;
    let run = Run::starting(
        begun_us,
        json!({ "type": "playbook", "playbook": "site.yml" }),
    );
    run.play("web")
        .task("install")
        .host("web-01")
        .ok("web-01")
        .ended(0)
}

fn left(client: &Client) -> BTreeSet<Uuid> {
    let page = client.api("/executions?limit=1000&fields=id").ok();
    let all = page["executions"].as_array().unwrap().iter();
    all.map(|record| record["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// The lease of the cleanup, as it stands in the database.
struct Lease {
    fence: i64,
    until_us: i64,
    started_us: i64,
    is_held: bool,
}

async fn lease(raw: &mut sqlx::PgConnection) -> Option<Lease> {
    let found = raw
        .fetch_optional(
            "SELECT fence, until_us, last_started_us, holder IS NOT NULL AS is_held \
             FROM work_leases WHERE name = 'retention'",
        )
        .await;
    found.unwrap().map(|row| Lease {
        fence: row.get("fence"),
        until_us: row.get("until_us"),
        started_us: row.get("last_started_us"),
        is_held: row.get("is_held"),
    })
}

#[test]
fn a_cleanup_whose_collector_is_killed_is_ended_by_another_and_once() {
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let setup = |config: &str| Setup::default().database(database.clone()).config(config);
    let mut plain = setup("").start();
    let runs: Vec<Run> = (0..120).map(old).collect();
    for run in &runs {
        run.deliver(&plain.client());
    }
    // Measured now: what is held up later is their removal.
    let dry = json!({ "retention_days": 30, "dry_run": true }).to_string();
    let path = format!("{API}/executions/cleanup");
    let would = plain.client().send("POST", &path, &[], dry.as_bytes()).ok();
    assert_eq!(would["deleted"], runs.len());
    plain.stop();

    // Somebody has the oldest run, so that the cleanup comes as far as that and no further.
    let runtime = Runtime::new().unwrap();
    let mut holding = runtime
        .block_on(sqlx::PgConnection::connect(&database))
        .unwrap();
    let mut raw = runtime
        .block_on(sqlx::PgConnection::connect(&database))
        .unwrap();
    for held in [
        "BEGIN",
        "SELECT id FROM executions ORDER BY started_us LIMIT 1 FOR UPDATE",
    ] {
        runtime.block_on(holding.execute(held)).unwrap();
    }
    let config = format!("database_wait_seconds = 60\n{CLEANS_UP}{RULE}");
    let mut killed = setup(&config).start();
    let rest = eventually("the cleanup to be held up", || {
        let rest = left(&killed.client());
        (rest.len() == 20).then_some(rest)
    });
    let other = setup(&config).start();
    let client = other.client();
    let mut lease_now = || runtime.block_on(lease(&mut raw)).unwrap();
    let before = lease_now();
    assert!(before.is_held);
    let renewed = eventually("the lease to be renewed", || {
        let now = lease_now();
        assert_eq!((now.fence, now.is_held), (before.fence, true));
        (now.until_us > before.until_us).then_some(now)
    });
    assert_eq!(left(&client), rest, "it is not the other's turn");

    killed.kill();
    runtime.block_on(holding.execute("ROLLBACK")).unwrap();
    let taken = eventually("the other to take over", || {
        let now = lease_now();
        (now.fence > renewed.fence).then_some(now)
    });
    assert!(
        taken.started_us >= renewed.until_us,
        "not before the lease of the one that was killed ran out"
    );
    eventually("the rest to go", || left(&client).is_empty().then_some(()));
    // What the first removed it could not enter any more. The other removed the rest, once.
    let ended = eventually("the entry of the end", || {
        let page = client.api("/audit?action=cleanup_ended").ok();
        let entries = page["entries"].as_array().unwrap().clone();
        (!entries.is_empty()).then_some(entries)
    });
    let deleted: Vec<&Value> = ended
        .iter()
        .map(|entry| &entry["after"]["deleted"])
        .collect();
    assert_eq!(deleted, [&json!(rest.len())]);
}

fn figures(client: &Client) -> String {
    let answer = client.get("/metrics");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}

/// The value of a series of a job; 0 where there is none.
fn figure(text: &str, name: &str, labels: &str) -> f64 {
    let series = format!("{name}{{{labels}}} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&series));
    found.map_or(0.0, |value| value.parse().unwrap())
}

fn runs(text: &str, outcome: &str) -> f64 {
    let labels = format!("job=\"retention\",outcome=\"{outcome}\"");
    figure(text, "playback_job_runs_total", &labels)
}

/// How often the log tells something of the cleanup.
fn told(collector: &Collector, message: &str) -> usize {
    let log = collector.log();
    let of_job = log.iter().filter(|line| line["job"] == "retention");
    of_job
        .filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.contains(message))
        })
        .count()
}

#[test]
fn work_that_fails_while_the_database_is_away_is_tried_again_and_counted() {
    let mut server = Server::start(Engine::Postgres);
    let collector = Setup::default()
        .database(server.database())
        .config(&format!("database_wait_seconds = 1\n{CLEANS_UP}{RULE}"))
        .start();
    let client = collector.client();
    eventually("the work to be done", || {
        let text = figures(&client);
        (runs(&text, "idle") + runs(&text, "done") > 0.0).then_some(())
    });
    assert_eq!(runs(&figures(&client), "failed"), 0.0);
    server.kill();
    eventually("the failure to be told", || {
        (told(&collector, "failed, and is tried again") > 0).then_some(())
    });
    server.run();
    let back_us = Clock::system().now_us();
    eventually("the work to succeed again", || {
        (told(&collector, "succeeds again") > 0).then_some(())
    });
    let text = eventually("an answer", || {
        let answer = client.get("/metrics");
        (answer.status == 200).then_some(answer.text)
    });
    assert!(runs(&text, "failed") >= 1.0, "{text}");
    let name = "playback_job_last_success_timestamp_seconds";
    let last = figure(&text, name, "job=\"retention\"");
    assert!(last * 1e6 >= back_us as f64, "{last}");
    // Every job has its figures, also those that were never due.
    for job in [
        "health",
        "packing",
        "retention",
        "roll_up",
        "silence",
        "token_uses",
        "upkeep",
    ] {
        let series = format!("playback_job_running{{job=\"{job}\"}}");
        assert!(text.contains(&series), "{series}");
    }
}

#[test]
fn what_was_interrupted_is_ended_after_a_start() {
    // On a database of its own a collector waits for no lease, also where it was killed with one.
    let mut collector = Setup::default()
        .config(&format!("{CLEANS_UP}{RULE}"))
        .start();
    for _ in 0..3 {
        let run = old(1);
        run.deliver(&collector.client());
        collector.kill_and_restart();
        let client = collector.client();
        eventually("the cleanup", || left(&client).is_empty().then_some(()));
    }
}
