//! The execution that this process records: its spool, its sender, and how it ends.
//!
//! There is one at a time. It is in a static, in plain Rust: hooks, the wrapped streams and the end of the process all
//! need it, the last when Python is already gone. No lock is held while Python runs.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use playback_producer::{environment, report};
use playback_recorder_core::clock;
use playback_recorder_core::hookstats::HookStats;
use playback_recorder_core::tasks::Ledger;
use playback_redact::{Printed, Rules};
use playback_spool::{FinishLimits, RunClock, RunKey, Sender, Spool};
use playback_wire::{
    CLOCK_VARIABLE, ExecutionEnded, ExecutionStarted, ExecutionType, Producer, Stream,
};
use uuid::Uuid;

use crate::options::Options;
use crate::output::Output;
use crate::{exit, spooldir, workers};

/// How requests name this producer.
const USER_AGENT: &str = concat!("playback-recorder/", env!("CARGO_PKG_VERSION"));

/// Boxed, so that the lock is in memory that `fork` does not copy; the static itself is only read.
static ACTIVE: OnceLock<Box<RwLock<Option<Arc<Run>>>>> = OnceLock::new();

/// One recorded execution.
pub(crate) struct Run {
    pub(crate) options: Options,
    pub(crate) spool: Arc<Spool>,
    pub(crate) stats: HookStats,
    /// A single typed task, rather than a playbook.
    pub(crate) is_adhoc: bool,
    sender: Option<Sender>,
    limits: FinishLimits,
    ledger: Mutex<Ledger>,
    output: Mutex<Output>,
    /// Number of hooks called, which distinguishes a second loading of the plugin from a second execution.
    hooks: AtomicU64,
    signal: AtomicI32,
    off: AtomicBool,
    ended: AtomicBool,
    notices: Vec<String>,
    /// Number of worker texts left out in earlier runs of this process.
    left_out_before: u64,
    /// Number of programs started in earlier runs.
    programs_before: u64,
    /// It ends with its queue manager: the surrounding program continues, and its exit code says nothing about the run.
    ends_early: bool,
    /// Another program records it, too, and tells the user about it.
    is_shared: bool,
}

/// The run that is being recorded.
pub(crate) fn active() -> Option<Arc<Run>> {
    ACTIVE
        .get()?
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// The process exits with `status`, if known. Returns lines for the user.
pub(crate) fn end_at_exit(status: Option<i32>) -> Option<String> {
    let ends_early = active().is_some_and(|run| run.ends_early);
    end_active(status.filter(|_| !ends_early))
}

/// Ends the current run. Returns lines for the user.
pub(crate) fn end_active(exit_code: Option<i32>) -> Option<String> {
    let run = ACTIVE
        .get()?
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    run.and_then(|run| run.end(exit_code))
}

impl Run {
    /// Begins an execution; the previous one is ended.
    ///
    /// # Errors
    /// No spool can be created, not even in memory.
    pub(crate) fn begin(
        options: Options,
        rules: Option<Rules>,
        started: &ExecutionStarted,
        ends_early: bool,
        key: Option<RunKey>,
    ) -> io::Result<Arc<Self>> {
        // The identity from a launcher is for the process's first execution only.
        static LAUNCHED: AtomicBool = AtomicBool::new(false);
        let given = options
            .execution_id
            .as_deref()
            .and_then(|id| Uuid::parse_str(id.trim()).ok());
        let given = given.filter(|_| !LAUNCHED.swap(true, Ordering::SeqCst));
        // The supervisor's events and ours belong to one run, so they use one clock.
        let handed = given
            .and_then(|_| environment::text(CLOCK_VARIABLE))
            .and_then(|word| RunClock::from_word(&word));
        let clock = handed.unwrap_or_else(RunClock::start);
        // The key belongs to the given execution. Without one, the run is ours.
        let key = key.filter(|_| given.is_some()).or_else(RunKey::mint);
        let execution = given.unwrap_or_else(Uuid::now_v7);

        let opened = spooldir::open(&options.delivery, execution, key)?;
        let mut notices = options.notices.clone();
        notices.extend(opened.notice);
        let rules = rules.map(Arc::new);
        let begins = |spool: &Spool| {
            if let Some(rules) = &rules {
                spool.redact_by(Arc::clone(rules));
            }
            spool
                .append(clock::now_us(), "execution_started", started)
                .is_some()
        };
        if active().is_none() {
            // A run that has not ended yet keeps its clock; this run then uses that clock, too.
            clock::begin(clock);
        }
        let mut spool = opened.spool;
        if !begins(&spool) {
            // The disk is full, but memory may not be.
            let max_bytes = options.delivery.spool_max_bytes();
            let memory = Spool::in_memory_with_key(
                spool.execution(),
                Producer::Recorder,
                max_bytes,
                spool.run_key().cloned(),
            )?;
            if begins(&memory) {
                notices.push(report::IN_MEMORY.to_owned());
                spool = memory;
            } else {
                return Err(io::Error::other(report::NOT_RECORDED));
            }
        }
        let delivery = &options.delivery;
        let sender = match delivery.start(&spool, clock::current(), USER_AGENT) {
            Ok(sender) => Some(sender),
            Err(why) => {
                notices.push(report::kept(&spool, &why, delivery));
                None
            }
        };
        let run = Arc::new(Self {
            limits: options.delivery.finish_limits(),
            options,
            spool,
            stats: HookStats::new(environment::path("PLAYBACK_HOOK_STATS")),
            is_adhoc: started.r#type == ExecutionType::Adhoc,
            sender,
            ledger: Mutex::default(),
            output: Mutex::new(Output::new(rules.map(Printed::new))),
            hooks: AtomicU64::new(0),
            signal: AtomicI32::new(0),
            off: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            notices,
            left_out_before: workers::left_out(),
            programs_before: workers::programs(),
            ends_early,
            is_shared: given.is_some(),
        });
        let before = ACTIVE
            .get_or_init(Box::default)
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(Arc::clone(&run));
        if let Some(before) = before {
            before.end(None);
        }
        Ok(run)
    }

    /// Messages that the user should see at once.
    pub(crate) fn notices(&self) -> Vec<String> {
        self.notices.clone()
    }

    /// Whether nothing has happened since its set-up.
    pub(crate) fn is_untouched(&self) -> bool {
        self.hooks.load(Ordering::Relaxed) == 0
    }

    /// A hook is called. False: nothing is recorded any longer.
    pub(crate) fn enter(&self) -> bool {
        self.hooks.fetch_add(1, Ordering::Relaxed);
        !self.off.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed)
    }

    /// Stops recording after an error; the end of the run is still reported.
    pub(crate) fn turn_off(&self) {
        self.off.store(true, Ordering::SeqCst);
    }

    /// The redaction rules, if any.
    pub(crate) fn rules(&self) -> Option<&Rules> {
        self.spool.rules().map(|rules| &**rules)
    }

    /// Play and task numbers.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> bool {
        !self.off.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed)
    }

    /// Text was printed.
    pub(crate) fn printed(&self, stream: Stream, text: &str) {
        if self.records() {
            let mut output = self.output();
            output.workers(&self.spool, self.options.max_event_bytes());
            output.printed(stream, text, &self.spool, self.options.max_event_bytes());
        }
    }

    /// Ansible begins to show an event.
    pub(crate) fn dispatch_begins(&self) {
        if self.records() {
            let mut output = self.output();
            output.workers(&self.spool, self.options.max_event_bytes());
            output.begin();
        }
    }

    /// The event being shown was appended as `seq`.
    pub(crate) fn shows(&self, seq: Option<u64>, censored: bool) {
        self.output().shows(seq, censored);
    }

    /// Ansible has finished showing the event.
    pub(crate) fn dispatch_ends(&self) {
        if self.records() {
            let mut output = self.output();
            output.end(&self.spool, self.options.max_event_bytes());
            output.workers(&self.spool, self.options.max_event_bytes());
        }
    }

    /// Notes the signal that ends the process.
    pub(crate) fn signalled(&self, signal: i32) {
        self.signal.store(signal, Ordering::SeqCst);
    }

    /// Appends the last events and waits, within the limits, until they are delivered. Only the first call has an
    /// effect. Returns lines for the user.
    pub(crate) fn end(&self, exit_code: Option<i32>) -> Option<String> {
        if self.ended.swap(true, Ordering::SeqCst) {
            return None;
        }
        // A thread that Python stopped while it was printing never releases its lock.
        if let Ok(mut output) = self.output.try_lock()
            && !self.off.load(Ordering::SeqCst)
        {
            output.workers(&self.spool, self.options.max_event_bytes());
            output.flush(&self.spool, self.options.max_event_bytes());
            workers::close();
        }
        let signal = Some(self.signal.load(Ordering::SeqCst)).filter(|signal| *signal != 0);
        let at = clock::now_us();
        self.spool.append(at, "usage", &exit::usage());
        let ended = ExecutionEnded {
            exit_code: exit_code.filter(|_| signal.is_none()),
            signal,
            // After the recorder turned itself off, the number of unrecorded events is unknown: at least one.
            dropped: self.spool.dropped()
                + u64::from(self.off.load(Ordering::SeqCst))
                + workers::left_out().saturating_sub(self.left_out_before),
            uncaptured_programs: workers::programs().saturating_sub(self.programs_before),
            ..ExecutionEnded::default()
        };
        self.spool.append(at, "execution_ended", &ended);
        self.stats.write();
        let outcome = self
            .sender
            .as_ref()
            .map(|sender| sender.finish(self.limits));
        let outcome = outcome.as_ref();
        let delivery = &self.options.delivery;
        let warning = report::at_end(outcome, &self.spool, delivery);
        let warning = warning.map(|warning| format!("[WARNING]: Playback: {warning}"));
        // Nothing is added to what a program reads, or to the output that a supervisor records; a console has many runs.
        let is_seen = !self.ends_early && io::stderr().is_terminal();
        let page = report::link(outcome, self.spool.execution(), delivery, is_seen);
        let page = page.filter(|_| !self.is_shared);
        let page = page.map(|page| format!("Playback: {page}"));
        let lines: Vec<String> = warning.into_iter().chain(page).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}
