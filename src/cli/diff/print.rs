//! A comparison as text: the runs, the summary, then failures, then everything else.

use super::super::out::{Colour, Out, plain};
use super::super::summary::colour;
use super::super::when;
use super::super::why::counted;
use super::sections;
use crate::model::{ComparedRun, Comparison, ComparisonSummary, Outcome};

pub(super) fn print(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    for (heading, run) in [
        ("before:  ", &comparison.before),
        ("now:     ", &comparison.now),
    ] {
        out.hanging(heading, &plain(&described(run)))?;
    }
    for remark in &comparison.remarks {
        out.line("")?;
        out.hanging("", &plain(remark))?;
    }
    if comparison.same_run {
        return Ok(());
    }
    out.line("")?;
    if !comparison.summary.different && comparison.summary.durations == 0 {
        let text = match comparison.remarks.is_empty() {
            true => "Nothing is different.",
            false => "Nothing else is different, as far as it can be compared.",
        };
        return out.line(out.paint(Colour::Green, text));
    }
    summary(comparison, out)?;
    sections::failures(comparison, out)?;
    sections::parameters(comparison, out)?;
    sections::hosts(comparison, out)?;
    sections::tasks(comparison, out)?;
    sections::changes(comparison, out)?;
    sections::durations(comparison, out)?;
    sections::output(comparison, out)
}

/// A run in one line: its subject, status, time and duration.
fn described(run: &ComparedRun) -> String {
    let what = run.playbook.as_deref().or(run.module.as_deref());
    let mut status = run.status.as_str().to_owned();
    let more = [
        run.reason.map(|reason| reason.as_str()),
        run.check.then_some("check"),
    ];
    let more: Vec<&str> = more.into_iter().flatten().collect();
    if !more.is_empty() {
        status = format!("{status} ({})", more.join(", "));
    }
    let facts = [
        what.map(str::to_owned),
        Some(status),
        run.exit_code
            .filter(|code| *code != 0)
            .map(|code| format!("exit code {code}")),
        Some(when::show_zoned(run.start_time)),
        run.duration.map(when::show_seconds),
        Some(run.id.to_string()),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    facts.join(", ")
}

/// The counts, one line each.
fn summary(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    let all = &comparison.summary;
    let failed = all.failures_new + all.failures_same > 0;
    let title = match (all.different, failed) {
        (false, _) => "Only durations are different",
        (true, false) => "Summary",
        (true, true) => "Summary, with failures",
    };
    let shade = match failed {
        true => Colour::Red,
        false => Colour::Bold,
    };
    out.headline(shade, title)?;
    if comparison.before.status != comparison.now.status {
        let status = |run: &ComparedRun| out.paint(colour(run.status), run.status.as_str());
        let (before, now) = (status(&comparison.before), status(&comparison.now));
        out.line(format_args!("  status:      {before} → {now}"))?;
    }
    let lines = [
        ("parameters", of_parameters(all)),
        ("hosts", of_hosts(all)),
        ("tasks", of_tasks(all)),
        ("results", of_results(all)),
        ("failures", of_failures(all)),
        ("durations", counted_if(all.durations, "task")),
        ("output", counted_if(all.output_lines, "line")),
    ];
    for (name, text) in lines {
        if let Some(text) = text {
            out.hanging(&format!("  {:<12} ", format!("{name}:")), &text)?;
        }
    }
    Ok(())
}

fn counted_if(count: u64, noun: &str) -> Option<String> {
    (count > 0).then(|| counted(count, noun))
}

fn of_parameters(all: &ComparisonSummary) -> Option<String> {
    match all.parameters {
        0 => None,
        1 => Some("1 is different".to_owned()),
        count => Some(format!("{count} are different")),
    }
}

/// The names in both and in only one of them; none if all are in both.
fn parts(both: u64, parts: &[(u64, &str)]) -> Option<String> {
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    (!parts.is_empty()).then(|| format!("{both} in both, {}", parts.join(", ")))
}

fn of_hosts(all: &ComparisonSummary) -> Option<String> {
    parts(
        all.hosts_both,
        &[(all.hosts_added, "added"), (all.hosts_gone, "gone")],
    )
}

fn of_tasks(all: &ComparisonSummary) -> Option<String> {
    parts(
        all.tasks_both,
        &[
            (all.tasks_added, "added"),
            (all.tasks_gone, "gone"),
            (all.tasks_moved, "moved"),
            (all.tasks_renamed, "renamed"),
            (all.tasks_not_reached, "not reached now"),
            (all.tasks_not_reached_before, "not reached before"),
        ],
    )
}

fn of_results(all: &ComparisonSummary) -> Option<String> {
    if all.results_different + all.results_not_reached == 0 {
        return None;
    }
    let changes: Vec<String> = all
        .transitions
        .iter()
        .map(|one| format!("{} {}", one.results, arrow(one.before, one.now)))
        .collect();
    let mut text = match all.results_different {
        0 => "none of those in both is different".to_owned(),
        1 => "1 is different".to_owned(),
        count => format!("{count} are different"),
    };
    if !changes.is_empty() {
        text = format!("{text}: {}", changes.join(", "));
    }
    if all.results_not_reached > 0 {
        text = format!("{text}; {} were not reached", all.results_not_reached);
    }
    Some(text)
}

fn of_failures(all: &ComparisonSummary) -> Option<String> {
    let counts = [
        (all.failures_new, "new"),
        (all.failures_same, "in both"),
        (all.failures_fixed, "fixed"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// A change of an outcome: `ok → failed`.
pub(super) fn arrow(before: Outcome, now: Outcome) -> String {
    let word = |outcome: Outcome| match outcome {
        Outcome::Absent => "not run",
        other => other.as_str(),
    };
    format!("{} → {}", word(before), word(now))
}
