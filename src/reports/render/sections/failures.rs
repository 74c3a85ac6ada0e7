//! Why runs failed.

use super::{Item, Part, Section, Table, Times, row};
use crate::model::{Report, ReportError};

pub(super) fn failures(report: &Report, times: &Times) -> Option<Section> {
    let mut parts = Vec::new();
    if !report.reasons.is_empty() {
        let reasons = report.reasons.iter();
        let rows = reasons.map(|one| {
            let cells = vec![
                one.reason.clone(),
                one.runs.to_string(),
                one.runs_before.to_string(),
            ];
            row(cells, one.runs > 0)
        });
        parts.push(Part::Table(Table {
            heads: vec!["reason", "runs", "before"],
            rows: rows.collect(),
        }));
    }
    if !report.errors.is_empty() {
        let shown = report.errors.len() as u64;
        let all = match report.errors_total {
            1000.. => "1000 or more".to_owned(),
            all => all.to_string(),
        };
        let new = match report.errors_new {
            0 => "none of them is new".to_owned(),
            1 => "1 of them is new".to_owned(),
            new => format!("{new} of them are new"),
        };
        parts.push(Part::Text(match shown < report.errors_total {
            true => format!("{all} different errors, {new}. The {shown} of the most runs:"),
            false => format!("{all} different errors, {new}:"),
        }));
        let items = report.errors.iter().map(|error| item(error, times));
        parts.push(Part::Items(items.collect()));
    }
    (!parts.is_empty()).then_some(Section {
        title: "Why runs failed",
        parts,
    })
}

fn item(error: &ReportError, times: &Times) -> Item {
    let runs = match error.runs {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    let head = match (error.is_new, error.runs_before) {
        (true, _) => format!("New, in {runs}"),
        (false, 0) => format!("In {runs}, not in the period before"),
        (false, before) => format!("In {runs}, {before} in the period before"),
    };
    let mut details = Vec::new();
    let known = [
        ("task", &error.task),
        ("playbook", &error.playbook),
        ("host", &error.host),
    ];
    for (name, text) in known {
        details.extend(text.clone().map(|text| (name, text)));
    }
    if let Some(first) = &error.first {
        details.push(("first seen", times.show(first.start_time)));
    }
    if let Some(last) = &error.last {
        let text = format!("{} ({})", times.show(last.start_time), last.id);
        details.push(("last run", text));
    }
    details.push(("fingerprint", error.fingerprint.clone()));
    Item {
        head,
        text: error.message.clone(),
        details,
        is_bad: true,
    }
}
