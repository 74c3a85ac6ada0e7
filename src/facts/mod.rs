//! A host's facts: which report is of which kind, which facts change all the time, and what a report changed. Pure; the
//! assembler and the history share it.
//!
//! - [`Gathering`]: one report of facts, without its values: its kind and its digest
//! - [`KnownFacts`]: what is known of a host after some reports, and what each of them changed
//! - [`is_volatile`]: facts that change with every run, and of which no history is kept

mod gathering;
mod known_facts;
mod volatile;

pub use gathering::{Gathering, Kind};
pub use known_facts::{Difference, Fact, KnownFacts, Learned};
pub use volatile::is_volatile;

/// The name under which the recorder lists what did not fit into an event. It is no fact.
const CUT: &str = "playback_cut";

/// Whether a name in a report is that of a fact. Others are notes of the recorder, and of Ansible (`_ansible_facts_gathered`,
/// which `gather_facts` also reports where it failed).
fn is_fact(name: &str) -> bool {
    name != CUT && !name.starts_with("_ansible_")
}
