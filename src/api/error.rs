//! The one error shape, and the conversion of every inner error into it.

use std::any::Any;

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::RefusedActor;
use crate::commands::CommandError;
use crate::history::HistoryError;
use crate::ingest::IngestError;
use crate::launcher::LaunchError;
use crate::model::Actor;
use crate::notify::NotifyError;
use crate::retention::RetentionError;
use crate::server::TooSlow;
use crate::store::StoreError;

/// The body of an error: `{"error": {"code", "message"}}`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
    /// Ingest only: the last stored event; resume after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    acked: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// A stable code, for programs.
    code: &'static str,
    /// For people: what is wrong, and what to do.
    message: String,
}

/// An error response.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    acked: Option<u64>,
    /// The refused actor, if known.
    actor: Option<Box<Actor>>,
}

/// Seconds after which a client should retry if the collector is busy.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            acked: None,
            actor: None,
        }
    }

    /// The same response, with the actor.
    pub(super) fn to(mut self, actor: Actor) -> Self {
        self.actor = Some(Box::new(actor));
        self
    }

    /// 500: the system gave no random bytes.
    pub(super) fn no_random(error: getrandom::Error) -> Self {
        Self::internal(&error)
    }

    /// Its code.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// 400: the request is invalid.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 401: not authenticated.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: not allowed.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// 412: it exists already and the request may only create it, or it does not exist and the request may only change it.
    pub(super) fn precondition_failed(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            message,
        )
    }

    /// 410: it existed before.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "gone", message)
    }

    /// 503: temporarily unavailable.
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
    }

    /// 413, for anything but a batch.
    pub(super) fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "the body is larger than this request may have",
        )
    }

    /// A request that a protocol above HTTP does not allow; the message comes from that protocol.
    pub(super) fn of_protocol(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::NOT_ACCEPTABLE => "not_acceptable",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            status if status.is_server_error() => "internal",
            _ => "bad_request",
        };
        Self::new(status, code, message)
    }

    /// 422: it cannot be read as a bundle.
    pub(super) fn not_a_bundle(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_a_bundle", message)
    }

    /// The body of a request did not arrive completely.
    pub(super) fn unread(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(slow) = error.downcast_ref::<TooSlow>() {
                return Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", slow.to_string());
            }
            cause = error.source();
        }
        Self::bad_request("the body could not be read to its end")
    }

    /// 500: the cause is for the log, not for the client.
    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the collector failed to answer this; its log says why",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: ErrorDetail {
                code: self.code,
                message: self.message,
            },
            acked: self.acked,
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(actor) = self.actor {
            response.extensions_mut().insert(RefusedActor(*actor));
        }
        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if let Some(trouble) = error.trouble() {
            tracing::error!(%error, "the store takes nothing in");
            return Self::busy(trouble.to_string());
        }
        if error.is_unavailable() {
            tracing::error!(%error, "the store is away");
            return Self::busy("the store is not available: try again in a moment");
        }
        Self::internal(&error)
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::NoSuchExecution(_)
            | HistoryError::NoSuchResult { .. }
            | HistoryError::NoSuchHost(_)
            | HistoryError::NothingToCompare(_) => Self::not_found(error.to_string()),
            HistoryError::LogRemoved { .. } => Self::gone(error.to_string()),
            HistoryError::Busy => Self::busy(error.to_string()),
            HistoryError::TooLarge(_) => Self::bad_request(error.to_string()),
            HistoryError::BrokenOff => Self::busy(error.to_string()),
            HistoryError::Json(_) => Self::internal(&error),
            HistoryError::Store(cause) => cause.into(),
        }
    }
}

impl From<IngestError> for ApiError {
    fn from(error: IngestError) -> Self {
        let message = error.to_string();
        let (status, code) = match &error {
            IngestError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            IngestError::NotZstd => (StatusCode::UNPROCESSABLE_ENTITY, "not_zstd"),
            IngestError::NotEvents(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not_an_event"),
            IngestError::NotStarted => (StatusCode::UNPROCESSABLE_ENTITY, "not_started"),
            IngestError::Gap { .. } => (StatusCode::CONFLICT, "gap"),
            IngestError::Conflict => (StatusCode::CONFLICT, "conflict"),
            IngestError::NotOwner(why) if why.may_another_token() => {
                (StatusCode::FORBIDDEN, "forbidden")
            }
            // Producers must not mistake it for a refusal of their token.
            IngestError::NotOwner(_) => (StatusCode::FORBIDDEN, "not_yours"),
            IngestError::Reserved { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "reserved"),
            IngestError::LogRemoved | IngestError::Deleted => (StatusCode::GONE, "gone"),
            IngestError::Busy | IngestError::NotCommitted | IngestError::Overtaken => {
                (StatusCode::SERVICE_UNAVAILABLE, "busy")
            }
            IngestError::Store(cause) => {
                if let Some(trouble) = cause.trouble() {
                    return Self::busy(trouble.to_string());
                }
                // Producers retry until the store works again.
                tracing::error!(error = %cause, "the store failed");
                let message = "the store is not available: try again in a moment";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
            }
            IngestError::Damaged(cause) => return Self::internal(cause),
        };
        let acked = match error {
            IngestError::Gap { acked } => Some(acked),
            _ => None,
        };
        Self {
            acked,
            ..Self::new(status, code, message)
        }
    }
}

impl From<LaunchError> for ApiError {
    fn from(error: LaunchError) -> Self {
        let message = error.to_string();
        match error {
            LaunchError::Disabled | LaunchError::AdhocOff => {
                Self::new(StatusCode::FORBIDDEN, "disabled", message)
            }
            LaunchError::ModuleNotAllowed { .. } => Self::forbidden(message),
            LaunchError::Invalid { .. } | LaunchError::NoSecret { .. } => {
                Self::bad_request(message)
            }
            LaunchError::NotFound { .. } | LaunchError::NoSuchExecution(_) => {
                Self::not_found(message)
            }
            LaunchError::NotOurs(_) | LaunchError::Over | LaunchError::NothingFailed => {
                Self::conflict(message)
            }
            LaunchError::QueueFull(_) => Self::busy(message),
            LaunchError::Folder(cause) => Self::internal(&cause),
            LaunchError::Ingest(cause) => cause.into(),
            LaunchError::Store(cause) => cause.into(),
        }
    }
}

impl From<RetentionError> for ApiError {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Running => Self::conflict(error.to_string()),
            RetentionError::Stopping => Self::busy(error.to_string()),
            RetentionError::Store(cause) => cause.into(),
            RetentionError::Ingest(cause) => cause.into(),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let message = error.to_string();
        match error {
            CommandError::Invalid(_) => Self::bad_request(message),
            CommandError::NoSuchExecution(_)
            | CommandError::NoSuchToken(_)
            | CommandError::NoSuchSchedule(_)
            | CommandError::NoSuchReportSchedule(_)
            | CommandError::NoSuchTarget(_)
            | CommandError::NoSuchDelivery(_) => Self::not_found(message),
            CommandError::NotYourSchedule { .. } => Self::forbidden(message),
            CommandError::Running(_)
            | CommandError::Pinned(..)
            | CommandError::ScheduleChanged(_)
            | CommandError::ScheduleRuns { .. }
            | CommandError::ScheduleWaits(_) => Self::conflict(message),
            CommandError::BrokenOff(_) => Self::busy(message),
            CommandError::Random(cause) => Self::internal(&cause),
            CommandError::Launch(cause) => cause.into(),
            CommandError::Retention(cause) => cause.into(),
            CommandError::Ingest(cause) => cause.into(),
            CommandError::Store(
                StoreError::TokenExists { .. }
                | StoreError::ScheduleExists { .. }
                | StoreError::TargetFromFile { .. },
            ) => Self::conflict(message),
            CommandError::Store(
                StoreError::TargetExists { .. }
                | StoreError::TargetMissing { .. }
                | StoreError::ReportScheduleExists { .. }
                | StoreError::ReportScheduleMissing { .. },
            ) => Self::precondition_failed(message),
            CommandError::Notify(NotifyError::Store(cause)) => cause.into(),
            CommandError::Notify(NotifyError::History(cause)) => cause.into(),
            CommandError::Notify(cause) => Self::internal(&cause),
            CommandError::Store(cause) => cause.into(),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        let text = text
            .strip_prefix("Failed to deserialize query string: ")
            .unwrap_or(&text);
        Self::bad_request(format!("query: {text}"))
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(format!("path: {}", rejection.body_text()))
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::body_too_large();
        }
        Self::unread(&rejection)
    }
}

/// The path does not exist.
pub(super) async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::not_found(format!(
        "nothing is at {}: /api/openapi.json lists what there is",
        uri.path()
    ))
}

/// The path does not support the method.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{method} is not possible at {}", uri.path()),
    )
}

/// A handler panicked: a bug, but it only affects this request.
pub(super) fn panicked(_cause: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the collector failed to answer this; its log says why",
    )
    .into_response()
}
