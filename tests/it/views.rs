//! Where the configuration asks for it, the audit trail says who looked at which run, and who exported what.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{API, Client, Collector, Setup, eventually};
use crate::sessions::log_in;
use crate::socket::Socket;

fn watched() -> Setup {
    Setup::default().config("audit_views = true\n")
}

/// Entries of the trail, oldest first.
fn entries(client: &Client, query: &str) -> Vec<Value> {
    let page = client.api(&format!("/audit?limit=1000&{query}")).ok();
    let mut entries = page["entries"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

/// Who looked at a run.
fn views(client: &Client, run: Uuid) -> Vec<Value> {
    entries(client, &format!("action=view&object=execution:{run}"))
}

/// The parts that entries name, each as often as it is named.
fn parts(entries: &[Value]) -> Vec<String> {
    let parts = entries.iter().map(|entry| &entry["after"]["parts"]);
    let parts = parts.flat_map(|parts| parts.as_array().unwrap());
    parts
        .map(|part| part.as_str().unwrap().to_owned())
        .collect()
}

/// Looks at a run that nobody looked at, and waits until that is entered: so is everything before.
#[track_caller]
fn everything_is_entered(collector: &Collector, reader: &Client) {
    let admin = collector.client();
    let run = good_run();
    run.deliver(&admin);
    reader.execution(run.id, "").ok();
    eventually("a look to be entered", || {
        (!views(&admin, run.id).is_empty()).then_some(())
    });
}

/// The endpoints of a run in the OpenAPI document: the rest of the path after its id.
fn documented(client: &Client) -> Vec<String> {
    let document = client.get("/api/openapi.json").ok();
    let paths = document["paths"].as_object().unwrap();
    let below = format!("{API}/executions/{{id}}");
    paths
        .iter()
        .filter(|(_, methods)| methods.get("get").is_some())
        .filter_map(|(path, _)| path.strip_prefix(&below).map(str::to_owned))
        .collect()
}

#[test]
pub(crate) fn each_part_of_a_record_that_is_shown_is_entered_once_an_hour() {
    let collector = watched().start();
    let admin = collector.client();
    let token = collector.create_token(&["read"]);
    let reader = collector.client_with(Some(&token));
    let [earlier, run] = [60, 0].map(started_before);
    earlier.deliver(&admin);
    run.deliver(&admin);
    let list = admin.execution(earlier.id, "/results").ok();
    let seq = list["results"][0]["seq"].as_u64().unwrap();
    everything_is_entered(&collector, &admin);
    let before = entries(&admin, "action=view").len();
    let documented = documented(&admin);
    assert!(documented.len() > 10, "{documented:?}");
    let look = |part: &str| {
        let part = part.replace("{other}", &earlier.id.to_string());
        let part = part.replace("{seq}", &seq.to_string());
        if part != "/stream" {
            let answer = reader.execution(run.id, &part);
            assert_eq!(answer.status, 200, "{part}: {answer:?}");
            return;
        }
        let bearer = format!("Bearer {token}");
        let path = format!("/executions/{}/stream", run.id);
        Socket::open(&collector, &path, &[("authorization", &bearer)]).unwrap();
    };
    for _ in 0..3 {
        documented.iter().for_each(|part| look(part));
    }
    // None of these is a look at a record.
    for other in [
        "/executions".to_owned(),
        "/executions?q=status:success".to_owned(),
        "/search?q=ok".to_owned(),
        "/hosts".to_owned(),
        "/executions/stats".to_owned(),
    ] {
        reader.api(&other).ok();
    }
    let unknown = Uuid::now_v7();
    reader.execution(unknown, "").error(404, "not_found");
    reader
        .execution(run.id, "/output?from=x")
        .error(400, "bad_request");
    reader.delete(run.id).error(403, "forbidden");
    everything_is_entered(&collector, &reader);

    let found = views(&admin, run.id);
    let names = documented.iter().map(|part| match &**part {
        "" => "record",
        part => part[1..].split('/').next().unwrap(),
    });
    let expected: BTreeSet<String> = names.map(str::to_owned).collect();
    let mut told = parts(&found);
    told.sort();
    assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "each once");
    let actor = &found[0]["actor"];
    assert!(
        actor["name"].as_str().unwrap().starts_with("token:test-"),
        "{actor}"
    );
    assert_eq!(
        (&actor["via"], &actor["peer"], &actor["scopes"]),
        (&json!("token"), &json!("127.0.0.1"), &json!(["read"]))
    );
    // Both runs of a comparison are looked at.
    let of_earlier: Vec<Value> = views(&admin, earlier.id)
        .into_iter()
        .filter(|entry| entry["actor"] == *actor)
        .collect();
    assert_eq!(parts(&of_earlier), ["compare"]);
    let all = entries(&admin, "action=view").len() - before;
    assert_eq!(all, found.len() + of_earlier.len() + 1);
    assert!(views(&admin, unknown).is_empty());
    assert_eq!(admin.api("/audit/verify").ok()["is_whole"], true);
}

#[test]
fn both_runs_of_a_comparison_are_entered_also_if_one_is_named() {
    let collector = watched().start();
    let admin = collector.client();
    let reader = collector.client_with(Some(&collector.create_token(&["read"])));
    let [earlier, run] = [60, 0].map(started_before);
    earlier.deliver(&admin);
    // Nothing to compare with: nothing was shown.
    reader
        .execution(earlier.id, "/compare")
        .error(404, "not_found");
    run.deliver(&admin);
    let answer = reader.execution(run.id, "/compare").ok();
    assert_eq!(answer["before"]["id"], json!(earlier.id));
    everything_is_entered(&collector, &reader);
    for id in [earlier.id, run.id] {
        let found = views(&admin, id);
        assert_eq!(parts(&found), ["compare"], "{found:?}");
        let name = found[0]["actor"]["name"].as_str().unwrap();
        assert!(name.starts_with("token:test-"), "{name}");
    }
}

/// A run that began so many minutes ago.
fn started_before(minutes: i64) -> Run {
    let started = json!({ "type": "playbook", "playbook": "site.yml" });
    Run::starting(TEN - minutes * 60_000_000, started)
        .play("web")
        .task("install")
        .ok("web-01")
        .output("ok\n")
        .ended(0)
}

#[test]
fn whichever_way_somebody_looks_is_entered() {
    let collector = watched().start();
    let admin = collector.client();
    let runs = [good_run(), good_run()];
    for run in &runs {
        run.deliver(&admin);
    }
    let path = |run: &Run| format!("{API}/executions/{}", run.id);
    let cookie = log_in(&collector, &collector.token);
    let nobody = collector.client_with(None);
    let headers = [("cookie", cookie.as_str())];
    nobody.send("GET", &path(&runs[0]), &headers, b"").ok();
    let asked = json!({ "run": runs[1].id.to_string() });
    crate::mcp::answer(&admin, "show", asked);
    let via = |run: &Run| {
        eventually("the look to be entered", || {
            views(&admin, run.id).first().cloned()
        })
    };
    for (run, expected) in runs.iter().zip(["session", "token"]) {
        let entry = via(run);
        assert_eq!(entry["actor"]["via"], expected, "{entry}");
        assert!(
            parts(std::slice::from_ref(&entry)).contains(&"record".to_owned()),
            "{entry}"
        );
    }
}

#[test]
fn nothing_is_lost_when_the_collector_stops_and_nothing_entered_unless_asked_for() {
    for is_asked_for in [true, false] {
        let setup = Setup::default().config(&format!("audit_views = {is_asked_for}\n"));
        let mut collector = setup.start();
        let client = collector.client();
        let runs: Vec<Run> = (0..5).map(|_| good_run()).collect();
        for run in &runs {
            run.deliver(&client);
            client.execution(run.id, "/output").ok();
        }
        assert_eq!(client.api("/export?what=results").status, 200);
        let (status, log) = collector.stop();
        assert!(status.success(), "{log}");
        collector.launch();
        let found: Vec<usize> = runs
            .iter()
            .map(|run| views(&client, run.id).len())
            .collect();
        assert_eq!(found, [usize::from(is_asked_for); 5]);
        let exports = entries(&client, "action=export").len();
        assert_eq!(exports, usize::from(is_asked_for));
        assert_eq!(client.api("/audit/verify").ok()["is_whole"], true);
    }
}

#[test]
pub(crate) fn an_export_is_entered_with_what_was_taken() {
    let collector = watched().start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let export = |path: &str| {
        let answer = client.api(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    };
    let filtered = "/export?what=results&format=csv&playbook=site.yml&text=hunter2&q=hunter2";
    for _ in 0..3 {
        export(filtered);
    }
    export(&format!("/export?execution={}", run.id));
    assert!(!crate::export::fetched(&collector, "/export/bundle?status=success").is_empty());
    export("/audit/export?action=pin");
    client.api("/export?columns=none").error(400, "bad_request");
    everything_is_entered(&collector, &client);
    let told: Vec<Value> = entries(&client, "action=export")
        .iter()
        .map(|entry| json!([entry["object"], entry["after"]]))
        .collect();
    let filters = json!({ "playbook": "site.yml", "text": true, "q": true });
    let mut expected = vec![
        json!(["history", { "what": "results", "format": "csv", "filters": filters }]),
        json!([format!("execution:{}", run.id), { "what": "executions", "format": "ndjson" }]),
        json!(["history", { "what": "bundle", "format": "playback", "filters": { "status": "success" } }]),
        json!(["audit", { "what": "audit", "format": "ndjson", "filters": { "action": "pin" } }]),
    ];
    let mut found = told;
    // Within a moment the order is that of the clock.
    for all in [&mut expected, &mut found] {
        all.sort_by_key(Value::to_string);
    }
    assert_eq!(found, expected);
    assert!(!client.api("/audit?limit=1000").text.contains("hunter2"));
}

#[test]
pub(crate) fn looks_and_changes_at_the_same_time_leave_the_trail_whole() {
    let collector = watched().start();
    let admin = collector.client();
    let runs: Vec<Run> = (0..12).map(|_| good_run()).collect();
    for run in &runs {
        run.deliver(&admin);
    }
    let readers: Vec<Client> = (0..4)
        .map(|_| collector.client_with(Some(&collector.create_token(&["read"]))))
        .collect();
    std::thread::scope(|scope| {
        for reader in &readers {
            scope.spawn(|| {
                for run in &runs {
                    reader.execution(run.id, "").ok();
                    reader.execution(run.id, "/results").ok();
                }
            });
        }
        for run in &runs {
            let path = format!("{API}/executions/{}/pin", run.id);
            admin.send("PUT", &path, &[], b"{}").ok();
        }
    });
    everything_is_entered(&collector, &readers[0]);
    for run in &runs {
        let mut told: Vec<String> = views(&admin, run.id)
            .iter()
            .flat_map(|entry| {
                let name = entry["actor"]["name"].as_str().unwrap().to_owned();
                let parts = parts(std::slice::from_ref(entry)).into_iter();
                parts.map(move |part| format!("{name} {part}"))
            })
            .collect();
        let count = told.len();
        told.sort();
        told.dedup();
        assert_eq!((told.len(), count), (8, 8), "{told:?}");
    }
    assert_eq!(entries(&admin, "action=pin").len(), runs.len());
    assert_eq!(admin.api("/audit/verify").ok()["is_whole"], true);
}

/// While somebody else writes to the database for long, readers read, and what they look at is entered later.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_entries_keeps_nobody_from_reading() {
    use playback::store::dialect::Engine;
    use sqlx::{Connection as _, Executor as _};

    let folder = tempfile::TempDir::new().unwrap();
    let database = crate::servers::database(Engine::Sqlite, folder.path());
    let setup = Setup::default().database(database.clone());
    let config = "audit_views = true\ndatabase_wait_seconds = 1\n";
    let collector = tokio::task::block_in_place(|| setup.config(config).start());
    let client = collector.client();
    let run = good_run();
    tokio::task::block_in_place(|| {
        run.deliver(&client);
    });
    let mut other = sqlx::SqliteConnection::connect(&database).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    tokio::task::block_in_place(|| {
        client.execution(run.id, "/output").ok();
        let failed = "playback_job_runs_total{job=\"audit_views\",outcome=\"failed\"}";
        eventually("an entry not to be written", || {
            client.get("/metrics").text.contains(failed).then_some(())
        });
        client.execution(run.id, "/output").ok();
        client.execution(run.id, "/tasks").ok();
    });
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    tokio::task::block_in_place(|| {
        eventually("both to be entered", || {
            let mut told = parts(&views(&client, run.id));
            told.sort();
            (told == ["output", "tasks"]).then_some(())
        });
        assert_eq!(client.api("/audit/verify").ok()["is_whole"], true);
    });
}
