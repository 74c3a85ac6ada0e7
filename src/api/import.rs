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

/// Executions that an answer names, of each kind.
const NAMED: usize = 100;

/// An execution that was not imported, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotImported {
    /// Which.
    id: Uuid,
    /// Why.
    why: String,
}

/// What became of a bundle's executions.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ImportAnswer {
    /// How many were imported.
    imported: u64,
    /// How many were here before, with the same events.
    present: u64,
    /// How many were refused.
    refused: u64,
    /// Those, the first 100.
    not_imported: Vec<NotImported>,
    /// How many were left out when the bundle was made.
    left_out: u64,
    /// Those, the first 100.
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

    /// The answer to a bundle that cannot be read to its end.
    fn refusal(&self, error: &BundleError) -> ApiError {
        ApiError::not_a_bundle(format!(
            "{error}; executions before it: {} imported, {} here already, {} refused",
            self.imported, self.present, self.refused
        ))
    }
}

/// Import a bundle, as `/export/bundle` makes it.
///
/// Each execution is imported as a whole or not at all, and gets the identical record. One that is here already is passed over, if
/// it has the same events; otherwise it is refused, and so is one that was deleted here. If the bundle is damaged or was cut, the
/// executions before that place stay.
#[utoipa::path(
    post, path = "/import", tag = "history", params(NoteQuery),
    request_body(content = Vec<u8>, content_type = "application/zstd"),
    responses(
        (status = 200, body = ImportAnswer),
        (status = 422, body = ErrorBody, description = "It is not a bundle, or it is damaged or was cut: the message names the line"),
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
