//! Sends many requests of each kind to a collector, with different values, and measures response times.

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::table::{median, quantile};

/// Answers to wait for, of each kind.
pub(crate) const TIMES: usize = 200;

/// But no longer than this, where they are slow: what comes until then says enough.
const PATIENCE: Duration = Duration::from_secs(20);
const FEWEST: usize = 5;

/// One who asks, over a connection that is kept.
pub(crate) struct Asker {
    agent: ureq::Agent,
    base: String,
    token: String,
}

/// How long answers took, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) median: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) times: usize,
}

impl Asker {
    pub(crate) fn of(collector: &Collector) -> Self {
        Self::at(collector.url(), collector.token.clone())
    }

    pub(crate) fn at(base: String, token: String) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        Self {
            agent: config.build().into(),
            base,
            token,
        }
    }

    fn ask(&self, path: &str) -> Result<Response<Body>> {
        self.agent
            .get(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .with_context(|| path.to_owned())
    }

    /// The status and the whole answer.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut response = self.ask(path)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(1 << 30);
        Ok((status, body.read_to_string()?))
    }

    /// Reads an answer to its end without keeping it; returns how many lines it has.
    pub(crate) fn lines(&self, path: &str) -> Result<u64> {
        let mut response = self.ask(path)?;
        anyhow::ensure!(response.status() == 200, "{path}: {}", response.status());
        let mut reader = response.body_mut().with_config().limit(u64::MAX).reader();
        let (mut piece, mut lines) = (vec![0; 1 << 16], 0);
        loop {
            match reader.read(&mut piece)? {
                0 => return Ok(lines),
                read => {
                    let ends = piece[..read].iter().filter(|byte| **byte == b'\n');
                    lines += ends.count() as u64;
                }
            }
        }
    }

    /// An answer that must be there.
    pub(crate) fn json(&self, path: &str) -> Result<Value> {
        let (status, body) = self.get(path)?;
        anyhow::ensure!(status == 200, "{path}: {status}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    /// How long answers take to requests that are made up one after the other; nothing where there is no
    /// such route.
    pub(crate) fn time(&self, mut next: impl FnMut() -> Vec<String>) -> Result<Option<Took>> {
        let mut all = Vec::new();
        let whole = Stopwatch::start();
        // The first ones find statements unprepared.
        for warm in [true, false] {
            for _ in 0..if warm { 3 } else { TIMES } {
                let paths = next();
                let watch = Stopwatch::start();
                for path in &paths {
                    let (status, body) = self.get(path)?;
                    if matches!(status, 400 | 404) && path.contains("/stats") {
                        return Ok(None);
                    }
                    anyhow::ensure!(status == 200, "{path}: {status}: {body}");
                }
                if !warm {
                    all.push(watch.elapsed().as_secs_f64() * 1e3);
                }
                if whole.elapsed() > PATIENCE && all.len() >= FEWEST {
                    break;
                }
            }
        }
        Ok(Some(Took {
            median: median(&all),
            p95: quantile(&all, 0.95),
            p99: quantile(&all, 0.99),
            times: all.len(),
        }))
    }
}

/// A value as it stands in a query.
pub(crate) fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
