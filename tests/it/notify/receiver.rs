//! A receiver of webhooks: an HTTP server that answers as it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::harness::eventually;

/// A request that was received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Method and path.
    pub(crate) line: String,
    /// Header fields, their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// `type` of a notice.
    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// With this status.
    Status(u16),
    /// With this status and text.
    Text(u16, String),
    /// With a redirect to this address.
    Redirect(String),
    /// Not at all: the connection is closed.
    Close,
    /// Not at all: the connection stays open.
    Never,
}

struct State {
    received: Vec<Received>,
    reply: Reply,
    /// Connections that are not answered.
    open: Vec<TcpStream>,
}

/// The server; it ends with the test's process.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Answers everything with 204.
    pub(crate) fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into())
    }

    /// The same, at this address of this machine.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State {
                received: Vec::new(),
                reply: Reply::Status(204),
                open: Vec::new(),
            })),
        };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serving, stream) = (serving.clone(), stream.unwrap());
                // A client that breaks off is no fault of the server.
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on like this.
    pub(crate) fn reply(&self, reply: Reply) {
        let mut state = self.state.lock().unwrap();
        state.reply = reply;
        state.open.clear();
    }

    /// What was received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// Waits until so many requests were received.
    #[track_caller]
    pub(crate) fn await_requests(&self, count: usize) -> Vec<Received> {
        eventually("requests", || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim().split_once(':') else {
                break;
            };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (method, rest) = line.split_once(' ')?;
        let path = rest.split_once(' ')?.0;
        let received = Received {
            line: format!("{method} {path}"),
            headers,
            body: String::from_utf8(body).unwrap(),
        };
        let mut stream = stream;
        let reply = {
            let mut state = self.state.lock().unwrap();
            state.received.push(received);
            if let Reply::Never = state.reply {
                state.open.push(stream);
                return None;
            }
            state.reply.clone()
        };
        let answer = match reply {
            Reply::Status(status) => {
                format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: 4\r\nconnection: close\r\n\r\nsaid"
                )
            }
            Reply::Text(status, text) => {
                let length = text.len();
                format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
                )
            }
            Reply::Redirect(to) => format!(
                "HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            ),
            Reply::Close | Reply::Never => String::new(),
        };
        // 204 has no body.
        let answer = match answer.strip_prefix("HTTP/1.1 204 Said\r\n") {
            Some(_) => "HTTP/1.1 204 Said\r\nconnection: close\r\n\r\n".to_owned(),
            None => answer,
        };
        stream.write_all(answer.as_bytes()).ok()
    }
}
