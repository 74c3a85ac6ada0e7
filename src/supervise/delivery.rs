//! Where a run's record goes: the recorder's options, under the same names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use playback_spool::net::Proxies;
use playback_spool::{FinishLimits, SenderConfig};

/// Where the record goes, and how long the end may wait for it. `Debug` never shows the token.
#[derive(Clone, Default)]
pub struct DeliveryOptions {
    /// The collector. None: the record stays in the spool.
    pub url: Option<String>,
    /// Token with the scope `ingest`.
    pub token: Option<String>,
    /// File that holds the token; not read where `token` is set.
    pub token_file: Option<PathBuf>,
    /// Where the token was found, for whoever is told that it was refused.
    pub token_from: Option<String>,
    /// PEM file of the certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// Folder of the spool; None: the user's own.
    pub spool_dir: Option<PathBuf>,
    /// Whether the user's own state folder will do where that one cannot be used.
    pub state_folder: bool,
    /// Largest size of the spool, in MiB.
    pub spool_max_mb: u64,
    /// Seconds that the end may wait while the collector answers.
    pub flush_seconds: f64,
    /// The same while it does not.
    pub flush_seconds_unreachable: f64,
}

impl fmt::Debug for DeliveryOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeliveryOptions")
            .field("token", &self.token.as_ref().map(|_| "(set)"))
            .field("token_file", &self.token_file)
            .field("ca_file", &self.ca_file)
            .field("spool_dir", &self.spool_dir)
            .field("spool_max_mb", &self.spool_max_mb)
            .finish_non_exhaustive()
    }
}

impl DeliveryOptions {
    /// What the sender needs to know.
    ///
    /// # Errors
    /// A text that tells why nothing can be sent.
    pub(super) fn sender_config(&self) -> Result<SenderConfig, String> {
        let url = self.url.as_deref().map(str::trim).unwrap_or_default();
        if url.is_empty() {
            return Err("no collector is configured (--url, or PLAYBACK_URL)".into());
        }
        let token = self.token()?;
        let from_file = self
            .token
            .as_deref()
            .is_none_or(|token| token.trim().is_empty());
        Ok(SenderConfig {
            url: url.to_owned(),
            token,
            token_file: self
                .token_file
                .clone()
                .filter(|path| from_file && is_given(path)),
            token_from: self.token_from.clone(),
            ca_file: self.ca_file.clone().filter(|path| is_given(path)),
            proxies: self.proxies.clone(),
            user_agent: concat!("playback-supervisor/", env!("CARGO_PKG_VERSION")).into(),
            ..SenderConfig::default()
        })
    }

    fn token(&self) -> Result<Option<String>, String> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|token| !token.is_empty());
        if let Some(token) = self.token.as_deref().and_then(given) {
            return Ok(Some(token));
        }
        let Some(path) = self.token_file.as_ref().filter(|path| is_given(path)) else {
            return Ok(None);
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(given(&text)),
            Err(error) => Err(format!(
                "the token file {} cannot be read: {error}",
                path.display()
            )),
        }
    }

    /// Largest size of the spool, in bytes.
    pub(super) fn spool_max_bytes(&self) -> u64 {
        self.spool_max_mb.saturating_mul(1 << 20)
    }

    /// How long the end may be held up.
    pub(super) fn finish_limits(&self) -> FinishLimits {
        let seconds =
            |value: f64| Duration::try_from_secs_f64(value.clamp(0.0, 3600.0)).unwrap_or_default();
        FinishLimits {
            reachable: seconds(self.flush_seconds),
            unreachable: seconds(self.flush_seconds_unreachable),
        }
    }
}

/// An empty variable means none.
fn is_given(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}
