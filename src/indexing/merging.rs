//! Merges segments: a search looks into each of them.

use std::collections::VecDeque;

use super::IndexingError;
use crate::search::index::chunk::StoredChunk;
use crate::search::index::merge::{Step, merge};
use crate::search::index::runs::CoveredRun;
use crate::store::{SearchSegment, Store, StoreError};

/// Segments that are merged into one.
const TOGETHER: usize = 8;

/// A segment of this size is smaller than those of the first class.
const SMALL_BYTES: u64 = 256 << 10;

/// A segment of this size is no longer merged.
const LARGE_BYTES: u64 = 16 << 20;

/// The largest that a merge makes, roughly.
const MOST_BYTES: u64 = 48 << 20;

/// Chunks of each segment that are read at once.
const READ: u32 = 8;

/// Chunks are written when they have this many bytes: others can write in between.
const WRITE_BYTES: u64 = 2 << 20;

/// The segments to merge next: of those of about the same size, if they are many enough, the oldest.
pub(super) fn choose(mut segments: Vec<SearchSegment>) -> Option<Vec<SearchSegment>> {
    segments.retain(|segment| segment.bytes < LARGE_BYTES);
    segments.sort_unstable_by_key(|segment| (segment.started_us, segment.id));
    let mut from = 0;
    let mut to = SMALL_BYTES;
    while from < LARGE_BYTES {
        let class = segments.iter().copied();
        let class = class.filter(|segment| (from..to).contains(&segment.bytes));
        let mut class: Vec<SearchSegment> = class.collect();
        if class.len() >= TOGETHER {
            let mut bytes = 0;
            let fits = class.iter().take(TOGETHER).take_while(|segment| {
                bytes += segment.bytes;
                bytes <= MOST_BYTES
            });
            let count = fits.count().max(2);
            class.truncate(count);
            return Some(class);
        }
        (from, to) = (to, to.saturating_mul(TOGETHER as u64));
    }
    None
}

/// Replaces segments by one. False: they have changed meanwhile, and stay as they are.
pub(super) async fn merge_segments(
    store: &Store,
    segments: &[SearchSegment],
) -> Result<bool, IndexingError> {
    let mut new = store.begin_segment().await?;
    let mut covered: Vec<Vec<CoveredRun>> = Vec::with_capacity(segments.len());
    for segment in segments {
        match store.covered_runs(segment).await? {
            Some(runs) => covered.push(runs),
            None => return Ok(false),
        }
    }
    let (runs, mut merge) = merge(&covered);
    drop(covered);
    let mut inputs: Vec<Input> = segments.iter().map(Input::of).collect();
    let mut ready: Vec<StoredChunk> = Vec::new();
    let mut bytes = 0;
    loop {
        match merge.step() {
            Step::Feed(which) => {
                let chunk = match inputs.get_mut(which) {
                    Some(input) => input.next(store).await?,
                    None => None,
                };
                merge
                    .feed(which, chunk.as_ref())
                    .map_err(StoreError::from)?;
            }
            Step::Chunk(chunk) => {
                bytes += chunk.bytes();
                ready.push(chunk);
                if bytes >= WRITE_BYTES {
                    if !store.append_chunks(&mut new, &ready).await? {
                        return Ok(false);
                    }
                    ready.clear();
                    bytes = 0;
                }
            }
            Step::Done => break,
        }
    }
    if !store.append_chunks(&mut new, &ready).await? {
        return Ok(false);
    }
    Ok(store.replace_segments(new, &runs, segments).await?)
}

/// A segment that is read from its first chunk to its last.
struct Input {
    segment: i64,
    after: Vec<u8>,
    waiting: VecDeque<StoredChunk>,
}

impl Input {
    fn of(segment: &SearchSegment) -> Self {
        Self {
            segment: segment.id,
            after: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    async fn next(&mut self, store: &Store) -> Result<Option<StoredChunk>, StoreError> {
        if self.waiting.is_empty() {
            let chunks = store.chunks_after(self.segment, &self.after, READ).await?;
            if let Some(last) = chunks.last() {
                self.after.clone_from(&last.first_term);
            }
            self.waiting.extend(chunks);
        }
        Ok(self.waiting.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(id: i64, bytes: u64) -> SearchSegment {
        SearchSegment {
            id,
            version: 0,
            started_us: (id, id),
            keys: (id, id),
            runs: 1,
            without_log: 0,
            bytes,
        }
    }

    fn chosen(bytes: &[u64]) -> Option<Vec<i64>> {
        let segments = (0..).zip(bytes).map(|(id, bytes)| segment(id, *bytes));
        let chosen = choose(segments.collect())?;
        Some(chosen.iter().map(|segment| segment.id).collect())
    }

    #[test]
    fn many_segments_of_about_the_same_size_are_merged() {
        assert_eq!(chosen(&[1; 7]), None);
        assert_eq!(chosen(&[1; 9]), Some((0..8).collect()));
        assert_eq!(chosen(&[1, 300_000, 1, 1, 1, 1, 1, 1]), None);
        assert_eq!(chosen(&[300_000; 8]), Some((0..8).collect()));
        assert_eq!(chosen(&[LARGE_BYTES; 20]), None);
        // What comes out is not too large.
        assert_eq!(chosen(&[15 << 20; 8]), Some(vec![0, 1, 2]));
    }

    /// However many segments there are, merging ends.
    #[test]
    fn merging_ends() {
        let mut segments: Vec<SearchSegment> = (0..5_000).map(|id| segment(id, 600_000)).collect();
        let mut next = 5_000;
        while let Some(chosen) = choose(segments.clone()) {
            segments.retain(|segment| !chosen.contains(segment));
            let bytes = chosen.iter().map(|segment| segment.bytes).sum();
            let mut merged = segment(next, bytes);
            merged.started_us = (
                chosen[0].started_us.0,
                chosen[chosen.len() - 1].started_us.1,
            );
            segments.push(merged);
            next += 1;
        }
        assert!(segments.len() < 120, "{}", segments.len());
    }
}
