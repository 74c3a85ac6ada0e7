//! An execution as one HTML file: no script, nothing from elsewhere, and simple enough for mail programs. It follows
//! the reader's choice of a light or a dark page.

use std::fmt::Write as _;

use super::ansi::{Style, stripped};
use super::run::{Limits, OutputPart, RunReport};
use super::words;
use crate::log::output::shown;
use crate::model::{FailureGroup, Handled, HandledFailure, HostRow, Status, TaskRow, task_place};

/// The size limits of the file: about two megabytes.
pub(super) const LIMITS: Limits = Limits {
    hosts: 1000,
    tasks: 500,
    first_lines: 500,
    last_lines: 1500,
};

/// Names in a list of hosts.
const NAMES: usize = 20;

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;max-width:72em;margin:2em auto;padding:0 1em;color:#1f2328;background:#fff}
h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #d1d9e0}
table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.15em 1em .15em 0}
.n{text-align:right}.success{color:#1a7f37}.failed{color:#cf222e}.running{color:#0969da}
pre,code{font:13px/1.4 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f8fa;padding:.8em;margin:.5em 0}
.error{border-left:3px solid #cf222e;padding-left:.8em;margin:1em 0}.left{font-style:italic}
.b{font-weight:bold}.i{font-style:italic}.u{text-decoration:underline}
.c0,.c7,.c8,.c15{color:#59636e}.c1,.c9{color:#cf222e}.c2,.c10{color:#1a7f37}.c3,.c11{color:#9a6700}
.c4,.c12{color:#0969da}.c5,.c13{color:#8250df}.c6,.c14{color:#1b7c83}
@media(prefers-color-scheme:dark){body{color:#d1d7e0;background:#0d1117}h2{border-color:#3d444d}pre{background:#161b22}
.success,.c2,.c10{color:#3fb950}.failed,.c1,.c9{color:#f85149}.running,.c4,.c12{color:#58a6ff}.error{border-color:#f85149}
.c0,.c7,.c8,.c15{color:#9198a1}.c3,.c11{color:#d29922}.c5,.c13{color:#bc8cff}.c6,.c14{color:#39c5cf}}
";

/// Appends text so that it is text. Characters that drive a terminal become one that is visible.
pub(super) fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            // The end of a Windows line, and what a progress bar prints.
            '\r' => {}
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// Text inside of an element, without the escape sequences of terminals.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_escaped(&stripped(text), &mut out);
    out
}

/// The file.
pub(super) fn document(run: &RunReport) -> String {
    let mut out = String::with_capacity(64 << 10);
    let title = escaped(&words::title(&run.row));
    let status = run.row.status.as_str();
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}: {status}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}: <span class=\"{status}\">{status}</span></h1>\n"
    );
    facts(run, &mut out);
    failures(run, &mut out);
    hosts(&run.hosts.rows, run.hosts.total, &mut out);
    tasks(&run.tasks.rows, run.tasks.total, &mut out);
    output(run, &mut out);
    out.push_str("</body>\n</html>\n");
    out
}

fn facts(run: &RunReport, out: &mut String) {
    out.push_str("<table>\n");
    for (name, text) in words::facts(&run.row) {
        let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&text));
    }
    out.push_str("</table>\n");
}

fn failures(run: &RunReport, out: &mut String) {
    let explanation = &run.explanation;
    let heading = match run.row.status {
        Status::Failed => "Why it failed",
        Status::Running => "So far",
        Status::Success => "How it ended",
    };
    let _ = writeln!(out, "<h2>{heading}</h2>");
    for sentence in &explanation.verdict {
        let _ = writeln!(out, "<p>{}</p>", escaped(sentence));
    }
    if !explanation.printed.is_empty() {
        let text = explanation.printed.join("\n");
        let _ = writeln!(out, "<pre>{}</pre>", escaped(&text));
    }
    for group in &explanation.failures {
        failure(group, out);
    }
    if explanation.groups_left_out > 0 {
        let _ = writeln!(
            out,
            "<p class=\"left\">{} further errors, on {} hosts, are left out.</p>",
            explanation.groups_left_out, explanation.hosts_left_out
        );
    }
    for one in &explanation.handled {
        handled(one, out);
    }
}

fn failure(group: &FailureGroup, out: &mut String) {
    let _ = write!(
        out,
        "<div class=\"error\">\n<p><b>{}</b></p>\n<pre>{}</pre>\n<table>\n",
        escaped(&words::on(group)),
        escaped(&words::message(group))
    );
    let mut add = |name: &str, text: &str| {
        let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escaped(text));
    };
    if group.host_count > 1 {
        add("Hosts", &some_of(&group.hosts, group.host_count));
    }
    for task in &group.tasks {
        add("Task", &words::task(task));
        if let Some(place) = task_place(&task.path, task.line) {
            add("At", &place);
        }
    }
    if let Some(item) = &group.item {
        add("Item", item);
    }
    if let Some(rc) = group.rc {
        add("Exit code", &rc.to_string());
    }
    if let Some(seen) = &group.seen {
        add("Seen", &words::occurrences(seen));
    }
    if let Some(success) = &group.last_success {
        add("Worked last", &words::last_success(success));
    }
    out.push_str("</table>\n");
    for (name, text) in [("stderr", &group.stderr), ("stdout", &group.stdout)] {
        if let Some(text) = text {
            let text = escaped(text);
            let _ = writeln!(out, "<p>{name}:</p>\n<pre>{text}</pre>");
        }
    }
    out.push_str("</div>\n");
}

fn handled(one: &HandledFailure, out: &mut String) {
    let how = match one.handled {
        Handled::Rescued => "Rescued",
        Handled::Ignored => "Ignored",
    };
    let task = one.task.as_ref().map(words::task).unwrap_or_default();
    let message = one.message.as_ref().and_then(|text| text.lines().next());
    let message = message.map(|message| format!(": {message}"));
    let hosts = some_of(&one.hosts, one.host_count);
    let text = format!("{how}: {task} on {hosts}{}", message.unwrap_or_default());
    let _ = writeln!(out, "<p>{}</p>", escaped(&text));
}

/// The first of these names, and how many more there are.
fn some_of(names: &[String], count: u64) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    match count.saturating_sub(shown.len() as u64) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn hosts(rows: &[HostRow], total: u64, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Hosts</h2>\n<table>\n<tr><th>Host</th><th class=\"n\">ok</th><th class=\"n\">changed</th>\
         <th class=\"n\">unreachable</th><th class=\"n\">failed</th><th class=\"n\">skipped</th>\
         <th class=\"n\">rescued</th><th class=\"n\">ignored</th></tr>\n",
    );
    for row in rows {
        let stats = &row.stats;
        let class = row_class(stats.failed + stats.unreachable > 0);
        let _ = write!(out, "<tr{class}><td>{}</td>", escaped(&row.name));
        for count in [
            stats.ok,
            stats.changed,
            stats.unreachable,
            stats.failed,
            stats.skipped,
            stats.rescued,
            stats.ignored,
        ] {
            let _ = write!(out, "<td class=\"n\">{count}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
    left_out("hosts", rows.len(), total, out);
}

fn tasks(rows: &[TaskRow], total: u64, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Tasks</h2>\n<table>\n<tr><th>Task</th><th>Module</th><th class=\"n\">ok</th>\
         <th class=\"n\">changed</th><th class=\"n\">failed</th><th class=\"n\">skipped</th>\
         <th class=\"n\">unreachable</th><th class=\"n\">took</th></tr>\n",
    );
    for row in rows {
        let counts = &row.counts;
        let class = row_class(counts.failed + counts.unreachable > counts.ignored);
        let _ = write!(
            out,
            "<tr{class}><td>{}</td><td>{}</td>",
            escaped(&words::task_row(row)),
            escaped(&row.action)
        );
        for count in [
            counts.ok,
            counts.changed,
            counts.failed,
            counts.skipped,
            counts.unreachable,
        ] {
            let _ = write!(out, "<td class=\"n\">{count}</td>");
        }
        let took = words::duration(row.ended_us.saturating_sub(row.started_us));
        let _ = writeln!(out, "<td class=\"n\">{took}</td></tr>");
    }
    out.push_str("</table>\n");
    left_out("tasks", rows.len(), total, out);
}

/// The class of a row that failed.
fn row_class(is_failed: bool) -> &'static str {
    if is_failed { " class=\"failed\"" } else { "" }
}

fn left_out(noun: &str, shown: usize, total: u64, out: &mut String) {
    let more = total.saturating_sub(shown as u64);
    if more > 0 {
        let _ = writeln!(
            out,
            "<p class=\"left\">{more} further {noun} are left out.</p>"
        );
    }
}

fn output(run: &RunReport, out: &mut String) {
    if run.row.log.is_removed() {
        out.push_str("<h2>Output</h2>\n<p class=\"left\">Retention removed it.</p>\n");
        return;
    }
    let OutputPart {
        first,
        last,
        left_out,
    } = &run.output;
    if first.is_empty() && last.is_empty() && *left_out == 0 {
        return;
    }
    out.push_str("<h2>Output</h2>\n<pre>");
    let mut style = Style::default();
    for line in first {
        style.push_html(&shown(line), out);
        out.push('\n');
    }
    if *left_out > 0 {
        let _ = write!(
            out,
            "</pre>\n<p class=\"left\">{left_out} lines are left out: \
             <code>playback show {} --output</code> prints all.</p>\n<pre>",
            run.row.id
        );
        style = Style::default();
    }
    for line in last {
        style.push_html(&shown(line), out);
        out.push('\n');
    }
    out.push_str("</pre>\n");
}
