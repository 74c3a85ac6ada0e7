//! Forked workers.
//!
//! Ansible forks a worker per task and host. A worker inherits the recorder's memory and descriptors, but not its
//! thread, and must use none of it: a flag is set before anything native runs, the spool's descriptors are closed (they
//! carry its lock), and signals get back their earlier action.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

static IN_CHILD: AtomicBool = AtomicBool::new(false);

/// Signals whose default action a child restores; 0: an empty slot.
static RESTORED: [AtomicI32; 2] = [const { AtomicI32::new(0) }; 2];

/// Whether this process is a fork of the one that records.
pub(crate) fn in_child() -> bool {
    IN_CHILD.load(Ordering::Relaxed)
}

/// Lets children restore the default action for `signal`, as without the recorder's handler.
pub(crate) fn restore_in_child(signal: i32) {
    for place in &RESTORED {
        let found = place.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
        if found.is_ok() || found == Err(signal) {
            return;
        }
    }
}

/// Marks every later fork; a second call changes nothing.
pub(crate) fn watch() {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if !WATCHING.swap(true, Ordering::SeqCst) {
        // SAFETY: the handler has the required signature, lives as long as the process (an extension
        // module is never unloaded), and does only what is safe in a forked child.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_new_child));
        }
    }
}

/// Runs in the child, before `fork` returns there: no lock, no allocation.
unsafe extern "C" fn in_new_child() {
    if IN_CHILD.swap(true, Ordering::SeqCst) {
        // A grandchild: all of this was done in the child. By now the numbers of the closed descriptors may belong to
        // its own files, such as the queue that its workers report to, and the signal handlers may be its own.
        return;
    }
    for fd in playback_spool::inherited_fds() {
        // SAFETY: the spool lists descriptors that are open and whose copies are not used in a child.
        unsafe {
            libc::close(fd);
        }
    }
    for place in &RESTORED {
        let signal = place.load(Ordering::Relaxed);
        if signal != 0 {
            // SAFETY: `signal` is async-signal-safe, and the default action refers to no memory.
            unsafe {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
    }
}
