//! Which database a command works on.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::config::{Config, Overrides};
use crate::store::address::without_password;
use crate::store::{Options, Store};

/// Which database a command works on.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "PLAYBACK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Database: sqlite:///var/lib/playback/playback.db, postgres://user@host/name, mysql://… or mariadb://…;
    /// one with a password belongs into PLAYBACK_DATABASE or the file, where no other user sees it
    #[arg(
        long,
        value_name = "URL",
        env = "PLAYBACK_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
}

impl DatabaseArgs {
    /// Which it is, and how it is to be used.
    pub(super) fn options(self) -> anyhow::Result<Options> {
        let overrides = Overrides {
            database: self.database,
            ..Overrides::default()
        };
        Ok(Config::load(self.config.as_deref(), overrides)?.store())
    }

    /// Opens it, making it where there is none.
    pub(super) async fn open(self) -> anyhow::Result<Store> {
        Ok(Store::open(self.options()?).await?)
    }
}

/// Opens the database without touching its schema; one that is not there is not made.
pub(super) async fn open_existing(options: &Options) -> anyhow::Result<Store> {
    if let Some(file) = file_of(&options.address)
        && !file.exists()
    {
        bail!(
            "there is no database at {}: --database or PLAYBACK_DATABASE says where it is; \
             \"playback serve\" and \"playback migrate\" make one",
            without_password(&options.address)
        );
    }
    Ok(Store::open_as_is(options.clone()).await?)
}

/// The file of an SQLite database.
fn file_of(address: &str) -> Option<PathBuf> {
    let path = address.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    // An escaped path is left to the database to understand.
    (!path.is_empty() && !path.contains('%')).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlite_address_names_a_file() {
        let of = |address: &str| file_of(address).map(|path| path.display().to_string());
        assert_eq!(of("sqlite:///var/p.db").as_deref(), Some("/var/p.db"));
        assert_eq!(of("sqlite://p.db?mode=rwc").as_deref(), Some("p.db"));
        assert_eq!(of("sqlite:p.db").as_deref(), Some("p.db"));
        assert_eq!(of("postgres://host/db"), None);
    }
}
