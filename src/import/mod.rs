//! Translates what other tools recorded into our events, as a bundle that a collector imports.
//!
//! A translation is exact and repeatable: the same source gives the same identity and the same events, so that a second
//! import changes nothing. What a source does not record stays unknown, and is named in `imported.unknown`.
//!
//! Layout:
//! - `kind`: which kind of source a file is
//! - `run`: a run under translation: its events, its blocks, its identity
//! - `result`: a result as events
//! - `content`: what a result returned, as the recorder keeps it
//! - `fields`: JSON objects without reading what is inside them
//! - `handled`: which failures were ignored or rescued, by the recap's counts
//! - [`ara`]: databases of ARA
//! - [`json`]: the output of Ansible's callbacks `json` and `jsonl`
//! - [`junit`]: files of Ansible's callback `junit`
//!
//! It knows no HTTP, and no SQL.

pub mod ara;
mod content;
mod fields;
mod handled;
pub mod json;
pub mod junit;
mod kind;
mod result;
mod run;

pub use kind::Kind;
pub use run::TranslatedRun;

/// Why a run cannot be imported, in words; everything about it is left out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotTranslated(pub String);

impl NotTranslated {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<serde_json::Error> for NotTranslated {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("it holds JSON that cannot be read: {error}"))
    }
}

/// The number of a play or task at this place. Numbers count from 1.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX - 1) + 1
}
