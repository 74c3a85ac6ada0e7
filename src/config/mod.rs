//! Configuration of the collector: file < environment < flags. This is the only place where the collector reads the
//! environment.

pub mod ansible;
mod base;
mod cost;
mod http;
mod ini;
mod launcher;
mod listen;
mod notifications;
pub mod path;
mod reports;
mod retention;
mod secret;
mod traces;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

pub use base::BasePath;
pub use cost::{BudgetConfig, CostConfig, Decimal, PriceConfig};
pub use http::{HttpConfig, Network, origin};
pub use launcher::{Adhoc, LauncherConfig};
pub use listen::listen_address;
pub use notifications::NotificationConfig;
pub use reports::ReportsConfig;
pub use retention::{RuleConfig, Schedule};
pub use secret::SecretSource;
pub use traces::{Compression, TracesConfig};

use crate::model::RetentionRule;
use crate::store::Options;
use crate::store::address::without_password;

/// The default address for clients.
pub const DEFAULT_URL: &str = "http://localhost:8080";

/// Everything that can be set; see `examples/collector.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on; a name is resolved.
    #[serde(deserialize_with = "listen::deserialize")]
    pub listen: SocketAddr,
    /// The database: `sqlite:///path/to/playback.db`, `postgres://…`, `mysql://…` or `mariadb://…`. It may hold a
    /// password.
    pub database: SecretString,
    /// Maximum number of connections that read from the database; one more writes.
    pub database_connections: u32,
    /// How long anything waits for the database, in seconds.
    pub database_wait_seconds: u64,
    /// Serve without tokens; only allowed on a loopback address.
    pub no_auth: bool,
    /// Seconds without a sign of life before a running execution counts as lost.
    pub silence_seconds: u64,
    /// Log format.
    pub log_format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug`, or a tracing filter.
    pub log_level: String,
    /// Other origins whose pages may use a login cookie, as `https://host[:port]`.
    pub allowed_origins: Vec<String>,
    /// Output lines kept of a finished run: half of them from its start and half from its end. None: all.
    pub max_output_lines: Option<u64>,
    /// Seconds that finished runs may wait until the search index has them, if they are few. 0: nothing is indexed.
    pub search_index_seconds: u64,
    /// Days that entries of the audit trail are kept. None: for good.
    pub audit_keep_days: Option<u32>,
    /// Whether the audit trail says who read which run.
    pub audit_views: bool,
    /// When the retention rules are applied automatically.
    pub retention_schedule: Option<Schedule>,
    /// Retention rules: the first that matches a run applies.
    pub retention: Vec<RuleConfig>,
    /// Limits for clients.
    pub http: HttpConfig,
    /// What the launcher may run.
    pub launcher: LauncherConfig,
    /// Where traces are sent.
    pub traces: TracesConfig,
    /// Which targets are notified of runs, and how.
    pub notifications: NotificationConfig,
    /// Prices and budgets.
    pub cost: CostConfig,
    /// Where reports are written, and how long they are kept.
    pub reports: ReportsConfig,
    /// The collector's files that no other user may read: this configuration, logins, tokens.
    #[serde(skip)]
    pub private_files: Vec<PathBuf>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database: "sqlite://playback.db".into(),
            database_connections: Options::CONNECTIONS,
            database_wait_seconds: Options::WAIT.as_secs(),
            no_auth: false,
            silence_seconds: 30,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            allowed_origins: Vec::new(),
            max_output_lines: None,
            search_index_seconds: 60,
            audit_keep_days: None,
            audit_views: false,
            retention_schedule: None,
            retention: Vec::new(),
            http: HttpConfig::default(),
            launcher: LauncherConfig::default(),
            traces: TracesConfig::default(),
            notifications: NotificationConfig::default(),
            cost: CostConfig::default(),
            reports: ReportsConfig::default(),
            private_files: Vec::new(),
        }
    }
}

/// Values from the command line; the rest comes from the file, or the defaults.
#[derive(Debug, Default, Clone)]
pub struct Overrides {
    /// `--listen` or `PLAYBACK_LISTEN`.
    pub listen: Option<SocketAddr>,
    /// `--database` or `PLAYBACK_DATABASE`.
    pub database: Option<SecretString>,
    /// `--no-auth`.
    pub no_auth: bool,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
    /// `--log-level` or `PLAYBACK_LOG`.
    pub log_level: Option<String>,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not TOML, or sets an unknown field.
    #[error("{path}: {cause}")]
    Invalid {
        /// The file.
        path: String,
        /// What and where.
        cause: String,
    },
    /// `no_auth` on an address that others can reach.
    #[error(
        "listen = {0} can be reached from elsewhere, and no_auth would open it to everyone: \
         listen on 127.0.0.1, or serve with tokens"
    )]
    Open(SocketAddr),
    /// `silence_seconds` is zero.
    #[error(
        "silence_seconds = {0} must be at least 1; producers give a sign of life every 10 seconds"
    )]
    Silence(u64),
    /// A limit or a time is zero.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// `http.public_url` is not an address for browsers.
    #[error(
        "http.public_url = {0:?}: it must be https://HOST or http://HOST, with a port where it is not the usual one, and \
         a path where it is below one"
    )]
    PublicUrl(String),
    /// `notifications.retry_seconds` is out of range.
    #[error("notifications.retry_seconds = {0}: it must be from 0.01 to 3600")]
    RetrySeconds(f64),
    /// Two keys for the secrets of targets.
    #[error("notifications.key and notifications.key_file are both set: keep one of them")]
    TwoKeys,
    /// `max_output_lines` is too small to be halved.
    #[error("max_output_lines = {0} must be at least 2; leave it out to keep all lines")]
    OutputLines(u64),
    /// A setting of traces.
    #[error("{name} = {value:?}: {problem}")]
    Traces {
        /// The setting, or the variable.
        name: String,
        /// Its value; empty where it may be secret.
        value: String,
        /// What is wrong, and what is valid.
        problem: String,
    },
    /// A price, a budget or a setting of reports is not valid.
    #[error("{0}")]
    Refused(String),
    /// A schedule without rules.
    #[error(
        "retention_schedule is set, and no rule says what is kept: add [[retention]] with keep_days or another \
         limit"
    )]
    NoRules,
}

/// The parser's message without passwords: it quotes the line of the file, which may hold a URL.
fn without_passwords(complaint: &str) -> String {
    let ends_word = |c: char| c.is_whitespace() || c == '"' || c == '\'';
    complaint
        .split_inclusive(ends_word)
        .map(|word| {
            let url = word.trim_end_matches(ends_word);
            match url.contains("://") {
                true => without_password(url) + &word[url.len()..],
                false => word.to_owned(),
            }
        })
        .collect()
}

impl Config {
    /// Reads the file, if any, and lets `overrides` win.
    ///
    /// # Errors
    /// The file cannot be read, sets unknown fields, or the whole is not safe to serve.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let name = || path.display().to_string();
                let text = std::fs::read_to_string(path).map(Zeroizing::new);
                let text = text.map_err(|cause| ConfigError::Unreadable {
                    path: name(),
                    cause,
                })?;
                toml::from_str(&text).map_err(|cause| ConfigError::Invalid {
                    path: name(),
                    cause: without_passwords(&cause.to_string()),
                })?
            }
        };
        config.private_files.extend(file.map(Path::to_owned));
        if let Some(listen) = overrides.listen {
            config.listen = listen;
        }
        if let Some(database) = overrides.database {
            config.database = database;
        }
        if let Some(format) = overrides.log_format {
            config.log_format = format;
        }
        if let Some(level) = overrides.log_level {
            config.log_level = level;
        }
        config.traces.read_environment()?;
        config.no_auth |= overrides.no_auth;
        if config.no_auth && !config.listen.ip().is_loopback() {
            return Err(ConfigError::Open(config.listen));
        }
        if config.silence_seconds == 0 {
            return Err(ConfigError::Silence(config.silence_seconds));
        }
        if config.database_connections == 0 {
            return Err(ConfigError::Zero("database_connections"));
        }
        if config.audit_keep_days == Some(0) {
            return Err(ConfigError::Zero("audit_keep_days"));
        }
        if config.database_wait_seconds == 0 {
            return Err(ConfigError::Zero("database_wait_seconds"));
        }
        config.http.check()?;
        config.notifications.check()?;
        if let Some(lines @ 0..2) = config.max_output_lines {
            return Err(ConfigError::OutputLines(lines));
        }
        config.cost.prices().map_err(ConfigError::Refused)?;
        config.cost.budgets().map_err(ConfigError::Refused)?;
        config.reports.check().map_err(ConfigError::Refused)?;
        if config.retention_schedule.is_some() && config.retention.is_empty() {
            return Err(ConfigError::NoRules);
        }
        Ok(config)
    }

    /// The rules of retention.
    #[must_use]
    pub fn retention_rules(&self) -> Vec<RetentionRule> {
        self.retention.iter().map(|rule| rule.0.clone()).collect()
    }

    /// The database and its options.
    #[must_use]
    pub fn store(&self) -> Options {
        Options {
            address: self.database.clone(),
            connections: self.database_connections,
            wait: Duration::from_secs(self.database_wait_seconds),
        }
    }

    /// How long finished runs may wait for the search index; none: nothing is indexed.
    #[must_use]
    pub fn search_index_wait(&self) -> Option<Duration> {
        let seconds = Some(self.search_index_seconds).filter(|seconds| *seconds > 0);
        seconds.map(Duration::from_secs)
    }

    /// How long an execution may be silent before it counts as lost.
    #[must_use]
    pub fn silence(&self) -> Duration {
        Duration::from_secs(self.silence_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("collector.toml");
        let text = "database = \"postgres://user:hunter2@db/playback\"\n\
                    [launcher]\nenvironment = { VAULT_TOKEN = \"hunter2\" }\n";
        std::fs::write(&file, text).unwrap();
        let overrides = Overrides {
            database: Some("mysql://user:hunter2@db/playback".into()),
            ..Overrides::default()
        };
        let read = Config::load(Some(&file), Overrides::default()).unwrap();
        let overridden = format!("{overrides:?}");
        let config = Config::load(Some(&file), overrides).unwrap();
        for shown in [
            format!("{read:?}"),
            format!("{config:?}"),
            format!("{:?}", config.store()),
            overridden,
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
