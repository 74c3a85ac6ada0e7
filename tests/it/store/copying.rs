//! `playback copy` copies a whole history from one database into another, and resumes after an interruption.

use std::process::{Child, Command, Output, Stdio};

use playback::model::{BlockRow, Changes, ExecutionRow, Status};
use playback::store::dialect::Engine;
use playback::store::{Store, TokenRow};
use playback_wire::{Producer, ResultStatus, Usage};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::{any_execution, block, execution, facts, host, launch, only, play, result, task};
use super::{empty, open};
use crate::builders::{TEN, audited};
use crate::harness::{DEADLINE, PLAYBACK};

/// Small executions of the history.
const SMALL: u64 = 450;
/// Blocks of the large one, a MiB each.
const LARGE: u64 = 40;

/// A history with a large execution, which is the oldest, and many small ones.
async fn fill(store: &Store) -> Vec<Uuid> {
    let large = ExecutionRow {
        started_us: TEN - 1,
        ..any_execution()
    };
    let mut ids = vec![large.id];
    let mut state = 7_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    let mut changes = Changes {
        tasks: (1..=300).map(|n| task(n, "t")).collect(),
        hosts: (1..=100).map(|n| host(n, &format!("h{n}"), 1)).collect(),
        results: (1..=30_000)
            .map(|seq| {
                result(
                    seq,
                    1 + seq as u32 % 300,
                    1 + seq as u32 % 100,
                    ResultStatus::Ok,
                )
            })
            .collect(),
        ..only(large)
    };
    for n in 0..LARGE {
        changes.blocks.push(BlockRow {
            data: std::iter::repeat_with(&mut noise).take(1 << 20).collect(),
            ..block(1 + n * 10, n * 3)
        });
    }
    store.commit(&[changes]).await.unwrap();
    let mut small = Vec::new();
    for n in 0..SMALL {
        let row = ExecutionRow {
            started_us: TEN + n as i64,
            status: Status::Success,
            usage: Some(Usage {
                user_s: n as f64 / 1e6 * 7.0,
                system_s: 1.1,
                peak_bytes: n,
            }),
            ..execution(json!({ "playbook": "site.yml", "labels": ["l"], "user": "ünï" }))
        };
        ids.push(row.id);
        small.push(Changes {
            plays: vec![play(1, "p")],
            tasks: vec![task(1, "t")],
            hosts: vec![host(1, "h", n)],
            results: vec![result(3, 1, 1, ResultStatus::Failed)],
            facts: vec![facts(4, "h", row.base_us, 7)],
            blocks: vec![
                block(1, 0),
                block(11, 3),
                BlockRow {
                    producer: Producer::Launcher,
                    ..block(1, 0)
                },
            ],
            launch: n.is_multiple_of(3).then(|| Box::new(launch(row.id, TEN))),
            ..only(row)
        });
    }
    store.commit(&small).await.unwrap();
    for (name, execution) in [("me", None), ("of a run", Some(ids[0]))] {
        store
            .create_token(&token(name, execution), &[name.len() as u8; 32], None)
            .await
            .unwrap();
    }
    let made = store.token_by_hash(&[2; 32]).await.unwrap().unwrap();
    store.touch_tokens(&[(made.id, TEN + 1)]).await.unwrap();
    ids
}

fn token(name: &str, execution: Option<Uuid>) -> TokenRow {
    TokenRow {
        id: 0,
        name: name.to_owned(),
        scopes: "read".to_owned(),
        created_us: TEN,
        expires_us: None,
        used_us: None,
        execution,
    }
}

fn copying(from: &str, to: &str) -> Command {
    let mut command = Command::new(PLAYBACK);
    command
        .args(["copy", "--json"])
        .env_clear()
        .env("PLAYBACK_COPY_FROM", from)
        .env("PLAYBACK_COPY_TO", to);
    command
}

/// Copies to the end; what it told.
#[track_caller]
fn copied(from: &str, to: &str) -> Value {
    let done: Output = copying(from, to).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Why it does not copy.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    let done = copying(from, to).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    String::from_utf8(done.stderr).unwrap()
}

/// Kills a copy when the target looks like this.
async fn kill_when(mut child: Child, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while !reached().await {
        assert!(child.try_wait().unwrap().is_none(), "it was too fast");
        assert!(tokio::time::Instant::now() < deadline, "it was too slow");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Around the engines and back: what comes back is what went.
async fn killed_and_gone_on(engine: Engine) {
    let (folder, source) = open(Engine::Sqlite).await;
    let from = format!("sqlite://{}", folder.path().join("playback.db").display());
    let ids = fill(&source).await;
    let (_to_folder, to) = empty(engine);
    let target = Store::open(&to).await.unwrap();
    let start = || {
        let mut command = copying(&from, &to);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    // Within the large execution.
    kill_when(start(), async || {
        target.execution(ids[0]).await.unwrap().is_some()
    })
    .await;
    let (key, _) = target.execution(ids[0]).await.unwrap().unwrap();
    let blocks = target
        .blocks_from_seq(key, Producer::Recorder, 1, 1000)
        .await
        .unwrap();
    assert!((blocks.len() as u64) < LARGE, "{}", blocks.len());
    // Between two commits of small ones.
    kill_when(start(), async || {
        target.status_counts().await.unwrap().success > 0
    })
    .await;
    assert!(target.status_counts().await.unwrap().success < SMALL);

    let told = copied(&from, &to);
    assert!(!told.to_string().contains("p%3Ass"), "{told}");
    assert_eq!(told["executions"], SMALL + 1, "{told}");
    assert!(told["present"].as_u64().unwrap() > 100, "{told}");
    assert_eq!(told["results"], SMALL + 30_000, "{told}");
    assert_eq!(told["facts"], SMALL, "{told}");
    assert_eq!(told["blocks"], SMALL * 3 + LARGE, "{told}");
    assert_eq!(
        (&told["launches"], &told["tokens"]),
        (&json!(150), &json!(2))
    );
    assert_eq!(copied(&from, &to)["present"], SMALL + 1);
    // By what anybody reads, too.
    for id in [ids[0], ids[1], ids[400]] {
        let (here, there) = (
            source.execution(id).await.unwrap(),
            target.execution(id).await.unwrap(),
        );
        let ((key, row), (there_key, there_row)) = (here.unwrap(), there.unwrap());
        assert_eq!(row, there_row);
        assert_eq!(
            source.hosts(key, 0, 1000).await.unwrap(),
            target.hosts(there_key, 0, 1000).await.unwrap()
        );
        assert_eq!(
            source.facts(key, 0, 1000).await.unwrap(),
            target.facts(there_key, 0, 1000).await.unwrap()
        );
    }
    let tokens = target.tokens_with_hash().await.unwrap();
    assert_eq!(tokens[0].0.used_us, Some(TEN + 1));

    // And back, into a file: the first one and that one are the same.
    let (_back_folder, back) = empty(Engine::Sqlite);
    copied(&to, &back);
    assert_eq!(copied(&from, &back)["present"], SMALL + 1);
    source.close().await;
    target.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_into_postgres_that_is_killed_goes_on() {
    killed_and_gone_on(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_into_mariadb_that_is_killed_goes_on() {
    killed_and_gone_on(Engine::MySql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_spoilt_is_refused() {
    let (folder, source) = open(Engine::Sqlite).await;
    let from = format!("sqlite://{}", folder.path().join("playback.db").display());
    let row = any_execution();
    let key = source.commit(&[only(row.clone())]).await.unwrap()[0];
    assert!(refused(&from, &from).contains("same database"));
    let nowhere = format!("sqlite://{}/nowhere.db", folder.path().display());
    assert!(refused(&nowhere, &from).contains("there is no database"));
    let unfit = folder.path().join("empty.db");
    std::fs::write(&unfit, "").unwrap();
    let unfit = format!("sqlite://{}", unfit.display());
    assert!(refused(&unfit, &from).contains("playback migrate"));

    let (_to_folder, to) = empty(Engine::Postgres);
    copied(&from, &to);
    // What is further here than there is copied; the other way round it is refused.
    let mut further = row.clone();
    further.events.received = 7;
    source.commit(&[only(further.clone())]).await.unwrap();
    assert!(refused(&to, &from).contains("exchanged"));
    assert_eq!(copied(&from, &to)["present"], 0);
    let target = Store::open(&to).await.unwrap();
    assert_eq!(target.execution(row.id).await.unwrap().unwrap().1, further);

    source
        .create_token(&token("me", None), &[1; 32], None)
        .await
        .unwrap();
    target
        .create_token(&token("me", None), &[2; 32], None)
        .await
        .unwrap();
    assert!(refused(&from, &to).contains("another token named \"me\""));
    target.revoke_token("me", |_| audited()).await.unwrap();
    assert_eq!(copied(&from, &to)["tokens"], 1);

    source.delete_execution(key).await.unwrap();
    let error = refused(&from, &to);
    assert!(
        error.contains("does not have") && error.contains(&row.id.to_string()),
        "{error}"
    );
    source.close().await;
    target.close().await;
}

/// Numbers and notes of a trail that nobody touched.
async fn trail(store: &Store) -> Vec<(i64, Option<String>)> {
    let check = store.check_audit().await.unwrap();
    assert_eq!(check.faults, []);
    let rows = store.audit_trail(0).await.unwrap();
    rows.into_iter().map(|row| (row.number, row.note)).collect()
}

#[tokio::test]
async fn the_audit_trail_is_copied_and_the_targets_own_entries_move_behind_it() {
    let dir = tempfile::TempDir::new().unwrap();
    let at = |name: &str| format!("sqlite://{}", dir.path().join(name).display());
    let (from, to) = (at("from.db"), at("to.db"));
    let source = Store::open(&from).await.unwrap();
    let target = Store::open(&to).await.unwrap();
    let enter = async |store: &Store, note: &str| {
        store.audit(&audited().note(Some(note))).await.unwrap();
    };
    enter(&source, "one").await;
    enter(&source, "two").await;
    enter(&target, "own").await;
    let told = |notes: &[&str]| -> Vec<(i64, Option<String>)> {
        let notes = notes.iter().map(|note| Some((*note).to_owned()));
        (1..).zip(notes).collect()
    };
    copied(&from, &to);
    assert_eq!(trail(&target).await, told(&["one", "two", "own"]));
    assert_eq!(target.audit_head().await.unwrap().0, 3);
    // Copied again, nothing changes; what came meanwhile goes before the target's own.
    copied(&from, &to);
    assert_eq!(trail(&target).await, told(&["one", "two", "own"]));
    enter(&source, "three").await;
    copied(&from, &to);
    assert_eq!(trail(&target).await, told(&["one", "two", "three", "own"]));
    enter(&target, "goes on").await;
    assert_eq!(trail(&target).await.len(), 5);
    let source_trail = source.audit_trail(0).await.unwrap();
    assert_eq!(target.audit_trail(0).await.unwrap()[..3], source_trail[..]);
    source.close().await;
    target.close().await;
}
