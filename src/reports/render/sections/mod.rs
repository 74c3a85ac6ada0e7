//! The sections of a report, in words and tables. Recorded text is not escaped yet.
//!
//! Layout:
//! - here: the forms that sections have, and the overview of all runs
//! - `failures`: why runs failed
//! - `lists`: playbooks, hosts, what is new, what developed, budgets

mod failures;
mod lists;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::model::{CostFigures, Figures, Report, ReportRuns};

/// A report in words and tables.
pub(in crate::reports::render) struct Document {
    pub(in crate::reports::render) title: String,
    /// Below the title: names and texts.
    pub(in crate::reports::render) facts: Vec<(&'static str, String)>,
    pub(in crate::reports::render) sections: Vec<Section>,
}

/// A part of it.
pub(in crate::reports::render) struct Section {
    pub(in crate::reports::render) title: &'static str,
    pub(in crate::reports::render) parts: Vec<Part>,
}

/// What a section holds.
pub(in crate::reports::render) enum Part {
    /// A sentence of ours.
    Text(String),
    Table(Table),
    Items(Vec<Item>),
}

/// Columns below their headings. The first column has names, which were recorded; the others are ours.
pub(in crate::reports::render) struct Table {
    pub(in crate::reports::render) heads: Vec<&'static str>,
    pub(in crate::reports::render) rows: Vec<Row>,
}

pub(in crate::reports::render) struct Row {
    pub(in crate::reports::render) cells: Vec<String>,
    /// Whether something failed.
    pub(in crate::reports::render) is_bad: bool,
}

/// An entry of a list.
pub(in crate::reports::render) struct Item {
    /// Ours.
    pub(in crate::reports::render) head: String,
    /// Recorded text.
    pub(in crate::reports::render) text: Option<String>,
    /// More about it: names of ours, and recorded texts.
    pub(in crate::reports::render) details: Vec<(&'static str, String)>,
    pub(in crate::reports::render) is_bad: bool,
}

/// Counts something of a period's runs.
type Count = fn(&ReportRuns) -> u64;

/// Tells a figure.
type Words = fn(&Figures) -> String;

/// Shows times in a zone.
pub(in crate::reports::render) struct Times(pub(in crate::reports::render) Tz);

impl Times {
    fn show(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.0)
            .format("%Y-%m-%d %H:%M")
            .to_string()
    }
}

/// What it is called.
pub(in crate::reports::render) fn title(report: &Report) -> &'static str {
    match report.period.as_deref() {
        Some("day") => "Ansible: the day",
        Some("week") => "Ansible: the week",
        Some("month") => "Ansible: the month",
        _ => "Ansible: what ran",
    }
}

/// Its period in words.
pub(in crate::reports::render) fn period(report: &Report, times: &Times) -> String {
    let (from, to) = (times.show(report.from), times.show(report.to));
    format!("{from} to {to} ({})", report.zone)
}

/// The report.
pub(in crate::reports::render) fn document(report: &Report) -> Document {
    let times = Times(report.zone.parse().unwrap_or(Tz::UTC));
    let mut facts = vec![
        ("Period", period(report, &times)),
        (
            "Before",
            format!(
                "{} to {}",
                times.show(report.before_from),
                times.show(report.from)
            ),
        ),
    ];
    facts.extend(report.query.clone().map(|query| ("Runs", query)));
    facts.extend(report.schedule.clone().map(|name| ("Schedule", name)));
    facts.push(("Made", times.show(report.made)));
    let all = [
        overview(report),
        failures::failures(report, &times),
        lists::playbooks(report),
        lists::news(report),
        lists::changes("Slower", &report.slower, &times),
        lists::changes("Faster", &report.faster, &times),
        lists::flaky(report),
        lists::not_idempotent(report),
        lists::failed_hosts(report),
        lists::missing_hosts(report, &times),
        lists::budgets(report),
        lists::remarks(report),
    ];
    Document {
        title: title(report).to_owned(),
        facts,
        sections: all.into_iter().flatten().collect(),
    }
}

fn section(title: &'static str, part: Part) -> Section {
    Section {
        title,
        parts: vec![part],
    }
}

fn row(cells: Vec<String>, is_bad: bool) -> Row {
    Row { cells, is_bad }
}

/// How much more or less it is than before.
fn difference(now: u64, before: u64) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => "=".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", now - before),
        std::cmp::Ordering::Less => format!("-{}", before - now),
    }
}

/// The success rate; `-` if no run is over.
fn rate(figures: &Figures) -> String {
    match figures.success + figures.failed {
        0 => "-".to_owned(),
        _ => format!("{:.1} %", figures.success_rate),
    }
}

/// A duration: `12.3s`, `2m 05s`, `1h 02m`.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match (whole / 3600, whole / 60 % 60) {
        (0, 0) => format!("{:.1}s", seconds.max(0.0)),
        (0, minutes) => format!("{minutes}m {:02}s", whole % 60),
        (hours, minutes) => format!("{hours}h {minutes:02}m"),
    }
}

/// A duration of finished runs; `-` if there are none.
fn took(figures: &Figures, of: fn(&Figures) -> f64) -> String {
    match figures.success + figures.failed {
        0 => "-".to_owned(),
        _ => duration(of(figures)),
    }
}

fn overview(report: &Report) -> Option<Section> {
    let mut parts = Vec::new();
    if report.is_empty {
        let text = "No run started in this period.";
        parts.push(Part::Text(text.to_owned()));
    }
    let (now, before) = (&report.runs, &report.runs_before);
    let mut rows = Vec::new();
    let counts: [(&str, Count); 6] = [
        ("runs", |runs| runs.figures.total),
        ("succeeded", |runs| runs.figures.success),
        ("failed", |runs| runs.figures.failed),
        ("not over yet", |runs| runs.figures.running),
        ("changed something", |runs| runs.changed),
        ("hosts", |runs| runs.hosts),
    ];
    for (name, count) in counts {
        let (now, before) = (count(now), count(before));
        if name == "not over yet" && now + before == 0 {
            continue;
        }
        let cells = vec![
            name.to_owned(),
            now.to_string(),
            before.to_string(),
            difference(now, before),
        ];
        rows.push(row(cells, name == "failed" && now > 0));
    }
    let texts: [(&str, Words); 3] = [
        ("success rate", rate),
        ("median duration", |figures| {
            took(figures, |one| one.p50_duration)
        }),
        ("95th percentile", |figures| {
            took(figures, |one| one.p95_duration)
        }),
    ];
    for (name, text) in texts {
        let cells = vec![
            name.to_owned(),
            text(&now.figures),
            text(&before.figures),
            String::new(),
        ];
        rows.push(row(cells, false));
    }
    if let (Some(now), Some(before)) = (now.cost(), before.cost()) {
        let cells = vec![
            "cost".to_owned(),
            now.shown(),
            before.shown(),
            more(now, before),
        ];
        rows.push(row(cells, false));
    }
    parts.push(Part::Table(Table {
        heads: vec!["", "now", "before", "change"],
        rows,
    }));
    if let Some(cost) = now.cost().filter(|cost| cost.unknown_runs > 0) {
        parts.push(Part::Text(format!(
            "Not all is known of the cost of {} of {} runs.",
            cost.unknown_runs, cost.runs
        )));
    }
    Some(Section {
        title: "Runs",
        parts,
    })
}

/// How much more or less was spent.
fn more(now: &CostFigures, before: &CostFigures) -> String {
    let (Some(now), Some(before)) = (now.amount(), before.amount()) else {
        return String::new();
    };
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => "=".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", now.less(before).shown()),
        std::cmp::Ordering::Less => format!("-{}", before.less(now).shown()),
    }
}
