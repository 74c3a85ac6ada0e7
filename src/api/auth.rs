//! Who asks, and whether they may.
//!
//! A token comes as `Authorization: Bearer …`, or, from a browser that cannot set headers on a
//! WebSocket, in the cookie that a login set. A cookie is sent by the browser unasked, so with it the
//! page's origin must be ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ApiError;
use crate::app::App;
use crate::store::{Store, TokenRow};
use crate::token::{self, Scope, Scopes};

/// Name of the login cookie.
pub(super) const COOKIE: &str = "playback_token";

/// Who asks.
#[derive(Debug, Default)]
pub(super) struct Asker {
    /// Name of their token; none where the collector serves without tokens.
    token: Option<String>,
    /// The only execution that the token is good for.
    execution: Option<Uuid>,
}

macro_rules! access {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(#[allow(dead_code)] Asker);

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                Ok(Self(authorize(app, &parts.headers, &parts.uri, $scope).await?))
            }
        }
    )* };
}

access! {
    /// May read the history and watch.
    ReadAccess: Scope::Read;
    /// May send events.
    IngestAccess: Scope::Ingest;
    /// May launch and cancel runs.
    RunAccess: Scope::Run;
    /// May do everything.
    AdminAccess: Scope::Admin;
}

impl IngestAccess {
    /// Refuses a token that was made for another execution.
    pub(super) fn check(&self, execution: Uuid) -> Result<(), ApiError> {
        if self.0.execution.is_none_or(|only| only == execution) {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "this token was made for one run, and can report no other",
        ))
    }
}

impl RunAccess {
    /// Who asks, for the record.
    pub(super) fn name(&self) -> String {
        self.0.name()
    }
}

impl AdminAccess {
    /// Who asks, for the record.
    pub(super) fn name(&self) -> String {
        self.0.name()
    }
}

impl Asker {
    fn name(&self) -> String {
        match &self.token {
            Some(name) => format!("token:{name}"),
            None => "anonymous".to_owned(),
        }
    }
}

async fn authorize(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    scope: Scope,
) -> Result<Asker, ApiError> {
    let origin = headers.get(header::ORIGIN);
    if app.config.no_auth {
        // Without tokens, any page in a browser of this machine could ask; only our own may, and only
        // under a name of this machine, which no foreign name server can hand out.
        check_loopback(headers, uri)?;
        check_origin(app, headers, uri)?;
        return Ok(Asker::default());
    }
    let found = match bearer(headers)? {
        Some(token) => known(app, token).await?,
        None => {
            let Some(token) = cookie(headers) else {
                return Err(ApiError::unauthorized(
                    "a token is needed: send it as \"Authorization: Bearer TOKEN\"; \
                     \"playback token create\" makes one",
                ));
            };
            if origin.is_some() {
                check_origin(app, headers, uri)?;
            }
            known(app, token).await?
        }
    };
    if !Scopes::decode(&found.scopes).allow(scope) {
        return Err(ApiError::forbidden(format!(
            "this token lacks the scope \"{}\": make one that has it with \
             \"playback token create NAME --scope {}\"",
            scope.as_str(),
            scope.as_str()
        )));
    }
    Ok(Asker {
        token: Some(found.name),
        execution: found.execution,
    })
}

/// What a token allows, whether sent with a request or with a login.
pub(super) async fn scopes_of(app: &App, token: &str) -> Result<Scopes, ApiError> {
    Ok(Scopes::decode(&known(app, token).await?.scopes))
}

async fn known(app: &App, token: &str) -> Result<TokenRow, ApiError> {
    let found = app.store.token_by_hash(&token::hash(token)).await?;
    let now = app.clock.now_us();
    match found {
        None => Err(ApiError::unauthorized(
            "this token is not known here, or was revoked: \"playback token list\" shows which are",
        )),
        Some(row) if row.expires_us.is_some_and(|expires| expires <= now) => {
            Err(ApiError::unauthorized(format!(
                "the token {:?} has expired: make a new one",
                row.name
            )))
        }
        Some(row) => {
            app.token_uses.note(row.id, row.used_us, now);
            Ok(row)
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed = || ApiError::unauthorized("the Authorization header must be \"Bearer TOKEN\"");
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    Ok(Some(token.trim()))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// Without tokens, requests must be addressed to this machine by a name that only it answers to.
fn check_loopback(headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
    let host = host(headers, uri).unwrap_or("");
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let loopback = address.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    if loopback {
        return Ok(());
    }
    Err(ApiError::forbidden(
        "without tokens, the collector answers only to localhost: use http://localhost:PORT",
    ))
}

fn host<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> Option<&'r str> {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or(uri.authority().map(|authority| authority.as_str()))
}

/// A page may ask only from the place where it was served by us, or from one that is configured.
pub(super) fn check_origin(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or("");
    let host = host(headers, uri);
    let own = origin
        .split_once("://")
        .is_some_and(|(_, from)| Some(from) == host);
    if own
        || app
            .config
            .allowed_origins
            .iter()
            .any(|allowed| allowed == origin)
    {
        return Ok(());
    }
    Err(ApiError::forbidden(format!(
        "pages from {origin:?} may not ask here: add it to allowed_origins if they should"
    )))
}

/// When tokens were last used. Kept in memory and written now and then: a use is no reason to write.
#[derive(Debug, Clone, Default)]
pub struct TokenUses {
    latest: Arc<Mutex<HashMap<i64, i64>>>,
}

/// Uses are told to the minute.
const MINUTE_US: i64 = 60_000_000;

impl TokenUses {
    fn note(&self, id: i64, stored_us: Option<i64>, now_us: i64) {
        if stored_us.is_none_or(|stored| now_us - stored >= MINUTE_US) {
            self.latest().insert(id, now_us);
        }
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, HashMap<i64, i64>> {
        // A panic while it was held left a map that is whole.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes uses every few seconds, and once more at the end.
    pub async fn write_now_and_then(self, store: Store, stop: CancellationToken) {
        loop {
            let stopped = tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(5)) => false,
                () = stop.cancelled() => true,
            };
            let uses: Vec<(i64, i64)> = self.latest().drain().collect();
            if let Err(error) = store.touch_tokens(&uses).await {
                tracing::warn!(%error, "uses of tokens could not be written");
            }
            if stopped {
                return;
            }
        }
    }
}
