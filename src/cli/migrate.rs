//! `playback migrate`: the database's schema, as it is and as this version needs it.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::DatabaseArgs;
use super::database::open_existing;
use super::out::{self, Column, Out};
use crate::store::Store;
use crate::store::address::without_password;

#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Show what is to be done, and do nothing
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
    let store = if command.dry_run {
        open_existing(&options).await?
    } else {
        Store::open_as_is(options.clone()).await?
    };
    let before = store.migrations().await?;
    if !command.dry_run {
        store.migrate().await?;
    }
    store.close().await;
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
            "database": without_password(&options.address),
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
