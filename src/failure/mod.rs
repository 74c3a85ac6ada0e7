//! Interprets failed results: the message, and the fingerprint by which equal errors are recognized on other hosts and
//! in other runs. Pure; the assembler, the history and the command line share it.
//!
//! - [`message`](Message): the significant part of what a module returned
//! - [`normalized`]: a message without numbers, addresses and paths
//! - [`Fingerprint`]: its short hash
//! - [`steady`]: a text without what differs between two runs that do the same

mod fingerprint;
mod message;
mod normalize;
mod steady;

pub use fingerprint::{Fingerprint, fingerprint};
pub use message::{Message, REPORTED, item_label, message, telling, text_of};
pub use normalize::{normalized, without_escapes};
pub use steady::{Hashes, steady};
