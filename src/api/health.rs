//! Liveness and readiness of the collector.

use axum::extract::State;

use super::ApiError;
use crate::app::App;

/// Whether the process responds.
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(super) async fn get_health() -> &'static str {
    "ok\n"
}

/// Whether the collector can store events: its database answers and accepts changes. If not, the message says why.
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
