//! A notice as people read it: a title, facts, and texts that are quoted.

use chrono::{DateTime, Utc};

use super::super::notice::{DigestError, Notice, NoticeFailure, NoticeRun};
use crate::model::{Amount, Trigger};
use crate::reports::brief;

/// The longest line of a message, the end of its title, and the longest name of a run, in characters: names, limits and
/// labels have no limits of their own, and chats refuse messages with long texts.
const LINE_CHARS: usize = 400;
const TITLE_END_CHARS: usize = 80;
const RUN_CHARS: usize = 80;

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A message for people, without any form. No line of it is long but for those that it quotes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// In one line.
    pub(super) title: String,
    /// Sentences.
    pub(super) sentences: Vec<String>,
    /// Names and values, one line each.
    pub(super) facts: Vec<(&'static str, String)>,
    /// Texts to quote: where they are from, and their lines.
    pub(super) quotes: Vec<(String, String)>,
    /// The run's page.
    pub(super) link: Option<String>,
    /// Other runs, and their pages.
    pub(super) runs: Vec<(String, Option<String>)>,
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A duration as people read it.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..=59 => format!("{seconds:.1} s"),
        60..=3599 => format!("{}m {:02}s", whole / 60, whole % 60),
        _ => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
    }
}

fn run_line(run: &NoticeRun) -> String {
    let mut line = cut(&run.name, RUN_CHARS);
    if let Some(limit) = run.limit.as_ref().or(run.inventory.as_ref()) {
        line.push_str(" on ");
        line.push_str(&cut(limit, RUN_CHARS));
    }
    line.push_str(": ");
    line.push_str(run.status.as_str());
    line
}

fn of_failure(failure: &NoticeFailure) -> (String, String) {
    let mut hosts = failure.hosts.join(", ");
    let more = failure
        .host_count
        .saturating_sub(failure.hosts.len() as u64);
    if more > 0 {
        hosts.push_str(&format!(" and {more} more"));
    }
    let task = failure.task.as_deref().unwrap_or("a task");
    let mut heading = format!("{task} on {hosts}");
    if let Some(since) = &failure.since {
        heading.push_str(&format!(", first seen {}", time(since.start_time)));
    }
    let message = failure.message.clone();
    let message = message.unwrap_or_else(|| failure.status.clone());
    (heading, message)
}

/// An error of several runs: which, and its message.
fn of_error(error: &DigestError) -> (String, String) {
    let (heading, message) = of_failure(&error.failure);
    let name = &error.name;
    let heading = match error.runs {
        0 | 1 => format!("{name}: {heading}"),
        runs => format!("{name} and others, in {runs} runs: {heading}"),
    };
    (heading, message)
}

impl Document {
    pub(super) fn of(notice: &Notice) -> Self {
        let data = &notice.data;
        let mut document = Self {
            title: match data.test {
                true => format!("Test: {}", data.title),
                false => data.title.clone(),
            },
            sentences: data.verdict.clone(),
            ..Self::default()
        };
        document.facts_of(notice);
        document.quotes = data.failures.iter().map(of_failure).collect();
        if data.failures_left_out > 0 {
            let more = format!("{} further errors", data.failures_left_out);
            document.sentences.push(more);
        }
        if !data.printed.is_empty() {
            let quote = ("Printed".to_owned(), data.printed.join("\n"));
            document.quotes.push(quote);
        }
        if let Some(digest) = &data.digest {
            let lines = digest.groups.iter().map(|group| {
                match (group.trigger, &group.playbook) {
                    (Trigger::Budget, _) => {
                        return format!("{} × a budget is spent", group.events);
                    }
                    (Trigger::Silent, None) => {
                        return format!("{} × there is no run", group.events);
                    }
                    _ => {}
                }
                let playbook = group.playbook.as_deref().unwrap_or("ad-hoc commands");
                let trigger = group.trigger.as_str().replace('_', " ");
                format!("{} × {playbook}: {trigger}", group.events)
            });
            document.sentences.extend(lines);
            if digest.left_out > 0 {
                let more = format!("{} further events", digest.left_out);
                document.sentences.push(more);
            }
            document.quotes = digest.errors.iter().map(of_error).collect();
            let runs = digest.runs.iter();
            document.runs = runs.map(|run| (run_line(run), run.url.clone())).collect();
        }
        document.link = data.run.as_ref().and_then(|run| run.url.clone());
        if let Some(report) = &data.report {
            document.facts = brief(&report.content).facts;
            document.link.clone_from(&report.url);
        }
        document.shortened()
    }

    /// The same with lines as long as chats take them.
    fn shortened(mut self) -> Self {
        let headings = self.quotes.iter_mut().map(|(heading, _)| heading);
        let values = self.facts.iter_mut().map(|(_, value)| value);
        let lines = self.sentences.iter_mut().chain(headings).chain(values);
        for line in lines {
            *line = cut(line, LINE_CHARS);
        }
        let length = self.title.chars().count();
        if length > LINE_CHARS {
            // Its end says what happened.
            let end = self.title.chars().skip(length - TITLE_END_CHARS);
            let end: String = end.collect();
            self.title = cut(&self.title, LINE_CHARS - TITLE_END_CHARS) + &end;
        }
        self
    }

    fn facts_of(&mut self, notice: &Notice) {
        let data = &notice.data;
        let facts = &mut self.facts;
        if let Some(run) = &data.run {
            let mut add = |name, value: Option<String>| {
                facts.extend(value.map(|value| (name, value)));
            };
            add("Inventory", run.inventory.clone());
            add("Limit", run.limit.clone());
            let by = match (&run.user, &run.controller) {
                (Some(user), Some(controller)) => Some(format!("{user} on {controller}")),
                (user, controller) => user.clone().or_else(|| controller.clone()),
            };
            add("Run by", by);
            add("Started", Some(time(run.start_time)));
            let took = run.duration.map(duration);
            let took = match (took, data.usual_duration) {
                (Some(took), Some(usual)) => Some(format!("{took}, usually {}", duration(usual))),
                (took, _) => took,
            };
            add("Took", took);
            let labels = Some(run.labels.join(", ")).filter(|labels| !labels.is_empty());
            add("Labels", labels);
        }
        if let (Some(since), Some(count)) = (&data.broken_since, data.failures_in_row) {
            let name = match data.triggers.first() {
                Some(Trigger::Recovered) => "Was broken since",
                _ => "Broken since",
            };
            let runs = if count == 1 { "run" } else { "runs" };
            let text = format!("{} ({count} {runs})", time(since.start_time));
            facts.push((name, text));
        }
        if let Some(turns) = data.turns {
            facts.push(("Turned", format!("{turns} times in its last runs")));
        }
        for host in &data.unreachable {
            let text = format!("{}, in {} runs in a row", host.host, host.runs);
            facts.push(("Not reached", text));
        }
        if let Some(expected) = data.expected_by {
            facts.push(("Expected by", time(expected)));
        }
        if let Some(since) = data.queued_since {
            facts.push(("Waits since", time(since)));
        }
        if let Some(budget) = &data.budget {
            let amount: Option<Amount> = budget.amount.parse().ok();
            let amount = amount.map_or_else(|| budget.amount.clone(), Amount::shown);
            let spent = format!("{} of {amount}", budget.spent.shown());
            facts.push(("Spent", spent));
            facts.push(("Since", time(budget.from)));
            facts.extend(budget.query.clone().map(|query| ("Runs", query)));
        }
    }
}
