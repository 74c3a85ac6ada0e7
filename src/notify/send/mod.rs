//! Sends one message, and returns its outcome. Blocks: it is called on threads of their own.
//!
//! Layout:
//! - [`guard`]: which addresses may be sent to
//! - `mail`: mails
//! - `mask`: removes secrets from answers
//! - here: HTTP requests

pub mod guard;
mod mail;
pub(super) mod mask;

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use chrono::DateTime;
use secrecy::ExposeSecret as _;
use ureq::http::{HeaderMap, Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};
use url::Url;

use self::guard::Guard;
use self::mask::Mask;
use super::render::{HttpRequest, Outgoing};
use super::secrets::TargetSecrets;
use crate::config::NotificationConfig;
use crate::model::TargetSettings;

/// How much of an answer is read, in bytes: much more than the log keeps, so that no secret is cut before it is found.
const ANSWER_BYTES: u64 = 64 << 10;

/// Longest wait that a target may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Sends messages.
#[derive(Debug, Clone)]
pub struct Sender {
    guard: Guard,
    agent: Agent,
    timeout: Duration,
    /// Authorities to trust instead of the system's, as PEM.
    authorities: Option<std::sync::Arc<[u8]>>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Whether it was taken.
    pub outcome: Outcome,
    /// Status code of the answer.
    pub status: Option<u16>,
    /// The beginning of the answer, without secrets.
    pub answer: Option<String>,
    /// What went wrong, wholly or for some recipients.
    pub error: Option<String>,
    /// Recipients that have it, in this and earlier attempts.
    pub recipients: Vec<String>,
}

/// Whether a message was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was.
    Taken,
    /// It was not, and may be later; after this time, if the target said so.
    Later(Option<Duration>),
    /// It was not and never will be.
    Refused,
    /// The target says that it no longer exists.
    Gone,
}

impl Sent {
    fn failed(outcome: Outcome, error: impl Into<String>) -> Self {
        Self {
            outcome,
            status: None,
            answer: None,
            error: Some(error.into()),
            recipients: Vec::new(),
        }
    }
}

impl Sender {
    /// Sends as configured.
    ///
    /// # Errors
    /// The file of authorities cannot be used.
    pub fn new(config: &NotificationConfig, guard: Guard) -> Result<Self, String> {
        let timeout = Duration::from_secs(config.timeout_seconds);
        let authorities = config.ca_file.as_deref().map(read).transpose()?;
        let roots = match &authorities {
            Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
            None => RootCerts::PlatformVerifier,
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect may lead anywhere.
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(timeout))
            .user_agent(concat!("playback/", env!("CARGO_PKG_VERSION")))
            // An address is checked with each connection.
            .max_idle_connections(0)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Ok(Self {
            agent: Agent::with_parts(agent, DefaultConnector::default(), guard.clone()),
            guard,
            timeout,
            authorities: authorities.map(Into::into),
        })
    }

    /// Which addresses it sends to.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a message; blocks. `have` are the recipients that have it already, `now_us` is the time by the collector's clock.
    #[must_use]
    pub fn send(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
        message: &Outgoing,
        have: &[String],
        now_us: i64,
    ) -> Sent {
        let mut sent = match message {
            Outgoing::Http(request) => self.request(request, now_us),
            Outgoing::Mail(mail) => self.mail(settings, secrets, mail, have),
        };
        // A target may repeat what it was sent.
        let mask = Mask::new(settings, secrets).with(secrets, message);
        for text in [&mut sent.answer, &mut sent.error].into_iter().flatten() {
            *text = mask.applied(text);
        }
        sent
    }

    fn request(&self, request: &HttpRequest, now_us: i64) -> Sent {
        let mut builder = ureq::http::Request::builder()
            .method(request.method)
            .uri(request.url.expose_secret());
        for (name, value) in &request.headers {
            builder = builder.header(name, value.expose_secret());
        }
        let built = match builder.body(request.body.expose_secret()) {
            Ok(built) => built,
            Err(error) => {
                return Sent::failed(Outcome::Refused, format!("it is no request: {error}"));
            }
        };
        match self.agent.run(built) {
            Ok(answer) => judged(answer, now_us),
            Err(error) => Sent::failed(Outcome::Later(None), in_words(&error, self.timeout)),
        }
    }
}

fn in_words(error: &ureq::Error, timeout: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("there was no answer within {} s", timeout.as_secs()),
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn judged(mut answer: Response<Body>, now_us: i64) -> Sent {
    let status = answer.status();
    let elsewhere = redirected(answer.headers());
    let wait = retry_after(answer.headers(), now_us);
    let mut bytes = Vec::new();
    // An answer that breaks off is an answer, and the status says what it means.
    let _ = answer
        .body_mut()
        .as_reader()
        .take(ANSWER_BYTES)
        .read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    let (outcome, error) = match status.as_u16() {
        200..=299 => (Outcome::Taken, None),
        410 => (
            Outcome::Gone,
            Some("the target says that it no longer exists (410)".to_owned()),
        ),
        300..=399 => {
            let to = elsewhere.map(|origin| format!(" to {origin}"));
            let to = to.unwrap_or_default();
            let text = format!(
                "it redirects{to} ({status}), and redirects are not followed: set the address itself"
            );
            (Outcome::Later(None), Some(text))
        }
        // The message itself is what is wrong.
        400 | 413 | 415 | 422 => (
            Outcome::Refused,
            Some(format!("the target refuses this message ({status})")),
        ),
        _ => (
            Outcome::Later(wait),
            Some(format!("the target answered {status}")),
        ),
    };
    Sent {
        outcome,
        status: Some(status.as_u16()),
        answer: Some(text).filter(|text| !text.is_empty()),
        error,
        recipients: Vec::new(),
    }
}

/// Scheme, host and port of the address to which an answer redirects; none if it names none. The rest of such an address
/// repeats that of the request, which is secret.
fn redirected(headers: &HeaderMap) -> Option<String> {
    let to = headers.get(header::LOCATION)?.to_str().ok()?;
    let origin = Url::parse(to).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// The pause that the target asks for: seconds, or until a date.
fn retry_after(headers: &HeaderMap, now_us: i64) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until_us = DateTime::parse_from_rfc2822(text).ok()?.timestamp_micros();
            Duration::from_micros(u64::try_from(until_us.saturating_sub(now_us)).unwrap_or(0))
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file)
        .map_err(|error| format!("notifications.ca_file: {}: {error}", file.display()))
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        let item = item.map_err(|error| format!("notifications.ca_file: {error}"))?;
        if let PemItem::Certificate(certificate) = item {
            certificates.push(certificate);
        }
    }
    match certificates.is_empty() {
        true => Err("notifications.ca_file: it holds no certificate".to_owned()),
        false => Ok(certificates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_wait_is_named_in_seconds_or_by_its_end() {
        // 2026-01-20, 10 o'clock.
        let wait =
            |text: &str| retry_after(&headers(header::RETRY_AFTER, text), 1_768_903_200_000_000);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("86400"), Some(LONGEST_WAIT));
        let within = wait("Tue, 20 Jan 2026 10:05:00 GMT");
        assert_eq!(within, Some(Duration::from_secs(300)));
        assert_eq!(wait("Tue, 20 Jan 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("Wed, 21 Jan 2026 10:00:00 GMT"), Some(LONGEST_WAIT));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn a_redirect_is_told_by_its_host_alone() {
        let to = |text: &str| redirected(&headers(header::LOCATION, text));
        let elsewhere = to("https://hooks.example.org:8443/services/SECRET?key=SECRET#SECRET");
        assert_eq!(elsewhere.unwrap(), "https://hooks.example.org:8443");
        let login = to("https://SECRET:SECRET@hooks.example.org/");
        assert_eq!(login.unwrap(), "https://hooks.example.org");
        for text in [
            "/services/SECRET/",
            "SECRET",
            "mailto:SECRET",
            "data:SECRET",
        ] {
            assert_eq!(to(text), None, "{text}");
        }
    }
}
