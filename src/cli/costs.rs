//! Costs for people.

use crate::model::{Amount, CostFigures, RunCost};

/// A served amount, formatted for people.
pub(super) fn amount(text: &str) -> String {
    let read: Option<Amount> = text.parse().ok();
    read.map_or_else(|| text.to_owned(), Amount::shown)
}

/// The cost of a run, in a cell: `0.0125 EUR`, or `unknown`.
pub(super) fn in_short(cost: &RunCost) -> String {
    match &cost.total {
        Some(total) => format!("{} {}", amount(total), cost.currency),
        None => "unknown".to_owned(),
    }
}

/// The cost of a run, with its known parts, and the names of the unknown ones.
pub(super) fn of_run(cost: &RunCost) -> String {
    let parts = [
        ("CPU", &cost.cpu),
        ("controller", &cost.controller),
        ("hosts", &cost.hosts),
    ];
    let mut more: Vec<String> = parts
        .into_iter()
        .filter_map(|(name, part)| Some(format!("{name} {}", amount(part.as_deref()?))))
        .collect();
    more.extend(cost.unknown.iter().map(|what| match what.as_str() {
        "usage" => "its CPU time was not recorded".to_owned(),
        "duration" => "its duration was not recorded".to_owned(),
        "prices" => "there was no price yet".to_owned(),
        other => format!("{other} is not known"),
    }));
    match more.is_empty() {
        true => in_short(cost),
        false => format!("{} ({})", in_short(cost), more.join(", ")),
    }
}

/// The cost of several runs, with its parts, and the number of runs with unknown parts.
pub(super) fn of_runs(cost: &CostFigures) -> String {
    let parts = [
        ("CPU", &cost.cpu),
        ("controllers", &cost.controller),
        ("hosts", &cost.hosts),
    ];
    let mut more: Vec<String> = parts
        .into_iter()
        .filter_map(|(name, part)| Some(format!("{name} {}", amount(part.as_deref()?))))
        .collect();
    if cost.unknown_runs > 0 {
        let (unknown, runs) = (cost.unknown_runs, cost.runs);
        more.push(format!("not all is known of {unknown} of {runs} runs"));
    }
    match more.is_empty() {
        true => cost.shown(),
        false => format!("{} ({})", cost.shown(), more.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_told_with_its_parts() {
        let mut cost = RunCost {
            currency: "EUR".to_owned(),
            total: Some("0.6325".to_owned()),
            cpu: Some("0.0025".to_owned()),
            controller: None,
            hosts: Some("0.63".to_owned()),
            unknown: Vec::new(),
        };
        assert_eq!(of_run(&cost), "0.63 EUR (CPU 0.0025, hosts 0.63)");
        cost.total = None;
        cost.cpu = None;
        cost.unknown.push("usage".to_owned());
        assert_eq!(
            of_run(&cost),
            "unknown (hosts 0.63, its CPU time was not recorded)"
        );
    }
}
