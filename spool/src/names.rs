//! What the files of a spool folder are called.
//!
//! ```text
//! {execution}.{producer}.ndjson               a spool
//! {execution}.{producer}.ndjson.new           one that is being made, not yet locked
//! {execution}.{producer}.ndjson.rejected      one that the collector refused for good
//! {execution}.{producer}.ndjson.rejected.txt  why
//! ```

use std::path::{Path, PathBuf};

use playback_wire::Producer;
use uuid::Uuid;

/// What is appended to the name of a spool that was refused.
pub(crate) const REJECTED: &str = ".rejected";

/// Where a producer's spool is.
pub(crate) fn spool_path(dir: &Path, execution: Uuid, producer: Producer) -> PathBuf {
    dir.join(format!("{execution}.{}.ndjson", producer.as_str()))
}

/// `path` with `suffix` after its whole name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
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
        let path = spool_path(Path::new("/s"), execution, Producer::Recorder);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(parse(name), Some((execution, Producer::Recorder, false)));
        let rejected = with_suffix(&path, REJECTED);
        let name = rejected.file_name().unwrap().to_str().unwrap();
        assert_eq!(parse(name), Some((execution, Producer::Recorder, true)));
        let others = ["", "x.ndjson", "x.recorder.ndjson", "note.txt"].map(String::from);
        let more = [".rejected.txt", ".new"].map(|end| format!("{execution}.recorder.ndjson{end}"));
        for other in others.iter().chain(&more) {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
