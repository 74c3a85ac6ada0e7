//! Messages of chats: Slack, Mattermost, Teams, Matrix.

use serde_json::{Value, json};

use super::super::notice::Notice;
use super::document::Document;

/// Longest text of a block, in characters: Slack refuses more than 3000.
const BLOCK_CHARS: usize = 2500;

fn cut(text: &str) -> String {
    match text.char_indices().nth(BLOCK_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text for Slack, in which nothing is a mention or a link.
fn slack_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A text in a code block of Slack or Markdown: it cannot end the block.
fn code(text: &str) -> String {
    text.replace("```", "ʼʼʼ")
}

/// A link's address in Slack; addresses are ours, and have no such characters.
fn slack_link(url: &str, text: &str) -> String {
    format!("<{}|{}>", slack_text(url), slack_text(text))
}

/// The body for an incoming webhook of Slack.
pub(super) fn slack(notice: &Notice) -> Value {
    let document = Document::of(notice);
    let section =
        |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let title = slack_text(&document.title);
    let title = match &document.link {
        Some(link) => slack_link(link, &document.title),
        None => title,
    };
    let mark = if notice.is_bad() {
        ":red_circle:"
    } else {
        ":large_green_circle:"
    };
    let mut blocks = vec![section(cut(&format!("{mark} *{title}*")))];
    let mut lines: Vec<String> = document
        .sentences
        .iter()
        .map(|line| slack_text(line))
        .collect();
    let facts = document.facts.iter();
    lines.extend(facts.map(|(name, value)| format!("*{name}:* {}", slack_text(value))));
    if !lines.is_empty() {
        blocks.push(section(cut(&lines.join("\n"))));
    }
    for (heading, text) in &document.quotes {
        let (heading, text) = (slack_text(heading), cut(&code(&slack_text(text))));
        blocks.push(section(format!("{heading}\n```{text}```")));
    }
    let runs: Vec<String> = document
        .runs
        .iter()
        .map(|(line, url)| match url {
            Some(url) => slack_link(url, line),
            None => slack_text(line),
        })
        .collect();
    if !runs.is_empty() {
        blocks.push(section(cut(&runs.join("\n"))));
    }
    json!({ "text": slack_text(&document.title), "blocks": blocks })
}

/// A text for Markdown, in which nothing is formatted or a mention.
fn markdown_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_{}[]()#+-.!|<>~:".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
        if c == '@' {
            // A name after it would be told.
            escaped.push('\u{200b}');
        }
    }
    escaped
}

fn markdown(notice: &Notice) -> String {
    let document = Document::of(notice);
    let mark = if notice.is_bad() {
        ":red_circle:"
    } else {
        ":large_green_circle:"
    };
    let title = markdown_text(&document.title);
    let mut lines = vec![match &document.link {
        Some(link) => format!("{mark} **[{title}]({link})**"),
        None => format!("{mark} **{title}**"),
    }];
    let sentences = document.sentences.iter();
    lines.extend(sentences.map(|line| format!("- {}", markdown_text(line))));
    let facts = document.facts.iter();
    lines.extend(facts.map(|(name, value)| format!("- {name}: {}", markdown_text(value))));
    for (heading, text) in &document.quotes {
        lines.push(format!("\n{}", markdown_text(heading)));
        lines.push(format!("```\n{}\n```", cut(&code(text))));
    }
    for (line, url) in &document.runs {
        let line = markdown_text(line);
        lines.push(match url {
            Some(url) => format!("- [{line}]({url})"),
            None => format!("- {line}"),
        });
    }
    lines.join("\n")
}

/// The body for an incoming webhook of Mattermost.
pub(super) fn mattermost(notice: &Notice) -> Value {
    json!({ "username": "Playback", "text": markdown(notice) })
}

/// The body for a workflow of Teams: an Adaptive Card.
pub(super) fn teams(notice: &Notice) -> Value {
    let document = Document::of(notice);
    let colour = if notice.is_bad() { "attention" } else { "good" };
    let text = |text: &str| json!({ "type": "TextBlock", "text": cut(&markdown_text(text)), "wrap": true });
    let mut body = vec![json!({
        "type": "TextBlock", "text": markdown_text(&document.title), "wrap": true,
        "size": "medium", "weight": "bolder", "color": colour,
    })];
    body.extend(document.sentences.iter().map(|line| text(line)));
    let facts = document.facts.iter();
    let facts: Vec<Value> = facts
        .map(|(name, value)| json!({ "title": name, "value": markdown_text(value) }))
        .collect();
    if !facts.is_empty() {
        body.push(json!({ "type": "FactSet", "facts": facts }));
    }
    for (heading, quote) in &document.quotes {
        body.push(text(heading));
        body.push(json!({
            "type": "TextBlock", "text": cut(&markdown_text(quote)), "wrap": true, "fontType": "monospace",
        }));
    }
    for (line, url) in &document.runs {
        let line = markdown_text(line);
        let line = match url {
            Some(url) => format!("[{line}]({url})"),
            None => line,
        };
        body.push(json!({ "type": "TextBlock", "text": line, "wrap": true }));
    }
    let actions: Vec<Value> = document
        .link
        .iter()
        .map(|url| json!({ "type": "Action.OpenUrl", "title": "Open the run", "url": url }))
        .collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
        "version": "1.4", "body": body, "actions": actions,
    });
    json!({
        "type": "message",
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "content": card }],
    })
}

/// The body of an event of Matrix.
pub(super) fn matrix(notice: &Notice) -> Value {
    let document = Document::of(notice);
    json!({
        "msgtype": "m.text",
        "body": super::mail::plain(&document),
        "format": "org.matrix.custom.html",
        "formatted_body": super::mail::fragment(&document),
    })
}
