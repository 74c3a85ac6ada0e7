//! Login for browsers: a token, or a ticket that was made for one, becomes a session, whose cookie is hidden from
//! scripts.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::auth::{AnyAccess, COOKIE, OurPage, cookie};
use super::error::ErrorBody;
use super::extract::WholeBody;
use super::origin::Place;
use crate::app::App;
use crate::auth::{Scope, Scopes};

/// What to log in with: a token or a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The token.
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    /// A ticket of `POST /session/ticket`.
    #[schema(value_type = Option<String>)]
    ticket: Option<SecretString>,
}

/// Logs a browser in, once.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    /// The ticket, for `POST /session` within a minute.
    ticket: String,
}

/// The permissions of the session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// Scopes of the token.
    scopes: Vec<Scope>,
}

/// Log in: the answer sets a session cookie. The session ends after `http.session_seconds`, at the logout, or when the
/// token is revoked.
#[utoipa::path(
    post, path = "/session", tag = "session", security(()), request_body = Login,
    responses(
        (status = 200, body = Session, description = "The cookie is set"),
        (status = 400, body = ErrorBody, description = "The body is neither {\"token\": \"…\"} nor {\"ticket\": \"…\"}"),
        (status = 401, body = ErrorBody, description = "The token or the ticket is not known, or has expired"),
        (status = 403, body = ErrorBody, description = "The request comes from a page of another origin, or the token belongs to a run"),
    )
)]
pub(super) async fn create_session(
    State(app): State<App>,
    OurPage(place): OurPage,
    WholeBody(body): WholeBody,
) -> Result<Response, ApiError> {
    let shape =
        || ApiError::bad_request("the body must be {\"token\": \"…\"} or {\"ticket\": \"…\"}");
    let login: Login = serde_json::from_slice(&body).map_err(|_| shape())?;
    let lifetime = app.config.http.session();
    let (session, row) = match (&login.token, &login.ticket) {
        (Some(token), None) => {
            let token = token.expose_secret().trim();
            app.auth.log_in(token, lifetime).await?
        }
        (None, Some(ticket)) => {
            let ticket = ticket.expose_secret().trim();
            app.auth.log_in_by_ticket(ticket, lifetime).await?
        }
        _ => return Err(shape()),
    };
    let cookie = set_cookie(session.expose_secret(), lifetime.as_secs(), &place);
    let answer = Session {
        scopes: Scopes::decode(&row.scopes).list().to_vec(),
    };
    Ok(([(header::SET_COOKIE, cookie)], Json(answer)).into_response())
}

/// Make a ticket that logs a browser in with this token: once, within a minute, on any collector of the same history.
/// `playback open` uses it to open a page without a token in its address.
#[utoipa::path(
    post, path = "/session/ticket", tag = "session",
    responses(
        (status = 200, body = Ticket, description = "The ticket"),
        (status = 401, body = ErrorBody, description = "No token, or an unknown one"),
        (status = 403, body = ErrorBody, description = "The token belongs to a run, or a session was sent instead of a token"),
        (status = 409, body = ErrorBody, description = "The collector serves without tokens"),
    )
)]
pub(super) async fn create_ticket(
    State(app): State<App>,
    access: AnyAccess,
) -> Result<Json<Ticket>, ApiError> {
    let ticket = app.auth.ticket(&access.token_to_log_in()?).await?;
    Ok(Json(Ticket {
        ticket: ticket.expose_secret().to_owned(),
    }))
}

/// Log out: ends the session, so that copies of its cookie become invalid, too.
#[utoipa::path(
    delete, path = "/session", tag = "session", security(()),
    responses(
        (status = 204, description = "Logged out, if there was a session"),
        (status = 403, body = ErrorBody, description = "The request comes from a page of another origin"),
    )
)]
pub(super) async fn delete_session(
    State(app): State<App>,
    OurPage(place): OurPage,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(session) = cookie(&headers) {
        app.auth.log_out(session).await?;
    }
    let cookie = set_cookie("", 0, &place);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// The cookie is only sent below the collector's own path: another program on the same host does not receive it.
fn set_cookie(value: &str, seconds: u64, place: &Place) -> String {
    let secure = if place.is_https() { "; Secure" } else { "" };
    let path = place.base();
    format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path={path}; Max-Age={seconds}{secure}")
}
