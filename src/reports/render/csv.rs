//! A report as CSV: a row for each figure.

use chrono::SecondsFormat;

use crate::export::csv;
use crate::model::{Figures, Report, RunAt};

/// Reads a figure.
type Figure<T> = fn(&Figures) -> T;

/// Headings: what the row is about, which one, which figure of it, its value, and that of the period before.
const HEADS: [&str; 5] = ["section", "name", "figure", "value", "before"];

/// Collects rows.
struct Rows(String);

impl Rows {
    fn add(&mut self, section: &str, name: &str, figure: &str, value: &str, before: &str) {
        self.0
            .push_str(&csv::row([section, name, figure, value, before]));
    }

    /// A figure that the period before has, too.
    fn count(&mut self, (section, name): (&str, &str), figure: &str, now: u64, before: u64) {
        self.add(section, name, figure, &now.to_string(), &before.to_string());
    }

    /// A figure of this period alone.
    fn one(&mut self, (section, name): (&str, &str), figure: &str, value: &impl ToString) {
        self.add(section, name, figure, &value.to_string(), "");
    }
}

/// The document.
pub(super) fn document(report: &Report) -> String {
    let mut rows = Rows(csv::row(HEADS));
    let whole = ("report", "");
    let time =
        |time: &chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    rows.add(
        "report",
        "",
        "from",
        &time(&report.from),
        &time(&report.before_from),
    );
    rows.add("report", "", "to", &time(&report.to), &time(&report.from));
    rows.one(whole, "zone", &report.zone);
    rows.one(whole, "query", &report.query.as_deref().unwrap_or_default());
    let (now, before) = (&report.runs, &report.runs_before);
    figures(&mut rows, ("runs", ""), &now.figures, Some(&before.figures));
    rows.count(("runs", ""), "changed", now.changed, before.changed);
    rows.count(("runs", ""), "hosts", now.hosts, before.hosts);
    for one in &report.reasons {
        rows.count(("reason", &one.reason), "runs", one.runs, one.runs_before);
    }
    for one in &report.playbooks {
        let name = ("playbook", one.playbook.as_str());
        rows.count(name, "total", one.figures.total, one.total_before);
        rows.count(name, "failed", one.figures.failed, one.failed_before);
        rows.one(name, "p50_duration", &one.figures.p50_duration);
        if let Some(cost) = &one.figures.cost {
            rows.one(name, "cost", &cost.total.as_deref().unwrap_or("unknown"));
        }
    }
    for error in &report.errors {
        let name = ("error", error.fingerprint.as_str());
        rows.count(name, "runs", error.runs, error.runs_before);
        rows.one(name, "is_new", &error.is_new);
        for (figure, text) in [
            ("message", &error.message),
            ("task", &error.task),
            ("playbook", &error.playbook),
            ("host", &error.host),
        ] {
            if let Some(text) = text {
                rows.one(name, figure, text);
            }
        }
        if let Some(RunAt { start_time, .. }) = &error.first {
            rows.one(name, "first_seen", &time(start_time));
        }
    }
    for playbook in &report.new.playbooks {
        rows.one(("new_playbook", playbook), "is_new", &true);
    }
    for host in &report.new.hosts {
        rows.one(("new_host", host), "is_new", &true);
    }
    for (section, changes) in [("slower", &report.slower), ("faster", &report.faster)] {
        for change in changes {
            let task = change.task.as_ref().map(|task| format!(": {task}"));
            let name = format!("{}{}", change.playbook, task.unwrap_or_default());
            let (now, before) = (change.after.to_string(), change.before.to_string());
            rows.add(section, &name, "duration", &now, &before);
        }
    }
    for one in &report.flaky {
        rows.one(("flaky", &one.name), "turns", &one.turns.turns);
    }
    for one in &report.not_idempotent {
        let name = format!("{}: {}", one.playbook, one.task);
        rows.one(("not_idempotent", &name), "runs", &one.runs);
    }
    for host in &report.failed_hosts {
        rows.one(("failed_host", &host.host), "runs", &host.failed_runs);
    }
    for host in &report.missing_hosts {
        rows.count(("missing_host", &host.host), "runs", 0, host.runs_before);
    }
    for budget in &report.budgets {
        let name = ("budget", budget.name.as_str());
        rows.one(name, "amount", &budget.amount);
        let spent = budget.spent.total.as_deref();
        rows.one(name, "spent", &spent.unwrap_or("unknown"));
    }
    rows.0
}

/// The figures of all runs.
fn figures(rows: &mut Rows, name: (&str, &str), now: &Figures, before: Option<&Figures>) {
    let none = Figures::default();
    let before = before.unwrap_or(&none);
    let counts: [(&str, Figure<u64>); 4] = [
        ("total", |one| one.total),
        ("success", |one| one.success),
        ("failed", |one| one.failed),
        ("running", |one| one.running),
    ];
    for (figure, of) in counts {
        rows.count(name, figure, of(now), of(before));
    }
    let numbers: [(&str, Figure<f64>); 4] = [
        ("success_rate", |one| one.success_rate),
        ("avg_duration", |one| one.avg_duration),
        ("p50_duration", |one| one.p50_duration),
        ("p95_duration", |one| one.p95_duration),
    ];
    for (figure, of) in numbers {
        let (now, before) = (of(now).to_string(), of(before).to_string());
        rows.add(name.0, name.1, figure, &now, &before);
    }
    if let (Some(now), Some(before)) = (&now.cost, &before.cost) {
        let total = |total: &Option<String>| total.clone().unwrap_or_else(|| "unknown".to_owned());
        let (unknown, unknown_before) = (now.unknown_runs, before.unknown_runs);
        rows.add(
            name.0,
            name.1,
            "cost",
            &total(&now.total),
            &total(&before.total),
        );
        rows.one(name, "currency", &now.currency);
        rows.count(name, "cost_unknown_runs", unknown, unknown_before);
    }
}
