//! An execution as a short summary in Markdown, for a merge request. Recorded text is in code spans and fences: there,
//! neither markup nor mentions (`@name`, `#1`) work, and it can end neither.

use std::fmt::Write as _;

use super::ansi::stripped;
use super::run::{Limits, RunReport};
use super::words;
use crate::model::{FailureGroup, HostRow, task_place};

/// The size limits of the summary.
pub(super) const LIMITS: Limits = Limits {
    hosts: 30,
    tasks: 0,
    first_lines: 0,
    last_lines: 0,
};

/// Errors.
const FAILURES: usize = 5;

/// Names in a list of hosts.
const NAMES: usize = 5;

/// Lines and bytes of a message.
const MESSAGE_LINES: usize = 20;
const MESSAGE_BYTES: usize = 2000;

/// The longest name, in characters.
const NAME: usize = 200;

/// Text as a code span on one line.
#[must_use]
pub fn code(text: &str) -> String {
    let text = stripped(text);
    let visible = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let mut line: String = text.trim().chars().take(NAME).map(visible).collect();
    if text.trim().chars().nth(NAME).is_some() {
        line.push('…');
    }
    if line.is_empty() {
        return "-".to_owned();
    }
    let marks = "`".repeat(longest_run(&line) + 1);
    // A backtick beside the marks would count as one of them. The blanks are not shown.
    let blank = if line.starts_with('`') || line.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{marks}{blank}{line}{blank}{marks}")
}

/// A code span in a cell of a table: a backslash keeps a vertical line from beginning the next cell, and is not shown.
#[must_use]
pub fn cell(text: &str) -> String {
    // A backslash before that one would take its meaning away.
    code(text).replace("\\|", "\\ |").replace('|', "\\|")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// Text in a fence that is longer than any that the text holds.
fn push_fenced(text: &str, out: &mut String) {
    let text = stripped(text);
    let visible = |c: char| match c {
        '\n' | '\t' => Some(c),
        '\r' => None,
        c if c.is_control() => Some('\u{fffd}'),
        c => Some(c),
    };
    let mut shown: String = text.chars().filter_map(visible).collect();
    let whole = shown.len();
    let end = shown.floor_char_boundary(MESSAGE_BYTES);
    shown.truncate(end);
    let mut lines: Vec<&str> = shown.lines().collect();
    let is_cut = end < whole || lines.len() > MESSAGE_LINES;
    lines.truncate(MESSAGE_LINES);
    let shown = lines.join("\n");
    let fence = "`".repeat((longest_run(&shown) + 1).max(3));
    let _ = writeln!(out, "{fence}text\n{shown}");
    if is_cut {
        out.push_str("…\n");
    }
    let _ = writeln!(out, "{fence}\n");
}

/// The summary.
pub(super) fn document(run: &RunReport) -> String {
    let mut out = String::new();
    let title = code(&words::title(&run.row));
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "### Ansible: {title}: {}\n", run.row.status.as_str());
    out.push_str("| | |\n|---|---|\n");
    for (name, text) in words::facts(&run.row) {
        let _ = writeln!(out, "| {name} | {} |", cell(&text));
    }
    out.push('\n');
    verdict(run, &mut out);
    for group in run.explanation.failures.iter().take(FAILURES) {
        failure(group, &mut out);
    }
    let more = run.explanation.failures.len().saturating_sub(FAILURES) as u64;
    let more = more + run.explanation.groups_left_out;
    if more > 0 {
        let _ = writeln!(out, "{more} further errors are left out.\n");
    }
    hosts(&run.hosts.rows, run.hosts.total, &mut out);
    out
}

fn verdict(run: &RunReport, out: &mut String) {
    // A sentence may repeat recorded text, such as who canceled the run: it is in a fence, too.
    if !run.explanation.verdict.is_empty() {
        push_fenced(&run.explanation.verdict.join("\n"), out);
    }
    if !run.explanation.printed.is_empty() {
        push_fenced(&run.explanation.printed.join("\n"), out);
    }
}

fn failure(group: &FailureGroup, out: &mut String) {
    let task = group.tasks.first();
    let name = task.map(|task| code(&words::task(task)));
    let on = match group.host_count {
        0 | 1 => code(&group.host),
        count => format!("{count} hosts"),
    };
    let name = name.unwrap_or_else(|| "unknown task".to_owned());
    let _ = writeln!(out, "#### {name}, on {on}\n");
    if let Some(place) = task.and_then(|task| task_place(&task.path, task.line)) {
        let _ = writeln!(out, "at {}\n", code(&place));
    }
    if group.host_count > 1 {
        let names: Vec<String> = group
            .hosts
            .iter()
            .take(NAMES)
            .map(|name| code(name))
            .collect();
        let more = group.host_count.saturating_sub(names.len() as u64);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(out, "{}{more}\n", names.join(", "));
    }
    push_fenced(&words::message(group), out);
    for text in [&group.stderr, &group.stdout].into_iter().flatten() {
        push_fenced(text, out);
    }
}

fn hosts(rows: &[HostRow], total: u64, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    out.push_str(
        "| host | ok | changed | unreachable | failed | skipped | rescued | ignored |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let stats = &row.stats;
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&row.name),
            stats.ok,
            stats.changed,
            stats.unreachable,
            stats.failed,
            stats.skipped,
            stats.rescued,
            stats.ignored
        );
    }
    let more = total.saturating_sub(rows.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "\n{more} further hosts are left out.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_cannot_be_left() {
        for (text, span) in [
            ("plain", "`plain`"),
            ("", "-"),
            ("a`b", "``a`b``"),
            ("``x``", "``` ``x`` ```"),
            ("<script>@all #1 [x](y)", "`<script>@all #1 [x](y)`"),
            ("two\nlines\u{1b}[31m\u{7}", "`two lines\u{fffd}`"),
        ] {
            assert_eq!(code(text), span, "{text:?}");
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(cell("a\\|b"), "`a\\ \\|b`");
        assert!(code(&"x".repeat(1000)).chars().count() < 210);
    }

    #[test]
    fn a_fence_cannot_be_left() {
        let mut out = String::new();
        push_fenced("a\n```\n# b\n`````\r\n", &mut out);
        assert_eq!(out, "``````text\na\n```\n# b\n`````\n``````\n\n");
        let mut out = String::new();
        push_fenced(&"line\n".repeat(100), &mut out);
        assert_eq!(out.lines().filter(|line| *line == "line").count(), 20);
        assert!(out.ends_with("line\n…\n```\n\n"), "{out}");
        let mut out = String::new();
        push_fenced(&"é".repeat(5000), &mut out);
        assert!(out.len() < 2100);
    }
}
