//! Tokens: list, create, revoke. The same as `playback token`, which needs no running collector.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::auth::AdminAccess;
use super::error::ErrorBody;
use super::extract::{JsonBody, Path};
use crate::app::App;
use crate::auth::{Scope, Scopes};
use crate::commands::tokens::{self, NewToken};
use crate::model::time_from_us;
use crate::store::TokenRow;

/// A token, without its text, which is not stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Token {
    /// Its name: the person or program that uses it.
    name: String,
    /// What it allows.
    scopes: Vec<Scope>,
    /// When it was created.
    created: DateTime<Utc>,
    /// When it expires; missing if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; missing if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<DateTime<Utc>>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            scopes: Scopes::decode(&row.scopes).list().to_vec(),
            created: time_from_us(row.created_us),
            expires: row.expires_us.map(time_from_us),
            last_used: row.used_us.map(time_from_us),
            name: row.name,
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenList {
    /// The tokens that people created, by name.
    tokens: Vec<Token>,
}

/// A token to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    /// Its name: the person or program that uses it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it allows: at least one.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Days after which it expires: 1 to 36,500. Without this field, it never expires.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 36_500)]
    expires_days: Option<i64>,
}

/// A new token, with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreatedToken {
    /// The token as it is stored.
    #[serde(flatten)]
    stored: Token,
    /// Its text, which only this response contains.
    token: String,
}

/// List the tokens that people created.
#[utoipa::path(
    get, path = "/tokens", tag = "session",
    responses((status = 200, body = TokenList))
)]
pub(super) async fn list_tokens(
    State(app): State<App>,
    _: AdminAccess,
) -> Result<Json<TokenList>, ApiError> {
    let tokens = app.store.tokens().await?;
    let tokens = tokens.into_iter().map(Token::from).collect();
    Ok(Json(TokenList { tokens }))
}

/// Create a token. Only this response contains its text.
#[utoipa::path(
    post, path = "/tokens", tag = "session", request_body = TokenRequest,
    responses(
        (status = 201, body = CreatedToken),
        (status = 400, body = ErrorBody, description = "The name is empty or too long, there is no scope, or the days are out of range"),
        (status = 409, body = ErrorBody, description = "There is already a token with this name"),
    )
)]
pub(super) async fn create_token(
    State(app): State<App>,
    access: AdminAccess,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let asked = NewToken {
        name: request.name,
        scopes: Scopes::new(request.scopes),
        expires_days: request.expires_days,
    };
    let now_us = app.commands.clock.now_us();
    let (row, token) = tokens::create(&app.store, access.actor(), now_us, asked).await?;
    let created = CreatedToken {
        stored: row.into(),
        token: token.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Revoke a token: from now on, it and its sessions are refused.
#[utoipa::path(
    delete, path = "/tokens/{name}", tag = "session", params(("name" = String, Path)),
    responses(
        (status = 204, description = "It was revoked"),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn revoke_token(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let now_us = app.commands.clock.now_us();
    tokens::revoke(&app.store, access.actor(), now_us, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
