//! Which pieces some texts are made of: what lets a search pass over many texts without reading them.

/// How long pieces are, in bytes. Short ones tell of short texts; long ones tell numbers apart, whose digits are the
/// same in any case.
const LENGTHS: [usize; 2] = [3, 6];

/// How many bits the set has. A day of a few thousand runs has some ten thousand different pieces; one that it does
/// not have is taken for one of these the more seldom, the more bits there are.
const BITS: usize = 1 << 17;

/// Its size in bytes.
const BYTES: usize = BITS / 8;

/// A set of pieces of texts. It forgets none, and may hold some that were never added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces(Vec<u8>);

impl Default for Pieces {
    fn default() -> Self {
        Self(vec![0; BYTES])
    }
}

impl Pieces {
    /// Whether a set can say anything about a text: one that is too short has no piece.
    #[must_use]
    pub fn tell_of(text: &str) -> bool {
        text.len() >= LENGTHS[0]
    }

    /// Adds all pieces of a text.
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

    /// The set as bytes, always as many.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads what [`Pieces::as_bytes`] gave; none where it is something else.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == BYTES).then_some(Self(bytes))
    }
}

/// The place of each piece: a byte of the set, and a bit in it.
fn places(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let pieces = LENGTHS
        .into_iter()
        .flat_map(|length| text.as_bytes().windows(length));
    pieces.map(|piece| {
        let number = piece
            .iter()
            .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        // Multiplied by the golden ratio's fraction, neighbours lie far apart.
        let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS.ilog2());
        (place as usize / 8, 1 << (place % 8))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_was_added_may_be_held(
            texts in prop::collection::vec("\\PC{0,40}", 0..20),
            (from, to) in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let mut set = Pieces::default();
            for text in &texts {
                set.add(text);
            }
            let read = Pieces::from_bytes(set.as_bytes().to_vec());
            prop_assert_eq!(read.as_ref(), Some(&set));
            for text in &texts {
                let starts: Vec<usize> =
                    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let (from, to) = (*from.get(&starts), *to.get(&starts));
                prop_assert!(set.may_hold(&text[from.min(to)..from.max(to)]));
            }
        }
    }

    #[test]
    fn most_of_what_was_not_added_is_not_held() {
        let mut set = Pieces::default();
        for number in (0..20_000).step_by(10) {
            set.add(&format!(
                "/srv/site.yml\nweb.example.org\nann\nCHG-{number:05}"
            ));
        }
        let held = |text: &str| {
            let held = |number: &i32| set.may_hold(&format!("{text}{number:05}"));
            (0..20_000).filter(held).count()
        };
        assert_eq!(held("database"), 0);
        // Of numbers that look alike, those that were added, and a few more.
        assert!((2_000..3_000).contains(&held("CHG-")), "{}", held("CHG-"));
        assert!(set.may_hold("ab"), "nothing is known of what is too short");
        assert!(!Pieces::tell_of("ab"));
        assert_eq!(Pieces::from_bytes(vec![0; 3]), None);
    }
}
