//! The metrics of each job; `telemetry` describes them.

use metrics::{Counter, Gauge, Histogram};

use super::job::Outcome;

/// How a run ended, for the label `outcome`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    Ok(Outcome),
    Failed,
    Panicked,
}

/// The metrics of one job.
pub(super) struct Figures {
    job: &'static str,
    running: Gauge,
    seconds: Histogram,
    /// In the order of [`Ended::number`].
    runs: [Counter; OUTCOMES.len()],
}

const OUTCOMES: [&str; 5] = ["done", "idle", "stopped", "failed", "panicked"];

impl Ended {
    fn number(self) -> usize {
        match self {
            Self::Ok(Outcome::Done) => 0,
            Self::Ok(Outcome::Idle) => 1,
            Self::Ok(Outcome::Stopped) => 2,
            Self::Failed => 3,
            Self::Panicked => 4,
        }
    }
}

impl Figures {
    /// All counters exist from the start, at 0: the increase of a series that begins with its first increment is
    /// invisible.
    pub(super) fn of(job: &'static str) -> Self {
        let runs = OUTCOMES.map(|outcome| {
            let runs =
                metrics::counter!("playback_job_runs_total", "job" => job, "outcome" => outcome);
            runs.increment(0);
            runs
        });
        let running = metrics::gauge!("playback_job_running", "job" => job);
        running.set(0.0);
        Self {
            job,
            running,
            seconds: metrics::histogram!("playback_job_duration_seconds", "job" => job),
            runs,
        }
    }

    /// A run begins.
    pub(super) fn begin(&self) {
        self.running.set(1.0);
    }

    /// A run has ended after this many seconds; the duration of one that had nothing to do is not recorded.
    pub(super) fn end(&self, ended: Ended, seconds: f64, now_us: i64) {
        self.running.set(0.0);
        self.count(ended);
        if !matches!(ended, Ended::Ok(Outcome::Idle)) {
            self.seconds.record(seconds);
        }
        if matches!(ended, Ended::Ok(Outcome::Done | Outcome::Idle)) {
            // Not reported before the first success: 0 would be a valid time.
            metrics::gauge!("playback_job_last_success_timestamp_seconds", "job" => self.job)
                .set(now_us as f64 / 1e6);
        }
    }

    /// Something failed outside of a run.
    pub(super) fn count(&self, ended: Ended) {
        if let Some(runs) = self.runs.get(ended.number()) {
            runs.increment(1);
        }
    }
}
