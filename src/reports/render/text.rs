//! A report as text, for terminals and for mail that is read as text.

use unicode_width::UnicodeWidthStr as _;

use super::sections::{Document, Item, Part, Table};

/// Blanks between two columns.
const GAP: usize = 2;

/// No name is shortened to less.
const LEAST: usize = 12;

/// The text; no line is wider than this many columns, if its tables allow that.
pub(super) fn document(report: &Document, columns: usize) -> String {
    let columns = columns.max(40);
    let mut out = Vec::new();
    out.push(report.title.clone());
    out.push("=".repeat(report.title.width().min(columns)));
    let names = report.facts.iter().map(|(name, _)| name.width());
    let indent = names.max().unwrap_or(0) + GAP;
    for (name, text) in &report.facts {
        push_hanging(&format!("{name:<indent$}"), text, columns, &mut out);
    }
    for section in &report.sections {
        out.push(String::new());
        out.push(section.title.to_owned());
        out.push("-".repeat(section.title.width().min(columns)));
        for (at, part) in section.parts.iter().enumerate() {
            if at > 0 {
                out.push(String::new());
            }
            match part {
                Part::Text(text) => push_hanging("", text, columns, &mut out),
                Part::Table(table) => push_table(table, columns, &mut out),
                Part::Items(items) => {
                    for item in items {
                        push_item(item, columns, &mut out);
                    }
                }
            }
        }
    }
    let lines = out.iter().map(|line| line.trim_end());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Text without characters that would drive a terminal, on one line.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A text that wraps below its beginning.
fn push_hanging(head: &str, text: &str, columns: usize, out: &mut Vec<String>) {
    let indent = head.width();
    let room = columns.saturating_sub(indent).max(20);
    let mut before = head.to_owned();
    let mut line = String::new();
    let mut push = |line: &mut String, before: &mut String| {
        out.push(format!("{before}{line}"));
        *before = " ".repeat(indent);
        line.clear();
    };
    for mut word in plain(text).split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            push(&mut line, &mut before);
        }
        while word.width() > room {
            let (fits, rest) = split(word, room);
            line.push_str(fits);
            push(&mut line, &mut before);
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    push(&mut line, &mut before);
}

/// Splits a text at a width; at least one character comes before it.
fn split(text: &str, width: usize) -> (&str, &str) {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| text[..*end].width() <= width).last();
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.split_at(end.unwrap_or(first))
}

fn push_table(table: &Table, columns: usize, out: &mut Vec<String>) {
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.cells.iter().map(|cell| plain(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = table.heads.iter().map(|head| head.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let gaps = GAP * widths.len().saturating_sub(1);
    // Names can be shortened, and figures cannot.
    let whole: usize = widths.iter().sum::<usize>() + gaps;
    if let Some(names) = widths.first_mut() {
        let too_much = whole.saturating_sub(columns);
        *names = names.saturating_sub(too_much).max((*names).min(LEAST));
    }
    let heads: Vec<String> = table.heads.iter().map(|head| (*head).to_owned()).collect();
    for row in std::iter::once(&heads).chain(&rows) {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let cell = shortened(cell, *width);
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            match at {
                0 => {
                    line.push_str(&cell);
                    line.push_str(&blanks);
                }
                _ => {
                    line.push_str(&blanks);
                    line.push_str(&cell);
                }
            }
        }
        out.push(line);
    }
}

/// A name that is no wider; its end says most.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut room = width.saturating_sub(1);
    for c in text.chars().rev() {
        let wide = c.to_string().width();
        if wide > room {
            break;
        }
        room -= wide;
        kept.push(c);
    }
    kept.push('…');
    kept.into_iter().rev().collect()
}

fn push_item(item: &Item, columns: usize, out: &mut Vec<String>) {
    match &item.text {
        Some(text) => push_hanging(&format!("{}: ", item.head), text, columns, out),
        None => out.push(item.head.clone()),
    }
    for (name, text) in &item.details {
        push_hanging(&format!("    {name}: "), text, columns, out);
    }
}
