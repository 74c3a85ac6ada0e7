//! Request bodies, with time limits, and response bodies, whose end is noted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::connections::{Connection, closed};

/// Minimum average rate of a body in bytes per second: a modem is faster.
const SLOWEST: u64 = 256;

/// Extra time for a body, as a multiple of the longest pause that it may make.
const GRACE: u32 = 3;

/// A request's body arrived too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come within the time that it may take")]
pub(crate) struct TooSlow;

/// A request's body.
pub(super) struct RequestBody {
    body: Body,
    connection: Arc<Connection>,
    /// Longest time without a byte.
    patience: Duration,
    begun: Instant,
    latest: Instant,
    received: u64,
    timer: Option<Pin<Box<Sleep>>>,
    is_ended: bool,
}

impl RequestBody {
    pub(super) fn new(body: Body, connection: Arc<Connection>, patience: Duration) -> Self {
        let now = Instant::now();
        Self {
            body,
            connection,
            patience,
            begun: now,
            latest: now,
            received: 0,
            timer: None,
            is_ended: false,
        }
    }

    fn deadline(&self) -> Instant {
        let at_the_slowest = self.begun + Duration::from_secs(self.received / SLOWEST);
        (at_the_slowest + GRACE * self.patience).min(self.latest + self.patience)
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(context);
        match polled {
            Poll::Ready(frame) => {
                match &frame {
                    Some(Ok(frame)) => {
                        let bytes = frame.data_ref().map_or(0, Bytes::len);
                        this.received += bytes as u64;
                        this.latest = Instant::now();
                    }
                    Some(Err(_)) => {}
                    None => this.is_ended = true,
                }
                Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
            }
            Poll::Pending => {
                let deadline = this.deadline();
                let timer = this
                    .timer
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
                if timer.as_mut().poll(context).is_ready() {
                    closed("slow_body");
                    return Poll::Ready(Some(Err(TooSlow.into())));
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.is_ended && !http_body::Body::is_end_stream(&self.body) {
            self.connection.left_unread();
        }
    }
}

/// A response body: when it is dropped, the request is over.
pub(super) struct AnswerBody {
    body: Body,
    connection: Arc<Connection>,
}

impl AnswerBody {
    pub(super) fn new(body: Body, connection: Arc<Connection>) -> Self {
        Self { body, connection }
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.connection.request_ended();
    }
}
