//! Rows beside what the store has of them: which ones are due.

use super::timed::Timed;

/// A value that may differ from its stored row.
#[derive(Debug)]
pub(super) struct Tracked<T> {
    pub(super) row: T,
    pub(super) stored: bool,
    pub(super) dirty: bool,
    // Not part of the record, as far as is known.
    pub(super) left_out: bool,
}

impl<T> Tracked<T> {
    pub(super) fn new(row: T) -> Self {
        Self {
            row,
            stored: false,
            dirty: true,
            left_out: false,
        }
    }

    pub(super) fn edit(&mut self) -> &mut T {
        self.dirty = true;
        &mut self.row
    }
}

/// The rows to write now: new ones always, changed ones if `all`.
pub(super) fn take_rows<'a, T: Clone + Timed + 'a>(
    rows: impl Iterator<Item = &'a mut Tracked<T>>,
    all: bool,
    corrected_us: i64,
) -> Vec<T> {
    let mut taken = Vec::new();
    for tracked in rows {
        if !tracked.left_out && (!tracked.stored || (all && tracked.dirty)) {
            tracked.stored = true;
            tracked.dirty = false;
            let mut row = tracked.row.clone();
            row.shift(corrected_us);
            taken.push(row);
        }
    }
    taken
}
