//! Mails: subject, text and HTML.

use std::fmt::Write as _;

use uuid::Uuid;

use super::super::notice::{Notice, NoticeReport};
use super::document::Document;
use crate::model::ReportFormat;
use crate::reports::{as_text, render};

/// Longest subject, in characters.
const SUBJECT_CHARS: usize = 200;

/// Columns of the text of a report.
const TEXT_COLUMNS: usize = 80;

/// A mail, without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// Its identity, the same for each attempt.
    pub id: Uuid,
    /// Its subject, in one line.
    pub subject: String,
    /// As text.
    pub text: String,
    /// As HTML, without any reference to something that would be loaded.
    pub html: String,
    /// Files beside it.
    pub attachments: Vec<Attachment>,
}

/// A file of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub file: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub text: String,
}

/// The mail about a notice.
pub(super) fn text(notice: &Notice, id: Uuid) -> MailText {
    if let Some(report) = &notice.data.report {
        return of_report(report, &notice.data.title, id);
    }
    let document = Document::of(notice);
    let colour = if notice.is_bad() {
        "#b1380b"
    } else {
        "#3d7317"
    };
    MailText {
        id,
        subject: subject(&document.title),
        attachments: Vec::new(),
        text: plain(&document),
        html: format!(
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head>\
             <body style=\"font-family: sans-serif; border-left: 4px solid {colour}; padding-left: 12px\">{}\
             </body></html>",
            fragment(&document)
        ),
    }
}

fn subject(title: &str) -> String {
    let title = title.chars();
    let title: String = title
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SUBJECT_CHARS)
        .collect();
    format!("[Playback] {title}")
}

/// A report is the mail itself; what a reader may want to keep or count is attached.
fn of_report(report: &NoticeReport, title: &str, id: Uuid) -> MailText {
    let link = report.url.iter();
    let link: String = link.map(|url| format!("\n{url}\n")).collect();
    let mut html = render(&report.content, ReportFormat::Html).unwrap_or_default();
    if let Some(url) = &report.url {
        let link = format!("<p><a href=\"{0}\">{0}</a></p>\n</body>", escaped(url));
        html = html.replacen("</body>", &link, 1);
    }
    let documents = report.documents.iter();
    let attached =
        documents.filter(|one| !matches!(one.format, ReportFormat::Text | ReportFormat::Html));
    MailText {
        id,
        subject: subject(title),
        text: as_text(&report.content, TEXT_COLUMNS) + &link,
        html,
        attachments: attached
            .map(|one| Attachment {
                file: one.file.clone(),
                media_type: one.format.media_type(),
                text: one.text.clone(),
            })
            .collect(),
    }
}

/// A document as plain text.
pub(super) fn plain(document: &Document) -> String {
    let mut text = document.title.clone();
    text.push('\n');
    for sentence in &document.sentences {
        text.push_str(sentence);
        text.push('\n');
    }
    for (name, value) in &document.facts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    for (heading, quote) in &document.quotes {
        let _ = writeln!(text, "\n{heading}");
        for line in quote.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    if let Some(link) = &document.link {
        let _ = writeln!(text, "\n{link}");
    }
    for (line, url) in &document.runs {
        let _ = match url {
            Some(url) => writeln!(text, "{line} {url}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

/// A text in HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A document as HTML, without head and body.
pub(super) fn fragment(document: &Document) -> String {
    let linked = |text: &str, url: Option<&String>| match url {
        Some(url) => format!("<a href=\"{}\">{}</a>", escaped(url), escaped(text)),
        None => escaped(text),
    };
    let mut html = format!(
        "<p><strong>{}</strong></p>",
        linked(&document.title, document.link.as_ref())
    );
    if !document.sentences.is_empty() {
        let lines: Vec<String> = document
            .sentences
            .iter()
            .map(|line| escaped(line))
            .collect();
        let _ = write!(html, "<p>{}</p>", lines.join("<br>"));
    }
    if !document.facts.is_empty() {
        let facts = document.facts.iter();
        let lines: Vec<String> = facts
            .map(|(name, value)| format!("{name}: {}", escaped(value)))
            .collect();
        let _ = write!(html, "<p>{}</p>", lines.join("<br>"));
    }
    for (heading, quote) in &document.quotes {
        let _ = write!(
            html,
            "<p>{}</p><pre><code>{}</code></pre>",
            escaped(heading),
            escaped(quote)
        );
    }
    if !document.runs.is_empty() {
        let runs = document.runs.iter();
        let lines: Vec<String> = runs.map(|(line, url)| linked(line, url.as_ref())).collect();
        let _ = write!(html, "<p>{}</p>", lines.join("<br>"));
    }
    html
}
