//! The log of the messages that notification targets were sent.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::ApiError;
use super::super::auth::AdminAccess;
use super::super::error::ErrorBody;
use super::super::extract::{Path, Query, execution_id};
use super::super::query::limit;
use crate::app::App;
use crate::commands::CommandError;
use crate::model::{AttemptRow, DeliveryKind, DeliveryState, time_from_us};
use crate::store::{DeliveryFilter, ListedDelivery};

/// A message, and the state of its delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NotificationDelivery {
    /// Its identity: `webhook-id` is `msg_` and its 32 digits.
    id: Uuid,
    /// The target's name.
    target: String,
    /// `event`, `digest` (several events in one message), `report` or `test`.
    kind: DeliveryKind,
    /// `pending`, `delivered` or `failed` (given up).
    state: DeliveryState,
    /// The run that it is about; missing if it is not about a single run.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<Uuid>,
    /// The report, if the message is one: `GET /reports/{id}/document` returns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Uuid>,
    /// Its text, in one line; missing before the first attempt, and after a redaction of its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// When it was made.
    created: DateTime<Utc>,
    /// When it was delivered or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<DateTime<Utc>>,
    /// When the next attempt is due, if it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<DateTime<Utc>>,
    /// Number of attempts so far.
    attempts: u32,
    /// Why the last attempt failed, completely or for some recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NotificationDeliveryList {
    /// Messages, newest first.
    deliveries: Vec<NotificationDelivery>,
    /// Send this as `cursor` to get the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One attempt to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NotificationAttempt {
    /// Its number, from 1.
    number: u32,
    /// When it began.
    time: DateTime<Utc>,
    /// How long it took, in seconds.
    duration: f64,
    /// Status code of the answer: from HTTP, or from the mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The beginning of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A message with its request and its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NotificationDeliveryDetail {
    /// The message.
    delivery: NotificationDelivery,
    /// Method and address of the last request, without secret parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Its body, without secrets; missing for a report, which is generated again for each attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Mail: recipients that received it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<String>,
    /// Its attempts, in order.
    log: Vec<NotificationAttempt>,
}

/// Which messages to list, and which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct DeliveryQuery {
    /// Name of a target.
    target: Option<String>,
    /// `pending`, `delivered` or `failed`.
    state: Option<String>,
    /// The run that the messages are about.
    execution: Option<String>,
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List the messages that targets were sent, newest first.
#[utoipa::path(
    get, path = "/notifications/deliveries", tag = "notifications", params(DeliveryQuery),
    responses(
        (status = 200, body = NotificationDeliveryList),
        (status = 400, body = ErrorBody),
        (status = 404, description = "There is no such target", body = ErrorBody),
    )
)]
pub(in crate::api) async fn list_notification_deliveries(
    State(app): State<App>,
    _: AdminAccess,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<NotificationDeliveryList>, ApiError> {
    let limit = limit(query.limit)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let target = match given(query.target) {
        Some(name) => {
            let row = app.store.target(&name).await?;
            Some(row.ok_or(CommandError::NoSuchTarget(name))?.id)
        }
        None => None,
    };
    let state = given(query.state).map(|state| {
        DeliveryState::from_name(&state).ok_or_else(|| {
            ApiError::bad_request("state: it must be one of pending, delivered, failed")
        })
    });
    let before = given(query.cursor).map(|cursor| {
        cursor
            .parse()
            .map_err(|_| ApiError::bad_request("cursor: it must be next_cursor of the page before"))
    });
    let filter = DeliveryFilter {
        target,
        state: state.transpose()?,
        execution: given(query.execution)
            .map(|id| execution_id(&id))
            .transpose()?,
        before: before.transpose()?,
    };
    let mut rows = app.store.deliveries(&filter, limit + 1).await?;
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more);
    Ok(Json(NotificationDeliveryList {
        next_cursor: next_cursor.map(|last| last.row.id.to_string()),
        deliveries: rows.into_iter().map(delivery).collect(),
    }))
}

fn delivery(listed: ListedDelivery) -> NotificationDelivery {
    let row = listed.row;
    let notice = row.notice.as_deref();
    let notice = notice.and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
    let title = notice.and_then(|notice| Some(notice["data"]["title"].as_str()?.to_owned()));
    let is_pending = row.state == DeliveryState::Pending;
    NotificationDelivery {
        id: row.uuid,
        target: listed.target,
        kind: row.kind,
        state: row.state,
        execution: listed.execution,
        report: row.report,
        title,
        created: time_from_us(row.created_us),
        done: row.done_us.map(time_from_us),
        next_attempt: is_pending.then(|| time_from_us(row.due_us)),
        attempts: row.attempts,
        error: row.error,
    }
}

fn attempt(row: AttemptRow) -> NotificationAttempt {
    NotificationAttempt {
        number: row.number,
        time: time_from_us(row.at_us),
        duration: row.duration_us as f64 / 1e6,
        status: row.status,
        answer: row.answer,
        error: row.error,
    }
}

pub(super) async fn detail(app: &App, id: Uuid) -> Result<NotificationDeliveryDetail, ApiError> {
    let found = app.store.delivery(id).await?;
    let (listed, attempts) = found.ok_or(CommandError::NoSuchDelivery(id))?;
    let recipients = listed.row.recipients.lines().map(str::to_owned).collect();
    Ok(NotificationDeliveryDetail {
        request: listed.row.request.clone(),
        body: listed.row.body.clone(),
        recipients,
        delivery: delivery(listed),
        log: attempts.into_iter().map(attempt).collect(),
    })
}

fn delivery_id(text: &str) -> Result<Uuid, ApiError> {
    // The form of `webhook-id` means the same.
    let digits = text.strip_prefix("msg_").unwrap_or(text);
    Uuid::try_parse(digits)
        .map_err(|_| ApiError::bad_request(format!("{text:?} is not a delivery's id: a UUID is")))
}

/// Get one message: its request, and each attempt with the answer.
#[utoipa::path(
    get, path = "/notifications/deliveries/{id}", tag = "notifications", params(("id" = String, Path)),
    responses(
        (status = 200, body = NotificationDeliveryDetail),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(in crate::api) async fn get_notification_delivery(
    State(app): State<App>,
    _: AdminAccess,
    Path(id): Path<String>,
) -> Result<Json<NotificationDeliveryDetail>, ApiError> {
    Ok(Json(detail(&app, delivery_id(&id)?).await?))
}

/// Send a message again, with the same identity, whatever its state.
#[utoipa::path(
    post, path = "/notifications/deliveries/{id}/redeliver", tag = "notifications", params(("id" = String, Path)),
    responses(
        (status = 202, description = "It will be sent shortly", body = NotificationDeliveryDetail),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(in crate::api) async fn redeliver_notification(
    State(app): State<App>,
    access: AdminAccess,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<NotificationDeliveryDetail>), ApiError> {
    let id = delivery_id(&id)?;
    app.commands.redeliver(access.actor(), id).await?;
    Ok((StatusCode::ACCEPTED, Json(detail(&app, id).await?)))
}
