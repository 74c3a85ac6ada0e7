//! Prints the outcome for each imported run.

use serde::{Deserialize, Serialize};

use super::translate::NotSent;
use crate::cli::out::{self, Out, plain};

/// The collector's answer to a bundle.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    imported: u64,
    present: u64,
    refused: u64,
    not_imported: Vec<NotImported>,
    left_out: u64,
    not_in_bundle: Vec<NotImported>,
}

#[derive(Debug, Serialize, Deserialize)]
struct NotImported {
    id: String,
    why: String,
}

/// The answers to all bundles together, and the runs that were not sent.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    answer: Answer,
    not_sent: Vec<NotSent>,
}

impl Summary {
    /// Adds an answer.
    pub(super) fn add(&mut self, more: Answer) {
        let all = &mut self.answer;
        all.imported += more.imported;
        all.present += more.present;
        all.refused += more.refused;
        all.left_out += more.left_out;
        all.not_imported.extend(more.not_imported);
        all.not_in_bundle.extend(more.not_in_bundle);
    }

    /// Adds a run that was not sent.
    pub(super) fn left_out_before(&mut self, not_sent: Vec<NotSent>) {
        self.not_sent.extend(not_sent);
    }

    /// Whether there was no problem. An unfinished run can be imported later.
    pub(super) fn is_all_right(&self) -> bool {
        self.answer.refused == 0 && self.not_sent.iter().all(|run| !run.wrong)
    }

    /// Prints it.
    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return out::json(self);
        }
        let mut out = Out::new();
        let answer = &self.answer;
        out.line(format_args!("imported: {}", answer.imported))?;
        out.line(format_args!("there already: {}", answer.present))?;
        for (heading, count, runs) in [
            ("refused", answer.refused, &answer.not_imported),
            ("not in the bundle", answer.left_out, &answer.not_in_bundle),
        ] {
            if count > 0 {
                out.line(format_args!("{heading}: {count}"))?;
            }
            for run in runs {
                out.hanging("  ", &plain(&format!("{}: {}", run.id, run.why)))?;
            }
        }
        for (heading, wrong) in [("left out", false), ("cannot be imported", true)] {
            let runs = || self.not_sent.iter().filter(|run| run.wrong == wrong);
            if runs().next().is_some() {
                out.line(format_args!("{heading}: {}", runs().count()))?;
            }
            for run in runs() {
                let name = match &run.run {
                    Some(name) => format!("{}, {name}", run.source),
                    None => run.source.clone(),
                };
                out.hanging("  ", &plain(&format!("{name}: {}", run.why)))?;
            }
        }
        out.flush()
    }
}
