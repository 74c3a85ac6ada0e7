//! The sections below the summary, each with what it leaves out.

use super::super::out::{Colour, Out, plain};
use super::super::tasks::described;
use super::super::when::show_seconds;
use super::super::why::{counted, in_words};
use super::print::arrow;
use crate::model::{
    ComparedTask, Comparison, FieldDifference, PrintedIn, ResultDifference, TaskOutcomes,
    Transition, task_place,
};

/// Tasks whose results failed in `now`, with their messages; then failures of both runs.
pub(super) fn failures(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    let failed = comparison.outcomes.iter().filter(|task| has_failed(task));
    for task in failed {
        out.line("")?;
        out.headline(
            Colour::Red,
            &plain(&format!("failed: {}", named(&task.task))),
        )?;
        outcomes_of(task, comparison, out)?;
    }
    let both = comparison
        .results
        .iter()
        .filter(|result| result.before == result.now);
    for result in both {
        out.line("")?;
        let title = format!("failed in both: {} on {}", named(&result.task), result.host);
        out.headline(Colour::Red, &plain(&title))?;
        match is_same(result) {
            true => out.line("  with the same message")?,
            false => what_differs(result, out)?,
        }
    }
    Ok(())
}

/// Tasks whose results differ and did not fail.
pub(super) fn changes(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    let others = comparison.outcomes.iter().filter(|task| !has_failed(task));
    for (index, task) in others.enumerate() {
        if index == 0 {
            heading("Results", out)?;
        }
        out.hanging("  ", &plain(&named(&task.task)))?;
        outcomes_of(task, comparison, out)?;
    }
    more(
        comparison.summary.tasks_different,
        comparison.outcomes.len(),
        "task",
        out,
    )
}

fn has_failed(task: &TaskOutcomes) -> bool {
    task.transitions
        .iter()
        .any(|change| change.now.is_failure())
}

/// The changes of a task, each with its hosts and what one of them returned.
fn outcomes_of(task: &TaskOutcomes, comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    if let Some(place) = task_place(&task.task.path, task.task.line) {
        out.hanging("    at: ", &plain(&place))?;
    }
    for change in &task.transitions {
        let heading = format!("    {}: ", arrow(change.before, change.now));
        out.hanging(&heading, &plain(&hosts_of(change)))?;
        let said = comparison.results.iter().find(|result| {
            result.task.task == task.task.task
                && (result.before, result.now) == (change.before, change.now)
        });
        if let Some(said) = said {
            what_differs(said, out)?;
        }
    }
    Ok(())
}

fn hosts_of(change: &Transition) -> String {
    let names = change.hosts.join(", ");
    match change.host_count.saturating_sub(change.hosts.len() as u64) {
        0 => names,
        left => format!("{names} and {left} more"),
    }
}

/// Whether a result returned the same in both runs, as far as that is known.
fn is_same(result: &ResultDifference) -> bool {
    result.fields.is_empty() && result.items.is_empty() && result.note.is_none()
}

/// The differences between two results.
fn what_differs(result: &ResultDifference, out: &mut Out) -> anyhow::Result<()> {
    if is_same(result) {
        return Ok(());
    }
    out.hanging("      ", &plain(&format!("on {}:", result.host)))?;
    if let Some(note) = &result.note {
        out.hanging("        ", &plain(note))?;
    }
    for one in &result.fields {
        field(one, "        ", out)?;
    }
    if result.fields_left_out > 0 {
        let left = counted(result.fields_left_out, "more field");
        out.line(format_args!("        and {left}"))?;
    }
    for item in &result.items {
        let title = format!("item {}: {}", item.item, arrow(item.before, item.now));
        out.hanging("        ", &plain(&title))?;
        for one in &item.fields {
            field(one, "          ", out)?;
        }
    }
    if result.items_left_out > 0 {
        let left = counted(result.items_left_out, "more item");
        out.line(format_args!("        and {left}"))?;
    }
    Ok(())
}

/// A field: `rc: 0 → 1` on one line, or each line with a sign before it.
fn field(one: &FieldDifference, indent: &str, out: &mut Out) -> anyhow::Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let (before, now) = (text(&one.before), text(&one.now));
    let name = plain(&one.field);
    let is_short = |text: &str| !text.contains('\n') && text.chars().count() <= 30;
    if is_short(&before) && is_short(&now) {
        let text = plain(&format!("{before} → {now}"));
        return out.hanging(&format!("{indent}{name}: "), &text);
    }
    out.hanging(indent, &format!("{name}:"))?;
    for (sign, value) in [("-", &one.before), ("+", &one.now)] {
        for line in value.iter().flat_map(|value| value.lines()) {
            out.hanging(&format!("{indent}  {sign} "), &plain(line))?;
        }
    }
    Ok(())
}

pub(super) fn parameters(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    for (index, one) in comparison.parameters.iter().enumerate() {
        if index == 0 {
            heading("Parameters", out)?;
        }
        out.hanging("  ", &plain(&in_words(one)))?;
    }
    Ok(())
}

pub(super) fn hosts(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    let all = &comparison.summary;
    let lists = [
        ("added", &comparison.hosts_added, all.hosts_added),
        ("gone", &comparison.hosts_gone, all.hosts_gone),
    ];
    let mut lists = lists
        .iter()
        .filter(|(_, names, _)| !names.is_empty())
        .peekable();
    if lists.peek().is_some() {
        heading("Hosts", out)?;
    }
    for (word, names, count) in lists {
        let mut text = names.join(", ");
        let left = count.saturating_sub(names.len() as u64);
        if left > 0 {
            text = format!("{text} and {left} more");
        }
        out.hanging(&format!("  {word}: "), &plain(&text))?;
    }
    Ok(())
}

pub(super) fn tasks(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    let all = &comparison.summary;
    let single = |task: &ComparedTask| match task_place(&task.path, task.line) {
        Some(place) => format!("{}, {place}", named(task)),
        None => named(task),
    };
    let moved = comparison.tasks_moved.iter().map(|pair| {
        let (before, now) = (
            task_place(&pair.before.path, pair.before.line),
            task_place(&pair.now.path, pair.now.line),
        );
        let places = [before, now].map(|place| place.unwrap_or_else(|| "unknown".to_owned()));
        format!("{}, {} → {}", named(&pair.now), places[0], places[1])
    });
    let renamed = comparison.tasks_renamed.iter();
    let renamed = renamed.map(|pair| format!("{} → {}", named(&pair.before), single(&pair.now)));
    let lists: [(&str, Vec<String>, u64); 4] = [
        (
            "added",
            comparison.tasks_added.iter().map(single).collect(),
            all.tasks_added,
        ),
        (
            "gone",
            comparison.tasks_gone.iter().map(single).collect(),
            all.tasks_gone,
        ),
        ("moved", moved.collect(), all.tasks_moved),
        ("renamed", renamed.collect(), all.tasks_renamed),
    ];
    if lists.iter().all(|(_, texts, _)| texts.is_empty()) {
        return Ok(());
    }
    heading("Tasks", out)?;
    for (word, texts, count) in lists {
        for text in &texts {
            out.hanging(&format!("  {:<8} ", format!("{word}:")), &plain(text))?;
        }
        let left = count.saturating_sub(texts.len() as u64);
        if left > 0 {
            out.line(format_args!("  and {left} more {word}: --limit shows more"))?;
        }
    }
    Ok(())
}

pub(super) fn durations(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    for (index, one) in comparison.durations.iter().enumerate() {
        if index == 0 {
            heading("Durations", out)?;
        }
        let hosts = match one.host_count {
            1 => String::new(),
            count => format!(" (median of {count} hosts)"),
        };
        let text = format!(
            "{}: {} → {}{hosts}",
            named(&one.task),
            show_seconds(one.before),
            show_seconds(one.now)
        );
        out.hanging("  ", &plain(&text))?;
    }
    more(
        comparison.summary.durations,
        comparison.durations.len(),
        "task",
        out,
    )
}

pub(super) fn output(comparison: &Comparison, out: &mut Out) -> anyhow::Result<()> {
    for (index, one) in comparison.output.iter().enumerate() {
        if index == 0 {
            heading("Output", out)?;
        }
        let sign = match one.only_in {
            PrintedIn::Before => "  - ",
            PrintedIn::Now => "  + ",
        };
        out.hanging(sign, &plain(&one.text))?;
    }
    more(
        comparison.summary.output_lines,
        comparison.output.len(),
        "line",
        out,
    )
}

fn heading(text: &str, out: &mut Out) -> anyhow::Result<()> {
    out.line("")?;
    out.headline(Colour::Bold, text)
}

/// How many entries are not shown.
fn more(count: u64, shown: usize, noun: &str, out: &mut Out) -> anyhow::Result<()> {
    match count.saturating_sub(shown as u64) {
        0 => Ok(()),
        left => out.line(format_args!(
            "  and {}: --limit shows more",
            counted(left, &format!("more {noun}"))
        )),
    }
}

/// A task with its role.
fn named(task: &ComparedTask) -> String {
    described(&task.name, &task.action, &task.role, task.handler)
}
