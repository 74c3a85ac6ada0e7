//! `playback open`: a run's page in the browser, logged in.

use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::login::Identity;
use super::pick::Pick;
use super::{environment, out};

/// Programs that open an address in the user's browser.
const OPENERS: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else {
    &["xdg-open"]
};

/// Open a run's page in the browser, logged in with your token
///
/// The address contains no token but a ticket, which is valid for one login within a minute. If no browser can be
/// opened, the address is printed.
#[derive(Debug, Args)]
pub(super) struct Open {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest"; by default
    /// your last run
    id: Option<Pick>,
    /// Print the address, and do not open it
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    client: ClientArgs,
}

pub(super) fn run(command: &Open) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let id = match &command.id {
        Some(pick) => pick.find(&client)?,
        None => Pick::find_last_own(&client)?,
    };
    let address = address(&client, id)?;
    if !command.print && is_opened(&address) {
        out::note(format_args!("playback: opened {}", client.page_of(id)));
        return Ok(ExitCode::SUCCESS);
    }
    out::line(address)?;
    out::hint("playback: this address logs in once, within a minute");
    Ok(ExitCode::SUCCESS)
}

/// The run's page, with a login on the way; a collector that serves without tokens needs none.
fn address(client: &Client, id: Uuid) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Answer {
        ticket: String,
    }
    if !Identity::ask(client)?.has_token() {
        return Ok(client.page_of(id));
    }
    let Answer { ticket } = client.post("/session/ticket", &json!({}))?;
    Ok(client.page(&format!("/login?ticket={ticket}&next=/runs/{id}")))
}

/// Opens the address in the user's browser; false if that is not possible here.
fn is_opened(address: &str) -> bool {
    if !environment::has_screen() {
        return false;
    }
    let folders = environment::search_path();
    let found = OPENERS
        .iter()
        .find(|name| folders.iter().any(|folder| folder.join(name).is_file()));
    let Some(opener) = found else { return false };
    let opened = Command::new(opener)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    opened.is_ok_and(|status| status.success())
}
