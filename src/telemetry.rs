//! The program's own log and figures.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging to standard error; `colours`: it is a terminal that shows them. A second call in one process
/// changes nothing.
///
/// # Errors
/// `log_level` is not a filter.
pub fn start_logging(config: &Config, colours: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log_level)
        .map_err(|error| anyhow::anyhow!("log_level = {:?}: {error}", config.log_level))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr);
    // An error means that logging was started already.
    let _ = match config.log_format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// The collector's own figures, for `/metrics`.
#[derive(Debug, Clone)]
pub struct Figures(PrometheusHandle);

impl Figures {
    /// Starts to count.
    ///
    /// # Errors
    /// This process counts already.
    pub fn start() -> anyhow::Result<Self> {
        let seconds = [
            0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
        ];
        let handle = PrometheusBuilder::new()
            .set_buckets(&seconds)?
            .install_recorder()?;
        metrics::describe_counter!(
            "playback_ingest_events_total",
            "Events that were taken in for the first time."
        );
        metrics::describe_counter!(
            "playback_ingest_repeated_events_total",
            "Events that were sent again, and were stored already."
        );
        metrics::describe_counter!(
            "playback_ingest_refusals_total",
            "Batches that were refused, by reason."
        );
        metrics::describe_counter!("playback_commits_total", "Commits of the writer.");
        metrics::describe_counter!(
            "playback_commit_failures_total",
            "Commits that failed; their batches are sent again."
        );
        metrics::describe_histogram!("playback_commit_seconds", "How long a commit takes.");
        metrics::describe_gauge!("playback_viewers", "Open streams.");
        metrics::describe_counter!(
            "playback_viewers_refused_total",
            "Streams that were refused, because too many were open."
        );
        metrics::describe_counter!(
            "playback_viewers_dropped_total",
            "Viewers that were let go, by reason."
        );
        metrics::describe_gauge!("playback_connections", "Open connections.");
        metrics::describe_counter!(
            "playback_connections_closed_total",
            "Connections that the collector closed before their clients were done, by reason."
        );
        metrics::describe_counter!(
            "playback_connections_refused_total",
            "Connections that were refused, because too many were in use."
        );
        metrics::describe_counter!(
            "playback_accept_failures_total",
            "Connections that the machine had no descriptors or memory for."
        );
        Ok(Self(handle))
    }

    /// In Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}
