//! Background work: one runner for all jobs.
//!
//! A [`Job`] says when it is due, and what it then does. The [`Runner`] has a task for each job, so a job never runs
//! twice at the same time; it retries failures, counts each run for `/metrics`, and stops all jobs in order. A cluster
//! job ([`Scope::Cluster`]) runs on one collector at a time among those that share a database: the one with the lease.
//! `crate::jobs` lists all jobs.
//!
//! Layout:
//! - [`job`]: the definition of a job
//! - [`rhythm`], [`alarm`]: when a job is due: at an interval, or by a schedule; and when it is retried
//! - `lease`: keeps a lease while its job runs
//! - [`runner`]: the loop that all jobs share
//! - `figures`: the metrics of each job

pub mod alarm;
mod figures;
pub mod job;
mod lease;
pub mod rhythm;
pub mod runner;

pub use job::{Job, JobError, Outcome, Retry, Scope, StopPhase, Turn};
pub use rhythm::Every;
pub use runner::Runner;
