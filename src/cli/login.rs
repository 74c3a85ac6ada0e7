//! `playback login`, `logout`, `whoami` and `context`: manage this user's collectors and tokens.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::http::StatusCode;

use super::client::{Client, ClientArgs, Refused, address};
use super::logins::{Login, Logins};
use super::out::{self, Column, Out};
use super::{Wrong, secret, when};

/// The longest token that is read, in bytes.
const TOKEN_BYTES: usize = 4096;

/// Log in to a collector: stores its URL and your token for all further commands
///
/// Asks for the token, and checks it with the collector. It is stored in a file that only you can read, logins.json in
/// XDG_CONFIG_HOME/playback or ~/.config/playback, and only sent to that collector. The recorder does not use it: it
/// has its own token, with the scope "ingest".
#[derive(Debug, Args)]
pub(super) struct LogIn {
    /// The collector, such as https://playback.example.com
    url: String,
    /// Name of the login, if you have several [default: the collector's host]
    #[arg(long, value_name = "NAME", value_parser = context_name)]
    context: Option<String>,
    /// Read the token from this file
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Read the token from standard input
    #[arg(long, conflicts_with = "token_file")]
    with_token: bool,
    /// Print nothing on success
    #[arg(long, short)]
    quiet: bool,
    /// Print JSON: where you are logged in, and what the token allows
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

/// Delete a login and its token
///
/// The token itself stays valid until "playback token revoke".
#[derive(Debug, Args)]
pub(super) struct LogOut {
    /// Name of the login [default: the one in use]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Delete all logins
    #[arg(long, conflicts_with = "context")]
    all: bool,
    /// Print nothing on success
    #[arg(long, short)]
    quiet: bool,
}

/// Show which collector and token commands use, and what that token allows
#[derive(Debug, Args)]
pub(super) struct WhoAmI {
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// List your logins, or choose the one that commands use
#[derive(Debug, Args)]
pub(super) struct Contexts {
    #[command(subcommand)]
    command: ContextCommand,
}

#[derive(Debug, Subcommand)]
enum ContextCommand {
    /// List your logins
    List {
        /// Print JSON, without tokens
        #[arg(long)]
        json: bool,
    },
    /// Use this login from now on
    Use {
        /// Its name
        name: String,
    },
}

/// The collector's description of a token.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Identity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The actor's name in records.
    pub(super) actor: String,
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<DateTime<Utc>>,
}

impl Identity {
    /// Asks the collector whose token it is.
    pub(super) fn ask(client: &Client) -> anyhow::Result<Self> {
        client.get("/whoami", &[])
    }

    /// Whether there is a token: a collector may serve without tokens.
    pub(super) fn has_token(&self) -> bool {
        self.name.is_some()
    }

    fn allows(&self, scope: &str) -> bool {
        let mut scopes = self.scopes.iter();
        scopes.any(|one| one == scope || one == "admin")
    }

    fn in_words(&self) -> String {
        let Some(name) = &self.name else {
            return "this collector serves without tokens: anyone who can reach it may do everything".to_owned();
        };
        let until = self
            .expires
            .map(|time| format!(", until {}", when::show(time)));
        format!(
            "{name}, with the scopes {}{}",
            self.scopes.join(", "),
            until.unwrap_or_default()
        )
    }
}

/// Checks that a context name is easy to type.
fn context_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:-@".contains(c);
    let starts = |c: char| c.is_ascii_alphanumeric();
    match text.starts_with(starts) && text.chars().all(fits) && text.len() <= 100 {
        true => Ok(text.to_owned()),
        false => Err("a name consists of letters, digits and . _ : - @".to_owned()),
    }
}

pub(super) fn log_in(command: &LogIn) -> anyhow::Result<ExitCode> {
    let url = address::typed(&command.url)?;
    let name = match &command.context {
        Some(name) => name.clone(),
        None => address::host(&url),
    };
    let mut logins = Logins::read()?;
    let is_asked = command.token_file.is_none() && !command.with_token;
    // A collector that serves without tokens needs none.
    let open = match is_asked {
        true => without_token(&url)?,
        false => None,
    };
    let (token, identity) = match open {
        Some(identity) => (None, identity),
        None => {
            let token = token(command, &url)?;
            let client = Client::of(&url, Some(&token), "the token that you gave")?;
            (Some(token), Identity::ask(&client)?)
        }
    };
    let login = Login {
        url: url.clone(),
        token,
        name: identity.name.clone(),
    };
    logins.contexts.insert(name.clone(), login);
    logins.current = Some(name.clone());
    logins.write()?;
    if command.json {
        let mut answer = serde_json::to_value(&identity)?;
        answer["url"] = url.clone().into();
        answer["context"] = name.clone().into();
        out::json(&answer)?;
    } else if !command.quiet {
        out::line(format_args!("logged in to {url} ({name})"))?;
        out::line(identity.in_words())?;
    }
    if address::is_in_the_clear(&url) {
        out::note(format_args!(
            "playback: {url} is not encrypted: others on the network can read the token; use https"
        ));
    }
    if !identity.allows("read") {
        out::note(
            "playback: this token lacks the scope \"read\", so that \"list\" and \"show\" will be refused",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The identity without a token; none if the collector requires one.
fn without_token(url: &str) -> anyhow::Result<Option<Identity>> {
    let client = Client::of(url, None, "")?;
    match Identity::ask(&client) {
        Ok(identity) => Ok(Some(identity)),
        Err(error) => match error.downcast_ref::<Refused>() {
            Some(refused) if refused.status == StatusCode::UNAUTHORIZED => Ok(None),
            _ => Err(error),
        },
    }
}

/// Reads the token from a file, from standard input, or at the terminal without echo.
fn token(command: &LogIn, url: &str) -> anyhow::Result<SecretString> {
    let text = match &command.token_file {
        Some(file) if file != Path::new("-") => {
            let cannot = || format!("the token file {} cannot be read", file.display());
            read(std::fs::File::open(file).with_context(cannot)?).with_context(cannot)?
        }
        _ if command.with_token || command.token_file.is_some() => {
            read(std::io::stdin()).context("the token cannot be read from standard input")?
        }
        _ if std::io::stdin().is_terminal() => secret::ask(&format!("Token for {url}: ")).context(
            "the token cannot be entered here: --with-token reads it from standard input",
        )?,
        _ => {
            return Err(Wrong(
                "there is no terminal to ask for the token: --with-token reads it from standard input, --token-file \
                 from a file"
                    .to_owned(),
            )
            .into());
        }
    };
    let token = text.expose_secret().trim();
    if token.is_empty() {
        bail!("the token is empty: \"playback token create NAME --scope read\" makes one");
    }
    Ok(token.into())
}

fn read(from: impl std::io::Read) -> std::io::Result<SecretString> {
    // The capacity of the longest token, so that growing leaves no part of a token behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(TOKEN_BYTES));
    from.take(TOKEN_BYTES as u64).read_to_string(&mut text)?;
    Ok(text.as_str().into())
}

pub(super) fn log_out(command: &LogOut) -> anyhow::Result<ExitCode> {
    let mut logins = Logins::read()?;
    let gone: Vec<String> = if command.all {
        logins.contexts.keys().cloned().collect()
    } else {
        let name = command.context.as_ref().or(logins.current.as_ref());
        let name = name.ok_or_else(|| match logins.contexts.is_empty() {
            true => anyhow!("you are not logged in"),
            false => anyhow!("{}", logins.unknown("")),
        })?;
        vec![name.clone()]
    };
    if gone.is_empty() {
        bail!("you are not logged in");
    }
    for name in &gone {
        if logins.contexts.remove(name).is_none() {
            bail!("{}", logins.unknown(name));
        }
        if logins.current.as_ref() == Some(name) {
            logins.current = None;
        }
    }
    logins.write()?;
    if !command.quiet {
        for name in gone {
            out::line(format_args!("logged out of {name}"))?;
        }
        if logins.current.is_none() && !logins.contexts.is_empty() {
            out::note("playback: no log-in is used now: \"playback context use NAME\" chooses one");
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn whoami(command: &WhoAmI) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let identity = Identity::ask(&client)?;
    let target = client.target();
    if command.json {
        let mut answer = serde_json::to_value(&identity)?;
        answer["url"] = target.url.clone().into();
        answer["url_from"] = target.url_from.clone().into();
        answer["token_from"] = target.token_from.clone().into();
        out::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = Out::new();
    out.hanging("who        ", &out::plain(&identity.in_words()))?;
    out.hanging(
        "collector  ",
        &format!("{} ({})", target.url, target.url_from),
    )?;
    if let Some(from) = &target.token_from {
        out.hanging("token      ", from)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn contexts(command: &Contexts) -> anyhow::Result<ExitCode> {
    let mut logins = Logins::read()?;
    match &command.command {
        ContextCommand::List { json: true } => {
            let all: Vec<Value> = logins
                .contexts
                .iter()
                .map(|(name, login)| {
                    json!({
                        "context": name,
                        "url": login.url,
                        "name": login.name,
                        "current": logins.current.as_ref() == Some(name),
                    })
                })
                .collect();
            out::json(&all)?;
        }
        ContextCommand::List { json: false } => {
            if logins.contexts.is_empty() {
                out::note("you are not logged in: \"playback login URL\"");
                return Ok(ExitCode::SUCCESS);
            }
            let rows = logins.contexts.iter().map(|(name, login)| {
                let is_current = logins.current.as_ref() == Some(name);
                [
                    if is_current { "*" } else { "" }.to_owned(),
                    name.clone(),
                    login.url.clone(),
                    login.name.clone().unwrap_or_default(),
                ]
            });
            let columns = [
                Column::whole(""),
                Column::end("CONTEXT", 8),
                Column::end("COLLECTOR", 12),
                Column::end("TOKEN", 6),
            ];
            let mut out = Out::new();
            out.table(columns, rows.collect(), |_, _, line| line)?;
            out.flush()?;
        }
        ContextCommand::Use { name } => {
            if !logins.contexts.contains_key(name) {
                bail!("{}", logins.unknown(name));
            }
            logins.current = Some(name.clone());
            logins.write()?;
            out::line(format_args!("{name} is used from now on"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
