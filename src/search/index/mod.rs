//! The search index: which runs have which words. It only says where a search need not look: whatever it finds is
//! verified by reading the log.
//!
//! The index consists of *segments*. A segment covers some runs, numbered from 0 in the order of their start, and has a
//! sorted list of terms, each with the numbers of the runs that have it. The list is cut into *chunks* of some ten
//! kilobytes, so that a word is looked up by reading one of them, and a part of a word by reading the terms of all.
//!
//! Layout:
//! - [`words`]: the terms of a line; how case is ignored
//! - [`need`]: what the index must have of a matching line
//! - [`postings`]: numbers of runs as bytes; [`runs`]: the runs of a segment; [`chunk`]: terms and postings as bytes
//! - [`build`]: a segment from lines, whose terms are collected in `terms`; [`merge`]: a segment from segments

pub mod build;
pub mod chunk;
pub mod merge;
pub mod need;
pub mod postings;
pub mod runs;
mod terms;
pub mod words;

/// The index cannot be read: something else changed the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part of the search index cannot be read")]
pub struct Unreadable;
