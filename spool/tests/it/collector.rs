//! A collector for the spool's protocol: it keeps lines in memory, refuses gaps, ignores lines that it already has, and
//! fails on request.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{seq_of, until};

/// What the collector does with one request instead of its duty.
/// What tells the collector's answers from those of others.
const OURS: &str = "Playback-Collector: 1\r\n";

#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Its duty: for a script in which only a later request fails.
    None,
    /// Answers with a status, further header lines, and a body.
    Answer(u16, &'static str, String),
    /// Reads the request and says nothing until the collector goes.
    Hang,
    /// Closes the connection in the middle of its answer, having stored the batch.
    StoreAndBreakOff,
    /// Closes the connection without reading.
    Close,
}

impl Fault {
    /// An error as the collector tells it.
    pub(crate) fn status(status: u16) -> Self {
        let code = match status {
            400 => "bad_request",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            409 => "conflict",
            410 => "gone",
            413 => "too_large",
            422 => "not_an_event",
            503 => "busy",
            _ => "internal",
        };
        let body = format!(r#"{{"error":{{"code":"{code}","message":"because"}}}}"#);
        Fault::Answer(status, OURS, body)
    }

    /// What something else says that stands where the collector should be.
    pub(crate) fn page(status: u16) -> Self {
        let body = "<html><body>Please log in.</body></html>";
        Fault::Answer(status, "Location: https://login.example/\r\n", body.into())
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `{execution}/{producer}`.
    pub(crate) of: String,
    pub(crate) query: String,
    pub(crate) head: String,
    /// Numbers of the first and last line; None: a heartbeat.
    pub(crate) seqs: Option<(u64, u64)>,
    /// Expanded size.
    pub(crate) bytes: usize,
}

#[derive(Default)]
pub(crate) struct State {
    /// `{execution}/{producer}` → its lines; only counted under [`Collector::count_only`].
    pub(crate) stored: HashMap<String, Vec<String>>,
    pub(crate) acked: HashMap<String, u64>,
    pub(crate) requests: Vec<Request>,
    /// What happens to the next requests, one each.
    pub(crate) script: VecDeque<Fault>,
    /// What happens once the script is over.
    pub(crate) always: Option<Fault>,
    /// Largest expanded batch that is taken.
    pub(crate) max_bytes: Option<usize>,
    /// A larger one gets a page that is not the collector's.
    pub(crate) too_large_page: bool,
    /// The only token that is taken, where there is one.
    pub(crate) token: Option<&'static str>,
    connections: Vec<TcpStream>,
}

pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    accepted: AtomicUsize,
    count_only: AtomicBool,
    gone: AtomicBool,
}

/// Something that a request can be read from and an answer be written to.
pub(crate) trait Link: Read + Write {}
impl<T: Read + Write> Link for T {}

/// What to do with an accepted connection before HTTP.
type Wrap = Arc<dyn Fn(TcpStream) -> Box<dyn Link> + Send + Sync>;

impl Collector {
    pub(crate) fn start() -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap())
    }

    pub(crate) fn start_on(address: SocketAddr) -> Self {
        Self::start_wrapped(address, Arc::new(|stream| Box::new(stream)))
    }

    pub(crate) fn start_wrapped(address: SocketAddr, wrap: Wrap) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            accepted: AtomicUsize::new(0),
            count_only: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        });
        let address = listener.local_addr().unwrap();
        let inner = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.gone.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                inner.accepted.fetch_add(1, Ordering::SeqCst);
                let copy = stream.try_clone().unwrap();
                inner.state.lock().unwrap().connections.push(copy);
                let (shared, wrap) = (Arc::clone(&inner), Arc::clone(&wrap));
                std::thread::spawn(move || shared.serve(wrap(stream)));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// Keeps no lines, only how far it has got.
    pub(crate) fn count_only(&self) {
        self.shared.count_only.store(true, Ordering::SeqCst);
    }

    pub(crate) fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().script.extend(faults);
    }

    pub(crate) fn always(&self, fault: Option<Fault>) {
        self.state().always = fault;
    }

    /// How many connections there have been.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn acked(&self, of: &str) -> u64 {
        self.state().acked.get(of).copied().unwrap_or(0)
    }

    /// The stored lines, in sequence.
    pub(crate) fn lines(&self, of: &str) -> Vec<String> {
        self.state().stored.get(of).cloned().unwrap_or_default()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    pub(crate) fn wait_acked(&self, of: &str, seq: u64) {
        until(&format!("{of} reaches {seq}"), || self.acked(of) >= seq);
    }

    pub(crate) fn wait_requests(&self, count: usize) {
        until(&format!("{count} requests"), || {
            self.state().requests.len() >= count
        });
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.shared.gone.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        for connection in &self.state().connections {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn serve(&self, link: Box<dyn Link>) {
        let mut link = BufReader::new(link);
        while let Some(answer) = self.exchange(&mut link) {
            if link.get_mut().write_all(answer.as_bytes()).is_err()
                || link.get_mut().flush().is_err()
            {
                return;
            }
        }
    }

    /// Reads one request; None: the connection is over.
    fn exchange(&self, link: &mut BufReader<Box<dyn Link>>) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if link.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let fault = {
            let mut state = self.state.lock().unwrap();
            let next = state.script.pop_front();
            next.or_else(|| state.always.clone()).unwrap_or(Fault::None)
        };
        if matches!(fault, Fault::Close) {
            self.cut();
            return None;
        }
        let length: usize = header(&head, "content-length")?.parse().ok()?;
        let mut body = vec![0; length];
        link.read_exact(&mut body).ok()?;
        let target = head.split(' ').nth(1)?;
        // Through a proxy, it is the whole URL.
        let target = target
            .strip_prefix("http://")
            .and_then(|rest| rest.find('/').map(|at| &rest[at..]))
            .unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let of = path
            .strip_prefix("/api/v1/ansible/ingest/")
            .unwrap_or(path)
            .to_owned();
        let lines = expand(&head, &body);
        let seqs = (!lines.is_empty()).then(|| {
            let lines = lines.trim_end();
            let last = lines.rsplit('\n').next().unwrap();
            (seq_of(lines), seq_of(last))
        });
        self.state.lock().unwrap().requests.push(Request {
            of: of.clone(),
            query: query.to_owned(),
            head: head.clone(),
            seqs,
            bytes: lines.len(),
        });
        let known = self.state.lock().unwrap().token;
        let sent = header(&head, "authorization").unwrap_or_default();
        if known.is_some_and(|token| sent != format!("Bearer {token}")) {
            let Fault::Answer(status, headers, body) = Fault::status(401) else {
                return None;
            };
            return Some(answer(status, headers, &body));
        }
        match fault {
            Fault::None | Fault::Close => Some(self.store(&of, &lines)),
            Fault::Answer(status, headers, body) => Some(answer(status, headers, &body)),
            Fault::Hang => {
                until("the collector goes", || self.gone.load(Ordering::SeqCst));
                None
            }
            Fault::StoreAndBreakOff => {
                let whole = self.store(&of, &lines);
                let _ = link
                    .get_mut()
                    .write_all(&whole.as_bytes()[..whole.len() - 3]);
                let _ = link.get_mut().flush();
                self.cut();
                None
            }
        }
    }

    /// Cuts every connection: the list holds each open.
    fn cut(&self) {
        for connection in self.state.lock().unwrap().connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// The duty: no gap, nothing twice.
    fn store(&self, of: &str, lines: &str) -> String {
        let mut state = self.state.lock().unwrap();
        if state.max_bytes.is_some_and(|max| lines.len() > max) {
            if state.too_large_page {
                return answer(413, "", "<html>413 Request Entity Too Large</html>");
            }
            return answer(
                413,
                OURS,
                r#"{"error":{"code":"too_large","message":"the batch is too large"}}"#,
            );
        }
        let mut acked = state.acked.get(of).copied().unwrap_or(0);
        for line in lines.split_terminator('\n') {
            let seq = seq_of(line);
            if seq > acked + 1 {
                let body =
                    format!(r#"{{"error":{{"code":"gap","message":"a gap"}},"acked":{acked}}}"#);
                return answer(409, OURS, &body);
            }
            if seq == acked + 1 {
                acked = seq;
                state.acked.insert(of.to_owned(), seq);
                if !self.count_only.load(Ordering::SeqCst) {
                    playback_wire::decode_line(line.as_bytes()).expect("an event");
                    let stored = state.stored.entry(of.to_owned()).or_default();
                    stored.push(line.to_owned());
                }
            }
        }
        answer(200, OURS, &format!("{{\"acked\":{acked}}}"))
    }
}

fn expand(head: &str, body: &[u8]) -> String {
    assert_eq!(
        header(head, "content-type").as_deref(),
        Some("application/x-ndjson")
    );
    if body.is_empty() {
        return String::new();
    }
    assert_eq!(header(head, "content-encoding").as_deref(), Some("zstd"));
    let size = zstd::zstd_safe::get_frame_content_size(body).unwrap();
    let size = size.expect("the frame's header tells its size");
    assert_eq!(
        zstd::zstd_safe::find_frame_compressed_size(body),
        Ok(body.len()),
        "one frame"
    );
    let lines = zstd::bulk::decompress(body, usize::try_from(size).unwrap()).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(lines.ends_with('\n'), "whole lines");
    lines
}

pub(crate) fn header(head: &str, name: &str) -> Option<String> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Because\r\nContent-Type: application/json\r\n{headers}Content-Length: \
         {}\r\n\r\n{body}",
        body.len()
    )
}
