//! Traces: each run as an OpenTelemetry trace, sent to a receiver by OTLP (http/protobuf) when it is over.
//!
//! The runs whose traces are to be sent are queued in the commit that ends them, so none is forgotten; one collector at a
//! time sends them, with retries. All identities are derived from the run's, so that a trace that is sent twice, because a
//! collector was killed in between, is the same trace.
//!
//! Layout:
//! - `job`: when traces are sent, retries, when they are given up
//! - `outline`: which spans a run has, in their order, within the limit
//! - `spans`: runs, plays, tasks and hosts as spans; pure
//! - `attributes`: values of attributes
//! - `ids`: identities; pure
//! - `receiver`: one request, and what its answer means

mod attributes;
mod ids;
mod job;
mod outline;
mod receiver;
mod spans;

pub use job::Traces;

use crate::store::StoreError;
use receiver::ReceiverError;

/// Why traces cannot be sent at all, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The receiver cannot be used as configured.
    #[error(transparent)]
    Receiver(#[from] ReceiverError),
}
