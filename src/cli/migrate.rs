//! `playback migrate`: shows or upgrades the database's schema.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::DatabaseArgs;
use super::database::open_existing;
use super::out::{self, Column, Out};
use crate::store::{DatabaseLock, Store};

#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Show pending migrations, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Migrate) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(migrate(command))
}

async fn migrate(command: Migrate) -> anyhow::Result<ExitCode> {
    let options = command.database.options()?;
    let is_there = options.path().is_none_or(|path| path.exists());
    let mut lock = None;
    if !command.dry_run && !is_there {
        lock = DatabaseLock::take(&options, "migrate")?;
    }
    let mut store = open_existing(&options).await?;
    let before = store.migrations().await?;
    let is_pending = before.iter().any(|migration| !migration.applied);
    if !command.dry_run && is_pending && lock.is_none() {
        // A collector of another version would continue with a schema that it does not know.
        store.close().await;
        lock = DatabaseLock::take(&options, "migrate")?;
        store = Store::open_as_is(options.clone()).await?;
    }
    if !command.dry_run {
        store.migrate().await?;
    }
    store.close().await;
    drop(lock);
    let done = !command.dry_run;
    let pending = before.iter().filter(|migration| !migration.applied).count();
    if command.json {
        let migrations = before.iter().map(|migration| {
            json!({
                "version": migration.version,
                "name": migration.name,
                "applied": migration.applied || done,
                "applied_now": !migration.applied && done,
            })
        });
        out::json(&json!({
            "database": options.shown(),
            "migrations": migrations.collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = before.iter().map(|migration| {
        let state = match (migration.applied, done) {
            (true, _) => "applied",
            (false, true) => "applied now",
            (false, false) => "to be applied",
        };
        [
            format!("{:04}", migration.version),
            migration.name.clone(),
            state.to_owned(),
        ]
    });
    let mut out = Out::new();
    out.table(
        ["VERSION", "NAME", "STATE"].map(Column::whole),
        rows.collect(),
        |_, _, line| line,
    )?;
    if pending == 0 {
        out.line("the schema is up to date")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
