//! Tokens: what they look like, what they allow, how they are known again. A token is 256 random
//! bits, shown once; only its hash is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Begins every token, so that people and secret scanners know one when they see it.
const PREFIX: &str = "pbk_";

/// What a token allows.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Read the history and watch.
    Read,
    /// Launch and cancel runs.
    Run,
    /// Everything, deletion included.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Ingest, Scope::Read, Scope::Run, Scope::Admin];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Read => "read",
            Scope::Run => "run",
            Scope::Admin => "admin",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The scopes, each once, in their own order.
    #[must_use]
    pub fn new(mut scopes: Vec<Scope>) -> Self {
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }

    /// Whether they allow what `scope` allows.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }

    /// The scopes.
    #[must_use]
    pub fn list(&self) -> &[Scope] {
        &self.0
    }

    /// As stored: names separated by spaces.
    #[must_use]
    pub fn encode(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        names.join(" ")
    }

    /// Reads what [`Scopes::encode`] wrote; unknown names, of a newer version, allow nothing here.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let known = |name: &str| Scope::ALL.into_iter().find(|scope| scope.as_str() == name);
        Self::new(text.split(' ').filter_map(known).collect())
    }
}

/// A new token.
///
/// # Errors
/// The system gave no random bytes.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
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

/// What is stored of a token. Plain SHA-256 does: a token is not guessable as a password is.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_admin_allows_everything() {
        let scopes = Scopes::new(vec![Scope::Read, Scope::Ingest, Scope::Read]);
        assert_eq!(scopes.encode(), "ingest read");
        assert_eq!(Scopes::decode(&scopes.encode()), scopes);
        assert!(scopes.allow(Scope::Read) && !scopes.allow(Scope::Run));
        assert!(
            Scope::ALL
                .into_iter()
                .all(|scope| Scopes::decode("admin future").allow(scope))
        );
    }

    #[test]
    fn tokens_differ() {
        let (a, b) = (generate().unwrap(), generate().unwrap());
        assert_ne!(a, b);
        assert!(a.starts_with(PREFIX) && a.len() == PREFIX.len() + 43);
    }
}
