//! `playback mcp`: the history for an assistant on this machine, over the Model Context Protocol on standard input and
//! output.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use rmcp::service::ServerInitializeError;

use super::client::{Client, ClientArgs};
use super::out;
use crate::mcp::{Ask, Assistant, Query};

/// Let an assistant read the history, over the Model Context Protocol (MCP)
///
/// An assistant starts this command itself, and talks to it over standard input and output: docs/assistants.md shows the
/// assistant's configuration. Its tools only read: they list, show, explain, compare and search runs, with the login or
/// token of this command. For an assistant on another machine, the collector has the same tools at /mcp.
#[derive(Debug, Args)]
pub(super) struct Mcp {
    #[command(flatten)]
    client: ClientArgs,
}

pub(super) fn run(command: &Mcp) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    if std::io::stdin().is_terminal() {
        out::note(format_args!(
            "playback: waiting for an assistant, which starts this command by itself; Ctrl-C ends it"
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let served = runtime.block_on(serve(client));
    // A pending read of standard input cannot be stopped.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(client: Client) -> anyhow::Result<()> {
    let assistant = Assistant::new(Remote(client));
    let running = match rmcp::serve_server(assistant, rmcp::transport::stdio()).await {
        Ok(running) => running,
        // The assistant disconnected without a message.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => bail!("what came on standard input is not how MCP begins: {error}"),
    };
    running.waiting().await.context("the connection failed")?;
    Ok(())
}

/// Sends requests to a collector over the network.
struct Remote(Client);

impl Ask for Remote {
    async fn get(&self, path: &str, query: Query) -> Result<Vec<u8>, String> {
        let (client, path) = (self.0.clone(), path.to_owned());
        let asking = tokio::task::spawn_blocking(move || client.get_bytes(&path, &query));
        match asking.await {
            Ok(answer) => answer.map_err(|error| format!("{error:#}")),
            Err(_) => Err("the request was interrupted: try again".to_owned()),
        }
    }

    fn page(&self, path: &str) -> String {
        self.0.page(path)
    }
}
