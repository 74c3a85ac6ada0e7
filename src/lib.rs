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
//! - [`model`]: executions, rows, filters: the domain's words, no I/O
//! - [`blocks`]: the event log's unit: compressed runs of events, and what can be read out of them
//! - [`ingest`]: batches in, rows and blocks out, one group commit
//! - [`store`]: every SQL statement of the program, and nothing else
//! - [`output`]: printed lines, read from the log
//! - [`live`]: who is watching, and what they have not seen yet
//! - [`history`]: what a record, a page, a tail and the parts of a run are made of
//! - [`stats`]: days that are over, rolled up for statistics
//! - [`api`]: the HTTP surface: thin handlers, one error type, one router list
//! - [`retention`]: what is kept, for how long, and how the rest goes
//! - [`launcher`]: runs that were asked for: the queue, and what becomes of it
//! - `supervise`: `playback exec`, a command under our eyes (Linux)
//! - `account`: the user as whom launched runs execute (Linux)
//! - `limits`: what the caller allows this process
//! - [`app`], [`server`], [`config`], [`telemetry`], [`clock`]: what holds it together
//! - [`cli`]: the commands

#[cfg(target_os = "linux")]
pub mod account;
pub mod api;
pub mod app;
pub mod blocks;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod history;
pub mod ingest;
pub mod launcher;
mod limits;
pub mod live;
pub mod model;
pub mod output;
pub mod retention;
pub mod server;
pub mod stats;
pub mod store;
#[cfg(target_os = "linux")]
pub mod supervise;
pub mod telemetry;
pub mod token;
