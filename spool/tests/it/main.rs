//! Tests of the spool and its delivery, with a collector that answers over real sockets and fails on request, and with
//! real processes that are killed.
//!
//! Layout:
//! - [`collector`]: the other side, and its faults
//! - [`support`]: folders, events, waiting with a deadline
//! - [`child`]: what this binary does when a test starts it again as a process of its own

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of a test fails as a test does"
)]

mod child;
mod collector;
mod support;

mod adoption;
mod append;
mod delivery;
mod finish;
mod ours;
mod refusal;
mod tls;
mod ways;
