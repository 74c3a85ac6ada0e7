//! The loop that all jobs share: wait, claim, run, count, retry.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::figures::{Ended, Figures};
use super::job::{Job, JobError, Outcome, Retry, Scope, StopPhase, Turn};
use super::lease::{self, LEASE};
use super::rhythm::Backoff;
use crate::clock::Clock;
use crate::store::{Store, StoreError, WorkLease};

/// How soon a job whose work another collector is doing checks again, in case that one dies.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// Runs jobs; cheap to clone.
#[derive(Debug, Clone)]
pub struct Runner {
    store: Store,
    clock: Clock,
    initiating: Stage,
    serving: Stage,
}

/// Jobs that stop together.
#[derive(Debug, Clone, Default)]
struct Stage {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Runner {
    /// Without any jobs yet. Jobs that start work by themselves are stopped by `closing`, before [`Runner::stop`].
    #[must_use]
    pub fn new(store: Store, clock: Clock, closing: CancellationToken) -> Self {
        Self {
            store,
            clock,
            initiating: Stage {
                stop: closing,
                tasks: TaskTracker::new(),
            },
            serving: Stage::default(),
        }
    }

    /// Starts a job, which runs until its phase is over. Needs a runtime.
    pub fn add<J: Job>(&self, job: J) {
        let stage = match J::PHASE {
            StopPhase::Initiating => &self.initiating,
            StopPhase::Serving => &self.serving,
        };
        let worker = Worker {
            job,
            store: self.store.clone(),
            clock: self.clock.clone(),
            stop: stage.stop.clone(),
            figures: Figures::of(J::NAME),
            failures: 0,
            told: None,
        };
        stage.tasks.spawn(worker.work());
    }

    /// Stops all jobs, phase by phase. Returns when the last one has finished.
    pub async fn stop(&self) {
        for stage in [&self.initiating, &self.serving] {
            stage.stop.cancel();
            stage.tasks.close();
            stage.tasks.wait().await;
        }
    }
}

/// One job, and its recent failures.
struct Worker<J> {
    job: J,
    store: Store,
    clock: Clock,
    stop: CancellationToken,
    figures: Figures,
    /// Number of consecutive failures.
    failures: u32,
    /// The failure that was logged last; none once a run succeeds.
    told: Option<String>,
}

/// When the job runs next.
enum Next {
    Due,
    After(Duration),
}

/// Why a run failed.
enum Failure {
    Failed(JobError),
    Panicked(String),
}

impl<J: Job> Worker<J> {
    async fn work(mut self) {
        let stop = self.stop.clone();
        let mut next = Next::Due;
        loop {
            let waiting = async {
                match next {
                    Next::Due => guarded(self.job.due()).await,
                    Next::After(pause) => {
                        tokio::time::sleep(pause).await;
                        Ok(())
                    }
                }
            };
            let Some(waited) = stop.run_until_cancelled(waiting).await else {
                break;
            };
            next = match waited {
                Ok(()) => self.turn().await,
                Err(panic) => {
                    self.figures.count(Ended::Panicked);
                    self.note(&Failure::Panicked(panic))
                }
            };
        }
        if let Err(panic) = guarded(self.job.finish()).await {
            tracing::error!(job = J::NAME, %panic, "work in the background could not be finished");
        }
    }

    /// One run, unless another collector does the work.
    async fn turn(&mut self) -> Next {
        let claimed_us = self.clock.monotonic_us();
        let lease = match J::SCOPE {
            Scope::Collector => None,
            Scope::Cluster => match self.store.claim_work(J::NAME, LEASE).await {
                Ok(Some(lease)) => Some(lease),
                Ok(None) => return Next::After(ELSEWHERE),
                Err(error) => {
                    self.figures.count(Ended::Failed);
                    return self.note(&Failure::Failed(error.into()));
                }
            },
        };
        self.figures.begin();
        let begun = Instant::now();
        let done = self.run(lease.as_ref(), claimed_us).await;
        let (ended, failure) = match done {
            Ok(Ok(outcome)) => (Ended::Ok(outcome), None),
            Ok(Err(error)) => (Ended::Failed, Some(Failure::Failed(error))),
            Err(panic) => (Ended::Panicked, Some(Failure::Panicked(panic))),
        };
        let seconds = begun.elapsed().as_secs_f64();
        self.figures.end(ended, seconds, self.clock.now_us());
        if let Some(lease) = &lease {
            let error = match (ended, &failure) {
                (_, Some(failure)) => Some(failure.text()),
                (Ended::Ok(Outcome::Stopped), None) => Some("stopped before its end".to_owned()),
                (_, None) => None,
            };
            give_back(
                J::NAME,
                self.store.finish_work(lease, error.as_deref()).await,
            );
        }
        match (ended, failure) {
            (_, Some(failure)) => self.note(&failure),
            // Its lease is lost: wait for the new holder. If the collector stops, this does not wait.
            (Ended::Ok(Outcome::Stopped), None) => Next::After(ELSEWHERE),
            (_, None) => {
                self.note_success();
                Next::Due
            }
        }
    }

    /// Runs the job, and keeps its lease meanwhile. An outer error is the text of a panic.
    async fn run(
        &mut self,
        lease: Option<&WorkLease>,
        claimed_us: i64,
    ) -> Result<Result<Outcome, JobError>, String> {
        let stop = self.stop.child_token();
        let kept = lease.map(|lease| (self.store.clone(), lease.clone()));
        let turn = Turn::new(stop.clone(), kept);
        let mut running = pin!(guarded(self.job.run(&turn)));
        match lease {
            None => running.await,
            Some(lease) => tokio::select! {
                biased;
                done = running.as_mut() => done,
                never = lease::keep(&self.store, &self.clock, lease, claimed_us, &stop) => match never {},
            },
        }
    }

    /// Logs a failure, once as long as it stays the same; returns when the job runs again.
    fn note(&mut self, failure: &Failure) -> Next {
        self.failures = self.failures.saturating_add(1);
        let pause = Backoff::USUAL.pause(self.failures);
        let next = match (failure, J::RETRY) {
            (Failure::Failed(_), Retry::WhenDue) => Next::Due,
            _ => Next::After(pause),
        };
        let (job, error) = (J::NAME, failure.text());
        if self.told.as_ref() == Some(&error) {
            tracing::debug!(job, error, "work in the background failed again");
            return next;
        }
        match failure {
            Failure::Failed(_) => {
                tracing::warn!(
                    job,
                    error,
                    "work in the background failed, and is tried again"
                );
            }
            Failure::Panicked(_) => {
                tracing::error!(
                    job,
                    error,
                    "work in the background panicked, and is tried again"
                );
            }
        }
        self.told = Some(error);
        next
    }

    fn note_success(&mut self) {
        if self.told.take().is_some() {
            let (job, failures) = (J::NAME, self.failures);
            tracing::info!(job, failures, "work in the background succeeds again");
        }
        self.failures = 0;
    }
}

impl Failure {
    fn text(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::Panicked(text) => text.clone(),
        }
    }
}

fn give_back(job: &'static str, finished: Result<bool, StoreError>) {
    match finished {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!(
                job,
                "another collector took the work over before it was done here"
            );
        }
        Err(error) => tracing::debug!(job, %error, "a lease is not given back, and runs out"),
    }
}

/// Runs to the end, or to a panic, whose text it returns.
async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(_) => "a panic without words".to_owned(),
        },
    })
}
