//! Limits that the caller has set for this process, and how it lives with them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::sys::signal::Signal;

/// A write beyond the limit of file sizes (`ulimit -f`) fails from now on, as one on a full disk does, instead of
/// ending this process.
///
/// There is a handler, rather than nothing: what is ignored stays ignored in commands that this process starts, and
/// a handler becomes the default there. What the caller ignores is left as it is.
pub(crate) fn outlive_file_size_limit() {
    if !is_ignored(Signal::SIGXFSZ) {
        let noted = Arc::new(AtomicBool::new(false));
        // Where it cannot be done, a limit is what it was before.
        let _ = signal_hook::flag::register(Signal::SIGXFSZ as i32, noted);
    }
}

/// Whether this process ignores a signal. Only the caller can have wanted that.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .unwrap_or(0);
    ignored & (1 << (signal as u32 - 1)) != 0
}
