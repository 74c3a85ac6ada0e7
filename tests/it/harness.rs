//! Starts the real collector as a person does, and has clients for its public interfaces.
//!
//! Nothing here waits for a fixed time: [`eventually`] asks until the answer comes or a deadline passes.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

use crate::servers;

/// Where the API lies.
pub(crate) const API: &str = "/api/v1/ansible";

/// How long anything may take before a test gives up; generous, for a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The binary that is tested.
pub(crate) const PLAYBACK: &str = env!("CARGO_BIN_EXE_playback");

/// Asks until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    eventually_by(Instant::now() + DEADLINE, what, ask)
}

/// The same for what is much work: on a busy machine it takes its time, and is no fault.
#[track_caller]
pub(crate) fn after_much_work<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    eventually_by(Instant::now() + 6 * DEADLINE, what, ask)
}

#[track_caller]
fn eventually_by<T>(deadline: Instant, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited too long for: {what}");
        // Limits the rate of polling; the loop ends with the answer.
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How a collector is to be started.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    database: Option<String>,
    config: Option<String>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// What starts it, and where it listens then.
    within: Option<(Vec<String>, SocketAddr)>,
}

impl Setup {
    /// Starts as the last words of another command, and listens on this address.
    pub(crate) fn within(mut self, command: &[&str], address: SocketAddr) -> Self {
        let words = command.iter().map(|word| (*word).to_owned());
        self.within = Some((words.collect(), address));
        self
    }

    /// Starts with this variable in its environment.
    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts with a configuration file that says this.
    pub(crate) fn config(mut self, toml: &str) -> Self {
        self.config = Some(toml.to_owned());
        self
    }

    /// On a database that is there already.
    pub(crate) fn database(mut self, address: String) -> Self {
        self.database = Some(address);
        self
    }

    /// Starts with this argument too.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts on an empty store, with an admin token that the command line made.
    pub(crate) fn start(self) -> Collector {
        let mut collector = self.prepare();
        collector.token = collector.create_token(&["admin"]);
        collector.launch();
        collector
    }

    /// Starts on an empty store, without any token.
    pub(crate) fn start_without_token(self) -> Collector {
        let mut collector = self.prepare();
        collector.launch();
        collector
    }

    fn prepare(self) -> Collector {
        let dir = TempDir::new().unwrap();
        let mut arguments = self.arguments;
        if let Some(toml) = self.config {
            let path = dir.path().join("collector.toml");
            std::fs::write(&path, toml).unwrap();
            // It may hold passwords.
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            arguments.extend(["--config".to_owned(), path.display().to_string()]);
        }
        let nowhere = SocketAddr::from(([127, 0, 0, 1], servers::free_port()));
        let (within, address) = self.within.unwrap_or((Vec::new(), nowhere));
        Collector {
            within,
            database: self
                .database
                .unwrap_or_else(|| servers::database(servers::engine(), dir.path())),
            dir,
            arguments,
            environment: self.environment,
            address,
            process: None,
            token: String::new(),
        }
    }
}

/// A collector on a database of its own; it ends with the test.
pub(crate) struct Collector {
    dir: TempDir,
    database: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    within: Vec<String>,
    address: SocketAddr,
    process: Option<Process>,
    /// An admin token.
    pub(crate) token: String,
}

struct Process {
    child: Child,
    printed: Option<JoinHandle<String>>,
    log: Arc<Mutex<Vec<Value>>>,
    logging: Option<JoinHandle<()>>,
}

impl Collector {
    /// A collector as most tests need it.
    pub(crate) fn start() -> Self {
        Setup::default().start()
    }

    /// Its folder, for whatever else a test keeps.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// The database file, where it is one.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.dir.path().join("playback.db")
    }

    /// The database's address.
    pub(crate) fn database(&self) -> String {
        self.database.clone()
    }

    /// Address that it serves, with `http://`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").child.id()
    }

    /// A client with the admin token.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.url(), Some(self.token.clone()))
    }

    /// A client with another token, or none.
    pub(crate) fn client_with(&self, token: Option<&str>) -> Client {
        Client::new(self.url(), token.map(str::to_owned))
    }

    /// Makes a token by the command line, and returns it.
    pub(crate) fn create_token(&self, scopes: &[&str]) -> String {
        let name = format!("test-{}", Uuid::now_v7());
        let mut arguments = vec!["token", "create", &name, "--json"];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let printed = self.command(&arguments).expect("a token is made");
        let answer: Value = serde_json::from_str(&printed).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Runs a command on its database; what it printed, or what it complained of.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let done = Command::new(PLAYBACK)
            .args(arguments)
            .args(["--database", &self.database()])
            .env_clear()
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if done.status.success() {
            Ok(text(done.stdout))
        } else {
            Err(text(done.stderr))
        }
    }

    /// Starts it, on the address that it had before if it had one.
    pub(crate) fn launch(&mut self) {
        assert!(self.process.is_none(), "it is running");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let words = self.within.iter().map(String::as_str);
            let mut words = words.chain([PLAYBACK]);
            let mut child = Command::new(words.next().unwrap_or(PLAYBACK))
                .args(words)
                .args(["serve", "--log-format", "json", "--listen"])
                .arg(self.address.to_string())
                .args(["--database", &self.database()])
                .args(&self.arguments)
                .env_clear()
                .envs(self.environment.iter().cloned())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdout = child.stdout.take().unwrap();
            let stderr = child.stderr.take().unwrap();
            let printed = std::thread::spawn(move || {
                let mut text = String::new();
                stdout.read_to_string(&mut text).unwrap();
                text
            });
            let log = Arc::new(Mutex::new(Vec::new()));
            let kept = log.clone();
            let logging = std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines() {
                    let line = line.unwrap();
                    let entry = serde_json::from_str(&line).unwrap_or(Value::String(line));
                    kept.lock().unwrap().push(entry);
                }
            });
            let mut process = Process {
                child,
                printed: Some(printed),
                log,
                logging: Some(logging),
            };
            let address = eventually("the collector to serve", || {
                if let Some(address) = process.serving() {
                    return Some(Some(address));
                }
                process.child.try_wait().unwrap().map(|_| None)
            });
            if let Some(address) = address {
                self.address = address;
                self.process = Some(process);
                return;
            }
            // Another process may have taken the port for a moment.
            let log = process.log.lock().unwrap().clone();
            assert!(
                Instant::now() < deadline,
                "the collector does not start: {log:?}"
            );
        }
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }

    /// Kills it and starts it again on the same database and address.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        self.launch();
    }

    /// Holds it up, as a machine that is out of breath would, and lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let signal = format!("-{name}");
        let done = Command::new("kill").args([&signal, &pid]).status().unwrap();
        assert!(done.success());
    }

    /// Asks it to end, without waiting.
    pub(crate) fn interrupt(&self) {
        self.signal("TERM");
    }

    /// Waits for its end; the exit status and what it printed.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let mut process = self.process.take().expect("it runs");
        let status = eventually("the collector to end", || process.child.try_wait().unwrap());
        let printed = process.printed.take().unwrap().join().unwrap();
        (status, printed)
    }

    /// Asks it to end and waits for that; the exit status and what it printed.
    pub(crate) fn stop(&mut self) -> (ExitStatus, String) {
        self.interrupt();
        self.wait()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let process = self.process.as_ref().expect("it runs");
        process.log.lock().unwrap().clone()
    }

    /// Largest memory that it held so far, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }
}

impl Process {
    fn serving(&self) -> Option<SocketAddr> {
        let log = self.log.lock().unwrap();
        let line = log.iter().find(|line| line["message"] == "serving")?;
        line["address"].as_str()?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let ended = self.child.try_wait().ok().flatten();
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(logging) = self.logging.take() {
            let _ = logging.join();
        }
        if std::thread::panicking() {
            for line in self.log.lock().unwrap().iter() {
                eprintln!("collector: {line}");
            }
            if let Some(status) = ended {
                eprintln!("collector: it ended by itself: {status}");
            }
        }
    }
}

/// An HTTP client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Header fields.
    pub(crate) headers: ureq::http::HeaderMap,
    /// Body.
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body as JSON, of an answer that is well.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// Last stored event, of an answer to a batch that was taken.
    #[track_caller]
    pub(crate) fn acked(&self) -> u64 {
        self.ok()["acked"].as_u64().unwrap()
    }

    /// The message, of an answer that must be this error in the one shape.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(body["error"]["code"], code, "{self:?}");
        let error = body["error"].as_object().unwrap();
        assert_eq!(error.len(), 2, "code and message, no more: {self:?}");
        let others = body.as_object().unwrap().keys();
        let mut others = others.filter(|key| *key != "error" && *key != "acked");
        assert_eq!(others.next(), None, "{self:?}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty());
        message.to_owned()
    }

    /// A header field, empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    /// A client of a collector at `url`.
    pub(crate) fn new(url: String, token: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE))
            .proxy(None)
            // Each request makes its own connection: one that was used before may be closed under the next, where an
            // answer came before the request was read.
            .max_idle_connections(0)
            .build();
        Self {
            agent: config.new_agent(),
            url,
            token,
        }
    }

    /// Sends a request as it is; none when the connection failed.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let sends = method == "POST" || method == "PUT";
        let answer = if sends {
            self.agent.run(request.body(body).unwrap())
        } else {
            self.agent.run(request.body(()).unwrap())
        };
        let mut answer = answer.ok()?;
        let limit = 1 << 30;
        let text = answer
            .body_mut()
            .with_config()
            .limit(limit)
            .read_to_string();
        Some(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: text.ok()?,
        })
    }

    /// Sends a request that must be answered.
    #[track_caller]
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// GET of any path.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// GET below `/api/v1/ansible`.
    #[track_caller]
    pub(crate) fn api(&self, path: &str) -> Answer {
        self.get(&format!("{API}{path}"))
    }

    /// GET of an execution, or of a part of one (`/output`, `?wait=final` …).
    #[track_caller]
    pub(crate) fn execution(&self, id: Uuid, part: &str) -> Answer {
        self.api(&format!("/executions/{id}{part}"))
    }

    /// DELETE of an execution.
    #[track_caller]
    pub(crate) fn delete(&self, id: Uuid) -> Answer {
        self.send("DELETE", &format!("{API}/executions/{id}"), &[], b"")
    }

    /// Sends a body as a batch of a producer.
    #[track_caller]
    pub(crate) fn ingest(&self, id: Uuid, producer: &str, body: &[u8]) -> Answer {
        self.try_ingest(id, producer, body)
            .expect("the collector answers")
    }

    /// Sends a body as a batch of a producer; none when the connection failed.
    pub(crate) fn try_ingest(&self, id: Uuid, producer: &str, body: &[u8]) -> Option<Answer> {
        self.try_send("POST", &format!("{API}/ingest/{id}/{producer}"), &[], body)
    }

    /// The record, when it is over.
    #[track_caller]
    pub(crate) fn finished(&self, id: Uuid) -> Value {
        let record = self.execution(id, "?wait=final").ok();
        assert_ne!(record["status"], "running", "{record}");
        record
    }
}

/// A body as producers send it.
pub(crate) fn zstd(raw: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(raw, 3).unwrap()
}

/// Writes a program that the test runs. Another process writes it: while a test's own thread has a file open for
/// writing, a process that another thread starts holds it too until its `exec`, and nobody may run what somebody writes
/// (`ETXTBSY`).
pub(crate) fn program(file: &Path, text: &str) {
    let mut cat = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(file)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    cat.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(cat.wait().unwrap().success(), "{}", file.display());
}

/// Copies a program that the test runs, by another process as in [`program`].
pub(crate) fn copied(from: impl AsRef<Path>, to: &Path) {
    let done = Command::new("cp").arg(from.as_ref()).arg(to).status();
    assert!(done.unwrap().success(), "{}", to.display());
}
