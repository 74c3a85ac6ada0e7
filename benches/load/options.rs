//! R5, R6: what options cost that somebody turns on: notifications while runs come in, and the trail of who looked at which run.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::asking::Asker;
use crate::collector::Collector;
use crate::producers::{Plan, send_all, send_for};
use crate::script::{Mix, Script, Size};
use crate::table::{Row, median, thousands};
use crate::{Scratch, Selection, note};

/// Each is measured so often, in turns.
const PAIRS: usize = 3;

const PRODUCERS: usize = 100;

/// The key that encrypts the secrets of targets.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Signs what the target is sent.
const SIGNS: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if asked.includes("R5") {
        rows.push(notified(scratch, Mix::Commands, "broke", "no message")?);
        rows.push(notified(
            scratch,
            Mix::Failing,
            "failed",
            "each run a message",
        )?);
    }
    if asked.includes("R6") {
        rows.push(watched(scratch)?);
    }
    Ok(rows)
}

/// The rate of ingestion with a target, and without one. Each run has 30 hosts and 50 tasks, and ends; its events are of
/// another day, so the rule includes late ones.
fn notified(scratch: &Scratch, mix: Mix, trigger: &str, told: &str) -> Result<Row> {
    note(&format!("R5: a target with the trigger {trigger}"));
    let script = Script::write(Size {
        mix,
        hosts: 30,
        tasks: 50,
        batch: 300,
        ends: true,
    })?;
    let plan = Plan {
        producers: PRODUCERS,
        warm_up: Duration::from_secs(1),
        window: Duration::from_secs(2),
        windows: 4,
    };
    let mut rates = [Vec::new(), Vec::new()];
    let mut messages = 0;
    for pair in 0..PAIRS {
        for (with, rates) in rates.iter_mut().enumerate() {
            let receiver = Receiver::start()?;
            let target = format!(
                "[notifications.targets.bench]\nkind = \"webhook\"\nurl = \"{}\"\nsigning_secrets = [\"{SIGNS}\"]\nrules = [{{ on = [\"{trigger}\"], late = true }}]\n",
                receiver.url
            );
            let config = config(scratch, if with == 1 { &target } else { "" })?;
            let database = scratch.file(&format!("notified-{trigger}-{pair}-{with}.db"));
            let collector = Collector::start_with(&database, &config)?;
            let rate = send_for(&collector, &script, plan)?.median();
            messages += receiver.heard.load(Ordering::Relaxed);
            std::fs::remove_file(collector.stop()?)?;
            note(&format!(
                "  {} events/s {}",
                thousands(rate),
                if with == 1 { "with it" } else { "without" }
            ));
            rates.push(rate);
        }
    }
    let [without, with] = rates.map(|rates| median(&rates));
    Ok(Row {
        target: "R5",
        what: format!("events/s stored, a target configured, {told} ({trigger}) / none configured"),
        wanted: String::new(),
        measured: format!("{} / {}", thousands(with), thousands(without)),
        reached: None,
        growth: format!("{:.2}; {messages} requests arrived", with / without),
    })
}

/// How long the page of a run takes with a trail of who looked, and without one.
fn watched(scratch: &Scratch) -> Result<Row> {
    note("R6: who looked at which run");
    let script = Script::write(Size {
        mix: Mix::Commands,
        hosts: 30,
        tasks: 20,
        batch: 300,
        ends: true,
    })?;
    let mut took = [Vec::new(), Vec::new()];
    for pair in 0..PAIRS {
        for (with, took) in took.iter_mut().enumerate() {
            let config = config(
                scratch,
                if with == 1 {
                    "audit_views = true\n"
                } else {
                    ""
                },
            )?;
            let database = scratch.file(&format!("watched-{pair}-{with}.db"));
            let collector = Collector::start_with(&database, &config)?;
            let (_, ids) = send_all(&collector, &script, 200, 10)?;
            let mut next = ids.iter().cycle();
            let asker = Asker::of(&collector);
            let answers = asker.time(|| {
                let id = next.next().copied().unwrap_or_default();
                vec![format!("/api/v1/ansible/executions/{id}")]
            })?;
            took.extend(answers.map(|answers| answers.median));
            collector.stop()?;
        }
    }
    let [without, with] = took.map(|took| median(&took));
    Ok(Row {
        target: "R6",
        what: "a run's page, audit_views on / off, median".to_owned(),
        wanted: String::new(),
        measured: format!("{with:.2} / {without:.2} ms"),
        reached: None,
        growth: format!("{:.2}", with / without),
    })
}

/// A configuration file: these settings of the collector, before a key and permission to send to this machine.
fn config(scratch: &Scratch, more: &str) -> Result<PathBuf> {
    let path = scratch.file("options.toml");
    let (before, after) = match more.starts_with('[') {
        true => ("", more),
        false => (more, ""),
    };
    std::fs::write(
        &path,
        format!(
            "{before}[notifications]\nkey = \"{KEY}\"\nallow_networks = [\"127.0.0.1/32\"]\n{after}"
        ),
    )?;
    Ok(path)
}

/// Takes every request and answers that it is well.
struct Receiver {
    url: String,
    heard: Arc<AtomicU64>,
}

impl Receiver {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let heard = Arc::new(AtomicU64::new(0));
        let counted = heard.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if answer(stream).is_ok() {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(Self { url, heard })
    }
}

/// Reads a request to its end, and answers it.
fn answer(mut stream: TcpStream) -> Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 1 << 14];
    loop {
        let read = stream.read(&mut piece)?;
        anyhow::ensure!(read > 0, "the request was not ended");
        request.extend_from_slice(&piece[..read]);
        let Some(head) = request.windows(4).position(|at| at == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(Ok(0), |length| length.trim().parse::<usize>())?;
        if request.len() >= head + 4 + length {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
    Ok(())
}
