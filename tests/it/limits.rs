//! Limits on connections, heads and bodies: clients without a token cannot make the collector fail.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::builders::{Run, good_run};
use crate::harness::{API, Collector, DEADLINE, Setup, eventually};

/// A client that says what it likes.
struct Raw(TcpStream);

impl Raw {
    fn connect(collector: &Collector) -> Self {
        let stream = TcpStream::connect(collector.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(stream)
    }

    fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// What is answered until the connection ends: the status code (0: none) and the body.
    fn answer(&mut self) -> (u16, String) {
        let mut bytes = Vec::new();
        match self.0.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the connection was not closed: {error}"),
        }
        let text = String::from_utf8(bytes).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return (0, text);
        };
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    #[track_caller]
    fn error(&mut self, status: u16, code: &str) {
        let (answered, body) = self.answer();
        assert_eq!(answered, status, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["error"]["code"], code, "{body}");
        assert!(body["error"]["message"].is_string(), "{body}");
    }
}

fn post(path: &str, more: &str) -> String {
    format!("POST {API}{path} HTTP/1.1\r\nhost: x\r\n{more}\r\n")
}

fn figure(collector: &Collector, name: &str) -> u64 {
    let metrics = collector.client().get("/metrics").text;
    let line = metrics.lines().find(|line| line.starts_with(name));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_crowd_of_idle_and_half_sent_connections_keeps_no_producer_out() {
    let collector = Setup::default()
        .config("[http]\nmax_connections = 60\nmax_connections_per_address = 40")
        .start();
    let crowd: Vec<Raw> = (0..300)
        .map(|index| {
            let mut raw = Raw::connect(&collector);
            match index % 3 {
                0 => {}
                1 => raw.say("POST /api/v1/ansible/session HT"),
                _ => raw.say(&post("/session", "content-length: 4000\r\n")),
            }
            raw
        })
        .collect();
    for _ in 0..20 {
        let run = good_run();
        run.deliver(&collector.client());
        assert_eq!(collector.client().finished(run.id)["status"], "success");
    }
    assert!(figure(&collector, "playback_connections ") <= 60);
    assert!(
        figure(
            &collector,
            "playback_connections_closed_total{reason=\"crowded\"}"
        ) >= 200
    );
    drop(crowd);
}

#[test]
fn heads_bodies_and_idle_connections_end_in_time() {
    let collector = Setup::default()
        .config("[http]\nhead_seconds = 1\nidle_seconds = 1\nbody_seconds = 1")
        .start();
    let mut silent = Raw::connect(&collector);
    let mut half = Raw::connect(&collector);
    half.say("GET /healthz HTTP/1.1\r\nhost:");
    let mut login = Raw::connect(&collector);
    login.say(&post("/session", "content-length: 100\r\n"));
    login.say("{\"token\":");
    let mut batch = Raw::connect(&collector);
    let token = format!("authorization: Bearer {}\r\n", collector.token);
    let path = format!("/ingest/{}/recorder", uuid::Uuid::now_v7());
    batch.say(&post(
        &path,
        &format!("{token}content-length: 15000000\r\n"),
    ));
    let mut chunked = Raw::connect(&collector);
    chunked.say(&post(
        &path,
        &format!("{token}transfer-encoding: chunked\r\n"),
    ));
    chunked.say("5\r\n{\"seq\r\n");
    let mut idle = Raw::connect(&collector);
    idle.say("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    half.error(408, "timeout");
    login.error(408, "timeout");
    batch.error(408, "timeout");
    chunked.error(408, "timeout");
    assert_eq!(silent.answer().0, 0);
    assert_eq!(idle.answer(), (200, "ok\n".to_owned()), "and then the end");
    // A head that comes a byte at a time is no better than one that does not come.
    let mut slow = Raw::connect(&collector);
    eventually("the slow head to be given up", || {
        slow.0.write_all(b"G").is_err().then_some(())
    });
}

#[test]
fn slow_but_honest_clients_are_served() {
    let collector = Setup::default()
        .config("[http]\nhead_seconds = 1\nidle_seconds = 1\nbody_seconds = 1\nwrite_seconds = 1")
        .start();
    // A batch that takes longer than any of these, piece by piece.
    let run = Run::new().play("web");
    let body = run.ndjson();
    let mut slow = Raw::connect(&collector);
    slow.say(&post(
        &format!("/ingest/{}/recorder", run.id),
        &format!(
            "authorization: Bearer {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            collector.token,
            body.len()
        ),
    ));
    for part in body.chunks(body.len().div_ceil(6)) {
        std::thread::sleep(Duration::from_millis(400));
        slow.0.write_all(part).unwrap();
    }
    let (status, answer) = slow.answer();
    assert_eq!((status, answer.as_str()), (200, "{\"acked\":2}"));
    // And a wait that is longer than all of them.
    let waited = collector
        .client()
        .execution(run.id, "?wait=final&timeout=3")
        .ok();
    assert_eq!(waited["status"], "running");
}

#[test]
fn no_body_is_read_of_those_who_may_not_send_it() {
    let collector = Collector::start();
    let path = format!("/ingest/{}/recorder", uuid::Uuid::now_v7());
    for token in ["", "authorization: Bearer pbk_wrong\r\n"] {
        let mut raw = Raw::connect(&collector);
        raw.say(&post(
            &path,
            &format!("{token}content-length: 15000000\r\n"),
        ));
        raw.error(401, "unauthorized");
        let mut raw = Raw::connect(&collector);
        raw.say(&post(
            "/playbooks/run",
            &format!("{token}content-length: 60000\r\n"),
        ));
        raw.error(401, "unauthorized");
    }
    let mut raw = Raw::connect(&collector);
    raw.say(&post("/session", "content-length: 15000000\r\n"));
    raw.error(413, "too_large");
    let mut raw = Raw::connect(&collector);
    raw.say(&post(
        "/session",
        "transfer-encoding: chunked\r\n\r\n2000\r\n",
    ));
    raw.say(&"x".repeat(0x2000));
    raw.error(413, "too_large");
    let client = collector.client();
    let large = vec![b' '; 2 << 20];
    for path in ["/playbooks/run", "/adhoc", "/executions/cleanup"] {
        let answer = client.send("POST", &format!("{API}{path}"), &[], &large);
        answer.error(413, "too_large");
    }
}

#[test]
fn bodies_that_never_end_cost_no_more_memory_than_there_is_for_all_of_them() {
    let collector = Collector::start();
    let token = format!("authorization: Bearer {}\r\n", collector.token);
    let path = format!("/ingest/{}/recorder", uuid::Uuid::now_v7());
    // 15 MB each, and 80 of them: what is only announced takes nothing.
    let announced: Vec<Raw> = (0..80)
        .map(|_| {
            let mut raw = Raw::connect(&collector);
            raw.say(&post(
                &path,
                &format!("{token}content-length: 15000000\r\n"),
            ));
            raw
        })
        .collect();
    good_run().deliver(&collector.client());
    drop(announced);
    // What comes is taken as far as there is memory.
    let part = vec![b'{'; 15_000_000 - 1];
    let mut refused = 0;
    let mut held = Vec::new();
    for _ in 0..30 {
        let mut raw = Raw::connect(&collector);
        raw.say(&post(
            &path,
            &format!("{token}content-length: 15000000\r\n"),
        ));
        if raw.0.write_all(&part).is_err() {
            refused += 1;
        } else {
            raw.0.set_nonblocking(true).unwrap();
            held.push(raw);
        }
    }
    eventually("those that there is no memory for to be refused", || {
        let mut told = 0;
        for raw in &mut held {
            let mut bytes = [0; 64];
            match raw.0.peek(&mut bytes) {
                Ok(read) if bytes[..read].starts_with(b"HTTP/1.1 503") => told += 1,
                _ => {}
            }
        }
        (refused + told >= 10).then_some(())
    });
    let peak = collector.peak_memory();
    assert!(peak < 600 << 20, "{} MiB", peak >> 20);
    drop(held);
    eventually("there to be memory again", || {
        let run = good_run();
        let answer = run.send(&collector.client());
        (answer.status == 200).then_some(())
    });
}

#[test]
fn what_cannot_be_read_is_answered_in_the_one_shape() {
    let collector = Collector::start();
    let mut raw = Raw::connect(&collector);
    raw.say("\u{16}\u{3}\u{1} this is no HTTP\r\n\r\n");
    raw.error(400, "bad_request");
    let mut raw = Raw::connect(&collector);
    raw.say("GET /healthz HTTP/1.1\r\nhost: x\r\n");
    // It is refused before all of it is sent.
    let _ = raw
        .0
        .write_all(format!("x: {}\r\n\r\n", "y".repeat(400_000)).as_bytes());
    raw.error(431, "too_large");
    let mut raw = Raw::connect(&collector);
    raw.say("GET /healthz HTTP/1.1\r\nhost: x\r\n");
    raw.say(&format!("{}\r\n", "a: b\r\n".repeat(200)));
    raw.error(431, "too_large");
    // A regular expression of a megabyte: it is refused before it is compiled, or even there.
    let regex = "(a|b)*".repeat((1 << 20) / 6);
    for path in ["search", "executions"] {
        let mut raw = Raw::connect(&collector);
        let head = format!("GET /api/v1/ansible/{path}?q=/{regex}/ HTTP/1.1\r\nhost: x\r\n\r\n");
        let _ = raw.0.write_all(head.as_bytes());
        raw.error(431, "too_large");
    }
    collector.client().api("/executions").ok();
}

#[test]
fn an_answer_that_nobody_takes_is_given_up_and_a_slow_reader_gets_it_all() {
    let collector = Setup::default().config("[http]\nwrite_seconds = 1").start();
    let wide = "x".repeat(200_000);
    let run = (0..100).fold(Run::new(), |run, line| {
        run.output(&format!("{line} {wide}\n"))
    });
    let run = run.ended(0);
    for start in (0..run.len()).step_by(10) {
        run.deliver_range(&collector.client(), start..run.len().min(start + 10));
    }
    let ask = || {
        let mut raw = Raw::connect(&collector);
        raw.say(&format!(
            "GET {API}/executions/{}/output?format=text HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {}\r\n\r\n",
            run.id, collector.token
        ));
        raw
    };
    let mut slow = ask();
    let _never = ask();
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(300));
        read += slow.0.read(&mut buffer).unwrap();
    }
    read += slow.0.read_to_end(&mut Vec::new()).unwrap();
    assert!(read > 20_000_000, "{read}");
    eventually("the one that reads nothing to be cut off", || {
        (figure(
            &collector,
            "playback_connections_closed_total{reason=\"slow_reader\"}",
        ) == 1)
            .then_some(())
    });
}

#[test]
fn a_machine_without_descriptors_goes_on_serving() {
    // Sixty for everything, where the configuration would allow thousands.
    let collector = Setup::default()
        .within(
            &["sh", "-c", "ulimit -n 60; exec \"$0\" \"$@\""],
            SocketAddr::from(([127, 0, 0, 1], 0)),
        )
        .start();
    let crowd: Vec<TcpStream> = (0..200)
        .filter_map(|_| TcpStream::connect(collector.address()).ok())
        .collect();
    for _ in 0..5 {
        let run = good_run();
        run.deliver(&collector.client());
    }
    drop(crowd);
}

#[test]
fn the_limit_of_open_files_is_raised_to_what_is_allowed() {
    let collector = Setup::default()
        .within(
            &["sh", "-c", "ulimit -S -n 200; exec \"$0\" \"$@\""],
            SocketAddr::from(([127, 0, 0, 1], 0)),
        )
        .start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", collector.pid())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[3], words[4], "{line}");
    assert_ne!(words[3], "200");
}
