//! The handle of the thread that delivers a spool.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::client::Client;
use crate::clock;
use crate::config::{ConfigError, SenderConfig};
use crate::spool::Spool;
use crate::thread::{Shared, Status, Worker};

/// How long [`Sender::finish`] may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishLimits {
    /// If the collector has answered during the run: should it be away now, it may come back.
    pub reachable: Duration,
    /// If it never answered.
    pub unreachable: Duration,
}

impl Default for FinishLimits {
    fn default() -> Self {
        Self {
            reachable: Duration::from_secs(5),
            unreachable: Duration::from_millis(500),
        }
    }
}

/// The state of a delivery when its producer ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Everything is acknowledged, and the spool file is gone.
    pub delivered: bool,
    /// Events that are not acknowledged.
    pub pending_events: u64,
    /// Their size in the spool, in bytes.
    pub pending_bytes: u64,
    /// Why the collector refused the spool, which is kept under a new name.
    pub set_aside: Option<String>,
    /// The token was refused: with another one, the spool is delivered automatically.
    pub refused_token: bool,
    /// The last error, if there was no success since.
    pub last_error: Option<String>,
    /// The collector's address for browsers, if it told one.
    pub address: Option<String>,
}

/// The thread that delivers one spool. Dropping it ends the thread without waiting; what is not
/// delivered then stays in the spool.
#[derive(Debug)]
pub struct Sender {
    spool: Arc<Spool>,
    shared: Arc<Shared>,
}

impl Sender {
    /// Checks the configuration and starts the thread, named `playback-send`. It runs no Python, takes
    /// no lock that an appending hook would wait for, and gets no signal. A forked child has no such
    /// thread: start it where the events begin, and use nothing of this crate in a child.
    ///
    /// # Errors
    /// The configuration cannot work, the spool has a sender already, or the thread cannot be started.
    pub fn start(spool: Arc<Spool>, config: &SenderConfig) -> Result<Sender, ConfigError> {
        let client = Client::new(config)?;
        if !spool.waker().take() {
            return Err(ConfigError::AlreadyStarted);
        }
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(Arc::clone(&spool), client, config, Arc::clone(&shared));
        // The mask is inherited: blocked here, the new thread can at no moment receive a signal meant for Python.
        let before = asynchronous_signals()
            .thread_swap_mask(SigmaskHow::SIG_BLOCK)
            .map_err(|errno| ConfigError::Thread(errno.into()))?;
        let started = std::thread::Builder::new()
            .name("playback-send".into())
            .spawn(move || worker.run());
        let restored = before.thread_set_mask();
        started.map_err(ConfigError::Thread)?;
        restored.map_err(|errno| ConfigError::Thread(errno.into()))?;
        Ok(Sender { spool, shared })
    }

    /// Sends what is left, within `limits`, and ends the thread. To be called after the last append. A delivered
    /// spool's file is deleted; otherwise it stays for adoption.
    ///
    /// If the collector has answered since the sender was started, this waits for it even if it is away now; a response
    /// of anything else (an ingress, a login page) does not count.
    pub fn finish(&self, limits: FinishLimits) -> Outcome {
        let start = clock::now();
        self.shared.update(|status| status.finishing = true);
        self.spool.waker().wake();
        let mut status = self.shared.status();
        while !status.ended {
            let limit = if status.heard {
                limits.reachable
            } else {
                limits.unreachable
            };
            let left = limit.saturating_sub(start.elapsed());
            let in_vain = status
                .asked_to_wait
                .is_some_and(|until| until > start + limit);
            if left.is_zero() || in_vain {
                status.abandoned = true;
                break;
            }
            status = self.shared.wait(status, left);
        }
        let outcome = self.outcome(&status);
        drop(status);
        self.spool.waker().wake();
        outcome
    }

    /// The current state of the delivery.
    #[must_use]
    pub fn status(&self) -> Outcome {
        self.outcome(&self.shared.status())
    }

    fn outcome(&self, status: &Status) -> Outcome {
        if status.delivered {
            return Outcome {
                delivered: true,
                address: status.address.clone(),
                ..Outcome::default()
            };
        }
        Outcome {
            delivered: false,
            pending_events: self.spool.last_seq().saturating_sub(status.acked),
            pending_bytes: self.spool.bytes().saturating_sub(status.offset),
            set_aside: status
                .set_aside
                .as_ref()
                .map(|refusal| refusal.message.clone()),
            refused_token: status
                .set_aside
                .as_ref()
                .is_some_and(|refusal| refusal.about_token),
            last_error: status.last_error.clone(),
            address: status.address.clone(),
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.update(|status| status.abandoned = true);
        self.spool.waker().wake();
    }
}

/// Every signal except those that a thread causes itself.
fn asynchronous_signals() -> SigSet {
    let mut set = SigSet::all();
    for own in [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGABRT,
        Signal::SIGSYS,
    ] {
        set.remove(own);
    }
    set
}
