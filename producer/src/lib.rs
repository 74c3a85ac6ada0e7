//! Shared by the producers of events: the recorder inside Ansible, the supervisor around a command, and
//! `playback flush`, which delivers what the two left behind.
//!
//! - [`environment`]: who started the run and where its spool goes, from the process's environment
//! - [`folder`]: selects the spool folder
//! - [`Delivery`]: where the record goes, and how long the end may wait for it
//! - [`TokenSources`]: the token with which the record is delivered
//! - [`report`]: messages to users about a run that was not delivered
//! - [`limits`]: limits that the caller has set for this process
//!
//! Events and their encoding are in `playback_wire`, the spool and its delivery in `playback_spool`.

mod delivery;
pub mod environment;
pub mod folder;
pub mod limits;
pub mod report;
mod token;

pub use delivery::{Delivery, Undeliverable, option_name};
pub use token::{ChosenToken, Token, TokenSources};
