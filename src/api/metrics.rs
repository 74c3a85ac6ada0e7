//! Metrics for Prometheus: the documented four, those read from the history, and the collector's own. `docs/metrics.md`
//! lists them all.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::ApiError;
use super::auth::ReadAccess;
use crate::app::App;
use crate::store::{PlaybookFigures, SearchFigures, StatusCounts};
use crate::telemetry::Described;

/// Number of playbooks that have their own metrics: those that ran last. Each is a series that Prometheus stores.
const PLAYBOOKS: usize = 100;

/// Metrics for Prometheus: the four of the documented API, then the collector's own.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(super) async fn get_metrics(
    State(app): State<App>,
    _: ReadAccess,
) -> Result<impl IntoResponse, ApiError> {
    let counts = app.store.status_counts().await?;
    let playbooks = app.store.playbook_figures(PLAYBOOKS).await?;
    let search = app.store.search_figures().await?;
    let traces = app.store.pending_traces().await?;
    let mut text = of_history(&counts, &playbooks, search, traces);
    text.push_str(&app.figures.render());
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

/// Metrics read from the history.
fn of_history(
    counts: &StatusCounts,
    playbooks: &[PlaybookFigures],
    search: SearchFigures,
    pending_traces: u64,
) -> String {
    let all = counts.running + counts.success + counts.failed;
    let mut text = Text::default();
    for (described, value) in
        Described::DOCUMENTED
            .iter()
            .zip([all, counts.running, counts.failed, counts.success])
    {
        text.head(described);
        text.line(described.name, "", value as f64);
    }
    let [
        info,
        executions,
        success,
        duration,
        pending,
        segments,
        bytes,
        traces,
    ] = Described::HISTORY;
    text.head(info);
    text.line(info.name, &label("version", env!("CARGO_PKG_VERSION")), 1.0);
    text.head(executions);
    for (status, value) in [
        ("running", counts.running),
        ("success", counts.success),
        ("failed", counts.failed),
    ] {
        text.line(executions.name, &label("status", status), value as f64);
    }
    let seconds = |us: Option<i64>| us.map(|us| us as f64 / 1e6);
    for (described, of) in [
        (
            success,
            (|one| one.last_success_us) as fn(&PlaybookFigures) -> Option<i64>,
        ),
        (duration, |one| one.last_duration_us),
    ] {
        text.head(described);
        for one in playbooks {
            if let Some(value) = seconds(of(one)) {
                text.line(described.name, &labels(one), value);
            }
        }
    }
    for (described, value) in [
        (pending, search.pending),
        (segments, search.segments),
        (bytes, search.bytes),
        (traces, pending_traces),
    ] {
        text.head(described);
        text.line(described.name, "", value as f64);
    }
    text.0
}

/// Prometheus' text format.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, described: &Described) {
        let Described { name, kind, help } = described;
        // Writing to a String cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// One label.
fn label(name: &str, value: &str) -> String {
    format!("{{{}}}", pair(name, value))
}

/// The labels of a playbook. A playbook without a folder lacks that label: to Prometheus, an empty label is the same.
fn labels(of: &PlaybookFigures) -> String {
    let playbook = pair("playbook", &of.playbook);
    match &of.folder {
        Some(folder) => format!("{{{playbook},{}}}", pair("folder", folder)),
        None => format!("{{{playbook}}}"),
    }
}

/// A label's name and its value, escaped.
fn pair(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_holds_any_text() {
        assert_eq!(
            label("playbook", "a \"b\"\\c\nd"),
            r#"{playbook="a \"b\"\\c\nd"}"#
        );
    }

    #[test]
    fn times_are_written_in_whole_numbers_and_not_as_powers() {
        let playbook = PlaybookFigures {
            playbook: "site.yml".to_owned(),
            folder: Some("/srv/shop".to_owned()),
            last_success_us: Some(1_768_903_200_500_000),
            last_duration_us: None,
        };
        let text = of_history(
            &StatusCounts::default(),
            &[playbook],
            SearchFigures::default(),
            0,
        );
        let line = "playback_last_success_timestamp_seconds\
            {playbook=\"site.yml\",folder=\"/srv/shop\"} 1768903200.5\n";
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("last_duration_seconds{"), "{text}");
    }
}
