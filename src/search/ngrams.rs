//! A Bloom filter of the three- and six-byte n-grams of some texts.

/// Lengths of the n-grams, in bytes. Short ones allow short search texts; long ones distinguish numbers, which have
/// nearly all short ones in common.
const LENGTHS: [usize; 2] = [3, 6];

/// Size of the filter in bits. A day of a few thousand runs has some ten thousand different n-grams. More bits mean
/// fewer false positives.
const BITS: usize = 1 << 17;

/// Its size in bytes.
const BYTES: usize = BITS / 8;

/// A Bloom filter of n-grams: it has no false negatives, but may report n-grams that were never added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NgramFilter(Vec<u8>);

impl Default for NgramFilter {
    fn default() -> Self {
        Self(vec![0; BYTES])
    }
}

impl NgramFilter {
    /// Whether a filter can test a text: one that is too short has no n-gram.
    #[must_use]
    pub fn can_judge(text: &str) -> bool {
        text.len() >= LENGTHS[0]
    }

    /// Adds all n-grams of a text.
    pub fn add(&mut self, text: &str) {
        for (byte, bit) in places(text) {
            self.0[byte] |= bit;
        }
    }

    /// Whether one of the added texts may contain this one, byte for byte. False is certain.
    #[must_use]
    pub fn may_hold(&self, text: &str) -> bool {
        places(text).all(|(byte, bit)| self.0[byte] & bit != 0)
    }

    /// The filter as bytes, always the same number.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the bytes of [`NgramFilter::as_bytes`]; none if they are something else.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == BYTES).then_some(Self(bytes))
    }
}

/// The position of each n-gram: a byte of the filter, and a bit in it.
fn places(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let ngrams = LENGTHS
        .into_iter()
        .flat_map(|length| text.as_bytes().windows(length));
    ngrams.map(|ngram| {
        let number = ngram
            .iter()
            .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        // Multiplying by the golden ratio's fraction spreads neighbours far apart.
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
            let mut set = NgramFilter::default();
            for text in &texts {
                set.add(text);
            }
            let read = NgramFilter::from_bytes(set.as_bytes().to_vec());
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
        let mut set = NgramFilter::default();
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
        // Of similar numbers, it reports those that were added, and a few more.
        assert!((2_000..3_000).contains(&held("CHG-")), "{}", held("CHG-"));
        assert!(set.may_hold("ab"), "nothing is known of what is too short");
        assert!(!NgramFilter::can_judge("ab"));
        assert_eq!(NgramFilter::from_bytes(vec![0; 3]), None);
    }
}
