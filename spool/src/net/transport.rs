//! Transports for the HTTP client: plain bytes, bytes over another stream (TLS), or requests in the form for a proxy.

use std::fmt;
use std::io::{self, Read, Write};

use rustls::{ClientConnection, StreamOwned};
use secrecy::{ExposeSecret as _, SecretString};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::transport::{
    Buffers, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::proxy::Proxy;

/// A connection without TLS, directly to the collector. It detects one mistake: a port that expects TLS.
#[derive(Debug)]
pub(super) struct Plain {
    below: Box<dyn Transport>,
    answered: bool,
}

/// First bytes of every TLS alert: its type, and the version's first byte.
const TLS_ALERT: [u8; 2] = [0x15, 0x03];

impl Plain {
    pub(super) fn new(below: Box<dyn Transport>) -> Self {
        Self {
            below,
            answered: false,
        }
    }
}

impl Transport for Plain {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.below.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.below.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let some = self.below.await_input(timeout)?;
        if !self.answered {
            self.answered = true;
            if self.below.buffers().input().starts_with(&TLS_ALERT) {
                let text = "the port speaks https: the URL must begin with https://";
                return Err(io::Error::other(text).into());
            }
            if !some {
                let text = "the connection was closed without an answer: if the port speaks https, the URL must begin \
                            with https://";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text).into());
            }
        }
        Ok(some)
    }

    fn is_open(&mut self) -> bool {
        self.below.is_open()
    }
}

/// A stream on top of a connection.
pub(super) trait Link: Read + Write + Send + Sync + 'static {
    /// The underlying connection.
    fn below(&mut self) -> &mut TransportAdapter<Box<dyn Transport>>;
}

impl Link for StreamOwned<ClientConnection, TransportAdapter<Box<dyn Transport>>> {
    fn below(&mut self) -> &mut TransportAdapter<Box<dyn Transport>> {
        &mut self.sock
    }
}

/// A connection over such a stream.
pub(super) struct OverStream<S> {
    stream: S,
    buffers: LazyBuffers,
    is_tls: bool,
}

impl<S> OverStream<S> {
    pub(super) fn new(stream: S, is_tls: bool, config: &Config) -> Self {
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Self {
            stream,
            buffers,
            is_tls,
        }
    }
}

impl<S> fmt::Debug for OverStream<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OverStream")
    }
}

impl<S: Link> Transport for OverStream<S> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.below().set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        self.stream.write_all(output)?;
        self.stream.flush()?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.below().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.below().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        self.is_tls
    }
}

/// Requests for a forwarding proxy: their first line holds the whole URL, and the proxy's credentials are added.
pub(super) struct Forwarding<B> {
    below: B,
    /// Text before the path.
    origin: String,
    authorization: Option<SecretString>,
    /// The next bytes written begin a request.
    begins: bool,
}

impl<B> Forwarding<B> {
    pub(super) fn new(below: B, proxy: &Proxy, target: &Uri) -> Self {
        let authority = target
            .authority()
            .map_or("", |authority| authority.as_str());
        Self {
            below,
            origin: format!("http://{authority}"),
            authorization: proxy.authorization().cloned(),
            begins: true,
        }
    }

    /// A request's head in the form for the proxy. None: it does not begin like a request.
    fn rewritten(&self, request: &[u8]) -> Option<Vec<u8>> {
        let end = memchr::memmem::find(request, b"\r\n")?;
        let line = std::str::from_utf8(&request[..end]).ok()?;
        let (method, rest) = line.split_once(' ')?;
        let mut head = format!("{method} {}{rest}\r\n", self.origin);
        if let Some(authorization) = &self.authorization {
            head.push_str("Proxy-Authorization: ");
            head.push_str(authorization.expose_secret());
            head.push_str("\r\n");
        }
        let mut head = head.into_bytes();
        head.extend_from_slice(&request[end + 2..]);
        Some(head)
    }
}

impl<B: Write> Write for Forwarding<B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.begins)
            && let Some(head) = self.rewritten(bytes)
        {
            self.below.write_all(&head)?;
        } else {
            self.below.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.below.flush()
    }
}

impl<B: Read> Read for Forwarding<B> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // After a response comes the next request.
        self.begins = true;
        self.below.read(into)
    }
}

impl Link for Forwarding<TransportAdapter<Box<dyn Transport>>> {
    fn below(&mut self) -> &mut TransportAdapter<Box<dyn Transport>> {
        &mut self.below
    }
}
