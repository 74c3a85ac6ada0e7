//! `playback mcp`: the history for an assistant on this machine, by the Model Context Protocol over standard input and
//! output.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use rmcp::service::ServerInitializeError;

use super::client::{Client, ClientArgs};
use super::out;
use crate::mcp::{Ask, Assistant, Query};

/// Let an assistant look at the history, by the Model Context Protocol (MCP)
///
/// An assistant starts this command by itself, and speaks with it over standard input and output: docs/assistants.md has
/// what to put into its configuration. Its tools only read: they list, show, explain, compare and search runs, with the
/// login or token that this command uses. For an assistant elsewhere, the collector has the same tools at /mcp.
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
    // A read of standard input that still waits cannot be stopped.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(client: Client) -> anyhow::Result<()> {
    let assistant = Assistant::new(Remote(client));
    let running = match rmcp::serve_server(assistant, rmcp::transport::stdio()).await {
        Ok(running) => running,
        // The assistant went away before it said anything.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => bail!("what came on standard input is not how MCP begins: {error}"),
    };
    running.waiting().await.context("the connection failed")?;
    Ok(())
}

/// Asks a collector over the network.
struct Remote(Client);

impl Ask for Remote {
    async fn get(&self, path: &str, query: Query) -> Result<Vec<u8>, String> {
        let (client, path) = (self.0.clone(), path.to_owned());
        let asking = tokio::task::spawn_blocking(move || client.get_bytes(&path, &query));
        match asking.await {
            Ok(answer) => answer.map_err(|error| format!("{error:#}")),
            Err(_) => Err("the question broke off: ask again".to_owned()),
        }
    }

    fn page(&self, path: &str) -> String {
        self.0.page(path)
    }
}
