//! Sends one message, and says what came of it. Blocks: it is called on threads of their own.
//!
//! Layout:
//! - [`guard`]: which addresses may be sent to
//! - `mail`: mails
//! - here: HTTP requests

pub mod guard;
mod mail;

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use ureq::http::{Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};

use self::guard::Guard;
use super::render::{HttpRequest, Outgoing};
use super::secrets::TargetSecrets;
use crate::config::NotificationConfig;
use crate::model::TargetSettings;

/// How much of an answer is kept, in bytes.
const ANSWER_BYTES: u64 = 2 << 10;

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
    /// The beginning of the answer.
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
    /// The target says that it does not exist any more.
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

    /// Sends a message; blocks. `have` are the recipients that have it already.
    #[must_use]
    pub fn send(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
        message: &Outgoing,
        have: &[String],
    ) -> Sent {
        let mut sent = match message {
            Outgoing::Http(request) => self.request(request),
            Outgoing::Mail(mail) => self.mail(settings, secrets, mail, have),
        };
        // A target may repeat what it was sent.
        for text in [&mut sent.answer, &mut sent.error].into_iter().flatten() {
            *text = without_secrets(text, secrets);
        }
        sent
    }

    fn request(&self, request: &HttpRequest) -> Sent {
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
            Ok(answer) => judged(answer),
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

fn judged(mut answer: Response<Body>) -> Sent {
    let status = answer.status();
    let location = answer.headers().get(header::LOCATION).cloned();
    let wait = answer.headers().get(header::RETRY_AFTER).cloned();
    let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
    let wait = wait.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
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
            Some("the target says that it is gone for good (410)".to_owned()),
        ),
        300..=399 => {
            let to = location.as_ref().and_then(|to| to.to_str().ok());
            let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
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

/// A text in which no secret is.
fn without_secrets(text: &str, secrets: &TargetSecrets) -> String {
    let single = [&secrets.url, &secrets.token, &secrets.password];
    let single = single.into_iter().flatten();
    let all = single
        .chain(secrets.headers.values())
        .chain(&secrets.signing);
    all.map(SecretString::expose_secret)
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
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
