//! File names in a spool folder.
//!
//! ```text
//! {execution}.{producer}.ndjson               a spool
//! {execution}.{producer}.ndjson.new           one that is being made, not yet locked
//! {execution}.{producer}.ndjson.rejected      one that the collector refused for good
//! {execution}.{producer}.ndjson.rejected.txt  why
//! ```

use playback_wire::Producer;
use uuid::Uuid;

/// Suffix of a refused spool.
pub(crate) const REJECTED: &str = ".rejected";

/// Further suffix of the note that says why.
pub(crate) const REJECTED_NOTE: &str = ".txt";

/// Suffix of a spool that is being created.
pub(crate) const NEW: &str = ".new";

/// File name of a producer's spool.
pub(crate) fn spool_name(execution: Uuid, producer: Producer) -> String {
    format!("{execution}.{}.ndjson", producer.as_str())
}

/// The execution and producer in a file name, and whether the spool was refused. None: not a spool.
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
