//! Extractors for handlers. Each reports errors in the common shape, with a message that names the field, the problem
//! and the next step.
//!
//! Handlers list them in the order of checking: first authentication, then parameters.

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{ApiError, viewers};
use crate::app::App;
use crate::history;
use crate::model::{ExecutionKey, ExecutionRow, Precondition};

/// Path parameters.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(super) struct Path<T>(pub(super) T);

/// Query parameters.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(super) struct Query<T>(pub(super) T);

/// The identity of an execution, `{id}` in a path. Whether it exists is not checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExecutionId(pub(super) Uuid);

#[derive(Deserialize)]
struct IdInPath {
    id: String,
}

impl FromRequestParts<App> for ExecutionId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Path(IdInPath { id }) = Path::from_request_parts(parts, app).await?;
        Ok(Self(execution_id(&id)?))
    }
}

/// Parses an execution's identity.
pub(super) fn execution_id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text)
        .map_err(|_| ApiError::bad_request(format!("{text:?} is not an execution's id: a UUID is")))
}

/// The execution that `{id}` in a path names, which must exist.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) key: ExecutionKey,
    pub(super) row: ExecutionRow,
}

impl FromRequestParts<App> for Execution {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let ExecutionId(id) = ExecutionId::from_request_parts(parts, app).await?;
        let (key, row) = history::find(&app.store, id).await?;
        Ok(Self { key, row })
    }
}

/// What a request that sets something by its name may do: with `If-None-Match: *` only create it, with `If-Match: *` only
/// change it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamePrecondition(pub(super) Precondition);

impl FromRequestParts<App> for NamePrecondition {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let given = |name: header::HeaderName| parts.headers.get(name).map(HeaderValue::as_bytes);
        let other = |name: &str, means: &str| {
            Err(ApiError::bad_request(format!(
                "{name}: it must be \"*\", which {means}: nothing here has a version"
            )))
        };
        match (given(header::IF_NONE_MATCH), given(header::IF_MATCH)) {
            (None, None) => Ok(Self(Precondition::Any)),
            (Some(b"*"), None) => Ok(Self(Precondition::IsNew)),
            (None, Some(b"*")) => Ok(Self(Precondition::Exists)),
            (Some(b"*"), Some(b"*")) => Err(ApiError::bad_request(
                "If-Match and If-None-Match cannot both hold: leave out one of them",
            )),
            (Some(b"*") | None, _) => other("If-Match", "refuses to add what is not there"),
            (Some(_), _) => other("If-None-Match", "refuses to replace what has that name"),
        }
    }
}

/// A body of any content.
#[derive(Debug)]
pub(super) struct WholeBody(pub(super) Bytes);

impl FromRequest<App> for WholeBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        Ok(Self(Bytes::from_request(request, app).await?))
    }
}

/// A body with one JSON object, whatever the Content-Type; an empty body counts as an empty object.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let WholeBody(body) = WholeBody::from_request(request, app).await?;
        Ok(Self(read(&body)?))
    }
}

/// Parses a body; an error names the field, and repeats no value.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    let whole = || ApiError::bad_request("the body must be one JSON object");
    // serde would accept a list as the fields in order.
    if body
        .trim_ascii_start()
        .first()
        .is_some_and(|first| b"[\"0123456789tfn-".contains(first))
    {
        return Err(whole());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let cause = error.inner();
        if !cause.is_data() {
            return ApiError::bad_request(format!(
                "the body is not JSON, at line {} column {}",
                cause.line(),
                cause.column()
            ));
        }
        let text = cause.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        ApiError::bad_request(match text.rsplit_once(", expected ") {
            // "invalid type: string …, expected u32": the value may be secret.
            Some((found, expected)) if !found.starts_with("unknown field") => {
                format!("{field}: expected {expected}")
            }
            // For an unknown field, both the path and the message name it.
            _ => text.to_owned(),
        })
    })?;
    json.end().map_err(|_| whole())?;
    Ok(read)
}

/// A WebSocket handshake with limits for the socket.
pub(super) struct Upgrade(pub(super) WebSocketUpgrade);

impl FromRequestParts<App> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, app).await;
        let upgrade = upgrade.map_err(|_| {
            ApiError::bad_request(
                "this is a WebSocket: connect with ws://, or use \"playback follow\"",
            )
        })?;
        Ok(Self(viewers::bounded(upgrade)))
    }
}
