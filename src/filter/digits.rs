//! Part of an execution's id: the digits with which it begins or ends.

use std::fmt;

use uuid::Uuid;

/// The fewest digits. Ids begin with the time, so fewer would mean years.
const FEWEST: u32 = 4;

/// The fewest digits for the end of an id: its last three bytes, which are random and indexed.
const FEWEST_OF_END: u32 = 6;

/// The digits of a whole id.
const ALL: u32 = 32;

/// The digits with which an execution's id begins or ends. Ids begin with the time and end at random (UUID version 7):
/// the beginning finds the runs of a moment, and a short end a single run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdDigits {
    number: u128,
    count: u32,
}

impl IdDigits {
    /// Reads hexadecimal digits; dashes among them are ignored.
    ///
    /// # Errors
    /// There are too few or too many of them, or one is not a digit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "it must be {FEWEST} to {ALL} hexadecimal digits: the beginning of an id or, from {FEWEST_OF_END} digits \
                 on, the end of one"
            )
        };
        let digits = || text.bytes().filter(|byte| *byte != b'-');
        // The number's own parser would also take a sign.
        let is_hex = digits().all(|digit| digit.is_ascii_hexdigit());
        let count = u32::try_from(digits().count()).unwrap_or(u32::MAX);
        if !is_hex || !(FEWEST..=ALL).contains(&count) {
            return Err(wrong());
        }
        let number = u128::from_str_radix(&text.replace('-', ""), 16).map_err(|_| wrong())?;
        Ok(Self { number, count })
    }

    /// The first and the last id that begin with them.
    #[must_use]
    pub fn range(self) -> (Uuid, Uuid) {
        let free = 4 * (ALL - self.count);
        let first = self.number << free;
        let last = first | ((1 << free) - 1);
        (Uuid::from_u128(first), Uuid::from_u128(last))
    }

    /// The last three bytes of each id that ends with them; none if they are too few for an end.
    #[must_use]
    pub fn end(self) -> Option<[u8; 3]> {
        let [.., a, b, c] = self.number.to_be_bytes();
        (self.count >= FEWEST_OF_END).then_some([a, b, c])
    }

    /// Whether they are no more than the last three bytes.
    #[must_use]
    pub fn is_short(self) -> bool {
        self.count == FEWEST_OF_END
    }

    /// Whether an id begins or ends with them.
    #[must_use]
    pub fn fits(self, id: Uuid) -> bool {
        let (first, last) = self.range();
        let of_end = u128::MAX >> (4 * (ALL - self.count));
        (first..=last).contains(&id)
            || (self.count >= FEWEST_OF_END && id.as_u128() & of_end == self.number)
    }
}

/// In lower case, without dashes.
impl fmt::Display for IdDigits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:0count$x}",
            self.number,
            count = self.count as usize
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0199_c2a4_89ab_7def_8000_0000_004f_2a9c);

    #[test]
    fn an_id_is_found_by_its_beginning_and_by_its_end() {
        let whole = ID.simple().to_string();
        for count in 4..=32 {
            let begins = IdDigits::parse(&whole[..count]).unwrap();
            let ends = IdDigits::parse(&whole[32 - count..]).unwrap();
            assert!(begins.fits(ID), "{begins}");
            assert_eq!(ends.fits(ID), count >= 6, "{ends}");
            assert_eq!(begins.to_string(), whole[..count]);
            assert_eq!(ends.end(), (count >= 6).then_some([0x4f, 0x2a, 0x9c]));
        }
        for (text, expected) in [
            (ID.to_string().as_str(), true),
            ("0199C2A4-89ab", true),
            ("00-4F2A9C", true),
            ("14f2a9c", false),
            ("0199c2a5", false),
            ("c2a489", false),
            ("0000", false),
        ] {
            assert_eq!(IdDigits::parse(text).unwrap().fits(ID), expected, "{text}");
        }
        let (first, last) = IdDigits::parse(&whole).unwrap().range();
        assert_eq!((first, last), (ID, ID));
    }

    #[test]
    fn only_digits_are_taken() {
        for wrong in [
            "",
            "-",
            "123",
            "12-3",
            "0199c2a4x",
            "+0199",
            "١٢٣٤",
            "latest",
        ] {
            assert!(IdDigits::parse(wrong).is_err(), "{wrong}");
        }
        assert!(IdDigits::parse(&"0".repeat(33)).is_err());
    }
}
