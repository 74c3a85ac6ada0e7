//! `max_output_lines` keeps the first and the last half of a long output, with a line that says how much is missing.

use playback::log::rebuild;
use playback::store::Store;
use serde_json::{Value, json};

use super::{begun, site};
use crate::builders::Run;
use crate::harness::{Collector, Setup, eventually};
use crate::rebuild::rows;
use crate::socket::Socket;

/// A run that prints 1000 numbered lines between its results, in many events.
fn long_run() -> Run {
    let mut run = begun(0.0, site());
    for n in 1..=332 {
        run = run.output(&format!("line {}\nli", n * 3));
        run = run.errors(&format!("ne {}\nline {}\n", n * 3 + 1, n * 3 + 2));
        if n % 50 == 0 {
            run = run.ok(&format!("web-{n}"));
        }
    }
    run.output("the last one").ended(0)
}

/// Waits until the middle is left out; the record then.
fn trimmed(collector: &Collector, run: &Run) -> Value {
    let client = collector.client();
    eventually("the middle to be left out", || {
        let record = client.execution(run.id, "").ok();
        record.get("output_left_out").is_some().then_some(record)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_and_the_last_half_of_a_long_output_stay() {
    let mut collector = Setup::default().config("max_output_lines = 11").start();
    let client = collector.client();
    let run = long_run();
    run.deliver_range(&client, 0..200);
    let mut live = Socket::watch(&collector, run.id, "");
    for from in (200..run.len()).step_by(97) {
        run.deliver_range(&client, from..run.len().min(from + 97));
    }
    let short = begun(0.0, site()).output("1\n2\n3\n").ended(0);
    short.deliver(&client);
    // Who watches sees all of it.
    let (all, _) = live.rest();
    drop(live);
    assert_eq!(all.len(), 2 + 332 * 3 + 1);
    let total = all.len();

    let record = trimmed(&collector, &run);
    let marker = format!("… {} lines left out (max_output_lines) …", total - 11);
    let mut expected: Vec<&str> = all[..6].iter().map(String::as_str).collect();
    expected.push(&marker);
    expected.extend(all[total - 5..].iter().map(String::as_str));
    assert_eq!(record["output"], json!(expected));
    assert_eq!(record["output_left_out"], total - 11);
    assert_eq!(record["output_lines"], 12);
    assert_eq!(
        record["events"],
        json!({ "received": run.len(), "expected": run.len(), "complete": true })
    );
    assert_eq!(record["results"], 7);

    // Lines are numbered anew, without a gap, however they are requested.
    for from in 0..12 {
        let page = client
            .execution(run.id, &format!("/output?from={from}&limit=3"))
            .ok();
        let lines = page["lines"].as_array().unwrap();
        let last = 12.min(from + 3);
        let texts: Vec<&str> = lines
            .iter()
            .map(|line| line["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts, expected[from..last]);
        let numbers: Vec<u64> = lines
            .iter()
            .map(|line| line["line"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (from as u64..last as u64).collect::<Vec<_>>());
        assert_eq!(page["total"], 12);
    }
    let text = client.execution(run.id, "/output?format=text").text;
    assert_eq!(text, expected.join("\n"));
    let (lines, last) = Socket::watch(&collector, run.id, "").rest();
    assert_eq!(lines, expected);
    assert_eq!(last["output"], json!(expected));
    let (lines, _) = Socket::watch(&collector, run.id, "?since=5").rest();
    assert_eq!(lines, expected[5..]);

    // Events and results are all there, and what is sent again is known.
    let mut events = Vec::new();
    let mut after = 0;
    loop {
        let page = client
            .execution(run.id, &format!("/events?limit=1000&after={after}"))
            .ok();
        events.extend(page["events"].as_array().unwrap().clone());
        match page["next"].as_u64() {
            Some(next) if next > after => after = next,
            _ => break,
        }
    }
    assert_eq!(events.len(), run.len());
    let results = client.execution(run.id, "/results?limit=100").ok();
    for result in results["results"].as_array().unwrap() {
        let detail = client
            .execution(run.id, &format!("/results/{}", result["seq"]))
            .ok();
        assert_eq!(detail["event"]["data"]["content"]["msg"], "fine");
    }
    assert_eq!(
        run.send_range(&client, 100..run.len()).acked(),
        run.len() as u64
    );
    assert_eq!(client.finished(run.id)["output"], json!(expected));
    assert_eq!(
        client.finished(short.id)["output"]
            .as_array()
            .unwrap()
            .len(),
        5
    );

    // Its rows are what its log says.
    assert!(collector.stop().0.success());
    let store = Store::open(&collector.database()).await.unwrap();
    let before = rows(&store, run.id).await;
    rebuild(&store, run.id).await.unwrap();
    assert_eq!(rows(&store, run.id).await, before);
    store.close().await;
    collector.launch();
    assert_eq!(client.finished(run.id)["output"], json!(expected));
}

#[test]
fn the_lines_that_are_shown_are_the_ones_that_count() {
    let collector = Setup::default().config("max_output_lines = 4").start();
    let client = collector.client();
    let run = begun(0.0, site()).output("by the recorder\n").ended(0);
    run.deliver(&client);
    let mut supervisor = Run::supervisor(run.id);
    for n in 0..50 {
        supervisor = supervisor.output(&format!("{n}\r\n"));
    }
    let supervisor = supervisor.ended(0);
    supervisor.deliver(&client);
    let record = trimmed(&collector, &run);
    let marker = "… 46 lines left out (max_output_lines) …";
    assert_eq!(
        record["output"],
        json!(["0\r", "1\r", marker, "48\r", "49\r"])
    );
    assert_eq!(record["output_lines"], 5);
    assert_eq!(record["events"]["complete"], true);
}

#[test]
fn what_a_killed_collector_did_not_get_to_is_done_by_the_next() {
    let mut collector = Setup::default().config("max_output_lines = 4").start();
    let run = begun(0.0, site()).output(&"x\n".repeat(100)).ended(0);
    run.deliver(&collector.client());
    collector.kill_and_restart();
    let record = trimmed(&collector, &run);
    assert_eq!(record["output_lines"], 5);
}

#[test]
fn nothing_is_left_out_while_somebody_still_reads_it() {
    let collector = Setup::default().config("max_output_lines = 4").start();
    let client = collector.client();
    // More than lies between a viewer that does not read and the collector.
    let wide = "x".repeat(64 << 10);
    let flood = (0..300).fold(begun(0.0, site()), |run, _| {
        run.output(&format!("{wide}\n"))
    });
    let flood = flood.ended(0);
    for from in 0..flood.len() {
        flood.deliver_range(&client, from..from + 1);
    }
    // It comes when the run is over, so it reads the store, a few blocks at a time.
    let mut slow = Socket::watch(&collector, flood.id, "");
    let later = long_run();
    later.deliver(&client);
    trimmed(&collector, &later);
    let (lines, record) = slow.rest();
    assert_eq!(lines.len(), 302);
    assert_eq!(record["output_lines"], 302);
    drop(slow);
    assert_eq!(trimmed(&collector, &flood)["output_lines"], 5);
}
