//! Limits that the caller has set for this process, and how it lives with them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::Signal;

/// A write beyond the limit of file sizes (`ulimit -f`) fails from now on, as one on a full disk does, instead of
/// ending this process.
///
/// There is a handler, rather than nothing: what is ignored stays ignored in commands that this process starts, and
/// a handler becomes the default there. What the caller ignores is left as it is.
pub fn outlive_file_size_limit() {
    let signal = Signal::XFSZ.as_raw();
    if !is_ignored(signal) {
        let noted = Arc::new(AtomicBool::new(false));
        // Where it cannot be done, a limit is what it was before.
        let _ = signal_hook::flag::register(signal, noted);
    }
}

/// Whether this process ignores a signal, by its number. Only the caller can have wanted that.
#[must_use]
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .unwrap_or(0);
    ignored & (1 << (signal - 1)) != 0
}
