//! Work in the background: one runner for all of it.
//!
//! A [`Job`] says when it is due, and what it does then. The [`Runner`] has a task for each job, so a job never runs
//! twice at the same time; it tries again what failed, counts each run for `/metrics`, and stops all jobs in order. Of a
//! job that is the cluster's ([`Scope::Cluster`]), one run goes on among all collectors that share a database: that of the
//! collector with the lease. `crate::jobs` has the list of all jobs.
//!
//! Layout:
//! - [`job`]: what a job is
//! - [`rhythm`], [`alarm`]: when a job is due: every so often, at the times of a schedule; when it is tried again
//! - `lease`: a lease is kept as long as its job runs
//! - [`runner`]: the loop that all jobs have in common
//! - `figures`: what is counted of each

pub mod alarm;
mod figures;
pub mod job;
mod lease;
pub mod rhythm;
pub mod runner;

pub use job::{Job, JobError, Outcome, Retry, Scope, StopPhase, Turn};
pub use rhythm::Every;
pub use runner::Runner;
