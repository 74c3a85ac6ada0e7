//! Tickets: the holder of a token opens a browser that is logged in, without the token in its address. A ticket is good
//! for one login within a minute, on any collector of the same history.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::{Auth, AuthError, token};
use crate::store::TokenRow;

/// How long a ticket is valid: a browser takes seconds to start.
const LIFETIME: Duration = Duration::from_secs(60);

/// Tickets per token that were not used; a new one beyond that invalidates the oldest.
const MOST: usize = 100;

impl Auth {
    /// Makes a ticket for the token with that hash, whose holder was authenticated.
    ///
    /// # Errors
    /// There are no random bytes, or the store failed.
    pub async fn ticket(&self, of_token: &[u8; 32]) -> Result<SecretString, AuthError> {
        let ticket = token::ticket().map_err(AuthError::Random)?;
        let lifetime = i64::try_from(LIFETIME.as_micros()).unwrap_or(i64::MAX);
        let expires_us = self.clock.now_us().saturating_add(lifetime);
        let hash = token::hash(ticket.expose_secret());
        self.store
            .create_ticket(&hash, of_token, expires_us, MOST)
            .await?;
        Ok(ticket)
    }

    /// Logs in with a ticket, which is used up by that: the session's text, and the token.
    ///
    /// # Errors
    /// The ticket or its token is not valid, or the store failed.
    pub async fn log_in_by_ticket(
        &self,
        ticket: &str,
        lifetime: Duration,
    ) -> Result<(SecretString, TokenRow), AuthError> {
        let now_us = self.clock.now_us();
        let taken = self.store.take_ticket(&token::hash(ticket), now_us).await?;
        let of_token = taken.and_then(|hash| hash.try_into().ok());
        let of_token: [u8; 32] = of_token.ok_or(AuthError::NoTicket)?;
        self.begin_session(of_token, lifetime).await
    }
}
