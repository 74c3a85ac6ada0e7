//! The recorder's settings that affect whether runs arrive, and their problems.

use std::path::{Path, PathBuf};

use playback_producer::Token;
use playback_spool::read_secret;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::sources::{Setting, Sources};

/// The recorder's settings that affect whether runs arrive.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) url: Option<Setting<String>>,
    /// The token, or why its file cannot be used.
    pub(super) token: Option<Setting<Result<SecretString, String>>>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) ca_file: Option<Setting<PathBuf>>,
    pub(super) spool_dir: Option<Setting<PathBuf>>,
    /// The settings that contain bytes that are not UTF-8.
    pub(super) damaged: Vec<(&'static str, String)>,
}

impl Settings {
    pub(super) fn read(sources: &Sources) -> Self {
        let chosen = sources.token(None);
        let (token, token_file) = match chosen {
            None => (None, None),
            Some(chosen) => {
                let (value, file) = match chosen.token {
                    Token::Text(token) => (Ok(token), None),
                    Token::File(file) => (read(&file), Some(file)),
                };
                let from = chosen.from;
                (Some(Setting { value, from }), file)
            }
        };
        let url = sources.text("url").map(|url| Setting {
            value: url.value.trim().to_owned(),
            ..url
        });
        let damaged = |key| sources.damaged(key).map(|from| (key, from));
        Self {
            url,
            token,
            token_file,
            ca_file: sources.path("ca_file"),
            spool_dir: sources.path("spool_dir"),
            damaged: ["url", "token"].into_iter().filter_map(damaged).collect(),
        }
    }
}

fn read(file: &Path) -> Result<SecretString, String> {
    match read_secret(file) {
        Err(error) => Err(format!("cannot be read: {error}")),
        Ok(token) if token.expose_secret().is_empty() => Err("is empty".to_owned()),
        Ok(token) => Ok(token),
    }
}

/// The setting that turns recording off, if any.
pub(super) fn disabled(sources: &Sources) -> Option<String> {
    let flag = sources.flag("disabled")?;
    flag.value.then_some(flag.from)
}
