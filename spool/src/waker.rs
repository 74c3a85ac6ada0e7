//! Wakes the sender thread from a hook that may only take microseconds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;

/// Wakes the sender thread, at the price of one atomic read while it is busy.
#[derive(Debug, Default)]
pub(crate) struct Waker {
    thread: OnceLock<Thread>,
    asleep: AtomicBool,
    taken: AtomicBool,
}

impl Waker {
    /// Claims the spool for a sender. False: it already has or had one.
    pub(crate) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::SeqCst)
    }

    /// Sets the thread to wake.
    pub(crate) fn set_thread(&self, thread: Thread) {
        let _ = self.thread.set(thread);
    }

    /// The thread is about to sleep; it must check once more for work after this call.
    pub(crate) fn going_to_sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
    }

    /// The thread need not be woken for appended events.
    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// An event was published: wakes the thread if it is waiting for one.
    pub(crate) fn wake_if_asleep(&self) {
        // The event was published before this read, and the thread checks for events after its store: at least one of
        // the two sees the other.
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Wakes the thread whatever it waits for.
    pub(crate) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}
