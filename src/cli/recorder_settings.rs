//! The recorder's settings, for commands that deliver in its place: options of the command line first, then what the
//! recorder itself finds (`sources`). Anything else comes from a login, which the recorder does not use.

use std::path::PathBuf;

use anyhow::bail;
use playback_producer::Token;
use secrecy::SecretString;

use super::client::address::are_same;
use super::logins::Logins;
use super::sources::Sources;
use super::{environment, secret};
use crate::config::DEFAULT_URL;

/// Options of the command line; they win over everything else.
#[derive(Debug, Default)]
pub(super) struct CommandLineOptions {
    /// The collector.
    pub(super) url: Option<String>,
    /// File that holds the token.
    pub(super) token_file: Option<PathBuf>,
    /// Certificate authorities.
    pub(super) ca_file: Option<PathBuf>,
    /// Folder of the spools.
    pub(super) spool_dir: Option<PathBuf>,
}

/// Where the recorder delivers, and where its spool is.
#[derive(Debug)]
pub(super) struct RecorderSettings {
    /// The collector.
    pub(super) url: String,
    /// The token.
    pub(super) token: Option<SecretString>,
    /// The file that the token was read from, if any.
    pub(super) token_file: Option<PathBuf>,
    /// Where the token was found, in words.
    pub(super) token_from: Option<String>,
    /// Certificate authorities.
    pub(super) ca_file: Option<PathBuf>,
    /// Folder of the spools. None: the recorder's default.
    pub(super) spool_dir: Option<PathBuf>,
}

impl RecorderSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// The URL or the token is not valid text, the token's file cannot be read or is empty, or the login file is needed
    /// and cannot be used.
    pub(super) fn read(given: CommandLineOptions) -> anyhow::Result<Self> {
        let sources = Sources::of(environment::ansible_config());
        let option_file = filled(given.token_file);
        // Half a URL would name another collector, and half a token would be invalid.
        for (key, by_option) in [
            ("url", given.url.is_some()),
            ("token", option_file.is_some()),
        ] {
            if let Some(from) = sources.damaged(key).filter(|_| !by_option) {
                bail!("{from} holds bytes that are not UTF-8");
            }
        }
        let chosen = sources.token(option_file);
        let (token, mut token_from) = chosen.map(|chosen| (chosen.token, chosen.from)).unzip();
        let (mut token, token_file) = match token {
            Some(Token::Text(token)) => (Some(token), None),
            Some(Token::File(file)) => (Some(secret::token_file(&file)?), Some(file)),
            None => (None, None),
        };
        let mut url = given.url.or_else(|| {
            let url = sources.text("url")?;
            Some(url.value.trim().to_owned())
        });
        // A broken login file does not matter when URL and token are both given otherwise.
        let login = match url.is_some() && token.is_some() {
            true => None,
            false => {
                let named = environment::context();
                Logins::read()?.find(named.as_deref())?
            }
        };
        if let Some((name, login)) = login {
            let url = url.get_or_insert_with(|| login.url.clone());
            // A token is only sent to the collector that it was issued for.
            if token.is_none() && are_same(&login.url, url) {
                token_from = login.token.as_ref().map(|_| format!("the log-in {name}"));
                token = login.token;
            }
        }
        let path = |given: Option<PathBuf>, key: &str| {
            filled(given).or_else(|| Some(sources.path(key)?.value))
        };
        Ok(Self {
            token_from,
            url: url.unwrap_or_else(|| DEFAULT_URL.to_owned()),
            token,
            token_file,
            ca_file: path(given.ca_file, "ca_file"),
            spool_dir: path(given.spool_dir, "spool_dir"),
        })
    }
}

fn filled(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}
