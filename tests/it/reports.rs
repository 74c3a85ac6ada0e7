//! Reports: what they say of a period, beside counting run by run; and those that a schedule makes.

use std::collections::{BTreeMap, BTreeSet};

use playback::clock::Clock;
use playback::store::dialect::Engine;
use serde_json::{Value, json};

use crate::builders::{Run, TEN};
use crate::harness::{API, Answer, Client, Collector, Setup, eventually};
use crate::notify::mail::MailServer;
use crate::notify::receiver::{Receiver, Reply};
use crate::{notify, servers};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// The period of the report is the week before this time, 2026-01-27T10:00:00Z.
const END: i64 = TEN + 7 * DAY;

/// A run on some hosts, of which the first fails with this message, if there is one.
fn run_of(at_us: i64, playbook: &str, hosts: &[&str], error: Option<&str>) -> Run {
    let started = json!({
        "type": "playbook", "playbook": format!("/srv/{playbook}"), "inventory": "prod", "labels": ["nightly"],
    });
    let mut run = Run::starting(at_us, started).play("web").task("build");
    let mut recap: Vec<(&str, [u64; 5])> = Vec::new();
    for (at, host) in hosts.iter().enumerate() {
        match error.filter(|_| at == 0) {
            Some(message) => {
                run = run.result(
                    host,
                    "failed",
                    json!({ "content": { "msg": message, "failed": true } }),
                );
                recap.push((host, [0, 0, 0, 1, 0]));
            }
            None => {
                run = run.changed(host);
                recap.push((host, [1, 1, 0, 0, 0]));
            }
        }
    }
    run.after(30.0)
        .recap(&recap)
        .ended(if error.is_some() { 2 } else { 0 })
}

/// Runs of the period, of the one before it, and of earlier times.
fn history() -> Vec<Run> {
    let old = "cannot reach the mirror";
    let new = "no space left on device";
    let mut runs = Vec::new();
    for day in 0..7 {
        let at = TEN + day * DAY + HOUR;
        runs.push(run_of(
            at,
            "site.yml",
            &["web-1", "web-2"],
            (day % 3 == 0).then_some(old),
        ));
        runs.push(run_of(
            at - 7 * DAY,
            "site.yml",
            &["web-1", "gone-1"],
            (day == 1).then_some(old),
        ));
    }
    runs.push(run_of(
        TEN + 2 * DAY,
        "fresh.yml",
        &["web-1", "born-1"],
        Some(new),
    ));
    runs.push(run_of(
        TEN + 2 * DAY + HOUR,
        "fresh.yml",
        &["web-1"],
        Some(new),
    ));
    // At both ends: the first microsecond counts, and the one after the last does not.
    runs.push(run_of(TEN, "edge.yml", &["web-1"], None));
    runs.push(run_of(END, "after.yml", &["web-1"], None));
    runs.push(run_of(TEN - 20 * DAY, "site.yml", &["web-2"], Some(old)));
    runs
}

fn preview(client: &Client, parameters: &str) -> Value {
    client
        .api(&format!(
            "/reports/preview?to=2026-01-27T09:59:59.999999Z{parameters}"
        ))
        .ok()
}

/// Runs that started in a time range, read one by one.
fn listed(client: &Client, from_us: i64, end_us: i64) -> Vec<Value> {
    let all = client.api("/executions?limit=1000").ok();
    let started = |run: &Value| {
        let time: chrono::DateTime<chrono::Utc> =
            run["start_time"].as_str().unwrap().parse().unwrap();
        time.timestamp_micros()
    };
    let runs = all["executions"].as_array().unwrap().iter();
    runs.filter(|run| (from_us..end_us).contains(&started(run)))
        .cloned()
        .collect()
}

fn hosts_of(runs: &[Value]) -> BTreeSet<String> {
    let hosts = runs
        .iter()
        .flat_map(|run| run["stats"].as_object().unwrap().keys().cloned());
    hosts.collect()
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one[field].as_str().unwrap().to_owned())
        .collect()
}

#[test]
pub(crate) fn a_report_says_what_counting_run_by_run_says() {
    let collector = Collector::start();
    let client = collector.client();
    for run in history() {
        run.deliver(&client);
    }
    let report = preview(&client, "&period=week");
    let (now, before) = (
        listed(&client, TEN, END),
        listed(&client, TEN - 7 * DAY, TEN),
    );
    assert_eq!((now.len(), before.len()), (10, 7));
    let failed = |runs: &[Value]| runs.iter().filter(|run| run["status"] == "failed").count();
    for (runs, told) in [(&now, &report["runs"]), (&before, &report["runs_before"])] {
        assert_eq!(
            (&told["total"], &told["failed"]),
            (&json!(runs.len()), &json!(failed(runs)))
        );
        assert_eq!(told["hosts"], json!(hosts_of(runs).len()));
        let changed = runs.iter().filter(|run| run["changed"] == true).count();
        assert_eq!(told["changed"], json!(changed));
    }
    assert_eq!(
        (&report["from"], &report["to"]),
        (
            &json!("2026-01-20T10:00:00Z"),
            &json!("2026-01-27T10:00:00Z")
        )
    );
    assert_eq!(
        report["reasons"],
        json!([{ "reason": "task_failed", "runs": 5, "runs_before": 1 }])
    );
    // Playbooks.
    let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for run in &now {
        let (total, bad) = expected
            .entry(run["playbook"].as_str().unwrap().to_owned())
            .or_default();
        *total += 1;
        *bad += u64::from(run["status"] == "failed");
    }
    let told: BTreeMap<String, (u64, u64)> = report["playbooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let count = |field: &str| one[field].as_u64().unwrap();
            (
                one["playbook"].as_str().unwrap().to_owned(),
                (count("total"), count("failed")),
            )
        })
        .collect();
    assert_eq!(told, expected);
    // What is new, and what is missing.
    assert_eq!(
        report["new"]["playbooks"],
        json!(["/srv/edge.yml", "/srv/fresh.yml"])
    );
    assert_eq!(report["new"]["hosts"], json!(["born-1"]));
    let missing = hosts_of(&before)
        .difference(&hosts_of(&now))
        .cloned()
        .collect::<Vec<_>>();
    assert_eq!(names(&report["missing_hosts"], "host"), missing);
    assert!(
        report["missing_hosts"][0]["last"]["id"].is_string(),
        "{report}"
    );
    // Errors: each with its runs, and since when there is such an error at all.
    assert_eq!(
        (&report["errors_total"], &report["errors_new"]),
        (&json!(2), &json!(1))
    );
    let [old, new] = report["errors"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!(
        (&old["runs"], &old["runs_before"], &old["is_new"]),
        (&json!(3), &json!(1), &json!(false))
    );
    assert_eq!(old["first"]["start_time"], "2025-12-31T10:00:00Z");
    assert!(
        old["message"]
            .as_str()
            .unwrap()
            .contains("cannot reach the mirror"),
        "{old}"
    );
    assert_eq!(
        (&old["task"], &old["host"]),
        (&json!("build"), &json!("web-1"))
    );
    assert_eq!(
        (&new["runs"], &new["runs_before"], &new["is_new"]),
        (&json!(2), &json!(0), &json!(true))
    );
    assert_eq!(report["failed_hosts"][0]["failed_runs"], json!(5));

    // A filter, in either form, and times instead of a period.
    let only = preview(&client, "&playbook=fresh.yml&from=2026-01-20T10:00:00Z");
    assert_eq!(
        (&only["runs"]["total"], &only["errors_total"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(only["period"], Value::Null);
    let same = preview(&client, "&from=2026-01-20T10:00:00Z&q=playbook:fresh.yml");
    assert_eq!(same["runs"], only["runs"]);
    let not = preview(&client, "&period=week&q=NOT%20playbook:fresh.yml");
    assert_eq!(not["runs"]["total"], json!(8));
    assert_eq!(not["remarks"], Value::Null);
    // Roll-ups do not join hosts and playbooks.
    let not = "&period=week&q=NOT%20(playbook:fresh.yml%20OR%20host:nothing)";
    let not = preview(&client, not);
    assert_eq!(not["runs"]["total"], json!(8));
    assert!(
        not["remarks"][0].as_str().unwrap().contains("deleted"),
        "{not}"
    );
    for (parameters, says) in [
        ("?period=year", "day, week or month"),
        ("?zone=Mars", "there is no time zone"),
        ("?period=day&from=2026-01-20", "give one of them"),
        ("?q=stauts:failed", "q: column 1"),
        ("?format=pdf", "format"),
    ] {
        let told = client
            .api(&format!("/reports/preview{parameters}"))
            .error(400, "bad_request");
        assert!(told.contains(says), "{told}");
    }
}

#[test]
pub(crate) fn an_empty_period_says_so_in_every_format() {
    let collector = Collector::start();
    let client = collector.client();
    run_of(TEN - HOUR, "site.yml", &["web-1"], None).deliver(&client);
    let report = preview(&client, "&period=day");
    assert_eq!(
        (&report["is_empty"], &report["runs"]["total"]),
        (&json!(true), &json!(0))
    );
    for (format, kind) in [
        ("html", "text/html"),
        ("markdown", "text/markdown"),
        ("text", "text/plain"),
    ] {
        let path = format!("/reports/preview?period=day&to=2026-02-01&format={format}");
        let answer = client.api(&path);
        assert!(answer.header("content-type").starts_with(kind), "{format}");
        assert!(
            answer.text.contains("No run started in this period."),
            "{}",
            answer.text
        );
    }
    let csv = client
        .api("/reports/preview?period=day&to=2026-02-01&format=csv")
        .text;
    assert!(csv.contains("\r\nruns,,total,0,0\r\n"), "{csv}");
}

/// Saves a schedule that is due every second.
fn schedule(client: &Client, name: &str, more: Value) -> Value {
    let mut settings =
        json!({ "cron": "* * * * * *", "period": "day", "formats": ["html", "json"] });
    settings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let body = settings.to_string();
    let answer = client.send(
        "PUT",
        &format!("{API}/report-schedules/{name}"),
        &[],
        body.as_bytes(),
    );
    answer.ok()
}

fn made(client: &Client, name: &str) -> Vec<Value> {
    let list = client
        .api(&format!("/reports?schedule={name}&limit=1000"))
        .ok();
    list["reports"].as_array().unwrap().clone()
}

#[test]
pub(crate) fn a_schedule_makes_each_report_once_also_when_the_collector_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[reports]\nfolder = {:?}\n",
        folder.path().display().to_string()
    );
    let mut collector = Setup::default().config(&config).start();
    let client = collector.client();
    run_of(
        Clock::system().now_us() - HOUR,
        "site.yml",
        &["web-1"],
        None,
    )
    .deliver(&client);
    let saved = schedule(
        &client,
        "often",
        json!({ "destinations": [{ "type": "folder", "name": "ops" }] }),
    );
    assert_eq!(
        (&saved["zone"], saved["next"].as_array().unwrap().len()),
        (&json!("UTC"), 3)
    );
    for count in [2, 4, 6] {
        eventually("a report", || {
            (made(&client, "often").len() >= count).then_some(())
        });
        collector.kill_and_restart();
    }
    // Without a schedule nothing more is made.
    let gone = client.send("DELETE", &format!("{API}/report-schedules/often"), &[], b"");
    assert_eq!(gone.status, 204);
    let delivered = |report: &Value| report["deliveries"][0]["state"] == "delivered";
    let reports = eventually("deliveries", || {
        let reports = made(&client, "often");
        reports.iter().all(delivered).then_some(reports)
    });
    let due: BTreeSet<String> = reports
        .iter()
        .map(|report| report["due"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(due.len(), reports.len(), "each time once");
    for report in &reports {
        assert_eq!(
            (&report["runs"], &report["failed"]),
            (&json!(1), &json!(0)),
            "{report}"
        );
        let id = report["id"].as_str().unwrap();
        let html = client.api(&format!("/reports/{id}/document"));
        assert!(html.text.starts_with("<!DOCTYPE html>"), "{}", html.text);
        let shown = client
            .api(&format!("/reports/{id}/document?format=json"))
            .ok();
        assert_eq!(
            (&shown["to"], &shown["schedule"]),
            (&report["due"], &json!("often"))
        );
    }
    let files = std::fs::read_dir(folder.path().join("ops")).unwrap();
    let files: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        files
            .iter()
            .any(|file| file.starts_with("often-") && file.ends_with(".html")),
        "{files:?}"
    );
    assert!(files.iter().all(|file| !file.starts_with('.')), "{files:?}");

    // The trail has all of it.
    let trail = client
        .api("/audit?object=report_schedule:often&limit=1000")
        .ok();
    let count = |action: &str| {
        let entries = trail["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["action"] == action).count()
    };
    assert_eq!(
        (
            count("save_report_schedule"),
            count("delete_report_schedule")
        ),
        (1, 1)
    );
    assert_eq!(count("make_report"), reports.len());
}

/// Sets a target of notifications, which gets no run told.
fn target(client: &Client, name: &str, settings: &Value) {
    let path = format!("{API}/notifications/targets/{name}");
    let answer = client.send("PUT", &path, &[], settings.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[test]
pub(crate) fn a_report_goes_to_targets_and_shows_nothing_that_was_redacted_later() {
    let collector = notify::collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    receiver.reply(Reply::Status(500));
    target(
        &client,
        "ops",
        &json!({ "kind": "webhook", "url": receiver.url() }),
    );
    let server = MailServer::start();
    target(&client, "team", &server.settings());
    let secret = "the password is hunter22hunter22";
    let run = run_of(
        Clock::system().now_us() - HOUR,
        "site.yml",
        &["web-1"],
        Some(secret),
    );
    run.deliver(&client);
    let to = json!([{ "type": "target", "name": "ops" }, { "type": "target", "name": "team" }]);
    schedule(
        &client,
        "often",
        json!({ "destinations": to, "formats": ["html", "csv", "markdown"] }),
    );
    // The webhook answers 500 at first: what it is sent again is made again.
    let first = receiver.await_requests(1)[0].json();
    assert_eq!(first["type"], "report");
    let report = &first["data"]["report"];
    assert_eq!(
        (&report["schedule"], &report["content"]["runs"]["failed"]),
        (&json!("often"), &json!(1))
    );
    assert_eq!(
        names(&report["documents"], "format"),
        ["html", "csv", "markdown"]
    );
    assert!(first.to_string().contains("hunter22"), "{first}");
    let mail = eventually("a mail", || {
        let mut taken = server.taken().into_iter();
        taken.find(|mail| mail.text.contains("Ansible: the day"))
    });
    for part in [
        "multipart/mixed",
        "multipart/alternative",
        "text/csv",
        ".md\"",
        "Subject: [Playback] Ansible: the day: 1 run, 1 failed",
    ] {
        assert!(mail.text.contains(part), "{part}: {}", mail.text);
    }
    let gone = client.send("DELETE", &format!("{API}/report-schedules/often"), &[], b"");
    assert_eq!(gone.status, 204);

    let redacted = client.send(
        "POST",
        &format!("{API}/executions/{}/redact", run.id),
        &[],
        json!({ "texts": ["hunter22hunter22"] })
            .to_string()
            .as_bytes(),
    );
    assert!(redacted.status < 300, "{redacted:?}");
    let before = receiver.received().len();
    receiver.reply(Reply::Status(204));
    let reports = eventually("deliveries", || {
        let reports = made(&client, "often");
        let mut deliveries = reports
            .iter()
            .flat_map(|report| report["deliveries"].as_array().unwrap());
        let is_over = deliveries.all(|one| one["state"] == "delivered");
        is_over.then_some(reports)
    });
    // What is on its way while the run is redacted is not judged.
    let received = receiver.received();
    for request in received.iter().skip(before + 1) {
        assert!(!request.body.contains("hunter22hunter22"), "{request:?}");
    }
    for report in &reports {
        let id = report["id"].as_str().unwrap();
        for format in ["json", "html", "csv", "markdown", "text"] {
            let shown = client.api(&format!("/reports/{id}/document?format={format}"));
            assert_eq!(shown.status, 200, "{shown:?}");
            assert!(!shown.text.contains("hunter22"), "{}", shown.text);
        }
        let delivery = report["deliveries"][0]["id"].as_str().unwrap();
        let log = client.api(&format!("/notifications/deliveries/{delivery}"));
        assert!(!log.text.contains("hunter22"), "{}", log.text);
        assert_eq!(log.ok()["delivery"]["report"], report["id"]);
    }
    // A deleted run is not counted any more, and its report still opens.
    let deleted = client.send("DELETE", &format!("{API}/executions/{}", run.id), &[], b"");
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let id = reports[0]["id"].as_str().unwrap();
    assert_eq!(reports[0]["failed"], 1);
    let shown = client
        .api(&format!("/reports/{id}/document?format=json"))
        .ok();
    assert_eq!(shown["errors_total"], 0, "{shown}");
}

#[test]
pub(crate) fn a_budget_that_is_spent_is_told_once() {
    let collector = notify::collector(
        "[cost]\ncurrency = \"EUR\"\n[[cost.prices]]\ncontroller_minute = \"6\"\n\
         [[cost.budgets]]\nname = \"prod\"\nperiod = \"month\"\namount = \"5\"\nquery = \"label:nightly\"\n\
         [[cost.budgets]]\nname = \"other\"\nperiod = \"month\"\namount = \"5\"\nquery = \"label:other\"\n",
    );
    let client = collector.client();
    let receiver = Receiver::start();
    let rule = json!({ "on": ["budget"], "budgets": ["prodd"] });
    let settings =
        |rules: Value| json!({ "kind": "webhook", "url": receiver.url(), "rules": rules });
    let path = format!("{API}/notifications/targets/ops");
    let refused = client.send(
        "PUT",
        &path,
        &[],
        settings(json!([rule])).to_string().as_bytes(),
    );
    let told = refused.error(400, "bad_request");
    assert!(told.contains("\"prodd\""), "{told}");
    let rules = json!([{ "on": ["budget"], "budget_percent": 60 }, { "on": ["budget"] }]);
    target(&client, "ops", &settings(rules));
    // Half a minute: 3 EUR of 5.
    let now = Clock::system().now_us();
    run_of(now, "site.yml", &["web-1"], None).deliver(&client);
    let early = receiver.await_requests(1)[0].json();
    assert_eq!(early["type"], "budget.spent");
    assert_eq!(
        (
            &early["data"]["budget"]["name"],
            &early["data"]["budget"]["percent"]
        ),
        (&json!("prod"), &json!(60))
    );
    assert_eq!(
        early["data"]["title"],
        "Budget prod: 60 % of the month are spent"
    );
    run_of(now, "site.yml", &["web-1"], None).deliver(&client);
    let over = receiver.await_requests(2)[1].json();
    assert_eq!(
        over["data"]["title"],
        "Budget prod is exceeded for this month"
    );
    // More is spent, and nothing more is told: what a run's end tells comes later than that would.
    target(
        &client,
        "runs",
        &json!({ "kind": "webhook", "url": receiver.url(), "rules": [{ "on": ["finished"] }] }),
    );
    for count in 3..6 {
        run_of(Clock::system().now_us(), "site.yml", &["web-1"], None).deliver(&client);
        let received = receiver.await_requests(count);
        assert_eq!(received[count - 1].json()["type"], "run.finished");
    }
}

#[test]
fn of_two_collectors_one_makes_each_report_and_the_other_goes_on() {
    let unused = tempfile::tempdir().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[reports]\nfolder = {:?}\n",
        folder.path().display().to_string()
    );
    let mut both = [(); 2].map(|()| {
        let setup = Setup::default().database(database.clone());
        setup.config(&config).start()
    });
    let clients = both.each_ref().map(Collector::client);
    schedule(&clients[0], "often", json!({ "formats": ["text"] }));
    eventually("a report", || {
        (made(&clients[1], "often").len() >= 2).then_some(())
    });
    // Whichever of them makes the reports: the other one takes over when its lease is over.
    both[0].kill();
    let before = made(&clients[1], "often").len();
    let reports = eventually("further reports", || {
        let reports = made(&clients[1], "often");
        (reports.len() > before + 1).then_some(reports)
    });
    let due: BTreeSet<&str> = reports
        .iter()
        .map(|report| report["due"].as_str().unwrap())
        .collect();
    assert_eq!(due.len(), reports.len(), "each time once");
}

#[test]
pub(crate) fn settings_that_make_no_sense_are_refused() {
    let collector = Collector::start();
    let client = collector.client();
    let put = |name: &str, settings: Value| {
        let body = settings.to_string();
        client.send(
            "PUT",
            &format!("{API}/report-schedules/{name}"),
            &[],
            body.as_bytes(),
        )
    };
    let good = json!({ "cron": "0 7 * * mon", "zone": "Europe/Berlin", "period": "week" });
    let with = |field: &str, value: Value| {
        let mut settings = good.clone();
        settings[field] = value;
        settings
    };
    for (settings, says) in [
        (with("cron", json!("0 7 * *")), "cron:"),
        (with("cron", json!("0 0 30 2 *")), "never comes"),
        (with("zone", json!("Europe/Berln")), "zone:"),
        (with("period", json!("year")), "day, week or month"),
        (with("query", json!("stauts:failed")), "column 1"),
        (with("formats", json!([])), "formats"),
        (with("formats", json!(["html", "html"])), "twice"),
        (
            with("destinations", json!([{ "type": "folder", "name": "ops" }])),
            "[reports]",
        ),
        (
            with("destinations", json!([{ "type": "target", "name": "ops" }])),
            "no target named",
        ),
        (
            with("destinations", json!([{ "type": "pigeon" }])),
            "folder",
        ),
        (with("colour", json!("red")), "colour"),
    ] {
        let told = put("weekly", settings.clone()).error(400, "bad_request");
        assert!(told.contains(says), "{settings}: {told}");
    }
    put("a%2Fb", good.clone()).error(400, "bad_request");
    let reader = collector.client_with(Some(&collector.create_token(&["read"])));
    let body = good.to_string();
    let refused = reader.send(
        "PUT",
        &format!("{API}/report-schedules/weekly"),
        &[],
        body.as_bytes(),
    );
    refused.error(403, "forbidden");
    assert_eq!(
        reader.api("/report-schedules").ok(),
        json!({ "schedules": [] })
    );
    let saved = put("weekly", good).ok();
    assert_eq!(saved["formats"], json!(["html"]));
    assert!(
        saved["changed_by"].as_str().unwrap().starts_with("token:"),
        "{saved}"
    );
    // Seven in Berlin is six or five in UTC, on a Monday.
    let next: chrono::DateTime<chrono::Utc> = saved["next"][0].as_str().unwrap().parse().unwrap();
    let text = next.format("%a %H:%M").to_string();
    assert!(
        ["Mon 06:00", "Mon 05:00"].contains(&text.as_str()),
        "{text}"
    );
    client
        .send("DELETE", &format!("{API}/report-schedules/other"), &[], b"")
        .error(404, "not_found");
}

#[test]
fn a_change_of_a_schedule_does_not_bring_back_one_that_was_deleted() {
    let collector = Collector::start();
    let client = collector.client();
    let path = format!("{API}/report-schedules/weekly");
    let put = |headers: &[(&str, &str)]| {
        let body = json!({ "cron": "0 7 * * mon", "period": "week" }).to_string();
        client.send("PUT", &path, headers, body.as_bytes())
    };
    let is_missing = |answer: Answer| {
        let message = answer.error(412, "precondition_failed");
        assert!(message.contains("named \"weekly\" to change"), "{message}");
    };
    let (new, change) = ([("if-none-match", "*")], [("if-match", "*")]);
    is_missing(put(&change));
    put(&new).ok();
    put(&new).error(412, "precondition_failed");
    put(&change).ok();
    assert_eq!(client.send("DELETE", &path, &[], b"").status, 204);
    is_missing(put(&change));
    assert_eq!(
        client.api("/report-schedules").ok(),
        json!({ "schedules": [] })
    );
}
