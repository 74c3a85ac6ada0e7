//! What runs cost: in records, lists, statistics, trends and exports, by prices that are configured; and budgets.

use playback::clock::Clock;
use serde_json::{Value, json};

use crate::builders::{Run, TEN};
use crate::harness::{Client, Collector, Setup};

const DAY: i64 = 86_400_000_000;

/// From 21 January on, only the controller has a price.
const PRICES: &str = "\
[cost]\n\
currency = \"EUR\"\n\
[[cost.prices]]\n\
cpu_second = \"0.5\"\n\
controller_minute = \"6\"\n\
host_minute = \"0.6\"\n\
host_minute_by_group = { db = \"60\" }\n\
[[cost.prices]]\n\
from = \"2026-01-21\"\n\
controller_minute = \"12\"\n";

/// A run of about a minute on these hosts.
fn run_on(at_us: i64, hosts: &[&str], cpu_seconds: Option<f64>) -> Run {
    let started = json!({ "type": "playbook", "playbook": "/srv/site.yml", "user": "ann", "labels": ["nightly"] });
    let mut run = Run::starting(at_us, started).play("web").task("build");
    for host in hosts {
        let groups = if host.starts_with("db") {
            vec!["all", "db"]
        } else {
            vec!["all"]
        };
        let data = json!({ "task": 1, "host": host, "groups": groups });
        run = run.event("host_started", data).ok(host);
    }
    if let Some(seconds) = cpu_seconds {
        let data = json!({ "user_s": seconds, "system_s": 0.5, "peak_bytes": 1 });
        run = run.event("usage", data);
    }
    let recap: Vec<(&str, [u64; 5])> = hosts.iter().map(|host| (*host, [1, 0, 0, 0, 0])).collect();
    run.after(59.5).recap(&recap).ended(0)
}

/// An amount in millionths.
fn millionths(amount: &Value) -> i64 {
    let amount: f64 = amount.as_str().unwrap().parse().unwrap();
    (amount * 1e6).round() as i64
}

fn record(client: &Client, run: &Run) -> Value {
    client.execution(run.id, "").ok()
}

#[test]
pub(crate) fn every_answer_tells_the_same_cost() {
    let collector = Setup::default().config(PRICES).start();
    let client = collector.client();
    let runs = [
        run_on(TEN, &["web-1", "db-1"], Some(2.0)),
        run_on(TEN + 1_000_000, &["web-1"], Some(1.0)),
        run_on(TEN + 2_000_000, &["web-1"], None),
        run_on(TEN + DAY, &["web-1", "db-1"], None),
    ];
    for run in &runs {
        run.deliver(&client);
    }
    let records: Vec<Value> = runs.iter().map(|run| record(&client, run)).collect();
    let cost = |record: &Value| record["cost"].clone();
    let seconds = |record: &Value| record["duration"].as_f64().unwrap();
    // A host of the group costs 1 a second, any other 0.01, the controller 0.1, the CPU 0.5.
    let first = cost(&records[0]);
    assert_eq!(
        (&first["currency"], &first["cpu"]),
        (&json!("EUR"), &json!("1.25"))
    );
    let expected = 1.25 + seconds(&records[0]) * (0.1 + 1.0 + 0.01);
    assert_eq!(
        millionths(&first["total"]),
        (expected * 1e6).round() as i64,
        "{first}"
    );
    // Of the third, nobody knows the CPU time: it is not nothing.
    let third = cost(&records[2]);
    assert_eq!(
        (&third["unknown"], third.get("total"), third.get("cpu")),
        (&json!(["usage"]), None, None)
    );
    assert!(third["hosts"].is_string(), "{third}");
    // The fourth has the prices of its day.
    let fourth = cost(&records[3]);
    assert_eq!(fourth["total"], fourth["controller"], "{fourth}");
    assert_eq!(
        millionths(&fourth["total"]),
        (seconds(&records[3]) * 0.2 * 1e6).round() as i64
    );

    let list = client.api("/executions?fields=id,cost&order=asc").ok();
    for (entry, record) in list["executions"].as_array().unwrap().iter().zip(&records) {
        assert_eq!(
            (&entry["id"], &entry["cost"]),
            (&record["id"], &record["cost"])
        );
    }

    // Statistics have the sum of all parts that are known.
    let whole: i64 = records
        .iter()
        .flat_map(|record| {
            ["cpu", "controller", "hosts"].map(|part| record["cost"].get(part).cloned())
        })
        .flatten()
        .map(|part| millionths(&part))
        .sum();
    let answer = client
        .api("/executions/stats?from=2026-01-19&to=2026-01-22&by=label")
        .ok();
    let near = |cost: &Value, expected: i64| {
        // Each part was rounded once.
        assert!(
            (millionths(&cost["total"]) - expected).abs() <= 5,
            "{cost}: {expected}"
        );
    };
    near(&answer["cost"], whole);
    assert_eq!(
        (&answer["cost"]["runs"], &answer["cost"]["unknown_runs"]),
        (&json!(4), &json!(1))
    );
    near(&answer["groups"][0]["cost"], whole);
    near(&answer["playbooks"][0]["cost"], whole);
    let days: i64 = answer["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| millionths(&one["cost"]["total"]))
        .sum();
    assert!((days - whole).abs() <= 20, "{days}: {whole}");
    // A host costs its own time, whether it is listed or asked for.
    let by_host = client
        .api("/executions/stats?from=2026-01-19&to=2026-01-22&by=host")
        .ok();
    let db = by_host["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["name"] == "db-1")
        .unwrap();
    assert_eq!(
        millionths(&db["cost"]["total"]),
        (seconds(&records[0]) * 1e6).round() as i64
    );
    let only = client
        .api("/executions/stats?from=2026-01-19&to=2026-01-22&host=db-1")
        .ok();
    assert_eq!(only["cost"]["total"], db["cost"]["total"]);

    let trends = client.api("/trends").ok();
    near(&trends["playbooks"][0]["cost"], whole);
    let export = client.api("/export?format=csv&columns=id,cost,currency&order=asc");
    assert_eq!(export.status, 200);
    for (row, record) in export.text.lines().skip(1).zip(&records) {
        let total = record["cost"]["total"].as_str().unwrap_or_default();
        assert_eq!(
            row,
            format!("{},{total},EUR", record["id"].as_str().unwrap())
        );
    }
}

#[test]
pub(crate) fn without_prices_nothing_has_a_cost() {
    let collector = Collector::start();
    let client = collector.client();
    let run = run_on(TEN, &["web-1"], Some(1.0));
    run.deliver(&client);
    assert_eq!(record(&client, &run).get("cost"), None);
    let answer = client
        .api("/executions/stats?from=2026-01-19&to=2026-01-22")
        .ok();
    assert_eq!(answer.get("cost"), None);
    assert_eq!(client.api("/budgets").ok(), json!({ "budgets": [] }));
}

#[test]
pub(crate) fn a_budget_says_what_is_left() {
    let config = format!(
        "{PRICES}[[cost.budgets]]\nname = \"nightly\"\nperiod = \"month\"\namount = \"24\"\nquery = \"label:nightly\"\n\
         [[cost.budgets]]\nname = \"other\"\nperiod = \"day\"\namount = \"1\"\nquery = \"label:other\"\n"
    );
    let collector = Setup::default().config(&config).start();
    let client = collector.client();
    let budgets = || client.api("/budgets").ok()["budgets"].clone();
    assert_eq!(
        (&budgets()[0]["left"], &budgets()[0]["percent"]),
        (&json!("24.00"), &json!(0))
    );
    // Nearly a minute at 12.
    let run = run_on(Clock::system().now_us() - 61_000_000, &["web-1"], None);
    run.deliver(&client);
    let record = record(&client, &run);
    let (nightly, other) = (budgets()[0].clone(), budgets()[1].clone());
    let is_this_month = nightly["spent"]["runs"] == json!(1);
    if is_this_month {
        assert_eq!(nightly["spent"]["total"], record["cost"]["total"]);
        assert_eq!(
            (&nightly["percent"], &nightly["is_exceeded"]),
            (&json!(49), &json!(false))
        );
    }
    assert_eq!(
        (&other["spent"]["total"], &other["spent"]["runs"]),
        (&json!("0.00"), &json!(0))
    );
}

#[test]
fn prices_that_make_no_sense_are_named_at_the_start() {
    for (config, says) in [
        (
            "[[cost.prices]]\ncpu_second = \"1\"\n",
            "cost.currency is missing",
        ),
        (
            "[cost]\ncurrency = \"EUR\"\n[[cost.prices]]\ncpu_second = \"1,5\"\n",
            "cost.prices.cpu_second = \"1,5\"",
        ),
        (
            "[cost]\ncurrency = \"EUR\"\n[[cost.prices]]\ncpu_second = 0.5\n",
            "in quotation marks",
        ),
        (
            "[reports]\nkeep_days = 0\n",
            "reports.keep_days must be at least 1",
        ),
        (
            "[reports]\nfolder = \"here\"\n",
            "it must be an absolute path",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("collector.toml");
        std::fs::write(&file, config).unwrap();
        let done = std::process::Command::new(crate::harness::PLAYBACK)
            .args(["serve", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(
            !done.status.success() && said.contains(says),
            "{config}: {said}"
        );
    }
}
