//! Authentication: tokens, scopes and sessions, without HTTP.
//!
//! A token is looked up with each request, so that revoking it takes effect at once. A browser logs in with a token
//! and gets a session, which stands for the token until it ends or the token is revoked. A ticket stands for a token at
//! one login.

mod scope;
mod tickets;
pub mod token;
mod uses;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

pub use scope::{Scope, Scopes};
pub use uses::{TokenUses, WriteTokenUses};

use crate::clock::Clock;
use crate::store::{Store, StoreError, TokenRow};

/// Open sessions per token; a new one beyond that ends the oldest.
const SESSIONS: usize = 100;

/// How long the result of checking a credential is reused for other streams opened with the same one.
const FRESH: Duration = Duration::from_secs(1);

/// The credential of a request: the hash of a token or of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A token's hash.
    Token([u8; 32]),
    /// A session's hash.
    Session([u8; 32]),
}

impl Credential {
    /// The credential for a token's text.
    #[must_use]
    pub fn token(text: &str) -> Self {
        Self::Token(token::hash(text))
    }

    /// The credential for a session's text.
    #[must_use]
    pub fn session(text: &str) -> Self {
        Self::Session(token::hash(text))
    }
}

/// Why a credential is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// There is no such token.
    #[error(
        "this token is not known here, or was revoked: \"playback token list\" shows the valid ones"
    )]
    UnknownToken,
    /// The token has expired.
    #[error("the token {0:?} has expired: make a new one")]
    Expired(String),
    /// The session is over, or its token is gone.
    #[error("this login is over, or its token was revoked: log in again (POST /session)")]
    SessionOver,
    /// The ticket is unknown, has expired, or was used.
    #[error(
        "this ticket is not valid, or no longer: each is good for one login within a minute (\"playback open\" makes one)"
    )]
    NoTicket,
    /// A run's own token cannot log in.
    #[error("this token was made for one run, and cannot be logged in with")]
    OfOneRun,
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks tokens and sessions; cheap to clone.
#[derive(Debug, Clone)]
pub struct Auth {
    store: Store,
    clock: Clock,
    uses: TokenUses,
    /// Credentials of open streams, each with the time of the last look-up and whether it was valid.
    checked: Arc<Mutex<HashMap<Credential, (Instant, bool)>>>,
}

impl Auth {
    /// Checks against the tokens and sessions in this store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            uses: TokenUses::default(),
            checked: Arc::default(),
        }
    }

    /// When tokens were used.
    #[must_use]
    pub fn uses(&self) -> &TokenUses {
        &self.uses
    }

    /// The token behind a credential. The look-up counts as a use.
    ///
    /// # Errors
    /// The credential is not valid, or the store failed.
    pub async fn token_of(&self, credential: Credential) -> Result<TokenRow, AuthError> {
        let now = self.clock.now_us();
        let row = match credential {
            Credential::Token(hash) => self
                .store
                .token_by_hash(&hash)
                .await?
                .ok_or(AuthError::UnknownToken)?,
            Credential::Session(hash) => match self.store.session(&hash).await? {
                Some((row, until_us)) if until_us > now => row,
                _ => return Err(AuthError::SessionOver),
            },
        };
        if row.expires_us.is_some_and(|expires| expires <= now) {
            return Err(AuthError::Expired(row.name));
        }
        self.uses.note(row.id, row.used_us, now);
        Ok(row)
    }

    /// Logs in with a token: the session's text, and the token.
    ///
    /// # Errors
    /// The token is not valid or belongs to one run, or the store failed.
    pub async fn log_in(
        &self,
        token: &str,
        lifetime: Duration,
    ) -> Result<(SecretString, TokenRow), AuthError> {
        self.begin_session(token::hash(token), lifetime).await
    }

    /// Begins a session for the token with that hash.
    async fn begin_session(
        &self,
        of_token: [u8; 32],
        lifetime: Duration,
    ) -> Result<(SecretString, TokenRow), AuthError> {
        let row = self.token_of(Credential::Token(of_token)).await?;
        if row.execution.is_some() {
            return Err(AuthError::OfOneRun);
        }
        let session = token::session().map_err(AuthError::Random)?;
        let now = self.clock.now_us();
        let until_us = now.saturating_add(i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX));
        let of_session = token::hash(session.expose_secret());
        self.store
            .create_session(&of_session, &of_token, now, until_us, SESSIONS)
            .await?;
        Ok((session, row))
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn log_out(&self, session: &str) -> Result<(), AuthError> {
        Ok(self.store.end_session(&token::hash(session)).await?)
    }

    /// Whether the credential that opened a stream may still watch. While the store cannot be asked, it may.
    pub async fn may_watch(&self, credential: Credential) -> bool {
        let now = Instant::now();
        {
            let mut checked = self.checked();
            checked.retain(|_, (when, _)| now.duration_since(*when) < FRESH);
            if let Some((_, may)) = checked.get(&credential) {
                return *may;
            }
        }
        let may = match self.token_of(credential).await {
            Ok(row) => Scopes::decode(&row.scopes).allow(Scope::Read),
            Err(AuthError::Store(_)) => true,
            Err(_) => false,
        };
        self.checked().insert(credential, (now, may));
        may
    }

    fn checked(&self) -> MutexGuard<'_, HashMap<Credential, (Instant, bool)>> {
        // The lock may be poisoned, but a panic never leaves this map half changed.
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
