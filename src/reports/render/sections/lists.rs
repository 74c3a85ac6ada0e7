//! Playbooks, hosts, what is new, what developed, and budgets.

use super::{Item, Part, Section, Table, Times, duration, rate, row, section, took};
use crate::model::{Amount, BudgetState, CostFigures, Report, ReportChange};

pub(super) fn playbooks(report: &Report) -> Option<Section> {
    if report.playbooks.is_empty() {
        return None;
    }
    let mut heads = vec![
        "playbook",
        "runs",
        "failed",
        "rate",
        "median",
        "runs before",
    ];
    let has_cost = report.runs.cost().is_some();
    if has_cost {
        heads.push("cost");
    }
    let rows = report.playbooks.iter().map(|one| {
        let figures = &one.figures;
        let mut cells = vec![
            one.playbook.clone(),
            figures.total.to_string(),
            figures.failed.to_string(),
            rate(figures),
            took(figures, |figures| figures.p50_duration),
            one.total_before.to_string(),
        ];
        if has_cost {
            cells.push(
                figures
                    .cost
                    .as_ref()
                    .map_or_else(String::new, CostFigures::shown),
            );
        }
        row(cells, figures.failed > 0)
    });
    let mut parts = vec![Part::Table(Table {
        heads,
        rows: rows.collect(),
    })];
    let shown = report.playbooks.len() as u64;
    if shown < report.playbooks_total {
        let more = report.playbooks_total - shown;
        parts.push(Part::Text(format!(
            "{more} further playbooks are left out."
        )));
    }
    Some(Section {
        title: "Playbooks",
        parts,
    })
}

fn names(head: &str, names: &[String]) -> Option<Item> {
    (!names.is_empty()).then(|| Item {
        head: head.to_owned(),
        text: Some(names.join(", ")),
        details: Vec::new(),
        is_bad: false,
    })
}

pub(super) fn news(report: &Report) -> Option<Section> {
    let items: Vec<Item> = [
        names("Playbooks", &report.new.playbooks),
        names("Hosts", &report.new.hosts),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut parts = Vec::new();
    if !items.is_empty() {
        parts.push(Part::Items(items));
    }
    if report.new.hosts_unknown > 0 {
        parts.push(Part::Text(format!(
            "{} further hosts did not take part in the period before, and were not looked up.",
            report.new.hosts_unknown
        )));
    }
    (!parts.is_empty()).then_some(Section {
        title: "New",
        parts,
    })
}

pub(super) fn changes(
    title: &'static str,
    changes: &[ReportChange],
    times: &Times,
) -> Option<Section> {
    if changes.is_empty() {
        return None;
    }
    let rows = changes.iter().map(|change| {
        let name = match &change.task {
            Some(task) => format!("{}: {task}", change.playbook),
            None => change.playbook.clone(),
        };
        let commit = |commit: &Option<String>| {
            let commit = commit.as_deref().unwrap_or("?");
            commit.chars().take(12).collect::<String>()
        };
        let commits = match (&change.commit_before, &change.commit) {
            (Some(_), now) => format!("{} to {}", commit(&change.commit_before), commit(now)),
            (None, _) => String::new(),
        };
        let cells = vec![
            name,
            duration(change.before),
            duration(change.after),
            times.show(change.since.start_time),
            commits,
        ];
        row(cells, false)
    });
    let table = Table {
        heads: vec!["what", "before", "now", "since", "commit"],
        rows: rows.collect(),
    };
    Some(section(title, Part::Table(table)))
}

pub(super) fn flaky(report: &Report) -> Option<Section> {
    if report.flaky.is_empty() {
        return None;
    }
    let rows = report.flaky.iter().map(|one| {
        let cells = vec![
            one.name.clone(),
            one.kind.clone(),
            format!("{} times in {} runs", one.turns.turns, one.turns.of + 1),
        ];
        row(cells, false)
    });
    let table = Table {
        heads: vec!["what", "", "turned"],
        rows: rows.collect(),
    };
    Some(section("Flaky: pass and fail in turn", Part::Table(table)))
}

pub(super) fn not_idempotent(report: &Report) -> Option<Section> {
    if report.not_idempotent.is_empty() {
        return None;
    }
    let rows = report.not_idempotent.iter().map(|one| {
        let cells = vec![
            format!("{}: {}", one.playbook, one.task),
            one.runs.to_string(),
        ];
        row(cells, false)
    });
    let table = Table {
        heads: vec!["task", "runs"],
        rows: rows.collect(),
    };
    let title = "Not idempotent: changed something in every run";
    Some(section(title, Part::Table(table)))
}

pub(super) fn failed_hosts(report: &Report) -> Option<Section> {
    if report.failed_hosts.is_empty() {
        return None;
    }
    let rows = report.failed_hosts.iter().map(|host| {
        let cells = vec![
            host.host.clone(),
            host.failed_runs.to_string(),
            host.failures.to_string(),
            host.unreachable.to_string(),
        ];
        row(cells, true)
    });
    let table = Table {
        heads: vec!["host", "runs", "tasks failed", "unreachable"],
        rows: rows.collect(),
    };
    Some(section("Hosts that failed", Part::Table(table)))
}

pub(super) fn missing_hosts(report: &Report, times: &Times) -> Option<Section> {
    if report.missing_hosts.is_empty() {
        return None;
    }
    let rows = report.missing_hosts.iter().map(|host| {
        let last = host.last.as_ref().map(|last| times.show(last.start_time));
        let cells = vec![
            host.host.clone(),
            host.runs_before.to_string(),
            last.unwrap_or_else(|| "-".to_owned()),
        ];
        row(cells, false)
    });
    let mut parts = vec![Part::Table(Table {
        heads: vec!["host", "runs before", "last run"],
        rows: rows.collect(),
    })];
    let shown = report.missing_hosts.len() as u64;
    if shown < report.missing_hosts_total {
        let more = report.missing_hosts_total - shown;
        parts.push(Part::Text(format!("{more} further hosts are left out.")));
    }
    Some(Section {
        title: "Hosts not seen in this period",
        parts,
    })
}

pub(super) fn budgets(report: &Report) -> Option<Section> {
    if report.budgets.is_empty() {
        return None;
    }
    let shown = |text: &str| {
        let amount: Option<Amount> = text.parse().ok();
        amount.map_or_else(|| text.to_owned(), Amount::shown)
    };
    let rows = report.budgets.iter().map(|budget: &BudgetState| {
        let cells = vec![
            budget.name.clone(),
            budget.period.clone(),
            shown(&budget.amount),
            budget.spent.shown(),
            budget
                .percent
                .map_or_else(|| "-".to_owned(), |percent| format!("{percent} %")),
        ];
        row(cells, budget.is_exceeded)
    });
    let table = Table {
        heads: vec!["budget", "per", "amount", "spent", "share"],
        rows: rows.collect(),
    };
    Some(section("Budgets", Part::Table(table)))
}

pub(super) fn remarks(report: &Report) -> Option<Section> {
    let parts: Vec<Part> = report.remarks.iter().cloned().map(Part::Text).collect();
    (!parts.is_empty()).then_some(Section {
        title: "Remarks",
        parts,
    })
}
