//! Records who read an execution, for the audit trail.
//!
//! Every successful `GET` below `/executions/{id}` counts as a look, so a new part of a record is included automatically.
//! An export records itself, because it knows which executions it contains.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::PREFIX;
use crate::app::App;
use crate::model::Actor;

/// The request extension in which authentication stores the actor.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader(Arc<OnceLock<Actor>>);

impl Reader {
    /// Stores the actor.
    pub(super) fn is(&self, actor: &Actor) {
        // A second authentication has the same actor.
        let _ = self.0.set(actor.clone());
    }
}

/// An execution that an answer shows although the request did not name it, as an extension of the response.
#[derive(Debug, Clone, Copy)]
pub(super) struct AlsoShown(pub(super) Uuid);

/// Records requests that showed a part of an execution's record.
pub(super) async fn note_views(
    State(app): State<App>,
    params: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let part = part(&request);
    let (Some(views), Some(part), Ok(params)) = (&app.views, part, params) else {
        return next.run(request).await;
    };
    // The second execution, if two are compared.
    let named = params.iter().filter_map(|(_, value)| value.parse().ok());
    let mut executions: Vec<Uuid> = named.collect();
    let reader = Reader::default();
    request.extensions_mut().insert(reader.clone());
    let response = next.run(request).await;
    let status = response.status();
    let is_shown = status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS;
    let also = response.extensions().get::<AlsoShown>();
    executions.extend(also.map(|AlsoShown(execution)| *execution));
    if is_shown && let Some(actor) = reader.0.get() {
        for execution in executions {
            views.viewed(actor.clone(), execution, &part);
        }
    }
    response
}

/// The requested part of an execution's record; none if it is not one.
fn part(request: &Request) -> Option<String> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let below = route
        .strip_prefix(PREFIX)?
        .strip_prefix("/executions/{id}")?;
    let name = below.trim_start_matches('/').split('/').next();
    Some(match name {
        None | Some("") => "record".to_owned(),
        Some(name) => name.to_owned(),
    })
}
