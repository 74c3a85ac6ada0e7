//! The actor of an action, and how it was authenticated.

use std::fmt;

/// How the actor was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// By a token.
    Token,
    /// By a browser session, which stands for a token.
    Session,
    /// Not authenticated: the collector serves without tokens.
    Open,
    /// Not authenticated: the collector's own schedule.
    Schedule,
    /// By an account of the machine: a command that uses the database directly.
    CommandLine,
    /// By write access to the configuration file.
    Configuration,
    /// Not authenticated, and therefore refused.
    Unknown,
}

impl Via {
    /// Every variant.
    pub const ALL: [Via; 7] = [
        Via::Token,
        Via::Session,
        Via::Open,
        Via::Schedule,
        Via::CommandLine,
        Via::Configuration,
        Via::Unknown,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Via::Token => "token",
            Via::Session => "session",
            Via::Open => "open",
            Via::Schedule => "schedule",
            Via::CommandLine => "command_line",
            Via::Configuration => "configuration",
            Via::Unknown => "unknown",
        }
    }
}

/// Who requests a change, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// `token:NAME`, `user:NAME` for a command line, `configuration`, `schedule`, `schedule:NAME` for launched runs, or
    /// `anonymous`.
    pub name: String,
    /// The token's key in the store.
    pub token: Option<i64>,
    /// Names of the token's scopes, separated by spaces.
    pub scopes: String,
    /// How the actor was authenticated.
    pub via: Via,
    /// Address that the request came from; behind a trusted proxy, the address that the proxy names.
    pub peer: Option<String>,
}

impl Actor {
    /// An actor without a token, with an address.
    #[must_use]
    pub fn anonymous(via: Via, peer: Option<String>) -> Self {
        Self {
            name: "anonymous".to_owned(),
            token: None,
            scopes: String::new(),
            via,
            peer,
        }
    }

    /// The collector's own schedule.
    #[must_use]
    pub fn schedule() -> Self {
        Self {
            name: "schedule".to_owned(),
            ..Self::anonymous(Via::Schedule, None)
        }
    }

    /// The configuration file, which the collector reads when it starts.
    #[must_use]
    pub fn configuration() -> Self {
        Self {
            name: "configuration".to_owned(),
            ..Self::anonymous(Via::Configuration, None)
        }
    }

    /// An account of this machine.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self {
            name: format!("user:{name}"),
            token: None,
            scopes: String::new(),
            via: Via::CommandLine,
            peer: None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}
