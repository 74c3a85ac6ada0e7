//! An export as a stream of bytes. Rows are encoded only as fast as the bytes are taken; while some are encoded and sent,
//! the next ones are read, of executions also those after them, and no more than these are in memory.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use playback_wire::Stream as Printed;
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::format::{Encoder, Format};
use super::rows::{AuditRows, HostRows, OutputRows, ResultRows, Rows, RunRows};
use super::runs::Runs;
use super::tables::{Dataset, MESSAGE, selected};
use super::{ExportError, bundle};
use crate::history::{SearchRequest, Searches};
use crate::model::{AuditFilter, Costing, ExecutionFilter};
use crate::store::{RowFilter, Store};

/// Which executions to export.
#[derive(Debug)]
pub enum Selection {
    /// One.
    One(Uuid),
    /// Those that match.
    Matching {
        /// What they match.
        filter: ExecutionFilter,
        /// Oldest first.
        ascending: bool,
    },
    /// Those that this search finds, and further ones that continue it.
    Found(Searches, SearchRequest),
}

impl Selection {
    /// The only execution, if one is named.
    #[must_use]
    pub fn execution(&self) -> Option<Uuid> {
        match self {
            Self::One(id) => Some(*id),
            Self::Matching { .. } | Self::Found(..) => None,
        }
    }

    /// Whether there is a query beside the filters.
    #[must_use]
    pub fn has_query(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Matching { filter, .. } => filter.query.is_some(),
            Self::Found(..) => true,
        }
    }

    async fn runs(self, store: &Store) -> Result<Runs, ExportError> {
        let store = store.clone();
        Ok(match self {
            Self::One(id) => Runs::one(store, id).await?,
            Self::Matching { filter, ascending } => Runs::matching(store, filter, ascending),
            Self::Found(searches, first) => Runs::found(searches, first),
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

/// An export in progress.
struct Export<S: Rows> {
    encoder: Encoder<S::Row>,
    /// The rows to encode next, if they were not left to `reading`.
    next: Option<Vec<S::Row>>,
    /// Reads the rows after these; none if there are no more.
    reading: Option<Reading<S>>,
    /// Encoded already.
    bytes: Vec<u8>,
}

/// Rows that are being read, and their source. Reading continues while earlier bytes are sent, and ends with the
/// export.
type Reading<S> = AbortOnDropHandle<Result<(S, Option<Vec<<S as Rows>::Row>>), ExportError>>;

fn read<S: Rows>(mut rows: S) -> Reading<S> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let next = rows.next().await?;
        Ok((rows, next))
    }))
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
        encoder,
        reading: next.is_some().then(|| read(rows)),
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
    async fn step(mut self) -> Result<(Bytes, Option<Self>), ExportError> {
        while let Some(batch) = self.next_rows().await? {
            let Self {
                mut encoder,
                next,
                reading,
                mut bytes,
            } = self;
            // Encoding is work for a processor, which must not hold up other requests.
            let encoding = spawn_blocking(move || {
                let done = encoder.rows(&batch, &mut bytes);
                done.map(|()| (encoder, bytes))
            });
            let (encoder, mut bytes) = encoding.await.map_err(|_| ExportError::Encoder)??;
            let sent = Bytes::from(std::mem::take(&mut bytes));
            self = Self {
                encoder,
                next,
                reading,
                bytes,
            };
            if !sent.is_empty() {
                return Ok((sent, Some(self)));
            }
        }
        self.encoder.end(&mut self.bytes)?;
        Ok((Bytes::from(self.bytes), None))
    }

    /// The rows to encode next; those after them are being read from then on.
    async fn next_rows(&mut self) -> Result<Option<Vec<S::Row>>, ExportError> {
        if let Some(rows) = self.next.take() {
            return Ok(Some(rows));
        }
        let Some(reading) = self.reading.take() else {
            return Ok(None);
        };
        let (rows, next) = reading.await.map_err(|_| ExportError::Reader)??;
        if next.is_some() {
            self.reading = Some(read(rows));
        }
        Ok(next)
    }
}
