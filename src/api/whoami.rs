//! Describes the token of a request.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::AnyAccess;
use super::error::ErrorBody;
use crate::auth::{Scope, Scopes};
use crate::model::time_from_us;

/// What the collector knows about a token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Identity {
    /// Name of the token; missing if the collector serves without tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// How records name the owner of this token, in `launched_by`, `canceled_by` and the like.
    actor: String,
    /// What it allows.
    scopes: Vec<Scope>,
    /// When it expires; missing if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<DateTime<Utc>>,
    /// The only execution that it is valid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<Uuid>,
}

/// Describe the token of the request: its name, scopes and expiry. Every valid token may be used, whatever its scopes.
#[utoipa::path(
    get, path = "/whoami", tag = "session",
    responses(
        (status = 200, body = Identity, description = "What the collector knows about the token"),
        (status = 401, body = ErrorBody, description = "No token, or an unknown one"),
    )
)]
pub(super) async fn get_identity(access: AnyAccess) -> Json<Identity> {
    let actor = access.name();
    Json(match access.into_token() {
        None => Identity {
            name: None,
            actor,
            scopes: Scope::ALL.to_vec(),
            expires: None,
            execution: None,
        },
        Some(row) => Identity {
            actor,
            scopes: Scopes::decode(&row.scopes).list().to_vec(),
            expires: row.expires_us.map(time_from_us),
            execution: row.execution,
            name: Some(row.name),
        },
    })
}
