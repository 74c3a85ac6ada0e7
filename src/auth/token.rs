//! Tokens: their format, and the hash that identifies them. A token is 256 random bits, shown once; only its hash is
//! stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest as _, Sha256};

/// Prefix of every token, so that people and secret scanners recognise one.
const PREFIX: &str = "pbk_";

/// Length of 32 bytes in base64, without padding.
const DIGITS: usize = 43;

/// A new token.
///
/// # Errors
/// The system gave no random bytes.
pub fn generate() -> Result<SecretString, getrandom::Error> {
    random(PREFIX)
}

/// The secret in a login's cookie: 256 random bits.
///
/// # Errors
/// The system gave no random bytes.
pub fn session() -> Result<SecretString, getrandom::Error> {
    random("")
}

/// A ticket that a browser logs in with, once, in place of a token: 256 random bits.
///
/// # Errors
/// The system gave no random bytes.
pub fn ticket() -> Result<SecretString, getrandom::Error> {
    random("")
}

/// 256 random bits as text, behind a prefix.
fn random(prefix: &str) -> Result<SecretString, getrandom::Error> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    getrandom::fill(&mut *bytes)?;
    // As long as the result, so that no part of it stays behind in memory when the text grows.
    let mut text = String::with_capacity(prefix.len() + DIGITS);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(&bytes[..], &mut text);
    Ok(text.into())
}

/// The stored hash of a token. Plain SHA-256 is enough: unlike a password, a token cannot be guessed.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn tokens_differ() {
        let (a, b) = (generate().unwrap(), generate().unwrap());
        let (shown, a, b) = (format!("{a:?}"), a.expose_secret(), b.expose_secret());
        assert_ne!(a, b);
        assert!(a.starts_with(PREFIX) && a.len() == PREFIX.len() + DIGITS);
        assert!(!shown.contains(PREFIX), "{shown}");
    }
}
