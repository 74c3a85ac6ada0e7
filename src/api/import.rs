//! Imports bundles.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use futures_util::StreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiError;
use super::auth::AdminAccess;
use super::error::ErrorBody;
use super::executions::NoteQuery;
use super::extract::Query;
use crate::app::App;
use crate::commands::imports::Imported;
use crate::export::{BundleError, BundleReader, Item};

/// Maximum number of executions that an answer names, of each kind.
const NAMED: usize = 100;

/// An execution that was not imported, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotImported {
    /// Its identity.
    id: Uuid,
    /// Why.
    why: String,
}

/// Number of imported, known and refused executions of a bundle.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ImportAnswer {
    /// Number of executions that were imported.
    imported: u64,
    /// Number of executions that already existed, with the same events.
    present: u64,
    /// Number of executions that were refused.
    refused: u64,
    /// The refused executions; the first 100.
    not_imported: Vec<NotImported>,
    /// Number of executions that were left out when the bundle was made.
    left_out: u64,
    /// The executions that were left out; the first 100.
    not_in_bundle: Vec<NotImported>,
}

impl ImportAnswer {
    fn take(&mut self, id: Uuid, imported: Imported) {
        match imported {
            Imported::New => self.imported += 1,
            Imported::Present => self.present += 1,
            Imported::Refused(why) => {
                self.refused += 1;
                if self.not_imported.len() < NAMED {
                    self.not_imported.push(NotImported { id, why });
                }
            }
        }
    }

    /// The answer to a bundle that cannot be read completely.
    fn refusal(&self, error: &BundleError) -> ApiError {
        ApiError::not_a_bundle(format!(
            "{error}; executions before it: {} imported, {} here already, {} refused",
            self.imported, self.present, self.refused
        ))
    }
}

/// Import a bundle that `/export/bundle` made.
///
/// Each execution is imported completely or not at all, and its record is identical. An execution that already exists
/// is skipped if it has the same events; otherwise it is refused. One that was deleted here is refused, too. If the
/// bundle is damaged or cut off, the executions before that place are kept.
#[utoipa::path(
    post, path = "/import", tag = "history", params(NoteQuery),
    request_body(content = Vec<u8>, content_type = "application/zstd"),
    responses(
        (status = 200, body = ImportAnswer),
        (status = 422, body = ErrorBody, description = "It is not a bundle, or it is damaged or cut off: the message names the line"),
    )
)]
pub(super) async fn import_bundle(
    State(app): State<App>,
    access: AdminAccess,
    Query(query): Query<NoteQuery>,
    body: Body,
) -> Result<Json<ImportAnswer>, ApiError> {
    let note = query.note.as_deref();
    let mut answer = ImportAnswer::default();
    let mut reader = BundleReader::new().map_err(|error| ApiError::internal(&error))?;
    let mut parts = body.into_data_stream();
    loop {
        match reader.next_item() {
            Ok(Some(Item::Run(run))) => {
                let id = run.id;
                let imported = app.commands.import(access.actor(), *run, note).await?;
                answer.take(id, imported);
            }
            Ok(Some(Item::LeftOut(id, why))) => {
                answer.left_out += 1;
                if answer.not_in_bundle.len() < NAMED {
                    answer.not_in_bundle.push(NotImported { id, why });
                }
            }
            Ok(None) => match parts.next().await {
                Some(part) => reader.feed(part.map_err(|error| ApiError::unread(&error))?),
                None => break,
            },
            Err(error) => return Err(answer.refusal(&error)),
        }
    }
    match reader.finish() {
        Ok(_) => Ok(Json(answer)),
        Err(error) => Err(answer.refusal(&error)),
    }
}
