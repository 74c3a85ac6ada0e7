//! A report in a few lines: for the subject of a mail, and for chats.

use super::sections::{self, Times};
use crate::model::Report;

/// A report in a few lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// In one line.
    pub title: String,
    /// Names and values, one line each.
    pub facts: Vec<(&'static str, String)>,
}

/// The report in a few lines. What there is nothing of is left out, but for runs.
#[must_use]
pub fn brief(report: &Report) -> Brief {
    let (now, before) = (&report.runs.figures, &report.runs_before.figures);
    let runs = match (now.total, now.failed) {
        (0, _) => "no run".to_owned(),
        (1, failed) => format!("1 run, {failed} failed"),
        (total, failed) => format!("{total} runs, {failed} failed"),
    };
    let times = Times(report.zone.parse().unwrap_or(chrono_tz::Tz::UTC));
    let beside = |now: u64, before: u64| format!("{now} ({before} before)");
    let mut facts = vec![
        ("Period", sections::period(report, &times)),
        ("Runs", beside(now.total, before.total)),
        ("Failed", beside(now.failed, before.failed)),
    ];
    facts.extend(report.query.clone().map(|query| ("Only", query)));
    if report.errors_total > 0 {
        let text = format!("{}, {} of them new", report.errors_total, report.errors_new);
        facts.push(("Errors", text));
    }
    let counts = [
        ("New playbooks", report.new.playbooks.len() as u64),
        ("New hosts", report.new.hosts.len() as u64),
        ("Slower", report.slower.len() as u64),
        ("Flaky", report.flaky.len() as u64),
        ("Hosts not seen", report.missing_hosts_total),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    facts.extend(counts.map(|(name, count)| (name, count.to_string())));
    if let (Some(now), Some(before)) = (report.runs.cost(), report.runs_before.cost()) {
        facts.push((
            "Cost",
            format!("{} ({} before)", now.shown(), before.shown()),
        ));
    }
    let exceeded = report.budgets.iter().filter(|budget| budget.is_exceeded);
    let exceeded: Vec<&str> = exceeded.map(|budget| budget.name.as_str()).collect();
    if !exceeded.is_empty() {
        facts.push(("Over budget", exceeded.join(", ")));
    }
    Brief {
        title: format!("{}: {runs}", sections::title(report)),
        facts,
    }
}
