//! The wire format: encoded events decode to the same events, and no input makes a decoder fail.

use std::borrow::Cow;
use std::collections::BTreeMap;

use playback_wire::{
    Body, Dropped, EndReason, ExecutionEnded, ExecutionStarted, ExecutionType, Git, HostStarted,
    HostStats, Included, Notified, Output, PlayStarted, ResultStatus, Stats, Stream, TaskResult,
    TaskStarted, Usage, decode_batch, decode_line, encode::encode_line,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

/// Encodes, and hands over what is decoded.
fn round<T: serde::Serialize>(
    seq: u64,
    at: i64,
    kind: &str,
    data: &T,
    check: impl FnOnce(Body<'_>),
) {
    let mut line = Vec::new();
    encode_line(&mut line, seq, at, kind, data).unwrap();
    assert_eq!(line.pop(), Some(b'\n'));
    assert!(!line.contains(&b'\n'), "one event is one line");
    let event = decode_line(&line).unwrap();
    assert_eq!((event.seq, event.at, event.body.kind()), (seq, at, kind));
    check(event.body);
    let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(value["kind"], kind);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{0,8}",
        Just("\u{0}\u{1}\u{7f}\u{2028}\"\\\n\r\t🙂".to_owned()),
    ]
}

fn started() -> impl Strategy<Value = ExecutionStarted> {
    let names = (
        option::of(text()),
        option::of(text()),
        option::of(text()),
        vec(text(), 0..3),
    );
    let git = option::of((text(), option::of(text()), option::of(any::<bool>())));
    (names, any::<[bool; 3]>(), option::of(any::<u32>()), git).prop_map(
        |((instance, playbook, note, labels), [adhoc, check, diff], forks, git)| ExecutionStarted {
            r#type: if adhoc {
                ExecutionType::Adhoc
            } else {
                ExecutionType::Playbook
            },
            instance,
            playbook,
            note,
            tags: labels.clone(),
            labels,
            check,
            diff,
            forks,
            git: git.map(|(commit, branch, dirty)| Git {
                commit,
                branch,
                dirty,
            }),
            ..ExecutionStarted::default()
        },
    )
}

fn counts() -> impl Strategy<Value = HostStats> {
    any::<[u64; 7]>().prop_map(|n| HostStats {
        ok: n[0],
        changed: n[1],
        unreachable: n[2],
        failed: n[3],
        skipped: n[4],
        rescued: n[5],
        ignored: n[6],
    })
}

macro_rules! same {
    ($kind:ident, $data:expr) => {
        |body| {
            let Body::$kind(read) = body else {
                panic!("another kind")
            };
            assert_eq!(read, $data);
        }
    };
}

proptest! {
    #[test]
    fn what_is_encoded_reads_back(
        seq in 1u64.., at: i64, task: u32, name in text(), other in text(), flags: [bool; 4],
        started in started(), hosts in btree_map(text(), counts(), 0..4), list in vec(text(), 0..4),
        numbers: (Option<i64>, Option<u32>, Option<i32>), n: u64, seconds in 0.0f64..1e9,
    ) {
        let (a, b): (Cow<'_, str>, Cow<'_, str>) = (name.as_str().into(), other.as_str().into());
        round(seq, at, "execution_started", &started, |body| {
            let Body::ExecutionStarted(read) = body else { panic!("another kind") };
            assert_eq!(*read, started);
        });
        let play = PlayStarted { play: task, name: a.clone(), hosts: b.clone(), strategy: a.clone() };
        round(seq, at, "play_started", &play, same!(PlayStarted, play));
        let host = HostStarted { task, host: a.clone(), groups: flags[0].then(|| vec![a.to_string(), b.to_string()]) };
        round(seq, at, "host_started", &host, same!(HostStarted, host));
        let stream = if flags[0] { Stream::Stderr } else { Stream::Stdout };
        let output = Output { stream, text: a.clone(), of: flags[1].then_some(n) };
        round(seq, at, "output", &output, same!(Output, output));
        let notified = Notified { handler: a.clone(), host: b.clone() };
        round(seq, at, "notified", &notified, same!(Notified, notified));
        let included = Included { path: a.clone(), hosts: list.clone() };
        round(seq, at, "included", &included, same!(Included, included));
        let stats = Stats { hosts: BTreeMap::clone(&hosts) };
        round(seq, at, "stats", &stats, same!(Stats, stats));
        let usage = Usage { user_s: seconds, system_s: seconds / 3.0, peak_bytes: n };
        round(seq, at, "usage", &usage, |body| {
            let Body::Usage(read) = body else { panic!("another kind") };
            assert!((read.user_s - usage.user_s).abs() <= f64::EPSILON * usage.user_s);
            assert_eq!(read.peak_bytes, usage.peak_bytes);
        });
        let dropped = Dropped { events: n, reason: b.clone() };
        round(seq, at, "dropped", &dropped, same!(Dropped, dropped));
        let ended = ExecutionEnded { exit_code: numbers.2, signal: numbers.2, succeeded: numbers.2.map(|_| true), reason: numbers.2.map(|_| EndReason::Canceled), dropped: n, uncaptured_programs: n };
        round(seq, at, "execution_ended", &ended, same!(ExecutionEnded, ended));

        let content = serde_json::json!({ "msg": name, "n": [n, null, flags[2]] }).to_string();
        let raw: &RawValue = serde_json::from_str(&content).unwrap();
        let started = TaskStarted {
            task, play: task, name: a.clone(), action: b.clone(), path: a.clone(), line: task,
            role: b.clone(), tags: list, handler: flags[0], no_log: flags[1], no_log_unknown: flags[2],
            args: Some(raw),
        };
        round(seq, at, "task_started", &started, |body| {
            let Body::TaskStarted(read) = body else { panic!("another kind") };
            assert_eq!(format!("{read:?}"), format!("{:?}", Box::new(&started)));
        });
        for status in ResultStatus::ALL {
            let result = TaskResult {
                task, host: a.clone(), status, changed: flags[0], ignored: flags[1], rescued: flags[2],
                started: numbers.0, attempts: numbers.1, items: numbers.1,
                delegated_to: flags[2].then(|| b.clone()), action: flags[1].then(|| a.clone()),
                censored: flags[3], content: Some(raw),
            };
            round(seq, at, "result", &result, |body| {
                let Body::Result(read) = body else { panic!("another kind") };
                assert_eq!(format!("{read:?}"), format!("{result:?}"));
                assert_eq!(read.content.unwrap().get(), content);
            });
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_read_and_never_worse(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode_batch(&bytes);
    }

    /// Lines that are nearly right reach deeper than random bytes do.
    #[test]
    fn nearly_events_are_refused_or_read_and_never_quoted(
        parts in vec(select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"seq\":1", "\"seq\":0", "\"seq\":-1", "\"at\":1",
            "\"at\":\"SECRET\"", "\"kind\":\"output\"", "\"kind\":\"result\"", "\"kind\":7",
            "\"data\":{}", "\"data\":\"SECRET\"", "\"data\":{\"text\":\"SECRET\"}",
            "\"data\":{\"text\":{\"SECRET\":1}}", "\"data\":{\"status\":\"SECRET\"}", "\\ud800", "\n", "null",
            "\"SECRET\":1", "1e999",
        ]), 0..12),
    ) {
        for separator in ["", ","] {
            for (open, close) in [("", ""), ("{", "}")] {
                let line = format!("{open}{}{close}", parts.join(separator));
                if let Err(error) = decode_batch(line.as_bytes()) {
                    let message = error.to_string();
                    prop_assert!(!message.contains("SECRET"), "{line}: {message}");
                }
            }
        }
    }
}
