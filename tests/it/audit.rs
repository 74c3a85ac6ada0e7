//! The audit trail records who changed what, and detects changes to itself.

use serde_json::{Value, json};

use crate::builders::{Run, good_run};
use crate::harness::{API, Client, Collector, Setup, eventually};
use crate::servers::{self, sql};
use playback::clock::Clock;
use playback::model::{Action, Actor, AuditEntry, Via};
use playback::store::Store;

/// Entries of the trail, oldest first.
fn trail(client: &Client, query: &str) -> Vec<Value> {
    let page = client.api(&format!("/audit?limit=1000{query}")).ok();
    let mut entries = page["entries"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

fn pin(client: &Client, run: &Run, note: &str) {
    let path = format!("{API}/executions/{}/pin", run.id);
    let body = json!({ "note": note }).to_string();
    client.send("PUT", &path, &[], body.as_bytes()).ok();
}

fn verified(client: &Client) -> Value {
    client.api("/audit/verify").ok()
}

/// What of an entry does not change from run to run.
fn said(entry: &Value) -> Value {
    json!([entry["action"], entry["object"], entry["note"]])
}

#[test]
pub(crate) fn each_change_is_entered_with_who_why_and_what_was_there_before() {
    let collector = Setup::default()
        .config("[[retention]]\nkeep_days = 365\n")
        .start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let object = format!("execution:{}", run.id);
    pin(&client, &run, "audit 7");
    pin(&client, &run, "audit 8");
    let unpin = format!("{API}/executions/{}/pin?note=done", run.id);
    assert_eq!(client.send("DELETE", &unpin, &[], b"").status, 204);
    // What changes nothing is no change.
    assert_eq!(client.send("DELETE", &unpin, &[], b"").status, 204);
    let redact = format!("{API}/executions/{}/redact", run.id);
    let body = json!({ "texts": ["install"], "note": "it said install" });
    let body = body.to_string();
    client.send("POST", &redact, &[], body.as_bytes()).ok();
    let cleanup = format!("{API}/executions/cleanup");
    let dry = br#"{"retention_days": 1, "dry_run": true}"#;
    client.send("POST", &cleanup, &[], dry).ok();
    let rule = br#"{"keep_payload_days": 9000, "playbook": "other.yml"}"#;
    client.send("POST", &cleanup, &[], rule).ok();
    let delete = format!("{API}/executions/{}?note=by%20mistake", run.id);
    assert_eq!(client.send("DELETE", &delete, &[], b"").status, 204);
    let revoked = ["token", "revoke", "nobody"];
    assert!(collector.command(&revoked).is_err());
    let made = ["token", "create", "ci", "--scope", "ingest"];
    let secret = collector.command(&made).unwrap();
    collector.command(&["token", "revoke", "ci"]).unwrap();

    let entries = trail(&client, "");
    let told: Vec<Value> = entries.iter().map(said).collect();
    assert_eq!(
        told[1..],
        [
            json!(["pin", object, "audit 7"]),
            json!(["pin", object, "audit 8"]),
            json!(["unpin", object, "done"]),
            json!(["redact", object, "it said ***"]),
            json!(["cleanup", "history", null]),
            json!(["cleanup_ended", "history", null]),
            json!(["delete", object, "by mistake"]),
            json!(["create_token", "token:ci", null]),
            json!(["revoke_token", "token:ci", null]),
        ]
    );
    // The first made the token that asks.
    assert_eq!(entries[0]["action"], "create_token");
    assert_eq!(entries[0]["actor"]["via"], "command_line");
    assert!(
        entries[0]["actor"]["name"]
            .as_str()
            .unwrap()
            .starts_with("user:")
    );
    let actor = &entries[1]["actor"];
    assert_eq!(
        (&actor["via"], &actor["peer"], &actor["scopes"]),
        (&json!("token"), &json!("127.0.0.1"), &json!(["admin"])),
    );
    assert_eq!(entries[0]["object"], actor["name"]);
    assert_eq!(entries[1].get("before"), None);
    assert_eq!(entries[2]["before"], entries[1]["after"]);
    assert_eq!(entries[3]["before"]["note"], "audit 8");
    assert!(
        entries[4]["after"]["values"].as_u64() > Some(0),
        "{entries:#?}"
    );
    assert_eq!(
        entries[5]["after"],
        json!({ "rules": [{ "keep_payload_days": 9000, "playbook": "other.yml" }] })
    );
    assert_eq!(entries[7]["before"]["status"], "success");
    assert_eq!(entries[8]["after"]["scopes"], "ingest");
    assert_eq!(entries[9]["before"]["scopes"], "ingest");
    let numbers: Vec<i64> = entries
        .iter()
        .map(|entry| entry["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<i64>>());
    let text = client.api("/audit").text;
    assert!(!text.contains("install") && !text.contains(secret.trim()));
    let verdict = verified(&client);
    assert_eq!(
        (&verdict["is_whole"], &verdict["entries"]),
        (&json!(true), &json!(10))
    );

    // Filters, and page by page.
    assert_eq!(trail(&client, "&action=pin").len(), 2);
    assert_eq!(trail(&client, &format!("&object={object}")).len(), 5);
    let name = actor["name"].as_str().unwrap();
    assert_eq!(
        trail(&client, &format!("&actor={name}&action=delete")).len(),
        1
    );
    assert_eq!(trail(&client, "&to=2020-01-01").len(), 0);
    assert_eq!(trail(&client, "&from=2020-01-01").len(), 10);
    client.api("/audit?action=dance").error(400, "bad_request");
    client.api("/audit?cursor=x").error(400, "bad_request");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.api(&format!("/audit?limit=3&cursor={cursor}")).ok();
        let page_entries = page["entries"].as_array().unwrap();
        seen.extend(
            page_entries
                .iter()
                .map(|entry| entry["number"].as_i64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, (1..=10).rev().collect::<Vec<i64>>());
}

#[test]
pub(crate) fn a_changed_a_missing_and_an_added_entry_are_found_out() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    for note in ["one", "two", "three", "four"] {
        pin(&client, &run, note);
    }
    let head = verified(&client)["head"].clone();
    let change = |statement: &str| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(sql(&collector.database(), statement));
    };
    let faults = || verified(&client)["faults"].clone();
    let fault =
        |kind: &str, first: i64, last: i64| json!({ "fault": kind, "first": first, "last": last });
    change("UPDATE audit SET note = 'another' WHERE number = 3");
    assert_eq!(faults(), json!([fault("changed", 3, 3)]));
    change("UPDATE audit SET note = 'two' WHERE number = 3");
    assert_eq!(faults(), json!([]));
    change("UPDATE audit SET actor = 'user:eve', became = NULL WHERE number = 5");
    assert_eq!(faults(), json!([fault("changed", 5, 5)]));
    change("DELETE FROM audit WHERE number = 5");
    assert_eq!(faults(), json!([fault("missing", 5, 5)]));
    change("DELETE FROM audit WHERE number IN (2, 3)");
    assert_eq!(
        faults(),
        json!([fault("missing", 2, 3), fault("missing", 5, 5)])
    );
    change(
        "INSERT INTO audit (number, at_us, actor, scopes, via, action, object, hash) \
         SELECT 9, at_us, actor, scopes, via, action, object, hash FROM audit WHERE number = 4",
    );
    assert_eq!(
        faults(),
        json!([
            fault("missing", 2, 3),
            fault("added", 9, 9),
            fault("missing", 5, 5)
        ])
    );
    // It goes on all the same, and says no less.
    change("DELETE FROM audit WHERE number = 9");
    pin(&client, &run, "five");
    assert_eq!(trail(&client, "").last().unwrap()["number"], 6);
    assert_eq!(
        faults(),
        json!([fault("missing", 2, 3), fault("missing", 5, 5)])
    );
    assert_eq!(head["number"], 5);
}

#[test]
fn requests_that_are_refused_are_counted_and_entered_at_a_bounded_rate() {
    let collector = Setup::default()
        .config("[http]\ntrusted_proxies = [\"127.0.0.1\"]\n")
        .start();
    let client = collector.client();
    let reader = collector.client_with(Some(&collector.create_token(&["read"])));
    let nobody = collector.client_with(Some("pbk_guessed"));
    for _ in 0..5 {
        let path = format!("{API}/executions/{}", uuid::Uuid::now_v7());
        reader
            .send("DELETE", &path, &[], b"")
            .error(403, "forbidden");
        let from = [("X-Forwarded-For", "6.6.6.6, 192.0.2.7, 127.0.0.1")];
        nobody
            .send("GET", &format!("{API}/executions"), &from, b"")
            .error(401, "unauthorized");
    }
    let wrong = br#"{"token": "pbk_guessed_too"}"#;
    let login = format!("{API}/session");
    nobody
        .send("POST", &login, &[], wrong)
        .error(401, "unauthorized");
    let entries = eventually("the refusals are entered", || {
        let entries = trail(&client, "&action=refused");
        (entries.len() == 3).then_some(entries)
    });
    let of = |object: &str| {
        let found = entries.iter().find(|entry| entry["object"] == object);
        found
            .unwrap_or_else(|| panic!("{object}: {entries:#?}"))
            .clone()
    };
    let deletion = of("DELETE /api/v1/ansible/executions/{id}");
    assert!(
        deletion["actor"]["name"]
            .as_str()
            .unwrap()
            .starts_with("token:test-")
    );
    assert_eq!(deletion["after"]["status"], 403);
    let guessed = of("GET /api/v1/ansible/executions");
    assert_eq!(
        guessed["actor"],
        json!({ "name": "anonymous", "via": "unknown", "peer": "192.0.2.7" })
    );
    let login = of("POST /api/v1/ansible/session");
    assert_eq!(login["actor"]["peer"], "127.0.0.1");
    assert!(!client.api("/audit").text.contains("pbk_"));
    let figures = client.get("/metrics").text;
    for line in [
        "playback_requests_refused_total{status=\"401\"} 6",
        "playback_requests_refused_total{status=\"403\"} 5",
    ] {
        assert!(figures.contains(line), "{figures}");
    }
}

#[test]
fn who_may_not_read_the_trail_is_refused() {
    let collector = Collector::start();
    for scope in ["read", "run", "ingest"] {
        let client = collector.client_with(Some(&collector.create_token(&[scope])));
        client.api("/audit").error(403, "forbidden");
        client.api("/audit/verify").error(403, "forbidden");
    }
}

#[test]
fn the_trail_is_exported_as_it_is_listed() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    for note in ["=1+1", "why, \"so\"", "again"] {
        pin(&client, &run, note);
    }
    let export = |query: &str| client.api(&format!("/audit/export?{query}"));
    let lines = export("").text;
    let exported: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut listed = trail(&client, "");
    listed.reverse();
    assert_eq!(exported.len(), listed.len());
    for (exported, listed) in exported.iter().zip(&listed) {
        for name in ["number", "action", "object", "hash"] {
            assert_eq!(exported[name], listed[name], "{name}");
        }
        assert_eq!(exported["actor"], listed["actor"]["name"]);
        let after: Option<Value> = exported["after"]
            .as_str()
            .map(|text| serde_json::from_str(text).unwrap());
        assert_eq!(after.as_ref(), listed.get("after"));
    }
    let csv = export("format=csv&action=pin&columns=action,note");
    assert!(csv.header("content-type").starts_with("text/csv"));
    let expected = "action,note\r\npin,again\r\npin,\"why, \"\"so\"\"\"\r\npin,'=1+1\r\n";
    assert_eq!(csv.text, expected);
    let json = export("format=json&object=history").ok();
    assert_eq!(json, json!({ "entries": [], "count": 0 }));
    export("columns=word").error(400, "bad_request");
    export("format=xml").error(400, "bad_request");
    let reader = collector.client_with(Some(&collector.create_token(&["read", "run"])));
    reader.api("/audit/export").error(403, "forbidden");
}

#[test]
fn old_entries_are_removed_where_that_is_configured_and_the_rest_says_so() {
    let folder = tempfile::TempDir::new().unwrap();
    let database = servers::database(servers::engine(), folder.path());
    let now_us = Clock::system().now_us();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&database).await.unwrap();
        for day in [400, 390, 380, 2] {
            let actor = Actor::anonymous(Via::Open, None);
            let at_us = now_us - day * 86_400_000_000;
            let entry = AuditEntry::new(at_us, actor, Action::Pin, "test");
            store.audit(&entry).await.unwrap();
        }
        store.close().await;
    });
    let setup = Setup::default().database(database);
    let collector = setup.config("audit_keep_days = 365\n").start();
    let client = collector.client();
    let told = eventually("the old entries to be removed", || {
        trail(&client, "&action=trim_audit").pop()
    });
    assert_eq!(
        (&told["after"]["up_to"], &told["after"]["entries"]),
        (&json!(3), &json!(3)),
        "{told}"
    );
    assert_eq!(told["actor"]["name"], "schedule");
    assert_eq!(trail(&client, "")[0]["number"], 4);
    let verdict = verified(&client);
    assert_eq!(
        (&verdict["is_whole"], &verdict["removed"]["number"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(verdict["removed"]["hash"], told["after"]["hash"]);
    let page = client.api("/audit").ok();
    assert_eq!(
        (&verdict["keep_days"], &page["keep_days"]),
        (&json!(365), &json!(365))
    );
    // Whoever removes more is found out.
    runtime.block_on(sql(
        &collector.database(),
        "DELETE FROM audit WHERE number = 4",
    ));
    let missing = json!([{ "fault": "missing", "first": 4, "last": 4 }]);
    assert_eq!(verified(&client)["faults"], missing);
}

/// Whatever moment it is killed at, a change and its entry are both there, or neither.
#[test]
pub(crate) fn a_collector_that_is_killed_leaves_no_change_without_its_entry() {
    let mut collector = Collector::start();
    let runs: Vec<Run> = (0..30).map(|_| good_run()).collect();
    for run in &runs {
        run.deliver(&collector.client());
    }
    for (round, runs) in runs.chunks(10).enumerate() {
        let client = collector.client();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for run in runs {
                    let path = format!("{API}/executions/{}/pin", run.id);
                    if client.try_send("PUT", &path, &[], b"{}").is_none() {
                        return;
                    }
                }
            });
            let pinned = || {
                collector
                    .client()
                    .api("/executions?pinned=true&limit=100&fields=id")
            };
            eventually("some are pinned", || {
                let answer = pinned().ok();
                (answer["executions"].as_array().unwrap().len() > round * 3).then_some(())
            });
            // Between any two of its instructions.
            let pid = collector.pid().to_string();
            let killed = std::process::Command::new("kill")
                .args(["-9", &pid])
                .status();
            assert!(killed.unwrap().success());
        });
        collector.kill_and_restart();
    }
    let client = collector.client();
    let page = client
        .api("/executions?pinned=true&limit=100&fields=id")
        .ok();
    let mut pinned: Vec<String> = page["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| format!("execution:{}", run["id"].as_str().unwrap()))
        .collect();
    let mut entered: Vec<String> = trail(&client, "&action=pin")
        .iter()
        .map(|entry| entry["object"].as_str().unwrap().to_owned())
        .collect();
    pinned.sort();
    entered.sort();
    assert_eq!(pinned, entered);
    assert_eq!(verified(&client)["is_whole"], true);
}
