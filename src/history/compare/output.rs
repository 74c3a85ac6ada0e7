//! The printed lines that only one of two runs has. Lines are compared without what differs each time, and without their
//! order, because hosts report in any order. Lines that show what the record has as such (banners, bare results, the recap)
//! are left out.

use std::collections::HashMap;

use super::fields::cut;
use crate::failure::{Hashes, steady};
use crate::log::lines::Line;
use crate::log::output::OutputReader;
use crate::model::{ExecutionKey, ExecutionRow, PrintedDifference, PrintedIn};
use crate::store::{Store, StoreError};

/// Lines of a run that are compared: with more, the output is not.
pub(super) const LINES: u64 = 20_000;

/// Bytes of a line that are compared, and that are shown.
const BYTES: usize = 1_000;
const SHOWN: usize = 300;

/// Beginnings of lines that show a result, where nothing follows the host.
const RESULTS: &[&str] = &["ok: [", "changed: [", "skipping: ["];

/// Beginnings of banners, which end with asterisks.
const BANNERS: &[&str] = &["PLAY ", "TASK ", "RUNNING HANDLER "];

/// A line of a run: its number, what it says, and what is compared.
struct Printed {
    number: u64,
    text: String,
    steady: String,
}

/// The lines that only one of the runs has, `limit` at most, and how many there are.
pub(super) async fn compare(
    store: &Store,
    before: (ExecutionKey, &ExecutionRow),
    now: (ExecutionKey, &ExecutionRow),
    limit: usize,
) -> Result<(Vec<PrintedDifference>, u64), StoreError> {
    let (a, b) = tokio::try_join!(read(store, before), read(store, now))?;
    Ok(differences(&a, &b, limit))
}

async fn read(
    store: &Store,
    (key, row): (ExecutionKey, &ExecutionRow),
) -> Result<Vec<Printed>, StoreError> {
    let mut reader = OutputReader::new(store.clone(), key, row, 0).keeping(BYTES);
    let mut printed = Vec::new();
    let mut add = |line: Line| {
        // A run that is still running prints more meanwhile.
        if line.number < LINES && !is_shown_elsewhere(&line.text) {
            printed.push(Printed {
                number: line.number,
                steady: steady(&line.text, Hashes::Replaced),
                text: line.text,
            });
        }
    };
    loop {
        let lines = reader.next_lines().await?;
        if lines.is_empty() {
            reader.finish().into_iter().for_each(add);
            return Ok(printed);
        }
        lines.into_iter().for_each(&mut add);
    }
}

/// Whether the record has what the line says as such.
fn is_shown_elsewhere(line: &str) -> bool {
    let line = line.trim_end();
    let begins = |all: &[&str]| all.iter().any(|beginning| line.starts_with(beginning));
    line.is_empty()
        || (begins(RESULTS) && line.ends_with(']'))
        || (begins(BANNERS) && line.ends_with("**"))
        || (line.contains(" : ok=") && line.contains("unreachable="))
}

fn differences(before: &[Printed], now: &[Printed], limit: usize) -> (Vec<PrintedDifference>, u64) {
    let count = |printed: &[Printed]| -> HashMap<String, u64> {
        let mut counts = HashMap::with_capacity(printed.len());
        for line in printed {
            *counts.entry(line.steady.clone()).or_default() += 1;
        }
        counts
    };
    // Of a line that one run printed more often, the last ones are left over.
    let others = |lines: &[Printed], mut counts: HashMap<String, u64>, only_in: PrintedIn| {
        let mut found = Vec::new();
        for line in lines {
            match counts.get_mut(&line.steady) {
                Some(count) if *count > 0 => *count -= 1,
                _ => found.push(PrintedDifference {
                    only_in,
                    line: line.number,
                    text: cut(&line.text, SHOWN),
                }),
            }
        }
        found
    };
    let gone = others(before, count(now), PrintedIn::Before);
    let new = others(now, count(before), PrintedIn::Now);
    let total = (gone.len() + new.len()) as u64;
    // Both sides get a part of what may be shown.
    let for_new = new.len().min(limit - limit.min(gone.len()).min(limit / 2));
    let mut shown: Vec<PrintedDifference> = gone.into_iter().take(limit - for_new).collect();
    shown.extend(new.into_iter().take(for_new));
    (shown, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(lines: &[&str]) -> Vec<Printed> {
        let lines = lines.iter().enumerate();
        let lines = lines.filter(|(_, line)| !is_shown_elsewhere(line));
        lines
            .map(|(number, line)| Printed {
                number: number as u64,
                text: (*line).to_owned(),
                steady: steady(line, Hashes::Replaced),
            })
            .collect()
    }

    fn told(before: &[&str], now: &[&str], limit: usize) -> (Vec<(PrintedIn, u64)>, u64) {
        let (found, total) = differences(&printed(before), &printed(now), limit);
        (
            found.iter().map(|one| (one.only_in, one.line)).collect(),
            total,
        )
    }

    #[test]
    fn order_and_times_are_no_difference_and_how_often_is_one() {
        assert_eq!(
            told(&["a", "b", "took 3s"], &["b", "took 59s", "a"], 9),
            (vec![], 0)
        );
        let found = told(&["a", "a"], &["a", "c"], 9);
        assert_eq!(
            found,
            (vec![(PrintedIn::Before, 1), (PrintedIn::Now, 1)], 2)
        );
    }

    #[test]
    fn what_the_record_has_as_such_is_left_out() {
        let before = [
            "PLAY [web] ********",
            "TASK [install] ****",
            "ok: [web-01]",
            "web-01 : ok=2 changed=0 unreachable=0 failed=0",
            "",
        ];
        assert_eq!(told(&before, &[], 9), (vec![], 0));
        let found = told(&["ok: [web-01] => {\"msg\": 1}"], &[], 9);
        assert_eq!(found.1, 1);
    }

    #[test]
    fn both_sides_get_a_part_of_what_may_be_shown() {
        let (a, b) = (["a1", "a2", "a3", "a4"], ["b1", "b2", "b3", "b4"]);
        let sides = |limit: usize, a: &[&str], b: &[&str]| {
            let (found, _) = told(a, b, limit);
            let gone = found
                .iter()
                .filter(|(only_in, _)| *only_in == PrintedIn::Before);
            (gone.count(), found.len())
        };
        assert_eq!(sides(4, &a, &b), (2, 4));
        assert_eq!(sides(4, &a[..1], &b), (1, 4));
        assert_eq!(sides(4, &a, &b[..1]), (3, 4));
        assert_eq!(sides(9, &a, &b), (4, 8));
        assert_eq!(sides(1, &a, &b).1, 1);
    }
}
