//! One exchange with the collector: a batch (or nothing) is sent, an answer comes back.
//!
//! Answers are only classified here; `delivery` decides what they mean for a spool. No message holds the token.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use playback_wire::{BATCH_CONTENT_TYPE, Producer, RUN_KEY_HEADER, TIME_HEADER};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use ureq::http::{HeaderValue, Response, StatusCode, header};
use ureq::{Agent, Body};
use uuid::Uuid;

use crate::clock::RunClock;
use crate::config::{ConfigError, SenderConfig};
use crate::key::RunKey;
use crate::net::proxy::{NO_PORT, port_of};
use crate::net::{Proxy, Way};
use crate::resolver::CachingResolver;
use crate::secret::read_secret;

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Buffer size of a connection, in bytes. Answers are small, and the client library's own buffers would be mapped and
/// unmapped with each exchange.
const INPUT_BUFFER_BYTES: usize = 8 << 10;
const OUTPUT_BUFFER_BYTES: usize = 32 << 10;

/// The prefix of the token in the Authorization header.
const BEARER: &str = "Bearer ";

/// The longest message of the collector that is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// The longest wait that a collector may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A header that the collector sets on each of its answers, to distinguish them from those of proxies.
pub const COLLECTOR_HEADER: &str = "playback-collector";

/// A header in which the collector tells its address for browsers, if it has one of its own.
pub const ADDRESS_HEADER: &str = "playback-address";

/// The longest such address that is kept, in bytes.
const MAX_ADDRESS_BYTES: usize = 1000;

/// The collector's answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Everything up to this number is stored.
    Acked(u64),
    /// The batch does not follow what is stored, which ends with this number.
    Resume(u64),
    /// The batch is too large for the collector.
    TooLarge(String),
    /// The batch is too large for a proxy on the way to the collector.
    TooLargeOnTheWay(TemporaryFailure),
    /// The collector itself refuses it, and a retry cannot help.
    Refused(Refusal),
    /// A retry may succeed.
    Failed(TemporaryFailure),
}

/// A refusal in the collector's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Why, for a person.
    pub(crate) message: String,
    /// Another token may be accepted.
    pub(crate) about_token: bool,
}

impl Refusal {
    /// A refusal because of the spool itself.
    pub(crate) fn of_spool(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            about_token: false,
        }
    }
}

/// A temporary failure.
#[derive(Debug, Clone)]
pub(crate) struct TemporaryFailure {
    /// The problem, for a person.
    pub(crate) message: String,
    /// How long the collector asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the collector is there: it answered, though not as expected.
    pub(crate) answered: bool,
    /// The problem is on this machine, and concerns this spool alone.
    pub(crate) local: bool,
}

impl TemporaryFailure {
    /// The collector was not reached, or did not finish its answer.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry_after: None,
            answered: false,
            local: false,
        }
    }

    /// A problem on this machine.
    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self {
            local: true,
            ..Self::unreachable(message)
        }
    }

    /// The collector answered, but without success.
    pub(crate) fn answered(message: impl Into<String>) -> Self {
        Self {
            answered: true,
            ..Self::unreachable(message)
        }
    }
}

/// The execution and the producer of the events that are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) execution: Uuid,
    pub(crate) producer: Producer,
    /// Name of the producer's sequence, plain enough for a URL: a second process with the same identity by mistake is
    /// refused, not mixed in.
    pub(crate) instance: Option<&'a str>,
    /// The run's key: without it, the collector accepts nothing for a run that has one.
    pub(crate) key: Option<&'a RunKey>,
    /// The producer is dead: this is no sign of life.
    pub(crate) adopted: bool,
}

impl Origin<'_> {
    /// Where its events go, below `base`.
    fn url(&self, base: &str) -> String {
        let mut url = format!(
            "{base}/api/v1/ansible/ingest/{}/{}",
            self.execution,
            self.producer.as_str()
        );
        let mut separator = '?';
        if let Some(instance) = self.instance {
            url.push(separator);
            url.push_str("instance=");
            url.push_str(instance);
            separator = '&';
        }
        if self.adopted {
            url.push(separator);
            url.push_str("adopted=true");
        }
        url
    }
}

/// The receiver of a spool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addressee<'c> {
    /// The collector's URL.
    pub(crate) url: &'c str,
    /// A hash of the URL and the token.
    pub(crate) credential: &'c str,
}

/// Talks to one collector over a persistent connection.
pub(crate) struct Client {
    agent: Agent,
    resolver: CachingResolver,
    /// The proxy, for people.
    proxy: Option<String>,
    base: String,
    token: Option<SecretString>,
    /// Where the token comes from, if it may change.
    token_file: Option<PathBuf>,
    /// Where the token was found, in words.
    token_from: Option<String>,
    /// Identifies these credentials without revealing them.
    credential: String,
    compressor: zstd::bulk::Compressor<'static>,
    compressed: Vec<u8>,
    clock: Option<RunClock>,
    /// The collector's address for browsers, as it last told.
    address: Option<String>,
}

impl Client {
    /// Checks the configuration; connects to nothing.
    pub(crate) fn new(config: &SenderConfig) -> Result<Self, ConfigError> {
        let token = config.token.as_ref().and_then(filled);
        token.as_ref().map(bearer).transpose()?;
        let base = base_url(&config.url)?;
        let user_agent = HeaderValue::from_str(&config.user_agent)
            .ok()
            .and_then(|value| value.to_str().map(str::to_owned).ok())
            .ok_or(ConfigError::UserAgent)?;
        let agent_config = Agent::config_builder()
            // Proxies are handled by our own connector; by default the library would read the environment.
            .proxy(None)
            .timeout_connect(Some(config.connect_timeout))
            .timeout_resolve(Some(config.connect_timeout))
            .timeout_global(Some(config.request_timeout))
            .max_idle_age(config.heartbeat * 3)
            .input_buffer_size(INPUT_BUFFER_BYTES)
            .output_buffer_size(OUTPUT_BUFFER_BYTES)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(user_agent)
            .build();
        let url = base
            .parse()
            .map_err(|_| ConfigError::Url("is not a URL; it looks like http://host:8080"))?;
        let way = Way::to(&url, &config.proxies, config.ca_file.as_deref())?;
        let (agent, resolver) = way.agent_and_resolver(agent_config);
        let compressor = zstd::bulk::Compressor::new(config.compression_level)
            .map_err(ConfigError::Compression)?;
        Ok(Self {
            agent,
            resolver,
            proxy: way.proxy().map(Proxy::shown),
            credential: credential(&base, token.as_ref()),
            base,
            token,
            token_file: config.token_file.clone(),
            token_from: config.token_from.clone(),
            compressor,
            compressed: Vec::new(),
            clock: config.clock,
            address: None,
        })
    }

    /// Sends a batch; an empty one asks for the collector's position, and is a sign of life.
    pub(crate) fn send(&mut self, origin: &Origin<'_>, lines: &[u8]) -> Answer {
        self.compressed.clear();
        if !lines.is_empty() {
            self.compressed
                .reserve(zstd::zstd_safe::compress_bound(lines.len()));
            // Compressed in one call, so that the size is known and put into the frame's header: the collector then
            // refuses a batch that is too large before expanding it.
            if let Err(error) = self
                .compressor
                .compress_to_buffer(lines, &mut self.compressed)
            {
                return Answer::Failed(TemporaryFailure::unreachable(format!("zstd: {error}")));
            }
        }
        let mut answer = self.post(origin, lines.is_empty());
        if let Answer::Refused(Refusal {
            about_token: true, ..
        }) = &answer
            && self.has_another_token()
        {
            answer = self.post(origin, lines.is_empty());
        }
        // A user with several tokens must know which one to replace.
        if let (
            Answer::Refused(Refusal {
                about_token: true,
                message,
            }),
            Some(from),
        ) = (&mut answer, &self.token_from)
        {
            message.push_str(&format!(" (the token is that of {from})"));
        }
        answer
    }

    /// An error's message without the URL.
    fn describe(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::BadUri(_) => "the collector's URL cannot be used".into(),
            ureq::Error::HostNotFound => match &self.proxy {
                Some(proxy) => format!("the host name of {proxy} is not known"),
                None => "the collector's host name is not known".into(),
            },
            ureq::Error::Timeout(phase) => match &self.proxy {
                Some(proxy) => format!("no answer in time through {proxy} ({phase})"),
                None => format!("no answer in time ({phase})"),
            },
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        }
    }

    /// The collector, and a hash of the credentials that it sees.
    pub(crate) fn addressee(&self) -> Addressee<'_> {
        Addressee {
            url: &self.base,
            credential: &self.credential,
        }
    }

    /// The collector's address for browsers, if it told one.
    pub(crate) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Tokens are renewed during a run: whether the file holds another one by now, which is then used.
    fn has_another_token(&mut self) -> bool {
        let read = self.token_file.as_ref().map(|file| read_secret(file));
        let Some(other) = read.and_then(|read| filled(&read.ok()?)) else {
            return false;
        };
        let is_known = self
            .token
            .as_ref()
            .is_some_and(|known| known.expose_secret() == other.expose_secret());
        if is_known || bearer(&other).is_err() {
            return false;
        }
        self.credential = credential(&self.base, Some(&other));
        self.token = Some(other);
        true
    }

    /// Sends the compressed batch.
    fn post(&mut self, origin: &Origin<'_>, empty: bool) -> Answer {
        let mut request = self
            .agent
            .post(origin.url(&self.base))
            .header(header::CONTENT_TYPE, BATCH_CONTENT_TYPE);
        if !empty {
            request = request.header(header::CONTENT_ENCODING, "zstd");
        }
        if let Some(clock) = self.clock
            && !origin.adopted
        {
            request = request.header(TIME_HEADER, clock.now_us().to_string());
        }
        // A token that cannot stand in a header was refused before.
        if let Some(authorization) = self.token.as_ref().and_then(|token| bearer(token).ok()) {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        // Hexadecimal digits are always a valid header value.
        if let Some(mut key) = origin
            .key
            .and_then(|key| HeaderValue::from_str(key.expose()).ok())
        {
            key.set_sensitive(true);
            request = request.header(RUN_KEY_HEADER, key);
        }
        match request.send(&self.compressed[..]) {
            Ok(response) => {
                self.address = told_address(&response);
                read_answer(response)
            }
            Err(error) => {
                // The address may have changed.
                self.resolver.forget();
                Answer::Failed(TemporaryFailure::unreachable(self.describe(&error)))
            }
        }
    }
}

/// The token without spaces around it; none if it is empty.
fn filled(token: &SecretString) -> Option<SecretString> {
    let token = token.expose_secret().trim();
    (!token.is_empty()).then(|| token.into())
}

/// The Authorization header for a token.
fn bearer(token: &SecretString) -> Result<HeaderValue, ConfigError> {
    let text = Zeroizing::new(format!("{BEARER}{}", token.expose_secret()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| ConfigError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A hash of URL and token: enough to recognise them, but not to learn them.
fn credential(base: &str, token: Option<&SecretString>) -> String {
    let mut hash = Sha256::new();
    hash.update(base.as_bytes());
    hash.update([0]);
    if let Some(token) = token {
        // The whole header, as in the notes that earlier versions left beside refused spools.
        hash.update(BEARER);
        hash.update(token.expose_secret());
    }
    let hash = hash.finalize();
    hash[..16].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Client {
    /// Why the collector says that it is not ready, and its clock's time.
    pub(crate) fn readiness(&self) -> (Option<String>, Option<String>) {
        let Ok(response) = self.agent.get(format!("{}/readyz", self.base)).call() else {
            return (None, None);
        };
        let date = response.headers().get(header::DATE);
        let date = date.and_then(|value| value.to_str().ok().map(str::to_owned));
        let not_ready = match read_answer(response) {
            Answer::Failed(trouble) if trouble.message.starts_with("503") => Some(trouble.message),
            _ => None,
        };
        (not_ready, date)
    }
}

/// An answer's body: `{"acked": n}` or `{"error": {"code": …, "message": …}}`, where a gap's answer
/// may hold both, on either level.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnswerBody {
    acked: Option<u64>,
    error: Option<ErrorBody>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    acked: Option<u64>,
}

/// The code of a refusal that no token changes: the run belongs to another owner.
const NOT_YOURS: &str = "not_yours";

/// The collector's address for browsers; none if it tells no usable one.
fn told_address(response: &Response<Body>) -> Option<String> {
    let told = response.headers().get(ADDRESS_HEADER)?.to_str().ok()?;
    base_url(told)
        .ok()
        .filter(|address| address.len() <= MAX_ADDRESS_BYTES)
}

fn read_answer(mut response: Response<Body>) -> Answer {
    let status = response.status();
    let headers = response.headers();
    let is_ours = headers.contains_key(COLLECTOR_HEADER);
    let retry_after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    let mut text = Vec::new();
    let body = response.body_mut().as_reader().take(MAX_ANSWER_BYTES);
    if let Err(error) = { body }.read_to_end(&mut text) {
        return Answer::Failed(TemporaryFailure::unreachable(format!(
            "the answer broke off: {error}"
        )));
    }
    let body: AnswerBody = serde_json::from_slice(&text).unwrap_or_default();
    let error = body.error.unwrap_or_default();
    match (status, body.acked.or(error.acked)) {
        (StatusCode::OK, Some(acked)) => return Answer::Acked(acked),
        (StatusCode::CONFLICT, Some(acked)) => return Answer::Resume(acked),
        _ => {}
    }
    let (code, message) = (error.code.unwrap_or_default(), error.message);
    // What stands between us and the collector has answers of its own: an ingress, a login, a firewall, some of them with
    // errors in the same shape. Only an answer of the collector itself can be final, and all of them have the header.
    let Some(message) = message.filter(|_| is_ours) else {
        let what = match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                "the proxy asks for another user and password than it was given"
            }
            _ => "what answers is not a Playback collector",
        };
        let trouble = TemporaryFailure {
            retry_after,
            ..TemporaryFailure::unreachable(format!("{status}: {what}"))
        };
        return match status {
            StatusCode::PAYLOAD_TOO_LARGE => Answer::TooLargeOnTheWay(trouble),
            _ => Answer::Failed(trouble),
        };
    };
    let message: String = message.chars().take(MAX_MESSAGE_CHARS).collect();
    let message = format!(
        "{}: {}",
        status.as_u16(),
        message.replace(['\r', '\n'], " ")
    );
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Answer::TooLarge(message),
        // The collector does not know the path: the URL may be corrected, and nothing is wrong with the spool.
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Answer::Failed(TemporaryFailure::answered(message))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Failed(TemporaryFailure {
                retry_after,
                ..TemporaryFailure::answered(message)
            })
        }
        status if status.is_client_error() => Answer::Refused(Refusal {
            message,
            about_token: matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                && code != NOT_YOURS,
        }),
        _ => Answer::Failed(TemporaryFailure {
            retry_after,
            ..TemporaryFailure::answered(message)
        }),
    }
}

/// The URL without its trailing slash.
fn base_url(url: &str) -> Result<String, ConfigError> {
    let url = url.trim().trim_end_matches('/');
    let uri: ureq::http::Uri = url
        .parse()
        .map_err(|_| ConfigError::Url("is not a URL; it looks like http://host:8080"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(ConfigError::Url("must begin with http:// or https://"));
    }
    let authority = uri.authority().map(|authority| authority.as_str());
    match authority {
        None | Some("") => Err(ConfigError::Url("names no host")),
        // It would appear in every message that names the URL.
        Some(authority) if authority.contains('@') => Err(ConfigError::Url(
            "must not hold a user name or a password; use a token",
        )),
        Some(_) if uri.query().is_some() => Err(ConfigError::Url("must not hold a query")),
        Some(_) if port_of(&uri).is_none() => Err(NO_PORT),
        Some(_) => Ok(url.to_owned()),
    }
}
