//! Terms that are being collected, each with a number: their bytes one after the other, and a hash table of the numbers.
//!
//! A term is looked up for every word of every log. So terms that came together lie together in memory, and none has an
//! allocation of its own.

/// Marks a free slot.
const FREE: u32 = u32::MAX;

/// Slots at the beginning, as a power of two.
const FIRST_BITS: u32 = 10;

/// The terms so far; their numbers count from 0. It holds less than 4 GiB of terms.
#[derive(Debug, Default)]
pub(super) struct Terms {
    bytes: Vec<u8>,
    /// Where each term ends.
    ends: Vec<u32>,
    /// At most three quarters are taken, and their number is a power of two.
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    number: u32,
}

impl Terms {
    /// Memory that they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<u32>() + self.slots.len() * size_of::<Slot>()
    }

    /// The term with this number; empty if there is none.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = match number.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(u32::MAX),
            None => 0,
        };
        let end = self.ends.get(number).copied().unwrap_or(0);
        self.bytes.get(start as usize..end as usize).unwrap_or(&[])
    }

    /// The number of a term, which is the next one if it is new.
    pub(super) fn number(&mut self, term: &[u8]) -> u32 {
        if self.ends.len() * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let hash = hash(term);
        let mut at = place(hash, self.slots.len());
        loop {
            let slot = self.slots[at];
            if slot.number == FREE {
                let number = self.ends.len() as u32;
                self.slots[at] = Slot { hash, number };
                self.bytes.extend_from_slice(term);
                self.ends.push(self.bytes.len() as u32);
                return number;
            }
            if slot.hash == hash && self.get(slot.number) == term {
                return slot.number;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1 << FIRST_BITS);
        let free = Slot {
            hash: 0,
            number: FREE,
        };
        let before = std::mem::replace(&mut self.slots, vec![free; size]);
        for slot in before {
            if slot.number == FREE {
                continue;
            }
            let mut at = place(slot.hash, size);
            while self.slots[at].number != FREE {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }

    /// The numbers of all terms, in the order of the terms.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let all = (0..self.ends.len() as u32).map(|number| (beginning(self.get(number)), number));
        let mut all: Vec<(u64, u32)> = all.collect();
        // Most differ in their first bytes.
        all.sort_unstable_by(|(one, number), (other, other_number)| {
            one.cmp(other)
                .then_with(|| self.get(*number).cmp(self.get(*other_number)))
        });
        all.into_iter().map(|(_, number)| number).collect()
    }
}

/// The first eight bytes of a term, as a number in the same order. A shorter one ends in zeros, which are in no term.
fn beginning(term: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = term.len().min(8);
    bytes[..length].copy_from_slice(&term[..length]);
    u64::from_be_bytes(bytes)
}

/// The slot where a search for a hash begins: by its upper bits.
fn place(hash: u32, slots: usize) -> usize {
    (hash >> (32 - slots.trailing_zeros())) as usize
}

/// A quick hash.
fn hash(term: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |all: u64, word: u64| (all.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = term.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let all = words.fold(term.len() as u64, mix);
    let rest = rest.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let all = mix(all, rest);
    // A product's upper bits depend on all bits of the factor, its lower ones do not.
    ((all ^ (all >> 32)).wrapping_mul(FACTOR) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_numbered_once_and_sorted() {
        let texts = |number: u32| {
            [
                format!("{number:x}"),
                format!("a word {number}"),
                "é".into(),
            ]
        };
        let mut terms = Terms::default();
        let mut known: Vec<Vec<u8>> = Vec::new();
        for number in 0..5_000 {
            for text in texts(number) {
                let at = terms.number(text.as_bytes());
                if at as usize == known.len() {
                    known.push(text.clone().into_bytes());
                }
                assert_eq!(known[at as usize], text.as_bytes());
                assert_eq!(terms.number(text.as_bytes()), at);
            }
        }
        assert_eq!(terms.ends.len(), known.len());
        assert!(terms.bytes() > 10_000);
        let sorted: Vec<&[u8]> = terms.sorted().into_iter().map(|at| terms.get(at)).collect();
        let mut expected: Vec<&[u8]> = known.iter().map(Vec::as_slice).collect();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(sorted, expected);
    }
}
