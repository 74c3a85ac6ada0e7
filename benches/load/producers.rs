//! Many concurrent producers that use the real protocol: each keeps one connection, and sends its next batch when the
//! last one is acknowledged.
//!
//! The HTTP here is written out by hand: the generator shares two cores with the collector, and a
//! client library would cost as much as what is measured.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::script::Script;

/// What the producers brought about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Acknowledged events per second, in each window.
    pub(crate) rates: Vec<f64>,
    /// CPU time that the collector used for an event, in microseconds.
    pub(crate) cpu_us: f64,
}

impl Outcome {
    /// The window in the middle.
    pub(crate) fn median(&self) -> f64 {
        crate::table::median(&self.rates)
    }
}

/// For how long is sent, and how it is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Producers at once.
    pub(crate) producers: usize,
    /// Time before the first window.
    pub(crate) warm_up: Duration,
    /// Length of a window.
    pub(crate) window: Duration,
    /// How many windows.
    pub(crate) windows: usize,
}

/// Lets producers send until the last window is over; one that comes to the script's end begins it
/// again as another execution.
pub(crate) fn send_for(collector: &Collector, script: &Script, plan: Plan) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    let acked = Rc::new(Cell::new(0_u64));
    tasks.block_on(&runtime, async {
        let stop = Rc::new(Cell::new(false));
        let script: Rc<[Request]> = requests(script, collector).into();
        let mut producers = Vec::new();
        for _ in 0..plan.producers {
            let (script, acked, stop) = (script.clone(), acked.clone(), stop.clone());
            let address = collector.address;
            producers.push(tokio::task::spawn_local(async move {
                let mut connection = Connection::open(address).await?;
                while !stop.get() {
                    let id = Uuid::now_v7();
                    for request in script.iter() {
                        connection.send(request, id).await?;
                        acked.set(acked.get() + request.events);
                        if stop.get() {
                            break;
                        }
                    }
                }
                anyhow::Ok(())
            }));
        }
        tokio::time::sleep(plan.warm_up).await;
        let mut outcome = Outcome::default();
        let (first, cpu) = (acked.get(), collector.cpu_seconds()?);
        for _ in 0..plan.windows {
            let (before, watch) = (acked.get(), Stopwatch::start());
            tokio::time::sleep(plan.window).await;
            let events = (acked.get() - before) as f64;
            outcome.rates.push(events / watch.elapsed().as_secs_f64());
        }
        outcome.cpu_us = (collector.cpu_seconds()? - cpu) * 1e6 / (acked.get() - first) as f64;
        stop.set(true);
        for producer in producers {
            producer.await??;
        }
        Ok(outcome)
    })
}

/// Sends the script as so many executions, each to its end, and returns how long that took and who
/// they are.
pub(crate) fn send_all(
    collector: &Collector,
    script: &Script,
    executions: usize,
    producers: usize,
) -> Result<(Duration, Vec<Uuid>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let script: Rc<[Request]> = requests(script, collector).into();
        let ids: Rc<[Uuid]> = (0..executions).map(|_| Uuid::now_v7()).collect();
        let next = Rc::new(Cell::new(0));
        let watch = Stopwatch::start();
        let mut all = Vec::new();
        for _ in 0..producers.min(executions) {
            let (script, ids, next) = (script.clone(), ids.clone(), next.clone());
            let address = collector.address;
            all.push(tokio::task::spawn_local(async move {
                let mut connection = Connection::open(address).await?;
                while let Some(id) = ids.get(next.get()) {
                    next.set(next.get() + 1);
                    for request in script.iter() {
                        connection.send(request, *id).await?;
                    }
                }
                anyhow::Ok(())
            }));
        }
        for producer in all {
            producer.await??;
        }
        Ok((watch.elapsed(), ids.to_vec()))
    })
}

/// A request but for the execution's identity, whose place is known.
struct Request {
    bytes: Vec<u8>,
    last_seq: u64,
    events: u64,
}

const PATH: &str = "POST /api/v1/ansible/ingest/";

fn requests(script: &Script, collector: &Collector) -> Vec<Request> {
    let request = |batch: &crate::script::Batch| {
        let mut bytes = format!(
            "{PATH}{}/recorder HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {}\r\nContent-Encoding: zstd\r\nContent-Length: {}\r\n\r\n",
            Uuid::nil(),
            collector.address,
            collector.token,
            playback_wire::BATCH_CONTENT_TYPE,
            batch.body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&batch.body);
        Request {
            bytes,
            last_seq: batch.last_seq,
            events: batch.events,
        }
    };
    script.batches.iter().map(request).collect()
}

/// A connection that is kept.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Sends a batch until it is taken: a collector that is busy says when to come back.
    async fn send(&mut self, request: &Request, id: Uuid) -> Result<()> {
        self.request.clear();
        self.request.extend_from_slice(&request.bytes);
        let place = PATH.len()..PATH.len() + uuid::fmt::Hyphenated::LENGTH;
        id.hyphenated()
            .encode_lower(self.request.get_mut(place).context("no room for an id")?);
        loop {
            self.stream.write_all(&self.request).await?;
            let (status, body) = self.read_answer().await?;
            if status == 503 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            ensure!(status == 200, "{status}: {body}");
            let expected = format!("{{\"acked\":{}}}", request.last_seq);
            ensure!(body == expected, "{body} where {expected} was due");
            return Ok(());
        }
    }

    async fn read_answer(&mut self) -> Result<(u16, &str)> {
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the collector closed the connection");
            let Some(head) = self.answer.windows(4).position(|at| at == b"\r\n\r\n") else {
                continue;
            };
            let text = std::str::from_utf8(&self.answer[..head])?;
            let status = text.get(9..12).context("no status")?.parse()?;
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .context("no length")?
                .parse()?;
            let whole = head + 4 + length;
            if self.answer.len() >= whole {
                return Ok((status, std::str::from_utf8(&self.answer[head + 4..whole])?));
            }
        }
    }
}
