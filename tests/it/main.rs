//! Tests of the whole program through its public interfaces: the binary, HTTP, WebSockets, the command line.
//!
//! One binary: it links once and runs its tests in parallel. Each test starts what it needs on a store
//! and a port of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "json!(…) reads best where it is used"
)]

mod builders;
mod harness;
mod socket;

use playback_testkit::{history, servers};

mod access;
mod amplification;
mod ansible;
mod ansible_config;
mod architecture;
mod audit;
mod cli;
mod clocks;
mod compare;
mod cost;
mod crash;
mod damaged;
mod database;
mod delivery;
mod detail;
mod doctor;
mod documented;
mod documents;
mod engines;
mod exec;
mod exec_settings;
mod exec_terminal;
mod explain;
mod export;
mod faults;
mod filters;
mod foreign;
mod full;
mod host_facts;
mod hosts;
mod import;
mod ingest;
mod keys;
mod later;
mod launch;
mod limits;
mod lines;
mod list;
mod mcp;
mod metrics;
mod monitoring;
mod network;
mod notify;
mod outage;
mod output;
mod own_change;
mod ownership;
mod pages;
mod query;
mod rebuild;
mod recap;
mod recorder;
mod redact;
mod reports;
mod retention;
mod schedules;
mod script;
mod search;
mod search_index;
mod sessions;
mod several;
mod shim;
mod silence;
mod stats;
mod store;
mod stream;
mod tokens;
mod traces;
mod trends;
mod viewers;
mod views;
mod ways;
mod whoami;
mod whole;
mod wire;
mod work;
