//! Options that select the database of a command.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::out;
use crate::config::{Config, Overrides};
use crate::store::{DatabaseLock, Options, Store};

/// The database of a command.
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
    pub(crate) database: Option<SecretString>,
}

impl DatabaseArgs {
    /// The database's address and its options.
    pub(super) fn options(self) -> anyhow::Result<Options> {
        let overrides = Overrides {
            database: self.database,
            ..Overrides::default()
        };
        Ok(Config::load(self.config.as_deref(), overrides)?.store())
    }

    /// Opens it for a command that runs at the same time as a collector.
    pub(super) async fn open(self, command: &'static str) -> anyhow::Result<Opened> {
        open_beside(&self.options()?, command).await
    }

    /// Like [`Self::open`]; creates the database if it is missing and its address was given explicitly.
    pub(super) async fn open_or_make(self, command: &'static str) -> anyhow::Result<Opened> {
        let options = self.options()?;
        let is_missing = options.path().is_some_and(|path| !path.exists());
        let default = Config::default().database;
        let is_named = options.address.expose_secret() != default.expose_secret();
        if !(is_missing && is_named) {
            return open_beside(&options, command).await;
        }
        let lock = DatabaseLock::take(&options, command)?;
        let store = Store::open(options.clone()).await?;
        out::note(format_args!(
            "There was no database at {}: it is made.",
            options.shown()
        ));
        Ok(Opened { store, _lock: lock })
    }
}

/// An open database, with the lock that keeps other processes out, if one is needed.
pub(super) struct Opened {
    pub(super) store: Store,
    _lock: Option<DatabaseLock>,
}

/// Opens an existing database. A collector may have it open at the same time, unless its schema has to be upgraded
/// first.
pub(super) async fn open_beside(
    options: &Options,
    command: &'static str,
) -> anyhow::Result<Opened> {
    let store = open_existing(options).await?;
    let known = store.migrations().await?;
    store.close().await;
    let lock = match known.iter().all(|migration| migration.applied) {
        true => None,
        false => DatabaseLock::take(options, command)?,
    };
    let store = Store::open(options.clone()).await?;
    Ok(Opened { store, _lock: lock })
}

/// Opens an existing database without touching its schema.
pub(super) async fn open_existing(options: &Options) -> anyhow::Result<Store> {
    if let Some(file) = options.path()
        && !file.exists()
    {
        bail!(
            "there is no database at {}: --database or PLAYBACK_DATABASE says where it is; \
             \"playback serve\" and \"playback migrate\" make one",
            options.shown()
        );
    }
    Ok(Store::open_as_is(options.clone()).await?)
}
