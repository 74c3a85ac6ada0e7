//! Secrets in files: a token, a run's key.

use std::io;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// The content of a file that holds one secret, without the spaces and line ends around it. What was read is wiped.
///
/// # Errors
/// The file cannot be read, or is not UTF-8.
pub fn read_secret(file: &Path) -> io::Result<SecretString> {
    let text = Zeroizing::new(std::fs::read_to_string(file)?);
    Ok(text.trim().into())
}
