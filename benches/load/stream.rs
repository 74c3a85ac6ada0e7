//! T7: latency from a printed line to a viewer, and the cost of viewers for other runs.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use playback_spool::{FinishLimits, Sender, SenderConfig, Spool};
use playback_wire::{ExecutionStarted, Output, Producer};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use uuid::Uuid;

use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::producers::{Plan, send_for};
use crate::script::{Mix, Script, Size};
use crate::table::{Row, median, quantile};
use crate::{Scratch, Selection, note};

/// What one playbook prints in a second, at most.
const LINES_PER_S: f64 = 90.0;
const PRINTING: Duration = Duration::from_secs(10);
const LATENCY_MS: f64 = 100.0;

const VIEWERS: usize = 1_000;
const COST_PERCENT: f64 = 10.0;
const PAIRS: usize = 5;

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if asked.includes("T7/latency") {
        note("T7: from a printed line to a viewer");
        let collector = Collector::start(&scratch.file("latency.db"))?;
        let spools = scratch.file("latency-spool");
        let p99 = quantile(&latencies(&collector, &spools, LINES_PER_S)?, 0.99);
        let fast = quantile(&latencies(&collector, &spools, LINES_PER_S * 10.0)?, 0.99);
        collector.stop()?;
        rows.push(Row {
            target: "T7",
            what: format!("printed line → viewer, p99, {LINES_PER_S:.0} lines/s"),
            wanted: format!("≤ {LATENCY_MS:.0} ms"),
            measured: format!("{p99:.0} ms"),
            reached: Some(p99 <= LATENCY_MS),
            growth: format!("{fast:.0} ms"),
        });
    }
    if asked.includes("T7/viewers") {
        note("T7: what viewers cost the ingestion of other runs");
        let few = cost(scratch, VIEWERS / 10)?;
        let many = cost(scratch, VIEWERS)?;
        rows.push(Row {
            target: "T7",
            what: format!("{VIEWERS} viewers of one run cost the ingestion of others"),
            wanted: format!("≤ {COST_PERCENT:.0} %"),
            measured: format!("{many:.0} %"),
            reached: Some(many <= COST_PERCENT),
            growth: format!("from {few:.0} % with {} viewers", VIEWERS / 10),
        });
    }
    Ok(rows)
}

/// A run whose lines are delivered like Ansible's: through a spool and the sender thread.
struct Printer {
    spool: Arc<Spool>,
    sender: Sender,
}

impl Printer {
    fn start(collector: &Collector, spools: &Path) -> Result<Self> {
        let spool = Spool::create(spools, Uuid::now_v7(), Producer::Recorder, 1 << 30)?;
        let config = SenderConfig {
            url: collector.url(),
            token: Some(collector.token.clone().into()),
            ..SenderConfig::default()
        };
        let sender = Sender::start(spool.clone(), &config)?;
        spool.append(1, "execution_started", &ExecutionStarted::default());
        let watch = Stopwatch::start();
        let path = format!("/api/v1/ansible/executions/{}", spool.execution());
        while collector.get(&path).is_err() {
            ensure!(watch.elapsed() < Duration::from_secs(10), "no execution");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { spool, sender })
    }

    fn print(&self, text: String) {
        let output = Output {
            text: text.into(),
            ..Output::default()
        };
        self.spool.append(2, "output", &output);
    }

    fn finish(self) -> Result<()> {
        let outcome = self.sender.finish(FinishLimits::default());
        ensure!(outcome.delivered, "not delivered: {outcome:?}");
        Ok(())
    }
}

/// Milliseconds from the append of each line to its arrival at one viewer.
fn latencies(collector: &Collector, spools: &Path, per_s: f64) -> Result<Vec<f64>> {
    let printer = Printer::start(collector, spools)?;
    let watch = Stopwatch::start();
    let count = (PRINTING.as_secs_f64() * per_s) as usize;
    let (ready, is_ready) = mpsc::channel();
    let mut request = format!(
        "ws://{}/api/v1/ansible/executions/{}/stream",
        collector.address,
        printer.spool.execution()
    )
    .into_client_request()?;
    let token = format!("Bearer {}", collector.token).parse()?;
    request.headers_mut().insert("Authorization", token);
    let viewer = std::thread::spawn(move || -> Result<Vec<f64>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
            ready.send(())?;
            let mut seen = Vec::with_capacity(count);
            while seen.len() < count {
                let message = socket.next().await.context("the stream ended early")??;
                let now = watch.elapsed().as_secs_f64() * 1e3;
                if !message.is_text() {
                    continue;
                }
                let message: serde_json::Value = serde_json::from_str(message.to_text()?)?;
                let content = message["content"].as_str().context("no line")?;
                let (number, printed) = content.split_once(' ').context("not our line")?;
                ensure!(number.parse::<usize>()? == seen.len(), "a line is missing");
                seen.push(now - printed.parse::<f64>()?);
            }
            Ok(seen)
        })
    });
    is_ready.recv_timeout(Duration::from_secs(10))?;
    let start = watch.elapsed().as_secs_f64();
    for number in 0..count {
        // In step with the clock, not with the time that printing takes.
        let due = start + number as f64 / per_s;
        let early = due - watch.elapsed().as_secs_f64();
        std::thread::sleep(Duration::from_secs_f64(early.max(0.0)));
        let now = watch.elapsed().as_secs_f64() * 1e3;
        printer.print(format!("{number} {now}\n"));
    }
    let seen = viewer
        .join()
        .map_err(|_| anyhow::anyhow!("the viewer panicked"))??;
    printer.finish()?;
    Ok(seen)
}

/// By how many percent fewer events a second are taken in while one printing run is watched.
fn cost(scratch: &Scratch, viewers: usize) -> Result<f64> {
    let collector = Collector::start(&scratch.file(&format!("viewers-{viewers}.db")))?;
    let script = Script::write(Size {
        mix: Mix::Commands,
        hosts: 30,
        tasks: 1_000,
        batch: 300,
        ends: false,
    })?;
    let plan = Plan {
        producers: 100,
        warm_up: Duration::from_millis(500),
        window: Duration::from_secs(2),
        windows: 1,
    };
    let printer = Printer::start(&collector, &scratch.file("viewers-spool"))?;
    let printing = AtomicBool::new(true);
    let ratios = std::thread::scope(|scope| -> Result<Vec<f64>> {
        scope.spawn(|| {
            let mut number = 0_u64;
            while printing.load(Ordering::Relaxed) {
                printer.print(format!("ok: [web{number:08}]\n"));
                number += 1;
                std::thread::sleep(Duration::from_secs_f64(1.0 / LINES_PER_S));
            }
        });
        let measured = pairs(&collector, &printer, &script, plan, viewers);
        printing.store(false, Ordering::Relaxed);
        measured
    })?;
    printer.finish()?;
    collector.stop()?;
    Ok((1.0 - median(&ratios)) * 100.0)
}

/// Events a second with viewers ÷ without, measured one after the other, as often as there are pairs.
fn pairs(
    collector: &Collector,
    printer: &Printer,
    script: &Script,
    plan: Plan,
    viewers: usize,
) -> Result<Vec<f64>> {
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let without = send_for(collector, script, plan)?.median();
        let crowd = Crowd::gather(collector, printer.spool.execution(), viewers)?;
        let with = send_for(collector, script, plan)?.median();
        let bytes = crowd.leave()?;
        note(&format!(
            "  {viewers} viewers: {with:.0} of {without:.0} events/s, {bytes} bytes seen"
        ));
        ensure!(bytes > 0, "the viewers saw nothing");
        ratios.push(with / without);
    }
    Ok(ratios)
}

/// Viewers that take what they are sent and do nothing with it: what they cost is the collector's
/// side, and as little as can be of their own. So nothing wakes up for what arrives; sockets are
/// emptied now and then, and hold far more than comes in between.
struct Crowd {
    leaving: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Result<u64>>,
}

impl Crowd {
    fn gather(collector: &Collector, id: Uuid, viewers: usize) -> Result<Self> {
        let address = collector.address;
        // From the first line on there is much to catch up with, which is not what is measured here.
        let lines = collector.get(&format!("/api/v1/ansible/executions/{id}"))?;
        let lines: serde_json::Value = serde_json::from_str(&lines)?;
        let request = format!(
            "GET /api/v1/ansible/executions/{id}/stream?since={} HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            lines["output_lines"].as_u64().unwrap_or(0),
            collector.token
        );
        let mut streams = Vec::with_capacity(viewers);
        for _ in 0..viewers {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(request.as_bytes())?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)?;
            ensure!(answer.ends_with(b"101"), "no stream");
            stream.set_nonblocking(true)?;
            streams.push(stream);
        }
        let leaving = Arc::new(AtomicBool::new(false));
        let left = leaving.clone();
        let thread = std::thread::spawn(move || empty(&mut streams, &left));
        Ok(Self { leaving, thread })
    }

    fn leave(self) -> Result<u64> {
        self.leaving.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .map_err(|_| anyhow::anyhow!("the viewers panicked"))?
    }
}

/// Reads what has arrived at all viewers until they leave, and returns how many bytes that was.
fn empty(streams: &mut [TcpStream], left: &AtomicBool) -> Result<u64> {
    let mut bytes = 0;
    let mut buffer = vec![0; 64 << 10];
    while !left.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        for stream in &mut *streams {
            match stream.read(&mut buffer) {
                Ok(read) => bytes += read as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(bytes)
}
