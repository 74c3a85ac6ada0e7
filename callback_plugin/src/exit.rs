//! The end of the process: its real exit code, and its cost.
//!
//! glibc's `on_exit(3)` runs after Python is gone and receives the status that the shell will see; a forked worker
//! leaves through `_exit` and never runs it. Elsewhere (musl, macOS) the plugin wraps `sys.exit` instead and passes the
//! code on.

#![allow(unsafe_code)]

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use playback_wire::Usage;

use crate::{fork, run};

/// Whether [`watch`] learns the exit code by itself.
pub(crate) const KNOWS_EXIT_CODE: bool = cfg!(all(target_os = "linux", target_env = "gnu"));

/// Makes the run end when the process exits; a second call changes nothing.
pub(crate) fn watch() {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if !WATCHING.swap(true, Ordering::SeqCst) {
        register();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn register() {
    use std::ffi::{c_int, c_void};

    unsafe extern "C" {
        fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    }

    extern "C" fn at_exit(status: c_int, _argument: *mut c_void) {
        end(Some(status));
    }

    // SAFETY: the declaration is glibc's; the handler lives as long as the process, ignores its
    // argument and never unwinds (`end` catches panics).
    unsafe {
        on_exit(at_exit, std::ptr::null_mut());
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn register() {
    extern "C" fn at_exit() {
        end(None);
    }

    // SAFETY: the handler lives as long as the process and never unwinds (`end` catches panics).
    unsafe {
        libc::atexit(at_exit);
    }
}

/// Ends the active run and prints messages for the user directly, because Python is gone.
fn end(exit_code: Option<i32>) {
    if fork::in_child() {
        return;
    }
    let lines = std::panic::catch_unwind(|| run::end_at_exit(exit_code)).unwrap_or_default();
    if let Some(lines) = lines {
        // If standard error is closed, there is no way to report it.
        let _ = writeln!(std::io::stderr(), "{lines}");
    }
}

/// The CPU time so far of this process and the children that it has reaped.
pub(crate) fn usage() -> Usage {
    let (own, children) = (
        resources(libc::RUSAGE_SELF),
        resources(libc::RUSAGE_CHILDREN),
    );
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let peak = own.ru_maxrss.max(children.ru_maxrss);
    // Linux reports kilobytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Usage {
        user_s: seconds(own.ru_utime) + seconds(children.ru_utime),
        system_s: seconds(own.ru_stime) + seconds(children.ru_stime),
        peak_bytes: u64::try_from(peak).unwrap_or(0).saturating_mul(unit),
    }
}

fn resources(of: libc::c_int) -> libc::rusage {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for a whole `rusage`, which is plain numbers: all zeros is a value
    // of it, so that it may be read even if the call failed.
    unsafe {
        libc::getrusage(of, usage.as_mut_ptr());
        usage.assume_init()
    }
}
