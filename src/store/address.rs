//! Where the database is, and how it is to be used.

use std::time::Duration;

use super::StoreError;
use super::dialect::Engine;

/// Which database, and how it is to be used.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its address: `sqlite:///path`, `postgres://…`, `mysql://…` or `mariadb://…`.
    pub address: String,
    /// How many connections read at once; one more writes.
    pub connections: u32,
    /// How long anything waits for a connection.
    pub wait: Duration,
}

impl Options {
    /// Connections that read, where nothing else is said: a collector on a small machine serves few at
    /// once, each for a moment.
    pub const CONNECTIONS: u32 = 4;
    /// How long anything waits for a connection, where nothing else is said.
    pub const WAIT: Duration = Duration::from_secs(5);

    /// How long a server may take to answer before the way to it is taken to be cut. Long enough for
    /// locks that others hold, and for the largest statements.
    #[must_use]
    pub fn answer(&self) -> Duration {
        self.wait * 12
    }

    /// Which database it is.
    ///
    /// # Errors
    /// The address is none that we understand.
    pub fn engine(&self) -> Result<Engine, StoreError> {
        let unsupported = |why: &str| StoreError::Address {
            address: without_password(&self.address),
            why: why.to_owned(),
        };
        let scheme = self.address.split(':').next().unwrap_or("");
        let (engine, parameters) = match scheme {
            // What stands behind its `?` is SQLite's own.
            "sqlite"
                if self.address.contains(":memory:") || self.address.contains("mode=memory") =>
            {
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
        // One that is misspelt would be passed over in silence: TLS would not be checked.
        let query = self.address.split_once('?').map_or("", |(_, query)| query);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let name = parameter.split('=').next().unwrap_or("");
            if !parameters.contains(&name) {
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

impl From<&str> for Options {
    fn from(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            connections: Self::CONNECTIONS,
            wait: Self::WAIT,
        }
    }
}

impl From<&String> for Options {
    fn from(address: &String) -> Self {
        Self::from(address.as_str())
    }
}

/// What may stand behind the `?` of a PostgreSQL address.
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

/// What may stand behind the `?` of a MySQL address.
const MYSQL_PARAMETERS: &[&str] = &["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"];

/// An address as it may be shown: without the password that it may carry.
#[must_use]
pub fn without_password(address: &str) -> String {
    let (address, query) = match address.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (address, None),
    };
    let mut shown = match address.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((login, host)) => match login.split_once(':') {
                Some((user, _)) => format!("{scheme}://{user}:…@{host}"),
                None => address.to_owned(),
            },
            None => address.to_owned(),
        },
        None => address.to_owned(),
    };
    if let Some(query) = query {
        let mut separator = '?';
        for parameter in query.split('&') {
            shown.push(separator);
            separator = '&';
            if parameter.starts_with("password=") {
                shown.push_str("password=…");
            } else {
                shown.push_str(parameter);
            }
        }
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
            ("sqlite:///a.db?mode=rwc", "sqlite:///a.db?mode=rwc"),
            ("a.db", "a.db"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }
}
