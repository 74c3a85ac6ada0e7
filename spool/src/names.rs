//! What the files of a spool folder are called.
//!
//! ```text
//! {execution}.{producer}.ndjson               a spool
//! {execution}.{producer}.ndjson.new           one that is being made, not yet locked
//! {execution}.{producer}.ndjson.rejected      one that the collector refused for good
//! {execution}.{producer}.ndjson.rejected.txt  why
//! ```

use playback_wire::Producer;
use uuid::Uuid;

/// What is appended to the name of a spool that was refused.
pub(crate) const REJECTED: &str = ".rejected";

/// What is appended to that for the note that says why.
pub(crate) const REJECTED_NOTE: &str = ".txt";

/// What is appended to the name of a spool that is being made.
pub(crate) const NEW: &str = ".new";

/// What a producer's spool is called.
pub(crate) fn spool_name(execution: Uuid, producer: Producer) -> String {
    format!("{execution}.{}.ndjson", producer.as_str())
}

/// Whose spool a file name says it is, and whether it was refused. None: not a spool.
pub(crate) fn parse(name: &str) -> Option<(Uuid, Producer, bool)> {
    let (name, rejected) = match name.strip_suffix(REJECTED) {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (execution, producer) = name.strip_suffix(".ndjson")?.split_once('.')?;
    Some((execution.parse().ok()?, producer.parse().ok()?, rejected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_spool_it_is() {
        let execution = Uuid::now_v7();
        let name = spool_name(execution, Producer::Recorder);
        assert_eq!(parse(&name), Some((execution, Producer::Recorder, false)));
        let rejected = format!("{name}{REJECTED}");
        assert_eq!(
            parse(&rejected),
            Some((execution, Producer::Recorder, true))
        );
        let others = ["", "x.ndjson", "x.recorder.ndjson", "note.txt"].map(String::from);
        let more = [".rejected.txt", ".new"].map(|end| format!("{execution}.recorder.ndjson{end}"));
        for other in others.iter().chain(&more) {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
