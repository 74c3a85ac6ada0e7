//! Messages of chats: Slack, Mattermost, Teams, Matrix.

use serde_json::{Value, json};

use super::super::notice::Notice;
use super::document::Document;

/// Longest text of a quote, in characters.
const BLOCK_CHARS: usize = 2500;

/// Longest text of a block of Slack, in characters as they are sent: it refuses a message with more than 3000 in one.
const SLACK_CHARS: usize = 2900;

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

/// As many lines as fit into a block of Slack. None is cut, because one may be a link or end in an escaped character; a
/// single one that is too long is left out.
fn slack_lines(lines: &[String]) -> String {
    let mut text = String::new();
    let mut length = 0;
    for line in lines {
        length += line.chars().count() + 1;
        if length > SLACK_CHARS {
            text.push('…');
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// As much of a text as fits into a block of Slack beside that many other characters, escaped.
fn slack_quote(text: &str, beside: usize) -> String {
    let mut quote = String::new();
    let mut length = beside;
    for c in text.chars() {
        let c = slack_text(c.encode_utf8(&mut [0; 4]));
        length += c.len();
        if length > SLACK_CHARS {
            quote.push('…');
            break;
        }
        quote.push_str(&c);
    }
    quote
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
    let mut blocks = vec![section(slack_lines(&[format!("{mark} *{title}*")]))];
    let mut lines: Vec<String> = document
        .sentences
        .iter()
        .map(|line| slack_text(line))
        .collect();
    let facts = document.facts.iter();
    lines.extend(facts.map(|(name, value)| format!("*{name}:* {}", slack_text(value))));
    if !lines.is_empty() {
        blocks.push(section(slack_lines(&lines)));
    }
    for (heading, text) in &document.quotes {
        let heading = slack_text(heading);
        let text = slack_quote(&code(text), heading.chars().count() + "\n``````".len());
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
        blocks.push(section(slack_lines(&runs)));
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
            // A name after it would be notified.
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

/// The body of an event of Matrix, without mentions.
pub(super) fn matrix(notice: &Notice) -> Value {
    let document = Document::of(notice);
    json!({
        "msgtype": "m.text",
        "body": without_room(&super::mail::plain(&document)),
        "format": "org.matrix.custom.html",
        "formatted_body": without_room(&super::mail::fragment(&document)),
        // Clients and servers that know it look for mentions here alone.
        "m.mentions": {},
    })
}

/// A text without `@room`, which clients treat as a mention of all members.
fn without_room(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        plain.push(c);
        let word = text.get(at + 1..at + 5).filter(|_| c == '@');
        if word.is_some_and(|word| word.eq_ignore_ascii_case("room")) {
            plain.push('\u{200b}');
        }
    }
    plain
}
