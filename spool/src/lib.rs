//! The producers' queue: a spool file, and its delivery to the collector.
//!
//! A producer (the recorder inside Ansible, the supervisor around a command) appends each event to its
//! [`Spool`] before anything else happens. A [`Sender`], one native thread, reads that file back,
//! sends it in batches and deletes it once everything is acknowledged. A spool whose owner died is
//! adopted: by the next sender on that machine, or by `playback flush` ([`deliver_orphans`]).
//!
//! ```text
//! hook → Spool::append → {dir}/{execution}.{producer}.ndjson → Sender (thread) → POST … → {"acked": n}
//!                                        └─ owner dead ─→ adoption by another process ─┘
//! ```
//!
//! Layout, in the order that data flows:
//! - [`spool`]: appends events (`line`: encoding; `left_out`: events without space; `waker`: wakes the thread)
//! - [`lock`]: the owner of a spool file, also across `fork`
//! - [`RunKey`]: its holder may add to the run; it is stored in the spool
//! - `lines`: reads the file back, in whole lines, in constant memory
//! - `client`: one exchange with the collector ([`net`]: connections; `resolver`: its address; [`config`]: where and
//!   how)
//! - `delivery`: what an answer means for one spool
//! - `thread`: when to send, to give a sign of life, to wait (`backoff`: how long, after a failure)
//! - [`sender`]: the handle of that thread, and the bounded wait at exit
//! - `adoption`: delivers one spool left behind; [`adopt`]: a folder of them
//! - `aside`: spools that the collector refuses; `names`: file names; `folder`: which files are ours
//! - [`probe()`]: what a collector would answer
//! - [`read_secret`]: a token, or a run's key, from its file
//! - [`flush_command`]: the command that delivers what is left, for messages
//!
//! This crate prints nothing and reads no environment of its own; what went wrong is returned.

pub mod adopt;
mod adoption;
mod aside;
mod backoff;
mod client;
mod clock;
mod command;
pub mod config;
mod delivery;
mod folder;
mod key;
mod left_out;
mod line;
mod lines;
pub mod lock;
mod names;
pub mod net;
mod probe;
mod resolver;
mod secret;
pub mod sender;
pub mod spool;
mod thread;
mod waker;

pub use adopt::{
    AdoptError, AdoptOptions, Delivered, Fate, Orphan, Summary, deliver_orphans, orphans,
};
pub use client::{ADDRESS_HEADER, COLLECTOR_HEADER};
pub use clock::RunClock;
pub use command::{flush_command, quoted_path};
pub use config::{ConfigError, SenderConfig};
pub use key::RunKey;
pub use lock::inherited_fds;
pub use probe::{Probe, Verdict, probe};
pub use secret::read_secret;
pub use sender::{FinishLimits, Outcome, Sender};
pub use spool::Spool;
