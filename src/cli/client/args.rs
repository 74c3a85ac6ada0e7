//! Where the collector is, and who asks: options, environment, file.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use ureq::http::Uri;

use super::super::environment;
use crate::config::DEFAULT_URL;

/// Where the collector is, and who asks.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ClientArgs {
    /// The collector [default: http://localhost:8080]
    #[arg(long, value_name = "URL", env = "PLAYBACK_URL")]
    url: Option<String>,
    /// File that holds the token [env: PLAYBACK_TOKEN_FILE, or PLAYBACK_TOKEN with the token itself]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl ClientArgs {
    /// The collector's URL without its last slash.
    pub(in crate::cli) fn url(&self) -> anyhow::Result<String> {
        let url = self.url.as_deref().map(str::trim);
        let url = url.filter(|url| !url.is_empty()).unwrap_or(DEFAULT_URL);
        let url = url.trim_end_matches('/');
        let usable = url.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.query().is_none()
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        // A password would end up in every message that names the URL, so this one does not.
        if url.contains('@') {
            bail!("the collector's URL must not hold a user name or a password: use a token");
        }
        if !usable {
            bail!("{url:?} is not a collector's URL: it looks like {DEFAULT_URL}");
        }
        Ok(url.to_owned())
    }

    /// The token: from `--token-file`, else from the environment.
    pub(in crate::cli) fn token(&self) -> anyhow::Result<Option<String>> {
        let file = match (&self.token_file, environment::token()) {
            (Some(file), _) => file.clone(),
            (None, Some(token)) => return Ok(Some(token.trim().to_owned())),
            (None, None) => match environment::token_file() {
                Some(file) => file,
                None => return Ok(None),
            },
        };
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("the token file {} cannot be read", file.display()))?;
        if text.trim().is_empty() {
            bail!("the token file {} is empty", file.display());
        }
        Ok(Some(text.trim().to_owned()))
    }
}
