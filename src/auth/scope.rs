//! Scopes: what a token allows.

use serde::{Deserialize, Serialize};

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
}
