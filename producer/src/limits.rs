//! Handles limits that the caller has set for this process.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::Signal;

/// From now on, a write beyond the file size limit (`ulimit -f`) fails as on a full disk, instead of ending this
/// process.
///
/// A handler is set rather than ignoring the signal: ignored signals stay ignored in commands that this process starts,
/// while a handler is reset to the default there. If the caller ignores the signal, that is kept.
pub fn outlive_file_size_limit() {
    let signal = Signal::XFSZ.as_raw();
    if !is_ignored(signal) {
        let noted = Arc::new(AtomicBool::new(false));
        // If this fails, the limit works as before.
        let _ = signal_hook::flag::register(signal, noted);
    }
}

/// Whether this process ignores a signal, by its number. Only the caller can have set that.
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
