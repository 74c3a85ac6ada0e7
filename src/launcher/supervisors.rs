//! Supervisor processes: starts them, tells them to end their run, finds them again.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::process::Stdio;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::folder::{RunFolder, Supervisor};
use playback_supervisor::account::Account;

/// Seconds for which a supervisor tries to deliver remaining events after its command ended: nothing waits for it, and
/// the collector may be restarting.
const FLUSH_SECONDS: &str = "120";

/// Parameters for starting a supervisor.
pub(super) struct Start<'a> {
    pub(super) id: Uuid,
    /// The user that it executes as; none: ours.
    pub(super) account: Option<&'a Account>,
    pub(super) folder: &'a RunFolder,
    pub(super) timeout_seconds: u64,
    pub(super) kill_after_seconds: u64,
    pub(super) url: &'a str,
    pub(super) environment: BTreeMap<OsString, OsString>,
}

/// Starts a supervisor: this program's own `exec`, in a session of its own, so that it survives the collector, however
/// that ends.
///
/// # Errors
/// The run's folder has no valid command, or no process can be started.
pub(super) fn start(start: &Start<'_>) -> io::Result<Child> {
    let command = start.folder.command()?;
    let mut supervisor = Command::new(std::env::current_exe()?);
    supervisor
        .arg("exec")
        .arg("--execution-id")
        .arg(start.id.to_string())
        .arg("--run-folder")
        .arg(start.folder.path())
        .arg("--spool-dir")
        .arg(start.folder.spool())
        .arg("--token-file")
        .arg(start.folder.token())
        .arg("--timeout")
        .arg(start.timeout_seconds.to_string())
        .arg("--kill-after")
        .arg(start.kill_after_seconds.to_string())
        .args(["--flush-seconds", FLUSH_SECONDS])
        .args(["--flush-seconds-unreachable", FLUSH_SECONDS]);
    if let Some(account) = start.account {
        supervisor.args(["--run-as", &account.text()]);
    }
    supervisor
        .arg("--")
        .args(command.argv)
        .current_dir(command.cwd)
        .env_clear()
        .envs(&start.environment)
        .env("PLAYBACK_URL", start.url)
        // The recorder's token and spool.
        .env("PLAYBACK_TOKEN_FILE", start.folder.recorder_token())
        .env("PLAYBACK_SPOOL_DIR", start.folder.recorder_spool())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Asks a supervisor to end its run. False: there is none to ask.
pub(super) fn terminate(folder: &RunFolder) -> bool {
    let Supervisor::Alive(pid) = folder.supervisor() else {
        return false;
    };
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
        return false;
    };
    // The process id might have been reused; now that the process is held by its handle, this check is final.
    folder.supervisor() == Supervisor::Alive(pid.as_raw_nonzero().get().cast_unsigned())
        && pidfd_send_signal(process, Signal::TERM).is_ok()
}
