//! `list --columns` and `list --csv`.

use serde_json::json;

use super::run;
use crate::builders::{Run, TEN, good_run};
use crate::harness::Collector;

/// A run whose texts are formulas, or need quotation marks.
fn odd_run() -> Run {
    let started = json!({
        "type": "playbook", "playbook": "plays/db, old.yml", "user": "=cmd|' /C calc'!A0", "check": true,
        "inventory": "@prod", "labels": ["nightly", "db"], "note": "say \"hi\"\nand bye",
        "git": { "commit": "0123456789abcdef" },
    });
    Run::starting(TEN + 3_600_000_000, started)
        .play("db")
        .task("grow")
        .failed("db-01")
        .unreachable("db-02")
        .recap(&[("db-01", [0, 0, 0, 1, 0]), ("db-02", [0, 0, 1, 0, 0])])
        .after(125.0)
        .ended(2)
}

#[test]
fn csv_has_every_column_and_no_formula() {
    let collector = Collector::start();
    let client = collector.client();
    let (good, odd) = (good_run(), odd_run());
    good.deliver(&client);
    odd.deliver(&client);
    let expected = format!(
        "id,type,status,reason,started,ended,duration,exit_code,what,playbook,inventory,check,changed,hosts,failed,\
         unreachable,user,controller,launched_by,labels,note,commit,schedule,cost\r\n\
         {odd},playbook,failed,task_failed,2026-01-20T11:00:00.000Z,2026-01-20T11:02:05.006Z,125.006,2,\
         \"plays/db, old.yml --check\",\"plays/db, old.yml\",'@prod,yes,no,\"1 failed, 1 unreachable\",db-01,db-02,\
         '=cmd|' /C calc'!A0,,,nightly db,\"say \"\"hi\"\"\nand bye\",0123456789abcdef,,\r\n\
         {good},playbook,success,,2026-01-20T10:00:00.000Z,2026-01-20T10:00:00.008Z,0.008,0,site.yml,site.yml,,no,yes,\
         1 changed,,,,,,,,,,\r\n",
        odd = odd.id,
        good = good.id,
    );
    assert_eq!(run(&collector, &["list", "--csv"]).ok(), expected);
    let some = run(
        &collector,
        &["list", "--csv", "--columns", "status,id", "status:failed"],
    );
    assert_eq!(some.ok(), format!("status,id\r\nfailed,{}\r\n", odd.id));
    let none = run(
        &collector,
        &["list", "--csv", "--columns", "id", "--user", "bob"],
    );
    assert_eq!(none.ok(), "id\r\n");
}

#[test]
fn a_table_has_the_columns_that_were_asked_for() {
    let collector = Collector::start();
    let client = collector.client();
    good_run().deliver(&client);
    odd_run().deliver(&client);
    let columns = "labels,status,duration,exit_code,what";
    let table = run(&collector, &["list", "--columns", columns]);
    assert_eq!(
        table.ok(),
        "\
LABELS      STATUS        TOOK    CODE  WHAT
nightly db  failed check  2m 05s  2     plays/db, old.yml --check
            success       0.0s    0     site.yml
"
    );
    // Ids are shortened, and still name one execution each.
    let table = run(&collector, &["list", "--columns", "id"]);
    let rows = table.rows();
    assert_eq!((rows.len(), rows[0][0]), (3, "ID"));
    for row in &rows[1..] {
        run(&collector, &["show", row[0]]).ok();
    }
    let none = run(&collector, &["list", "--columns", "id", "--user", "bob"]);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "no executions\n")
    );
    let wrong = run(&collector, &["list", "--columns", "id,planet"]);
    let told = wrong.complaint(2);
    assert!(
        told.contains("planet") && told.contains("id, type, status"),
        "{told}"
    );
}
