//! An export as a stream of bytes. Rows are read and encoded only as fast as the bytes are taken; meanwhile the next ones
//! are read, of executions also those after them, and no more than these are in memory.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use playback_wire::Stream as Printed;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::format::{Encoder, Format};
use super::rows::{AuditRows, HostRows, OutputRows, ResultRows, Rows, RunRows};
use super::runs::Runs;
use super::tables::{Dataset, MESSAGE, selected};
use super::{ExportError, bundle};
use crate::model::{AuditFilter, Costing, ExecutionFilter};
use crate::store::{RowFilter, Store};

/// Which executions to export.
#[derive(Debug, Default)]
pub struct Selection {
    /// Those that match.
    pub filter: ExecutionFilter,
    /// The only execution; then the filter does not count.
    pub execution: Option<Uuid>,
    /// Oldest first.
    pub ascending: bool,
}

impl Selection {
    async fn runs(self, store: &Store) -> Result<Runs, ExportError> {
        Ok(match self.execution {
            Some(id) => Runs::one(store.clone(), id).await?,
            None => Runs::matching(store.clone(), self.filter, self.ascending),
        })
    }
}

/// What to export.
#[derive(Debug)]
pub struct Request {
    /// What a row is.
    pub dataset: Dataset,
    /// The format.
    pub format: Format,
    /// Of which executions.
    pub selection: Selection,
    /// Names of the columns, separated by commas; all by default.
    pub columns: Option<String>,
    /// Which hosts and results of these executions.
    pub rows: RowFilter,
    /// Which printed lines.
    pub stream: Option<Printed>,
    /// The prices, if executions are to have their cost.
    pub costing: Option<Arc<Costing>>,
}

/// Begins an export: when it returns, its first rows are read.
///
/// # Errors
/// A column or the execution does not exist, or the store failed.
pub async fn begin(
    store: &Store,
    request: Request,
) -> Result<BoxStream<'static, Result<Bytes, ExportError>>, ExportError> {
    let runs = request.selection.runs(store).await?;
    let (store, format) = (store.clone(), request.format);
    let columns = request.columns.as_deref();
    Ok(match request.dataset {
        Dataset::Executions => {
            let costing = request.costing;
            let rows = RunRows {
                store,
                runs,
                costing,
            };
            stream(rows, format, columns).await?.boxed()
        }
        Dataset::Hosts => {
            let rows = HostRows::new(store, runs, request.rows);
            stream(rows, format, columns).await?.boxed()
        }
        Dataset::Results => {
            let rows = ResultRows::new(store, runs, request.rows, has_messages(columns));
            stream(rows, format, columns).await?.boxed()
        }
        Dataset::Output => {
            let rows = OutputRows::new(store, runs, request.stream);
            stream(rows, format, columns).await?.boxed()
        }
    })
}

/// Begins an export of the audit trail, newest entry first: when it returns, its first entries are read.
///
/// # Errors
/// A column does not exist, or the store failed.
pub async fn begin_audit(
    store: &Store,
    filter: AuditFilter,
    format: Format,
    columns: Option<&str>,
) -> Result<BoxStream<'static, Result<Bytes, ExportError>>, ExportError> {
    let rows = AuditRows::new(store.clone(), filter);
    Ok(stream(rows, format, columns).await?.boxed())
}

/// Whether the column is wanted that needs the log.
fn has_messages(columns: Option<&str>) -> bool {
    let names = columns.unwrap_or_default().split(',').map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    names.is_empty() || names.contains(&MESSAGE)
}

/// Begins a bundle with the logs of executions.
///
/// # Errors
/// The execution does not exist, or the store failed.
pub async fn begin_bundle(
    store: &Store,
    selection: Selection,
) -> Result<BoxStream<'static, Result<Bytes, ExportError>>, ExportError> {
    let runs = selection.runs(store).await?;
    bundle::begin(store.clone(), runs).await
}

/// An export that goes on.
struct Export<S: Rows> {
    rows: S,
    encoder: Encoder<S::Row>,
    /// The rows to encode next; none if there are no more.
    next: Option<Vec<S::Row>>,
    /// Encoded already.
    bytes: Vec<u8>,
}

async fn stream<S: Rows>(
    mut rows: S,
    format: Format,
    columns: Option<&str>,
) -> Result<impl Stream<Item = Result<Bytes, ExportError>> + Send + use<S>, ExportError> {
    let mut encoder = Encoder::new(format, selected(columns)?)?;
    let mut bytes = Vec::new();
    encoder.begin(&mut bytes);
    let next = rows.next().await?;
    let begun = Export {
        rows,
        encoder,
        next,
        bytes,
    };
    Ok(unfold(Some(begun), |export| async move {
        match export?.step().await {
            Ok((bytes, export)) => Some((Ok(bytes), export)),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

impl<S: Rows> Export<S> {
    /// The next bytes, and the rest of the export; none if these were the last.
    async fn step(self) -> Result<(Bytes, Option<Self>), ExportError> {
        let Self {
            mut rows,
            mut encoder,
            mut next,
            mut bytes,
        } = self;
        while let Some(batch) = next.take() {
            // Encoding is work for a processor, which must not hold up other requests.
            let encoding = spawn_blocking(move || {
                let done = encoder.rows(&batch, &mut bytes);
                done.map(|()| (encoder, bytes))
            });
            let (encoded, following) = tokio::join!(encoding, rows.next());
            (encoder, bytes) = encoded.map_err(|_| ExportError::Encoder)??;
            next = following?;
            if !bytes.is_empty() {
                let sent = Bytes::from(std::mem::take(&mut bytes));
                let rest = Self {
                    rows,
                    encoder,
                    next,
                    bytes,
                };
                return Ok((sent, Some(rest)));
            }
        }
        encoder.end(&mut bytes)?;
        Ok((Bytes::from(bytes), None))
    }
}
