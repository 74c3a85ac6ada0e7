//! The database's address and connection options.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::{Position, Url, form_urlencoded};

use super::StoreError;
use super::dialect::Engine;
use super::file::{is_same, path_of};

/// The database's address and connection options.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its address: `sqlite:///path`, `postgres://…`, `mysql://…` or `mariadb://…`. It may hold a password.
    pub address: SecretString,
    /// Number of reading connections; one more writes.
    pub connections: u32,
    /// How long to wait for a connection.
    pub wait: Duration,
}

impl Options {
    /// Default number of reading connections: a collector on a small machine serves few requests at once, each briefly.
    pub const CONNECTIONS: u32 = 4;
    /// Default time to wait for a connection.
    pub const WAIT: Duration = Duration::from_secs(5);

    /// How long a server may take to answer before the network counts as cut. Long enough for locks that others hold,
    /// and for the largest statements.
    #[must_use]
    pub fn answer(&self) -> Duration {
        self.wait * 12
    }

    /// The address for display: without a password.
    #[must_use]
    pub fn shown(&self) -> String {
        without_password(self.address.expose_secret())
    }

    /// The file of an SQLite database; none for another kind, or for an invalid address.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        path_of(self.address.expose_secret())
    }

    /// Whether both addresses mean the same database: they are the same text, or lead to the same file.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let (one, another) = (self.address.expose_secret(), other.address.expose_secret());
        let files = self.path().zip(other.path());
        one == another || files.is_some_and(|(one, other)| is_same(&one, &other))
    }

    /// The files of private keys that the address names.
    #[must_use]
    pub fn private_keys(&self) -> Vec<PathBuf> {
        let Ok(url) = Url::parse(self.address.expose_secret()) else {
            return Vec::new();
        };
        url.query_pairs()
            .filter(|(name, _)| KEY_PARAMETERS.contains(&&**name))
            .map(|(_, file)| PathBuf::from(&*file))
            .collect()
    }

    /// The kind of database.
    ///
    /// # Errors
    /// The address is not supported.
    pub fn engine(&self) -> Result<Engine, StoreError> {
        let unsupported = |why: &str| StoreError::Address {
            address: self.shown(),
            why: why.to_owned(),
        };
        let address = self.address.expose_secret();
        let scheme = address.split(':').next().unwrap_or("");
        let (engine, parameters) = match scheme {
            // Anything after the `?` is for SQLite itself.
            "sqlite" if address.contains(":memory:") || address.contains("mode=memory") => {
                return Err(unsupported("a database in memory is not kept: name a file"));
            }
            "sqlite" => return Ok(Engine::Sqlite),
            "postgres" | "postgresql" => (Engine::Postgres, POSTGRES_PARAMETERS),
            "mysql" | "mariadb" => (Engine::MySql, MYSQL_PARAMETERS),
            _ => {
                return Err(unsupported(
                    "use sqlite:///path/to/playback.db, postgres://user@host/database, \
                     mysql://user@host/database or mariadb://user@host/database",
                ));
            }
        };
        let url = Url::parse(address).map_err(|error| {
            unsupported(&format!(
                "{error}; it looks like {scheme}://user@host/database, where special characters of a name or a \
                 password are written as %40 and the like"
            ))
        })?;
        // A misspelt parameter would be ignored silently: TLS would not be checked.
        for (name, _) in url.query_pairs() {
            if !parameters.contains(&&*name) {
                return Err(unsupported(&format!(
                    "there is no parameter {name:?}: {} knows {}",
                    engine.name(),
                    parameters.join(", ")
                )));
            }
        }
        Ok(engine)
    }
}

impl From<SecretString> for Options {
    fn from(address: SecretString) -> Self {
        Self {
            address,
            connections: Self::CONNECTIONS,
            wait: Self::WAIT,
        }
    }
}

impl From<&str> for Options {
    fn from(address: &str) -> Self {
        Self::from(SecretString::from(address))
    }
}

impl From<&String> for Options {
    fn from(address: &String) -> Self {
        Self::from(address.as_str())
    }
}

/// Allowed parameters of a PostgreSQL address.
const POSTGRES_PARAMETERS: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Allowed parameters of a MySQL address.
const MYSQL_PARAMETERS: &[&str] = &["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"];

/// Parameters that name a file with a secret.
const KEY_PARAMETERS: [&str; 2] = ["sslkey", "ssl-key"];

/// A URL for display: without a password. If it cannot be told where a password begins or ends, only the scheme is
/// shown.
#[must_use]
pub fn without_password(address: &str) -> String {
    let (scheme, rest) = address.split_once(':').unwrap_or_default();
    if scheme == "sqlite" || !(rest.starts_with("//") || rest.contains('@')) {
        return address.to_owned();
    }
    let has_login = |url: &Url| !url.username().is_empty() || url.password().is_some();
    // An "@" elsewhere may belong to a password with unescaped characters, which is no password to the parser.
    let is_clear = |url: &Url| url.has_authority() && (has_login(url) || !rest.contains('@'));
    let Some(url) = Url::parse(address).ok().filter(is_clear) else {
        return format!("{scheme}:…");
    };
    let mut shown = format!("{}://", url.scheme());
    if has_login(&url) {
        shown.push_str(url.username());
        shown.push_str(url.password().map_or("", |_| ":…"));
        shown.push('@');
    }
    shown.push_str(&url[Position::BeforeHost..Position::AfterPath]);
    let mut separator = '?';
    for parameter in url.query().into_iter().flat_map(|query| query.split('&')) {
        let mut names = form_urlencoded::parse(parameter.as_bytes()).map(|(name, _)| name);
        shown.push(separator);
        separator = '&';
        shown.push_str(match names.any(|name| name == "password") {
            true => "password=…",
            false => parameter,
        });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_database() {
        let engine = |address: &str| Options::from(address).engine();
        assert_eq!(engine("sqlite:///var/p.db").unwrap(), Engine::Sqlite);
        assert_eq!(engine("postgres://a@b/c").unwrap(), Engine::Postgres);
        assert_eq!(engine("postgresql://a@b/c").unwrap(), Engine::Postgres);
        assert_eq!(engine("mysql://a@b/c").unwrap(), Engine::MySql);
        let tls = "mariadb://a@b/c?ssl-mode=VERIFY_IDENTITY&ssl-ca=/etc/ca.pem";
        assert_eq!(engine(tls).unwrap(), Engine::MySql);
        for wrong in [
            "oracle://a@b/c",
            "playback.db",
            "sqlite::memory:",
            "postgres://a@b/c?ssl_mode=require",
            "mysql://a@b/c?sslmode=require",
            "postgres://a:b/c@d/e",
        ] {
            assert!(engine(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        for (address, shown) in [
            ("postgres://u:s3:c@ret@h:5/d", "postgres://u:…@h:5/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            (
                "postgres://u@h/d?sslmode=require&password=s",
                "postgres://u@h/d?sslmode=require&password=…",
            ),
            (
                "mysql://u:p@h/d?socket=/run/a@b",
                "mysql://u:…@h/d?socket=/run/a@b",
            ),
            (
                "postgres://u@h/d?p%61ssword=s",
                "postgres://u@h/d?password=…",
            ),
            ("postgres:///d?host=/run", "postgres:///d?host=/run"),
            ("postgres://u:p?s@h/d", "postgres:…"),
            ("postgres://u:p#s@h/d", "postgres:…"),
            ("postgres://u:12/s@h/d", "postgres:…"),
            ("postgres:u:p@h/d", "postgres:…"),
            ("sqlite:///a.db?mode=rwc", "sqlite:///a.db?mode=rwc"),
            ("sqlite://a@b c.db", "sqlite://a@b c.db"),
            ("a.db", "a.db"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }

    #[test]
    fn keys_are_found_by_the_names_that_the_driver_reads() {
        let keys = |address: &str| Options::from(address).private_keys();
        assert_eq!(
            keys("postgres://a@b/c?sslmode=require&sslkey=/k%20y"),
            [PathBuf::from("/k y")]
        );
        assert_eq!(
            keys("mysql://a@b/c?ssl%2Dkey=/key"),
            [PathBuf::from("/key")]
        );
        assert!(keys("sqlite:///a.db").is_empty());
    }
}
