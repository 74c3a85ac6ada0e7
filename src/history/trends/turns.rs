//! Passing and failing in turn.

use std::sync::Arc;

use crate::model::Turns;

/// Number of turns from which on something is flaky. Fewer are a failure that was fixed.
const FLAKY: u64 = 3;

/// The properties, beside the playbook, that make two runs comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Circumstances {
    /// Which of the playbook's inventories, limits and tags.
    pub(super) variant: usize,
    /// The commit, where it is known.
    pub(super) commit: Option<Arc<str>>,
}

/// Outcomes in the order of time.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    last: Vec<(Circumstances, bool)>,
    turns: u64,
    of: u64,
}

impl Outcomes {
    /// Adds the next outcome.
    pub(super) fn add(&mut self, circumstances: &Circumstances, passed: bool) {
        let same_variant =
            |(one, _): &&mut (Circumstances, bool)| one.variant == circumstances.variant;
        match self.last.iter_mut().find(same_variant) {
            Some(last) => {
                if last.0.commit == circumstances.commit {
                    self.of += 1;
                    self.turns += u64::from(last.1 != passed);
                }
                *last = (circumstances.clone(), passed);
            }
            None => self.last.push((circumstances.clone(), passed)),
        }
    }

    /// How often they turned, if so often that they are flaky.
    pub(super) fn flaky(&self) -> Option<Turns> {
        (self.turns >= FLAKY).then_some(Turns {
            turns: self.turns,
            of: self.of,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(outcomes: &[(usize, &str, bool)]) -> (u64, u64) {
        let mut all = Outcomes::default();
        for (variant, commit, passed) in outcomes {
            let commit = (!commit.is_empty()).then(|| Arc::from(*commit));
            let circumstances = Circumstances {
                variant: *variant,
                commit,
            };
            all.add(&circumstances, *passed);
        }
        (all.turns, all.of)
    }

    #[test]
    fn only_runs_in_the_same_circumstances_are_compared() {
        assert_eq!(
            turns(&[(0, "a", true), (0, "a", false), (0, "a", true)]),
            (2, 2)
        );
        // Another commit may have broken it, and another one mended it.
        assert_eq!(
            turns(&[(0, "a", true), (0, "b", false), (0, "c", true)]),
            (0, 0)
        );
        assert_eq!(turns(&[(0, "", true), (0, "", false)]), (1, 1));
        // Two inventories in turn.
        let two = [
            (0, "a", true),
            (1, "a", false),
            (0, "a", true),
            (1, "a", false),
        ];
        assert_eq!(turns(&two), (0, 2));
    }
}
