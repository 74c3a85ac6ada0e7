//! `playback token`: uses the database directly, so that it needs no running collector.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;

use super::out::{self, Column, Out};
use super::{DatabaseArgs, environment};
use crate::auth::{Scope, Scopes};
use crate::clock::Clock;
use crate::commands::tokens::{self, NewToken};
use crate::model::time_from_us;
use crate::store::Store;

#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token; it is shown once
    Create {
        /// Its name: the person or program that uses it
        name: String,
        /// What it allows; may be given several times
        #[arg(long = "scope", value_enum, required = true)]
        scopes: Vec<Scope>,
        /// Days after which it expires
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36500))]
        expires_days: Option<i64>,
        #[command(flatten)]
        database: DatabaseArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List tokens
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: it is refused from now on
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: Token) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match command.command {
            TokenCommand::Create {
                name,
                scopes,
                expires_days,
                database,
                json,
            } => {
                let opened = database.open_or_make("token create").await?;
                create(&opened.store, name, scopes, expires_days, json).await
            }
            TokenCommand::List { database, json } => {
                list(&database.open("token list").await?.store, json).await
            }
            TokenCommand::Revoke {
                name,
                database,
                json,
            } => revoke(&database.open("token revoke").await?.store, &name, json).await,
        }
    })
}

async fn create(
    store: &Store,
    name: String,
    scopes: Vec<Scope>,
    expires_days: Option<i64>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let asked = NewToken {
        name,
        scopes: Scopes::new(scopes),
        expires_days,
    };
    let now_us = Clock::system().now_us();
    let (row, token) = tokens::create(store, environment::actor(), now_us, asked).await?;
    if json {
        let answer = serde_json::json!({
            "name": row.name,
            "scopes": Scopes::decode(&row.scopes).list(),
            "expires": row.expires_us.map(time_from_us),
            "token": token.expose_secret(),
        });
        out::json(&answer)?;
    } else {
        out::line(token.expose_secret())?;
        out::note(format_args!(
            "This is the only time that it is shown: keep it where {:?} finds it.",
            row.name
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(store: &Store, json: bool) -> anyhow::Result<ExitCode> {
    let tokens = store.tokens().await?;
    if json {
        let all: Vec<_> = tokens
            .iter()
            .map(|row| {
                serde_json::json!({
                    "name": row.name,
                    "scopes": Scopes::decode(&row.scopes).list(),
                    "created": time_from_us(row.created_us),
                    "expires": row.expires_us.map(time_from_us),
                    "last_used": row.used_us.map(time_from_us),
                })
            })
            .collect();
        out::json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let time = |us: Option<i64>, none: &str| {
        us.map_or_else(
            || none.to_owned(),
            |us| time_from_us(us).format("%Y-%m-%d %H:%M").to_string(),
        )
    };
    let rows = tokens.iter().map(|row| {
        [
            row.name.clone(),
            row.scopes.replace(' ', ","),
            time(Some(row.created_us), ""),
            time(row.expires_us, "never"),
            time(row.used_us, "never"),
        ]
    });
    let mut out = Out::new();
    let columns = [
        Column::end("NAME", 8),
        Column::end("SCOPES", 6),
        Column::whole("CREATED"),
        Column::whole("EXPIRES"),
        Column::whole("LAST USED"),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

async fn revoke(store: &Store, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    tokens::revoke(store, environment::actor(), Clock::system().now_us(), name).await?;
    if json {
        out::json(&serde_json::json!({ "revoked": name }))?;
    } else {
        out::line(format_args!("{name} is revoked"))?;
    }
    Ok(ExitCode::SUCCESS)
}
