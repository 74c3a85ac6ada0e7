//! Redaction: values under keys with certain names, matches of patterns, and exact texts. The recorder, the supervisor
//! and the collector use the same rules.
//!
//! Layout:
//! - [`rules`]: the rules, and their application to a text
//! - `names`: names of keys, with `*` and `?`
//! - `scan`: `key: value` in text: JSON, YAML, `key=value`
//! - [`printed`]: printed output, line by line
//! - [`event`]: an event's JSON line
//!
//! This crate does no I/O and depends on nothing of ours. Nothing that it returns or reports contains a
//! redacted value.

pub mod event;
mod names;
pub mod printed;
pub mod rules;
mod scan;

pub use event::{Malformed, redact_event};
pub use printed::Printed;
pub use rules::{Counts, RuleError, Rules};
pub use scan::Inside;

/// Replacement for redacted values.
pub const HIDDEN: &str = "***";
