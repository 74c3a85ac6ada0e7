//! Tokens: their format, and the hash that identifies them. A token is 256 random bits, shown once; only its hash is
//! stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Prefix of every token, so that people and secret scanners recognise one.
const PREFIX: &str = "pbk_";

/// A new token.
///
/// # Errors
/// The system gave no random bytes.
pub fn generate() -> Result<String, getrandom::Error> {
    Ok(format!("{PREFIX}{}", session()?))
}

/// What a login's cookie holds: 256 random bits.
///
/// # Errors
/// The system gave no random bytes.
pub fn session() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a token. Plain SHA-256 is enough: unlike a password, a token cannot be guessed.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ() {
        let (a, b) = (generate().unwrap(), generate().unwrap());
        assert_ne!(a, b);
        assert!(a.starts_with(PREFIX) && a.len() == PREFIX.len() + 43);
    }
}
