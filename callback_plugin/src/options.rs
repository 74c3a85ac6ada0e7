//! The options as `ansible-doc -t callback playback.history.recorder` documents them.

use std::path::PathBuf;
use std::time::Duration;

use playback_redact::Rules;
use playback_spool::FinishLimits;
use pyo3::prelude::*;

use crate::environment;

/// What the user configured. It has no `Debug`: the token must not reach a message.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    pub(crate) url: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) spool_dir: Option<PathBuf>,
    pub(crate) spool_max_mb: u64,
    pub(crate) flush_seconds: f64,
    pub(crate) flush_seconds_unreachable: f64,
    pub(crate) capture_output: bool,
    pub(crate) record_args: bool,
    pub(crate) facts: bool,
    pub(crate) facts_ignore: Vec<String>,
    pub(crate) diff: bool,
    pub(crate) redact_keys: Vec<String>,
    pub(crate) redact_patterns: Option<String>,
    pub(crate) max_event_bytes: usize,
    pub(crate) labels: Vec<String>,
    pub(crate) note: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) execution_id: Option<String>,
    pub(crate) parent: Option<String>,
}

impl Options {
    /// The collector's URL, where one is set.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url
            .as_deref()
            .map(str::trim)
            .filter(|url| !url.is_empty())
    }

    /// The token, from the option or the file; and the file, where it is from there.
    ///
    /// # Errors
    /// A text that tells why the file cannot be read.
    pub(crate) fn token(&self) -> Result<(Option<String>, Option<PathBuf>), String> {
        if let Some(token) = self
            .token
            .as_deref()
            .map(str::trim)
            .filter(|token| !token.is_empty())
        {
            return Ok((Some(token.to_owned()), None));
        }
        let Some(path) = self
            .token_file
            .as_ref()
            .filter(|path| !path.as_os_str().is_empty())
        else {
            return Ok((None, None));
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Ok((
                Some(text.trim().to_owned()).filter(|token| !token.is_empty()),
                Some(path.clone()),
            )),
            Err(error) => Err(format!(
                "the token file {} cannot be read: {error}",
                path.display()
            )),
        }
    }

    /// Where the token was found, for whoever is told that it was refused.
    pub(crate) fn token_from(&self) -> Option<String> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let file = self.token_file.as_ref();
        let file = file.filter(|path| !path.as_os_str().is_empty());
        let Some(token) = self.token.as_deref().and_then(given) else {
            return file.map(|file| format!("the token file {}", file.display()));
        };
        let from_environment = environment::text("PLAYBACK_TOKEN");
        let from = match from_environment.as_deref().and_then(given) == Some(token) {
            true => "PLAYBACK_TOKEN in the environment",
            false => "the option token in ansible.cfg",
        };
        let beside =
            file.map(|file| format!(", which wins over the token file {}", file.display()));
        Some(format!("{from}{}", beside.unwrap_or_default()))
    }

    /// What is hidden from the record; nothing where nothing is configured.
    ///
    /// # Errors
    /// A text that tells which rule cannot be used. Then nothing may be recorded.
    pub(crate) fn rules(&self) -> Result<Option<Rules>, String> {
        let patterns: Vec<&str> = self
            .redact_patterns
            .iter()
            .flat_map(|text| text.lines())
            .collect();
        let patterns: Vec<&str> = patterns.iter().map(|pattern| pattern.trim()).collect();
        let texts: [&str; 0] = [];
        let rules = Rules::new(&self.redact_keys, &patterns, &texts)
            .map_err(|error| format!("redact_patterns: {error}"))?;
        Ok(Some(rules).filter(|rules| !rules.is_empty()))
    }

    /// Largest size of the spool, in bytes.
    pub(crate) fn spool_max_bytes(&self) -> u64 {
        self.spool_max_mb.saturating_mul(1 << 20)
    }

    /// Largest event line, in bytes; small enough for every batch, large enough for a result's frame.
    pub(crate) fn max_event_bytes(&self) -> usize {
        self.max_event_bytes.clamp(16 << 10, 16 << 20)
    }

    /// How long the process may be held at its exit.
    pub(crate) fn finish_limits(&self) -> FinishLimits {
        let seconds =
            |value: f64| Duration::try_from_secs_f64(value.clamp(0.0, 3600.0)).unwrap_or_default();
        FinishLimits {
            reachable: seconds(self.flush_seconds),
            unreachable: seconds(self.flush_seconds_unreachable),
        }
    }
}
