//! The job that sends traces, retries, and gives up.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::TracesError;
use super::ids::Ids;
use super::outline::Outline;
use super::receiver::{Answer, Receiver};
use super::spans::Run;
use crate::clock::Clock;
use crate::config::TracesConfig;
use crate::model::{Reason, Status};
use crate::store::{DueTrace, Store, StoreError, TraceOutcome};
use crate::telemetry;
use crate::work::{Every, Job, JobError, Outcome, Scope, StopPhase, Turn};
use playback_wire::TraceParent;

/// How often to look for work.
const LOOK: Duration = Duration::from_secs(1);

/// Runs that are read at once.
const RUNS: u32 = 20;

/// Spans of a request: some hundred kilobytes.
const SPANS: usize = 1000;

/// The shortest and the longest pause after a failure, unless the receiver names another.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A trace is sent within this time after its run's end, or not at all: receivers do not want it later, and a history that
/// is imported is no news.
const LATEST_US: i64 = 24 * 3600 * 1_000_000;

/// A run that counts as lost may still be delivered later: its trace waits this long.
const LOST_US: i64 = 15 * 60 * 1_000_000;

/// How soon to check again for the end of a run that has continued.
const RUNNING_US: i64 = 10_000_000;

/// Sends traces, as configured; cheap to clone.
#[derive(Debug, Clone)]
pub struct Traces {
    receiver: Receiver,
    most_spans: u64,
    /// The collector's address for people.
    address: Option<String>,
}

impl Traces {
    /// As configured; none: no traces are sent. `address`: the collector's address for people, if it is known.
    ///
    /// # Errors
    /// The receiver cannot be used as configured.
    pub fn new(
        config: &TracesConfig,
        clock: Clock,
        address: Option<String>,
    ) -> Result<Option<Self>, TracesError> {
        let receiver = Receiver::new(config, clock)?;
        Ok(receiver.map(|receiver| Self {
            receiver,
            most_spans: config.max_spans,
            address,
        }))
    }

    /// As a background job. Needs a runtime.
    #[must_use]
    pub(crate) fn sending(&self, store: Store, clock: Clock) -> Sending {
        Sending {
            traces: self.clone(),
            store,
            clock,
            every: Every::at_once(LOOK),
            failures: 0,
            paused_until: None,
        }
    }
}

/// The job that sends traces.
pub(crate) struct Sending {
    traces: Traces,
    store: Store,
    clock: Clock,
    every: Every,
    /// How often in a row the receiver took nothing.
    failures: u32,
    /// Nothing is sent before.
    paused_until: Option<Instant>,
}

/// How to continue after a trace.
enum Next {
    /// With the next one.
    Trace,
    /// After a pause.
    Pause,
    /// Not at all: the collector stops, or another one sends.
    Stop,
}

impl Sending {
    async fn work(&mut self, turn: &Turn) -> Result<Outcome, TracesError> {
        let mut outcome = Outcome::Idle;
        loop {
            let now_us = self.clock.now_us();
            let due = self.store.due_traces(now_us, RUNS).await?;
            if due.is_empty() {
                return Ok(outcome);
            }
            outcome = Outcome::Done;
            for trace in due {
                if turn.stop().is_cancelled() || !turn.is_ours().await? {
                    return Ok(Outcome::Stopped);
                }
                match self.trace(&trace, turn.stop()).await? {
                    Next::Trace => {}
                    Next::Pause => return Ok(outcome),
                    Next::Stop => return Ok(Outcome::Stopped),
                }
            }
        }
    }

    /// Sends one trace, if it is time.
    async fn trace(
        &mut self,
        trace: &DueTrace,
        stop: &CancellationToken,
    ) -> Result<Next, StoreError> {
        let (key, row) = (trace.key, &trace.row);
        let now_us = self.clock.now_us();
        let ended_us = match (row.status, row.ended_us) {
            (Status::Running, _) | (_, None) => {
                self.postpone(trace, now_us.saturating_add(RUNNING_US))
                    .await?;
                return Ok(Next::Trace);
            }
            (_, Some(ended_us)) => ended_us,
        };
        let waits_until_us = ended_us.saturating_add(LOST_US);
        if row.reason == Some(Reason::Lost) && now_us < waits_until_us {
            self.postpone(trace, waits_until_us).await?;
            return Ok(Next::Trace);
        }
        let parent = row.description.traceparent.as_deref();
        let parent = parent.and_then(TraceParent::parse);
        if parent.is_some_and(|parent| !parent.sampled) {
            self.end(trace, TraceOutcome::NotSampled).await?;
            return Ok(Next::Trace);
        }
        if row.description.imported.is_some() || now_us.saturating_sub(ended_us) > LATEST_US {
            if trace.attempts > 0 {
                tracing::warn!(execution = %row.id, attempts = trace.attempts, "a trace is given up: the receiver did not take it for a day");
            }
            self.end(trace, TraceOutcome::GivenUp).await?;
            return Ok(Next::Trace);
        }
        let address = self.traces.address.as_ref();
        let run = Run {
            row,
            ids: Ids::new(row.id, parent),
            page: address.map(|address| format!("{address}/runs/{}", row.id)),
        };
        let most = self.traces.most_spans;
        let store = self.store.clone();
        let mut outline = Outline::read(&store, key, run, most).await?;
        let mut passed = 0;
        loop {
            let spans = outline.next(SPANS).await?;
            if spans.is_empty() {
                break;
            }
            let count = spans.len() as u64;
            passed += count;
            // Taken before a failure, or before a collector was killed.
            if passed <= trace.spans {
                continue;
            }
            let Some(answer) = stop
                .run_until_cancelled(self.traces.receiver.send(spans))
                .await
            else {
                return Ok(Next::Stop);
            };
            match answer {
                Answer::Taken { rejected, why } => {
                    self.note_accepted(row.id, count, rejected, &why);
                    self.store.note_spans(key, passed).await?;
                }
                Answer::Refused { why } => {
                    tracing::warn!(execution = %row.id, error = %why, "a trace was refused: it is not sent again");
                    self.end(trace, TraceOutcome::Refused).await?;
                    return Ok(Next::Trace);
                }
                Answer::Later {
                    after,
                    why,
                    for_all,
                } => {
                    return self.failed(trace, after, &why, for_all).await;
                }
            }
        }
        self.end(trace, TraceOutcome::Sent).await?;
        Ok(Next::Trace)
    }

    fn note_accepted(&mut self, execution: uuid::Uuid, count: u64, rejected: u64, why: &str) {
        if self.failures > 0 {
            self.failures = 0;
            tracing::info!("the receiver of traces takes them again");
        }
        metrics::counter!("playback_trace_spans_total").increment(count.saturating_sub(rejected));
        if rejected > 0 {
            tracing::warn!(%execution, rejected, error = %why, "some spans were refused");
        }
    }

    async fn failed(
        &mut self,
        trace: &DueTrace,
        after: Option<Duration>,
        why: &str,
        for_all: bool,
    ) -> Result<Next, StoreError> {
        let pause = |failures: u32| {
            let doubled = FIRST_PAUSE.saturating_mul(1 << failures.min(20));
            after.unwrap_or(doubled.min(LONGEST_PAUSE))
        };
        let of_trace = pause(trace.attempts);
        let due_us = i64::try_from(of_trace.as_micros()).unwrap_or(i64::MAX);
        let due_us = self.clock.now_us().saturating_add(due_us);
        if !for_all {
            tracing::debug!(execution = %trace.row.id, error = %why, "a trace is sent again later");
            self.store.postpone_trace(trace.key, due_us, true).await?;
            return Ok(Next::Trace);
        }
        // Once, and not each time.
        if self.failures == 0 {
            tracing::warn!(error = %why, "traces are not taken: they are kept, and sent later");
        } else {
            tracing::debug!(error = %why, "traces are still not taken");
        }
        let pause = pause(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.paused_until = Some(Instant::now() + pause);
        self.store.postpone_trace(trace.key, due_us, true).await?;
        Ok(Next::Pause)
    }

    async fn postpone(&self, trace: &DueTrace, due_us: i64) -> Result<(), StoreError> {
        self.store.postpone_trace(trace.key, due_us, false).await
    }

    async fn end(&self, trace: &DueTrace, outcome: TraceOutcome) -> Result<(), StoreError> {
        self.store.end_trace(trace.key, outcome).await?;
        metrics::counter!(telemetry::TRACES, "outcome" => outcome.as_str()).increment(1);
        Ok(())
    }
}

impl Job for Sending {
    const NAME: &'static str = "traces";
    const SCOPE: Scope = Scope::Cluster;
    const PHASE: StopPhase = StopPhase::Initiating;

    async fn due(&mut self) {
        loop {
            self.every.due().await;
            if self
                .paused_until
                .is_some_and(|until| Instant::now() < until)
            {
                continue;
            }
            match self.store.has_due_traces(self.clock.now_us()).await {
                Ok(true) => return,
                Ok(false) => {}
                // The next turn reads it again, and requests that need the database report its problem.
                Err(error) => tracing::debug!(%error, "traces to be sent are not known"),
            }
        }
    }

    async fn run(&mut self, turn: &Turn) -> Result<Outcome, JobError> {
        Ok(self.work(turn).await?)
    }
}
