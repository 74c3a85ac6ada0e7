//! Builds the events that a producer sends for a run.
//!
//! ```text
//! Run::new().play("web").task("install").ok("web-01").output("ok: [web-01]\n").ended(0)
//! ```

use std::ops::Range;

use playback::model::{Action, Actor, AuditEntry, Via};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Client, zstd};

/// When runs begin if nothing else is said: 2026-01-20T10:00:00Z.
pub(crate) const TEN: i64 = 1_768_903_200_000_000;

/// One producer's events of a run, a millisecond apart.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Identity of the execution.
    pub(crate) id: Uuid,
    producer: &'static str,
    lines: Vec<String>,
    at: i64,
    play: u32,
    task: u32,
}

impl Run {
    /// A playbook's run, which the recorder reports.
    pub(crate) fn new() -> Self {
        Self::of(json!({ "type": "playbook", "playbook": "site.yml" }))
    }

    /// A run of which this is said at the start.
    pub(crate) fn of(started: Value) -> Self {
        Self::begin(Uuid::now_v7(), "recorder", TEN, started)
    }

    /// A run that starts at another time than [`TEN`], in microseconds since the epoch.
    pub(crate) fn starting(at: i64, started: Value) -> Self {
        Self::begin(Uuid::now_v7(), "recorder", at, started)
    }

    /// What the supervisor reports of an execution.
    pub(crate) fn supervisor(id: Uuid) -> Self {
        Self::begin(id, "supervisor", TEN, json!({ "type": "playbook" }))
    }

    /// The launcher's side of an execution.
    pub(crate) fn launcher(id: Uuid) -> Self {
        Self::begin(
            id,
            "launcher",
            TEN,
            json!({ "launched_by": "token:a", "limit": "web" }),
        )
    }

    fn begin(id: Uuid, producer: &'static str, at: i64, started: Value) -> Self {
        let empty = Self {
            id,
            producer,
            lines: Vec::new(),
            at,
            play: 0,
            task: 0,
        };
        empty.event("execution_started", started)
    }

    /// The same under another identity.
    pub(crate) fn again(&self) -> Self {
        Self {
            id: Uuid::now_v7(),
            ..self.clone()
        }
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Lets this many seconds pass.
    pub(crate) fn after(mut self, seconds: f64) -> Self {
        self.at += (seconds * 1e6) as i64;
        self
    }

    /// Any event.
    pub(crate) fn event(mut self, kind: &str, data: Value) -> Self {
        let seq = self.lines.len() + 1;
        let event = json!({ "seq": seq, "at": self.at, "kind": kind, "data": data });
        self.lines.push(event.to_string());
        self.at += 1000;
        self
    }

    /// A play begins.
    pub(crate) fn play(mut self, name: &str) -> Self {
        self.play += 1;
        let data = json!({ "play": self.play, "name": name, "hosts": "all", "strategy": "linear" });
        self.event("play_started", data)
    }

    /// A task begins.
    pub(crate) fn task(mut self, name: &str) -> Self {
        self.task += 1;
        let data = json!({
            "task": self.task, "play": self.play, "name": name, "action": "debug",
            "path": "roles/web/tasks/main.yml", "line": self.task,
        });
        self.event("task_started", data)
    }

    /// The task is handed to a host.
    pub(crate) fn host(self, host: &str) -> Self {
        let data = json!({ "task": self.task, "host": host });
        self.event("host_started", data)
    }

    /// The task ends on a host.
    pub(crate) fn result(self, host: &str, status: &str, more: Value) -> Self {
        let mut data = json!({
            "task": self.task, "host": host, "status": status, "started": self.at - 500,
        });
        let all = data.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        self.event("result", data)
    }

    /// The task ends well on a host.
    pub(crate) fn ok(self, host: &str) -> Self {
        self.result(host, "ok", json!({ "content": { "msg": "fine" } }))
    }

    /// The task changes something on a host.
    pub(crate) fn changed(self, host: &str) -> Self {
        let more = json!({ "changed": true, "content": { "changed": true } });
        self.result(host, "ok", more)
    }

    /// The task fails on a host.
    pub(crate) fn failed(self, host: &str) -> Self {
        self.result(host, "failed", json!({ "content": { "msg": "no space" } }))
    }

    /// The host cannot be reached.
    pub(crate) fn unreachable(self, host: &str) -> Self {
        self.result(host, "unreachable", json!({}))
    }

    /// Something is printed.
    pub(crate) fn output(self, text: &str) -> Self {
        self.event("output", json!({ "text": text }))
    }

    /// Something is printed on standard error.
    pub(crate) fn errors(self, text: &str) -> Self {
        self.event("output", json!({ "stream": "stderr", "text": text }))
    }

    /// The recap: host → `ok changed unreachable failed skipped`, as printed.
    pub(crate) fn recap(self, hosts: &[(&str, [u64; 5])]) -> Self {
        let counts = hosts
            .iter()
            .map(|(host, [ok, changed, unreachable, failed, skipped])| {
                let counts = json!({
                    "ok": ok, "changed": changed, "unreachable": unreachable, "failed": failed,
                    "skipped": skipped,
                });
                ((*host).to_owned(), counts)
            });
        let hosts: serde_json::Map<String, Value> = counts.collect();
        self.event("stats", json!({ "hosts": hosts }))
    }

    /// The process ends with an exit code.
    pub(crate) fn ended(self, exit_code: i32) -> Self {
        self.event("execution_ended", json!({ "exit_code": exit_code }))
    }

    /// The event lines, without newlines.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The event lines as they are served: without the name of their sequence.
    pub(crate) fn served(&self) -> Vec<String> {
        let without_instance = |line: &String| match line.split_once("\"instance\":\"") {
            Some((before, rest)) => {
                let (_, after) = rest.split_once('"').unwrap();
                let (before, after) = match after.strip_prefix(',') {
                    Some(after) => (before, after),
                    None => (before.trim_end_matches(','), after),
                };
                format!("{before}{after}")
            }
            None => line.clone(),
        };
        self.lines.iter().map(without_instance).collect()
    }

    /// Some of the events (counted from 0) as NDJSON.
    pub(crate) fn batch(&self, range: Range<usize>) -> Vec<u8> {
        let mut raw = Vec::new();
        for line in &self.lines[range] {
            raw.extend_from_slice(line.as_bytes());
            raw.push(b'\n');
        }
        raw
    }

    /// All events as NDJSON.
    pub(crate) fn ndjson(&self) -> Vec<u8> {
        self.batch(0..self.len())
    }

    /// Sends all events as one batch, as producers do.
    #[track_caller]
    pub(crate) fn send(&self, client: &Client) -> Answer {
        self.send_range(client, 0..self.len())
    }

    /// The same; none when the connection failed.
    pub(crate) fn try_send(&self, client: &Client) -> Option<Answer> {
        client.try_ingest(self.id, self.producer, &zstd(&self.batch(0..self.len())))
    }

    /// Sends some of the events (counted from 0) as one batch.
    #[track_caller]
    pub(crate) fn send_range(&self, client: &Client, range: Range<usize>) -> Answer {
        client.ingest(self.id, self.producer, &zstd(&self.batch(range)))
    }

    /// Sends all events as one batch that must be taken.
    #[track_caller]
    pub(crate) fn deliver(&self, client: &Client) -> &Self {
        assert_eq!(self.send(client).acked(), self.len() as u64);
        self
    }

    /// Sends some of the events (counted from 0) as one batch that must be taken.
    #[track_caller]
    pub(crate) fn deliver_range(&self, client: &Client, range: Range<usize>) {
        let last = range.end as u64;
        assert_eq!(self.send_range(client, range).acked(), last);
    }
}

/// A text of this many characters that compresses by a quarter at most; the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> String {
    const LETTERS: &[u8; 63] = b"abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut state = seed | 1;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        char::from(LETTERS[(state >> 58) as usize % LETTERS.len()])
    };
    (0..length).map(|_| letter()).collect()
}

/// A run of one host that ended well.
pub(crate) fn good_run() -> Run {
    Run::new()
        .play("web")
        .output("\nPLAY [web] ****\n")
        .task("install")
        .host("web-01")
        .changed("web-01")
        .output("changed: [web-01]\n")
        .recap(&[("web-01", [1, 1, 0, 0, 0])])
        .ended(0)
}

/// An entry of the audit trail, for changes of the store that a test makes by itself.
pub(crate) fn audited() -> AuditEntry {
    let actor = Actor::anonymous(Via::Open, None);
    AuditEntry::new(0, actor, Action::Pin, "test")
}
