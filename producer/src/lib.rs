//! What producers of events have in common: the recorder inside Ansible, the supervisor around a command, and
//! `playback flush`, which delivers what the two left behind.
//!
//! - [`environment`]: what the process's environment says of who started the run and where its spool goes
//! - [`folder`]: which folder holds the spool, and where else it may lie
//! - [`Delivery`]: where the record goes, and how long its end may be waited for
//! - [`report`]: what users are told about a run that was not delivered
//! - [`limits`]: limits that the caller has set for this process
//!
//! Events and their encoding are `playback_wire`'s matter, the spool and its delivery `playback_spool`'s.

mod delivery;
pub mod environment;
pub mod folder;
pub mod limits;
pub mod report;

pub use delivery::{Delivery, Undeliverable};
