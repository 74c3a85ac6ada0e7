//! The destination of a run's record. The fields are the recorder's options, under the same names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use playback_spool::net::Proxies;
use playback_spool::{
    ConfigError, FinishLimits, RunClock, Sender, SenderConfig, Spool, read_secret,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::token::{ChosenToken, Token};

/// Longest wait at the end of a run, in seconds.
const LONGEST_WAIT: f64 = 3600.0;

/// Where the record goes, and how long the end of the run may wait for it. `Debug` leaves out the URL, which may
/// hold a password by mistake.
#[derive(Clone, Default)]
pub struct Delivery {
    /// The collector. None: the record stays in the spool.
    pub url: Option<String>,
    /// Token with the scope `ingest`.
    pub token: Option<SecretString>,
    /// File that holds the token; ignored if `token` is set.
    pub token_file: Option<PathBuf>,
    /// Where the token was found, for messages about its refusal.
    pub token_from: Option<String>,
    /// PEM file of the certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// Folder of the spool; none: the user's own.
    pub spool_dir: Option<PathBuf>,
    /// Whether the user's own state folder may be used if that one cannot.
    pub state_folder: bool,
    /// Largest size of the spool, in MiB.
    pub spool_max_mb: u64,
    /// Seconds that the end of the run may wait if the collector answers.
    pub flush_seconds: f64,
    /// Seconds that the end of the run may wait if the collector does not answer.
    pub flush_seconds_unreachable: f64,
    /// Whether the address of the run's page is printed at the end. None: only if a person sees the output.
    pub link: Option<bool>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("token", &self.token)
            .field("token_file", &self.token_file)
            .field("ca_file", &self.ca_file)
            .field("spool_dir", &self.spool_dir)
            .field("spool_max_mb", &self.spool_max_mb)
            .finish_non_exhaustive()
    }
}

/// Why nothing can be sent; the record stays in the spool.
#[derive(Debug)]
pub enum Undeliverable {
    /// No collector is configured.
    NoCollector,
    /// The token's file cannot be read.
    TokenFile(PathBuf, std::io::Error),
    /// An option has no usable value.
    Config(ConfigError),
}

/// An option's name as users know it.
#[must_use]
pub fn option_name(name: &str) -> String {
    format!("the option {name} (PLAYBACK_{})", name.to_uppercase())
}

impl Undeliverable {
    /// Whether the URL itself is the problem, so that no message suggests it.
    #[must_use]
    pub fn is_of_url(&self) -> bool {
        matches!(self, Self::Config(ConfigError::Url(_)))
    }
}

impl fmt::Display for Undeliverable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCollector => {
                formatter.write_str("no collector is configured (option url, or PLAYBACK_URL)")
            }
            Self::TokenFile(path, error) => write!(
                formatter,
                "{}: the token file {} cannot be read: {error}",
                option_name("token_file"),
                path.display()
            ),
            Self::Config(error) => {
                let option = match error {
                    ConfigError::Url(_) => "url",
                    ConfigError::Token => "token",
                    ConfigError::CaFile { .. } => "ca_file",
                    _ => return error.fmt(formatter),
                };
                write!(formatter, "{}: {error}", option_name(option))
            }
        }
    }
}

impl std::error::Error for Undeliverable {}

impl Delivery {
    /// The same with this token.
    #[must_use]
    pub fn with_token(self, chosen: Option<ChosenToken>) -> Self {
        let (token, from) = chosen.map(|chosen| (chosen.token, chosen.from)).unzip();
        let (token, token_file) = match token {
            Some(Token::Text(token)) => (Some(token), None),
            Some(Token::File(file)) => (None, Some(file)),
            None => (None, None),
        };
        Self {
            token,
            token_file,
            token_from: from,
            ..self
        }
    }

    /// The collector's URL, if set.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        let url = self.url.as_deref().map(str::trim);
        url.filter(|url| !url.is_empty())
    }

    /// The sender's configuration; `user_agent` names the producer.
    ///
    /// # Errors
    /// There is no collector, or the token's file cannot be read.
    pub fn sender_config(&self, user_agent: &str) -> Result<SenderConfig, Undeliverable> {
        let url = self.url().ok_or(Undeliverable::NoCollector)?;
        let (token, token_file) = self.token()?;
        Ok(SenderConfig {
            url: url.to_owned(),
            token,
            token_file,
            token_from: self.token_from.clone(),
            ca_file: filled(self.ca_file.as_deref()).map(Path::to_owned),
            proxies: self.proxies.clone(),
            user_agent: user_agent.to_owned(),
            ..SenderConfig::default()
        })
    }

    /// Starts to deliver a spool; `user_agent` names the producer.
    ///
    /// # Errors
    /// There is no collector, or an option has no usable value.
    pub fn start(
        &self,
        spool: &Arc<Spool>,
        clock: RunClock,
        user_agent: &str,
    ) -> Result<Sender, Undeliverable> {
        let config = SenderConfig {
            clock: Some(clock),
            ..self.sender_config(user_agent)?
        };
        Sender::start(Arc::clone(spool), &config).map_err(Undeliverable::Config)
    }

    /// The token, as given or from its file; also the file, if it was used.
    fn token(&self) -> Result<(Option<SecretString>, Option<PathBuf>), Undeliverable> {
        let given = self
            .token
            .as_ref()
            .map(|token| token.expose_secret().trim());
        if let Some(token) = given.filter(|token| !token.is_empty()) {
            return Ok((Some(token.into()), None));
        }
        let Some(path) = filled(self.token_file.as_deref()) else {
            return Ok((None, None));
        };
        match read_secret(path) {
            Ok(token) => {
                let token = Some(token).filter(|token| !token.expose_secret().is_empty());
                Ok((token, Some(path.to_owned())))
            }
            Err(error) => Err(Undeliverable::TokenFile(path.to_owned(), error)),
        }
    }

    /// Largest size of the spool, in bytes.
    #[must_use]
    pub fn spool_max_bytes(&self) -> u64 {
        self.spool_max_mb.saturating_mul(1 << 20)
    }

    /// How long the end of the run may be delayed.
    #[must_use]
    pub fn finish_limits(&self) -> FinishLimits {
        let seconds = |value: f64| {
            Duration::try_from_secs_f64(value.clamp(0.0, LONGEST_WAIT)).unwrap_or_default()
        };
        FinishLimits {
            reachable: seconds(self.flush_seconds),
            unreachable: seconds(self.flush_seconds_unreachable),
        }
    }
}

/// An empty option counts as not set.
fn filled(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !path.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(config: &SenderConfig) -> Option<&str> {
        config.token.as_ref().map(|token| token.expose_secret())
    }

    #[test]
    fn a_token_is_taken_from_the_option_or_else_from_the_file() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("token");
        std::fs::write(&file, " pbk_file\n").unwrap();
        let mut delivery = Delivery {
            url: Some(" http://localhost:8080 ".to_owned()),
            token: Some("  ".into()),
            token_file: Some(file.clone()),
            ..Delivery::default()
        };
        let config = delivery.sender_config("test").unwrap();
        assert_eq!(config.url, "http://localhost:8080");
        assert_eq!(token(&config), Some("pbk_file"));
        assert_eq!(config.token_file, Some(file));

        delivery.token = Some("pbk_option".into());
        let config = delivery.sender_config("test").unwrap();
        assert_eq!(token(&config), Some("pbk_option"));
        assert_eq!(config.token_file, None);
        assert!(!format!("{delivery:?} {config:?}").contains("pbk_option"));

        delivery.token = None;
        delivery.token_file = Some(home.path().join("missing"));
        let error = delivery.sender_config("test").unwrap_err().to_string();
        assert!(error.contains("PLAYBACK_TOKEN_FILE"), "{error}");
        delivery.url = Some(String::new());
        assert!(delivery.sender_config("test").is_err());
    }
}
