//! The record of one run: its spool, its sender, and messages to the user about them.
//!
//! Whatever fails here, the command runs. The user gets one line about it, on stderr.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use playback_producer::{Delivery, folder, report};
use playback_redact::Rules;
use playback_spool::{FinishLimits, Outcome, RunClock, RunKey, Sender, Spool};
use playback_wire::{ExecutionEnded, ExecutionStarted, HostStats, Producer, Stats, Usage};

use uuid::Uuid;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::Request;
use crate::clock::Clock;
use crate::offer::Offer;
use crate::recap::Hosts;
use crate::signals::Signals;

/// How requests name this producer.
const USER_AGENT: &str = concat!("playback-supervisor/", env!("CARGO_PKG_VERSION"));

/// Hosts in one `stats` event, which keeps it small however many hosts a run has.
const STATS_HOSTS: usize = 200;

/// The current recording; empty if there is no spool.
pub(crate) struct Recording {
    spool: Option<Arc<Spool>>,
    sender: Option<Sender>,
    limits: FinishLimits,
    delivery: Delivery,
    /// Whether a launcher started us, so that our output is not seen.
    is_launched: bool,
    clock: Clock,
}

impl Recording {
    /// Starts recording and delivery; `key` is the run's, if the launcher has begun it.
    pub(crate) fn begin(
        request: &Request,
        started: &ExecutionStarted,
        (clock, run_clock): (&Clock, RunClock),
        key: Option<RunKey>,
    ) -> Self {
        let mut recording = Self {
            spool: None,
            sender: None,
            limits: request.delivery.finish_limits(),
            delivery: request.delivery.clone(),
            is_launched: request.run_folder.is_some(),
            clock: clock.clone(),
        };
        if let Some(why) = &request.redact.unusable {
            warn(&format!("this run is not recorded: {why}"));
            return recording;
        }
        let none: [&str; 0] = [];
        let redact = &request.redact;
        let rules = match Rules::new(&redact.keys, &redact.patterns, &none) {
            Ok(rules) => rules,
            // If values cannot be redacted, nothing may be recorded.
            Err(error) => {
                warn(&format!("this run is not recorded: {error}"));
                return recording;
            }
        };
        let key = key.or_else(RunKey::mint);
        let (execution, producer) = (request.execution, Producer::Supervisor);
        let max_bytes = request.delivery.spool_max_bytes();
        let opened = folder::open(
            &request.delivery,
            |dir| Spool::create_with_key(dir, execution, producer, max_bytes, key.clone()),
            || Spool::in_memory_with_key(execution, producer, max_bytes, key.clone()),
        );
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                warn(&format!("this run is not recorded: {error}"));
                return recording;
            }
        };
        if let Some(notice) = opened.notice {
            warn(&notice);
        }
        let rules = (!rules.is_empty()).then(|| Arc::new(rules));
        let begins = |spool: &Spool| {
            if let Some(rules) = &rules {
                spool.redact_by(Arc::clone(rules));
            }
            spool
                .append(clock.now_us(), "execution_started", started)
                .is_some()
        };
        let mut spool = opened.spool;
        if !begins(&spool) {
            // The disk is full, but memory may not be.
            let key = spool.run_key().cloned();
            match Spool::in_memory_with_key(execution, producer, max_bytes, key) {
                Ok(memory) if begins(&memory) => {
                    warn(report::IN_MEMORY);
                    spool = memory;
                }
                _ => {
                    warn(report::NOT_RECORDED);
                    return recording;
                }
            }
        }
        match request.delivery.start(&spool, run_clock, USER_AGENT) {
            Ok(sender) => recording.sender = Some(sender),
            Err(why) => warn(&report::kept(&spool, &why, &recording.delivery)),
        }
        recording.spool = Some(spool);
        recording
    }

    /// The spool for events.
    pub(crate) fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.clone()
    }

    /// Offers this run to the first Ansible that a script starts.
    pub(crate) fn offer(&self, execution: Uuid, is_ansible: bool) -> Option<Offer> {
        let path = self.spool.as_ref().filter(|_| !is_ansible)?.path()?;
        Offer::make(path.parent()?, execution, "")
    }

    /// Events left out so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.spool.as_ref().map_or(0, |spool| spool.dropped())
    }

    /// Appends the statistics read from the output.
    pub(crate) fn stats(&self, hosts: Hosts) {
        let Some(spool) = &self.spool else { return };
        let mut hosts = hosts.into_iter();
        loop {
            let part: BTreeMap<String, HostStats> = hosts.by_ref().take(STATS_HOSTS).collect();
            if part.is_empty() {
                return;
            }
            spool.append(self.clock.now_us(), "stats", &Stats { hosts: part });
        }
    }

    /// Appends what the run has cost.
    pub(crate) fn usage(&self, usage: &Usage) {
        if let Some(spool) = &self.spool {
            spool.append(self.clock.now_us(), "usage", usage);
        }
    }

    /// Appends the last event and waits, within the limits, until everything is delivered, or until a signal shows that
    /// the user does not want to wait.
    pub(crate) fn end(self, ended: &ExecutionEnded, signals: &Signals) {
        let Some(spool) = self.spool else { return };
        spool.append(self.clock.now_us(), "execution_ended", ended);
        let outcome = self
            .sender
            .map(Arc::new)
            .map(|sender| finish(&sender, self.limits, signals).unwrap_or_else(|| sender.status()));
        let outcome = outcome.as_ref();
        if let Some(text) = report::at_end(outcome, &spool, &self.delivery) {
            warn(&text);
        }
        if !self.is_launched
            && let is_seen = std::io::stderr().is_terminal()
            && let Some(page) = report::link(outcome, spool.execution(), &self.delivery, is_seen)
        {
            warn(&page);
        }
    }
}

/// Lets the sender finish. None: the user does not want to wait for it.
fn finish(sender: &Arc<Sender>, limits: FinishLimits, signals: &Signals) -> Option<Outcome> {
    let (finished, finishing) = pipe_with(PipeFlags::CLOEXEC).ok()?;
    let worker = Arc::clone(sender);
    let begun = std::thread::Builder::new().spawn(move || {
        let outcome = worker.finish(limits);
        drop(finishing);
        outcome
    });
    let Ok(thread) = begun else {
        // No thread is available (`ulimit -v`): wait here, without checking for signals.
        return Some(sender.finish(limits));
    };
    loop {
        let mut fds = [
            PollFd::new(signals, PollFlags::IN),
            PollFd::new(&finished, PollFlags::empty()),
        ];
        if poll(&mut fds, None).is_err_and(|error| error != Errno::INTR) {
            return thread.join().ok();
        }
        if !fds[1].revents().is_empty() {
            return thread.join().ok();
        }
        while let Some(received) = signals.next() {
            if received.asks_for_the_end() {
                return None;
            }
        }
    }
}

/// One line for the user.
fn warn(text: &str) {
    // If standard error is closed, or on a full disk, there is no way to report this.
    let _ = writeln!(std::io::stderr(), "playback: {text}");
}
