//! Encrypts the secrets of targets, so that the database and its backups do not hold them. Pure.
//!
//! ChaCha20-Poly1305 with a random nonce; the target's name is authenticated with it, so that the secrets of one target
//! cannot be given to another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// Size of a key, in bytes.
const KEY_BYTES: usize = 32;

/// The first byte of sealed data: its format.
const VERSION: u8 = 1;

/// How many bytes of a key's hash say which key it is.
const ID_BYTES: usize = 4;

/// Why secrets cannot be encrypted or read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No key is configured.
    #[error(
        "the collector has no key to encrypt secrets with: set notifications.key_file in its configuration, \
         to a file that \"playback notify key\" wrote, and restart it"
    )]
    NoKey,
    /// A key has another form.
    #[error("{0}: a key is the base64 of 32 random bytes, as \"playback notify key\" prints one")]
    Form(&'static str),
    /// None of the configured keys is the right one.
    #[error(
        "the secrets of {0:?} were encrypted with another key: add it to notifications.previous_keys, or set the \
         target again"
    )]
    OtherKey(String),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
}

/// The keys: the first one encrypts.
#[derive(Default)]
pub struct Keys(Vec<Key>);

struct Key {
    id: [u8; ID_BYTES],
    key: LessSafeKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Keys({})", self.0.len())
    }
}

impl Key {
    fn read(text: &SecretString, name: &'static str) -> Result<Self, SealError> {
        let decoded = STANDARD.decode(text.expose_secret().trim());
        let bytes = Zeroizing::new(decoded.map_err(|_| SealError::Form(name))?);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        let mut id = [0; ID_BYTES];
        let hash: [u8; 32] = Sha256::digest(&*bytes).into();
        id.copy_from_slice(&hash[..ID_BYTES]);
        Ok(Self {
            id,
            key: LessSafeKey::new(key.map_err(|_| SealError::Form(name))?),
        })
    }
}

/// A new key, from random bytes.
#[must_use]
pub fn key(random: &[u8; KEY_BYTES]) -> SecretString {
    STANDARD.encode(random).into()
}

impl Keys {
    /// Reads keys: the one that encrypts, and earlier ones.
    ///
    /// # Errors
    /// One has another form.
    pub fn read(
        current: Option<&SecretString>,
        previous: &[SecretString],
    ) -> Result<Self, SealError> {
        let current = current.map(|key| Key::read(key, "notifications.key"));
        let previous = previous
            .iter()
            .map(|key| Key::read(key, "notifications.previous_keys"));
        Ok(Self(
            current
                .into_iter()
                .chain(previous)
                .collect::<Result<_, _>>()?,
        ))
    }

    /// Whether there is a key to encrypt with.
    #[must_use]
    pub fn can_seal(&self) -> bool {
        !self.0.is_empty()
    }

    /// Encrypts the secrets of a target.
    ///
    /// # Errors
    /// There is no key, or no random bytes.
    pub fn seal(&self, name: &str, secrets: &[u8]) -> Result<Vec<u8>, SealError> {
        let Key { id, key } = self.0.first().ok_or(SealError::NoKey)?;
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(SealError::Random)?;
        let mut sealed = Zeroizing::new(secrets.to_vec());
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(name.as_bytes()),
            &mut *sealed,
        )
        .map_err(|_| SealError::NoKey)?;
        let mut whole = vec![VERSION];
        whole.extend_from_slice(id);
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        Ok(whole)
    }

    /// Decrypts the secrets of a target.
    ///
    /// # Errors
    /// They were encrypted with a key that is not configured, or for another target.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let other = || SealError::OtherKey(name.to_owned());
        let [VERSION, rest @ ..] = sealed else {
            return Err(other());
        };
        let (id, rest) = rest.split_at_checked(ID_BYTES).ok_or_else(other)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or_else(other)?;
        let mut keys = self.0.iter().filter(|key| key.id == id);
        let key = keys.next().ok_or_else(|| match self.0.is_empty() {
            true => SealError::NoKey,
            false => other(),
        })?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| other())?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let opened = key
            .key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut bytes);
        let length = opened.map_err(|_| other())?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_with_the_key_and_for_the_target_that_they_are_of() {
        let (one, two) = (key(&[1; 32]), key(&[2; 32]));
        let old = Keys::read(Some(&one), &[]).unwrap();
        let sealed = old.seal("ops", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(sealed, old.seal("ops", b"hunter2").unwrap());
        assert_eq!(old.open("ops", &sealed).unwrap().as_slice(), b"hunter2");
        let rotated = Keys::read(Some(&two), &[one]).unwrap();
        assert_eq!(rotated.open("ops", &sealed).unwrap().as_slice(), b"hunter2");
        assert!(old.open("dev", &sealed).is_err());
        let other = Keys::read(Some(&two), &[]).unwrap();
        let error = other.open("ops", &sealed).unwrap_err().to_string();
        assert!(error.contains("previous_keys"), "{error}");
        let mut broken = sealed.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert!(old.open("ops", &broken).is_err());
        for short in 0..sealed.len() {
            assert!(old.open("ops", &sealed[..short]).is_err(), "{short}");
        }
        let none = Keys::default();
        assert!(old.can_seal() && !none.can_seal());
        assert!(matches!(none.seal("ops", b""), Err(SealError::NoKey)));
        assert!(matches!(none.open("ops", &sealed), Err(SealError::NoKey)));
    }

    #[test]
    fn a_key_of_another_form_is_refused_by_name() {
        for wrong in ["", "short", "c2hvcnQ="] {
            let error = Keys::read(Some(&wrong.into()), &[]).unwrap_err();
            assert!(error.to_string().contains("notifications.key:"), "{error}");
        }
    }
}
