//! The sender thread: when to send, to give a sign of life, and to wait.
//!
//! It reads the spool on its own and takes no lock that an appending hook would wait for. Its results go into
//! [`Shared`], where [`Sender::finish`](crate::Sender::finish) reads them.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::adoption::Adopter;
use crate::backoff::Backoff;
use crate::client::{Client, Refusal, TemporaryFailure};
use crate::clock;
use crate::config::SenderConfig;
use crate::delivery::{Delivery, Step};
use crate::spool::Spool;

/// Longest wait between two attempts while the process is ending.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// State shared by the thread and its handle.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    status: Mutex<Status>,
    changed: Condvar,
}

/// The state of the delivery.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// Nothing more will be appended: send what is left, and end.
    pub(crate) finishing: bool,
    /// The owner no longer waits for the delivery: end, whatever is left.
    pub(crate) abandoned: bool,
    /// The thread has ended, or is about to.
    pub(crate) ended: bool,
    /// Everything is acknowledged, and the file is gone.
    pub(crate) delivered: bool,
    /// The collector has answered during the run, so if it is down now, it is expected back.
    pub(crate) heard: bool,
    /// Why the collector refused the spool.
    pub(crate) set_aside: Option<Refusal>,
    /// The last error, if there was no success since.
    pub(crate) last_error: Option<String>,
    /// Until then the collector does not want to be asked.
    pub(crate) asked_to_wait: Option<Instant>,
    /// Number of the last event that is stored.
    pub(crate) acked: u64,
    /// Offset in the file of the events that are not stored.
    pub(crate) offset: u64,
    /// The collector's address for browsers, if it told one.
    pub(crate) address: Option<String>,
}

impl Shared {
    pub(crate) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the status and wakes those who wait for it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status());
        self.changed.notify_all();
    }

    /// Waits for a change of the status, with a time limit.
    pub(crate) fn wait<'a>(
        &self,
        status: MutexGuard<'a, Status>,
        timeout: Duration,
    ) -> MutexGuard<'a, Status> {
        self.changed
            .wait_timeout(status, timeout)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// Sets `ended` when dropped, however the thread ends.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.update(|status| status.ended = true);
    }
}

/// The state of the thread.
pub(crate) struct Worker {
    spool: Arc<Spool>,
    client: Client,
    shared: Arc<Shared>,
    delivery: Delivery,
    adopter: Option<Adopter>,
    backoff: Backoff,
    pace: Duration,
    heartbeat: Duration,
    /// Nothing is sent before this time.
    not_before: Instant,
    /// Until then the collector does not want to be asked.
    asked_to_wait: Option<Instant>,
    /// The last exchange of our own spool was successful.
    going_well: bool,
    /// The process is ending.
    finishing: bool,
    /// When the next sign of life is due.
    next_beat: Instant,
}

impl Worker {
    pub(crate) fn new(
        spool: Arc<Spool>,
        client: Client,
        config: &SenderConfig,
        shared: Arc<Shared>,
    ) -> Self {
        let now = clock::now();
        let adopter = spool
            .path()
            .as_deref()
            .and_then(|path| path.parent())
            .filter(|_| config.adopt)
            .map(|dir| Adopter::new(PathBuf::from(dir), config.batch_bytes));
        Self {
            delivery: Delivery::new(
                spool.execution(),
                spool.producer(),
                true,
                1,
                config.batch_bytes,
            )
            .with_key(spool.run_key().cloned()),
            spool,
            client,
            shared,
            adopter,
            backoff: Backoff::new(config.backoff),
            pace: config.pace,
            heartbeat: config.heartbeat,
            not_before: now,
            asked_to_wait: None,
            going_well: false,
            finishing: false,
            next_beat: now + config.heartbeat,
        }
    }

    /// Runs until the spool is delivered or refused, or its owner no longer waits for it.
    pub(crate) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.shared));
        self.spool.waker().set_thread(std::thread::current());
        loop {
            let (finishing, abandoned) = {
                let status = self.shared.status();
                (status.finishing, status.abandoned)
            };
            if abandoned {
                return;
            }
            if finishing && !self.finishing {
                self.finishing = true;
                self.adopter = None;
                // Whatever it was waiting for, it tries now.
                self.not_before = self.asked_to_wait.unwrap_or_else(clock::now);
            }
            let end = self.spool.bytes();
            let now = clock::now();
            let step = if end > self.delivery.offset() {
                if now < self.not_before {
                    self.wait_until(self.not_before, false);
                    continue;
                }
                self.not_before = now + if finishing { Duration::ZERO } else { self.pace };
                self.asked_to_wait = None;
                self.delivery.send(&mut self.client, self.spool.file(), end)
            } else if finishing {
                if self.spool.close_if_all_read(end) {
                    self.shared.update(|status| status.delivered = true);
                    return;
                }
                continue;
            } else if now >= self.next_beat.max(self.not_before) {
                self.delivery.ask(&mut self.client, self.spool.file(), end)
            } else {
                self.adopt_or_wait(now);
                continue;
            };
            if !self.learn(step) {
                return;
            }
        }
    }

    /// Handles the outcome of an exchange. False: there is nothing more to do here.
    fn learn(&mut self, step: Step) -> bool {
        match step {
            Step::Idle => {}
            Step::Went(_) => {
                self.backoff.reset();
                self.going_well = true;
                self.next_beat = clock::now() + self.heartbeat;
                if self.spool.empty_if_large(self.delivery.offset()) {
                    self.delivery.restart();
                }
                let (acked, offset) = (self.delivery.acked(), self.delivery.offset());
                let address = self.client.address();
                self.shared.update(|status| {
                    if status.address.as_deref() != address {
                        status.address = address.map(str::to_owned);
                    }
                    status.heard = true;
                    status.last_error = None;
                    status.asked_to_wait = None;
                    status.acked = acked;
                    status.offset = offset;
                });
            }
            Step::Failed(trouble) => self.back_off(trouble),
            Step::Refused(refusal) => {
                self.spool.set_aside(&refusal, self.client.addressee());
                self.shared
                    .update(|status| status.set_aside = Some(refusal));
                return false;
            }
        }
        true
    }

    fn back_off(&mut self, trouble: TemporaryFailure) {
        let mut wait = self.backoff.next(trouble.retry_after);
        // A wait requested by a proxy's page says nothing about when the collector is back.
        let asked = trouble.retry_after.filter(|_| trouble.answered);
        if self.finishing && asked.is_none() {
            wait = wait.min(LAST_WAIT);
        }
        self.going_well = false;
        self.not_before = clock::now() + wait;
        self.asked_to_wait = asked.map(|_| self.not_before);
        let asked_to_wait = self.asked_to_wait;
        self.shared.update(|status| {
            status.heard |= trouble.answered;
            status.last_error = Some(trouble.message);
            status.asked_to_wait = asked_to_wait;
        });
    }

    /// Our own spool has nothing to send: delivers another spool, or waits.
    fn adopt_or_wait(&mut self, now: Instant) {
        if now < self.not_before {
            // Nothing may be sent yet, so hooks need not spend time on waking this thread.
            self.wait_until(self.not_before, false);
            return;
        }
        let mut until = self.next_beat;
        if let Some(adopter) = &mut self.adopter
            && self.going_well
        {
            let due = adopter.due();
            if now >= due {
                adopter.step(&mut self.client);
                return;
            }
            until = until.min(due);
        }
        self.wait_until(until, true);
    }

    /// Sleeps until `until`, or until an event is appended (if `for_events`) or the process is ending.
    fn wait_until(&self, until: Instant, for_events: bool) {
        if for_events {
            self.spool.waker().going_to_sleep();
            if self.spool.bytes() > self.delivery.offset() {
                self.spool.waker().awake();
                return;
            }
        }
        let now = clock::now();
        if until > now {
            std::thread::park_timeout(until - now);
        }
        self.spool.waker().awake();
    }
}
