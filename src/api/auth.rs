//! Authentication and authorization of requests.
//!
//! A token comes as `Authorization: Bearer …`. A browser cannot set headers on a WebSocket, so a login gives it a
//! cookie with a session, which stands for a token for a limited time. The browser sends the cookie with any request,
//! so a request with a cookie must come from a page of our own origin.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use uuid::Uuid;

use super::origin::Place;
use super::views::Reader;
use super::{ApiError, peer};
use crate::app::App;
use crate::auth::{AuthError, Credential, Scope, Scopes};
use crate::ingest::Credentials;
use crate::model::{Actor, Via};
use crate::server::Peer;
use crate::store::TokenRow;

/// Name of the login cookie.
pub(super) const COOKIE: &str = "playback_session";

/// The refused actor, as a response extension: for the audit trail.
#[derive(Debug, Clone)]
pub(super) struct RefusedActor(pub(super) Actor);

/// The authenticated client.
#[derive(Debug)]
pub(super) struct AuthenticatedClient {
    /// The actor, for records.
    actor: Actor,
    /// The token; none if the collector serves without tokens.
    token: Option<TokenRow>,
    /// The token's or session's hash.
    credential: Option<Credential>,
    /// The only execution that the token is valid for.
    execution: Option<Uuid>,
    /// Whether the token may do everything (scope `admin`).
    is_admin: bool,
}

macro_rules! access {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(#[allow(dead_code)] AuthenticatedClient);

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                let asker = authorize(app, parts, $scope).await?;
                // From here on, the request is not dropped to make room for another connection.
                if let Some(Peer(connection)) = parts.extensions.get() {
                    connection.is_known();
                }
                Ok(Self(asker))
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

/// Any authenticated client, whatever its scopes.
#[derive(Debug)]
pub(super) struct AnyAccess(AuthenticatedClient);

impl FromRequestParts<App> for AnyAccess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let asker = identify(app, parts).await?;
        if let Some(Peer(connection)) = parts.extensions.get() {
            connection.is_known();
        }
        Ok(Self(asker))
    }
}

impl AnyAccess {
    /// The actor's name, for records.
    pub(super) fn name(&self) -> String {
        self.0.actor.name.clone()
    }

    /// The hash of the token that was sent, for which a browser can be logged in.
    pub(super) fn token_to_log_in(&self) -> Result<[u8; 32], ApiError> {
        if self.0.execution.is_some() {
            return Err(AuthError::OfOneRun.into());
        }
        match self.0.credential {
            Some(Credential::Token(hash)) => Ok(hash),
            Some(Credential::Session(_)) => Err(ApiError::forbidden(
                "a ticket is made for a token: send it as \"Authorization: Bearer TOKEN\"",
            )),
            None => Err(ApiError::conflict(
                "this collector serves without tokens: tickets are not needed",
            )),
        }
    }

    /// The token; none if the collector serves without tokens.
    pub(super) fn into_token(self) -> Option<TokenRow> {
        self.0.token
    }
}

impl IngestAccess {
    /// Refuses a token made for another execution.
    pub(super) fn check(&self, execution: Uuid) -> Result<(), ApiError> {
        if self.0.execution.is_none_or(|only| only == execution) {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "this token was made for one run, and can report no other",
        ))
    }
}

impl IngestAccess {
    /// Credentials for adding to an execution: this token, and the run's key if one was sent.
    pub(super) fn credentials(&self, key: Option<[u8; 32]>) -> Credentials {
        Credentials {
            key,
            token: self.0.token.as_ref().map(|token| token.name.clone()),
            is_of_the_run: self
                .0
                .token
                .as_ref()
                .is_some_and(|token| token.execution.is_some()),
            is_admin: self.0.is_admin,
        }
    }
}

impl IngestAccess {
    /// The actor, for records.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }
}

impl RunAccess {
    /// The actor, for records.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }
}

impl AdminAccess {
    /// The actor, for records.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }
}

/// The address that a request was sent to, as its client sees it.
pub(super) fn place(app: &App, parts: &Parts) -> Place {
    let is_proxy = parts
        .extensions
        .get()
        .is_some_and(|Peer(connection)| connection.is_proxy());
    Place::of(&app.config.http, &parts.headers, &parts.uri, is_proxy)
}

/// A request that was not triggered by a page of another origin.
pub(super) struct OurPage(pub(super) Place);

impl FromRequestParts<App> for OurPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let place = place(app, parts);
        place.check(&parts.headers, &app.config.allowed_origins)?;
        Place::check_site(&parts.headers, &parts.method)?;
        Ok(Self(place))
    }
}

async fn authorize(
    app: &App,
    parts: &mut Parts,
    scope: Scope,
) -> Result<AuthenticatedClient, ApiError> {
    let asker = identify(app, parts).await?;
    let lacks = |row: &TokenRow| !Scopes::decode(&row.scopes).allow(scope);
    if asker.token.as_ref().is_some_and(lacks) {
        return Err(ApiError::forbidden(format!(
            "this token lacks the scope \"{}\": make one that has it with \
             \"playback token create NAME --scope {}\"",
            scope.as_str(),
            scope.as_str()
        ))
        .to(asker.actor));
    }
    if let Some(reader) = parts.extensions.get::<Reader>() {
        reader.is(&asker.actor);
    }
    Ok(asker)
}

/// Identifies the client, whatever its scopes.
async fn identify(app: &App, parts: &mut Parts) -> Result<AuthenticatedClient, ApiError> {
    let peer = peer::address(&app.config.http, &parts.extensions, &parts.headers);
    let peer = peer.map(|peer| peer.to_string());
    if app.config.no_auth {
        // Without tokens, any page in a browser on this machine could send requests. Only our own pages may, and only
        // to a name of this machine that no foreign name server can resolve (DNS rebinding).
        let OurPage(place) = OurPage::from_request_parts(parts, app).await?;
        if !place.is_loopback() {
            return Err(ApiError::forbidden(
                "without tokens, the collector answers only to localhost: use http://localhost:PORT",
            ));
        }
        return Ok(AuthenticatedClient {
            actor: Actor::anonymous(Via::Open, peer),
            token: None,
            credential: None,
            execution: None,
            is_admin: false,
        });
    }
    let credential = match bearer(&parts.headers)? {
        Some(token) => Credential::token(token),
        None => {
            let Some(session) = cookie(&parts.headers) else {
                return Err(ApiError::unauthorized(
                    "a token is needed: send it as \"Authorization: Bearer TOKEN\"; \
                     \"playback token create\" makes one",
                ));
            };
            let credential = Credential::session(session);
            OurPage::from_request_parts(parts, app).await?;
            credential
        }
    };
    let found = app.auth.token_of(credential).await?;
    Ok(AuthenticatedClient {
        actor: Actor {
            name: format!("token:{}", found.name),
            token: Some(found.id),
            scopes: found.scopes.clone(),
            via: match credential {
                Credential::Token(_) => Via::Token,
                Credential::Session(_) => Via::Session,
            },
            peer,
        },
        is_admin: Scopes::decode(&found.scopes).allow(Scope::Admin),
        execution: found.execution,
        credential: Some(credential),
        token: Some(found),
    })
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Store(error) => error.into(),
            AuthError::Random(error) => Self::no_random(error),
            AuthError::OfOneRun => Self::forbidden(error.to_string()),
            AuthError::UnknownToken
            | AuthError::Expired(_)
            | AuthError::SessionOver
            | AuthError::NoTicket => Self::unauthorized(error.to_string()),
        }
    }
}

impl ReadAccess {
    /// The actor, for records.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }

    /// Whether the client may also launch runs.
    pub(super) fn may_run(&self) -> bool {
        let token = self.0.token.as_ref();
        token.is_none_or(|token| Scopes::decode(&token.scopes).allow(Scope::Run))
    }

    /// The token's key in the store.
    pub(super) fn token(&self) -> Option<i64> {
        self.0.token.as_ref().map(|token| token.id)
    }

    /// The credential with which a stream is opened, and which may become invalid while it is open; none if the
    /// collector serves without tokens.
    pub(super) fn credential(&self) -> Option<Credential> {
        self.0.credential
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

pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}
