//! `playback token`: straight on the database, so that it works before anything is served.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::DatabaseArgs;
use crate::clock::Clock;
use crate::config::{Config, Overrides};
use crate::model::time_from_us;
use crate::store::{Store, TokenRow};
use crate::token::{self, Scope, Scopes};

#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token; it is shown once
    Create {
        /// Its name: who or what uses it
        name: String,
        /// What it allows; may be given several times
        #[arg(long = "scope", value_enum, required = true)]
        scopes: Vec<Scope>,
        /// Days after which it is worth nothing
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
    /// Revoke a token: it is worth nothing from now on
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
            } => create(&open(database).await?, name, scopes, expires_days, json).await,
            TokenCommand::List { database, json } => list(&open(database).await?, json).await,
            TokenCommand::Revoke {
                name,
                database,
                json,
            } => revoke(&open(database).await?, &name, json).await,
        }
    })
}

pub(super) async fn open(arguments: DatabaseArgs) -> anyhow::Result<Store> {
    let overrides = Overrides {
        database: arguments.database,
        ..Overrides::default()
    };
    let config = Config::load(arguments.config.as_deref(), overrides)?;
    Ok(Store::open(&config.database).await?)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
async fn create(
    store: &Store,
    name: String,
    scopes: Vec<Scope>,
    expires_days: Option<i64>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if name.trim().is_empty() {
        bail!("NAME is empty: name the token after who or what uses it");
    }
    let scopes = Scopes::new(scopes);
    let token = token::generate()?;
    let now = Clock::system().now_us();
    let row = TokenRow {
        id: 0,
        name,
        scopes: scopes.encode(),
        created_us: now,
        expires_us: expires_days.map(|days| now + days * 86_400_000_000),
        used_us: None,
    };
    store.create_token(&row, &token::hash(&token)).await?;
    if json {
        let answer = serde_json::json!({
            "name": row.name,
            "scopes": scopes.list(),
            "expires": row.expires_us.map(time_from_us),
            "token": token,
        });
        println!("{answer}");
    } else {
        println!("{token}");
        eprintln!(
            "This is the only time that it is shown: keep it where {:?} finds it.",
            row.name
        );
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
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
        println!("{}", serde_json::Value::from(all));
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED"]);
    let time = |us: Option<i64>, none: &str| {
        us.map_or_else(
            || none.to_owned(),
            |us| time_from_us(us).format("%Y-%m-%d %H:%M").to_string(),
        )
    };
    for row in &tokens {
        table.add_row([
            row.name.clone(),
            row.scopes.replace(' ', ","),
            time(Some(row.created_us), ""),
            time(row.expires_us, "never"),
            time(row.used_us, "never"),
        ]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
async fn revoke(store: &Store, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    if !store.revoke_token(name).await? {
        bail!("there is no token named {name:?}: \"playback token list\" shows which there are");
    }
    if json {
        println!("{}", serde_json::json!({ "revoked": name }));
    } else {
        println!("{name} is revoked");
    }
    Ok(ExitCode::SUCCESS)
}
