//! What is hidden from the history: values under keys with certain names, whatever a pattern matches,
//! exact texts. The recorder, the supervisor and the collector hide by the same rules.
//!
//! Layout:
//! - [`rules`]: the rules, and a text without what they hide
//! - `names`: names of keys, with `*` and `?`
//! - `scan`: `key: value` as text shows it: JSON, YAML, `key=value`
//! - [`printed`]: what is printed, a line at a time
//! - [`event`]: an event's line of JSON
//!
//! This crate knows no I/O and depends on nothing of ours. Nothing that it returns or reports holds what
//! was hidden.

pub mod event;
mod names;
pub mod printed;
pub mod rules;
mod scan;

pub use event::{Malformed, redact_event};
pub use printed::Printed;
pub use rules::{Counts, RuleError, Rules};
pub use scan::Inside;

/// What stands in place of what is hidden.
pub const HIDDEN: &str = "***";
