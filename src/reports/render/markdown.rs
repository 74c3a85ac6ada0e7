//! A report as Markdown. Recorded text is in code spans, in which no markup works and which it cannot end.

use std::fmt::Write as _;

use super::sections::{Document, Item, Part, Table};
use crate::export::report::{cell, code};

/// The document.
pub(super) fn document(report: &Document) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "# {}\n\n| | |\n|---|---|", report.title);
    for (name, text) in &report.facts {
        let _ = writeln!(out, "| {name} | {} |", cell(text));
    }
    for section in &report.sections {
        let _ = writeln!(out, "\n## {}\n", section.title);
        for (at, part) in section.parts.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            match part {
                Part::Text(text) => {
                    let _ = writeln!(out, "{text}");
                }
                Part::Table(table) => push_table(table, &mut out),
                Part::Items(items) => items.iter().for_each(|item| push_item(item, &mut out)),
            }
        }
    }
    out
}

fn push_table(table: &Table, out: &mut String) {
    let _ = writeln!(out, "| {} |", table.heads.join(" | "));
    let lines: Vec<&str> = (0..table.heads.len())
        .map(|at| if at == 0 { "---" } else { "---:" })
        .collect();
    let _ = writeln!(out, "|{}|", lines.join("|"));
    for row in &table.rows {
        out.push('|');
        for (at, text) in row.cells.iter().enumerate() {
            let text = match at {
                0 => cell(text),
                // Names stand in the first column, and in few others.
                _ if is_plain(text) => text.clone(),
                _ => cell(text),
            };
            let _ = write!(out, " {text} |");
        }
        out.push('\n');
    }
}

/// Whether a text has nothing that means something in Markdown.
fn is_plain(text: &str) -> bool {
    let means_nothing = |c: char| c.is_ascii_alphanumeric() || " .,:%=+-".contains(c);
    text.chars().all(means_nothing)
}

fn push_item(item: &Item, out: &mut String) {
    let _ = write!(out, "- **{}**", item.head);
    if let Some(text) = &item.text {
        let _ = write!(out, ": {}", code(text));
    }
    out.push('\n');
    for (name, text) in &item.details {
        let _ = writeln!(out, "  - {name}: {}", code(text));
    }
}
