//! Identities of traces and spans. They are derived from a run's, so that they are the same whenever they are made.

use playback_wire::TraceParent;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The trace of a run, and the span that it belongs below.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    run: Uuid,
    parent: Option<TraceParent>,
}

/// Part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole.
    Run,
    /// A play, by its number.
    Play(u32),
    /// A task, by its number.
    Task(u32),
    /// A result, by its sequence number.
    Result(u64),
}

impl Ids {
    pub(super) fn new(run: Uuid, parent: Option<TraceParent>) -> Self {
        Self { run, parent }
    }

    /// Identity of the trace: that of the run's parent; of a run without one, the run's own, whose end is random.
    pub(super) fn trace(&self) -> Vec<u8> {
        match &self.parent {
            Some(parent) => parent.trace_id.to_vec(),
            None => self.run.as_bytes().to_vec(),
        }
    }

    /// The span that the run belongs below; empty if there is none.
    pub(super) fn parent(&self) -> Vec<u8> {
        let parent = self.parent.as_ref();
        parent
            .map(|parent| parent.span_id.to_vec())
            .unwrap_or_default()
    }

    /// Whether the run belongs below another program's span.
    pub(super) fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// Identity of a part's span.
    pub(super) fn span(&self, part: Part) -> Vec<u8> {
        let (kind, number) = match part {
            Part::Run => (0_u8, 0),
            Part::Play(number) => (1, number.into()),
            Part::Task(number) => (2, number.into()),
            Part::Result(seq) => (3, seq),
        };
        let mut hash = Sha256::new();
        hash.update(self.run.as_bytes());
        hash.update([kind]);
        hash.update(number.to_be_bytes());
        let mut id = hash.finalize()[..8].to_vec();
        // Zeros stand for none.
        if id.iter().all(|byte| *byte == 0) {
            id[7] = 1;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_part_has_the_same_identity_and_no_other_has() {
        let run = Uuid::now_v7();
        let ids = Ids::new(run, None);
        let parts = [
            Part::Run,
            Part::Play(1),
            Part::Task(1),
            Part::Result(1),
            Part::Play(2),
        ];
        for (at, part) in parts.iter().enumerate() {
            assert_eq!(ids.span(*part), Ids::new(run, None).span(*part));
            for other in &parts[at + 1..] {
                assert_ne!(ids.span(*part), ids.span(*other));
            }
        }
        assert_ne!(
            ids.span(Part::Run),
            Ids::new(Uuid::now_v7(), None).span(Part::Run)
        );
    }

    #[test]
    fn a_run_belongs_to_its_parents_trace() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = TraceParent::parse(text).unwrap();
        let ids = Ids::new(Uuid::now_v7(), Some(parent));
        assert_eq!(
            (ids.trace(), ids.parent()),
            (parent.trace_id.to_vec(), parent.span_id.to_vec())
        );
        let run = Uuid::now_v7();
        let alone = Ids::new(run, None);
        assert_eq!(
            (alone.trace(), alone.parent()),
            (run.as_bytes().to_vec(), vec![])
        );
    }
}
