//! The progress line below a run's output, for people. A separate thread requests its figures, so that no line of the
//! stream waits for them.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::client::Client;
use super::super::estimate::{left, waits_for};
use super::super::out::plain;
use crate::clock::Clock;
use crate::model::{Estimate, Phase, Status};

/// How often the figures are requested.
const EVERY: Duration = Duration::from_secs(1);

/// Pause between two requests, as a multiple of the duration of the last one: records with thousands of hosts are
/// large.
const REST: u32 = 10;

/// How often the remaining time is requested: to estimate it, the collector reads the tasks of earlier runs.
const ESTIMATED: Duration = Duration::from_secs(5);

/// How often the line is redrawn.
const TICK: Duration = Duration::from_millis(200);

/// The requested fields: the figures, without output.
const FIELDS: &str = "phase,start_time,results,stats,failed,unreachable,canceled_by";

/// A run's current figures.
#[derive(Debug, Deserialize)]
struct Figures {
    phase: Phase,
    start_time: DateTime<Utc>,
    results: u64,
    stats: BTreeMap<String, IgnoredAny>,
    failed: Vec<IgnoredAny>,
    unreachable: Vec<IgnoredAny>,
    canceled_by: Option<String>,
}

/// A line that is kept up to date; dropping it removes it.
pub(super) struct Progress {
    bar: ProgressBar,
    /// The thread ends when this is dropped.
    _alive: mpsc::Sender<()>,
}

impl Progress {
    /// Starts the line; none if the terminal cannot show one.
    pub(super) fn start(client: &Client, id: Uuid) -> Option<Self> {
        let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_msg}").ok()?;
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if bar.is_hidden() {
            return None;
        }
        bar.set_style(style);
        let (alive, ended) = mpsc::channel::<()>();
        let (client, shown) = (client.clone(), bar.clone());
        // If no thread can be started, there is no line.
        std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || {
                let (clock, path) = (Clock::system(), format!("/executions/{id}"));
                let of_estimate = format!("{path}/estimate");
                let (mut estimate, mut estimated) = (None, None);
                loop {
                    let asked = Instant::now();
                    // If the collector is unavailable for a while, the stream handles that.
                    if let Ok(figures) = client.get(&path, &[("fields", FIELDS.to_owned())]) {
                        show(&shown, &figures, estimate.as_ref(), &clock);
                        let is_due = |at: Instant| at.elapsed() >= ESTIMATED;
                        if figures.phase == Phase::Running && estimated.is_none_or(is_due) {
                            // An older collector has no estimates.
                            estimate = client.get(&of_estimate, &[]).ok();
                            estimated = Some(Instant::now());
                            show(&shown, &figures, estimate.as_ref(), &clock);
                        }
                    }
                    let pause = EVERY.max(asked.elapsed() * REST);
                    if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })
            .ok()?;
        bar.enable_steady_tick(TICK);
        Some(Self { bar, _alive: alive })
    }

    /// Prints above the line.
    pub(super) fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn show(bar: &ProgressBar, figures: &Figures, estimate: Option<&Estimate>, clock: &Clock) {
    let us = clock.now_us() - figures.start_time.timestamp_micros();
    // Its machine's clock may be ahead of ours.
    bar.set_elapsed(Duration::from_micros(u64::try_from(us).unwrap_or_default()));
    bar.set_message(in_words(figures, estimate, clock));
}

fn in_words(figures: &Figures, estimate: Option<&Estimate>, clock: &Clock) -> String {
    let mut text = match (&figures.canceled_by, figures.phase) {
        (Some(_), _) => "canceled".to_owned(),
        (None, phase) => phase.as_str().to_owned(),
    };
    let count = |count: u64, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    if figures.results > 0 {
        text.push_str(&format!(
            ": {} done on {}",
            count(figures.results, "task"),
            count(figures.stats.len() as u64, "host")
        ));
    }
    for (hosts, word) in [
        (figures.failed.len(), "failed"),
        (figures.unreachable.len(), "unreachable"),
    ] {
        if hosts > 0 {
            text.push_str(&format!(", {hosts} {word}"));
        }
    }
    let is_running = |estimate: &&Estimate| estimate.status == Status::Running;
    let Some(estimate) = estimate.filter(is_running) else {
        return text;
    };
    // Without earlier runs like it, the remaining time is not known.
    if estimate.remaining.is_some() {
        let after = if estimate.is_overdue { "" } else { " left" };
        text.push_str(&format!("; {}{after}", left(estimate)));
    }
    let waits_for = waits_for(estimate, clock);
    if !waits_for.is_empty() {
        text.push_str(&format!("; {}", plain(&waits_for)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunningHost;

    #[test]
    fn only_what_there_is_to_tell_is_told() {
        let mut figures = Figures {
            phase: Phase::Queued,
            start_time: DateTime::default(),
            results: 0,
            stats: BTreeMap::new(),
            failed: Vec::new(),
            unreachable: Vec::new(),
            canceled_by: None,
        };
        let clock = Clock::fixed(60_000_000);
        let in_words = |figures: &Figures| super::in_words(figures, None, &clock);
        assert_eq!(in_words(&figures), "queued");
        figures.phase = Phase::Running;
        figures.results = 7;
        figures.stats.insert("web-01".into(), IgnoredAny);
        figures.stats.insert("web-02".into(), IgnoredAny);
        figures.failed.push(IgnoredAny);
        assert_eq!(
            in_words(&figures),
            "running: 7 tasks done on 2 hosts, 1 failed"
        );
        let mut estimate = Estimate {
            id: Uuid::nil(),
            status: Status::Running,
            elapsed: 40.0,
            based_on: 0,
            usual: None,
            remaining: None,
            is_overdue: false,
            task: Some("install".into()),
            hosts_running: 2,
            waits_for: Vec::new(),
        };
        let told = |estimate: &Estimate| {
            let told = super::in_words(&figures, Some(estimate), &clock);
            told.strip_prefix("running: 7 tasks done on 2 hosts, 1 failed")
                .map(str::to_owned)
        };
        assert_eq!(told(&estimate).as_deref(), Some("; install"));
        estimate.usual = Some(50.0);
        estimate.remaining = Some(125.0);
        estimate.waits_for.push(RunningHost {
            host: "web-01".into(),
            task: "install\u{7}".into(),
            since: Some(DateTime::default()),
        });
        let waits_for = "web-01 and 1 more: install";
        let expected = format!("; about 2m 05s left; {waits_for}");
        let said = told(&estimate).unwrap();
        assert!(
            said.starts_with(&expected) && said.ends_with(", 1m ago"),
            "{said}"
        );
        assert!(!said.contains('\u{7}'), "{said}");
        estimate.is_overdue = true;
        let said = told(&estimate).unwrap();
        assert!(
            said.starts_with("; overdue, usually 50.0s; web-01"),
            "{said}"
        );
        estimate.status = Status::Success;
        assert_eq!(told(&estimate).as_deref(), Some(""));
        figures.canceled_by = Some("token:me".into());
        assert!(in_words(&figures).starts_with("canceled: 7"));
    }
}
