//! One client's socket, with time limits: a request head must arrive and a response must be read in time, or the
//! connection ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::connections::{Admitted, Phase, closed};

/// How long the rest of a body is discarded after its request was answered. Closing at once would lose the answer
/// before the client has seen it.
const LINGER: Duration = Duration::from_secs(2);

/// How much of it is discarded: for an authenticated client, and for others.
const LINGER_BYTES: [usize; 2] = [playback_wire::MAX_BATCH_BYTES, 4 << 20];

/// Time limits for a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// For a request's head.
    pub(super) head: Duration,
    /// Until the next request.
    pub(super) idle: Duration,
    /// To read some part of a response.
    pub(super) write: Duration,
}

pub(super) struct LimitedIo {
    stream: TcpStream,
    admitted: Admitted,
    times: Times,
    reading: Reading,
    /// Timer that runs while the client reads nothing.
    writing: Option<Pin<Box<Sleep>>>,
    is_stuck: bool,
    /// A response of ours, and how much of it is written.
    refusal: Option<(String, usize)>,
    linger: Option<(Pin<Box<Sleep>>, usize)>,
}

/// Progress of the next request's head.
struct Reading {
    timer: Option<Pin<Box<Sleep>>>,
    /// The wait that the timer belongs to.
    turn: Option<u64>,
    /// Whether any part of the head arrived.
    has_begun: bool,
}

impl LimitedIo {
    pub(super) fn new(stream: TcpStream, admitted: Admitted, times: Times) -> Self {
        Self {
            stream,
            admitted,
            times,
            reading: Reading {
                timer: None,
                turn: None,
                has_begun: false,
            },
            writing: None,
            is_stuck: false,
            refusal: None,
            linger: None,
        }
    }

    /// Fails once the client has read nothing for too long.
    fn check_stuck(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if !self.is_stuck {
            return Ok(());
        }
        if let Some(timer) = &mut self.writing
            && timer.as_mut().poll(context).is_ready()
        {
            closed("slow_reader");
            tracing::info!(
                seconds = self.times.write.as_secs(),
                "a client that does not read its answer or stream is cut off"
            );
            self.is_stuck = false;
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.is_stuck = false;
            return written;
        }
        if !self.is_stuck {
            self.is_stuck = true;
            let deadline = Instant::now() + self.times.write;
            match &mut self.writing {
                Some(timer) => timer.as_mut().reset(deadline),
                None => self.writing = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
        }
        self.check_stuck(context)?;
        Poll::Pending
    }

    /// Writes our response in place of the empty one.
    fn write_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((text, done)) = &mut self.refusal {
            let written = Pin::new(&mut self.stream).poll_write(context, &text.as_bytes()[*done..]);
            *done += ready!(written)?;
            if *done == text.len() {
                break;
            }
        }
        self.refusal = None;
        Poll::Ready(Ok(()))
    }
}

/// An error response in the usual shape, before there is a request that a handler could answer.
pub(super) fn refusal(status: &str, code: &str, message: &str) -> String {
    let body = json!({ "error": { "code": code, "message": message } }).to_string();
    let retry = if status.starts_with("503") {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{retry}\
         {}: 1\r\nconnection: close\r\n\r\n{body}",
        body.len(),
        playback_spool::COLLECTOR_HEADER,
    )
}

/// The response that replaces the empty one for an unreadable head.
fn instead_of(answer: &[u8]) -> Option<String> {
    let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    if !answer
        .windows(b"content-length: 0\r\n".len())
        .any(|part| part == b"content-length: 0\r\n")
    {
        return None;
    }
    match status {
        b"400" => Some(refusal(
            "400 Bad Request",
            "bad_request",
            "this is no HTTP request: is it HTTPS, sent to a port that speaks HTTP?",
        )),
        b"414" => Some(refusal(
            "414 URI Too Long",
            "too_large",
            "the address of the request is too long",
        )),
        b"431" => Some(refusal(
            "431 Request Header Fields Too Large",
            "too_large",
            "the head of the request is too large: send fewer or shorter header fields",
        )),
        _ => None,
    }
}

impl AsyncRead for LimitedIo {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_stuck(context)?;
        let connection = &this.admitted.0;
        if connection.phase() != Phase::Waiting {
            // The time limit for the next request begins when this one is answered.
            connection.wake_reader(context);
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let reading = &mut this.reading;
        let turn = connection.turn();
        let restart = |timer: &mut Option<Pin<Box<Sleep>>>, wait: Duration| {
            let deadline = Instant::now() + wait;
            match timer {
                Some(timer) => timer.as_mut().reset(deadline),
                None => *timer = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
        };
        if reading.turn != Some(turn) {
            // The first request of a connection is due at once.
            let wait = match reading.turn {
                None => this.times.head,
                Some(_) => this.times.idle,
            };
            reading.turn = Some(turn);
            reading.has_begun = false;
            restart(&mut reading.timer, wait);
        }
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) {
            if buffer.filled().len() > before && !reading.has_begun {
                reading.has_begun = true;
                restart(&mut reading.timer, this.times.head);
            }
            return Poll::Ready(read);
        }
        if let Some(timer) = &mut reading.timer {
            ready!(timer.as_mut().poll(context));
        }
        if reading.has_begun {
            closed("slow_head");
            let text = refusal(
                "408 Request Timeout",
                "timeout",
                "the head of the request did not come within the time that it may take",
            );
            // It does not matter if not all of it fits: the connection ends.
            let _ = this.stream.try_write(text.as_bytes());
        } else {
            closed("idle");
        }
        // As if the client had closed it.
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LimitedIo {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // A response without a request means that the head could not be read.
        if this.refusal.is_none()
            && this.admitted.0.phase() == Phase::Waiting
            && let Some(first) = data.iter().find(|part| !part.is_empty())
            && let Some(text) = instead_of(first)
        {
            closed("bad_head");
            this.admitted.0.left_unread();
            this.refusal = Some((text, 0));
        }
        if this.refusal.is_some() {
            let all = data.iter().map(|part| part.len()).sum();
            let written = this.write_refusal(context).map_ok(|()| all);
            return this.written(written, context);
        }
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, data);
        this.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            let connection = &this.admitted.0;
            if !connection.has_unread() {
                return Poll::Ready(Ok(()));
            }
            let most = LINGER_BYTES[usize::from(!connection.was_known())];
            this.linger = Some((Box::pin(tokio::time::sleep(LINGER)), most));
        }
        let Some((timer, left)) = &mut this.linger else {
            return Poll::Ready(Ok(()));
        };
        let mut scratch = [0; 16 << 10];
        while *left > 0 && timer.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer)) {
                Ok(()) if buffer.filled().is_empty() => break,
                Ok(()) => *left = left.saturating_sub(buffer.filled().len()),
                Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_refusals_are_replaced() {
        let empty = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
                      content-length: 0\r\n\r\n";
        let ours = instead_of(empty).unwrap();
        assert!(ours.starts_with("HTTP/1.1 431 ") && ours.contains("too_large"));
        assert_eq!(
            instead_of(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n"),
            None
        );
        assert_eq!(
            instead_of(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"),
            None
        );
        assert_eq!(instead_of(b"HTTP"), None);
    }
}
