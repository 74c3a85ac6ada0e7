//! Tokens: created and revoked directly on the store, so that it works without a running collector.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::CommandError;
use crate::auth::{Scopes, token};
use crate::model::{Action, Actor, AuditEntry, DAY_US};
use crate::store::{Store, TokenRow};

/// The longest name of a token, in bytes: every database has room for it in an index.
const NAME_BYTES: usize = 200;

/// The longest life of a token with an end, in days.
const DAYS: i64 = 36_500;

/// A token to create.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its name: who or what uses it.
    pub name: String,
    /// What it allows.
    pub scopes: Scopes,
    /// Days after which it expires.
    pub expires_days: Option<i64>,
}

/// Creates a token, and returns it as stored together with its text, which is stored nowhere.
///
/// # Errors
/// The name is empty, too long or taken, there is no scope, the days are out of range, or the store failed.
pub async fn create(
    store: &Store,
    actor: Actor,
    now_us: i64,
    asked: NewToken,
) -> Result<(TokenRow, SecretString), CommandError> {
    check(&asked).map_err(CommandError::Invalid)?;
    let token = token::generate().map_err(CommandError::Random)?;
    let row = TokenRow {
        id: 0,
        name: asked.name,
        scopes: asked.scopes.encode(),
        created_us: now_us,
        expires_us: asked
            .expires_days
            .map(|days| now_us.saturating_add(days.saturating_mul(DAY_US))),
        used_us: None,
        execution: None,
    };
    let entry = AuditEntry::new(now_us, actor, Action::CreateToken, object(&row.name))
        .after(json!({ "scopes": row.scopes, "expires_us": row.expires_us }));
    store
        .create_token(&row, &token::hash(token.expose_secret()), Some(&entry))
        .await?;
    Ok((row, token))
}

fn check(asked: &NewToken) -> Result<(), String> {
    let name = &asked.name;
    if name.trim().is_empty() {
        return Err("the name is empty: name the token after who or what uses it".to_owned());
    }
    if name.len() > NAME_BYTES || name.chars().any(char::is_control) {
        return Err(format!(
            "the name must have at most {NAME_BYTES} bytes, and no control characters"
        ));
    }
    if asked.scopes.list().is_empty() {
        return Err("scopes is empty: name at least one of ingest, read, run, admin".to_owned());
    }
    match asked.expires_days {
        Some(days) if !(1..=DAYS).contains(&days) => Err(format!(
            "expires_days = {days}: it must be from 1 to {DAYS}"
        )),
        _ => Ok(()),
    }
}

/// Revokes a token: it and its sessions are refused from now on.
///
/// # Errors
/// There is no such token, or the store failed.
pub async fn revoke(
    store: &Store,
    actor: Actor,
    now_us: i64,
    name: &str,
) -> Result<(), CommandError> {
    let entry = |token: &TokenRow| {
        AuditEntry::new(now_us, actor.clone(), Action::RevokeToken, object(name)).before(json!({
            "scopes": token.scopes,
            "created_us": token.created_us,
            "expires_us": token.expires_us,
            "used_us": token.used_us,
        }))
    };
    match store.revoke_token(name, entry).await? {
        true => Ok(()),
        false => Err(CommandError::NoSuchToken(name.to_owned())),
    }
}

fn object(name: &str) -> String {
    format!("token:{name}")
}
