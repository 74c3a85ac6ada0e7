//! Notification targets.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::ApiError;
use super::super::auth::AdminAccess;
use super::super::error::ErrorBody;
use super::super::extract::{JsonBody, NamePrecondition, Path};
use super::deliveries::{NotificationDeliveryDetail, detail};
use crate::app::App;
use crate::commands::CommandError;
use crate::model::{TargetRow, TargetSettings, time_from_us};
use crate::notify::secrets::TargetSecrets;
use crate::store::Undelivered;

/// A target. Its secrets are never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NotificationTarget {
    /// Its name.
    name: String,
    /// Where messages are sent, without secret parts.
    address: String,
    /// Its settings, as they were given, without secrets.
    settings: TargetSettings,
    /// The secrets that it has: `url`, `token`, `password`, `headers`, `signing_secrets`. Empty if they cannot be read,
    /// because they were encrypted with another key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Vec<&'static str>>,
    /// `on`, `failing` (the last attempts failed, and more follow), `off` (switched off after it failed for too long: set
    /// it again) or `disabled` (`enabled` is false).
    state: &'static str,
    /// Whether the collector's configuration file defines it.
    from_file: bool,
    /// When it was last changed.
    changed: DateTime<Utc>,
    /// When it last accepted a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delivered: Option<DateTime<Utc>>,
    /// Number of messages that wait for their time or for the next attempt.
    pending: u64,
    /// Number of messages that were given up, as far as the log is kept.
    failed: u64,
    /// The time since which every attempt has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<DateTime<Utc>>,
    /// Why it was switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_reason: Option<String>,
    /// When it was switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_since: Option<DateTime<Utc>>,
    /// The signing secret that was just generated. It is only shown now.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
}

/// All targets.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NotificationTargetList {
    /// The targets, by name.
    targets: Vec<NotificationTarget>,
    /// Whether the collector has a key to encrypt secrets with (`notifications.key_file`). Without one, it refuses
    /// every target that has a secret: an address, a token, a password.
    has_key: bool,
}

/// A new signing secret.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NewSigningSecret {
    /// The secret, which signs in addition to the previous one. It is only shown now.
    signing_secret: String,
}

fn shown(app: &App, row: TargetRow, undelivered: Undelivered) -> NotificationTarget {
    let secrets = TargetSecrets::open(app.notifier.keys(), &row);
    let state = match (&row.off, row.settings.enabled, row.failing_since_us) {
        (_, false, _) => "disabled",
        (Some(_), ..) => "off",
        (None, true, Some(_)) => "failing",
        (None, true, None) => "on",
    };
    let (off_reason, off_us) = row.off.unzip();
    NotificationTarget {
        name: row.name,
        address: row.address,
        settings: row.settings,
        secrets: secrets.ok().map(|secrets| secrets.names()),
        state,
        from_file: row.is_from_file,
        changed: time_from_us(row.changed_us),
        last_delivered: row.delivered_us.map(time_from_us),
        pending: undelivered.pending,
        failed: undelivered.failed,
        failing_since: row.failing_since_us.map(time_from_us),
        off_reason,
        off_since: off_us.map(time_from_us),
        signing_secret: None,
    }
}

async fn find_target(app: &App, name: &str) -> Result<NotificationTarget, ApiError> {
    let row = app.store.target(name).await?;
    let row = row.ok_or_else(|| CommandError::NoSuchTarget(name.to_owned()))?;
    let undelivered = app.store.undelivered(Some(row.id)).await?;
    let undelivered = undelivered.get(&row.id).copied().unwrap_or_default();
    Ok(shown(app, row, undelivered))
}

/// List the notification targets.
#[utoipa::path(
    get, path = "/notifications/targets", tag = "notifications",
    responses((status = 200, body = NotificationTargetList))
)]
pub(in crate::api) async fn list_notification_targets(
    State(app): State<App>,
    _: AdminAccess,
) -> Result<Json<NotificationTargetList>, ApiError> {
    let undelivered = app.store.undelivered(None).await?;
    let rows = app.store.targets().await?.into_iter();
    let targets = rows.map(|row| {
        let undelivered = undelivered.get(&row.id).copied().unwrap_or_default();
        shown(&app, row, undelivered)
    });
    let targets = targets.collect();
    Ok(Json(NotificationTargetList {
        targets,
        has_key: app.notifier.keys().can_seal(),
    }))
}

/// Get a notification target.
#[utoipa::path(
    get, path = "/notifications/targets/{name}", tag = "notifications", params(("name" = String, Path)),
    responses((status = 200, body = NotificationTarget), (status = 404, body = ErrorBody))
)]
pub(in crate::api) async fn get_notification_target(
    State(app): State<App>,
    _: AdminAccess,
    Path(name): Path<String>,
) -> Result<Json<NotificationTarget>, ApiError> {
    Ok(Json(find_target(&app, &name).await?))
}

/// Create a notification target, or replace the settings of the one with that name. Secrets that are left out stay
/// unchanged, and those that are `null` are removed; a target that was switched off is switched on again. For a webhook
/// without a signing secret, one is generated and shown once.
#[utoipa::path(
    put, path = "/notifications/targets/{name}", tag = "notifications",
    params(
        ("name" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only create it; the request is refused if the name exists"),
        ("If-Match" = Option<String>, Header, description = "`*`: only change it; the request is refused if the name does not exist"),
    ),
    request_body = TargetSettings,
    responses(
        (status = 200, description = "It was changed", body = NotificationTarget),
        (status = 201, description = "It was created", body = NotificationTarget),
        (status = 400, body = ErrorBody),
        (status = 409, description = "The configuration file defines it", body = ErrorBody),
        (status = 412, description = "The name exists and the request may only create it, or it does not exist and the request may only change it", body = ErrorBody),
    )
)]
pub(in crate::api) async fn set_notification_target(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
    NamePrecondition(precondition): NamePrecondition,
    JsonBody(settings): JsonBody<TargetSettings>,
) -> Result<(StatusCode, Json<NotificationTarget>), ApiError> {
    let set = app
        .commands
        .set_target(access.actor(), &name, settings, precondition)
        .await?;
    let status = match set.is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    let target = NotificationTarget {
        signing_secret: set
            .signing_secret
            .map(|secret| secret.expose_secret().to_owned()),
        ..find_target(&app, &name).await?
    };
    Ok((status, Json(target)))
}

/// Remove a notification target, and the log of its messages.
#[utoipa::path(
    delete, path = "/notifications/targets/{name}", tag = "notifications", params(("name" = String, Path)),
    responses(
        (status = 204, description = "It was removed"),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The configuration file defines it", body = ErrorBody),
    )
)]
pub(in crate::api) async fn delete_notification_target(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.commands.remove_target(access.actor(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook a new signing secret. The previous one stays valid until the next rotation: messages are signed with
/// both.
#[utoipa::path(
    post, path = "/notifications/targets/{name}/rotate", tag = "notifications", params(("name" = String, Path)),
    responses(
        (status = 200, body = NewSigningSecret),
        (status = 400, description = "The target does not sign messages", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The configuration file defines it", body = ErrorBody),
    )
)]
pub(in crate::api) async fn rotate_notification_target(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
) -> Result<Json<NewSigningSecret>, ApiError> {
    let secret = app.commands.rotate_target(access.actor(), &name).await?;
    Ok(Json(NewSigningSecret {
        signing_secret: secret.expose_secret().to_owned(),
    }))
}

/// Send a target an example: the last failed run, if there is one. The answer contains the outcome.
#[utoipa::path(
    post, path = "/notifications/targets/{name}/test", tag = "notifications", params(("name" = String, Path)),
    responses(
        (status = 200, description = "It was tried: `state` says whether it arrived", body = NotificationDeliveryDetail),
        (status = 404, body = ErrorBody),
    )
)]
pub(in crate::api) async fn test_notification_target(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
) -> Result<Json<NotificationDeliveryDetail>, ApiError> {
    let id = app.commands.test_target(access.actor(), &name).await?;
    Ok(Json(detail(&app, id).await?))
}
