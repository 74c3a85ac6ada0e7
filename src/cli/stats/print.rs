//! Statistics as tables for people.

use super::super::out::{self, Colour, Out};
use super::super::summary::end_of;
use super::super::when::{show, show_seconds};
use crate::model::{Figures, GroupFigures, Statistics};

/// The longest name that a table shows whole, in characters.
const NAME_LENGTH: usize = 48;

/// The whole, its course, and what stands out in it; or the groups that were asked for.
pub(super) fn tables(statistics: &Statistics, by: &str) -> anyhow::Result<()> {
    if statistics.figures.total == 0 {
        out::note(format_args!(
            "no executions started from {} to {}",
            show(statistics.from),
            show(statistics.to)
        ));
        return Ok(());
    }
    let mut out = Out::new();
    whole(&mut out, statistics)?;
    match &statistics.groups {
        Some(groups) => groups_of(&mut out, statistics, groups, by)?,
        None => {
            series(&mut out, statistics)?;
            playbooks(&mut out, statistics)?;
            failed_hosts(&mut out, statistics)?;
        }
    }
    out.flush()
}

fn whole(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    let figures = &statistics.figures;
    out.line(format_args!(
        "{} to {}",
        show(statistics.from),
        show(statistics.to)
    ))?;
    out.line("")?;
    let head = [
        "RUNS", "SUCCESS", "FAILED", "RUNNING", "RATE", "CHANGED", "MEAN", "HALF", "95%", "LONGEST",
    ];
    let row = [
        figures.total.to_string(),
        figures.success.to_string(),
        figures.failed.to_string(),
        figures.running.to_string(),
        rate(figures),
        statistics.changed.to_string(),
        show_seconds(figures.avg_duration),
        show_seconds(figures.p50_duration),
        show_seconds(figures.p95_duration),
        show_seconds(figures.max_duration),
    ];
    out.table(head, vec![row], |_, _, line| line)?;
    if !statistics.by_reason.is_empty() {
        let reasons = statistics.by_reason.iter();
        let reasons: Vec<String> = reasons
            .map(|(name, runs)| format!("{runs} {name}"))
            .collect();
        out.line("")?;
        out.line(format_args!("Why runs failed: {}", reasons.join(", ")))?;
    }
    Ok(())
}

/// How many of those that are over ended well; nothing where none is over.
fn rate(figures: &Figures) -> String {
    if figures.success + figures.failed == 0 {
        return "-".to_owned();
    }
    format!("{:.1}%", figures.success_rate)
}

fn numbers(figures: &Figures) -> [String; 6] {
    [
        figures.total.to_string(),
        figures.success.to_string(),
        figures.failed.to_string(),
        rate(figures),
        show_seconds(figures.avg_duration),
        show_seconds(figures.p95_duration),
    ]
}

/// A table of figures, each beside its name; those with failures are red.
fn figures<'f>(
    out: &mut Out,
    name: &str,
    rows: impl Iterator<Item = (String, &'f Figures)>,
) -> anyhow::Result<()> {
    let (mut cells, mut failed) = (Vec::new(), Vec::new());
    for (name, figures) in rows {
        let [runs, success, failures, rate, mean, p95] = numbers(figures);
        cells.push([name, runs, success, failures, rate, mean, p95]);
        failed.push(figures.failed > 0);
    }
    if cells.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let head = [name, "RUNS", "SUCCESS", "FAILED", "RATE", "MEAN", "95%"];
    out.table(head, cells, |out, row, line| match failed[row] {
        true => out.paint(Colour::Red, &line),
        false => line,
    })
}

/// Intervals without runs are left out: most of them are, at night.
fn series(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    let series = statistics.series.iter();
    let busy = series.filter(|interval| interval.figures.total > 0);
    let rows = busy.map(|interval| (show(interval.start), &interval.figures));
    figures(out, "STARTED", rows)
}

fn playbooks(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    let rows = statistics.playbooks.iter();
    let rows = rows.map(|one| (end_of(&one.playbook, NAME_LENGTH), &one.figures));
    figures(out, "PLAYBOOK", rows)
}

fn failed_hosts(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    if statistics.failed_hosts.is_empty() {
        return Ok(());
    }
    let rows = statistics.failed_hosts.iter().map(|host| {
        [
            end_of(&host.host, NAME_LENGTH),
            host.failed_runs.to_string(),
            host.failures.to_string(),
            host.unreachable.to_string(),
        ]
    });
    out.line("")?;
    let head = ["FAILED HOST", "RUNS", "TASKS FAILED", "UNREACHABLE"];
    out.table(head, rows.collect(), |_, _, line| line)
}

fn groups_of(
    out: &mut Out,
    statistics: &Statistics,
    groups: &[GroupFigures],
    by: &str,
) -> anyhow::Result<()> {
    let name = |group: &GroupFigures| {
        let task = match group.role.as_deref() {
            Some(role) if !role.is_empty() => format!("{role} : {}", group.name),
            _ => group.name.clone(),
        };
        match &group.playbook {
            Some(playbook) => format!("{} ({task})", end_of(playbook, NAME_LENGTH)),
            None => end_of(&task, NAME_LENGTH),
        }
    };
    let rows = groups.iter().map(|group| (name(group), &group.figures));
    figures(out, &by.to_uppercase(), rows)?;
    let all = statistics.groups_total.unwrap_or_default();
    if all > groups.len() as u64 {
        out.flush()?;
        out::hint(format_args!(
            "these are the first {} of {all}: --limit N shows more",
            groups.len()
        ));
    }
    Ok(())
}
