//! Playback: execution history for Ansible.
//!
//! This crate is the collector (`playback serve`), the history and stream API, and the command line.
//! ARCHITECTURE.md tells how the parts fit; in short, data flows one way:
//!
//! ```text
//! api::ingest → ingest (assembler → writer) → store
//!                                  │ after commit
//!                                  ▼
//!                                live → api::stream     api ← history ← store
//! ```
//!
//! Layout, in that order:
//! - [`model`]: executions, rows, questions: the domain's words, no I/O
//! - [`filter`]: which executions, results or audit entries are meant: one grammar for all places that ask
//! - [`log`]: the event log: its blocks, the assembler that makes rows of it, replay, packing, rewriting
//! - [`ingest`]: batches in, one group commit
//! - [`search`]: what lets a search pass over texts without reading them
//! - [`store`]: every SQL statement of the program, and nothing else
//! - [`auth`]: tokens, scopes and logins
//! - [`live`]: who is watching, and what they have not seen yet
//! - [`history`]: what a record, a page, a tail and the parts of a run are made of
//! - [`stats`]: days that are over, rolled up for statistics
//! - [`api`]: the HTTP surface: thin handlers, one error type, one router list
//! - [`retention`]: what is kept, for how long, and how the rest goes
//! - [`work`]: the runner of all work in the background; `jobs`: its list
//! - [`launcher`]: runs that were asked for: the queue, and what becomes of it
//! - [`app`], [`server`], [`config`], [`telemetry`], [`clock`]: what holds it together
//! - [`cli`]: the commands

pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod filter;
pub mod history;
pub mod ingest;
mod jobs;
pub mod launcher;
pub mod live;
pub mod log;
pub mod model;
pub mod retention;
pub mod search;
pub mod server;
pub mod stats;
pub mod store;
pub mod telemetry;
pub mod work;
