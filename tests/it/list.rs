//! The list of executions: its filters, its pages, its errors.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{Client, Collector, eventually};
use crate::socket::Socket;

const MINUTE: i64 = 60_000_000;

/// Identities of the executions that a query finds, in order.
#[track_caller]
fn found(client: &Client, query: &str) -> Vec<Uuid> {
    let page = client.api(&format!("/executions?{query}")).ok();
    ids(&page)
}

fn ids(page: &Value) -> Vec<Uuid> {
    let executions = page["executions"].as_array().unwrap();
    let id = |record: &Value| record["id"].as_str().unwrap().parse().unwrap();
    executions.iter().map(id).collect()
}

#[test]
pub(crate) fn every_filter_finds_what_it_names_and_filters_combine() {
    let collector = Collector::start();
    let client = collector.client();
    let deploy = Run::starting(
        TEN,
        json!({
            "type": "playbook", "playbook": "plays/deploy.yml", "inventory": "prod", "user": "ann",
            "controller": "ctl-1", "labels": ["release", "night"], "note": "Ticket 100% A_b",
        }),
    )
    .play("web")
    .task("install")
    .changed("web-01")
    .after(100.0)
    .recap(&[("web-01", [1, 1, 0, 0, 0])])
    .ended(0);
    let broken = Run::starting(
        TEN + MINUTE,
        json!({ "type": "playbook", "playbook": "site.yml", "inventory": "stage", "user": "bob" }),
    )
    .play("db")
    .task("install")
    .failed("db-01")
    .recap(&[("db-01", [0, 0, 0, 1, 0])])
    .ended(2);
    let away = Run::starting(
        TEN + 2 * MINUTE,
        json!({ "type": "adhoc", "module": "ping", "hosts": "all", "user": "ann" }),
    )
    .play("Ansible Ad-Hoc")
    .task("ping")
    .unreachable("web-02")
    .recap(&[("web-02", [0, 0, 1, 0, 0])])
    .ended(4);
    let live = Run::starting(
        TEN + 24 * 60 * MINUTE,
        json!({ "type": "playbook", "playbook": "other/deploy.yml", "labels": ["night"] }),
    )
    .play("web")
    .output("TASK [Gathering Facts] ***\n");
    for run in [&deploy, &broken, &away, &live] {
        run.deliver(&client);
    }
    let [deploy, broken, away, live] = [deploy.id, broken.id, away.id, live.id];
    let cases: &[(&str, &[Uuid])] = &[
        ("", &[live, away, broken, deploy]),
        ("status=running", &[live]),
        ("status=success", &[deploy]),
        ("status=failed", &[away, broken]),
        ("type=adhoc", &[away]),
        ("type=playbook", &[live, broken, deploy]),
        ("playbook=deploy.yml", &[live, deploy]),
        ("playbook=plays/deploy.yml", &[deploy]),
        ("playbook=ploy.yml", &[]),
        ("inventory=prod", &[deploy]),
        ("host=web-02", &[away]),
        ("host=web", &[]),
        ("user=ann", &[away, deploy]),
        ("controller=ctl-1", &[deploy]),
        ("label=night", &[live, deploy]),
        ("label=release", &[deploy]),
        ("changed=true", &[deploy]),
        ("changed=false", &[live, away, broken]),
        ("reason=unreachable", &[away]),
        ("reason=task_failed", &[broken]),
        ("start_date=2026-01-20T10:01:00Z", &[live, away, broken]),
        (
            "start_date=2026-01-20T11:01:00%2B01:00",
            &[live, away, broken],
        ),
        ("start_date=2026-01-21", &[live]),
        ("end_date=2026-01-20", &[away, broken, deploy]),
        ("end_date=2026-01-20T10:00:00Z", &[deploy]),
        (
            "start_date=2026-01-20&end_date=2026-01-20",
            &[away, broken, deploy],
        ),
        ("min_duration=100", &[deploy]),
        ("q=TICKET", &[deploy]),
        ("q=100%25%20a_b", &[deploy]),
        ("q=100_", &[]),
        ("q=stage", &[broken]),
        ("status=failed&limit=10", &[away, broken]),
        ("status=failed&user=ann", &[away]),
        ("status=failed&user=ann&host=db-01", &[]),
        ("order=asc", &[deploy, broken, away, live]),
        ("order=asc&status=failed&limit=1", &[broken]),
        ("limit=2&offset=1", &[away, broken]),
        ("status=&user=&q=", &[live, away, broken, deploy]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&client, query), *expected, "{query}");
    }
}

#[test]
pub(crate) fn an_entry_has_the_documented_fields_and_those_asked_for_alone() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let page = client
        .api("/executions?fields=id,%20status,stats,nothing")
        .ok();
    let expected = json!([{
        "id": run.id, "status": "success",
        "stats": { "web-01": {
            "ok": 1, "changed": 1, "unreachable": 0, "failed": 0, "skipped": 0, "rescued": 0,
            "ignored": 0,
        } },
    }]);
    assert_eq!(page["executions"], expected);
    assert_eq!(
        page.as_object().unwrap().len(),
        1,
        "one page has no next: {page}"
    );

    let page = client.api("/executions").ok();
    let record = page["executions"][0].as_object().unwrap();
    assert!(!record.contains_key("output"), "{record:?}");
    insta::assert_json_snapshot!("list_entry", record, { ".id" => "[id]", ".trace_id" => "[trace_id]" });
}

/// The counts are asked of the database where the recap itself is not asked for.
#[test]
pub(crate) fn hosts_are_counted_by_the_worst_that_happened_to_them() {
    let collector = Collector::start();
    let client = collector.client();
    // ok changed unreachable failed skipped
    let recap = [
        ("a", [1, 0, 0, 0, 0]),
        ("b", [0, 0, 0, 0, 0]),
        ("c", [1, 0, 0, 0, 2]),
        ("d", [0, 0, 0, 0, 2]),
        ("e", [2, 1, 0, 0, 1]),
        ("f", [2, 1, 0, 1, 0]),
        ("g", [2, 1, 1, 1, 0]),
        ("h", [0, 0, 1, 0, 0]),
    ];
    let mixed = Run::new().play("all").recap(&recap).ended(4);
    let empty = Run::new().ended(1);
    for run in [&mixed, &empty] {
        run.deliver(&client);
    }
    let expected =
        json!({ "unreachable": 2, "failed": 1, "changed": 1, "skipped": 1, "idle": 1, "ok": 2 });
    let nobody =
        json!({ "unreachable": 0, "failed": 0, "changed": 0, "skipped": 0, "idle": 0, "ok": 0 });
    for fields in ["id,hosts_by_outcome", "id,hosts_by_outcome,stats", ""] {
        let page = client.api(&format!("/executions?fields={fields}")).ok();
        for (run, counts) in [(&mixed, &expected), (&empty, &nobody)] {
            let listed = page["executions"].as_array().unwrap().iter();
            let mut of_run = listed.filter(|record| record["id"] == json!(run.id));
            assert_eq!(
                &of_run.next().unwrap()["hosts_by_outcome"],
                counts,
                "{fields}"
            );
            let one = client.execution(run.id, &format!("?fields={fields}")).ok();
            assert_eq!(&one["hosts_by_outcome"], counts, "{fields}");
        }
    }
}

#[test]
pub(crate) fn a_running_entry_carries_the_tail_of_its_output() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = Run::new().play("web");
    for line in 0..30 {
        run = run.output(&format!("line {line}\n"));
    }
    let run = run.output("open");
    run.deliver(&client);
    // The view of a running execution may trail behind the log by a second.
    let output = eventually("the tail", || {
        let page = client.api("/executions?status=running").ok();
        let record = page["executions"][0].clone();
        assert!(record.get("end_time").is_none() && record.get("exit_code").is_none());
        let output = record["output"].as_array().unwrap().clone();
        (output.last() == Some(&json!("open"))).then_some(output)
    });
    assert_eq!(output.len(), 20);
    assert_eq!(output[0], "line 11");
}

#[test]
pub(crate) fn pages_neither_repeat_nor_skip_while_new_runs_arrive() {
    let collector = Collector::start();
    let client = collector.client();
    // Several begin at the same moment: the identity then decides.
    let start = |at: i64| {
        let run = Run::starting(at, json!({ "playbook": "site.yml" })).ended(0);
        run.deliver(&client);
        run.id
    };
    let mut expected: Vec<Uuid> = (0..25).map(|n| start(TEN + n / 5 * MINUTE)).collect();
    let all = found(&client, "limit=1000");
    expected.sort();
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(sorted, expected);

    for order in ["desc", "asc"] {
        let mut seen = Vec::new();
        let mut query = format!("limit=4&order={order}");
        let mut later = Vec::new();
        loop {
            let page = client.api(&format!("/executions?{query}")).ok();
            seen.extend(ids(&page));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            query = format!("limit=4&order={order}&cursor={cursor}");
            if later.len() < 6 {
                later.push(start(TEN + 60 * MINUTE + later.len() as i64));
            }
        }
        assert!(later.len() > 2, "there were several pages");
        if order == "asc" {
            // What came while we read stands at the end, and is seen too.
            let mut whole = found(&client, "limit=1000");
            whole.reverse();
            assert_eq!(seen, whole);
        } else {
            assert_eq!(seen, all);
        }
    }
}

#[test]
pub(crate) fn the_longest_runs_come_first_where_that_is_asked_for() {
    let collector = Collector::start();
    let client = collector.client();
    let took = |at: i64, user: &str, seconds: f64| {
        let started = json!({ "type": "playbook", "playbook": "site.yml", "user": user });
        let run = Run::starting(TEN + at * MINUTE, started)
            .after(seconds)
            .ended(0);
        run.deliver(&client);
        run.id
    };
    let short = took(0, "ann", 2.0);
    let longest = took(1, "bob", 900.0);
    let long = took(2, "ann", 90.0);
    let shortest = took(3, "ann", 1.0);
    // One that goes on has no duration yet.
    let running = Run::starting(
        TEN + 4 * MINUTE,
        json!({ "type": "playbook", "user": "ann" }),
    );
    running.deliver(&client);
    let listed = |query: &str| found(&client, query);
    assert_eq!(listed("sort=duration"), [longest, long, short, shortest]);
    assert_eq!(
        listed("sort=duration&order=asc"),
        [shortest, short, long, longest]
    );
    assert_eq!(listed("sort=duration&user=ann&limit=1"), [long]);
    assert_eq!(
        listed("sort=duration&start_date=2026-01-20T10:02:00Z"),
        [long, shortest]
    );
    assert_eq!(
        listed("sort=duration&text=SITE&min_duration=2"),
        [longest, long, short]
    );
    assert_eq!(
        listed("sort=duration&q=NOT%20user:bob&min_duration=2"),
        [long, short]
    );
    assert_eq!(listed("sort=started&limit=2"), [running.id, shortest]);
    let first = client.api("/executions?sort=duration&limit=3").ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/executions?sort=duration&limit=3&cursor={cursor}");
    let last = client.api(&path).ok();
    assert_eq!(ids(&last), [shortest]);
    assert!(last.get("next_cursor").is_none(), "{last}");
}

#[test]
pub(crate) fn the_last_page_says_that_it_is_the_last() {
    let collector = Collector::start();
    let client = collector.client();
    for _ in 0..4 {
        Run::new().ended(0).deliver(&client);
    }
    let first = client.api("/executions?limit=2").ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = client
        .api(&format!("/executions?limit=2&cursor={cursor}"))
        .ok();
    assert_eq!(ids(&last).len(), 2);
    assert!(last.get("next_cursor").is_none(), "{last}");
}

#[test]
pub(crate) fn what_cannot_be_meant_is_refused_in_the_one_shape() {
    let collector = Collector::start();
    let client = collector.client();
    let id = Run::new().deliver(&client).id;
    let long = format!("/executions?q={}", "x".repeat(1001));
    let cases = [
        (long.as_str(), "1000 characters"),
        ("/executions?cursor=nonsense", "cursor"),
        ("/executions?limit=0", "limit"),
        ("/executions?limit=1001", "limit"),
        ("/executions?limit=ten", "limit"),
        ("/executions?limit=-1", "limit"),
        ("/executions?offset=-1", "offset"),
        ("/executions?start_date=yesterday", "start_date"),
        ("/executions?end_date=2026-13-01", "end_date"),
        ("/executions?status=broken", "running, success, failed"),
        ("/executions?type=role", "playbook or adhoc"),
        ("/executions?reason=bad", "task_failed"),
        ("/executions?changed=maybe", "changed"),
        ("/executions?min_duration=-1", "min_duration"),
        ("/executions?min_duration=NaN", "min_duration"),
        ("/executions?order=up", "asc or desc"),
        ("/executions?sort=size", "started or duration"),
        ("/executions?sort=duration&offset=1", "use cursor"),
        (
            "/executions?sort=duration&cursor=1.1",
            "no cursor of such a list",
        ),
        (
            "/executions?sort=duration&cursor=t1",
            "no cursor of such a list",
        ),
        (
            "/executions?sort=started&cursor=t1.1",
            "no cursor of such a list",
        ),
        ("/executions?stauts=failed", "stauts"),
        ("/executions/12", "UUID"),
        ("/executions/12/output", "UUID"),
        ("/executions/%ff", "path"),
        ("/executions/%ff/stream", "path"),
        ("/executions/ID?wait=over", "final"),
        ("/executions/ID?wait=final&timeout=601", "timeout"),
        ("/executions/ID?wait=final&timeout=-1", "timeout"),
        ("/executions/ID/output?format=html", "format"),
        ("/executions/ID/output?stream=stdin", "stream"),
        ("/executions/ID/output?from=-1", "from"),
        ("/executions/ID/output?limit=0", "limit"),
        ("/executions/ID/events?producer=me", "producer"),
        ("/executions/ID/tasks?limit=5000", "limit"),
        ("/executions/ID/hosts?before=1", "before"),
        ("/executions/ID/results?status=bad", "status"),
        ("/executions/ID/results/first", "sequence number"),
        ("/executions/ID/stream", "WebSocket"),
        ("/executions/ID/stream?since=-1", "since"),
        ("/stream", "WebSocket"),
    ];
    for (path, named) in cases {
        let answer = client.api(&path.replace("ID", &id.to_string()));
        let message = answer.error(400, "bad_request");
        assert!(message.contains(named), "{path}: {message}");
    }
    for part in [
        "", "/output", "/events", "/plays", "/tasks", "/hosts", "/results", "/stream",
    ] {
        let message = client
            .execution(Uuid::now_v7(), part)
            .error(404, "not_found");
        assert!(message.contains("no execution"), "{part}: {message}");
    }
    client.execution(id, "/results/7").error(404, "not_found");
    client.get("/api/v2/executions").error(404, "not_found");
    client.api("/executions/").error(404, "not_found");
    let answer = client.send("POST", "/api/v1/ansible/executions", &[], b"{}");
    answer.error(405, "method_not_allowed");
    client
        .send("DELETE", "/healthz", &[], b"")
        .error(405, "method_not_allowed");
}

/// Numbers at the edge of what is possible are no reason to fail.
#[test]
pub(crate) fn extreme_numbers_are_answered() {
    let collector = Collector::start();
    let client = collector.client();
    let id = good_run().deliver(&client).id;
    let max = u64::MAX;
    let output = client.execution(id, &format!("/output?from={max}")).ok();
    assert_eq!(output["lines"], json!([]));
    let output = client.execution(id, &format!("/output?format=text&to={max}"));
    assert_eq!(output.status, 200);
    let events = client.execution(id, &format!("/events?after={max}")).ok();
    assert_eq!(events["events"], json!([]));
    let results = client.execution(id, &format!("/results?after={max}")).ok();
    assert_eq!(results["results"], json!([]));
    client
        .execution(id, &format!("/results/{max}"))
        .error(404, "not_found");
    let tasks = client.execution(id, "/tasks?after=4294967295").ok();
    assert_eq!(tasks["tasks"], json!([]));
    for query in [
        &format!("offset={max}"),
        "min_duration=1e300",
        "end_date=0001-01-01",
    ] {
        assert!(found(&client, query).is_empty(), "{query}");
    }
    let mut socket = Socket::watch(&collector, id, &format!("?since={max}"));
    assert_eq!(socket.rest().0, [""; 0]);
}

/// A host's executions stand in an order of their own: it is that of the list, whoever is the last to tell when a
/// run began.
#[test]
pub(crate) fn a_run_that_began_earlier_than_its_recorder_said_is_found_by_host() {
    let collector = Collector::start();
    let client = collector.client();
    let recorder = Run::starting(TEN + 500_000, json!({ "type": "playbook" }))
        .play("web")
        .task("install")
        .changed("web-01")
        .recap(&[("web-01", [1, 1, 0, 0, 0])])
        .ended(0);
    recorder.deliver(&client);
    let until = "host=web-01&end_date=2026-01-20T10:00:00.2Z";
    assert!(found(&client, until).is_empty());
    Run::supervisor(recorder.id).ended(0).deliver(&client);
    assert_eq!(
        client.finished(recorder.id)["start_time"],
        "2026-01-20T10:00:00Z"
    );
    assert_eq!(found(&client, until), [recorder.id]);
}

/// Whoever hangs up in the middle of a request leaves a statement behind that nobody waits for. Each filter is a
/// statement of its own, which the database has not seen before.
#[test]
pub(crate) fn requests_that_nobody_waits_for_take_no_connection_away() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    let filters = [
        "status=failed",
        "type=adhoc",
        "host=a",
        "label=b",
        "user=c",
        "controller=d",
        "changed=true",
        "playbook=e",
        "inventory=f",
        "reason=lost",
        "min_duration=1",
        "q=good",
        "offset=1",
        "order=asc",
    ];
    for round in 0..20 {
        for (at, filter) in filters.iter().enumerate() {
            let more = filters[(at + round + 1) % filters.len()];
            let request = format!(
                "GET {}/executions?{filter}&{more} HTTP/1.1\r\nHost: localhost\r\n\
                 Authorization: Bearer {}\r\n\r\n",
                crate::harness::API,
                collector.token
            );
            let mut connection = TcpStream::connect(collector.address()).unwrap();
            connection.write_all(request.as_bytes()).unwrap();
            // At another moment each time, and none that a test depends on.
            std::thread::sleep(Duration::from_micros(100 * round as u64));
        }
    }
    for _ in 0..20 {
        assert_eq!(found(&client, "limit=5"), [run.id]);
    }
    let (status, printed) = collector.stop();
    assert!(status.success(), "{printed}");
}
