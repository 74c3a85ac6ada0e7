//! The index of words: it rules runs out, and never one that has what is looked for.

use std::collections::{BTreeMap, BTreeSet};

use playback::clock::Clock;
use playback::indexing::{index_all, merge_all};
use playback::model::{ExecutionFilter, Page};
use playback::search::index::chunk::each_posting;
use playback::store::Store;
use playback::store::dialect::Engine;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, Row as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::builders::Run;
use crate::harness::{API, Client, Collector, Setup, after_much_work, eventually};
use crate::search::{GeneratedRun, HOUR, ask, compare, deliver_any, found, run_at};
use crate::servers;

/// Runs are indexed soon, and by the collector.
const SOON: &str = "search_index_seconds = 1";

/// Runs are indexed when the test says so.
const NEVER: &str = "search_index_seconds = 0";

fn figure(client: &Client, name: &str) -> u64 {
    let text = client.get("/metrics").text;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("{name} is missing:\n{text}"));
    value.trim().parse().unwrap()
}

fn all_indexed(client: &Client) {
    after_much_work("all runs to be indexed", || {
        (figure(client, "playback_search_pending_runs ") == 0).then_some(())
    });
}

/// The database, as a command beside the collector opens it.
fn with_store<F: Future>(collector: &Collector, work: impl FnOnce(Store) -> F) -> F::Output {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&collector.database()).await.unwrap();
        let done = work(store.clone()).await;
        store.close().await;
        done
    })
}

/// Indexes everything that is pending.
fn index(collector: &Collector) -> u64 {
    with_store(collector, async |store| index_all(&store).await.unwrap())
}

/// Every term of the index, and the keys of the runs that have it.
async fn terms(store: &Store) -> BTreeMap<Vec<u8>, BTreeSet<i64>> {
    let mut all: BTreeMap<Vec<u8>, BTreeSet<i64>> = BTreeMap::new();
    for segment in store.search_segments().await.unwrap() {
        let runs = store.covered_runs(&segment).await.unwrap().unwrap();
        for chunk in store.chunks_after(segment.id, b"", u32::MAX).await.unwrap() {
            assert!(!chunk.first_term.is_empty());
            each_posting(&chunk, |term, docs| {
                let keys = docs.iter().map(|doc| runs[*doc as usize].key);
                all.entry(term.to_vec()).or_default().extend(keys);
            })
            .unwrap();
        }
    }
    all
}

/// Whether a term of the index contains a text.
fn has_term(collector: &Collector, text: &str) -> bool {
    let terms = with_store(collector, async |store| terms(&store).await);
    let terms = terms.keys();
    terms
        .into_iter()
        .any(|term| String::from_utf8_lossy(term).contains(text))
}

fn redact(client: &Client, id: Uuid, text: &str) {
    let body = json!({ "texts": [text] }).to_string();
    let path = format!("{API}/executions/{id}/redact");
    client.send("POST", &path, &[], body.as_bytes()).ok();
}

#[test]
pub(crate) fn a_word_of_one_run_is_found_by_reading_that_run_alone() {
    let collector = Setup::default().config(SOON).start();
    let client = collector.client();
    for hours in 0..60 {
        let mut run = run_at(hours).play("web").task("install");
        for line in 0..5 {
            run = run.output(&format!(
                "ok: line {line} of 10.1.{hours}.{line}, nothing else\n"
            ));
        }
        let msg = match hours {
            17 => "E: disk sdb1 is unreachable by Kelvin",
            _ => "all is well",
        };
        let more = json!({ "content": { "msg": msg } });
        run.result("web-01", "ok", more).ended(0).deliver(&client);
    }
    all_indexed(&client);
    assert!(figure(&client, "playback_search_segments ") > 0);
    assert!(figure(&client, "playback_search_index_bytes ") > 0);
    let before = figure(&client, "playback_search_runs_read_total ");
    let queries = [
        "unreachable",
        "UNREACHABLE",
        "unreach*",
        "*reachable",
        "*reachab*",
        "\"is unreachable\"",
        "disk sdb1",
        "/unreach(able|ed)/",
        r"/sd[a-z]\d is unreach/",
        "unreachable OR absent",
        "unreachable NOT well",
        "unreachable host:web-01 since:2026-01-01",
        "10.1.17.4",
        "/kelvin/",
    ];
    for q in queries {
        let page = ask(&client, &[("q", q)]).ok();
        assert_eq!(page["hits"].as_array().unwrap().len(), 1, "{q}: {page}");
        let read = [&page["runs_searched"], &page["runs_ruled_out"]];
        assert_eq!(read, [&json!(1), &json!(59)], "{q}");
        assert_eq!(page["searched_back_to"], "2026-01-20T10:00:00Z", "{q}");
        assert_eq!(page.get("next_cursor"), None, "{q}");
    }
    let after = figure(&client, "playback_search_runs_read_total ");
    assert_eq!(after - before, queries.len() as u64);
    // What no run has is known without reading any.
    for q in ["absent", "*bsen*", "unreachable absent", "10.1.99.1"] {
        let page = ask(&client, &[("q", q)]).ok();
        assert_eq!(page["hits"], json!([]), "{q}");
        assert_eq!(page["runs_searched"], 0, "{q}");
        assert_eq!(page["runs_ruled_out"], 60, "{q}");
    }
    // Frequent words come page by page, with everything of the index.
    let mut cursor = String::new();
    let mut lines = 0;
    loop {
        let page = ask(
            &client,
            &[("q", "nothing"), ("limit", "7"), ("cursor", &cursor)],
        )
        .ok();
        lines += page["hits"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(lines, 300);
}

#[test]
pub(crate) fn indexed_runs_are_found_as_if_everything_was_read() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let mut runs: Vec<(Uuid, GeneratedRun)> = Vec::new();
    // Segments of a few runs each, in no order of time; many enough to be merged.
    for round in 0..9 {
        for run in 0..4 {
            runs.push(deliver_any(
                &client,
                &mut runner,
                (round * 7 + run * 5) % 36,
            ));
        }
        assert_eq!(index(&collector), 4);
    }
    compare(&client, &mut runner, &runs, 60);
    assert_eq!(figure(&client, "playback_search_segments "), 9);
    with_store(&collector, async |store| merge_all(&store).await.unwrap());
    assert_eq!(figure(&client, "playback_search_segments "), 2);
    compare(&client, &mut runner, &runs, 60);
    // Some are redacted, some deleted, some not indexed yet.
    let says = |(_, told): &(Uuid, GeneratedRun)| told.has("alpha");
    let telling: Vec<usize> = (0..runs.len()).filter(|at| says(&runs[*at])).collect();
    for at in telling.iter().copied().step_by(4).take(3) {
        let (id, told) = runs[at].clone();
        redact(&client, id, "alpha");
        runs[at] = (id, told.redacted("alpha"));
    }
    assert_eq!(figure(&client, "playback_search_pending_runs "), 3);
    for at in [30, 20, 8] {
        assert_eq!(client.delete(runs.remove(at).0).status, 204);
    }
    for hours in 0..6 {
        runs.push(deliver_any(&client, &mut runner, hours * 5));
    }
    let pending = figure(&client, "playback_search_pending_runs ");
    assert!((6..=9).contains(&pending), "{pending}");
    compare(&client, &mut runner, &runs, 80);
    assert_eq!(index(&collector), pending);
    compare(&client, &mut runner, &runs, 60);
}

#[test]
pub(crate) fn words_that_were_redacted_or_deleted_are_not_in_the_index() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let said = |hours, word: &str| {
        let more = json!({ "content": { "msg": format!("more of {word}") } });
        let run = run_at(hours).play("p").task(&format!("task {word}"));
        run.result("web-01", "ok", more)
            .output(&format!("the word is {word}\n"))
            .ended(0)
    };
    let (gone, hidden, both) = (said(0, "swordfish"), said(1, "swordfish"), said(2, "kept"));
    for run in [&gone, &hidden, &both] {
        run.deliver(&client);
    }
    assert_eq!(index(&collector), 3);
    assert!(has_term(&collector, "swordfish"));
    assert_eq!(client.delete(gone.id).status, 204);
    assert!(has_term(&collector, "swordfish"), "the other run has it");
    redact(&client, hidden.id, "swordfish");
    assert!(!has_term(&collector, "swordfish"));
    assert!(has_term(&collector, "kept"));
    for q in ["swordfish", "*ordfi*"] {
        assert_eq!(found(&client, q), [""; 0], "{q}");
    }
    assert_eq!(found(&client, "word").len(), 2);
    if servers::engine() == Engine::Sqlite {
        for end in ["", "-wal"] {
            let mut file = collector.database_file().into_os_string();
            file.push(end);
            let bytes = std::fs::read(file).unwrap();
            assert!(memchr::memmem::find(&bytes, b"swordfish").is_none());
        }
    }
    // It is indexed again, as it is now.
    assert_eq!(index(&collector), 1);
    assert!(!has_term(&collector, "swordfish"));
    assert_eq!(found(&client, "word").len(), 2);
    // The last run of a segment takes it along.
    for run in [&hidden, &both] {
        assert_eq!(client.delete(run.id).status, 204);
    }
    assert_eq!(figure(&client, "playback_search_segments "), 0);
    assert_eq!(figure(&client, "playback_search_pending_runs "), 0);
    let terms = with_store(&collector, async |store| terms(&store).await);
    assert_eq!(terms.len(), 0);
}

#[test]
pub(crate) fn a_collector_that_is_killed_while_it_indexes_leaves_nothing_wrong() {
    let mut collector = Setup::default().config(SOON).start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let mut runs: Vec<(Uuid, GeneratedRun)> = Vec::new();
    let mut killed = 0;
    while killed < 4 {
        for hours in 0..12 {
            runs.push(deliver_any(&client, &mut runner, hours * 3 + killed));
        }
        let segments = figure(&client, "playback_search_segments ");
        // In the middle of whatever it does then: mostly just when a segment has been added.
        eventually("something to be indexed", || {
            let now = figure(&client, "playback_search_segments ");
            let pending = figure(&client, "playback_search_pending_runs ");
            (now != segments || pending == 0).then_some(())
        });
        collector.kill_and_restart();
        compare(&client, &mut runner, &runs, 15);
        killed += 1;
    }
    all_indexed(&client);
    compare(&client, &mut runner, &runs, 40);
    let covered = with_store(&collector, async |store| {
        let mut covered = BTreeSet::new();
        for segment in store.search_segments().await.unwrap() {
            let runs = store.covered_runs(&segment).await.unwrap().unwrap();
            covered.extend(runs.into_iter().map(|run| run.key));
        }
        covered.len()
    });
    assert_eq!(covered, runs.len());
}

/// A merge that was broken off leaves chunks that nobody reads; they are dropped, by whoever comes first.
#[test]
fn an_unfinished_merge_is_dropped_by_a_deletion() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let run = run_at(0).output("the word is swordfish\n").ended(0);
    run.deliver(&client);
    assert_eq!(index(&collector), 1);
    with_store(&collector, async |store| {
        let mut new = store.begin_segment().await.unwrap();
        for segment in store.search_segments().await.unwrap() {
            let chunks = store.chunks_after(segment.id, b"", 100).await.unwrap();
            assert!(store.append_chunks(&mut new, &chunks).await.unwrap());
        }
        let segments = store.search_segments().await.unwrap();
        assert_eq!(segments.len(), 1, "nobody reads it");
        assert_eq!(client.delete(run.id).status, 204);
        assert!(!store.append_chunks(&mut new, &[]).await.unwrap());
        assert!(!store.replace_segments(new, &[], &segments).await.unwrap());
    });
    let left = Runtime::new().unwrap().block_on(async {
        let mut raw = sqlx::SqliteConnection::connect(&collector.database())
            .await
            .unwrap();
        let row = raw
            .fetch_one("SELECT COUNT(*) AS n FROM search_chunks")
            .await
            .unwrap();
        row.get::<i64, _>("n")
    });
    assert_eq!(left, 0);
}

/// Whoever has read a log before it was redacted cannot add its words afterwards.
#[test]
fn what_was_indexed_from_an_earlier_log_is_not_added() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let run = run_at(0).output("the word is swordfish\n").ended(0);
    run.deliver(&client);
    with_store(&collector, async |store| {
        let pending = store.pending_runs(i64::MAX, 10).await.unwrap();
        assert_eq!(pending.len(), 1);
        let mut builder = playback::search::index::build::SegmentBuilder::default();
        let state = playback::search::index::runs::RunState::Indexed;
        builder.begin_run(pending[0].key, pending[0].started_us, state);
        builder.line("the word is swordfish");
        redact(&client, run.id, "swordfish");
        let built = builder.finish();
        assert!(!store.add_segment(&built, &pending).await.unwrap());
        assert_eq!(terms(&store).await.len(), 0);
    });
    assert_eq!(figure(&client, "playback_search_pending_runs "), 1);
}

/// Where nothing is found for a while, the logs of several runs are read at once.
#[test]
fn lines_behind_many_runs_without_any_are_found() {
    const Q: &str = "refused NOT connect";
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    for hours in 0..60 {
        let msg = match hours {
            3 => "one\nrefused at \u{1b}[1m3",
            _ => "connect: refused",
        };
        let run = run_at(hours).play("web").task("install");
        let run = run.result("a", "ok", json!({ "content": { "msg": msg } }));
        let run = match hours {
            20 => run.output("re").output("fused at 20\n"),
            21 => run.output("refused at 21\nrefused again\n"),
            _ => run.output("connect: refused\n"),
        };
        run.ended(0).deliver(&client);
    }
    let expected = [
        "refused at 21",
        "refused again",
        "refused at 20",
        "refused at 3",
    ];
    assert_eq!(found(&client, Q), expected);
    // Logs are only read ahead when their size is known, which is when they are packed.
    with_store(&collector, async |store| {
        let page = Page {
            limit: 100,
            offset: 0,
            after: None,
            ascending: false,
        };
        let runs = store.executions(&ExecutionFilter::default(), &page).await;
        let keys: Vec<i64> = runs.unwrap().iter().map(|(key, _)| *key).collect();
        assert_eq!(store.measure(&keys).await.unwrap().len(), 60);
    });
    for is_indexed in [false, true] {
        assert_eq!(found(&client, Q), expected, "{is_indexed}");
        let page = ask(&client, &[("q", Q), ("facets", "status")]).ok();
        assert_eq!(page["facets"]["lines"], 4, "{page}");
        assert_eq!(page["facets"]["runs"], 3, "{page}");
        assert_eq!(page["runs_searched"], 60, "{page}");
        let mut cursor = String::new();
        for text in expected {
            let page = ask(&client, &[("q", Q), ("limit", "1"), ("cursor", &cursor)]).ok();
            assert_eq!(page["hits"][0]["text"], text, "{page}");
            page["next_cursor"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut cursor);
        }
        if !is_indexed {
            assert_eq!(index(&collector), 60);
        }
    }
}

#[test]
pub(crate) fn a_run_that_is_continued_is_found_with_what_it_has_now() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let run = run_at(0).play("p").task("t").output("early\n").ended(0);
    let later = Run::supervisor(run.id).output("early\nlate\n").ended(0);
    run.deliver(&client);
    assert_eq!(index(&collector), 1);
    assert_eq!(found(&client, "early"), ["early"]);
    assert_eq!(found(&client, "late"), [""; 0]);
    // The supervisor's lines are the output from now on.
    later.deliver(&client);
    assert_eq!(figure(&client, "playback_search_pending_runs "), 1);
    for _ in 0..2 {
        assert_eq!(found(&client, "late"), ["late"]);
        assert_eq!(found(&client, "early"), ["early"]);
        index(&collector);
    }
    // Both segments know of it, and it is found once.
    assert_eq!(figure(&client, "playback_search_segments "), 2);
    redact(&client, run.id, "late");
    assert!(!has_term(&collector, "late"));
}

#[test]
pub(crate) fn runs_without_a_log_are_counted_and_have_no_words() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let now_us = Clock::system().now_us();
    for (number, days) in [(0, 20), (1, 1), (2, 25), (3, 2)] {
        let begun_us = now_us - days * 24 * HOUR;
        let run = Run::starting(
            begun_us,
            json!({ "type": "playbook", "playbook": "site.yml" }),
        );
        let run = run.output(&format!("needle number{number}\n"));
        run.ended(0).deliver(&client);
    }
    assert_eq!(index(&collector), 4);
    let clean = |body: &Value| {
        let path = format!("{API}/executions/cleanup");
        client
            .send("POST", &path, &[], body.to_string().as_bytes())
            .ok()
    };
    let done = clean(&json!({ "keep_payload_days": 14, "retention_days": 60 }));
    assert_eq!(done["payloads_removed"], 2);
    let page = ask(&client, &[("q", "needle")]).ok();
    assert_eq!(page["hits"].as_array().unwrap().len(), 2);
    assert_eq!(page["runs_without_log"], 2);
    assert!(!has_term(&collector, "number0") && has_term(&collector, "number1"));
    let page = ask(&client, &[("q", "absent")]).ok();
    assert_eq!(page["runs_without_log"], 2);
    assert_eq!(page["runs_searched"], 0);
    // A rebuilt index counts them, too.
    collector.command(&["rebuild", "--all"]).unwrap();
    let page = ask(&client, &[("q", "needle")]).ok();
    assert_eq!(page["runs_without_log"], 2);
    // Deleted, they are counted no longer.
    assert_eq!(clean(&json!({ "retention_days": 14 }))["deleted"], 2);
    let page = ask(&client, &[("q", "needle")]).ok();
    assert_eq!(page["runs_without_log"], 0);
    assert_eq!(page["hits"].as_array().unwrap().len(), 2);
}

#[test]
pub(crate) fn a_rebuilt_index_has_the_same_words() {
    let collector = Setup::default().config(NEVER).start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let runs: Vec<(Uuid, GeneratedRun)> = (0..25)
        .map(|hours| deliver_any(&client, &mut runner, hours))
        .collect();
    assert_eq!(index(&collector), 25);
    let all = || with_store(&collector, async |store| terms(&store).await);
    let before = all();
    assert!(before.len() > 10);
    collector
        .command(&["rebuild", &runs[7].0.to_string()])
        .unwrap();
    assert_eq!(figure(&client, "playback_search_pending_runs "), 1);
    compare(&client, &mut runner, &runs, 20);
    assert_eq!(index(&collector), 1);
    assert_eq!(all(), before);
    collector.command(&["rebuild", "--all"]).unwrap();
    assert_eq!(all(), before);
    assert_eq!(figure(&client, "playback_search_pending_runs "), 0);
    compare(&client, &mut runner, &runs, 20);
}

/// Whoever comes next drops what it has begun, and goes on when its lease has run out.
#[test]
fn the_work_of_a_dead_collector_is_taken_over() {
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let setup = |config: &str| Setup::default().database(database.clone()).config(config);
    let first = setup(NEVER).start();
    let mut runner = TestRunner::deterministic();
    let mut runs: Vec<(Uuid, GeneratedRun)> = (0..20)
        .map(|hours| deliver_any(&first.client(), &mut runner, hours))
        .collect();
    // As a collector leaves it that was killed: it has the lease, and has begun a segment.
    let runtime = Runtime::new().unwrap();
    let mut raw = runtime
        .block_on(sqlx::PgConnection::connect(&database))
        .unwrap();
    let claim = "INSERT INTO work_leases (name, holder, fence, until_us) VALUES ('search_index', \
        '00000000-0000-0000-0000-000000000007', 1, \
        CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) + 4000000) \
        RETURNING until_us";
    let row = runtime.block_on(raw.fetch_one(claim)).unwrap();
    let until_us: i64 = row.get("until_us");
    with_store(&first, async |store| {
        store.begin_segment().await.unwrap();
    });
    let others: [Collector; 2] = std::array::from_fn(|_| setup(SOON).start());
    for other in &others {
        compare(&other.client(), &mut runner, &runs, 10);
    }
    all_indexed(&first.client());
    let row = runtime
        .block_on(raw.fetch_one(
            "SELECT fence, last_started_us, (SELECT COUNT(*) FROM search_segments WHERE is_live = 0) \
             AS unfinished FROM work_leases WHERE name = 'search_index'",
        ))
        .unwrap();
    assert!(row.get::<i64, _>("fence") > 1);
    assert!(row.get::<i64, _>("last_started_us") >= until_us);
    assert_eq!(row.get::<i64, _>("unfinished"), 0);
    for hours in 0..20 {
        let other = &others[usize::from(hours % 2 == 0)];
        runs.push(deliver_any(&other.client(), &mut runner, hours));
    }
    for client in [first.client(), others[0].client(), others[1].client()] {
        compare(&client, &mut runner, &runs, 10);
    }
    all_indexed(&first.client());
    let at = runs.iter().position(|(_, told)| told.has("alpha")).unwrap();
    redact(&others[0].client(), runs[at].0, "alpha");
    runs[at].1 = runs[at].1.clone().redacted("alpha");
    for client in [first.client(), others[0].client(), others[1].client()] {
        compare(&client, &mut runner, &runs, 10);
    }
}
