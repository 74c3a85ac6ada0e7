//! Several collectors share one history: each of them accepts, shows and streams the same.

mod balanced;
mod faults;
mod launches;
pub(crate) mod nginx;
mod sessions;

use playback::store::dialect::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::builders::{Run, good_run};
use crate::harness::{API, Client, Collector, Setup, eventually};
use crate::servers;
use crate::socket::{Socket, StreamEvent};

/// Collectors on one PostgreSQL database, started with this configuration each.
fn collectors<const N: usize>(config: &str) -> [Collector; N] {
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    on(&database, config)
}

fn on<const N: usize>(database: &str, config: &str) -> [Collector; N] {
    std::array::from_fn(|_| {
        let setup = Setup::default().database(database.to_owned());
        setup.config(config).start()
    })
}

/// The whole record of a run, without the fields that differ between any two runs.
fn whole(client: &Client, run: &Run) -> Value {
    let id = run.id;
    let part = |part: &str| client.execution(id, part).ok();
    let mut record = part("");
    record["id"] = json!("the same");
    record["trace_id"] = json!("the same");
    json!([
        record,
        part("/hosts"),
        part("/tasks"),
        part("/plays"),
        part("/results"),
        part("/events")
    ])
}

/// A run with something of everything.
fn varied() -> Run {
    let mut run =
        Run::of(json!({ "playbook": "site.yml", "labels": ["a", "b"], "user": "ann" })).play("web");
    for task in 0..4 {
        run = run
            .task(&format!("task {task}"))
            .output(&format!("TASK [task {task}] ***\n"));
        for host in ["web-01", "web-02", "web-03"] {
            run = run
                .host(host)
                .changed(host)
                .output(&format!("changed: [{host}]\n"));
        }
    }
    run.task("last")
        .failed("web-02")
        .recap(&[("web-01", [4, 4, 0, 0, 0]), ("web-02", [4, 4, 0, 1, 0])])
        .ended(2)
}

#[test]
fn batches_that_go_to_one_after_the_other_make_the_same_record() {
    let all = collectors::<3>("");
    let clients = all.each_ref().map(Collector::client);
    let (spread, single) = (varied(), varied());
    single.deliver(&clients[0]);
    for at in 0..spread.len() {
        spread.deliver_range(&clients[at % 3], at..at + 1);
    }
    let expected = whole(&clients[0], &single);
    for client in &clients {
        assert_eq!(whole(client, &spread), expected);
    }
    // Each of them knows what it has, without having been told by the one that took it in.
    for client in &clients {
        assert_eq!(
            client.ingest(spread.id, "recorder", b"").acked(),
            spread.len() as u64
        );
        spread.deliver(client);
    }
    assert_eq!(whole(&clients[1], &spread), expected);
}

#[test]
fn producers_of_one_run_may_report_to_different_ones() {
    let all = collectors::<2>("");
    let [one, other] = all.each_ref().map(Collector::client);
    let recorder = varied();
    let supervisor = Run::supervisor(recorder.id)
        .output("seen from outside\n")
        .ended(2);
    for at in 0..recorder.len().max(supervisor.len()) {
        if at < recorder.len() {
            recorder.deliver_range(&one, at..at + 1);
        }
        if at < supervisor.len() {
            supervisor.deliver_range(&other, at..at + 1);
        }
    }
    let events = recorder.len() + supervisor.len();
    for client in [one, other] {
        let record = client.finished(recorder.id);
        assert_eq!(
            record["events"],
            json!({ "received": events, "expected": events, "complete": true })
        );
        assert_eq!(record["exit_code"], 2);
        assert_eq!(record["stats"]["web-02"]["failed"], 1);
    }
}

/// Many producers at once, each sending to all collectors in turn, so that they get in each other's way.
#[test]
fn all_at_once_lose_nothing_and_store_nothing_twice() {
    let all = collectors::<3>("");
    let clients = all.each_ref().map(Collector::client);
    let runs: Vec<(Run, Run)> = (0..8)
        .map(|_| {
            let run = varied();
            let supervisor = Run::supervisor(run.id).output("x\n").output("y\n").ended(2);
            (run, supervisor)
        })
        .collect();
    std::thread::scope(|scope| {
        for (run, supervisor) in &runs {
            for producer in [run, supervisor] {
                let clients = &clients;
                scope.spawn(move || {
                    for at in 0..producer.len() {
                        eventually("an event to be taken", || {
                            let answer = producer.send_range(&clients[(at * 7) % 3], at..at + 1);
                            (answer.status == 200).then_some(())
                        });
                    }
                });
            }
        }
    });
    for (run, supervisor) in &runs {
        let events = run.len() + supervisor.len();
        let record = clients[0].finished(run.id);
        let complete = json!({ "received": events, "expected": events, "complete": true });
        assert_eq!(record["events"], complete, "{record}");
        assert_eq!(record["results"], 13);
        let results = clients[1].execution(run.id, "/results").ok();
        assert_eq!(results["results"].as_array().unwrap().len(), 13);
    }
}

#[test]
fn a_stream_shows_what_any_of_them_takes_in() {
    let all = collectors::<2>("");
    let [one, other] = all.each_ref().map(Collector::client);
    let run = good_run();
    run.deliver_range(&one, 0..3);
    let mut feed = Socket::feed(&all[1]);
    let mut stream = Socket::watch(&all[1], run.id, "");
    let mut next = || match stream.next() {
        StreamEvent::Message(message) => message,
        said => panic!("{said:?}"),
    };
    assert_eq!(next()["content"], "");
    assert_eq!(next()["content"], "PLAY [web] ****");
    // Live, through the one that did not take it in.
    run.deliver_range(&one, 3..7);
    assert_eq!(next()["content"], "changed: [web-01]");
    run.deliver_range(&other, 7..8);
    run.deliver_range(&one, 8..run.len());
    let complete = next();
    assert_eq!(complete["type"], "complete");
    assert_eq!(complete["result"]["status"], "success");
    // The feed tells of its end, too.
    eventually("the feed to tell of the end", || match feed.next() {
        StreamEvent::Message(message) => (message["event"] == "ended")
            .then(|| assert_eq!(message["execution"]["id"], run.id.to_string())),
        said => panic!("{said:?}"),
    });
}

#[test]
fn what_one_deletes_or_redacts_the_others_have_not_any_more() {
    let all = collectors::<2>("");
    let [one, other] = all.each_ref().map(Collector::client);
    let named = Run::of(json!({ "playbook": "site.yml", "instance": "one" }));
    let redacted = named.output("changed: [web-01]\n").ended(0);
    let deleted = good_run();
    for run in [&deleted, &redacted] {
        run.deliver(&one);
        run.deliver(&other);
    }
    assert_eq!(other.delete(deleted.id).status, 204);
    eventually("the first to know", || {
        (one.execution(deleted.id, "").status == 404).then_some(())
    });
    // It does not come again, whomever it is sent to.
    for client in [&one, &other] {
        client
            .ingest(deleted.id, "recorder", b"")
            .error(410, "gone");
        deleted.send(client).error(410, "gone");
    }

    let path = format!("{}/executions/{}/redact", crate::harness::API, redacted.id);
    let asked = json!({ "texts": ["web-01"] }).to_string();
    other.send("POST", &path, &[], asked.as_bytes()).ok();
    redacted.deliver(&one);
    for client in [&one, &other] {
        assert!(
            !client
                .execution(redacted.id, "")
                .text
                .contains("changed: [web-01]")
        );
    }
}

/// Each collector knows the owner of a run, and refuses a run that was deleted through another one.
#[test]
fn a_run_is_kept_from_strangers_by_every_collector() {
    let all = collectors::<2>("");
    let [one, other] = all.each_ref().map(Collector::client);
    let run = Run::new().output("first\n");
    let key = "00112233445566778899aabbccddeeff";
    let path = format!("{}/ingest/{}/recorder", crate::harness::API, run.id);
    let keyed = [("Playback-Run-Key", key)];
    let last = run.clone().ended(0).batch(run.len()..run.len() + 1);
    assert_eq!(one.send("POST", &path, &keyed, &run.ndjson()).acked(), 2);
    for client in [&other, &one] {
        for body in [&last[..], b""] {
            client
                .send("POST", &path, &[], body)
                .error(403, "not_yours");
        }
    }
    assert_eq!(other.send("POST", &path, &keyed, &last).acked(), 3);
    assert_eq!(one.finished(run.id)["status"], "success");
}

/// One migration at a time, and whoever comes second finds it made; the first token too.
#[test]
fn collectors_that_start_together_make_one_schema() {
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let mut started: Vec<Collector> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    Setup::default()
                        .database(database.clone())
                        .start_without_token()
                })
            })
            .collect();
        starting
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect()
    });
    let token = started[0].create_token(&["admin"]);
    let run = good_run();
    for collector in &started {
        run.deliver(&collector.client_with(Some(&token)));
    }
    let printed: String = started.iter_mut().map(|one| one.stop().1).collect();
    assert_eq!(printed.matches("\npbk_").count(), 1, "{printed}");
}

#[test]
fn what_they_change_at_once_stands_in_one_audit_trail() {
    let all = collectors::<2>("");
    let clients = all.each_ref().map(Collector::client);
    let runs: Vec<Run> = (0..20).map(|_| good_run()).collect();
    for run in &runs {
        run.deliver(&clients[0]);
    }
    std::thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                for run in &runs {
                    let path = format!("{API}/executions/{}/pin", run.id);
                    client.send("PUT", &path, &[], b"{}").ok();
                }
            });
        }
    });
    let verdict = clients[1].api("/audit/verify").ok();
    assert_eq!(verdict["faults"], json!([]));
    let page = clients[0].api("/audit?action=pin&limit=100").ok();
    assert_eq!(page["entries"].as_array().unwrap().len(), 40);
}
