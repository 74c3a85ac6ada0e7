//! Login for browsers: a token becomes a cookie that no script can read.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::auth::{COOKIE, check_origin, scopes_of};
use crate::app::App;
use crate::token::Scope;

/// A token to log in with.
#[derive(Deserialize, ToSchema)]
pub(super) struct Login {
    /// The token.
    token: String,
}

/// What the session may do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// Scopes of the token.
    scopes: Vec<Scope>,
}

/// Log in: the answer sets a cookie that stands for the token until the browser closes.
#[utoipa::path(
    post, path = "/session", tag = "session", security(()), request_body = Login,
    responses((status = 200, body = Session), (status = 401, body = super::error::ErrorBody))
)]
pub(super) async fn create_session(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    check_origin(&app, &headers, &uri)?;
    let login: Login = serde_json::from_slice(&body?)
        .map_err(|_| ApiError::bad_request("the body must be {\"token\": \"…\"}"))?;
    let scopes = scopes_of(&app, login.token.trim()).await?;
    // Secure is left out on purpose: the collector speaks plain HTTP, behind a proxy or on loopback.
    let cookie = format!(
        "{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/",
        login.token.trim()
    );
    let session = Session {
        scopes: scopes.list().to_vec(),
    };
    Ok(([(header::SET_COOKIE, cookie)], Json(session)).into_response())
}

/// Log out: the cookie goes.
#[utoipa::path(
    delete, path = "/session", tag = "session", security(()),
    responses((status = 204, description = "Logged out"))
)]
pub(super) async fn delete_session() -> impl IntoResponse {
    let cookie = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)])
}
