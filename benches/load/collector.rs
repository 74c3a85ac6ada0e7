//! Starts and stops the real collector as a separate process, and measures its resource usage.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::clock::Stopwatch;
use crate::cpu;

/// How long a collector may take to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A collector that serves one SQLite file.
#[derive(Debug)]
pub(crate) struct Collector {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// May do everything.
    pub(crate) token: String,
    /// From the start of the process to its first answer.
    pub(crate) first_answer: Duration,
    database: PathBuf,
}

impl Collector {
    /// Starts it on the database of that path, which is made where it does not exist.
    pub(crate) fn start(database: &Path) -> Result<Self> {
        Self::start_as(database, &address_of(database), None)
    }

    /// Starts it on a database of a server.
    pub(crate) fn start_on(address: &str) -> Result<Self> {
        Self::start_as(Path::new(""), address, None)
    }

    /// The same, with this configuration file.
    pub(crate) fn start_with(database: &Path, config: &Path) -> Result<Self> {
        Self::start_as(database, &address_of(database), Some(config))
    }

    fn start_as(database: &Path, url: &str, config: Option<&Path>) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let token = make_token(url)?;
        let watch = Stopwatch::start();
        let child = Command::new(program())
            .args(["serve", "--log-level", "warn", "--database", url])
            .args(["--listen", &address.to_string()])
            .args(
                config
                    .into_iter()
                    .flat_map(|file| [Path::new("--config"), file]),
            )
            .stdout(Stdio::null())
            .spawn()
            .context("the collector cannot be started")?;
        let mut collector = Self {
            child,
            address,
            token,
            first_answer: Duration::ZERO,
            database: database.to_owned(),
        };
        while collector
            .get("/api/v1/ansible/executions?limit=50")
            .is_err()
        {
            ensure!(
                watch.elapsed() < PATIENCE,
                "the collector does not answer in time"
            );
            if let Some(status) = collector.child.try_wait()? {
                bail!("the collector ended at its start: {status}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        collector.first_answer = watch.elapsed();
        Ok(collector)
    }

    /// What it answers to a GET.
    pub(crate) fn get(&self, path: &str) -> Result<String> {
        let url = format!("http://{}{path}", self.address);
        let mut response = ureq::get(url)
            .header("Authorization", format!("Bearer {}", self.token))
            .call()?;
        Ok(response.body_mut().read_to_string()?)
    }

    /// What it answers to a POST.
    pub(crate) fn post(&self, path: &str, body: &serde_json::Value) -> Result<serde_json::Value> {
        let url = format!("http://{}{path}", self.address);
        let mut response = ureq::post(url)
            .header("Authorization", format!("Bearer {}", self.token))
            .send_json(body)?;
        Ok(response.body_mut().read_json()?)
    }

    /// Largest resident set so far, in bytes.
    pub(crate) fn peak_bytes(&self) -> Result<u64> {
        resident(self.child.id(), "VmHWM:")
    }

    /// Resident set now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        resident(self.child.id(), "VmRSS:")
    }

    /// CPU time that it has used so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        cpu::of_process(self.child.id())
    }

    /// Its address, as clients are given it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it in order, and returns where its database is.
    pub(crate) fn stop(mut self) -> Result<PathBuf> {
        terminate(&self.child)?;
        let watch = Stopwatch::start();
        while self.child.try_wait()?.is_none() {
            ensure!(watch.elapsed() < PATIENCE, "the collector does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(self.database.clone())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Only where a measurement broke off: otherwise it has ended, and there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory of a process as the kernel counts it, in bytes: `VmHWM:` the peak, `VmRSS:` now.
pub(crate) fn resident(pid: u32, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .context("the kernel tells no such field")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib << 10)
}

/// The release binary, which lies beside the benchmark's own folder.
pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_playback")
}

fn address_of(database: &Path) -> String {
    format!("sqlite://{}", database.display())
}

fn make_token(url: &str) -> Result<String> {
    let name = format!("bench-{}", uuid::Uuid::now_v7());
    let made = Command::new(program())
        .args(["token", "create", &name, "--scope", "admin", "--json"])
        .args(["--database", url])
        .output()?;
    ensure!(
        made.status.success(),
        "no token: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let made: serde_json::Value = serde_json::from_slice(&made.stdout)?;
    let token = made["token"].as_str().context("no token in the answer")?;
    Ok(token.to_owned())
}

/// Asks a process to end, as a service manager does.
fn terminate(child: &Child) -> Result<()> {
    let done = Command::new("kill").arg(child.id().to_string()).status()?;
    ensure!(done.success(), "the collector cannot be told to end");
    Ok(())
}
