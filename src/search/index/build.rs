//! A segment made from lines.

use super::chunk::{ChunkWriter, StoredChunk};
use super::runs::{CoveredRun, RunState};
use super::terms::Terms;
use super::words::TermReader;

/// Collects the terms of runs, which must come in the order of their start.
#[derive(Debug, Default)]
pub struct SegmentBuilder {
    reader: TermReader,
    terms: Terms,
    /// For each term, the last run that has it, counted from 1.
    last: Vec<u32>,
    /// Which term occurs in which run.
    postings: Vec<(u32, u32)>,
    runs: Vec<CoveredRun>,
}

/// A segment that is not stored yet.
#[derive(Debug)]
pub struct BuiltSegment {
    /// Its runs, in the order of their numbers.
    pub runs: Vec<CoveredRun>,
    /// Its chunks, in the order of their terms.
    pub chunks: Vec<StoredChunk>,
}

impl SegmentBuilder {
    /// Begins the next run; the lines that follow are its own.
    pub fn begin_run(&mut self, key: i64, started_us: i64, state: RunState) {
        self.runs.push(CoveredRun {
            started_us,
            key,
            state,
        });
    }

    /// Adds a line of the run.
    pub fn line(&mut self, line: &str) {
        let Self {
            reader,
            terms,
            last,
            postings,
            runs,
        } = self;
        let count = runs.len() as u32;
        let Some(doc) = count.checked_sub(1) else {
            return;
        };
        reader.read(line, |term| {
            let number = terms.number(term);
            if number as usize == last.len() {
                last.push(0);
            }
            let last = &mut last[number as usize];
            if *last != count {
                *last = count;
                postings.push((number, doc));
            }
        });
    }

    /// Runs so far.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Memory that it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.terms.bytes()
            + self.last.len() * size_of::<u32>()
            + self.postings.len() * size_of::<(u32, u32)>()
    }

    /// The segment, and its builder is empty again.
    #[must_use]
    pub fn finish(&mut self) -> BuiltSegment {
        let Self {
            terms,
            last,
            postings,
            runs,
            ..
        } = std::mem::take(self);
        // All postings of a term one after the other; those of one term stay in the order of runs.
        let mut ends = vec![0_usize; last.len()];
        for (term, _) in &postings {
            ends[*term as usize] += 1;
        }
        let mut all = 0;
        for end in &mut ends {
            let count = *end;
            *end = all;
            all += count;
        }
        let mut docs = vec![0_u32; all];
        for (term, doc) in &postings {
            let end = &mut ends[*term as usize];
            docs[*end] = *doc;
            *end += 1;
        }
        drop(postings);
        let mut writer = ChunkWriter::default();
        let mut chunks = Vec::new();
        for number in terms.sorted() {
            let term = terms.get(number);
            let number = number as usize;
            let start = number.checked_sub(1).map_or(0, |before| ends[before]);
            writer.push(term, &docs[start..ends[number]]);
            if writer.is_full() {
                chunks.extend(writer.take());
            }
        }
        chunks.extend(writer.take());
        BuiltSegment { runs, chunks }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::chunk::each_posting;
    use super::*;

    proptest! {
        #[test]
        fn a_segment_has_every_term_of_every_run(
            runs in prop::collection::vec(prop::collection::vec("[ab.]{0,6}( [a-z]{1,9})?", 0..6), 0..9),
        ) {
            let mut builder = SegmentBuilder::default();
            let mut expected: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
            for (doc, lines) in (0..).zip(&runs) {
                builder.begin_run(i64::from(doc) + 1, i64::from(doc), RunState::Indexed);
                for line in lines {
                    builder.line(line);
                    TermReader::default().read(line, |term| {
                        expected.entry(term.to_vec()).or_default().insert(doc);
                    });
                }
            }
            let built = builder.finish();
            prop_assert_eq!(builder.runs(), 0);
            prop_assert_eq!(built.runs.len(), runs.len());
            let mut found = Vec::new();
            for chunk in &built.chunks {
                each_posting(chunk, |term, docs| found.push((term.to_vec(), docs))).unwrap();
            }
            let expected: Vec<(Vec<u8>, Vec<u32>)> = expected
                .into_iter()
                .map(|(term, docs)| (term, docs.into_iter().collect()))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
