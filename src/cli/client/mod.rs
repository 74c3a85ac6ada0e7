//! A client of the history API: blocking, JSON, and errors that name the next step.

pub(super) mod address;
mod args;

use std::fmt;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder, SendBody};
use uuid::Uuid;

pub(super) use args::{ClientArgs, Target};

use playback_spool::ADDRESS_HEADER;
use playback_spool::net::Way;

use super::environment;
use super::out::plain;
use crate::api::PREFIX;
use crate::model::Precondition;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How long to wait for an answer to begin, and for each further part of it.
const ANSWER: Duration = Duration::from_secs(120);

/// The largest error text that is read, in bytes.
const ERROR_BYTES: u64 = 64 << 10;

/// A client of one collector; cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    target: Target,
    way: Way,
    /// The collector's address for browsers, if an answer named one.
    address: Arc<OnceLock<String>>,
}

/// The collector refused a request.
#[derive(Debug)]
pub(super) struct Refused {
    /// The answer's status.
    pub(super) status: StatusCode,
    message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

impl Client {
    /// Checks the options; does not connect.
    pub(super) fn new(arguments: &ClientArgs) -> anyhow::Result<Self> {
        Self::to(arguments.target()?, None)
    }

    /// Like [`Self::new`]; each request fails after this time.
    pub(super) fn within(arguments: &ClientArgs, most: Duration) -> anyhow::Result<Self> {
        Self::to(arguments.target()?, Some(most))
    }

    /// For an explicit collector and token; `from` says where the token was found.
    pub(super) fn of(url: &str, token: Option<&SecretString>, from: &str) -> anyhow::Result<Self> {
        let target = Target {
            url: url.to_owned(),
            url_from: String::new(),
            token: token.cloned(),
            token_from: token.map(|_| from.to_owned()),
        };
        Self::to(target, None)
    }

    fn to(target: Target, most: Option<Duration>) -> anyhow::Result<Self> {
        if target
            .token
            .as_ref()
            .is_some_and(|token| bearer(token).is_none())
        {
            let from = target.token_from.as_deref().unwrap_or_default();
            return Err(anyhow!(
                "the token holds characters that no token has ({from})"
            ));
        }
        let uri = target
            .url
            .parse()
            .context("the collector's URL cannot be used")?;
        let way = Way::to(
            &uri,
            &playback_producer::environment::proxies(),
            environment::ca_file().as_deref(),
        )?;
        let config = Agent::config_builder()
            // Proxies are handled by our own transport; by default the library would read the environment.
            .proxy(None)
            .timeout_global(most)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("playback/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: way.agent(config),
            target,
            way,
            address: Arc::default(),
        })
    }

    /// The collector and token in use, and where each was found.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// The collector's URL.
    pub(super) fn url(&self) -> &str {
        &self.target.url
    }

    /// The address of a page of the collector; `path` begins with a slash. It is an address for browsers, if an answer
    /// named one.
    pub(super) fn page(&self, path: &str) -> String {
        let address = self.address.get().map_or(self.url(), String::as_str);
        format!("{address}{path}")
    }

    /// The address of a run's page.
    pub(super) fn page_of(&self, run: Uuid) -> String {
        self.page(&format!("/runs/{run}"))
    }

    /// Stores the address for browsers that an answer names.
    pub(super) fn note_address(&self, headers: &HeaderMap) {
        let told = headers.get(ADDRESS_HEADER);
        let told = told.and_then(|told| address::checked(told.to_str().ok()?).ok());
        if let Some(address) = told {
            // A second answer names the same address.
            let _ = self.address.set(address);
        }
    }

    /// The connection settings for the collector.
    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    /// The value of the Authorization header, created for each request.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        self.target.token.as_ref().and_then(bearer)
    }

    /// A response body, streamed.
    pub(super) fn read(
        &self,
        path: &str,
        query: &[(&'static str, String)],
    ) -> anyhow::Result<impl Read + use<>> {
        let mut request = self.agent.get(self.address(path));
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let query = query.iter().map(|(name, value)| (*name, value.as_str()));
        let answer = request.query_pairs(query).call();
        let answer = answer.map_err(|error| self.not_reached(&error))?;
        self.note_address(answer.headers());
        let status = answer.status();
        if status != StatusCode::OK {
            let text = error_text(answer);
            return Err(self.refused(status, &text));
        }
        let body = answer.into_body().into_with_config().limit(u64::MAX);
        Ok(body.reader())
    }

    /// A complete response body.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&'static str, String)],
    ) -> anyhow::Result<T> {
        self.understood(&self.get_bytes(path, query)?)
    }

    /// A complete response body, as bytes.
    pub(super) fn get_bytes(
        &self,
        path: &str,
        query: &[(&'static str, String)],
    ) -> anyhow::Result<Vec<u8>> {
        let mut text = Vec::new();
        let mut body = self.read(path, query)?;
        let whole = body.read_to_end(&mut text);
        whole.with_context(|| self.broke_off())?;
        Ok(text)
    }

    /// Sends a change once and returns the answer; anything but success is an error.
    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.change(self.agent.post(self.address(path)), body)
    }

    /// Like [`Self::post`], without a time limit on the answer.
    pub(super) fn post_and_wait<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        let request = self.agent.post(self.address(path)).config();
        let request = request.timeout_recv_response(None).timeout_per_read(None);
        self.change(request.build(), body)
    }

    /// Sends a file, without a time limit on the answer.
    pub(super) fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        media_type: &'static str,
        file: &mut impl Read,
        note: Option<&str>,
    ) -> anyhow::Result<T> {
        let request = self.agent.post(self.address(path)).config();
        let request = request.timeout_recv_response(None).timeout_per_read(None);
        let mut request = request
            .build()
            .header(header::CONTENT_TYPE, media_type)
            .query_pairs(note.map(|note| ("note", note)));
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let sent = request.send(SendBody::from_reader(file));
        self.answered(sent.map_err(|error| self.not_reached(&error))?)
    }

    /// Like [`Self::post`], with `PUT`.
    pub(super) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.change(self.agent.put(self.address(path)), body)
    }

    /// Sets something by its name if the precondition holds, with an optional note that gives the reason.
    pub(super) fn put_named<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        note: Option<&str>,
        precondition: Precondition,
    ) -> anyhow::Result<T> {
        let note = note.map(|note| ("note", note));
        let request = self.agent.put(self.address(path)).query_pairs(note);
        let request = match precondition {
            Precondition::Any => request,
            Precondition::IsNew => request.header(header::IF_NONE_MATCH, "*"),
            Precondition::Exists => request.header(header::IF_MATCH, "*"),
        };
        self.change(request, body)
    }

    /// Deletes something, with an optional note that gives the reason.
    pub(super) fn delete(&self, path: &str, note: Option<&str>) -> anyhow::Result<()> {
        let note = note.map(|note| ("note", note));
        let mut request = self.agent.delete(self.address(path)).query_pairs(note);
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let answer = request.call().map_err(|error| self.not_reached(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let text = error_text(answer);
        Err(self.refused(status, &text))
    }

    fn change<T: DeserializeOwned>(
        &self,
        mut request: RequestBuilder<WithBody>,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let answer = request
            .send_json(body)
            .map_err(|error| self.not_reached(&error))?;
        self.answered(answer)
    }

    /// The answer to a change.
    fn answered<T: DeserializeOwned>(&self, mut answer: Response<Body>) -> anyhow::Result<T> {
        self.note_address(answer.headers());
        let status = answer.status();
        if !status.is_success() {
            let text = error_text(answer);
            return Err(self.refused(status, &text));
        }
        let text = answer.body_mut().read_to_vec().with_context(|| {
            format!(
                "the answer of {} broke off: \"playback list\" shows the outcome",
                self.target.url
            )
        })?;
        self.understood(&text)
    }

    fn address(&self, path: &str) -> String {
        format!("{}{PREFIX}{path}", self.target.url)
    }

    fn understood<T: DeserializeOwned>(&self, text: &[u8]) -> anyhow::Result<T> {
        serde_json::from_slice(text).with_context(|| {
            format!(
                "{} does not answer as this version of the collector does: is the URL right?",
                self.target.url
            )
        })
    }

    /// The message for a response that ends too early.
    pub(super) fn broke_off(&self) -> String {
        format!("the answer of {} broke off: try again", self.target.url)
    }

    fn not_reached(&self, error: &ureq::Error) -> anyhow::Error {
        let why = match error {
            ureq::Error::Io(error) => error.to_string(),
            ureq::Error::HostNotFound => match self.way.proxy() {
                Some(proxy) => format!("the host name of {} is not known", proxy.shown()),
                None => "its host name is not known".to_owned(),
            },
            ureq::Error::Timeout(_) => match self.way.proxy() {
                Some(proxy) => format!("no answer in time through {}", proxy.shown()),
                None => "no answer in time".to_owned(),
            },
            other => other.to_string(),
        };
        self.unreachable(&why)
    }

    /// The error for a collector that cannot be reached.
    pub(super) fn unreachable(&self, why: &str) -> anyhow::Error {
        anyhow!(
            "the collector at {} cannot be reached ({why}): is it running there? \
             \"playback serve\" starts one; --url or PLAYBACK_URL says where it is",
            self.target.url
        )
    }

    /// The error for a refused request: the API's own message says what to do.
    pub(super) fn refused(&self, status: StatusCode, body: &[u8]) -> anyhow::Error {
        #[derive(Deserialize)]
        struct Answer {
            error: Detail,
        }
        #[derive(Deserialize)]
        struct Detail {
            message: String,
        }
        if let (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) = (status, self.way.proxy())
        {
            return anyhow!(
                "{} asks for another user and password than it was given",
                proxy.shown()
            );
        }
        let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
            return anyhow!(
                "{} answers {status}, and not as a Playback collector does: is the URL right?",
                self.target.url
            );
        };
        let mut message = plain(&answer.error.message);
        let is_about_token = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        match &self.target.token_from {
            Some(from) if is_about_token => {
                message.push_str(&format!(" (the token is that of {from})"));
            }
            None if status == StatusCode::UNAUTHORIZED => message.push_str(
                " (\"playback login URL\" keeps one for you; PLAYBACK_TOKEN, PLAYBACK_TOKEN_FILE or --token-file names \
                 another)",
            ),
            _ => {}
        }
        Refused { status, message }.into()
    }
}

/// The Authorization header for a token; none if the token contains characters that are not allowed in it.
fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A request body with only the note, if there is one.
pub(super) fn noted(note: Option<&str>) -> Value {
    let note = note.map(|note| ("note".to_owned(), note.into()));
    Value::Object(note.into_iter().collect())
}

fn error_text(mut answer: Response<Body>) -> Vec<u8> {
    let mut text = Vec::new();
    // If the error body cannot be read, the status still says what went wrong.
    let _ = answer
        .body_mut()
        .as_reader()
        .take(ERROR_BYTES)
        .read_to_end(&mut text);
    text
}
