//! How the collector is.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::ApiError;
use super::auth::ReadAccess;
use crate::app::App;

/// Whether the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(super) async fn get_health() -> &'static str {
    "ok\n"
}

/// Whether the collector can take events in: its store answers, and takes changes. If not, the message says why.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = super::error::ErrorBody),
    )
)]
pub(super) async fn get_readiness(State(app): State<App>) -> Result<&'static str, ApiError> {
    if app.closing.is_cancelled() {
        return Err(ApiError::busy("the collector is stopping"));
    }
    app.store.ready().await.map_err(|error| {
        tracing::warn!(%error, "not ready");
        match error.trouble() {
            Some(trouble) => ApiError::busy(trouble.to_string()),
            None => ApiError::busy("the store does not answer"),
        }
    })?;
    Ok("ready\n")
}

/// Figures for Prometheus: the documented four, then the collector's own.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(super) async fn get_metrics(
    State(app): State<App>,
    _: ReadAccess,
) -> Result<impl IntoResponse, ApiError> {
    let counts = app.store.status_counts().await?;
    let documented = [
        (
            "ansible_executions_total",
            "Executions in the history.",
            counts.running + counts.success + counts.failed,
        ),
        (
            "ansible_executions_running",
            "Executions that are running.",
            counts.running,
        ),
        (
            "ansible_executions_failed",
            "Executions that failed.",
            counts.failed,
        ),
        (
            "ansible_executions_success",
            "Executions that succeeded.",
            counts.success,
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in documented {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"
        );
    }
    text.push_str(&app.figures.render());
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}
