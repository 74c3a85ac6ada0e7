//! `playback trends`: how runs develop.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::filters::{Filters, SEVERAL};
use super::out::{Colour, Column, Layout, Out, note, plain};
use super::query::QueryArgs;
use super::summary::told_apart;
use super::tasks::described;
use super::{ids, when};
use crate::clock::Clock;
use crate::filter::place;
use crate::model::{
    DurationChange, DurationTrend, HostTrend, PlaybookTrend, Status, TaskTrend, Trends, Turns,
    task_place,
};

/// Show how runs develop: success rates, changed durations, and what is flaky or not idempotent
///
/// The newest finished runs that match are examined, except those in check mode. A duration counts as changed if the
/// change is significant and large enough to matter. Something is flaky if it alternates between success and failure
/// with the same commit, inventory, limit and tags.
#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(super) struct TrendsArgs {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    filters: Filters<place::List>,
    /// Show this task, even without findings: its name, with or without its role
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// Examine this many runs
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2000))]
    runs: u32,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's trends
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &TrendsArgs) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let selection = command.query.select(&clock, &command.filters)?;
    let client = Client::new(&command.client)?;
    let mut parameters = selection.with(Vec::new());
    parameters.push(("runs", command.runs.to_string()));
    parameters.extend(command.task.clone().map(|task| ("task", task)));
    let mut out = Out::laid_out(command.layout);
    if command.json {
        let answer: Box<RawValue> = client.get("/trends", &parameters)?;
        out.line(answer.get())?;
    } else {
        let trends: Trends = client.get("/trends", &parameters)?;
        print(&trends, command.task.as_deref(), &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn print(trends: &Trends, asked: Option<&str>, out: &mut Out) -> anyhow::Result<()> {
    let (Some(from), Some(to)) = (trends.from, trends.to) else {
        overdue(trends, out)?;
        note("no finished run matches; runs in check mode do not count");
        return Ok(());
    };
    let range = when::range(from, to);
    out.line(match (trends.has_older, trends.runs) {
        (true, runs) => format!("The newest {runs} runs: {range} (--runs looks at more)"),
        (false, 1) => format!("1 run, {}", when::show_zoned(to)),
        (false, runs) => format!("{runs} runs, {range}"),
    })?;
    out.line("")?;
    let names = names(trends);
    playbooks(trends, &names, out)?;
    overdue(trends, out)?;
    if let Some(asked) = asked {
        tasks(trends, asked, out)?;
    }
    let is_slower = |durations: &Option<DurationTrend>| {
        durations
            .as_ref()
            .is_some_and(|took| !took.changes.is_empty())
    };
    let changed: Vec<(&PlaybookTrend, &String)> = trends
        .playbooks
        .iter()
        .zip(&names)
        .filter(|(one, _)| is_slower(&one.durations))
        .collect();
    if !changed.is_empty() {
        section("Durations that changed", out)?;
        for (one, name) in changed {
            out.hanging("  ", &plain(name))?;
            changes(one.durations.as_ref(), out)?;
        }
    }
    let slower: Vec<&TaskTrend> = trends
        .tasks
        .iter()
        .filter(|one| is_slower(&one.durations))
        .collect();
    if !slower.is_empty() {
        section("Tasks whose duration changed", out)?;
        for one in slower {
            out.hanging("  ", &plain(&task(one)))?;
            changes(one.durations.as_ref(), out)?;
        }
    }
    let always: Vec<&TaskTrend> = trends
        .tasks
        .iter()
        .filter(|one| one.always_changes)
        .collect();
    if !always.is_empty() {
        section(
            "Not idempotent: tasks that changed something in every run",
            out,
        )?;
        for one in always {
            let text = format!("{}, in {} runs", task(one), one.runs);
            out.hanging("  ", &plain(&text))?;
        }
    }
    flaky(trends, &names, out)?;
    hosts(trends, out)?;
    remarks(trends)
}

/// Running executions that may be stuck.
fn overdue(trends: &Trends, out: &mut Out) -> anyhow::Result<()> {
    if trends.overdue.is_empty() {
        return Ok(());
    }
    section("Running for longer than usual", out)?;
    for one in &trends.overdue {
        let usual = match one.usual {
            Some(usual) => format!("usually {}", when::show_seconds(usual)),
            None => "nothing like it succeeded before".to_owned(),
        };
        let text = format!(
            "{}, for {}, {usual} ({})",
            one.name,
            when::show_seconds(one.elapsed),
            ids::short(one.run.id)
        );
        out.hanging("  ", &plain(&text))?;
    }
    Ok(())
}

/// The requested task, in each playbook.
fn tasks(trends: &Trends, asked: &str, out: &mut Out) -> anyhow::Result<()> {
    section(&format!("Task {}", plain(asked)), out)?;
    if trends.tasks.is_empty() {
        return out.line("  none of these runs has it");
    }
    let columns = [
        Column::front("PLAYBOOK", 12),
        Column::end("TASK", 12),
        Column::whole("RUNS"),
        Column::whole("RATE"),
        Column::whole("CHANGED"),
        Column::whole("MEDIAN"),
        Column::whole("P95"),
    ];
    let rows = trends.tasks.iter().map(|one| {
        let [median, p95] = took(one.durations.as_ref());
        [
            one.playbook.clone(),
            described(&one.name, &one.action, &one.role, false),
            one.runs.to_string(),
            percent(one.success_rate),
            one.changed_runs.to_string(),
            median,
            p95,
        ]
    });
    out.table(columns, rows.collect(), |_, _, line| line)
}

/// A share, never rounded up: 100 % are all.
fn percent(share: f64) -> String {
    format!("{:.0} %", (share * 100.0).floor())
}

/// The median and the 95th percentile.
fn took(durations: Option<&DurationTrend>) -> [String; 2] {
    match durations {
        Some(took) => [took.median, took.p95].map(when::show_seconds),
        None => ["-", "-"].map(str::to_owned),
    }
}

fn section(title: &str, out: &mut Out) -> anyhow::Result<()> {
    out.line("")?;
    out.headline(Colour::Bold, title)
}

/// The playbooks' names, which distinguish playbooks of different projects.
fn names(trends: &Trends) -> Vec<String> {
    let playbooks = trends.playbooks.iter();
    let named: Vec<(String, Option<String>)> = playbooks
        .map(|one| (one.name.clone(), one.folder.clone()))
        .collect();
    told_apart(&named)
}

fn playbooks(trends: &Trends, names: &[String], out: &mut Out) -> anyhow::Result<()> {
    let mut columns = vec![
        Column::front("PLAYBOOK", 12),
        Column::whole("RUNS"),
        Column::whole("RATE"),
        Column::whole("MEDIAN"),
        Column::whole("P95"),
        Column::whole("LAST"),
        Column::whole("STARTED"),
    ];
    let has_cost = trends.playbooks.iter().any(|one| one.cost.is_some());
    if has_cost {
        columns.push(Column::whole("COST"));
    }
    let rows = trends.playbooks.iter().zip(names).map(|(one, name)| {
        let [median, p95] = took(one.durations.as_ref());
        let cost = one.cost.as_ref().map(|cost| cost.figures.shown());
        let cost = has_cost.then(|| cost.unwrap_or_else(|| "-".to_owned()));
        let cells = [
            name.clone(),
            one.runs.to_string(),
            percent(one.success_rate),
            median,
            p95,
            one.last_status.as_str().to_owned(),
            when::show(one.last.start_time),
        ];
        cells.into_iter().chain(cost).collect::<Vec<_>>()
    });
    out.table_of(&columns, rows.collect(), |out, row, line| {
        match trends.playbooks[row].last_status {
            Status::Failed => out.paint(Colour::Red, &line),
            _ => line,
        }
    })
}

/// When durations changed, by how much, and what else changed.
fn changes(durations: Option<&DurationTrend>, out: &mut Out) -> anyhow::Result<()> {
    for change in durations.iter().flat_map(|durations| &durations.changes) {
        let DurationChange {
            run, before, after, ..
        } = change;
        let factor = match after >= before {
            true => format!("{:.1} times as long", after / before.max(0.001)),
            false => format!("{:.1} times as fast", before / after.max(0.001)),
        };
        let commit = match (&change.commit_before, &change.commit) {
            (Some(before), Some(now)) if before != now => {
                format!(", commit {} → {}", short(before), short(now))
            }
            (_, Some(now)) => format!(", commit {}, as before", short(now)),
            _ => String::new(),
        };
        let text = format!(
            "since {}: {} → {}, {factor}{commit} ({})",
            when::show(run.start_time),
            when::show_seconds(*before),
            when::show_seconds(*after),
            ids::short(run.id)
        );
        out.hanging("    ", &text)?;
    }
    Ok(())
}

fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

fn flaky(trends: &Trends, names: &[String], out: &mut Out) -> anyhow::Result<()> {
    let playbooks = trends.playbooks.iter().zip(names);
    let playbooks = playbooks.filter_map(|(one, name)| Some((name.clone(), one.flaky?)));
    let tasks = trends.tasks.iter();
    let tasks = tasks.filter_map(|one| Some((task(one), one.flaky?)));
    let all: Vec<(String, Turns)> = playbooks.chain(tasks).collect();
    if all.is_empty() {
        return Ok(());
    }
    section(
        "Flaky: pass and fail in turn, although nothing else changed",
        out,
    )?;
    for (name, turns) in all {
        out.hanging("  ", &plain(&format!("{name}, {}", in_words(turns))))?;
    }
    Ok(())
}

fn in_words(turns: Turns) -> String {
    format!("turned {} times in {} runs", turns.turns, turns.of + 1)
}

fn hosts(trends: &Trends, out: &mut Out) -> anyhow::Result<()> {
    if trends.hosts.is_empty() {
        return Ok(());
    }
    let has_failed = |one: &HostTrend| one.failed_runs + one.unreachable_runs > 0;
    let title = match trends.hosts.iter().all(has_failed) {
        true => "Hosts that failed",
        false => "Hosts",
    };
    section(title, out)?;
    let columns = [
        Column::end("HOST", 12),
        Column::whole("RUNS"),
        Column::whole("FAILED"),
        Column::whole("UNREACHABLE"),
        Column::whole("LAST"),
        Column::end("FLAKY", 6),
    ];
    let row = |one: &HostTrend| {
        [
            one.name.clone(),
            one.runs.to_string(),
            one.failed_runs.to_string(),
            one.unreachable_runs.to_string(),
            if one.last_failed { "failed" } else { "ok" }.to_owned(),
            one.flaky.map(in_words).unwrap_or_default(),
        ]
    };
    let rows = trends.hosts.iter().map(row).collect();
    out.table(columns, rows, |out, row, line| {
        match trends.hosts[row].last_failed {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })?;
    for one in trends.hosts.iter().filter(|one| one.durations.is_some()) {
        let [median, p95] = took(one.durations.as_ref());
        let text = format!(
            "{}: {} of its runs were good; its tasks took {median} in the median, 95 of 100 times no more than {p95}",
            one.name,
            percent(one.success_rate)
        );
        out.hanging("  ", &plain(&text))?;
        changes(one.durations.as_ref(), out)?;
    }
    Ok(())
}

/// Reports what is not shown.
fn remarks(trends: &Trends) -> anyhow::Result<()> {
    for (left_out, what) in [
        (trends.playbooks_left_out, "playbooks"),
        (trends.tasks_left_out, "tasks"),
        (trends.hosts_left_out, "hosts"),
    ] {
        if left_out > 0 {
            note(format_args!(
                "{left_out} more {what} are not shown: a query narrows them down"
            ));
        }
    }
    for (runs, what) in [
        (trends.runs_with_tasks, "tasks"),
        (trends.runs_with_hosts, "hosts"),
    ] {
        if runs < trends.runs {
            note(format_args!(
                "{what} are only those of the newest {runs} runs, because there are so many"
            ));
        }
    }
    Ok(())
}

/// A task with its role, and with its file and line.
fn task(task: &TaskTrend) -> String {
    let described = described(&task.name, &task.action, &task.role, false);
    match task_place(&task.path, Some(task.line)) {
        None => format!("{described} in {}", task.playbook),
        Some(place) => format!("{described}, {place}"),
    }
}
