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
//! - [`model`]: the domain's types: executions, rows, questions; no I/O
//! - [`filter`]: which executions, results or audit entries are meant: one grammar for every place that takes filters
//! - [`failure`]: what a failed result says, and the fingerprint of its error; pure
//! - [`facts`]: a host's facts: kinds of reports, their digests, and what a report changed; pure
//! - [`log`]: the event log: its blocks, the assembler that turns events into rows, replay, packing, rewriting
//! - [`ingest`]: takes in batches, with one group commit
//! - [`search`]: Bloom filters and an index of words that let a search skip texts without reading them
//! - [`store`]: every SQL statement of the program, and nothing else
//! - [`auth`]: tokens, scopes and sessions
//! - [`live`]: sends new lines to viewers
//! - [`history`]: reads records, pages, tails and the parts of a run
//! - [`indexing`]: keeps the search index
//! - [`notify`]: notifies targets of what happened to runs
//! - [`export`]: exports sets of runs, results, hosts or lines, and one run as a document
//! - [`import`]: translates what ARA and Ansible's callbacks recorded
//! - [`stats`]: rolls up past days for statistics
//! - [`mcp`]: the history as tools of assistants
//! - [`pages`]: the files of the web UI, which are part of the binary
//! - [`api`]: the HTTP surface: thin handlers, one error type, one router list
//! - [`reports`]: reports of a period, made on request or by themselves
//! - [`retention`]: what is kept, for how long, and how the rest is removed
//! - [`traces`]: sends runs as OpenTelemetry traces
//! - [`views`]: who read which records, for the audit trail
//! - [`work`]: the runner of all background jobs; `jobs`: their list
//! - [`timetable`]: the times of a cron line in a time zone; pure
//! - [`schedules`]: runs that the launcher starts by the clock
//! - [`launcher`]: runs requested through the API: the queue, and their supervision
//! - [`app`], [`server`], [`config`], [`telemetry`], [`clock`]: the parts that hold the rest together
//! - [`cli`]: the commands

pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod export;
pub mod facts;
pub mod failure;
pub mod filter;
pub mod history;
pub mod import;
pub mod indexing;
pub mod ingest;
mod jobs;
pub mod launcher;
pub mod live;
pub mod log;
pub mod mcp;
pub mod model;
pub mod notify;
pub mod pages;
pub mod reports;
pub mod retention;
pub mod schedules;
pub mod search;
pub mod server;
pub mod stats;
pub mod store;
pub mod telemetry;
pub mod timetable;
pub mod traces;
pub mod views;
pub mod work;
