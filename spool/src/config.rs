//! Settings of a sender: the collector's address, and how to deliver.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::clock::RunClock;
use crate::net::Proxies;

/// Where to send, with which credentials, and how often.
#[derive(Clone)]
pub struct SenderConfig {
    /// The collector, `http://host:port` or `https://host:port`, with or without a path below it.
    pub url: String,
    /// Token with the scope `ingest`.
    pub token: Option<SecretString>,
    /// File that `token` was read from, if any: it is read again when the collector refuses the token, because tokens
    /// are renewed.
    pub token_file: Option<PathBuf>,
    /// Where the token was found, for messages that it was refused: "PLAYBACK_TOKEN in the environment".
    pub token_from: Option<String>,
    /// PEM file of the certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// The producer's user agent, such as `playback-recorder/0.1.0`.
    pub user_agent: String,
    /// Whether to deliver spools left by dead producers in the same folder when idle.
    pub adopt: bool,
    /// Shortest time between the starts of two batches: a viewer's maximum delay, apart from the transfer.
    pub pace: Duration,
    /// Time without events after which an empty batch is sent as a sign of life.
    pub heartbeat: Duration,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for a whole exchange, including the answer.
    pub request_timeout: Duration,
    /// First and longest wait after a failed exchange; the wait doubles in between.
    pub backoff: (Duration, Duration),
    /// Size at which a batch is sent, in bytes before compression.
    pub batch_bytes: usize,
    /// zstd level: a batch is stored as sent.
    pub compression_level: i32,
    /// The clock of the events' times; a sign of life without events carries its time, too.
    pub clock: Option<RunClock>,
}

impl Default for SenderConfig {
    fn default() -> Self {
        Self {
            url: "http://localhost:8080".into(),
            token: None,
            token_file: None,
            token_from: None,
            ca_file: None,
            proxies: Proxies::default(),
            user_agent: concat!("playback/", env!("CARGO_PKG_VERSION")).into(),
            adopt: true,
            pace: Duration::from_millis(50),
            heartbeat: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(30),
            backoff: (Duration::from_millis(50), Duration::from_secs(10)),
            batch_bytes: 1 << 20,
            compression_level: 3,
            clock: None,
        }
    }
}

impl SenderConfig {
    /// The URL, unless it may hold a password (with which nothing can be sent anyway).
    fn shown_url(&self) -> &str {
        if self.url.contains('@') {
            "(hidden)"
        } else {
            &self.url
        }
    }
}

impl fmt::Debug for SenderConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SenderConfig")
            .field("url", &self.shown_url())
            .field("token", &self.token)
            .field("ca_file", &self.ca_file)
            .field("user_agent", &self.user_agent)
            .field("adopt", &self.adopt)
            .finish_non_exhaustive()
    }
}

/// Why nothing can be sent with a configuration. No message holds the token.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is not `http://…` or `https://…`, or holds a user name or a password.
    #[error("the collector's URL {0}")]
    Url(&'static str),
    /// The token cannot stand in an HTTP header.
    #[error("the token holds characters that a token cannot have (a line break, perhaps)")]
    Token,
    /// The user agent cannot stand in an HTTP header.
    #[error("the user agent holds characters that a header cannot have")]
    UserAgent,
    /// zstd does not take the compression level.
    #[error("the compression cannot be set up: {0}")]
    Compression(std::io::Error),
    /// The file of certificate authorities cannot be used.
    #[error("the CA file {path} cannot be used: {cause}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A proxy variable has no valid value.
    #[error("{variable} {why}")]
    Proxy {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Certificates cannot be checked.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// A spool can have only one sender.
    #[error("the spool has a sender already")]
    AlreadyStarted,
    /// The thread cannot be started.
    #[error("the sender thread cannot be started: {0}")]
    Thread(std::io::Error),
}
