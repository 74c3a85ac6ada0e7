//! Reports: made on request, those that schedules made, and the schedules.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ApiError;
use super::auth::{AdminAccess, ReadAccess};
use super::error::ErrorBody;
use super::executions::NoteQuery;
use super::extract::{JsonBody, NamePrecondition, Path, Query};
use super::query::{limit, named};
use crate::app::App;
use crate::filter::{Filtered, place};
use crate::model::{
    Report, ReportDelivery, ReportDestination, ReportFormat, ReportRow, ReportSchedule,
    ReportSettings, time_from_us,
};
use crate::reports::{ReportParameters, ReportsError, render};

/// Number of a schedule's next times that are shown.
const NEXT: usize = 3;

/// Filters of the list, and the period.
pub(super) type PreviewQuery = Filtered<place::Stats, PreviewOptions>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct PreviewOptions {
    /// A query, as for the list of executions. A single `since:` or `until:` at its top level is used as `from` or
    /// `to`.
    #[param(example = "label:prod")]
    q: Option<String>,
    /// `day`, `week` (the default) or `month`: the period up to `to`, or up to now, which begins at the same time of
    /// day a day, a week or a month earlier.
    period: Option<String>,
    /// The time zone of the period, and of times in documents, by its name in the IANA database; UTC by default.
    #[param(example = "Europe/Berlin")]
    zone: Option<String>,
    /// `json` (the default), `html`, `markdown`, `csv` or `text`.
    format: Option<String>,
}

/// Make a report, which is not stored: what ran in a period, what failed and why, what is new, slower, flaky, not
/// idempotent or missing, and what it cost, in comparison with the period before.
///
/// Its cost hardly grows with the number of runs: it is made from roll-ups, from the fingerprints of errors, and from the
/// trends of the newest 1000 runs. `remarks` name the resulting limits.
#[utoipa::path(
    get, path = "/reports/preview", tag = "reports", params(PreviewQuery),
    responses(
        (status = 200, content(
            (Report = "application/json"), (String = "text/html"), (String = "text/markdown"), (String = "text/csv"),
            (String = "text/plain")
        )),
        (status = 400, body = ErrorBody),
    )
)]
pub(super) async fn preview_report(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<PreviewQuery>,
) -> Result<Response, ApiError> {
    let options = &query.rest;
    let format = format_named(options.format.as_deref())?.unwrap_or(ReportFormat::Json);
    let filter = query.filter()?;
    let parameters = ReportParameters {
        schedule: None,
        period: options.period.clone(),
        from_us: filter.from_us,
        end_us: filter.to_us.map(|to_us| to_us.saturating_add(1)),
        zone: options.zone.clone(),
        query: options.q.clone(),
        filter,
    };
    let report = app.reports.make(&parameters).await?;
    let text = render(&report, format).map_err(|error| ApiError::internal(&error))?;
    Ok(document(format, text, None))
}

fn format_named(format: Option<&str>) -> Result<Option<ReportFormat>, ApiError> {
    named("format", format, &ReportFormat::ALL, ReportFormat::as_str)
}

/// A document. Its content comes from others: a browser that shows it must not run any of it.
fn document(format: ReportFormat, text: String, file: Option<&str>) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    // The name consists of letters and digits.
    let file = file.map(|file| format!("attachment; filename=\"{file}\""));
    if let Some(Ok(value)) = file.map(|file| HeaderValue::from_str(&file)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// A report that was made for a schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoredReport {
    /// Its identity.
    id: Uuid,
    /// Name of the schedule.
    schedule: String,
    /// The scheduled time for which it was made: the end of its period.
    due: DateTime<Utc>,
    /// The beginning of its period.
    from: DateTime<Utc>,
    /// When it was made.
    made: DateTime<Utc>,
    /// `day`, `week` or `month`.
    period: String,
    /// The time zone of its period.
    zone: String,
    /// Which runs count, as a query; missing: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// Number of runs in it when it was made; missing if it could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<u64>,
    /// How many of these had failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<u64>,
    /// Why it could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The formats that are delivered.
    formats: Vec<ReportFormat>,
    /// Its deliveries.
    deliveries: Vec<ReportDelivery>,
}

impl From<ReportRow> for StoredReport {
    fn from(row: ReportRow) -> Self {
        Self {
            id: row.id,
            schedule: row.schedule,
            due: time_from_us(row.due_us),
            from: time_from_us(row.from_us),
            made: time_from_us(row.made_us),
            period: row.content.period,
            zone: row.content.zone,
            query: row.content.query,
            runs: row.runs,
            failed: row.failed,
            error: row.error,
            formats: row.content.formats,
            deliveries: row.deliveries.into_iter().chain(row.sent).collect(),
        }
    }
}

/// A page of the reports that schedules made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoredReportList {
    /// The reports, newest first.
    reports: Vec<StoredReport>,
    /// Send this as `cursor` to get the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoredReportsQuery {
    /// Only reports of this schedule.
    schedule: Option<String>,
    /// Maximum number of reports: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List the reports that were made for schedules, newest first.
#[utoipa::path(
    get, path = "/reports", tag = "reports", params(StoredReportsQuery),
    responses((status = 200, body = StoredReportList), (status = 400, body = ErrorBody))
)]
pub(super) async fn list_reports(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<StoredReportsQuery>,
) -> Result<Json<StoredReportList>, ApiError> {
    let limit = limit(query.limit)?;
    let schedule = query.schedule.as_deref().filter(|name| !name.is_empty());
    let after = query.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let after = after
        .map(|cursor| {
            let read = cursor.split_once('_').and_then(|(due_us, id)| {
                Some((due_us.parse::<i64>().ok()?, Uuid::try_parse(id).ok()?))
            });
            read.ok_or_else(|| {
                ApiError::bad_request(
                    "cursor: this is none; take next_cursor of the page before, as it is",
                )
            })
        })
        .transpose()?;
    let mut rows = app
        .store
        .reports(schedule, after, limit.saturating_add(1))
        .await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| has_more);
    Ok(Json(StoredReportList {
        next_cursor: last.map(|row| format!("{}_{}", row.due_us, row.id)),
        reports: rows.into_iter().map(StoredReport::from).collect(),
    }))
}

/// Get a report that was made for a schedule: its parameters, and its deliveries.
#[utoipa::path(
    get, path = "/reports/{id}", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 200, body = StoredReport), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_stored_report(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<Uuid>,
) -> Result<Json<StoredReport>, ApiError> {
    Ok(Json(find(&app, id).await?.into()))
}

async fn find(app: &App, id: Uuid) -> Result<ReportRow, ApiError> {
    let row = app.store.report(id).await?;
    row.ok_or_else(|| {
        ApiError::not_found(format!(
            "there is no report {id}: \"playback reports\" (GET /reports) lists those that are kept"
        ))
    })
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DocumentQuery {
    /// `json`, `html`, `markdown`, `csv` or `text`; by default the first of the delivered formats.
    format: Option<String>,
}

/// Get a report that was made for a schedule, as a document.
///
/// It is made again from the current history: it does not show what was redacted or deleted since, and counts runs that
/// arrived late.
#[utoipa::path(
    get, path = "/reports/{id}/document", tag = "reports", params(("id" = Uuid, Path), DocumentQuery),
    responses(
        (status = 200, content(
            (Report = "application/json"), (String = "text/html"), (String = "text/markdown"), (String = "text/csv"),
            (String = "text/plain")
        )),
        (status = 400, body = ErrorBody, description = "Its query or its time zone is no longer valid"),
        (status = 404, body = ErrorBody, description = "There is no such report"),
    )
)]
pub(super) async fn get_report_document(
    State(app): State<App>,
    _: ReadAccess,
    Path(id): Path<Uuid>,
    Query(query): Query<DocumentQuery>,
) -> Result<Response, ApiError> {
    let row = find(&app, id).await?;
    let asked = format_named(query.format.as_deref())?;
    let format = asked.or_else(|| row.content.formats.first().copied());
    let format = format.unwrap_or(ReportFormat::Json);
    let report = app.reports.again(&row).await?;
    let text = render(&report, format).map_err(|error| ApiError::internal(&error))?;
    let file = format!("{}-{id}.{}", row.schedule, format.ending());
    Ok(document(format, text, Some(&file)))
}

/// A report schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportScheduleItem {
    /// Its name.
    name: String,
    /// When: a cron line.
    cron: String,
    /// The time zone of the cron line.
    zone: String,
    /// The length of the report's period: `day`, `week` or `month`.
    period: String,
    /// Which runs count, as a query; missing: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// The formats that are delivered.
    formats: Vec<ReportFormat>,
    /// Where it is delivered.
    destinations: Vec<ReportDestination>,
    /// Whether it is paused, and makes no reports.
    paused: bool,
    /// Who last changed it.
    changed_by: String,
    /// When it was created.
    created: DateTime<Utc>,
    /// When it was last changed.
    changed: DateTime<Utc>,
    /// Its next times; none while it is paused.
    next: Vec<DateTime<Utc>>,
}

impl ReportScheduleItem {
    fn new(app: &App, schedule: ReportSchedule) -> Self {
        let next = app.reports.next(&schedule, NEXT);
        let settings = schedule.settings;
        Self {
            next: next.into_iter().map(time_from_us).collect(),
            name: schedule.name,
            cron: settings.cron,
            zone: settings.zone,
            period: settings.period,
            query: settings.query,
            formats: settings.formats,
            destinations: settings.destinations,
            paused: settings.paused,
            changed_by: schedule.changed_by,
            created: time_from_us(schedule.created_us),
            changed: time_from_us(schedule.changed_us),
        }
    }
}

/// All report schedules.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportScheduleList {
    /// The schedules, by name.
    schedules: Vec<ReportScheduleItem>,
}

/// List the report schedules.
#[utoipa::path(
    get, path = "/report-schedules", tag = "reports",
    responses((status = 200, body = ReportScheduleList))
)]
pub(super) async fn list_report_schedules(
    State(app): State<App>,
    _: ReadAccess,
) -> Result<Json<ReportScheduleList>, ApiError> {
    let schedules = app.store.report_schedules().await?.into_iter();
    let schedules = schedules.map(|schedule| ReportScheduleItem::new(&app, schedule));
    Ok(Json(ReportScheduleList {
        schedules: schedules.collect(),
    }))
}

/// Create a report schedule, or replace the one with that name.
///
/// A report is made for each time of the cron line from now on, once, even if several collectors share the database.
/// Reports for times at which no collector was running are made later, for the latest ten times.
#[utoipa::path(
    put, path = "/report-schedules/{name}", tag = "reports",
    params(
        ("name" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only create it; the request is refused if the name exists"),
        ("If-Match" = Option<String>, Header, description = "`*`: only change it; the request is refused if the name does not exist"),
        NoteQuery,
    ),
    request_body = ReportSettings,
    responses(
        (status = 200, body = ReportScheduleItem),
        (status = 400, body = ErrorBody, description = "The name or a setting is invalid"),
        (status = 412, body = ErrorBody, description = "The name exists and the request may only create it, or it does not exist and the request may only change it"),
    )
)]
pub(super) async fn save_report_schedule(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
    NamePrecondition(precondition): NamePrecondition,
    Query(query): Query<NoteQuery>,
    JsonBody(settings): JsonBody<ReportSettings>,
) -> Result<Json<ReportScheduleItem>, ApiError> {
    let (actor, note) = (access.actor(), query.note.as_deref());
    let saved = app
        .commands
        .save_report_schedule(&actor, &name, settings, precondition, note);
    Ok(Json(ReportScheduleItem::new(&app, saved.await?)))
}

/// Delete a report schedule. The reports that were made for it stay.
#[utoipa::path(
    delete, path = "/report-schedules/{name}", tag = "reports", params(("name" = String, Path), NoteQuery),
    responses((status = 204, description = "It was deleted"), (status = 404, body = ErrorBody))
)]
pub(super) async fn delete_report_schedule(
    State(app): State<App>,
    access: AdminAccess,
    Path(name): Path<String>,
    Query(query): Query<NoteQuery>,
) -> Result<StatusCode, ApiError> {
    let note = query.note.as_deref();
    app.commands
        .delete_report_schedule(&access.actor(), &name, note)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<ReportsError> for ApiError {
    fn from(error: ReportsError) -> Self {
        match error {
            ReportsError::Invalid(problem) => Self::bad_request(problem),
            ReportsError::History(cause) => cause.into(),
        }
    }
}
