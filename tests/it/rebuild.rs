//! The log is the truth, and rows are its projection: in whatever order events arrive, replaying the log gives the same
//! rows.

use std::collections::BTreeSet;

use playback::clock::Clock;
use playback::indexing::index_all;
use playback::ingest::{Claim, Ingest, Settings};
use playback::live::Hub;
use playback::log::block;
use playback::log::{Assembler, rebuild};
use playback::model::{ExecutionKey, LogState, ResultFilter, Status};
use playback::search::index::chunk::each_posting;
use playback::search::index::runs::{CoveredRun, RunState};
use playback::store::Store;
use playback_wire::Producer;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{Collector, DEADLINE, Setup, zstd};

/// Every row of an execution, as text; its own identity left out.
pub(crate) async fn rows(store: &Store, id: Uuid) -> String {
    let (key, mut row) = store.execution(id).await.unwrap().unwrap();
    row.id = Uuid::nil();
    // How large its log is depends on whether it was packed.
    row.log = LogState::default();
    let all = ResultFilter {
        limit: u32::MAX,
        ..ResultFilter::default()
    };
    format!(
        "{row:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:?}\n{:?}",
        store.plays(key).await.unwrap(),
        store.tasks(key, 0, u32::MAX).await.unwrap(),
        store.hosts(key, 0, u32::MAX).await.unwrap(),
        store.results(key, &all).await.unwrap(),
        store.fingerprints(key).await.unwrap(),
        store.facts(key, 0, u32::MAX).await.unwrap(),
    )
}

/// Every term that the search index has of an execution, after everything was indexed that can be: nothing if it goes
/// on.
async fn indexed_words(store: &Store, id: Uuid) -> BTreeSet<Vec<u8>> {
    index_all(store).await.unwrap();
    let (key, row) = store.execution(id).await.unwrap().unwrap();
    let mut is_covered = false;
    let mut words = BTreeSet::new();
    for segment in store.search_segments().await.unwrap() {
        let runs = store.covered_runs(&segment).await.unwrap().unwrap();
        let is_own = |run: &CoveredRun| run.key == key && run.state != RunState::Removed;
        is_covered |= runs.iter().any(is_own);
        for chunk in store.chunks_after(segment.id, b"", u32::MAX).await.unwrap() {
            each_posting(&chunk, |term, docs| {
                if docs.iter().any(|doc| runs[*doc as usize].key == key) {
                    words.insert(term.to_vec());
                }
            })
            .unwrap();
        }
    }
    assert_eq!(is_covered, row.status != Status::Running);
    words
}

/// Every event line of a producer, and how many blocks hold them.
async fn events(store: &Store, key: ExecutionKey, producer: Producer) -> (Vec<u8>, usize) {
    let mut raw = Vec::new();
    let stored = store
        .blocks_from_seq(key, producer, 1, u32::MAX)
        .await
        .unwrap();
    for stored in &stored {
        let part = block::expand_stored(&stored.block.data).unwrap();
        assert_eq!(part.len() as u64, stored.block.raw_bytes);
        raw.extend(part.trim_ascii_end());
        raw.push(b'\n');
    }
    (raw, stored.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilding_changes_no_row_of_a_varied_history() {
    let mut collector = Setup::default().config("silence_seconds = 1").start();
    let client = collector.client();
    let supervised = good_run();
    let supervisor = Run::supervisor(supervised.id)
        .output("before\n")
        .recap(&[("other", [1, 0, 0, 0, 0])])
        .ended(0);
    supervisor.deliver_range(&client, 0..3);
    let unfinished = good_run()
        .task("more")
        .host("web-01")
        .host("web-02")
        .event("new", json!({}));
    let lost = unfinished.len() - 5;
    let mut ids = Vec::new();
    for run in [good_run(), supervised, unfinished.clone(), Run::new()] {
        for index in 0..run.len() {
            run.deliver_range(&client, index..index + 1);
        }
        ids.push(run.id);
    }
    supervisor.deliver_range(&client, 3..4);
    let mut silent = unfinished;
    silent.id = Uuid::now_v7();
    silent.deliver_range(&client, 0..lost);
    ids.push(silent.id);
    let alone = Run::supervisor(Uuid::now_v7())
        .recap(&[("b", [1; 5]), ("a", [2; 5])])
        .ended(3);
    alone.deliver(&client);
    ids.push(alone.id);
    assert_eq!(client.finished(silent.id)["reason"], "lost");
    assert!(collector.stop().0.success());

    let store = Store::open(&collector.database()).await.unwrap();
    for id in ids {
        let before = rows(&store, id).await;
        rebuild(&store, id).await.unwrap();
        assert_eq!(rows(&store, id).await, before);
    }
    assert!(rebuild(&store, Uuid::now_v7()).await.is_err());
    store.close().await;
}

/// A step of the recorder, or of the supervisor, in small numbers.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    host: u8,
    task: u8,
    status: u8,
    changed: bool,
    ignored: bool,
    pause: u16,
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..21u8,
        0..4u8,
        0..4u8,
        0..4u8,
        any::<[bool; 2]>(),
        0..2000u16,
    );
    let step = step.prop_map(
        |(kind, host, task, status, [changed, ignored], pause)| Step {
            kind,
            host,
            task,
            status,
            changed,
            ignored,
            pause,
        },
    );
    vec(step, 0..most)
}

/// What failed results say.
const ERRORS: [&str; 4] = ["no space", "no route", "", "non-zero return code"];

/// The events of a producer that goes these steps.
fn run_of(mut run: Run, steps: &[Step]) -> Run {
    for step in steps {
        let host = format!("web-{}", step.host);
        run = run.after(f64::from(step.pause) / 1000.0);
        let one = [(
            host.as_str(),
            [1, u64::from(step.task), 0, u64::from(step.host), 0],
        )];
        run = match step.kind {
            0 => run.play(&host),
            1 | 2 => run.task(&host),
            3 => run.host(&host),
            4..=8 => {
                let status = ["ok", "failed", "skipped", "unreachable"][usize::from(step.status)];
                let more = json!({
                    "task": step.task, "changed": step.changed, "ignored": step.ignored,
                    "attempts": step.task, "censored": step.ignored,
                    "content": { "msg": ERRORS[usize::from(step.task)] },
                });
                run.result(&host, status, more)
            }
            9 => run.output(&format!("{host}\n")),
            10 => run.output(&host),
            11 => run.errors(&format!("a\n\n{host}")),
            12 => run.recap(&one),
            13 => run.event(
                "usage",
                json!({ "user_s": step.pause, "system_s": 1, "peak_bytes": step.pause }),
            ),
            14 => run.event("dropped", json!({ "events": step.task, "reason": host })),
            15 if step.changed => run.event("retracted", json!({ "host": host })),
            15 => run.event(
                "item",
                json!({
                    "task": step.task, "host": host, "status": "failed",
                    "content": { "msg": ERRORS[usize::from(step.status)] },
                }),
            ),
            16 => run.event("async_poll", json!({ "task": step.task, "host": host })),
            17 => run.event(
                "task_started",
                json!({ "task": step.task, "play": step.host, "name": host }),
            ),
            20 => run.event(
                "facts",
                json!({ "task": step.task, "host": host, "facts": { "a": step.status, "b": step.changed } }),
            ),
            18 if step.task == 0 => run.ended(i32::from(step.host)),
            19 if step.task == 0 => run.event("execution_started", json!({ "playbook": host })),
            _ => run.event("novelty", json!({ "host": host })),
        };
    }
    run
}

/// A collector in this process, with a clock that only the test advances.
struct Bench {
    _folder: TempDir,
    store: Store,
    ingest: Ingest,
    clock: Clock,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Bench {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite://{}/playback.db", folder.path().display());
        let store = Store::open(&address).await.unwrap();
        let clock = Clock::fixed(TEN);
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        let ingest = Ingest::start(
            store.clone(),
            Hub::default(),
            clock.clone(),
            Settings {
                silence: std::time::Duration::from_secs(1_000_000),
                max_output_lines: None,
            },
            &tasks,
            stop.clone(),
        )
        .await
        .unwrap();
        Self {
            _folder: folder,
            store,
            ingest,
            clock,
            tasks,
            stop,
        }
    }

    async fn send(&self, id: Uuid, producer: Producer, body: Vec<u8>) {
        let claim = Claim::default();
        self.ingest
            .batch(id, producer, body.into(), &claim)
            .await
            .unwrap();
    }

    /// Waits until a condition holds that time brings about.
    async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        let waiting = async {
            while !holds().await {
                // Limits the rate of polling; the loop ends with the answer.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        assert!(
            tokio::time::timeout(DEADLINE, waiting).await.is_ok(),
            "waited too long for {what}"
        );
    }

    /// Waits until the rows, which trail behind the log, are written.
    async fn rows(&self, id: Uuid, events: usize) -> String {
        self.clock.advance(1_500_000);
        let store = &self.store;
        self.until("the rows", || async move {
            let (_, row) = store.execution(id).await.unwrap().unwrap();
            row.events.received == events as u64
        })
        .await;
        rows(store, id).await
    }
}

/// What the assembler makes of batches.
fn assembled(batches: &[(Producer, Vec<u8>)]) -> String {
    let mut assembler = Assembler::new(Uuid::nil());
    for (producer, raw) in batches {
        let events = playback_wire::decode_batch(raw).unwrap();
        assembler.apply_batch(*producer, &events).unwrap();
    }
    let mut changes = assembler.take_changes(true);
    // How stored rows are to be replaced depends on what was stored; what they become does not.
    changes.replace_hosts = false;
    format!("{changes:#?}")
}

/// The batches that a run is sent in, in this order of producers and sizes; some repeat what came
/// before.
fn batches(runs: &[(Producer, Run)], order: &[(usize, usize)]) -> Vec<(Producer, Vec<u8>)> {
    let mut batches = Vec::new();
    let mut next = vec![0; runs.len()];
    let mut order = order.iter().cycle();
    while next
        .iter()
        .zip(runs)
        .any(|(next, (_, run))| *next < run.len())
    {
        let (first, size) = order.next().unwrap();
        let mut which = first % runs.len();
        while next[which] == runs[which].1.len() {
            which = (which + 1) % runs.len();
        }
        let (producer, run) = &runs[which];
        let end = run.len().min(next[which] + size);
        let from = next[which].saturating_sub(size / 4);
        batches.push((*producer, run.batch(from..end)));
        next[which] = end;
    }
    batches
}

/// Who sends, and what.
type Runs = Vec<(Producer, Run)>;

/// Which producer sends next, and how many events, over and over.
type Order = Vec<(usize, usize)>;

/// What the launcher says: that it started a supervisor, that somebody asked for the end, that it is over.
fn launcher_of(id: Uuid, [launched, canceled, over]: [bool; 3]) -> Run {
    let mut run = Run::launcher(id);
    if launched {
        run = run.event("launched", json!({ "pid": 7 }));
    }
    if canceled {
        run = run.event("cancel_requested", json!({ "by": "token:a" }));
    }
    if over {
        run = run.event("execution_ended", json!({ "reason": "canceled" }));
    }
    run
}

/// What may happen: a recorder's run, perhaps a supervisor's and a launcher's, and the order in which they
/// arrive.
fn arrivals() -> impl Strategy<Value = (Runs, Order)> {
    let supervisor = proptest::option::of(steps(12));
    let launcher = proptest::option::of(any::<[bool; 3]>());
    let order = vec((0..3usize, 1..9usize), 60);
    (steps(40), supervisor, launcher, any::<[bool; 2]>(), order).prop_map(
        |(recorder, supervisor, launcher, [ends, both_end], order)| {
            let recorder = run_of(Run::new(), &recorder);
            let id = recorder.id;
            let mut runs = vec![(Producer::Recorder, recorder)];
            if let Some(steps) = supervisor {
                runs.push((Producer::Supervisor, run_of(Run::supervisor(id), &steps)));
            }
            for (index, (_, run)) in runs.iter_mut().enumerate() {
                if ends && (index == 0 || both_end) {
                    *run = run.clone().ended(0);
                }
            }
            if let Some(said) = launcher {
                runs.push((Producer::Launcher, launcher_of(id, said)));
            }
            (runs, order)
        },
    )
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    /// The assembler alone, which is fast: many ways to arrive, one outcome.
    #[test]
    fn however_events_arrive_the_assembler_makes_the_same_of_them((runs, order) in arrivals()) {
        let whole = |(producer, run): &(Producer, Run)| (*producer, run.ndjson());
        let mut replayed: Vec<_> = runs.iter().map(whole).collect();
        let expected = assembled(&replayed);
        prop_assert_eq!(&assembled(&batches(&runs, &order)), &expected);
        replayed.reverse();
        prop_assert_eq!(&assembled(&replayed), &expected);
    }
}

/// Events in any batches, the producers in any order: the same rows as from a replay of the log, and
/// as from one batch of each.
#[test]
fn however_events_arrive_the_rows_are_those_of_the_log() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let bench = runtime.block_on(Bench::start());
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let done = TestRunner::new(config).run(&arrivals(), |(runs, order)| {
        let id = Uuid::now_v7();
        let total: usize = runs.iter().map(|(_, run)| run.len()).sum();
        runtime.block_on(async {
            for (index, (producer, raw)) in batches(&runs, &order).into_iter().enumerate() {
                let body = if index % 2 == 0 { zstd(&raw) } else { raw };
                bench.send(id, producer, body).await;
            }
            let arrived = bench.rows(id, total).await;
            let words = indexed_words(&bench.store, id).await;
            rebuild(&bench.store, id).await.unwrap();
            prop_assert_eq!(&arrived, &rows(&bench.store, id).await, "rebuilt");
            prop_assert!(bench.store.forget_words().await.unwrap());
            prop_assert_eq!(
                &words,
                &indexed_words(&bench.store, id).await,
                "indexed again"
            );

            let whole = Uuid::now_v7();
            for (producer, run) in runs.iter().rev() {
                bench.send(whole, *producer, run.ndjson()).await;
            }
            prop_assert_eq!(&arrived, &bench.rows(whole, total).await, "in one batch");

            let (key, _) = bench.store.execution(id).await.unwrap().unwrap();
            for (producer, run) in &runs {
                let (raw, _) = events(&bench.store, key, *producer).await;
                prop_assert!(raw == run.ndjson(), "the log is what was sent");
            }
            Ok(())
        })
    });
    runtime.block_on(async {
        bench.stop.cancel();
        bench.tasks.close();
        bench.tasks.wait().await;
    });
    done.unwrap();
}

/// When a run is over its blocks are merged, and everything reads as before.
#[tokio::test(flavor = "multi_thread")]
async fn merged_blocks_hold_the_same_events() {
    let bench = Bench::start().await;
    let mut run = Run::new().play("web");
    for number in 0..60 {
        run = run
            .output(&format!("{number}\npart"))
            .event("odd", json!({ "n": number }));
    }
    // Blocks above the size that is merged stay as they are.
    let run = run
        .output(&"wide ".repeat(300_000))
        .output("\nend\n")
        .ended(0);
    let supervisor = Run::supervisor(run.id).output("a").output("b\n").ended(0);
    for (producer, run) in [
        (Producer::Recorder, &run),
        (Producer::Supervisor, &supervisor),
    ] {
        for index in 0..run.len() {
            let raw = run.batch(index..index + 1);
            let body = if index % 2 == 0 { zstd(&raw) } else { raw };
            bench.send(run.id, producer, body).await;
        }
    }
    let (key, row) = bench.store.execution(run.id).await.unwrap().unwrap();
    let before = events(&bench.store, key, Producer::Recorder).await;
    assert_eq!(before.0, run.ndjson());
    assert_eq!(before.1, run.len());
    let lines = |row: playback::model::ExecutionRow| {
        let store = bench.store.clone();
        async move {
            let mut all = Vec::new();
            for from in [0, 1, 59, 60, 61, 62] {
                let mut reader =
                    playback::log::output::OutputReader::new(store.clone(), key, &row, from);
                loop {
                    let lines = reader.next_lines().await.unwrap();
                    if lines.is_empty() {
                        break;
                    }
                    all.extend(lines);
                }
            }
            all
        }
    };
    let mut of_recorder = row.clone();
    of_recorder.output_from = Producer::Recorder;
    let printed = [lines(row.clone()).await, lines(of_recorder.clone()).await];
    let rows_before = rows(&bench.store, run.id).await;
    bench.clock.advance(10_000_000);
    let store = &bench.store;
    bench
        .until("the packing", || async move {
            let supervisor = events(store, key, Producer::Supervisor).await;
            events(store, key, Producer::Recorder).await.1 < 6 && supervisor.1 == 1
        })
        .await;
    assert_eq!(events(store, key, Producer::Recorder).await.0, run.ndjson());
    assert_eq!(
        events(store, key, Producer::Supervisor).await.0,
        supervisor.ndjson()
    );
    assert_eq!([lines(row).await, lines(of_recorder).await], printed);
    assert_eq!(rows(store, run.id).await, rows_before);
    rebuild(store, run.id).await.unwrap();
    assert_eq!(rows(store, run.id).await, rows_before);
    // It takes what comes late, and repeats, as before.
    bench
        .send(run.id, Producer::Recorder, run.batch(3..9))
        .await;
    assert_eq!(rows(store, run.id).await, rows_before);
    bench.stop.cancel();
    bench.tasks.close();
    bench.tasks.wait().await;
}

/// A collector that starts on a store with unfinished runs goes on where the log ends.
#[test]
pub(crate) fn a_restart_goes_on_from_the_log() {
    let mut collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
        if index % 3 == 0 {
            collector.kill_and_restart();
        }
    }
    let reference = good_run();
    reference.deliver(&client);
    // The id of the trace is made of the id of the run.
    let without_id = |mut record: serde_json::Value| {
        record["id"].take();
        record["trace_id"].take();
        record
    };
    let records = [run.id, reference.id].map(|id| without_id(client.finished(id)));
    assert_eq!(records[0], records[1]);
}
