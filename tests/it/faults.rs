//! With a store that is slow, full or broken, producers are told to retry, and nothing is lost or stored in part.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use uuid::Uuid;

use crate::builders::{Run, good_run};
use crate::harness::{Collector, eventually, zstd};
use crate::socket::Socket;

/// Somebody else's connection to the collector's database.
async fn another(collector: &Collector) -> SqliteConnection {
    SqliteConnection::connect(&collector.database())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_collector_asks_to_come_back_and_stays_small() {
    let collector = Collector::start();
    let client = collector.client();
    let mut state = 1_u64;
    let text: String = std::iter::repeat_with(|| {
        // Text that cannot be compressed much: a linear congruential generator's upper bits.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'0' + (state >> 58) as u8)
    })
    .take(14 << 20)
    .collect();
    let run = Run::new().output(&text.replace('\\', "/")).ended(0);
    let body = zstd(&run.ndjson());
    assert!(body.len() > 9 << 20, "{}", body.len());
    let ids: Vec<Uuid> = (0..28).map(|_| Uuid::now_v7()).collect();
    let refused = AtomicUsize::new(0);
    // While the store is held nothing can be committed, and what waits has its bounds.
    let mut holder = another(&collector).await;
    holder.execute("BEGIN IMMEDIATE").await.unwrap();
    std::thread::scope(|scope| {
        let taken: Vec<_> = ids
            .iter()
            .map(|id| {
                let (client, refused, body) = (&client, &refused, &body);
                scope.spawn(move || {
                    let answer = client.ingest(*id, "recorder", body);
                    if answer.status == 503 {
                        answer.error(503, "busy");
                        assert_eq!(answer.header("retry-after"), "1");
                        refused.fetch_add(1, Ordering::SeqCst);
                        return None;
                    }
                    Some(answer.acked())
                })
            })
            .collect();
        eventually("refusals", || {
            (refused.load(Ordering::SeqCst) >= 3).then_some(())
        });
        let waiting = taken.iter().filter(|taken| !taken.is_finished()).count();
        assert!(waiting > 2, "{waiting} wait");
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current()
                .block_on(holder.execute("ROLLBACK"))
                .unwrap();
        });
        let taken = taken.into_iter().map(|taken| taken.join().unwrap());
        let taken: Vec<Option<u64>> = taken.collect();
        for (id, taken) in ids.iter().zip(taken) {
            if let Some(acked) = taken {
                assert_eq!(acked, 3);
            } else {
                client.execution(*id, "").error(404, "not_found");
                assert_eq!(client.ingest(*id, "recorder", &body).acked(), 3);
            }
            let record = client.execution(*id, "?fields=status,events").ok();
            assert_eq!(record["status"], "success");
        }
    });
    assert!(
        collector.peak_memory() < 800 << 20,
        "{}",
        collector.peak_memory()
    );
    let metrics = client.get("/metrics").text;
    assert!(
        metrics.contains("playback_ingest_refusals_total{code=\"busy\"}"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_refuses_and_goes_on_when_it_is_well() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver_range(&client, 0..4);
    let mut viewer = Socket::watch(&collector, run.id, "");
    assert_eq!(
        (viewer.line(), viewer.line()),
        (String::new(), "PLAY [web] ****".to_owned())
    );

    let mut breaker = another(&collector).await;
    breaker
        .execute(
            "CREATE TRIGGER broken BEFORE INSERT ON event_blocks \
             BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
        )
        .await
        .unwrap();
    let fresh = Run::new().ended(0);
    for _ in 0..3 {
        let message = run.send_range(&client, 4..run.len()).error(503, "busy");
        assert!(
            !message.contains("disk"),
            "the detail is for the log: {message}"
        );
        fresh.send(&client).error(503, "busy");
    }
    assert_eq!(
        client.ingest(run.id, "recorder", b"").acked(),
        4,
        "memory does not run ahead"
    );
    assert_eq!(client.ingest(fresh.id, "recorder", b"").acked(), 0);
    assert_eq!(client.execution(run.id, "").ok()["status"], "running");
    client.execution(fresh.id, "").error(404, "not_found");
    breaker.execute("DROP TRIGGER broken").await.unwrap();

    fresh.deliver(&client);
    run.deliver_range(&client, 4..run.len());
    assert_eq!(viewer.rest().0, ["changed: [web-01]"]);
    for run in [run, fresh] {
        let record = client.finished(run.id);
        let all = run.len();
        assert_eq!(
            record["events"],
            json!({ "received": all, "expected": all, "complete": true })
        );
    }
}

#[test]
fn the_same_batch_from_many_at_once_is_stored_once() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| run.deliver(&client));
        }
    });
    let record = client.finished(run.id);
    assert_eq!(record["events"]["received"], run.len());
    assert_eq!(record["stats"]["web-01"]["ok"], 1);
    let events = client.execution(run.id, "/events?limit=1000").ok();
    assert_eq!(events["events"].as_array().unwrap().len(), run.len());
    assert_eq!(client.ingest(Uuid::now_v7(), "recorder", b"").acked(), 0);
}
