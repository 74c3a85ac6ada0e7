//! Finds the failures of a host that were ignored or rescued. Not every source marks them, but the recap has counts.

use playback_wire::ResultStatus;

/// How a result of a host ended, and how its failure was handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: ResultStatus,
    pub(super) ignored: bool,
    pub(super) rescued: bool,
}

/// The counts of a host's failures in the recap.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recap {
    pub(super) failed: u64,
    pub(super) unreachable: u64,
    /// None: the source has no such counts, but says of each result whether it was ignored.
    pub(super) rescued_and_ignored: Option<(u64, u64)>,
}

/// Marks what was handled among all results of a host, in order. A failure that nothing handled ends the run for its
/// host, so the handled ones come first. False: some failures were rescued and others ignored, and which ones is not
/// known.
pub(super) fn mark(results: &mut [&mut Outcome], recap: Recap) -> bool {
    let open = |status: ResultStatus, results: &[&mut Outcome]| -> Vec<usize> {
        let all = results.iter().enumerate();
        all.filter(|(_, result)| result.status == status && !result.ignored)
            .map(|(at, _)| at)
            .collect()
    };
    let handled = |open: &[usize], fatal: u64| {
        open.len()
            .saturating_sub(usize::try_from(fatal).unwrap_or(usize::MAX))
    };
    let unreachable = open(ResultStatus::Unreachable, results);
    let ignored_unreachable = handled(&unreachable, recap.unreachable);
    for at in &unreachable[..ignored_unreachable] {
        results[*at].ignored = true;
    }
    let failed = open(ResultStatus::Failed, results);
    let failed = &failed[..handled(&failed, recap.failed)];
    if failed.is_empty() {
        return true;
    }
    let (rescued, ignored) = match recap.rescued_and_ignored {
        Some((rescued, ignored)) => (
            rescued > 0,
            ignored > u64::try_from(ignored_unreachable).unwrap_or(u64::MAX),
        ),
        None => (true, false),
    };
    if rescued == ignored {
        return false;
    }
    for at in failed {
        results[*at].rescued = rescued;
        results[*at].ignored = ignored;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses as letters: `o`k, `f`ailed, `i`gnored failure, `u`nreachable. Returns `r`escued and `i`gnored ones, too.
    fn marked(results: &str, recap: Recap) -> (String, bool) {
        let mut outcomes: Vec<Outcome> = results
            .chars()
            .map(|letter| Outcome {
                status: match letter {
                    'f' | 'i' => ResultStatus::Failed,
                    'u' => ResultStatus::Unreachable,
                    _ => ResultStatus::Ok,
                },
                ignored: letter == 'i',
                rescued: false,
            })
            .collect();
        let is_known = mark(&mut outcomes.iter_mut().collect::<Vec<_>>(), recap);
        let letters = outcomes.iter().map(|outcome| match outcome {
            Outcome { rescued: true, .. } => 'r',
            Outcome { ignored: true, .. } => 'i',
            outcome => match outcome.status {
                ResultStatus::Failed => 'f',
                ResultStatus::Unreachable => 'u',
                _ => 'o',
            },
        });
        (letters.collect(), is_known)
    }

    #[test]
    fn what_the_recap_does_not_count_was_handled() {
        let ara = |failed, unreachable| Recap {
            failed,
            unreachable,
            rescued_and_ignored: None,
        };
        let json = |failed, unreachable, rescued, ignored| Recap {
            failed,
            unreachable,
            rescued_and_ignored: Some((rescued, ignored)),
        };
        for (results, recap, expected, is_known) in [
            ("ofo", ara(1, 0), "ofo", true),
            ("ofo", ara(0, 0), "oro", true),
            ("ifof", ara(1, 0), "irof", true),
            ("ffoi", ara(1, 0), "rfoi", true),
            ("ouo", ara(0, 1), "ouo", true),
            ("uou", ara(0, 1), "iou", true),
            ("fof", json(1, 0, 1, 0), "rof", true),
            ("fof", json(1, 0, 0, 1), "iof", true),
            ("ff", json(0, 0, 1, 1), "ff", false),
            ("uf", json(0, 0, 1, 1), "ir", true),
            ("f", json(1, 0, 1, 1), "f", true),
            ("", ara(3, 3), "", true),
        ] {
            assert_eq!(
                marked(results, recap),
                (expected.to_owned(), is_known),
                "{results}"
            );
        }
    }
}
