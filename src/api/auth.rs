//! Who asks, and whether they may.
//!
//! A token comes as `Authorization: Bearer …`. A browser cannot set headers on a WebSocket, so a login gives it a
//! cookie with a session, which stands for a token for a time. A cookie is sent by the browser unasked, so with it
//! the page's origin must be ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tokio::time::Instant;
use uuid::Uuid;

use super::origin::Place;
use super::{ApiError, peer};
use crate::app::App;
use crate::clock::Clock;
use crate::ingest::Credentials;
use crate::model::{Actor, Via};
use crate::server::Peer;
use crate::store::{Store, StoreError, TokenRow};
use crate::token::{self, Scope, Scopes};
use crate::work::{Every, Job, JobError, Outcome, StopPhase, Turn};

/// Name of the login cookie.
pub(super) const COOKIE: &str = "playback_session";

/// Who was answered, among a response's extensions: for the audit trail.
#[derive(Debug, Clone)]
pub(super) struct RefusedActor(pub(super) Actor);

/// Who asks.
#[derive(Debug)]
pub(super) struct Asker {
    /// Who that is, for the record.
    actor: Actor,
    /// Their token; none where the collector serves without tokens.
    token: Option<TokenRow>,
    /// By what they are known.
    credential: Option<Credential>,
    /// The only execution that the token is good for.
    execution: Option<Uuid>,
    /// The token may do everything.
    is_admin: bool,
}

macro_rules! access {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(#[allow(dead_code)] Asker);

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                let asker = authorize(app, parts, $scope).await?;
                // From here on the request is worth more than one of somebody who is not known.
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

/// Is known, whatever they may do.
#[derive(Debug)]
pub(super) struct AnyAccess(Asker);

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
    /// Who asks, for the record.
    pub(super) fn name(&self) -> String {
        self.0.actor.name.clone()
    }

    /// Their token; none where the collector serves without tokens.
    pub(super) fn into_token(self) -> Option<TokenRow> {
        self.0.token
    }
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

impl IngestAccess {
    /// What they show who would add to an execution: this token, and the run's key where they sent one.
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
    /// Who asks, for the record.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }
}

impl RunAccess {
    /// Who asks, for the record.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }
}

impl AdminAccess {
    /// Who asks, for the record.
    pub(super) fn actor(&self) -> Actor {
        self.0.actor.clone()
    }
}

/// By what somebody is known: its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Credential {
    Token([u8; 32]),
    Session([u8; 32]),
}

/// Where a request was sent to, as far as its client knows.
pub(super) fn place(app: &App, parts: &Parts) -> Place {
    let is_proxy = parts
        .extensions
        .get()
        .is_some_and(|Peer(connection)| connection.is_proxy());
    Place::of(&app.config.http, &parts.headers, &parts.uri, is_proxy)
}

/// A request that no page from elsewhere made a browser send.
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

async fn authorize(app: &App, parts: &mut Parts, scope: Scope) -> Result<Asker, ApiError> {
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
    Ok(asker)
}

/// Who asks, whatever they may do.
async fn identify(app: &App, parts: &mut Parts) -> Result<Asker, ApiError> {
    let peer = peer::address(&app.config.http, &parts.extensions, &parts.headers);
    let peer = peer.map(|peer| peer.to_string());
    if app.config.no_auth {
        // Without tokens, any page in a browser of this machine could ask; only our own may, and only
        // under a name of this machine, which no foreign name server can hand out.
        let OurPage(place) = OurPage::from_request_parts(parts, app).await?;
        if !place.is_loopback() {
            return Err(ApiError::forbidden(
                "without tokens, the collector answers only to localhost: use http://localhost:PORT",
            ));
        }
        return Ok(Asker {
            actor: Actor::anonymous(Via::Open, peer),
            token: None,
            credential: None,
            execution: None,
            is_admin: false,
        });
    }
    let credential = match bearer(&parts.headers)? {
        Some(token) => Credential::Token(token::hash(token)),
        None => {
            let Some(session) = cookie(&parts.headers) else {
                return Err(ApiError::unauthorized(
                    "a token is needed: send it as \"Authorization: Bearer TOKEN\"; \
                     \"playback token create\" makes one",
                ));
            };
            let credential = Credential::Session(token::hash(session));
            OurPage::from_request_parts(parts, app).await?;
            credential
        }
    };
    let found = known(app, credential).await?;
    Ok(Asker {
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

/// The token of that text, to log in with.
pub(super) async fn token_of(app: &App, token: &str) -> Result<TokenRow, ApiError> {
    known(app, Credential::Token(token::hash(token))).await
}

async fn known(app: &App, credential: Credential) -> Result<TokenRow, ApiError> {
    let now = app.clock.now_us();
    let found = match credential {
        Credential::Token(hash) => app.store.token_by_hash(&hash).await?,
        Credential::Session(hash) => match app.store.session(&hash).await? {
            Some((row, until_us)) if until_us > now => Some(row),
            _ => {
                return Err(ApiError::unauthorized(
                    "this login is over, or its token was revoked: log in again (POST /session)",
                ));
            }
        },
    };
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

/// What a stream was opened with, which may come to be worth nothing while it is open.
pub(super) struct Standing(Option<Credential>);

/// How long an answer about a credential is good for other streams of the same.
const FRESH: Duration = Duration::from_secs(1);

/// Credentials of open streams, each with when it was looked up, and whether it was good.
#[derive(Debug, Clone, Default)]
pub struct Checked(Arc<Mutex<HashMap<Credential, (Instant, bool)>>>);

impl Standing {
    /// Whether it still allows to watch. Where the store does not answer, nothing says that it does not.
    pub(super) async fn holds(&self, app: &App) -> bool {
        let Some(credential) = self.0 else {
            return true;
        };
        let now = Instant::now();
        {
            let mut checked = app.checked.0.lock().unwrap_or_else(PoisonError::into_inner);
            checked.retain(|_, (when, _)| now.duration_since(*when) < FRESH);
            if let Some((_, holds)) = checked.get(&credential) {
                return *holds;
            }
        }
        let holds = match known(app, credential).await {
            Ok(row) => Scopes::decode(&row.scopes).allow(Scope::Read),
            Err(error) => !error.is_unauthorized(),
        };
        let mut checked = app.checked.0.lock().unwrap_or_else(PoisonError::into_inner);
        checked.insert(credential, (now, holds));
        holds
    }
}

impl ReadAccess {
    /// The token's key in the store.
    pub(super) fn token(&self) -> Option<i64> {
        self.0.token.as_ref().map(|token| token.id)
    }

    /// What is looked at again while a stream is open.
    pub(super) fn standing(&self) -> Standing {
        Standing(self.0.credential)
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

/// When tokens were last used. Kept in memory and written now and then: a use is no reason to write.
#[derive(Debug, Clone, Default)]
pub struct TokenUses {
    latest: Arc<Mutex<HashMap<i64, i64>>>,
}

/// Uses are told to the minute.
const MINUTE_US: i64 = 60_000_000;

/// How often they are written.
const WRITE: Duration = Duration::from_secs(5);

/// How often logins that are over are removed.
const SWEEP: Duration = Duration::from_secs(600);

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

    /// Writes uses every few seconds, and once more at the end, as work in the background. Needs a runtime.
    #[must_use]
    pub fn writing(&self, store: Store, clock: Clock) -> WriteTokenUses {
        WriteTokenUses {
            uses: self.clone(),
            store,
            clock,
            every: Every::later(WRITE),
            swept: None,
        }
    }

    /// Writes what was noted; how many that were. What cannot be written is noted again.
    async fn write(&self, store: &Store) -> Result<usize, StoreError> {
        let uses: Vec<(i64, i64)> = self.latest().drain().collect();
        if let Err(error) = store.touch_tokens(&uses).await {
            let mut latest = self.latest();
            for (id, used_us) in uses {
                // One that was noted meanwhile is later.
                latest.entry(id).or_insert(used_us);
            }
            return Err(error);
        }
        Ok(uses.len())
    }
}

/// Writes when tokens were used, and removes logins that are over.
#[derive(Debug)]
pub struct WriteTokenUses {
    uses: TokenUses,
    store: Store,
    clock: Clock,
    every: Every,
    swept: Option<Instant>,
}

impl Job for WriteTokenUses {
    const NAME: &'static str = "token_uses";
    const PHASE: StopPhase = StopPhase::Serving;

    async fn due(&mut self) {
        self.every.due().await;
    }

    async fn run(&mut self, _: &Turn) -> Result<Outcome, JobError> {
        let written = self.uses.write(&self.store).await?;
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP) {
            return Ok(match written {
                0 => Outcome::Idle,
                _ => Outcome::Done,
            });
        }
        let now_us = self.clock.now_us();
        self.store.remove_ended_sessions(now_us).await?;
        self.swept = Some(Instant::now());
        Ok(Outcome::Done)
    }

    async fn finish(&mut self) {
        if let Err(error) = self.uses.write(&self.store).await {
            tracing::warn!(%error, "uses of tokens could not be written at the end");
        }
    }
}
