//! `list` and `show`.

use serde_json::{Value, json};

use super::{run, start};
use crate::builders::{Run, TEN, good_run};
use crate::harness::{Client, Collector};

/// A run that fails on one of three hosts, with a message that has a newline and a control sequence.
fn failed_run() -> Run {
    let message = json!({ "content": { "msg": "no space\nleft\u{1b}[2J", "rc": 28 } });
    let started = json!({
        "type": "playbook", "playbook": "plays/db.yml", "user": "ann", "controller": "ctl",
        "labels": ["nightly"], "argv": ["ansible-playbook", "plays/db.yml"],
    });
    Run::starting(TEN + 3_600_000_000, started)
        .play("db")
        .task("grow the disk")
        .result("db-01", "failed", message)
        .unreachable("db-02")
        .changed("db-03")
        .output("fatal: [db-01]: FAILED!\n")
        .errors("a line \u{1b}[31min red\u{1b}[0m\nand one without an end")
        .recap(&[
            ("db-01", [0, 0, 0, 1, 0]),
            ("db-02", [0, 0, 1, 0, 0]),
            ("db-03", [1, 1, 0, 0, 0]),
        ])
        .after(125.0)
        .ended(2)
}

fn adhoc_run() -> Run {
    let started = json!({ "type": "adhoc", "module": "ping", "hosts": "web", "user": "bob" });
    Run::starting(TEN + 7_200_000_000, started).play("Ansible Ad-Hoc")
}

/// A successful run, a failed one and a running one, an hour apart.
fn three_runs(client: &Client) -> [Run; 3] {
    let runs = [good_run(), failed_run(), adhoc_run()];
    for run in &runs {
        run.deliver(client);
    }
    runs
}

fn ids(list: &Value) -> Vec<&str> {
    let entries = list["executions"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["id"].as_str().unwrap())
        .collect()
}

#[test]
fn runs_are_listed_and_exported_by_what_their_lines_say() {
    let collector = Collector::start();
    let [_, failed, _] = three_runs(&collector.client()).map(|run| run.id.to_string());
    let found = |arguments: &[&str]| {
        let listed = run(&collector, &[&["list", "--json"], arguments].concat());
        let listed: Value = serde_json::from_str(listed.ok()).unwrap();
        let exported = run(
            &collector,
            &[&["export", "--columns", "id"], arguments].concat(),
        );
        let exported: Vec<Value> = exported
            .ok()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let exported: Vec<&str> = exported
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect();
        assert_eq!(exported, ids(&listed));
        exported
            .iter()
            .map(|id| (*id).to_owned())
            .collect::<Vec<_>>()
    };
    let by_line = "status:failed host:db-* since:2026-01-20 task:\"grow the disk\" \"no space\"";
    for arguments in [
        &[by_line][..],
        &["/^a line in red/", "--user", "ann", "--user", "nobody"],
        &["--host", "db-01", "--host", "db-03", "task:grow*"],
    ] {
        assert_eq!(found(arguments), [failed.as_str()], "{arguments:?}");
    }
    assert!(found(&["--host", "db-02", "task:grow* left"]).is_empty());

    let none = run(&collector, &["list", "task:nothing"]);
    assert_eq!((none.code, none.stderr.as_str()), (0, "no executions\n"));
    let told = run(&collector, &["list", "--sort", "duration", "task:x"]);
    assert!(
        told.stderr
            .contains("sort = \"duration\": it is not possible"),
        "{told:?}"
    );
    let told = run(&collector, &["stats", "a task:x"]);
    assert_eq!(told.code, 2);
    assert!(
        told.stderr.contains("`task` is a field of lines"),
        "{told:?}"
    );
}

#[test]
fn a_list_is_a_table_for_people_and_json_for_scripts() {
    let collector = Collector::start();
    let empty = run(&collector, &["list"]);
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert_eq!(empty.stderr, "no executions\n");
    let empty = run(&collector, &["list", "--json"]);
    assert_eq!(empty.ok(), "{\"executions\":[]}\n");

    let [good, failed, adhoc] = three_runs(&collector.client()).map(|run| run.id.to_string());
    let listed = run(&collector, &["list"]);
    let table = listed.ok();
    assert!(
        !table.contains('\x1b'),
        "colours are for terminals: {table:?}"
    );
    let rows = listed.rows();
    let head = [
        "ID", "STATUS", "STARTED", "DURATION", "WHAT", "HOSTS", "USER",
    ];
    assert_eq!(rows[0], head);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1][1..4], ["running", "2026-01-20", "12:00:00"]);
    assert!(
        rows[1].join(" ").ends_with("so far ad-hoc ping on web bob"),
        "{table}"
    );
    let row = "failed (task_failed) 2026-01-20 11:00:00 2m 05s plays/db.yml 1 failed, 1 unreachable, \
               1 changed ann";
    assert_eq!(rows[2][1..].join(" "), row);
    assert_eq!(
        rows[3][1..].join(" "),
        "success 2026-01-20 10:00:00 0.0s site.yml 1 changed"
    );
    // The ids are shortened, and still name one execution each.
    for (row, id) in rows[1..].iter().zip([&adhoc, &failed, &good]) {
        assert_eq!(row[0], &id[30..], "six digits of its end");
        assert_eq!(
            run(&collector, &["show", row[0], "--json"]).json()["id"],
            **id
        );
    }

    let listed = run(&collector, &["list", "--json"]);
    let from_api = collector.client().api("/executions").ok();
    assert_eq!(
        ids(&listed.json()),
        [&adhoc, &failed, &good].map(String::as_str)
    );
    assert_eq!(listed.json(), from_api, "as the API says it");
}

#[test]
fn a_list_is_narrowed_by_every_filter() {
    let collector = Collector::start();
    let [good, failed, adhoc] = three_runs(&collector.client()).map(|run| run.id.to_string());
    let listed = |arguments: &str| {
        let arguments = ["list", "--json"].into_iter().chain(arguments.split(' '));
        let ran = run(&collector, &arguments.collect::<Vec<_>>());
        ran.ok();
        let list = ran.json();
        let name = |id: &&str| match *id {
            id if id == good => "good",
            id if id == failed => "failed",
            id if id == adhoc => "adhoc",
            other => panic!("{other}"),
        };
        ids(&list).iter().map(name).collect::<Vec<_>>()
    };
    let (end, other) = (&failed[30..], &good[28..]);
    for (arguments, expected) in [
        (format!("--id {end}").as_str(), vec!["failed"]),
        (&format!("--id {failed}"), vec!["failed"]),
        (&format!("--id {end} --id {other}"), vec!["failed", "good"]),
        (&format!("--id {end} --user bob"), vec![]),
        (&format!("NOT id:{end}"), vec!["adhoc", "good"]),
        ("--status failed", vec!["failed"]),
        ("--type adhoc", vec!["adhoc"]),
        ("--playbook db.yml", vec!["failed"]),
        ("--inventory elsewhere", vec![]),
        ("--host web-01", vec!["good"]),
        ("--user bob", vec!["adhoc"]),
        ("--controller ctl", vec!["failed"]),
        ("--label nightly", vec!["failed"]),
        ("--changed", vec!["failed", "good"]),
        ("--changed=false", vec!["adhoc"]),
        ("--host db-03 --changed", vec!["failed"]),
        ("--host db-01 --changed", vec![]),
        ("--host db-01 --changed=false", vec!["failed"]),
        ("--reason task_failed", vec!["failed"]),
        ("--status failed,running", vec!["adhoc", "failed"]),
        ("--status failed --status success", vec!["failed", "good"]),
        ("--host web-01 --host db-01", vec!["failed", "good"]),
        ("--host web-01 --host db-01 --changed", vec!["good"]),
        (
            "--user ann --user bob --reason lost,task_failed plays OR ping",
            vec!["failed"],
        ),
        ("--since 2026-01-20T10:30", vec!["adhoc", "failed"]),
        (
            "--since 2026-01-20 --until 2026-01-20T11:30:00Z",
            vec!["failed", "good"],
        ),
        ("--until 2026-01-20", vec!["adhoc", "failed", "good"]),
        ("--until 2026-01-19", vec![]),
        ("--since 2h", vec![]),
        ("--until 1w", vec!["adhoc", "failed", "good"]),
        ("--min-duration 2m", vec!["failed"]),
        ("PLAYS/", vec!["failed"]),
        ("--limit 1", vec!["adhoc"]),
        ("--all", vec!["adhoc", "failed", "good"]),
    ] {
        assert_eq!(listed(arguments), expected, "{arguments}");
    }
    // Days are in the local time zone, not in UTC.
    let mut command = super::command(&collector, &["list", "--json", "--until", "2026-01-20"]);
    let there = command.env("TZ", "XXX-14").output().unwrap();
    assert_eq!(
        ids(&super::Ran::from(there).json()).len(),
        0,
        "it is the 21st there"
    );
}

#[test]
fn a_list_is_sorted_by_start_or_duration() {
    let collector = Collector::start();
    let [good, failed, adhoc] = three_runs(&collector.client()).map(|run| run.id.to_string());
    for (arguments, expected) in [
        (&["--sort", "started"][..], vec![&adhoc, &failed, &good]),
        (&["--reverse"], vec![&good, &failed, &adhoc]),
        // The one that runs has no duration yet.
        (&["--sort", "duration"], vec![&failed, &good]),
        (&["--sort", "duration", "--limit", "1"], vec![&failed]),
        (&["--sort", "duration", "--reverse"], vec![&good, &failed]),
        (&["--sort", "duration", "status:success"], vec![&good]),
    ] {
        let listed = run(&collector, &[&["list", "--json"], arguments].concat());
        assert_eq!(ids(&listed.json()), expected, "{arguments:?}");
        let table = run(&collector, &[&["list"], arguments].concat());
        assert_eq!(table.rows().len(), expected.len() + 1, "{table:?}");
    }
    let wrong = run(&collector, &["list", "--sort", "size"]);
    assert!(
        wrong.complaint(2).contains("started, duration"),
        "{wrong:?}"
    );
}

#[test]
fn all_of_a_long_list_comes_page_by_page() {
    let collector = Collector::start();
    let client = collector.client();
    let (threads, each) = (8, 130);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    Run::new().ended(0).deliver(&client);
                }
            });
        }
    });
    let total = threads * each;
    let all = run(&collector, &["list", "--all", "--json"]).json();
    let mut found = ids(&all);
    assert_eq!(found.len(), total);
    assert!(all.get("next_cursor").is_none());
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), total, "each once");
    let some = run(&collector, &["list", "--limit", "1010", "--json"]).json();
    assert_eq!(ids(&some).len(), 1010);
    assert!(some["next_cursor"].is_string(), "there are more");
    // Ids that end alike are shown with as many digits as needed.
    let table = run(&collector, &["list", "--all"]);
    let mut shown: Vec<&str> = table.rows()[1..].iter().map(|row| row[0]).collect();
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), total);
    assert!(
        shown.iter().all(|id| (6..10).contains(&id.len())),
        "{shown:?}"
    );
}

#[test]
fn a_page_shows_what_ran_and_why_it_failed() {
    let collector = Collector::start();
    let [_, failed, adhoc] = three_runs(&collector.client());
    let id = failed.id.to_string();
    let page = run(&collector, &["show", &id]);
    let text = page.ok();
    for part in [
        "plays/db.yml  failed (task_failed), exit code 2\n",
        &format!("  id          {id}\n"),
        "  started     2026-01-20 11:00:00 UTC, 2m 05s\n",
        "  by          ann on ctl\n",
        "  command     ansible-playbook plays/db.yml\n",
        "  labels      nightly\n",
        "  record      complete: 10 of 10 events\n",
        "HOST   OK  CHANGED  UNREACHABLE  FAILED  SKIPPED  RESCUED  IGNORED\n",
        "db-03  1   1        -            -       -        -        -\n",
        "failed: grow the disk on db-01\n  msg: no space\n       left [2J\n  at: roles/web/tasks/main.yml:1\n",
        "unreachable: grow the disk on db-02\n",
        &format!("\"playback show {id} --output\""),
    ] {
        assert!(text.contains(part), "{part:?} in:\n{text}");
    }
    let latest = run(&collector, &["show", "latest"]);
    assert!(
        latest
            .ok()
            .contains(&format!("  id          {}\n", adhoc.id))
    );
    assert!(latest.ok().starts_with("ad-hoc ping on web  running\n"));
}

#[test]
fn a_part_of_a_run_can_be_had_alone() {
    let collector = Collector::start();
    let client = collector.client();
    let [_, failed, _] = three_runs(&client);
    let id = failed.id.to_string();
    let show = |more: &[&str]| run(&collector, &[&["show", &id], more].concat());

    let printed =
        "fatal: [db-01]: FAILED!\na line \u{1b}[31min red\u{1b}[0m\nand one without an end";
    assert_eq!(show(&["--output"]).ok(), printed, "exactly");
    assert_eq!(
        show(&["--json"]).json(),
        client.execution(failed.id, "").ok()
    );

    let results = show(&["--results"]);
    let head = ["SEQ", "HOST", "STATUS", "DURATION", "ACTION", "TASK"];
    assert_eq!(results.rows()[0], head);
    let row = [
        "6",
        "db-03",
        "ok",
        "(changed)",
        "0.0s",
        "debug",
        "grow",
        "the",
        "disk",
    ];
    assert_eq!(results.rows()[3], row);
    let results = show(&["--results", "--json"]).json();
    assert_eq!(
        results["results"],
        client.execution(failed.id, "/results").ok()["results"]
    );

    let failures = show(&["--failed"]);
    let message = "failed: grow the disk on db-01\n  msg: no space\n       left [2J\n  rc: 28\n";
    assert!(failures.ok().starts_with(message), "{failures:?}");
    let failures = show(&["--failed", "--json"]).json();
    let hosts: Vec<&Value> = failures["results"].as_array().unwrap().iter().collect();
    assert_eq!(hosts.len(), 2);
    assert_eq!(hosts[0]["event"]["data"]["content"]["rc"], 28);
    assert_eq!(hosts[1]["status"], "unreachable");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let collector = Collector::start();
    let long = "0123456789abcdef\n".repeat(40_000);
    let long_run = Run::new().output(&long).ended(0);
    long_run.deliver(&collector.client());
    let id = long_run.id.to_string();
    for arguments in [
        &["show", &id, "--output"][..],
        &["show", &id, "--json"],
        &["follow", &id],
        &["list"],
        &["openapi"],
    ] {
        let mut child = start(&collector, arguments);
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
    }
}
