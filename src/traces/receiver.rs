//! One request to the receiver, and what its answer means.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use chrono::DateTime;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use playback_spool::net::Way;
use prost::Message as _;
use secrecy::ExposeSecret as _;
use tokio::sync::oneshot;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use ureq::{Agent, Body};

use super::attributes::Attributes;
use crate::clock::Clock;
use crate::config::{Compression, TracesConfig};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// How much of an answer is read, in bytes.
const ANSWER_BYTES: u64 = 64 << 10;

/// How much of an answer is reported, in characters.
const TOLD: usize = 300;

/// The receiver cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// The address.
    #[error("traces.endpoint = {0:?} is no address")]
    Address(String),
    /// A header.
    #[error("traces.headers: {0:?} cannot be a header, or its value cannot")]
    Header(String),
    /// Certificates or a proxy.
    #[error("traces: {0}")]
    Way(String),
}

/// Sends spans; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Receiver {
    agent: Agent,
    address: String,
    headers: HeaderMap,
    compression: Compression,
    resource: Resource,
    clock: Clock,
}

/// The outcome of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The spans were taken, all but this many.
    Taken { rejected: u64, why: String },
    /// They are to be sent again: after a time that the receiver named, if it did.
    Later {
        after: Option<Duration>,
        why: String,
        /// Whether others would fare no better now: it is away, or asks for a pause.
        for_all: bool,
    },
    /// They are never taken.
    Refused { why: String },
}

impl Receiver {
    /// The receiver that is configured; none: no traces are sent.
    pub(super) fn new(config: &TracesConfig, clock: Clock) -> Result<Option<Self>, ReceiverError> {
        let Some(address) = config.address() else {
            return Ok(None);
        };
        let uri: Uri = address
            .parse()
            .map_err(|_| ReceiverError::Address(address.clone()))?;
        let way = Way::to(&uri, &config.proxies, config.ca_file.as_deref());
        let way = way.map_err(|error| ReceiverError::Way(error.to_string()))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let wrong = || ReceiverError::Header(name.clone());
            let key = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
            let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let agent = Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(config.timeout()))
            .timeout_connect(Some(CONNECT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("playback/", env!("CARGO_PKG_VERSION")))
            .build();
        let mut attributes = Attributes::default();
        attributes
            .text("service.name", &config.service_name)
            .text("service.version", env!("CARGO_PKG_VERSION"));
        for (key, value) in &config.resource_attributes {
            attributes.text(key, value);
        }
        Ok(Some(Self {
            agent: way.agent(agent),
            address,
            headers,
            compression: config.compression,
            resource: Resource {
                attributes: attributes.finish(),
                ..Resource::default()
            },
            clock,
        }))
    }

    /// Sends spans, and waits for the answer. On a thread of its own: if it still waits when the collector ends, it
    /// delays nothing.
    pub(super) async fn send(&self, spans: Vec<Span>) -> Answer {
        let (told, answered) = oneshot::channel();
        let receiver = self.clone();
        let begun = std::thread::Builder::new()
            .name("traces".to_owned())
            .spawn(move || {
                // The caller may be gone.
                let _ = told.send(receiver.request(spans));
            });
        let trouble = |why: String| Answer::Later {
            after: None,
            why,
            for_all: true,
        };
        match begun {
            Err(error) => trouble(error.to_string()),
            Ok(_) => match answered.await {
                Ok(answer) => answer,
                Err(_) => trouble("the request broke off".to_owned()),
            },
        }
    }

    fn request(&self, spans: Vec<Span>) -> Answer {
        let body = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(InstrumentationScope {
                        name: "playback".to_owned(),
                        version: env!("CARGO_PKG_VERSION").to_owned(),
                        ..InstrumentationScope::default()
                    }),
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        let mut body = body.encode_to_vec();
        let mut request = self
            .agent
            .post(&self.address)
            .header(header::CONTENT_TYPE, "application/x-protobuf");
        if self.compression == Compression::Gzip {
            match zipped(&body) {
                Ok(smaller) => body = smaller,
                Err(error) => {
                    return Answer::Refused {
                        why: error.to_string(),
                    };
                }
            }
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match request.send(&body[..]) {
            Ok(answer) => self.read(answer),
            Err(error) => Answer::Later {
                after: None,
                why: error.to_string(),
                for_all: true,
            },
        }
    }

    fn read(&self, mut answer: Response<Body>) -> Answer {
        let status = answer.status();
        let after = retry_after(answer.headers(), self.clock.now_us());
        let mut body = Vec::new();
        // Without it, the status still tells enough.
        let reader = answer.body_mut().as_reader();
        let _ = reader.take(ANSWER_BYTES).read_to_end(&mut body);
        if status.is_success() {
            // A proxy's own answer is no message: the spans count as taken.
            let partly = ExportTraceServiceResponse::decode(&body[..]).ok();
            let partly = partly.and_then(|answer| answer.partial_success);
            let partly = partly.unwrap_or_default();
            return Answer::Taken {
                rejected: u64::try_from(partly.rejected_spans).unwrap_or(0),
                why: error_text(partly.error_message.as_bytes()),
            };
        }
        let why = match error_text(&body) {
            text if text.is_empty() => status.to_string(),
            text => format!("{status}: {text}"),
        };
        match meaning(status, after.is_some()) {
            Meaning::Refused => Answer::Refused { why },
            Meaning::Pause => Answer::Later {
                after,
                why,
                for_all: true,
            },
            Meaning::Again => Answer::Later {
                after,
                why,
                for_all: false,
            },
        }
    }
}

/// What a status means that is no success.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// It is asked again later, and nothing else is sent before.
    Pause,
    /// It is asked again later.
    Again,
    /// It is not asked again.
    Refused,
}

/// OTLP names 429, 502, 503 and 504 as those after which to ask again. Other failures of servers and 408 are tried again as
/// well: receivers answer 500 while what is behind them starts, and the same spans have the same identities. That may go
/// on for a day; one run does not hold up the others then.
fn meaning(status: StatusCode, has_pause: bool) -> Meaning {
    match status.as_u16() {
        429 | 502..=504 => Meaning::Pause,
        _ if has_pause => Meaning::Pause,
        408 | 500..=599 => Meaning::Again,
        _ => Meaning::Refused,
    }
}

/// The pause that the receiver asks for: seconds, or until a date.
fn retry_after(headers: &HeaderMap, now_us: i64) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until_us = DateTime::parse_from_rfc2822(text).ok()?.timestamp_micros();
            Duration::from_micros(u64::try_from(until_us.saturating_sub(now_us)).unwrap_or(0))
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

fn zipped(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut zip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(body)?;
    zip.finish()
}

/// The beginning of an answer, if it is text.
fn error_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let is_text = |c: char| !c.is_control() || c.is_whitespace();
    match text
        .chars()
        .all(|c| is_text(c) && c != char::REPLACEMENT_CHARACTER)
    {
        true => text.trim().chars().take(TOLD).collect(),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_to_ask_again() {
        for status in [429, 502, 503, 504] {
            assert_eq!(
                meaning(StatusCode::from_u16(status).unwrap(), false),
                Meaning::Pause
            );
        }
        for status in [408, 500, 501] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(meaning(status, false), Meaning::Again);
            assert_eq!(meaning(status, true), Meaning::Pause);
        }
        for status in [301, 400, 401, 403, 404, 413] {
            assert_eq!(
                meaning(StatusCode::from_u16(status).unwrap(), false),
                Meaning::Refused
            );
        }
    }

    #[test]
    fn a_pause_is_named_in_seconds_or_by_its_end() {
        let pause = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, 1_768_903_200_000_000)
        };
        assert_eq!(pause("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            pause("Tue, 20 Jan 2026 10:00:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(pause("Tue, 20 Jan 2026 09:00:30 GMT"), Some(Duration::ZERO));
        assert_eq!(pause("1000000"), Some(LONGEST_PAUSE));
        assert_eq!(pause("soon"), None);
    }
}
