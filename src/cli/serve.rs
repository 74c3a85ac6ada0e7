//! `playback serve`.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{DatabaseArgs, environment, out};
use crate::api;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, LogFormat, Overrides, listen_address};
use crate::server;
use crate::store::DatabaseLock;
use crate::telemetry::{self, Figures};

/// How long to wait at the very end for threads that are blocked.
const LAST_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Address to listen on, such as localhost:8080, or :8080 for every address of this machine; with port 0, the
    /// system chooses one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "PLAYBACK_LISTEN", value_parser = listen_address)]
    listen: Option<SocketAddr>,
    /// Serve without tokens; only on a loopback address
    #[arg(long)]
    no_auth: bool,
    /// Format of the log
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// Log filter: error, warn, info, debug, or a filter expression
    #[arg(long, env = "PLAYBACK_LOG")]
    log_level: Option<String>,
}

pub(super) fn run(command: Serve) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(
        command.database.config.as_deref(),
        Overrides {
            listen: command.listen,
            database: command.database.database,
            no_auth: command.no_auth,
            log_format: command.log_format,
            log_level: command.log_level,
        },
    )?;
    config.private_files.extend(
        [environment::config_folder(), environment::token_file()]
            .into_iter()
            .flatten(),
    );
    let colours = std::io::stderr().is_terminal() && environment::wants_colours();
    telemetry::start_logging(&config, colours)?;
    server::raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let served = runtime.block_on(serve(config));
    // Everything that matters has ended in order. A thread that is still blocked, for example by a slow mail server, delays
    // nothing.
    runtime.shutdown_timeout(LAST_WAIT);
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    // This comes first, so that a database that another collector uses is not touched.
    let mut lock = DatabaseLock::take(&config.store(), "serve")?;
    let address = config.listen;
    let no_auth = config.no_auth;
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("listen = {address}: cannot be listened on; is another collector running there?")
    })?;
    let app = App::start(config, Clock::system(), Figures::start()?).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let address = listener.local_addr()?;
    if let Some(lock) = &mut lock {
        lock.listens(&address.to_string());
    }
    if let Some(token) = app.first_token().await? {
        // Printed for the user who starts it, but never logged.
        out::line(
            "This history has no tokens yet. Here is one that may do everything; it is shown once:",
        )?;
        out::line(token.expose_secret())?;
    }
    if no_auth {
        tracing::warn!("serving without tokens: every user of this machine can read and write");
    }
    tracing::info!(%address, "serving");
    let router = api::router(app.clone());
    server::run(app, router, listener, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await?;
    // The lock is held until here.
    drop(lock);
    Ok(())
}
