//! The program's own log and metrics.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{Config, LogFormat};

/// Starts logging to standard error; `colours`: it is a terminal that shows them. A second call in one process
/// changes nothing.
///
/// # Errors
/// `log_level` is not a filter.
pub fn start_logging(config: &Config, colours: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log_level)
        .map_err(|error| anyhow::anyhow!("log_level = {:?}: {error}", config.log_level))?;
    let filter = without_requests(filter)?;
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

/// The same filter, but for the most detailed level of the HTTP client: there it prints requests as they are sent, with
/// secret addresses and tokens.
fn without_requests(mut filter: EnvFilter) -> anyhow::Result<EnvFilter> {
    if filter.max_level_hint() == Some(LevelFilter::TRACE) {
        for target in ["ureq=debug", "ureq_proto=debug"] {
            filter = filter.add_directive(target.parse()?);
        }
    }
    Ok(filter)
}

/// A metric as described to Prometheus.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name: `playback_…_total` for a counter, with its unit if it has one.
    pub name: &'static str,
    /// `counter`, `gauge`, `histogram`, or `untyped`.
    pub kind: &'static str,
    /// Its meaning.
    pub help: &'static str,
}

const fn described(name: &'static str, kind: &'static str, help: &'static str) -> Described {
    Described { name, kind, help }
}

/// Runs that ended, by status.
pub const ENDED: &str = "playback_executions_ended_total";

/// Traces that need not be sent any longer, by outcome.
pub const TRACES: &str = "playback_traces_ended_total";

/// Metrics that only appear once there is a value for their label.
const LABELLED: &[&str] = &[
    "playback_job_running",
    "playback_job_last_success_timestamp_seconds",
    TRACES,
    "playback_ingest_refusals_total",
    "playback_viewers_dropped_total",
    "playback_connections_closed_total",
    "playback_job_runs_total",
    "playback_schedule_times_total",
    "playback_reports_total",
    "playback_report_deliveries_total",
    ENDED,
];

impl Described {
    /// The four metrics of the documented API, in its order: their names and values are fixed. The first counts what is
    /// in the history, so it shrinks on deletion, and is no counter.
    pub const DOCUMENTED: &[Self; 4] = &[
        described(
            "ansible_executions_total",
            "untyped",
            "Executions in the history; decreases when executions are deleted.",
        ),
        described(
            "ansible_executions_running",
            "gauge",
            "Executions that are running.",
        ),
        described(
            "ansible_executions_failed",
            "gauge",
            "Executions in the history that failed.",
        ),
        described(
            "ansible_executions_success",
            "gauge",
            "Executions in the history that succeeded.",
        ),
    ];

    /// Further metrics read from the history.
    pub const HISTORY: &[Self; 8] = &[
        described(
            "playback_build_info",
            "gauge",
            "Always 1; the label says which version runs.",
        ),
        described(
            "playback_executions",
            "gauge",
            "Executions in the history, by status.",
        ),
        described(
            "playback_last_success_timestamp_seconds",
            "gauge",
            "When the last successful run of a playbook ended, in seconds since the epoch; for the 100 playbooks that ran last.",
        ),
        described(
            "playback_last_duration_seconds",
            "gauge",
            "Duration of the last finished run of a playbook; for the 100 playbooks that ran last.",
        ),
        described(
            "playback_search_pending_runs",
            "gauge",
            "Finished executions that the search index does not cover: every search reads them.",
        ),
        described(
            "playback_search_segments",
            "gauge",
            "Segments of the search index: every search looks into each of them.",
        ),
        described(
            "playback_search_index_bytes",
            "gauge",
            "Size of the search index.",
        ),
        described(
            "playback_traces_pending",
            "gauge",
            "Finished executions whose trace is still to be sent.",
        ),
    ];

    /// Counted by this collector since its start.
    pub const COUNTED: &[Self] = &[
        described(
            ENDED,
            "counter",
            "Executions that this collector saw end, by status.",
        ),
        described(
            "playback_ingest_events_total",
            "counter",
            "Events that were stored.",
        ),
        described(
            "playback_ingest_repeated_events_total",
            "counter",
            "Events that were sent again although they were already stored.",
        ),
        described(
            "playback_ingest_refusals_total",
            "counter",
            "Batches that were refused, by error code.",
        ),
        described(
            "playback_requests_refused_total",
            "counter",
            "Requests that were refused because the client was not authenticated (401) or not allowed (403), by status.",
        ),
        described(
            "playback_audit_views_lost_total",
            "counter",
            "Views of records that were not entered in the audit trail, because too many were waiting for the database.",
        ),
        described(
            "playback_commits_total",
            "counter",
            "Commits to the database.",
        ),
        described(
            "playback_commit_failures_total",
            "counter",
            "Commits that failed; their batches are sent again.",
        ),
        described(
            "playback_commits_overtaken_total",
            "counter",
            "Commits that conflicted with another collector's commit; they are retried.",
        ),
        described(
            "playback_commit_seconds",
            "histogram",
            "Duration of a commit.",
        ),
        described("playback_viewers", "gauge", "Open streams."),
        described(
            "playback_viewers_refused_total",
            "counter",
            "Streams that were refused because too many were open.",
        ),
        described(
            "playback_viewers_dropped_total",
            "counter",
            "Viewers that the collector disconnected, by reason.",
        ),
        described(
            "playback_feed_reads_total",
            "counter",
            "Executions that were read for the feed; one read serves all viewers.",
        ),
        described("playback_connections", "gauge", "Open connections."),
        described(
            "playback_connections_closed_total",
            "counter",
            "Connections that the collector closed before their clients were done, by reason.",
        ),
        described(
            "playback_connections_refused_total",
            "counter",
            "Connections that were refused because too many were in use.",
        ),
        described(
            "playback_accept_failures_total",
            "counter",
            "Connections that were not accepted because the machine lacked file descriptors or memory.",
        ),
        described("playback_launches_total", "counter", "Launch requests."),
        described(
            "playback_launches_refused_total",
            "counter",
            "Launch requests that were refused because the queue was full.",
        ),
        described(
            "playback_launches_running",
            "gauge",
            "Launched runs that are running.",
        ),
        described(
            "playback_launches_queued",
            "gauge",
            "Launched runs that wait in the queue.",
        ),
        described(
            "playback_schedule_times_total",
            "counter",
            "Times of schedules that this collector decided about, by outcome: started, or why not.",
        ),
        described(
            "playback_notifications_total",
            "counter",
            "Attempts to send a notification, by what came of them: delivered, retried (it is tried again) or given_up.",
        ),
        described(
            "playback_retention_deleted_total",
            "counter",
            "Executions that retention deleted.",
        ),
        described(
            "playback_retention_bytes_freed_total",
            "counter",
            "Bytes of event logs that retention deleted.",
        ),
        described(
            "playback_search_indexed_total",
            "counter",
            "Executions that this collector took into the search index.",
        ),
        described(
            "playback_search_runs_read_total",
            "counter",
            "Executions whose log a search read.",
        ),
        described(
            TRACES,
            "counter",
            "Traces that this collector need not send any more, by outcome: sent, refused, given_up, not_sampled.",
        ),
        described(
            "playback_trace_spans_total",
            "counter",
            "Spans that the receiver of traces has taken.",
        ),
        described(
            "playback_reports_total",
            "counter",
            "Reports that this collector made for schedules, by outcome: made, failed.",
        ),
        described(
            "playback_report_deliveries_total",
            "counter",
            "Reports written to folders, by outcome: delivered, failed (it is tried again), given_up.",
        ),
        described(
            "playback_job_runs_total",
            "counter",
            "Runs of background jobs, by job and outcome: done, idle (nothing to do), stopped, failed, panicked.",
        ),
        described(
            "playback_job_running",
            "gauge",
            "Whether a job is running: 1 or 0.",
        ),
        described(
            "playback_job_duration_seconds",
            "histogram",
            "Duration of a job's run that had something to do.",
        ),
        described(
            "playback_job_last_success_timestamp_seconds",
            "gauge",
            "When a job last ran successfully, in seconds since the epoch.",
        ),
    ];
}

/// The collector's own metrics, for `/metrics`.
#[derive(Debug, Clone)]
pub struct Figures(PrometheusHandle);

impl Figures {
    /// Starts counting.
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
        for Described { name, kind, help } in Described::COUNTED {
            match *kind {
                "counter" => metrics::describe_counter!(*name, *help),
                "gauge" => metrics::describe_gauge!(*name, *help),
                _ => metrics::describe_histogram!(*name, *help),
            }
            if LABELLED.contains(name) {
                continue;
            }
            match *kind {
                // A counter must appear before its first increment, or that increase is invisible.
                "counter" => metrics::counter!(*name).increment(0),
                // What there is nothing of is 0, and not unknown.
                "gauge" => metrics::gauge!(*name).set(0.0),
                _ => {}
            }
        }
        metrics::counter!(TRACES, "outcome" => "sent").increment(0);
        for status in ["success", "failed"] {
            metrics::counter!(ENDED, "status" => status).increment(0);
        }
        Ok(Self(handle))
    }

    /// Sorts measured values into their buckets; to be called periodically.
    pub fn keep_up(&self) {
        self.0.run_upkeep();
    }

    /// In Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.keep_up();
        self.0.render()
    }
}
