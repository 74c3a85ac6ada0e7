//! A report as one HTML file: tables, no script, nothing from elsewhere. Mail programs drop style sheets, so the necessary
//! styles are in `style` attributes, without background colours: it is readable on a light and on a dark background.

use std::fmt::Write as _;

use super::sections::{Document, Item, Part, Table};
use crate::export::report::escaped;

const BODY: &str = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:15px;line-height:1.45;\
max-width:60em;margin:1.5em auto;padding:0 1em";
const TABLE: &str = "border-collapse:collapse;margin:.5em 0";
const HEAD: &str =
    "text-align:left;vertical-align:top;padding:.2em 1em .2em 0;border-bottom:1px solid #8b949e";
const CELL: &str = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0";
const NUMBER: &str =
    "text-align:right;vertical-align:top;padding:.2em 1em .2em 0;white-space:nowrap";
/// Red that has enough contrast on white and on black.
const BAD: &str = ";color:#d1242f;font-weight:bold";
const TEXT: &str = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;white-space:pre-wrap;\
overflow-wrap:anywhere;border-left:3px solid #d1242f;padding-left:.8em;margin:.3em 0";

/// The file.
pub(super) fn document(report: &Document) -> String {
    let mut out = String::with_capacity(32 << 10);
    let title = escaped(&report.title);
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>:root{{color-scheme:light dark}}</style>\n</head>\n\
         <body style=\"{BODY}\">\n<h1 style=\"font-size:1.5em\">{title}</h1>\n<table style=\"{TABLE}\">\n"
    );
    for (name, text) in &report.facts {
        let _ = writeln!(
            out,
            "<tr><th style=\"{CELL}\">{name}</th><td style=\"{CELL}\">{}</td></tr>",
            escaped(text)
        );
    }
    out.push_str("</table>\n");
    for section in &report.sections {
        let _ = writeln!(
            out,
            "<h2 style=\"font-size:1.15em;margin-top:1.6em\">{}</h2>",
            section.title
        );
        for part in &section.parts {
            match part {
                Part::Text(text) => {
                    let _ = writeln!(out, "<p>{}</p>", escaped(text));
                }
                Part::Table(table) => push_table(table, &mut out),
                Part::Items(items) => items.iter().for_each(|item| push_item(item, &mut out)),
            }
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn push_table(table: &Table, out: &mut String) {
    let _ = writeln!(out, "<table style=\"{TABLE}\">");
    out.push_str("<tr>");
    for head in &table.heads {
        let _ = write!(out, "<th style=\"{HEAD}\">{head}</th>");
    }
    out.push_str("</tr>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        let bad = if row.is_bad { BAD } else { "" };
        for (at, cell) in row.cells.iter().enumerate() {
            // The mark says what is red, where no colours are shown.
            let mark = if row.is_bad && at == 0 { "✗ " } else { "" };
            let style = if at == 0 { CELL } else { NUMBER };
            let _ = write!(
                out,
                "<td style=\"{style}{bad}\">{mark}{}</td>",
                escaped(cell)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn push_item(item: &Item, out: &mut String) {
    let bad = if item.is_bad {
        BAD
    } else {
        ";font-weight:bold"
    };
    let _ = writeln!(
        out,
        "<p style=\"margin:1em 0 .2em{bad}\">{}</p>",
        escaped(&item.head)
    );
    if let Some(text) = &item.text {
        let _ = match item.is_bad {
            true => writeln!(out, "<div style=\"{TEXT}\">{}</div>", escaped(text)),
            false => writeln!(out, "<p style=\"margin:.2em 0\">{}</p>", escaped(text)),
        };
    }
    if item.details.is_empty() {
        return;
    }
    let _ = writeln!(out, "<table style=\"{TABLE}\">");
    for (name, text) in &item.details {
        let _ = writeln!(
            out,
            "<tr><td style=\"{CELL}\">{name}</td><td style=\"{CELL}\">{}</td></tr>",
            escaped(text)
        );
    }
    out.push_str("</table>\n");
}
