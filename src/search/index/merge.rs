//! A segment made from several: their terms are read side by side, a chunk of each at a time, so that memory stays
//! small however large they are.

use std::collections::VecDeque;

use super::Unreadable;
use super::chunk::{ChunkWriter, StoredChunk, each_posting};
use super::postings::{Docs, union};
use super::runs::{CoveredRun, RunState};

/// A merge in progress.
#[derive(Debug)]
pub struct Merge {
    inputs: Vec<Input>,
    writer: ChunkWriter,
}

#[derive(Debug)]
struct Input {
    /// The new number of each run; none if it is left out.
    numbers: Vec<Option<u32>>,
    /// The terms that were read and not written yet.
    terms: VecDeque<(Vec<u8>, Docs)>,
    is_at_end: bool,
}

/// What a merge needs next, or has done.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// [`Merge::feed`] this input its next chunk.
    Feed(usize),
    /// This chunk is ready.
    Chunk(StoredChunk),
    /// Everything is written.
    Done,
}

/// The runs of the merged segment, and the merge that makes its chunks. Runs that were removed are left out.
#[must_use]
pub fn merge(inputs: &[Vec<CoveredRun>]) -> (Vec<CoveredRun>, Merge) {
    let mut all: Vec<(i64, i64, usize, usize)> = Vec::new();
    for (input, runs) in inputs.iter().enumerate() {
        let kept = runs.iter().enumerate();
        let kept = kept.filter(|(_, run)| run.state != RunState::Removed);
        all.extend(kept.map(|(doc, run)| (run.started_us, run.key, input, doc)));
    }
    all.sort_unstable();
    let mut numbers: Vec<Vec<Option<u32>>> =
        inputs.iter().map(|runs| vec![None; runs.len()]).collect();
    let mut runs = Vec::with_capacity(all.len());
    for (_, _, input, doc) in all {
        let run = inputs[input][doc];
        let before = runs.last_mut();
        // What several segments know of a run belongs together.
        match before.filter(|before: &&mut CoveredRun| before.key == run.key) {
            Some(before) if before.started_us == run.started_us => {
                if run.state == RunState::Indexed {
                    before.state = run.state;
                }
            }
            _ => runs.push(run),
        }
        let number = runs.len() as u32 - 1;
        numbers[input][doc] = Some(number);
    }
    let inputs = numbers.into_iter().map(|numbers| Input {
        numbers,
        terms: VecDeque::new(),
        is_at_end: false,
    });
    let merge = Merge {
        inputs: inputs.collect(),
        writer: ChunkWriter::default(),
    };
    (runs, merge)
}

impl Merge {
    /// Continues until something is needed or ready.
    pub fn step(&mut self) -> Step {
        loop {
            let waits = |input: &Input| input.terms.is_empty() && !input.is_at_end;
            if let Some(which) = self.inputs.iter().position(waits) {
                return Step::Feed(which);
            }
            let next = self.inputs.iter().filter_map(|input| input.terms.front());
            let Some(term) = next.map(|(term, _)| term).min().cloned() else {
                return self.writer.take().map_or(Step::Done, Step::Chunk);
            };
            let mut found = Vec::new();
            for input in &mut self.inputs {
                if input.terms.front().is_some_and(|(next, _)| *next == term)
                    && let Some((_, docs)) = input.terms.pop_front()
                {
                    found.push(docs);
                }
            }
            let docs = union(found);
            if !docs.is_empty() {
                self.writer.push(&term, &docs);
            }
            if self.writer.is_full()
                && let Some(chunk) = self.writer.take()
            {
                return Step::Chunk(chunk);
            }
        }
    }

    /// The next chunk of an input; none after its last.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn feed(&mut self, which: usize, chunk: Option<&StoredChunk>) -> Result<(), Unreadable> {
        let Some(input) = self.inputs.get_mut(which) else {
            return Ok(());
        };
        let Some(chunk) = chunk else {
            input.is_at_end = true;
            return Ok(());
        };
        let Input { numbers, terms, .. } = input;
        each_posting(chunk, |term, docs| {
            let number = |doc: &u32| numbers.get(*doc as usize).copied().flatten();
            let mut docs: Docs = docs.iter().filter_map(number).collect();
            docs.dedup();
            terms.push_back((term.to_vec(), docs));
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::build::SegmentBuilder;
    use super::*;

    proptest! {
        #[test]
        fn a_merged_segment_is_the_segment_of_all_runs_that_are_left(
            runs in prop::collection::vec(
                (0..3_usize, 0..40_i64, "[ab]{1,3}( [a-c]{1,3}){0,3}", any::<bool>()), 0..12,
            ),
        ) {
            let mut all: Vec<_> = (1..).zip(runs).collect();
            all.sort_by_key(|(key, (_, started_us, ..))| (*started_us, *key));
            let mut builders: [SegmentBuilder; 3] = Default::default();
            let mut whole = SegmentBuilder::default();
            for (key, (input, started_us, line, is_gone)) in &all {
                builders[*input].begin_run(*key, *started_us, RunState::Indexed);
                builders[*input].line(line);
                if !is_gone {
                    whole.begin_run(*key, *started_us, RunState::Indexed);
                    whole.line(line);
                }
            }
            let gone = |key: i64| all.iter().any(|(of, (.., is_gone))| *of == key && *is_gone);
            let mut inputs: Vec<_> = builders.iter_mut().map(SegmentBuilder::finish).collect();
            for input in &mut inputs {
                for run in input.runs.iter_mut().filter(|run| gone(run.key)) {
                    run.state = RunState::Removed;
                }
            }
            let covered: Vec<Vec<CoveredRun>> =
                inputs.iter().map(|input| input.runs.clone()).collect();
            let (runs, mut merge) = merge(&covered);
            let mut left: Vec<_> =
                inputs.into_iter().map(|input| input.chunks.into_iter()).collect();
            let mut chunks = Vec::new();
            loop {
                match merge.step() {
                    Step::Feed(which) => merge.feed(which, left[which].next().as_ref()).unwrap(),
                    Step::Chunk(chunk) => chunks.push(chunk),
                    Step::Done => break,
                }
            }
            let whole = whole.finish();
            prop_assert_eq!(runs, whole.runs);
            prop_assert_eq!(chunks, whole.chunks);
        }
    }
}
