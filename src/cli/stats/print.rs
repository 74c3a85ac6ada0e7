//! Statistics as tables for people.

use super::super::costs;
use super::super::out::{self, Colour, Column, Layout, Out};
use super::super::summary::{shorten_task, told_apart};
use super::super::when::{range, show, show_seconds};
use crate::model::{By, Figures, GroupFigures, Statistics};

/// Prints the totals, the time series and the most frequent names; or the requested groups.
pub(super) fn tables(
    statistics: &Statistics,
    by: Option<By>,
    layout: Layout,
) -> anyhow::Result<()> {
    if statistics.figures.total == 0 {
        out::note(format_args!(
            "no executions started from {}",
            range(statistics.from, statistics.to)
        ));
        return Ok(());
    }
    let mut out = Out::laid_out(layout);
    whole(&mut out, statistics)?;
    match (&statistics.groups, by) {
        (Some(groups), Some(by)) => groups_of(&mut out, statistics, groups, by)?,
        _ => {
            series(&mut out, statistics)?;
            playbooks(&mut out, statistics)?;
            failed_hosts(&mut out, statistics)?;
        }
    }
    out.flush()
}

fn whole(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    let figures = &statistics.figures;
    out.line(range(statistics.from, statistics.to))?;
    out.line("")?;
    let columns = [
        Column::whole("RUNS"),
        Column::whole("SUCCESS"),
        Column::whole("FAILED"),
        Column::spare("RUNNING"),
        Column::whole("RATE"),
        Column::whole("CHANGED"),
        Column::whole("MEAN"),
        Column::whole("MEDIAN"),
        Column::whole("P95"),
        Column::whole("MAX"),
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
    out.table(columns, vec![row], |_, _, line| line)?;
    if !statistics.by_reason.is_empty() {
        let reasons = statistics.by_reason.iter();
        let reasons: Vec<String> = reasons
            .map(|(name, runs)| format!("{runs} {name}"))
            .collect();
        out.line("")?;
        out.hanging("Why runs failed: ", &reasons.join(", "))?;
    }
    if let Some(cost) = &figures.cost {
        out.line("")?;
        out.hanging("Cost: ", &costs::of_runs(cost))?;
    }
    Ok(())
}

/// Success rate of the finished runs; `-` if there are none.
pub(in crate::cli) fn rate(figures: &Figures) -> String {
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

/// Prints a table of figures by name; rows with failures are red.
fn figures<'f>(
    out: &mut Out,
    name: Column,
    rows: impl Iterator<Item = (String, &'f Figures)>,
) -> anyhow::Result<()> {
    let (mut cells, mut failed) = (Vec::new(), Vec::new());
    let mut has_cost = false;
    for (name, figures) in rows {
        let mut row = vec![name];
        row.extend(numbers(figures));
        if let Some(cost) = &figures.cost {
            has_cost = true;
            row.push(cost.shown());
        }
        cells.push(row);
        failed.push(figures.failed > 0);
    }
    if cells.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut columns = vec![
        name,
        Column::whole("RUNS"),
        Column::whole("SUCCESS"),
        Column::whole("FAILED"),
        Column::whole("RATE"),
        Column::whole("MEAN"),
        Column::whole("P95"),
    ];
    if has_cost {
        columns.push(Column::whole("COST"));
        // Figures of tasks have no cost.
        for row in &mut cells {
            row.resize(columns.len(), "-".to_owned());
        }
    }
    out.table_of(&columns, cells, |out, row, line| match failed[row] {
        true => out.paint(Colour::Red, &line),
        false => line,
    })
}

/// Intervals without runs are left out: most intervals at night are empty.
fn series(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    let series = statistics.series.iter();
    let busy = series.filter(|interval| interval.figures.total > 0);
    let rows = busy.map(|interval| (show(interval.start), &interval.figures));
    figures(out, Column::whole("STARTED"), rows)
}

fn playbooks(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    let named = statistics.playbooks.iter();
    let named: Vec<_> = named
        .map(|one| (one.playbook.clone(), one.folder.clone()))
        .collect();
    let rows = statistics.playbooks.iter();
    let rows = told_apart(&named)
        .into_iter()
        .zip(rows.map(|one| &one.figures));
    figures(out, Column::front("PLAYBOOK", 12), rows)
}

fn failed_hosts(out: &mut Out, statistics: &Statistics) -> anyhow::Result<()> {
    if statistics.failed_hosts.is_empty() {
        return Ok(());
    }
    let rows = statistics.failed_hosts.iter().map(|host| {
        [
            host.host.clone(),
            host.failed_runs.to_string(),
            host.failures.to_string(),
            host.unreachable.to_string(),
        ]
    });
    out.line("")?;
    let columns = [
        Column::end("FAILED HOST", 12),
        Column::whole("RUNS"),
        Column::whole("TASKS FAILED"),
        Column::whole("UNREACHABLE"),
    ];
    out.table(columns, rows.collect(), |_, _, line| line)
}

fn groups_of(
    out: &mut Out,
    statistics: &Statistics,
    groups: &[GroupFigures],
    by: By,
) -> anyhow::Result<()> {
    let playbooks: Vec<_> = groups
        .iter()
        .map(|group| match by {
            By::Playbook => (group.name.clone(), group.folder.clone()),
            _ => (
                group.playbook.clone().unwrap_or_default(),
                group.folder.clone(),
            ),
        })
        .collect();
    let playbooks = told_apart(&playbooks);
    let rows = groups.iter().zip(playbooks).map(|(group, playbook)| {
        let task = match group.role.as_deref() {
            Some(role) if !role.is_empty() => format!("{role} : {}", group.name),
            _ => group.name.clone(),
        };
        let name = match (by, group.playbook.is_some()) {
            (By::Playbook, _) => playbook,
            (_, true) => format!("{playbook} ({task})"),
            (_, false) => task,
        };
        (name, &group.figures)
    });
    let name = match by {
        By::Playbook => Column::front("PLAYBOOK", 12),
        By::Inventory => Column::front("INVENTORY", 12),
        By::Task => Column::by("TASK", 12, shorten_task),
        By::Host => Column::end("HOST", 12),
        By::Label => Column::end("LABEL", 12),
        By::User => Column::end("USER", 12),
    };
    figures(out, name, rows)?;
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
