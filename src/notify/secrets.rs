//! The secrets of a target: what is encrypted in the database.

use std::collections::BTreeMap;
use std::mem::take;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::seal::{Keys, SealError};
use crate::model::{TargetRow, TargetSettings};

/// The secrets of a target.
#[derive(Debug, Clone, Default)]
pub struct TargetSecrets {
    /// Where messages are sent to.
    pub url: Option<SecretString>,
    /// Access token, or routing key.
    pub token: Option<SecretString>,
    /// Password at a mail server.
    pub password: Option<SecretString>,
    /// Header fields.
    pub headers: BTreeMap<String, SecretString>,
    /// Keys that sign: all of them do, the newest first.
    pub signing: Vec<SecretString>,
}

/// The same as it is encrypted.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Plain {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Exposed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Exposed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Exposed>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, Exposed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signing: Vec<Exposed>,
}

/// A secret that is written where the whole is encrypted.
#[derive(Deserialize)]
#[serde(transparent)]
struct Exposed(SecretString);

impl Serialize for Exposed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

fn exposed(secret: &SecretString) -> Exposed {
    Exposed(secret.clone())
}

impl TargetSecrets {
    /// Takes the secrets out of settings; absent ones stay as they were `before`.
    #[must_use]
    pub fn taken(settings: &mut TargetSettings, before: Self) -> Self {
        Self {
            url: take(&mut settings.url).or_stored(before.url),
            token: take(&mut settings.token).or_stored(before.token),
            password: take(&mut settings.password).or_stored(before.password),
            headers: take(&mut settings.headers)
                .or_stored(Some(before.headers))
                .unwrap_or_default(),
            signing: take(&mut settings.signing_secrets)
                .or_stored(Some(before.signing))
                .unwrap_or_default(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names().is_empty()
    }

    /// Whether others are the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let texts = |secrets: &Self| {
            let single = [&secrets.url, &secrets.token, &secrets.password];
            let single =
                single.map(|secret| secret.as_ref().map(|one| one.expose_secret().to_owned()));
            let headers = secrets.headers.iter();
            let headers =
                headers.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
            let signing = secrets
                .signing
                .iter()
                .map(|one| one.expose_secret().to_owned());
            (
                single,
                headers.collect::<Vec<_>>(),
                signing.collect::<Vec<_>>(),
            )
        };
        texts(self) == texts(other)
    }

    /// Which ones there are.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        [
            ("url", self.url.is_some()),
            ("token", self.token.is_some()),
            ("password", self.password.is_some()),
            ("headers", !self.headers.is_empty()),
            ("signing_secrets", !self.signing.is_empty()),
        ]
        .into_iter()
        .filter_map(|(name, is_there)| is_there.then_some(name))
        .collect()
    }

    /// Encrypts them; nothing if there are none.
    ///
    /// # Errors
    /// There is no key.
    pub fn seal(&self, keys: &Keys, name: &str) -> Result<Vec<u8>, SealError> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let headers = self.headers.iter();
        let plain = Plain {
            url: self.url.as_ref().map(exposed),
            token: self.token.as_ref().map(exposed),
            password: self.password.as_ref().map(exposed),
            headers: headers
                .map(|(name, value)| (name.clone(), exposed(value)))
                .collect(),
            signing: self.signing.iter().map(exposed).collect(),
        };
        let json = Zeroizing::new(serde_json::to_vec(&plain).unwrap_or_default());
        keys.seal(name, &json)
    }

    /// Decrypts those of a target.
    ///
    /// # Errors
    /// They were encrypted with another key.
    pub fn open(keys: &Keys, target: &TargetRow) -> Result<Self, SealError> {
        if target.sealed.is_empty() {
            return Ok(Self::default());
        }
        let json = keys.open(&target.name, &target.sealed)?;
        let plain: Plain =
            serde_json::from_slice(&json).map_err(|_| SealError::OtherKey(target.name.clone()))?;
        let headers = plain.headers.into_iter();
        Ok(Self {
            url: plain.url.map(|secret| secret.0),
            token: plain.token.map(|secret| secret.0),
            password: plain.password.map(|secret| secret.0),
            headers: headers.map(|(name, value)| (name, value.0)).collect(),
            signing: plain.signing.into_iter().map(|secret| secret.0).collect(),
        })
    }
}
