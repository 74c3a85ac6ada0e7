//! The fingerprint of a failure: a short hash of its normalized message.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Message, message, normalized};

/// Identifies equal errors, on whatever host and in whatever run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub i64);

impl Fingerprint {
    /// The fingerprint of a normalized message.
    #[must_use]
    pub fn of(normalized: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(normalized.as_bytes()).into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Self(i64::from_be_bytes(first))
    }

    /// The fingerprint of what a failed result says. A message that says nothing about the cause ("exit code 1; nothing
    /// was printed") would be the same for every task, so `task`, the task's role and name, belongs to it.
    #[must_use]
    pub fn of_message(message: &Message, host: &str, task: (&str, &str)) -> Self {
        let text = normalized(&message.text, host);
        if !message.is_bare {
            return Self::of(&text);
        }
        let (role, name) = task;
        Self::of(&format!("{role}\n{name}\n{text}"))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0.cast_unsigned())
    }
}

impl FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(|bits| Self(bits.cast_signed()))
    }
}

/// The fingerprint of a failed result, or of a failed loop item: of what the module returned for this host. `task` is
/// the task's role and name.
#[must_use]
pub fn fingerprint(content: &Value, host: &str, task: (&str, &str)) -> Fingerprint {
    Fingerprint::of_message(&message(content), host, task)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fingerprint_is_written_and_read_as_sixteen_digits() {
        for bits in [0, 1, -1, i64::MIN, i64::MAX] {
            let written = Fingerprint(bits).to_string();
            assert_eq!(written.len(), 16);
            assert_eq!(written.parse(), Ok(Fingerprint(bits)));
        }
        assert!("no".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn a_message_that_says_nothing_is_told_apart_by_its_task() {
        let bare = json!({ "msg": "non-zero return code", "rc": 1 });
        let of = |content: &Value, task| fingerprint(content, "web-01", ("web", task));
        assert_eq!(of(&bare, "unpack"), of(&bare, "unpack"));
        assert_ne!(of(&bare, "unpack"), of(&bare, "install"));
        let said = json!({ "msg": "non-zero return code", "rc": 1, "stderr": "no space" });
        assert_eq!(of(&said, "unpack"), of(&said, "install"));
    }
}
