//! `playbooks` and `inventories`.

use serde_json::json;

use super::run;
use crate::builders::{Run, TEN};
use crate::harness::{Client, Collector};

const DAY: [&str; 4] = ["--from", "2026-01-20", "--to", "2026-01-20"];

/// A run of a playbook in a folder, so many hours after ten.
fn ran(client: &Client, playbook: &str, folder: &str, hours: i64, exit_code: i32) -> Run {
    let started = json!({
        "type": "playbook", "playbook": playbook, "cwd": folder, "user": if exit_code == 0 { "ann" } else { "bob" },
    });
    let run = Run::starting(TEN + hours * 3_600_000_000, started).ended(exit_code);
    run.deliver(client);
    run
}

#[test]
fn each_playbook_has_its_runs_and_its_last_one() {
    let collector = Collector::start();
    let empty = run(&collector, &[&["playbooks"], &DAY[..]].concat());
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert_eq!(
        empty.stderr,
        "no playbook ran from 2026-01-20 00:00:00 to 2026-01-20 23:59:59 UTC\n"
    );
    let client = collector.client();
    ran(&client, "site.yml", "/srv/shop", 0, 2);
    ran(&client, "site.yml", "/srv/shop", 1, 0);
    let last = ran(&client, "site.yml", "/srv/shop", 2, 0);
    ran(&client, "site.yml", "/srv/blog", 3, 0);
    ran(&client, "site.yml", "/srv/blog", 4, 4);
    ran(&client, "/opt/db.yml", "/srv", 5, 0);
    let adhoc = json!({ "type": "adhoc", "module": "ping", "hosts": "all" });
    Run::starting(TEN, adhoc).ended(0).deliver(&client);
    let shown = run(&collector, &[&["playbooks"], &DAY[..]].concat());
    assert_eq!(
        shown.ok(),
        "\
2026-01-20 00:00:00 to 2026-01-20 23:59:59 UTC

PLAYBOOK       RUNS  FAILED  RATE    LAST     STARTED
shop/site.yml  3     1       66.7%   success  2026-01-20 12:00:00
blog/site.yml  2     1       50.0%   error    2026-01-20 14:00:00
/opt/db.yml    1     0       100.0%  success  2026-01-20 15:00:00
"
    );
    let json = run(
        &collector,
        &[&["playbooks", "--json", "--limit", "1"], &DAY[..]].concat(),
    )
    .json();
    assert_eq!(json["playbooks_total"], 3);
    let first = &json["playbooks"][0];
    assert_eq!(
        (&first["name"], &first["folder"], &first["total"]),
        (&json!("site.yml"), &json!("/srv/shop"), &json!(3))
    );
    assert_eq!(first["last"]["id"], last.id.to_string());
    assert_eq!(first["last"]["status"], "success");

    // Filters and a query choose the runs that count, also the last one.
    for chosen in [
        &["--user", "bob"][..],
        &["--user", "bob", "--user", "eve"],
        &["user:bob OR user:eve"],
    ] {
        let shown = run(&collector, &[&["playbooks"], &DAY[..], chosen].concat());
        let rows = shown.rows();
        assert_eq!(rows.len(), 5, "{shown:?}");
        let mut last = [rows[3].join(" "), rows[4].join(" ")];
        last.sort_unstable();
        assert_eq!(
            last,
            [
                "blog/site.yml 1 1 0.0% error 2026-01-20 14:00:00",
                "shop/site.yml 1 1 0.0% error 2026-01-20 10:00:00",
            ]
        );
    }
    // By default, these are the last 30 days.
    let shown = run(&collector, &["playbooks"]);
    assert!(
        shown.stderr.starts_with("no playbook ran from "),
        "{shown:?}"
    );
}

#[test]
fn each_inventory_has_its_runs_and_its_last_one() {
    let collector = Collector::start();
    let empty = run(&collector, &[&["inventories"], &DAY[..]].concat());
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert_eq!(
        empty.stderr,
        "no inventory was used from 2026-01-20 00:00:00 to 2026-01-20 23:59:59 UTC\n"
    );
    let client = collector.client();
    let many = (0..100)
        .map(|number| format!("web-{number:03},"))
        .collect::<String>();
    let mut last = None;
    for (hours, inventory, user, code) in [
        (0, Some("/srv/prod/hosts"), "ann", 0),
        (1, Some("/srv/prod/hosts"), "bob", 2),
        (2, Some("/srv/test/hosts"), "ann", 0),
        (3, Some("/srv/prod/hosts"), "ann", 0),
        (4, Some(many.as_str()), "ann", 4),
        (5, None, "ann", 0),
    ] {
        let started = json!({
            "type": "playbook", "playbook": "site.yml", "inventory": inventory, "user": user,
        });
        let ran = Run::starting(TEN + hours * 3_600_000_000, started).ended(code);
        ran.deliver(&client);
        if hours == 3 {
            last = Some(ran.id.to_string());
        }
    }
    let shown = run(&collector, &[&["inventories"], &DAY[..]].concat());
    let rows = shown.rows();
    assert_eq!(
        rows[2],
        ["INVENTORY", "RUNS", "FAILED", "RATE", "LAST", "STARTED"]
    );
    assert_eq!(rows.len(), 6, "{shown:?}");
    assert_eq!(
        rows[3].join(" "),
        "/srv/prod/hosts 3 1 66.7% success 2026-01-20 13:00:00"
    );
    assert_eq!(
        rows[5].join(" "),
        "/srv/test/hosts 1 0 100.0% success 2026-01-20 12:00:00"
    );
    // A long list of hosts is shortened, and is an inventory like any other.
    assert!(rows[4][0].starts_with("web-000,web-001,"), "{shown:?}");
    assert_eq!(rows[4][1..].join(" "), "1 1 0.0% error 2026-01-20 14:00:00");
    let json = run(
        &collector,
        &[&["inventories", "--json", "--limit", "1"], &DAY[..]].concat(),
    );
    let json = json.json();
    assert_eq!(json["inventories_total"], 3);
    assert_eq!(json["inventories"][0]["name"], "/srv/prod/hosts");
    assert_eq!(json["inventories"][0]["last"]["id"], json!(last));
    let shown = run(
        &collector,
        &[&["inventories", "user:bob"], &DAY[..]].concat(),
    );
    assert_eq!(shown.rows().len(), 4, "{shown:?}");
    let wrong = run(&collector, &["inventories", "--lable", "x"]);
    assert!(wrong.complaint(2).contains("--label"), "{wrong:?}");
}
