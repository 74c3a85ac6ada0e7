//! Exports: sets of runs, results, hosts or lines, and one run as a document.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use futures_util::stream::StreamExt as _;
use playback_wire::{ResultStatus, Stream as Printed};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::IntoParams;
use uuid::Uuid;

use super::ApiError;
use super::auth::{AdminAccess, ReadAccess};
use super::error::ErrorBody;
use super::extract::{Execution, Query, execution_id};
use super::query::{Matching, matching, named};
use crate::app::App;
use crate::export::report::{self, Document};
use crate::export::{self, Dataset, ExportError, Format, Request, Selection};
use crate::filter::{Filtered, RawFilters, parse, place};
use crate::history::SearchRequest;
use crate::model::Actor;
use crate::store::RowFilter;

/// Maximum number of open exports: each uses some megabytes.
const OPEN: usize = 16;

/// Executions that one search finds at most, and how long it may take.
const FOUND: usize = 1000;
const SEARCH: Duration = Duration::from_secs(5);

static EXPORTS: Semaphore = Semaphore::const_new(OPEN);

/// Filters of the list, and what to export.
pub(super) type ExportQuery = Filtered<place::List, ExportOptions>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct ExportOptions {
    /// The content of a row: `executions` (the default), `results` (a task on a host), `hosts` (a host of an execution)
    /// or `output` (a printed line).
    what: Option<String>,
    /// `ndjson` (the default), `json`, `csv` or `parquet`.
    format: Option<String>,
    /// A query, as in the list of executions.
    q: Option<String>,
    /// Identity of the only execution to export, instead of filters.
    execution: Option<String>,
    /// Order by start time: `desc` (newest first, the default) or `asc`.
    order: Option<String>,
    /// Names of the columns to export, separated by commas, in this order; all by default.
    columns: Option<String>,
    /// Only hosts with this name, and their results.
    only_host: Option<String>,
    /// Only results with this outcome: `ok`, `failed`, `skipped` or `unreachable`.
    only_status: Option<String>,
    /// Only results that changed something; `false`: only those that did not.
    only_changed: Option<String>,
    /// Only lines that went to `stdout` or `stderr`.
    only_stream: Option<String>,
}

impl ExportOptions {
    /// Filters for hosts, results and lines.
    fn rows(&self, dataset: Dataset) -> Result<(RowFilter, Option<Printed>), ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let host = given(&self.only_host);
        let all = ResultStatus::ALL;
        let status = named(
            "only_status",
            self.only_status.as_deref(),
            &all,
            ResultStatus::as_str,
        )?;
        let changed = given(&self.only_changed).map(|text| {
            parse::flag(&text).map_err(|problem| {
                ApiError::bad_request(format!("only_changed = {text:?}: {problem}"))
            })
        });
        let changed = changed.transpose()?;
        let streams = [Printed::Stdout, Printed::Stderr];
        let stream = named(
            "only_stream",
            self.only_stream.as_deref(),
            &streams,
            Printed::as_str,
        )?;
        for (name, is_given, fits) in [
            (
                "only_host",
                host.is_some(),
                matches!(dataset, Dataset::Hosts | Dataset::Results),
            ),
            ("only_status", status.is_some(), dataset == Dataset::Results),
            (
                "only_changed",
                changed.is_some(),
                dataset == Dataset::Results,
            ),
            ("only_stream", stream.is_some(), dataset == Dataset::Output),
        ] {
            if is_given && !fits {
                return Err(ApiError::bad_request(format!(
                    "{name}: rows of {} have no such field; leave it out, or choose another what",
                    dataset.as_str()
                )));
            }
        }
        let filter = RowFilter {
            host,
            status,
            changed,
        };
        Ok((filter, stream))
    }
}

fn request(app: &App, query: &ExportQuery) -> Result<Request, ApiError> {
    let options = &query.rest;
    let dataset = named(
        "what",
        options.what.as_deref(),
        &Dataset::ALL,
        Dataset::as_str,
    )?;
    let dataset = dataset.unwrap_or(Dataset::Executions);
    let format = options.format.as_deref();
    let format = named("format", format, &Format::ALL, Format::as_str)?;
    let (rows, stream) = options.rows(dataset)?;
    let asked = RequestedRuns {
        q: options.q.as_deref(),
        execution: options.execution.as_deref(),
        order: options.order.as_deref(),
    };
    Ok(Request {
        dataset,
        format: format.unwrap_or(Format::Ndjson),
        selection: asked.selection(app, query)?,
        columns: options.columns.clone(),
        rows,
        stream,
        costing: None,
    })
}

/// The selected executions, besides filters.
struct RequestedRuns<'q> {
    q: Option<&'q str>,
    execution: Option<&'q str>,
    order: Option<&'q str>,
}

impl RequestedRuns<'_> {
    fn selection<T>(
        &self,
        app: &App,
        query: &Filtered<place::List, T>,
    ) -> Result<Selection, ApiError> {
        let order = named(
            "order",
            self.order,
            &["asc", "desc"],
            std::convert::identity,
        )?;
        let execution = self.execution.filter(|id| !id.is_empty());
        let execution = execution.map(execution_id).transpose()?;
        let selection = match matching(query.filter()?, self.q, app.clock.now_us())? {
            Matching::Filter(filter) => Selection::Matching {
                filter: *filter,
                ascending: order == Some("asc"),
            },
            Matching::Line(_) if order == Some("asc") => {
                return Err(ApiError::bad_request(
                    "order = \"asc\": it is not possible together with a query about lines, whose runs come newest first",
                ));
            }
            Matching::Line(query) => {
                let first = SearchRequest::for_runs(query, FOUND, SEARCH);
                Selection::Found(app.searches.clone(), first)
            }
        };
        let is_filtered = query.given != RawFilters::default() || selection.has_query();
        match execution {
            Some(_) if is_filtered => Err(ApiError::bad_request(
                "execution: it names the only execution; leave it or the filters out",
            )),
            Some(id) => Ok(Selection::One(id)),
            None => Ok(selection),
        }
    }
}

/// An export, as described in the audit trail.
struct Exported<'q> {
    /// The content of a row; `bundle` for logs.
    what: &'static str,
    format: &'static str,
    given: &'q RawFilters,
    /// Whether there was a query beside the filters.
    has_query: bool,
    execution: Option<Uuid>,
}

impl Exported<'_> {
    /// Adds it to the audit trail, if that is configured.
    fn note(&self, app: &App, actor: Actor) {
        let Some(views) = &app.views else {
            return;
        };
        let mut told = Map::new();
        told.insert("what".to_owned(), self.what.into());
        told.insert("format".to_owned(), self.format.into());
        let filters: Map<String, Value> = self
            .given
            .pairs()
            // A searched text may be redacted later.
            .map(|(name, text)| match name {
                "text" => (name.to_owned(), true.into()),
                _ => (name.to_owned(), text.into()),
            })
            .chain(self.has_query.then(|| ("q".to_owned(), true.into())))
            .collect();
        if !filters.is_empty() {
            told.insert("filters".to_owned(), filters.into());
        }
        let object = match self.execution {
            Some(execution) => format!("execution:{execution}"),
            None => "history".to_owned(),
        };
        views.exported(actor, object, &told.into());
    }
}

/// Occupies one of the places for open exports.
fn permit() -> Result<SemaphorePermit<'static>, ApiError> {
    EXPORTS.try_acquire().map_err(|_| {
        ApiError::busy(format!(
            "{OPEN} exports are open already: try again when one of them is over"
        ))
    })
}

/// Export executions, their results, their hosts or their printed lines.
///
/// It accepts the filters and the query of the list, and streams everything that matches. Every row has every column;
/// docs/export.md lists them. Executions that start during the export may be missing; one that is deleted meanwhile is
/// left out completely. If the export fails after it has begun, the connection is aborted: HTTP clients report that,
/// JSON and Parquet cannot be read without their end, and NDJSON and CSV must then not be used.
#[utoipa::path(
    get, path = "/export", tag = "history", params(ExportQuery),
    responses(
        (status = 200, content(
            (String = "application/x-ndjson"), (String = "application/json"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet")
        )),
        (status = 404, body = ErrorBody, description = "There is no such execution"),
        (status = 503, body = ErrorBody, description = "Busy, or too many exports are open: retry later"),
    )
)]
pub(super) async fn export_history(
    State(app): State<App>,
    access: ReadAccess,
    Query(query): Query<ExportQuery>,
) -> Result<Response, ApiError> {
    let request = Request {
        costing: app.costs.costing().await?,
        ..request(&app, &query)?
    };
    let permit = permit()?;
    let (name, format) = (request.dataset.as_str(), request.format);
    let exported = Exported {
        what: name,
        format: format.as_str(),
        given: &query.given,
        has_query: request.selection.has_query(),
        execution: request.selection.execution(),
    };
    let bytes = export::begin(&app.store, request).await?;
    exported.note(&app, access.actor());
    let file = format!("{name}.{}", format.as_str());
    Ok(attached(format.media_type(), &file, holding(permit, bytes)))
}

/// Filters of the audit trail.
pub(super) type AuditExportQuery = Filtered<place::Audit, AuditExportOptions>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct AuditExportOptions {
    /// `ndjson` (the default), `json`, `csv` or `parquet`.
    format: Option<String>,
    /// Names of the columns to export, separated by commas, in this order; all by default.
    columns: Option<String>,
}

/// Export the audit trail, newest entry first.
///
/// It streams every entry that matches, with the columns that docs/export.md lists. Entries that are added meanwhile are
/// left out.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", params(AuditExportQuery),
    responses(
        (status = 200, content(
            (String = "application/x-ndjson"), (String = "application/json"), (String = "text/csv"),
            (String = "application/vnd.apache.parquet")
        )),
        (status = 503, body = ErrorBody, description = "Busy, or too many exports are open: retry later"),
    )
)]
pub(super) async fn export_audit(
    State(app): State<App>,
    access: AdminAccess,
    Query(query): Query<AuditExportQuery>,
) -> Result<Response, ApiError> {
    let format = query.rest.format.as_deref();
    let format = named("format", format, &Format::ALL, Format::as_str)?;
    let format = format.unwrap_or(Format::Ndjson);
    let columns = query.rest.columns.as_deref();
    let filter = query.filter()?;
    let permit = permit()?;
    let bytes = export::begin_audit(&app.store, filter, format, columns).await?;
    if let Some(views) = &app.views {
        let filters: Map<String, Value> = query
            .given
            .pairs()
            .map(|(name, text)| (name.to_owned(), text.into()))
            .collect();
        let told = json!({ "what": "audit", "format": format.as_str(), "filters": filters });
        views.exported(access.actor(), "audit".to_owned(), &told);
    }
    let file = format!("audit.{}", format.as_str());
    Ok(attached(format.media_type(), &file, holding(permit, bytes)))
}

/// Filters of the list.
pub(super) type BundleQuery = Filtered<place::List, BundleOptions>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct BundleOptions {
    /// A query, as in the list of executions.
    q: Option<String>,
    /// Identity of the only execution, instead of filters.
    execution: Option<String>,
    /// Order by start time: `desc` (newest first, the default) or `asc`.
    order: Option<String>,
}

/// Export the logs of executions as a bundle, from which another collector makes the identical record (`/import`).
///
/// It requires the scope `admin`, because it contains the names with which a producer can add to its run. Executions
/// that are not finished, and those whose log retention removed, are left out; the bundle names them.
#[utoipa::path(
    get, path = "/export/bundle", tag = "history", params(BundleQuery),
    responses(
        (status = 200, body = String, content_type = "application/zstd"),
        (status = 404, body = ErrorBody, description = "There is no such execution"),
        (status = 503, body = ErrorBody, description = "Busy, or too many exports are open: retry later"),
    )
)]
pub(super) async fn export_bundle(
    State(app): State<App>,
    access: AdminAccess,
    Query(query): Query<BundleQuery>,
) -> Result<Response, ApiError> {
    let asked = RequestedRuns {
        q: query.rest.q.as_deref(),
        execution: query.rest.execution.as_deref(),
        order: query.rest.order.as_deref(),
    };
    let selection = asked.selection(&app, &query)?;
    let permit = permit()?;
    let exported = Exported {
        what: "bundle",
        format: "playback",
        given: &query.given,
        has_query: selection.has_query(),
        execution: selection.execution(),
    };
    let bytes = export::begin_bundle(&app.store, selection).await?;
    exported.note(&app, access.actor());
    let bytes = holding(permit, bytes);
    Ok(attached("application/zstd", "executions.playback", bytes))
}

/// Holds the place until the last byte is sent, or the client has disconnected.
fn holding<T>(
    permit: SemaphorePermit<'static>,
    bytes: impl Stream<Item = T> + Send + 'static,
) -> impl Stream<Item = T> + Send + 'static {
    bytes.inspect(move |_| {
        let _ = &permit;
    })
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReportQuery {
    /// `html` (the default: one file without scripts, for storing or mailing), `junit` (JUnit XML, a test case for each
    /// task and host) or `markdown` (a summary for a merge request).
    format: Option<String>,
}

/// Get one execution as a document.
///
/// HTML and Markdown have limited space: they name what they leave out, and failures come first.
#[utoipa::path(
    get, path = "/executions/{id}/report", tag = "history", params(("id" = uuid::Uuid, Path), ReportQuery),
    responses(
        (status = 200, content(
            (String = "text/html"), (String = "application/xml"), (String = "text/markdown")
        )),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn get_report(
    State(app): State<App>,
    _: ReadAccess,
    Query(query): Query<ReportQuery>,
    Execution { key, row }: Execution,
) -> Result<Response, ApiError> {
    let format = query.format.as_deref();
    let document = named("format", format, &Document::ALL, Document::as_str)?;
    let document = document.unwrap_or(Document::Html);
    let file = format!("{}.{}", row.id, document.ending());
    let bytes = report::report(&app.store, key, row, document).await?;
    Ok(attached(document.media_type(), &file, bytes))
}

/// A file to save. Its content comes from others: a browser that shows it nevertheless must not run any of it.
fn attached(
    media_type: &'static str,
    file: &str,
    bytes: impl Stream<Item = Result<Bytes, ExportError>> + Send + 'static,
) -> Response {
    let bytes = bytes.inspect(|bytes| {
        if let Err(error) = bytes {
            // The response has begun: aborting it is the only way left to report the error.
            tracing::error!(%error, "an export broke off");
        }
    });
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    // The name consists of fixed words and an id.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NoSuchColumn { .. } => Self::bad_request(error.to_string()),
            ExportError::Vanished(_) => Self::not_found(error.to_string()),
            ExportError::History(cause) => cause.into(),
            ExportError::Store(cause) => cause.into(),
            ExportError::Json(_)
            | ExportError::Bundle(_)
            | ExportError::Parquet(_)
            | ExportError::Encoder
            | ExportError::Reader => Self::internal(&error),
        }
    }
}
