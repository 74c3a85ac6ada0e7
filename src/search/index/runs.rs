//! The runs of a segment, as bytes.

use super::Unreadable;
use super::postings::{push_number, push_signed, take_number, take_signed};

/// Largest expanded size, in bytes.
const LARGEST: usize = 64 << 20;

/// A run that a segment covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoveredRun {
    /// When it started, in microseconds since the epoch.
    pub started_us: i64,
    /// Its key in the store.
    pub key: i64,
    /// What is known of it.
    pub state: RunState,
}

/// The state of a run in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Its words.
    Indexed,
    /// It was deleted, or its log was changed. Its place stays, so that the others keep their numbers.
    Removed,
    /// That it has no words: retention removed its log.
    WithoutLog,
}

impl RunState {
    const ALL: [Self; 3] = [Self::Indexed, Self::Removed, Self::WithoutLog];
}

/// Runs in the order of their numbers as bytes.
#[must_use]
pub fn encode(runs: &[CoveredRun]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(runs.len() * 8 + 8);
    push_number(runs.len() as u64, &mut raw);
    let (mut started_us, mut key) = (0_i64, 0_i64);
    for run in runs {
        push_signed(run.started_us.wrapping_sub(started_us), &mut raw);
        push_signed(run.key.wrapping_sub(key), &mut raw);
        raw.push(run.state as u8);
        (started_us, key) = (run.started_us, run.key);
    }
    // Compressing memory to memory fails only for want of memory.
    zstd::bulk::compress(&raw, 3).unwrap_or_default()
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// It is something else.
pub fn decode(data: &[u8]) -> Result<Vec<CoveredRun>, Unreadable> {
    let raw = zstd::bulk::decompress(data, size(data)?).map_err(|_| Unreadable)?;
    let mut rest = raw.as_slice();
    let count = usize::try_from(take_number(&mut rest)?).map_err(|_| Unreadable)?;
    if count > rest.len() {
        return Err(Unreadable);
    }
    let mut runs = Vec::with_capacity(count);
    let (mut started_us, mut key) = (0_i64, 0_i64);
    for _ in 0..count {
        started_us = started_us.wrapping_add(take_signed(&mut rest)?);
        key = key.wrapping_add(take_signed(&mut rest)?);
        let state = take_number(&mut rest)?;
        let state = usize::try_from(state).ok();
        let state = state.and_then(|state| RunState::ALL.get(state));
        runs.push(CoveredRun {
            started_us,
            key,
            state: *state.ok_or(Unreadable)?,
        });
    }
    Ok(runs)
}

/// The expanded size that compressed data declares, in bytes.
pub(super) fn size(data: &[u8]) -> Result<usize, Unreadable> {
    let size = zstd::zstd_safe::get_frame_content_size(data).map_err(|_| Unreadable)?;
    let size = usize::try_from(size.ok_or(Unreadable)?).map_err(|_| Unreadable)?;
    (size <= LARGEST).then_some(size).ok_or(Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_read_back() {
        let run = |started_us, key, state| CoveredRun {
            started_us,
            key,
            state,
        };
        let runs = [
            run(i64::MIN, 7, RunState::Indexed),
            run(5, 1, RunState::Removed),
            run(i64::MAX, i64::MAX, RunState::WithoutLog),
        ];
        assert_eq!(decode(&encode(&runs)), Ok(runs.to_vec()));
        assert_eq!(decode(&encode(&[])), Ok(Vec::new()));
        assert_eq!(decode(b"rubbish"), Err(Unreadable));
    }
}
