//! The audit trail: its entries, and whether it is intact.

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::auth::{AdminAccess, RefusedActor};
use super::error::ErrorBody;
use super::extract::Query;
use super::query::limit;
use super::{ApiError, auth, peer};
use crate::app::App;
use crate::filter::{Filtered, place};
use crate::model::{Actor, AuditCheck, AuditFault, AuditRow, Via, hexadecimal, time_from_us};

/// Filters and page of the audit trail; entries must match all filters that are given.
pub(super) type AuditQuery = Filtered<place::Audit, AuditPage>;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct AuditPage {
    /// Maximum number of entries: 1 to 1000, 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Who did something, and from which address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditActor {
    /// `token:NAME`, `user:NAME` for a command on the collector's machine, `configuration` for its file, `schedule` for the
    /// collector's own jobs, `schedule:NAME` for a schedule of runs, or `anonymous`.
    name: String,
    /// The token's number: a later token with the same name has another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<i64>,
    /// The token's scopes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    scopes: Vec<String>,
    /// How they were authenticated: `token`, `session`, `open`, `command_line`, `configuration`, `schedule` or `unknown`.
    via: String,
    /// Address of the client; behind a trusted proxy, the address that the proxy reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
}

/// One entry of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditItem {
    /// Its place in the trail: 1, 2, 3 …
    number: i64,
    /// When it happened.
    time: DateTime<Utc>,
    /// Who did it.
    actor: AuditActor,
    /// What was done.
    action: String,
    /// The object of the action.
    object: String,
    /// Why, in the actor's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    before: Option<Box<RawValue>>,
    /// The state afterwards, or the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    after: Option<Box<RawValue>>,
    /// SHA-256 of the previous entry's hash and of this entry, in hexadecimal.
    hash: String,
}

/// A page of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditList {
    /// Entries, newest first.
    entries: Vec<AuditItem>,
    /// Send this as `cursor` to get the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Days that entries are kept (`audit_keep_days` in the configuration); missing: forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_days: Option<u32>,
}

/// List who changed what, newest first: deletions, pins, redactions, cleanups, launches, cancellations, tokens,
/// schedules, notification targets, and refused requests. With `audit_views` in the configuration, also who read
/// which run, and who exported what.
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = AuditList), (status = 400, body = ErrorBody))
)]
pub(super) async fn list_audit(
    State(app): State<App>,
    _: AdminAccess,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditList>, ApiError> {
    let limit = limit(query.rest.limit)?;
    let cursor = query.rest.cursor.as_deref();
    let before = cursor.filter(|cursor| !cursor.is_empty()).map(|cursor| {
        cursor
            .parse()
            .map_err(|_| ApiError::bad_request("cursor: it must be next_cursor of the page before"))
    });
    let filter = query.filter()?;
    let mut rows = app
        .store
        .audit_entries(&filter, before.transpose()?, limit + 1)
        .await?;
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more);
    Ok(Json(AuditList {
        next_cursor: next_cursor.map(|last| last.number.to_string()),
        entries: rows.into_iter().map(item).collect(),
        keep_days: app.config.audit_keep_days,
    }))
}

fn item(row: AuditRow) -> AuditItem {
    let json = |text: Option<String>| text.and_then(|text| RawValue::from_string(text).ok());
    let scopes = row.scopes.split_whitespace().map(str::to_owned).collect();
    AuditItem {
        number: row.number,
        time: time_from_us(row.at_us),
        actor: AuditActor {
            name: row.actor,
            token: row.token,
            scopes,
            via: row.via,
            peer: row.peer,
        },
        action: row.action,
        object: row.object,
        note: row.note,
        before: json(row.before),
        after: json(row.after),
        hash: hexadecimal(&row.hash),
    }
}

/// Whether the audit trail is unchanged.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditVerdict {
    /// Whether no entry was changed, removed or inserted.
    is_whole: bool,
    /// Number of entries that were examined.
    entries: u64,
    /// The faults; the first 100.
    faults: Vec<AuditFaultItem>,
    /// The last entry. If you store it elsewhere, you can check later that the trail up to it is unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<AuditHead>,
    /// The last entry that was removed because of `audit_keep_days` in the configuration; missing if none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<AuditHead>,
    /// Days that entries are kept (`audit_keep_days` in the configuration); missing: forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_days: Option<u32>,
}

/// An entry, by its number and hash.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditHead {
    number: i64,
    hash: String,
}

/// A fault in the trail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditFaultItem {
    /// `changed`, `missing` or `added`.
    fault: &'static str,
    /// Number of the first entry concerned.
    first: i64,
    /// Number of the last entry concerned.
    last: i64,
}

impl From<&AuditFault> for AuditFaultItem {
    fn from(fault: &AuditFault) -> Self {
        let (fault, first, last) = match *fault {
            AuditFault::Changed(number) => ("changed", number, number),
            AuditFault::Missing(first, last) => ("missing", first, last),
            AuditFault::Added(number) => ("added", number, number),
        };
        Self { fault, first, last }
    }
}

impl AuditVerdict {
    fn new(check: &AuditCheck, keep_days: Option<u32>) -> Self {
        let named = |(number, hash): (i64, [u8; 32])| {
            (number > 0).then(|| AuditHead {
                number,
                hash: hexadecimal(&hash),
            })
        };
        Self {
            is_whole: check.faults.is_empty(),
            entries: check.entries,
            faults: check.faults.iter().map(AuditFaultItem::from).collect(),
            head: named(check.head()),
            removed: named(check.base()),
            keep_days,
        }
    }
}

/// Verify the audit trail: each entry is compared with the hash of the one before it, from the first to the last.
#[utoipa::path(
    get, path = "/audit/verify", tag = "audit",
    responses((status = 200, body = AuditVerdict))
)]
pub(super) async fn verify_audit(
    State(app): State<App>,
    _: AdminAccess,
) -> Result<Json<AuditVerdict>, ApiError> {
    let check = app.store.check_audit().await?;
    Ok(Json(AuditVerdict::new(&check, app.config.audit_keep_days)))
}

/// Records requests that are answered with 401 or 403, for the audit trail.
pub(super) async fn note_refusals(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    // The route instead of the path, which the refused client chose.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let peer = peer::address(&app.config.http, request.extensions(), request.headers());
    let is_first_visit = is_first_visit(&request, route.as_ref());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    if matches!(status, 401 | 403) && !is_first_visit {
        let known = response.extensions().get::<RefusedActor>();
        let actor = known.map_or_else(
            || Actor::anonymous(Via::Unknown, peer.map(|peer| peer.to_string())),
            |RefusedActor(actor)| actor.clone(),
        );
        let route = route.as_ref().map_or("", MatchedPath::as_str);
        let request = format!("{method} {route}");
        app.commands.refused(actor, status, request);
    }
    response
}

/// Whether a page asks who is logged in, without a session. Each visit begins with this request, so it is not a refused
/// attempt.
fn is_first_visit(request: &Request, route: Option<&MatchedPath>) -> bool {
    let headers = request.headers();
    let is_question = route.is_some_and(|route| route.as_str().ends_with("/whoami"));
    is_question && !headers.contains_key(header::AUTHORIZATION) && auth::cookie(headers).is_none()
}
