//! Schedules of runs: list, create, change, pause, resume, run, delete; and the times of a cron line.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use super::auth::{ReadAccess, RunAccess};
use super::error::ErrorBody;
use super::executions::NoteQuery;
use super::extract::{JsonBody, Path, Query};
use super::launch::accepted;
use crate::app::App;
use crate::commands::CommandError;
use crate::model::{
    ExecutionResult, MissedTimes, Overlap, Schedule, ScheduleRow, ScheduleSettings, ScheduleTime,
    ScheduledRun, time_from_us,
};
use crate::timetable::{Timetable, TimetableError};

/// Number of next times that are shown for a single schedule, and for a cron line.
const PREVIEW: usize = 10;

/// All schedules.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScheduleList {
    /// The schedules, by name.
    schedules: Vec<Schedule>,
}

/// A schedule to create, or its new settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleRequest {
    /// Its name: letters, digits, `.`, `_` and `-`. It cannot be changed; a change may leave it out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// When it runs: five fields (minute, hour, day of month, month, day of week), six with seconds first, or
    /// `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    #[schema(example = "30 3 * * mon-fri")]
    cron: String,
    /// Name of the time zone of these fields, such as `Europe/Berlin`; UTC by default.
    #[serde(default)]
    zone: Option<String>,
    /// What to do if the last run is not finished; `skip` by default.
    #[serde(default)]
    overlap: Overlap,
    /// How to treat times at which no collector could start a run; `skip` by default.
    #[serde(default)]
    missed: MissedTimes,
    /// Start each run with a random delay of up to this many seconds: 0 to 3600.
    #[serde(default)]
    #[schema(maximum = 3600)]
    jitter_seconds: u32,
    /// What it runs.
    run: ScheduledRun,
    /// Its purpose.
    #[serde(default)]
    #[schema(max_length = 2000)]
    description: Option<String>,
}

impl ScheduleRequest {
    fn into_settings(self) -> (Option<String>, ScheduleSettings) {
        let Self {
            name,
            cron,
            zone,
            overlap,
            missed,
            jitter_seconds,
            run,
            description,
        } = self;
        let settings = ScheduleSettings {
            cron: cron.trim().to_owned(),
            zone: zone.unwrap_or_else(|| "UTC".to_owned()),
            overlap,
            missed,
            jitter_seconds,
            run,
            description: description.filter(|text| !text.is_empty()),
        };
        (name, settings)
    }
}

/// Why a schedule is paused or resumed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScheduleNote {
    /// The reason, in words, for the audit trail, and for users who see that it is paused.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Why a schedule is run by hand.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScheduleRunRequest {
    /// The reason, in words, for the audit trail, and for the run's record instead of the schedule's own note.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// How many times of a schedule are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The next time and the last one.
    Entry,
    /// The next ten, and all past ones that are kept.
    Whole,
}

/// A schedule, for readers; with values only if the reader may run it.
async fn view(
    app: &App,
    row: ScheduleRow,
    extent: Extent,
    may_run: bool,
) -> Result<Schedule, ApiError> {
    let blocked = app.schedules.block(&row).await?;
    let past = match extent {
        Extent::Entry => row.last.clone().into_iter().collect(),
        Extent::Whole => app.store.ticks(row.id).await?,
    };
    let count = match extent {
        Extent::Entry => 1,
        Extent::Whole => PREVIEW,
    };
    let next = app.schedules.next(&row, count);
    let ScheduleSettings {
        cron,
        zone,
        overlap,
        missed,
        jitter_seconds,
        run,
        description,
    } = row.settings;
    Ok(Schedule {
        name: row.name,
        cron,
        zone,
        overlap,
        missed,
        jitter_seconds,
        run: match may_run {
            true => run,
            false => run.without_values(),
        },
        description,
        owner: row.owner,
        created: time_from_us(row.created_us),
        changed: time_from_us(row.changed_us),
        paused: row.paused.map(Into::into),
        blocked,
        next,
        past: past.into_iter().map(ScheduleTime::from).collect(),
        last_execution: row.last_run.map(|run| run.execution),
        last_status: row.last_run.and_then(|run| run.status),
    })
}

/// List the schedules: when each runs next, the outcome of its last time, and what would prevent its next run.
#[utoipa::path(
    get, path = "/schedules", tag = "launch",
    responses((status = 200, body = ScheduleList))
)]
pub(super) async fn list_schedules(
    State(app): State<App>,
    access: ReadAccess,
) -> Result<Json<ScheduleList>, ApiError> {
    let mut schedules = Vec::new();
    for row in app.store.schedules().await? {
        schedules.push(view(&app, row, Extent::Entry, access.may_run()).await?);
    }
    Ok(Json(ScheduleList { schedules }))
}

/// Get one schedule, with its next ten times and the outcome of the last hundred.
#[utoipa::path(
    get, path = "/schedules/{name}", tag = "launch", params(("name" = String, Path)),
    responses((status = 200, body = Schedule), (status = 404, body = ErrorBody))
)]
pub(super) async fn get_schedule(
    State(app): State<App>,
    access: ReadAccess,
    Path(name): Path<String>,
) -> Result<Json<Schedule>, ApiError> {
    let row = app.store.schedule(&name).await?;
    let row = row.ok_or(CommandError::NoSuchSchedule(name))?;
    Ok(Json(
        view(&app, row, Extent::Whole, access.may_run()).await?,
    ))
}

/// Create a schedule. It starts runs on behalf of the token that creates it, for as long as that token may launch.
#[utoipa::path(
    post, path = "/schedules", tag = "launch", request_body = ScheduleRequest,
    responses(
        (status = 201, body = Schedule),
        (status = 400, body = ErrorBody, description = "A field is invalid; nothing is stored"),
        (status = 403, body = ErrorBody, description = "This collector launches nothing, or the token lacks the scope run"),
        (status = 404, body = ErrorBody, description = "There is no such playbook or inventory"),
        (status = 409, body = ErrorBody, description = "There is already a schedule with this name"),
    )
)]
pub(super) async fn create_schedule(
    State(app): State<App>,
    access: RunAccess,
    JsonBody(request): JsonBody<ScheduleRequest>,
) -> Result<(StatusCode, Json<Schedule>), ApiError> {
    let (name, settings) = request.into_settings();
    let name = name.unwrap_or_default();
    let row = app
        .commands
        .create_schedule(access.actor(), &name, settings)
        .await?;
    let schedule = view(&app, row, Extent::Whole, true).await?;
    Ok((StatusCode::CREATED, Json(schedule)))
}

/// Replace the settings of a schedule: from now on, it starts runs on behalf of the token of this request. A token with
/// the scope `run` can change its own schedules, one with `admin` all schedules.
#[utoipa::path(
    put, path = "/schedules/{name}", tag = "launch", params(("name" = String, Path)),
    request_body = ScheduleRequest,
    responses(
        (status = 200, body = Schedule),
        (status = 400, body = ErrorBody, description = "A field is invalid; nothing is changed"),
        (status = 403, body = ErrorBody, description = "It is not yours, this collector launches nothing, or the token lacks the scope run"),
        (status = 404, body = ErrorBody, description = "There is no such schedule, playbook or inventory"),
        (status = 409, body = ErrorBody, description = "It was changed at the same time"),
    )
)]
pub(super) async fn change_schedule(
    State(app): State<App>,
    access: RunAccess,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<ScheduleRequest>,
) -> Result<Json<Schedule>, ApiError> {
    let (new_name, settings) = request.into_settings();
    if new_name.is_some_and(|new_name| new_name != name) {
        return Err(ApiError::bad_request(
            "name: a schedule keeps its name, by which its runs are found: create another one",
        ));
    }
    let changed = app
        .commands
        .change_schedule(access.actor(), &name, settings);
    shown(&app, changed.await?).await
}

/// Pause a schedule: it starts no runs until it is resumed.
#[utoipa::path(
    post, path = "/schedules/{name}/pause", tag = "launch", params(("name" = String, Path)),
    request_body = Option<ScheduleNote>,
    responses(
        (status = 200, body = Schedule),
        (status = 403, body = ErrorBody, description = "It is not yours, or the token lacks the scope run"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It was changed at the same time"),
    )
)]
pub(super) async fn pause_schedule(
    State(app): State<App>,
    access: RunAccess,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<ScheduleNote>,
) -> Result<Json<Schedule>, ApiError> {
    let note = request.note.as_deref();
    let paused = app.commands.pause_schedule(access.actor(), &name, note);
    shown(&app, paused.await?).await
}

/// Resume a schedule. Times that it missed while it was paused are skipped.
#[utoipa::path(
    post, path = "/schedules/{name}/resume", tag = "launch", params(("name" = String, Path)),
    request_body = Option<ScheduleNote>,
    responses(
        (status = 200, body = Schedule),
        (status = 403, body = ErrorBody, description = "It is not yours, or the token lacks the scope run"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It was changed at the same time"),
    )
)]
pub(super) async fn resume_schedule(
    State(app): State<App>,
    access: RunAccess,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<ScheduleNote>,
) -> Result<Json<Schedule>, ApiError> {
    let note = request.note.as_deref();
    let resumed = app.commands.resume_schedule(access.actor(), &name, note);
    shown(&app, resumed.await?).await
}

/// Run a schedule now, on behalf of the token of this request, even if it is paused or belongs to another token. Its next
/// times do not change. If its last run is not finished, its `overlap` applies: `skip` refuses, `queue` waits for that
/// run, `cancel` cancels it.
#[utoipa::path(
    post, path = "/schedules/{name}/run", tag = "launch", params(("name" = String, Path)),
    request_body = Option<ScheduleRunRequest>,
    responses(
        (status = 202, body = ExecutionResult, description = "It is running or queued; `schedule` and `launched_by` name the schedule and the token that started it"),
        (status = 400, body = ErrorBody, description = "Its settings are no longer valid, or a secret cannot be read"),
        (status = 403, body = ErrorBody, description = "This collector launches nothing, or the token lacks the scope run"),
        (status = 404, body = ErrorBody, description = "There is no such schedule, playbook or inventory"),
        (status = 409, body = ErrorBody, description = "Its last run is not finished, or it was changed at the same time"),
        (status = 503, body = ErrorBody, description = "Too many runs are waiting"),
    )
)]
pub(super) async fn run_schedule(
    State(app): State<App>,
    access: RunAccess,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<ScheduleRunRequest>,
) -> Result<Response, ApiError> {
    let note = request.note.as_deref();
    let actor = access.actor();
    let id = app.commands.run_schedule(&actor, &name, note).await?;
    accepted(&app, id).await
}

/// Delete a schedule. Its running executions continue, and its executions stay in the history.
#[utoipa::path(
    delete, path = "/schedules/{name}", tag = "launch", params(("name" = String, Path), NoteQuery),
    responses(
        (status = 204, description = "It was deleted"),
        (status = 403, body = ErrorBody, description = "It is not yours, or the token lacks the scope run"),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn delete_schedule(
    State(app): State<App>,
    access: RunAccess,
    Path(name): Path<String>,
    Query(query): Query<NoteQuery>,
) -> Result<StatusCode, ApiError> {
    let note = query.note.as_deref();
    app.commands
        .delete_schedule(access.actor(), &name, note)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(app: &App, row: ScheduleRow) -> Result<Json<Schedule>, ApiError> {
    Ok(Json(view(app, row, Extent::Whole, true).await?))
}

/// A cron line, and its time zone.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CronQuery {
    /// The cron line.
    #[param(example = "30 3 * * mon-fri")]
    cron: String,
    /// Name of the time zone; UTC by default.
    #[serde(default)]
    zone: Option<String>,
}

/// The times of a cron line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CronTimes {
    /// The next ten, with the zone's offset from UTC.
    next: Vec<DateTime<FixedOffset>>,
}

/// Get the next ten times of a cron line, to check it before a schedule is created.
#[utoipa::path(
    get, path = "/schedule-times", tag = "launch", params(CronQuery),
    responses(
        (status = 200, body = CronTimes),
        (status = 400, body = ErrorBody, description = "The line or the zone is invalid, or the line never matches a time"),
    )
)]
pub(super) async fn list_schedule_times(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<CronQuery>,
) -> Result<Json<CronTimes>, ApiError> {
    let invalid = |error: TimetableError| ApiError::bad_request(error.to_string());
    let zone = query.zone.as_deref().unwrap_or("UTC");
    let timetable = Timetable::parse(&query.cron, zone).map_err(invalid)?;
    let next = timetable.preview_in_zone(app.clock.now_us(), PREVIEW);
    if next.is_empty() {
        return Err(invalid(TimetableError::Never(query.cron)));
    }
    Ok(Json(CronTimes { next }))
}
