//! Mails: subject, text and HTML.

use std::fmt::Write as _;

use uuid::Uuid;

use super::super::notice::Notice;
use super::document::Document;

/// Longest subject, in characters.
const SUBJECT_CHARS: usize = 200;

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
}

/// The mail about a notice.
pub(super) fn text(notice: &Notice, id: Uuid) -> MailText {
    let document = Document::of(notice);
    let subject = document.title.chars();
    let subject: String = subject
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SUBJECT_CHARS)
        .collect();
    let colour = if notice.is_bad() {
        "#b1380b"
    } else {
        "#3d7317"
    };
    MailText {
        id,
        subject: format!("[Playback] {subject}"),
        text: plain(&document),
        html: format!(
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head>\
             <body style=\"font-family: sans-serif; border-left: 4px solid {colour}; padding-left: 12px\">{}\
             </body></html>",
            fragment(&document)
        ),
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
