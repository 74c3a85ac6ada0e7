//! Options that select the collector and the token of a command. An option wins over the environment, which wins over a
//! login.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use super::super::logins::{Login, Logins};
use super::super::{environment, secret};
use super::address;
use crate::config::DEFAULT_URL;

/// The collector and the token of a command.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ClientArgs {
    /// The collector [env: PLAYBACK_URL] [default: that of your login, else http://localhost:8080]
    #[arg(long, value_name = "URL", conflicts_with = "context")]
    url: Option<String>,
    /// Name of the login to use ("playback context list") [env: PLAYBACK_CONTEXT]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// File that contains the token [env: PLAYBACK_TOKEN_FILE, or PLAYBACK_TOKEN with the token itself]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// The collector and the token to use, and where each was found.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Target {
    /// The collector's URL without its last slash.
    pub(in crate::cli) url: String,
    /// Where the URL was found.
    pub(in crate::cli) url_from: String,
    pub(in crate::cli) token: Option<SecretString>,
    /// Where the token was found, and which other sources it overrode.
    pub(in crate::cli) token_from: Option<String>,
}

impl ClientArgs {
    /// Resolves the target.
    pub(in crate::cli) fn target(&self) -> anyhow::Result<Target> {
        let named = self.context.clone().or_else(environment::context);
        // A broken login file does not matter when URL and token are both given otherwise.
        let said_url = self.said_url()?;
        let is_said = said_url.is_some() && self.said_token()?;
        let login = match is_said && named.is_none() {
            true => None,
            false => Logins::read()?.find(named.as_deref())?,
        };
        let (url, url_from) = match (said_url, &login) {
            (Some((url, from)), _) => (url, from.to_owned()),
            (None, Some((name, login))) => (login.url.clone(), format!("log-in {name}")),
            (None, None) => (DEFAULT_URL.to_owned(), "the default".to_owned()),
        };
        let url = address::checked(&url)?;
        // A token is only sent to the collector that it was issued for.
        let login = login.filter(|(_, login)| address::are_same(&login.url, &url));
        let (token, token_from) = self.token(login.as_ref())?.unzip();
        Ok(Target {
            url,
            url_from,
            token,
            token_from,
        })
    }

    /// The URL from an option or the environment, and its source.
    fn said_url(&self) -> anyhow::Result<Option<(String, &'static str)>> {
        let given = |url: &String| Some(url.trim().to_owned()).filter(|url| !url.is_empty());
        if let Some(url) = self.url.as_ref().and_then(given) {
            return Ok(Some((url, "--url")));
        }
        if self.context.is_some() {
            return Ok(None);
        }
        let url = environment::url()?.as_ref().and_then(given);
        Ok(url.map(|url| (url, "PLAYBACK_URL in the environment")))
    }

    /// Whether the token comes from an option or the environment.
    fn said_token(&self) -> anyhow::Result<bool> {
        Ok(self.token_file.is_some()
            || environment::token()?.is_some()
            || environment::token_file().is_some())
    }

    /// The token, and where it was found.
    fn token(
        &self,
        login: Option<&(String, Login)>,
    ) -> anyhow::Result<Option<(SecretString, String)>> {
        let beside = login
            .filter(|(_, login)| login.token.is_some())
            .map(|(name, _)| format!(", which wins over the log-in {name}"))
            .unwrap_or_default();
        if let Some(file) = &self.token_file {
            return Ok(Some((
                secret::token_file(file)?,
                format!("--token-file {}", file.display()),
            )));
        }
        if self.context.is_none() {
            if let Some(token) = environment::token()? {
                let from = format!("PLAYBACK_TOKEN in the environment{beside}");
                return Ok(Some((token, from)));
            }
            if let Some(file) = environment::token_file() {
                let from = format!(
                    "the file {} (PLAYBACK_TOKEN_FILE in the environment){beside}",
                    file.display()
                );
                return Ok(Some((secret::token_file(&file)?, from)));
            }
        }
        let token = login.and_then(|(name, login)| Some((login.token.clone()?, name)));
        Ok(token.map(|(token, name)| (token, format!("log-in {name}"))))
    }
}
