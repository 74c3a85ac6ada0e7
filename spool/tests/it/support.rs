//! Folders, events, and waiting with a deadline.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use playback_spool::{SenderConfig, Spool, orphans};
use playback_wire::Producer;
use uuid::Uuid;

pub(crate) const MS: Duration = Duration::from_millis(1);

/// How long a test waits for what must come. Generous: other work may have the machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

#[expect(
    clippy::disallowed_methods,
    reason = "a test's deadline is measured by the real clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until `what` is so.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = now() + DEADLINE;
    while !so() {
        assert!(now() < deadline, "in vain: {what}");
        std::thread::sleep(2 * MS);
    }
}

/// The number that a line begins with.
pub(crate) fn seq_of(line: &str) -> u64 {
    let rest = line.strip_prefix("{\"seq\":").expect("a line begins so");
    rest.split(',').next().unwrap().parse().unwrap()
}

pub(crate) fn spool(dir: &Path) -> Arc<Spool> {
    Spool::create(dir, Uuid::now_v7(), Producer::Recorder, 64 << 20).unwrap()
}

/// As the collector names it.
pub(crate) fn name(spool: &Spool) -> String {
    format!("{}/{}", spool.execution(), spool.producer().as_str())
}

/// A printed line of about `size` bytes.
pub(crate) fn print(spool: &Spool, size: usize) -> Option<u64> {
    let text = format!("{}\n", "x".repeat(size));
    spool.append(1, "output", &serde_json::json!({"text": text}))
}

pub(crate) fn print_many(spool: &Spool, count: u64, size: usize) {
    for _ in 0..count {
        print(spool, size).expect("room");
    }
}

/// Delivery to `url` with short waits, and no adoption.
pub(crate) fn config(url: &str) -> SenderConfig {
    SenderConfig {
        url: url.into(),
        token: Some("secret-token".into()),
        adopt: false,
        pace: 2 * MS,
        backoff: (2 * MS, 40 * MS),
        ..SenderConfig::default()
    }
}

/// Names of the files in a folder, sorted.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Sequence numbers of the lines of a file.
pub(crate) fn seqs(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(seq_of).collect()
}

/// Leaves a spool of `count` events behind, as a producer that died would.
pub(crate) fn leave_behind(dir: &Path, count: u64, size: usize) -> (String, PathBuf) {
    let (name, path) = {
        let spool = spool(dir);
        print_many(&spool, count, size);
        (name(&spool), spool.path().unwrap())
    };
    // A process that another test starts at this moment holds the lock until it has replaced itself by its program.
    until("nobody holds the spool", || {
        let found = orphans(dir).unwrap();
        found.iter().any(|orphan| orphan.path == path)
    });
    (name, path)
}
