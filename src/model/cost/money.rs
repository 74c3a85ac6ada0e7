//! Money as whole numbers: nothing is rounded before it is shown.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

/// Digits of a price after the point.
const PRICE_DIGITS: u32 = 9;

/// Prices are counted in this fraction of the currency: 10^-9.
const NANO: u64 = 10_u64.pow(PRICE_DIGITS);

/// Microseconds in a minute. An amount is counted in this fraction of 10^-9 of the currency, so that a price for a
/// minute times any number of microseconds is a whole number.
const MINUTE_US: i128 = 60_000_000;

/// Number of amount units in one unit of the currency.
const UNIT: i128 = NANO as i128 * MINUTE_US;

/// The highest price, in whole units of the currency.
const HIGHEST: u64 = 1_000_000;

/// Fewest digits that are shown after the point.
const SHOWN_DIGITS: usize = 2;

/// Why a price cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is not a decimal number.
    #[error("a price is a decimal number in quotation marks, such as \"0.0125\"")]
    Form,
    /// It has too many digits.
    #[error("a price has at most 9 digits after the point")]
    Digits,
    /// It is too high.
    #[error("a price is at most 1000000")]
    TooHigh,
}

/// A price for a second or a minute, in 10^-9 of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(u64);

impl FromStr for Price {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, PriceError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || text.ends_with('.') || !is_number(whole) || !is_number(part) {
            return Err(PriceError::Form);
        }
        if part.len() > PRICE_DIGITS as usize {
            return Err(PriceError::Digits);
        }
        let whole: u64 = whole.parse().map_err(|_| PriceError::TooHigh)?;
        let part: u64 = format!("{part:0<9}")
            .parse()
            .map_err(|_| PriceError::Form)?;
        let nano = whole
            .checked_mul(NANO)
            .and_then(|nano| nano.checked_add(part));
        match nano {
            Some(nano) if nano <= HIGHEST * NANO => Ok(Self(nano)),
            _ => Err(PriceError::TooHigh),
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.amount().fmt(formatter)
    }
}

impl Price {
    /// The price itself as an amount.
    #[must_use]
    pub fn amount(self) -> Amount {
        Amount(i128::from(self.0) * MINUTE_US)
    }

    /// The cost of this time, at this price for a second.
    #[must_use]
    pub fn for_seconds(self, us: u64) -> Amount {
        Amount((i128::from(self.0) * 60).saturating_mul(us.into()))
    }

    /// The cost of this time, at this price for a minute.
    #[must_use]
    pub fn for_minutes(self, us: u64) -> Amount {
        Amount(i128::from(self.0).saturating_mul(us.into()))
    }
}

/// An exact amount of money, which is never negative. Sums of amounts are exact, in whatever order they are added.
///
/// As text, it is rounded once, half up, to 9 digits after the point; trailing zeros are left out, except for two
/// digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i128);

impl Amount {
    /// The amount 0.
    pub const ZERO: Self = Self(0);

    /// Whether it is 0.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The difference to a smaller amount; 0 if the other one is larger.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// The mean over this many runs.
    #[must_use]
    pub fn divided(self, by: u64) -> Self {
        Self(self.0 / i128::from(by.max(1)))
    }

    /// Its percentage of another amount, rounded down; none if that is 0.
    #[must_use]
    pub fn percent_of(self, whole: Self) -> Option<u64> {
        let percent = self.0.saturating_mul(100).checked_div(whole.0)?;
        Some(u64::try_from(percent).unwrap_or(u64::MAX))
    }

    /// The amount with this many digits after the point, at most 9, rounded half up.
    #[must_use]
    pub fn rounded(self, digits: u32) -> String {
        let digits = digits.min(PRICE_DIGITS);
        let part = UNIT / 10_i128.pow(digits);
        let counted = self.0.saturating_add(part / 2) / part;
        let unit = 10_i128.pow(digits);
        match digits {
            0 => counted.to_string(),
            _ => format!(
                "{}.{:0width$}",
                counted / unit,
                counted % unit,
                width = digits as usize
            ),
        }
    }

    /// The amount for people: two digits after the point; a small amount has as many as show two significant digits.
    #[must_use]
    pub fn shown(self) -> String {
        let mut digits = SHOWN_DIGITS as u32;
        while digits < PRICE_DIGITS
            && self.0 > 0
            && self.0 < UNIT / 10_i128.pow(digits.saturating_sub(1))
        {
            digits += 1;
        }
        self.rounded(digits)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.rounded(PRICE_DIGITS);
        let kept = text.trim_end_matches('0');
        let point = kept.find('.').unwrap_or(kept.len());
        let end = kept.len().max(point + 1 + SHOWN_DIGITS);
        formatter.write_str(text.get(..end).unwrap_or(&text))
    }
}

/// Parses what `Display` writes, and any other decimal number that is not negative, with at most 9 digits after the
/// point.
impl FromStr for Amount {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, PriceError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || text.ends_with('.') || !is_number(whole) || !is_number(part) {
            return Err(PriceError::Form);
        }
        if part.len() > PRICE_DIGITS as usize {
            return Err(PriceError::Digits);
        }
        let digits = format!("{whole}{part:0<9}");
        let nano: i128 = digits.parse().map_err(|_| PriceError::TooHigh)?;
        let amount = nano.checked_mul(MINUTE_US);
        amount.map(Self).ok_or(PriceError::TooHigh)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        let mut all = Self::ZERO;
        for amount in amounts {
            all += amount;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn prices_are_decimal_numbers() {
        for (text, shown) in [
            ("0", "0.00"),
            ("1", "1.00"),
            ("0.0125", "0.0125"),
            ("0.000000001", "0.000000001"),
            ("1000000", "1000000.00"),
            ("007.50", "7.50"),
        ] {
            assert_eq!(price(text).to_string(), shown);
        }
        for (text, error) in [
            ("", PriceError::Form),
            (".5", PriceError::Form),
            ("5.", PriceError::Form),
            ("-1", PriceError::Form),
            ("1e3", PriceError::Form),
            ("0,5", PriceError::Form),
            ("0.1.2", PriceError::Form),
            ("0.0000000001", PriceError::Digits),
            ("1000000.1", PriceError::TooHigh),
            ("99999999999999999999", PriceError::TooHigh),
        ] {
            assert_eq!(text.parse::<Price>(), Err(error), "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded_before_it_is_shown() {
        // A third of a cent, three times, is a cent.
        let third = price("0.01").for_minutes(20_000_000);
        assert_eq!(third.to_string(), "0.003333333");
        let whole: Amount = [third; 3].into_iter().sum();
        assert_eq!(whole.to_string(), "0.01");
        // A microsecond at the lowest price is counted, too.
        let least = price("0.000000001").for_seconds(1);
        assert_eq!(least.to_string(), "0.00");
        let many: Amount = std::iter::repeat_n(least, 1_000_000).sum();
        assert_eq!(many.to_string(), "0.000000001");
        assert!(!least.is_zero());
    }

    #[test]
    fn amounts_are_shown_with_the_digits_that_matter() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        for (text, shown) in [
            ("0", "0.00"),
            ("1234.567", "1234.57"),
            ("12", "12.00"),
            ("0.5", "0.50"),
            ("0.0345", "0.035"),
            ("0.00012345", "0.00012"),
            ("0.000000001", "0.000000001"),
        ] {
            assert_eq!(amount(text).shown(), shown, "{text}");
        }
        assert_eq!(amount("2.5").rounded(0), "3");
        assert_eq!(amount("0.5").percent_of(amount("2")), Some(25));
        assert_eq!(amount("0.5").percent_of(Amount::ZERO), None);
        assert_eq!(amount("1").less(amount("3")), Amount::ZERO);
        assert_eq!(amount("1").divided(4), amount("0.25"));
    }

    #[test]
    fn the_largest_sums_do_not_wrap() {
        let dear = price("1000000");
        let mut sum = dear.for_minutes(u64::MAX);
        let first = sum;
        for _ in 0..100 {
            sum += dear.for_seconds(u64::MAX);
        }
        assert!(sum > first);
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(nano in 0_u64..1_000_000_000_000) {
            let price = Price(nano);
            prop_assert_eq!(price.to_string().parse::<Price>(), Ok(price));
            prop_assert_eq!(price.to_string().parse::<Amount>(), Ok(price.amount()));
        }

        #[test]
        fn a_sum_is_the_cost_of_the_sum(nano in 0_u64..1_000_000_000_000, times in prop::collection::vec(0_u64..1 << 40, 0..20)) {
            let price = Price(nano);
            let whole: u64 = times.iter().sum();
            let minutes: Amount = times.iter().map(|us| price.for_minutes(*us)).sum();
            let seconds: Amount = times.iter().map(|us| price.for_seconds(*us)).sum();
            prop_assert_eq!(minutes, price.for_minutes(whole));
            prop_assert_eq!(seconds, price.for_seconds(whole));
            // By definition: a second is the sixtieth part of a minute.
            prop_assert_eq!(seconds.divided(60), minutes);
        }
    }
}
