//! The HTTP surface: one router list, thin handlers, one error type.
//!
//! Handlers are named `verb_resource`, and that name is the operation's id in the OpenAPI document,
//! which is generated from this list and nothing else.

mod audit;
mod auth;
mod budgets;
mod document;
mod error;
mod executions;
mod export;
mod extract;
mod feed;
mod filters;
mod health;
mod hosts;
mod import;
mod ingest;
mod launch;
mod login;
mod mcp;
mod metrics;
mod notifications;
mod origin;
mod pages;
mod parts;
mod peer;
mod query;
mod recent;
mod redact;
mod reports;
mod retention;
mod schedules;
mod search;
mod stats;
mod stream;
mod streamed;
mod tokens;
mod trends;
mod viewers;
mod views;
mod whoami;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Request, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

pub use error::ApiError;

use crate::app::App;

/// Maximum size of a small request body, and of one with lists and texts, in bytes. A batch has its own limits, and a
/// login needs no more than a token.
const SMALL_BODY: usize = 64 << 10;
const LARGE_BODY: usize = 1 << 20;
const LOGIN_BODY: usize = 4 << 10;

/// Path prefix of the API.
pub const PREFIX: &str = "/api/v1/ansible";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Playback",
        description = "Execution history for Ansible. Times are RFC 3339 in UTC, durations are seconds. \
                       Every error has one shape: {\"error\": {\"code\", \"message\"}}."
    ),
    tags(
        (name = "history", description = "Recorded executions"),
        (name = "stream", description = "Live streams of running executions"),
        (name = "launch", description = "Runs started by the collector: launches, replays, schedules"),
        (name = "ingest", description = "Events from producers"),
        (name = "session", description = "Logins and tokens"),
        (name = "reports", description = "Reports of a day, a week or a month, and costs"),
        (name = "audit", description = "The audit trail: who changed what"),
        (name = "notifications", description = "Notification targets, and their deliveries"),
        (name = "health", description = "State of the collector")
    ),
    components(schemas(playback_wire::Producer, crate::model::Report)),
    security(("token" = []), ("session" = []))
)]
struct Document;

/// Every route that the document describes.
fn routes() -> OpenApiRouter<App> {
    use utoipa::OpenApi as _;
    let api = OpenApiRouter::new()
        .routes(routes!(executions::list_executions))
        .routes(routes!(
            executions::get_execution,
            executions::delete_execution
        ))
        .routes(routes!(recent::list_recent))
        .routes(routes!(stats::get_statistics))
        .routes(routes!(search::search_lines))
        .routes(routes!(trends::get_trends))
        .routes(routes!(trends::get_estimate))
        .routes(bounded(routes!(redact::redact_execution), LARGE_BODY))
        .routes(routes!(retention::cleanup_executions))
        .routes(routes!(
            retention::pin_execution,
            retention::unpin_execution
        ))
        .routes(routes!(export::export_history))
        .routes(routes!(export::export_bundle))
        .routes(routes!(export::get_report))
        .routes(routes!(import::import_bundle))
        .routes(routes!(parts::explain::explain_execution))
        .routes(routes!(parts::compare::compare_with_earlier))
        .routes(routes!(parts::compare::compare_executions))
        .routes(routes!(parts::output::get_output))
        .routes(routes!(parts::events::list_events))
        .routes(routes!(parts::structure::list_plays))
        .routes(routes!(parts::structure::list_tasks))
        .routes(routes!(parts::structure::list_hosts))
        .routes(routes!(parts::results::list_results))
        .routes(routes!(parts::results::get_result))
        .routes(routes!(hosts::list_known_hosts))
        .routes(routes!(hosts::get_host))
        .routes(routes!(hosts::list_host_runs))
        .routes(routes!(hosts::list_host_changes))
        .routes(routes!(hosts::get_host_facts))
        .routes(routes!(hosts::list_host_facts_changes))
        .routes(routes!(hosts::list_host_groups))
        .routes(compressed(routes!(parts::matrix::get_matrix)))
        .routes(routes!(stream::stream_execution))
        .routes(routes!(feed::stream_executions))
        .routes(bounded(routes!(launch::run_playbook), LARGE_BODY))
        .routes(bounded(routes!(launch::run_adhoc), LARGE_BODY))
        .routes(routes!(launch::cancel_execution))
        .routes(bounded(routes!(launch::replay_execution), LARGE_BODY))
        .routes(routes!(launch::list_playbooks))
        .routes(routes!(launch::list_inventories))
        .routes(routes!(launch::list_launch_secrets))
        .routes(bounded(
            routes!(schedules::list_schedules, schedules::create_schedule),
            LARGE_BODY,
        ))
        .routes(bounded(
            routes!(
                schedules::get_schedule,
                schedules::change_schedule,
                schedules::delete_schedule
            ),
            LARGE_BODY,
        ))
        .routes(routes!(schedules::pause_schedule))
        .routes(routes!(schedules::resume_schedule))
        .routes(routes!(schedules::run_schedule))
        .routes(routes!(schedules::list_schedule_times))
        .routes(routes!(ingest::ingest_batch))
        .routes(bounded(
            routes!(login::create_session, login::delete_session),
            LOGIN_BODY,
        ))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(bounded(routes!(login::create_ticket), LOGIN_BODY))
        .routes(routes!(reports::preview_report))
        .routes(routes!(reports::list_reports))
        .routes(routes!(reports::get_stored_report))
        .routes(routes!(reports::get_report_document))
        .routes(routes!(reports::list_report_schedules))
        .routes(routes!(
            reports::save_report_schedule,
            reports::delete_report_schedule
        ))
        .routes(routes!(budgets::list_budgets))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::verify_audit))
        .routes(routes!(export::export_audit))
        .routes(routes!(notifications::targets::list_notification_targets))
        .routes(routes!(
            notifications::targets::get_notification_target,
            notifications::targets::set_notification_target,
            notifications::targets::delete_notification_target
        ))
        .routes(routes!(notifications::targets::rotate_notification_target))
        .routes(routes!(notifications::targets::test_notification_target))
        .routes(routes!(
            notifications::deliveries::list_notification_deliveries
        ))
        .routes(routes!(
            notifications::deliveries::get_notification_delivery
        ))
        .routes(routes!(notifications::deliveries::redeliver_notification))
        .routes(routes!(whoami::get_identity));
    let mut document = Document::openapi();
    document.info.license = None;
    document::add_security(&mut document);
    document::add_messages(&mut document);
    OpenApiRouter::with_openapi(document)
        .nest(PREFIX, api)
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .routes(routes!(metrics::get_metrics))
}

/// Routes with a size limit for bodies: one announced as larger is refused at once.
fn bounded(routes: UtoipaMethodRouter<App>, bytes: usize) -> UtoipaMethodRouter<App> {
    let refuse = move |request: Request<Body>, next: Next| async move {
        let announced = request.body().size_hint().lower();
        if usize::try_from(announced).is_ok_and(|announced| announced <= bytes) {
            return next.run(request).await;
        }
        ApiError::body_too_large().into_response()
    };
    routes
        .layer(DefaultBodyLimit::max(bytes))
        .layer(axum::middleware::from_fn(refuse))
}

/// Routes whose answers are large and repetitive: they are compressed for clients that accept it.
fn compressed(routes: UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
    routes.layer(CompressionLayer::new())
}

/// The OpenAPI 3.1 document.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = routes().into_openapi();
    document::complete(&mut document);
    document
}

/// Records who looks at records, if that is configured.
fn noting_views(router: Router<App>, app: &App) -> Router<App> {
    match app.views {
        Some(_) => router.layer(axum::middleware::from_fn_with_state(
            app.clone(),
            views::note_views,
        )),
        None => router,
    }
}

/// The whole service.
pub fn router(app: App) -> Router {
    let (router, mut document) = routes().split_for_parts();
    // The service for assistants' tools, with the same handlers: it lacks only the outer layers, which this request has
    // passed.
    let (asked, _) = routes().split_for_parts();
    let asked = noting_views(asked, &app)
        .layer(CatchPanicLayer::custom(error::panicked))
        .with_state(app.clone());
    document::complete(&mut document);
    let address = app.config.http.public_address();
    let address = address.and_then(|address| HeaderValue::from_str(&address).ok());
    // Shared: handlers are cloned for every connection, and the document is nearly a megabyte.
    let document = Arc::new(document);
    // Our own failures are logged where they become a response; "busy" is a response, not a failure.
    let trace = TraceLayer::new_for_http().on_failure(());
    let trace = trace.make_span_with(|request: &Request<_>| {
        // The route instead of the path: few names, and no identity or query in the log.
        let route = request
            .extensions()
            .get::<axum::extract::MatchedPath>()
            .map_or("", |path| path.as_str());
        tracing::debug_span!("request", method = %request.method(), route)
    });
    noting_views(router, &app)
        .route(
            "/api/openapi.json",
            get(async move || axum::Json(&*document).into_response()),
        )
        .route(mcp::PATH, mcp::route(asked))
        .fallback(pages::get_page)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            audit::note_refusals,
        ))
        .layer(DefaultBodyLimit::max(SMALL_BODY))
        .layer(CatchPanicLayer::custom(error::panicked))
        // Helps producers to distinguish our errors from those of proxies.
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static(playback_spool::COLLECTOR_HEADER),
            HeaderValue::from_static("1"),
        ))
        // Tells recorders and commands the address under which users find the pages.
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static(playback_spool::ADDRESS_HEADER),
            address,
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(trace)
        .with_state(app)
}
