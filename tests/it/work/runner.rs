//! The runner, with jobs that the tests define.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playback::clock::Clock;
use playback::store::Store;
use playback::store::dialect::Engine;
use playback::work::{Job, JobError, Outcome, Runner, Scope, StopPhase, Turn};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::harness::DEADLINE;
use crate::servers;

async fn store(engine: Engine) -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let address = servers::database(engine, folder.path());
    let store = Store::open(&address).await.unwrap();
    (folder, store)
}

fn runner(store: &Store) -> Runner {
    Runner::new(store.clone(), Clock::system(), CancellationToken::new())
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            // Limits the rate of polling; the loop ends with the answer.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        timeout(DEADLINE, waiting).await.is_ok(),
        "waited too long for {what}"
    );
}

/// Panics in its first run, fails in its second, and is well from then on.
struct Clumsy {
    runs: Arc<AtomicU32>,
    is_over: bool,
}

impl Job for Clumsy {
    const NAME: &'static str = "clumsy";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        if self.is_over {
            std::future::pending::<()>().await;
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        assert!(turn.is_ours().await?);
        match self.runs.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("it stumbles"),
            1 => Err("it falls".into()),
            _ => {
                self.is_over = true;
                Ok(Outcome::Done)
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_panics_or_fails_is_tried_again() {
    let (_folder, store) = store(Engine::Sqlite).await;
    let runs = Arc::new(AtomicU32::new(0));
    let runner = runner(&store);
    runner.add(Clumsy {
        runs: runs.clone(),
        is_over: false,
    });
    until("the third run", || runs.load(Ordering::SeqCst) == 3).await;
    runner.stop().await;
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    store.close().await;
}

type Journal = Arc<Mutex<Vec<&'static str>>>;

/// Goes on until it is told to stop.
struct Busy(Journal);

impl Job for Busy {
    const NAME: &'static str = "busy";
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {}

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        self.0.lock().unwrap().push("busy: begins");
        turn.stop().cancelled().await;
        // It takes its time, and is not cut off.
        tokio::task::yield_now().await;
        self.0.lock().unwrap().push("busy: stops");
        Ok(Outcome::Stopped)
    }
}

/// Keeps something that must be written at the end.
struct Keeper(Journal);

impl Job for Keeper {
    const NAME: &'static str = "keeper";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        std::future::pending::<()>().await;
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        Ok(Outcome::Idle)
    }

    async fn finish(&mut self) {
        self.0.lock().unwrap().push("keeper: finishes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_begins_things_stops_before_what_keeps_them() {
    let (_folder, store) = store(Engine::Sqlite).await;
    let told = Journal::default();
    let closing = CancellationToken::new();
    let runner = Runner::new(store.clone(), Clock::system(), closing.clone());
    runner.add(Keeper(told.clone()));
    runner.add(Busy(told.clone()));
    until("the first run", || !told.lock().unwrap().is_empty()).await;
    closing.cancel();
    until("its end", || told.lock().unwrap().len() == 2).await;
    timeout(DEADLINE, runner.stop()).await.unwrap();
    assert_eq!(
        *told.lock().unwrap(),
        ["busy: begins", "busy: stops", "keeper: finishes"]
    );
    store.close().await;
}

/// Work that only one collector is to do at a time.
struct Alone {
    inside: Arc<AtomicU32>,
    runs: Arc<AtomicU32>,
    most: u32,
}

impl Job for Alone {
    const NAME: &'static str = "alone";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        if self.runs.load(Ordering::SeqCst) >= self.most {
            std::future::pending::<()>().await;
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        assert_eq!(
            self.inside.fetch_add(1, Ordering::SeqCst),
            0,
            "two at a time"
        );
        assert!(turn.is_ours().await?);
        // Long enough for the other one to come.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(Outcome::Done)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collectors_that_share_a_database_do_such_work_one_at_a_time() {
    let folder = TempDir::new().unwrap();
    let address = servers::database(Engine::Postgres, folder.path());
    let inside = Arc::new(AtomicU32::new(0));
    let mut all = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&address).await.unwrap();
        let (runner, runs) = (runner(&store), Arc::new(AtomicU32::new(0)));
        runner.add(Alone {
            inside: inside.clone(),
            runs: runs.clone(),
            most: 5,
        });
        all.push((store, runner, runs));
    }
    for (store, runner, runs) in all {
        until("its runs", || runs.load(Ordering::SeqCst) == 5).await;
        runner.stop().await;
        store.close().await;
    }
}
