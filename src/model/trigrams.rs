//! Which sequences of three bytes some texts hold: what lets a search pass over many texts without reading them.

/// How many bits the set has. A day of a few thousand runs holds some ten thousand different sequences; one that
/// it does not hold is taken for one of these the more seldom, the more bits there are.
const BITS: usize = 1 << 16;

/// Its size in bytes.
const BYTES: usize = BITS / 8;

/// A set of sequences of three bytes. It forgets none, and may hold some that were never added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigrams(Vec<u8>);

impl Default for Trigrams {
    fn default() -> Self {
        Self(vec![0; BYTES])
    }
}

impl Trigrams {
    /// Whether a set can say anything about a text: one that is too short has no sequence.
    #[must_use]
    pub fn tell_of(text: &str) -> bool {
        text.len() >= 3
    }

    /// Adds all sequences of a text.
    pub fn add(&mut self, text: &str) {
        for (byte, bit) in places(text) {
            self.0[byte] |= bit;
        }
    }

    /// Whether one of the texts that were added may hold this one, byte for byte. False is certain.
    #[must_use]
    pub fn may_hold(&self, text: &str) -> bool {
        places(text).all(|(byte, bit)| self.0[byte] & bit != 0)
    }

    /// The set as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads what [`Trigrams::as_bytes`] gave; none where it is something else.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == BYTES).then_some(Self(bytes))
    }
}

/// The place of each sequence: a byte of the set, and a bit in it.
fn places(text: &str) -> impl Iterator<Item = (usize, u8)> {
    text.as_bytes().windows(3).map(|bytes| {
        let sequence = bytes
            .iter()
            .fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        // Multiplied by the golden ratio's fraction, neighbours lie far apart.
        let place = (sequence.wrapping_mul(0x9E37_79B1) >> 16) as usize;
        (place / 8, 1 << (place % 8))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_was_added_may_be_held(texts in prop::collection::vec("\\PC{0,40}", 0..20), from: prop::sample::Index) {
            let mut set = Trigrams::default();
            for text in &texts {
                set.add(text);
            }
            let read = Trigrams::from_bytes(set.as_bytes().to_vec());
            prop_assert_eq!(read.as_ref(), Some(&set));
            for text in &texts {
                let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                prop_assert!(set.may_hold(&text[*from.get(&starts)..]));
            }
        }
    }

    #[test]
    fn most_of_what_was_not_added_is_not_held() {
        let mut set = Trigrams::default();
        for number in 0..2000 {
            set.add(&format!(
                "/srv/playbooks/site-{number}.yml\nweb-{number}.example.org\nann"
            ));
        }
        let held = (0..2000)
            .filter(|number| set.may_hold(&format!("database{number}")))
            .count();
        assert_eq!(held, 0);
        assert!(set.may_hold("ab"), "nothing is known of what is too short");
        assert!(!Trigrams::tell_of("ab"));
        assert_eq!(Trigrams::from_bytes(vec![0; 3]), None);
    }
}
