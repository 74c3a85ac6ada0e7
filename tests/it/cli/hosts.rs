//! `hosts` and `host`.

use serde_json::{Value, json};

use super::{command, run};
use crate::builders::{Run, TEN};
use crate::exec_terminal::Person;
use crate::harness::Collector;

const HOUR: i64 = 3_600_000_000;

/// A run that gathers facts of a host, and changes it.
fn site(hours: i64, host: &str, kernel: &str) -> Run {
    let started = json!({ "type": "playbook", "playbook": "site.yml", "user": "ann" });
    let facts =
        json!({ "ansible_kernel": kernel, "gather_subset": ["all"], "ansible_lvm": { "vgs": [] } });
    let gather =
        json!({ "task": 1, "play": 1, "name": "Gathering Facts", "action": "gather_facts" });
    let task = json!({
        "task": 2, "play": 1, "name": "configure", "action": "template", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": 7,
    });
    let content = json!({
        "msg": "written", "diff": [{ "before": "a\n", "after": "b\n", "before_header": "/etc/x" }],
    });
    Run::starting(TEN + hours * HOUR, started)
        .play("all")
        .event("task_started", gather)
        .event(
            "host_started",
            json!({ "task": 1, "host": host, "groups": ["prod", if hours == 0 { "old" } else { "web" }] }),
        )
        .event("result", json!({ "task": 1, "host": host, "status": "ok" }))
        .event("facts", json!({ "task": 1, "host": host, "facts": facts }))
        .event("task_started", task)
        .event(
            "result",
            json!({ "task": 2, "host": host, "status": "ok", "changed": true, "content": content }),
        )
        .recap(&[(host, [2, 1, 0, 0, 0])])
        .ended(0)
}

fn adhoc(hours: i64, host: &str) -> Run {
    let started = json!({ "type": "adhoc", "module": "ping", "hosts": "all" });
    Run::starting(TEN + hours * HOUR, started)
        .play("Ansible Ad-Hoc")
        .task("ping")
        .unreachable(host)
        .recap(&[(host, [0, 0, 1, 0, 0])])
        .ended(4)
}

#[test]
fn hosts_are_listed_with_their_last_run() {
    let collector = Collector::start();
    let empty = run(&collector, &["hosts"]);
    assert_eq!((empty.code, empty.stderr.as_str()), (0, "no hosts\n"));
    let client = collector.client();
    site(0, "web-01", "6.1").deliver(&client);
    adhoc(1, "web-02").deliver(&client);
    let listed = run(&collector, &["hosts"]);
    let rows = listed.rows();
    assert_eq!(
        rows[0].join(" "),
        "HOST STATUS LAST RUN CHANGED RUNS WHAT",
        "{listed:?}"
    );
    assert_eq!(
        rows[1][..4],
        ["web-01", "ok,", "1", "changed"],
        "{listed:?}"
    );
    assert_eq!(rows[1][8..], ["1", "site.yml"], "{listed:?}");
    assert_eq!(rows[2][..2], ["web-02", "unreachable"], "{listed:?}");
    assert_eq!(
        rows[2][4..],
        ["-", "1", "ad-hoc", "ping", "on", "all"],
        "{listed:?}"
    );
    let names = |arguments: &[&str]| {
        let answer = run(&collector, &[&["hosts", "--json"], arguments].concat()).json();
        let hosts = answer["hosts"].as_array().unwrap().clone();
        let names: Vec<String> = hosts
            .iter()
            .map(|host| host["name"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), answer["next_cursor"].clone())
    };
    assert_eq!(names(&["*-01"]).0, "web-01");
    assert_eq!(names(&["--status", "unreachable"]).0, "web-02");
    assert_eq!(names(&["--unseen", "1d"]).0, "web-01 web-02");
    assert_eq!(names(&["--unseen", "500w"]).0, "");
    assert_eq!(
        names(&["--limit", "1"]),
        ("web-01".to_owned(), json!("web-01"))
    );
    let wrong = run(&collector, &["hosts", "--unseen", "long"]);
    assert!(
        wrong.complaint(2).contains("a duration looks like"),
        "{wrong:?}"
    );
}

#[test]
fn a_host_is_shown_with_its_runs_changes_and_facts() {
    let collector = Collector::start();
    let client = collector.client();
    let (first, second) = (site(0, "web-01", "6.1"), site(1, "web-01", "6.2"));
    let last = adhoc(2, "web-01");
    for run in [&second, &last, &first] {
        run.deliver(&client);
        client.finished(run.id);
    }
    let short = |run: &Run| run.id.simple().to_string()[26..].to_owned();
    let page = run(&collector, &["host", "web-01"]).ok().to_owned();
    for expected in [
        "web-01\nunreachable\n\n  last run   2026-01-20 12:00:00 (",
        "), ad-hoc ping on all\n  changed    2026-01-20 11:00:00 (",
        "), site.yml\n  first run  2026-01-20 10:00:00 (",
        "  runs       3\n  groups     prod, web\n  facts      2026-01-20 11:00:00\n",
        "\nLast runs\nID ",
        "\nLast changes\nTIME ",
        &format!(
            "2026-01-20 11:00:00  web : configure  template  {}  site.yml\n",
            short(&second)
        ),
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    let groups = run(&collector, &["host", "web-01", "--groups"]);
    let rows = groups.rows();
    assert_eq!(rows[0].join(" "), "SINCE RUN CHANGE GROUPS", "{groups:?}");
    assert_eq!(
        rows[1][2..].join(" "),
        format!("{} +web -old prod, web", short(&second))
    );
    assert_eq!(
        rows[2][2..].join(" "),
        format!("{} prod, old", short(&first))
    );
    let runs = run(&collector, &["host", "web-01", "--runs", "--limit", "2"]);
    let rows = runs.rows();
    assert_eq!(rows.len(), 3, "{runs:?}");
    assert_eq!(rows[1][0], short(&last));
    assert_eq!(rows[2][3..], ["ok,", "1", "changed", "site.yml", "ann"]);
    let told = run(
        &collector,
        &["host", "web-01", "--changes", "--diff", "--limit", "1"],
    );
    let expected = format!(
        "\
2026-01-20 11:00:00  web : configure
  template in site.yml ({})
  at: /srv/roles/web/tasks/main.yml:7
  written
  --- /etc/x
  - a
  + b
",
        second.id
    );
    assert_eq!(told.ok(), expected);
    let json = run(&collector, &["host", "web-01", "--changes", "--json"]).json();
    assert_eq!(json["changes"].as_array().unwrap().len(), 2);
    assert_eq!(json["next_cursor"], Value::Null);
    let changed = |range: &[&str]| {
        let arguments = ["host", "web-01", "--changes", "--json"];
        let json = run(&collector, &[&arguments, range].concat()).json();
        let changes = json["changes"].as_array().unwrap().clone();
        let runs: Vec<Value> = changes
            .iter()
            .map(|change| change["execution"].clone())
            .collect();
        runs
    };
    assert_eq!(
        changed(&["--since", "2026-01-20"]),
        [json!(second.id), json!(first.id)]
    );
    assert_eq!(
        changed(&["--since", "2026-01-20 10:30"]),
        [json!(second.id)]
    );
    let until = ["--since", "2026-01-20", "--until", "2026-01-20 10:30"];
    assert_eq!(changed(&until), [json!(first.id)]);
    assert_eq!(changed(&["--since", "2026-01-21"]), [Value::Null; 0]);
    let json = run(&collector, &["host", "web-01", "--json"]).json();
    assert_eq!(json["last_change"]["execution"], json!(second.id));

    let facts = run(&collector, &["host", "web-01", "--facts", "--fact", "k*"]);
    assert_eq!(
        facts.ok(),
        format!(
            "FACT            VALUE\nansible_kernel  6.2\n\n\
             1 of these facts: 2026-01-20 11:00:00, all that setup gathers, in run {}\n",
            short(&second)
        )
    );
    let then = [
        "host",
        "web-01",
        "--facts",
        "--at",
        "2026-01-20 10:30",
        "--json",
    ];
    assert_eq!(
        run(&collector, &then).json()["facts"]["ansible_kernel"],
        "6.1"
    );
    let changed = run(
        &collector,
        &["host", "web-01", "--facts", "--since", "2026-01-01"],
    );
    let expected = format!(
        "\
2026-01-20 10:00:00  run {}
  the first gathering that is known

2026-01-20 11:00:00  run {}
  ansible_kernel: 6.1 → 6.2
",
        first.id, second.id
    );
    assert_eq!(changed.ok(), expected);
    let since = [
        "host",
        "web-01",
        "--facts",
        "--since",
        "2026-01-20 10:30",
        "--json",
    ];
    let json = run(&collector, &since).json();
    assert_eq!(json["changes"].as_array().unwrap().len(), 1);
    assert_eq!(json["unreadable"], json!([]));
}

#[test]
fn what_is_not_known_of_a_host_is_said() {
    let collector = Collector::start();
    let client = collector.client();
    let unknown = run(&collector, &["host", "web-99"]);
    assert!(
        unknown
            .complaint(1)
            .contains("no recorded run has a host \"web-99\": \"playback hosts\""),
        "{unknown:?}"
    );
    // No path on the way spoils a name.
    let odd = "../rack 7/ü?#%2F";
    adhoc(0, odd).deliver(&client);
    let page = run(&collector, &["host", odd]).ok().to_owned();
    assert!(page.starts_with(&format!("{odd}\nunreachable\n")), "{page}");
    assert!(page.contains("  changed    never\n"), "{page}");
    assert!(page.contains("  facts      none\n"), "{page}");
    let said = |arguments: &[&str]| {
        let done = run(&collector, &[&["host", odd], arguments].concat());
        assert_eq!(done.code, 0, "{done:?}");
        done.stderr
    };
    assert!(said(&["--facts"]).contains("no run reported facts of it"));
    assert!(said(&["--facts", "--since", "30d"]).contains("no fact changed"));
    assert!(said(&["--changes"]).contains("no task of any recorded run changed it"));
    let lately = ["--changes", "--since", "7d"];
    assert!(said(&lately).contains("no run that started in this time changed it"));
    let turned = ["host", odd, "--changes", "--since", "1d", "--until", "2d"];
    let turned = run(&collector, &turned);
    assert!(turned.complaint(1).contains("exchange them"), "{turned:?}");
    for wrong in [
        ["--at", "2d"].as_slice(),
        &["--facts", "--at", "soon"],
        &["--runs", "--changes"],
        &["--facts", "--until", "2d"],
        &["--since", "2d"],
        &["--runs", "--since", "2d"],
        &["--changes", "--until", "2d"],
        &["--changes", "--since", "soon"],
        &["--changes", "--facts", "--since", "2d"],
        &["--changes", "--since", "2d", "--at", "1d"],
    ] {
        let done = run(&collector, &[&["host", "x"], wrong].concat());
        assert_eq!(done.code, 2, "{wrong:?}: {done:?}");
    }
}

#[test]
fn tables_of_hosts_fit_a_terminal() {
    let collector = Collector::start();
    let client = collector.client();
    let host = "web-01.frankfurt.datacenter.example.com";
    site(0, host, &"6.1.0-generic-".repeat(20)).deliver(&client);
    for arguments in [
        ["hosts"].as_slice(),
        &["host", host],
        &["host", host, "--runs"],
        &["host", host, "--changes"],
        &["host", host, "--changes", "--diff"],
        &["host", host, "--facts"],
        &["host", host, "--facts", "--since", "2026-01-01"],
    ] {
        let seen = Person::runs_at(command(&collector, arguments), 80).sees_all();
        assert!(seen.lines().count() > 1, "{arguments:?}: {seen}");
        for line in seen.lines() {
            let mut bare = line.trim_end().to_owned();
            for colour in ["\x1b[0m", "\x1b[1m", "\x1b[31m"] {
                bare = bare.replace(colour, "");
            }
            assert!(bare.chars().count() <= 80, "{arguments:?}: {bare}");
        }
    }
}
