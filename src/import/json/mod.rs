//! The output of Ansible's callbacks `json` (one object for a run, when it is over) and `jsonl` (a line for each event).
//! Both name no playbook, no user and no machine.
//!
//! - `document`: the object of the callback `json`
//! - `lines`: the events of the callback `jsonl`, collected into the same object
//! - `translate`: the object as a run

mod document;
mod lines;
mod translate;

use playback_redact::Rules;
use serde_json::Deserializer;

use self::document::Document;
use self::lines::Line;
use super::{NotTranslated, TranslatedRun};

/// Runs found in a text, in order, and whether its end was reached.
#[derive(Debug)]
pub struct TranslatedRuns {
    /// Each run, or why it cannot be imported.
    pub runs: Vec<Result<TranslatedRun, NotTranslated>>,
}

/// Reads the runs of a text; other lines between them, such as warnings, are passed over.
///
/// # Errors
/// There is no run in it.
pub fn translate(text: &str, rules: Option<&Rules>) -> Result<TranslatedRuns, NotTranslated> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let runs: Vec<_> = match is_lines(text) {
        true => lines::runs(text)
            .into_iter()
            .map(|document| translate::run(&document?, "jsonl", rules))
            .collect(),
        false => documents(text)
            .into_iter()
            .map(|document| translate::run(&document?, "json", rules))
            .collect(),
    };
    match runs.is_empty() {
        true => Err(NotTranslated::new(
            "there is no run in it: the callback json prints an object with plays and stats when a run is over",
        )),
        false => Ok(TranslatedRuns { runs }),
    }
}

/// Whether the first object is an event of `jsonl`.
fn is_lines(text: &str) -> bool {
    let first = text.lines().find(|line| line.starts_with('{'));
    first.is_some_and(|line| serde_json::from_str::<Line<'_>>(line).is_ok())
}

/// The objects of the callback `json`. After one that cannot be read, nothing more is.
fn documents(text: &str) -> Vec<Result<Document<'_>, NotTranslated>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = start_of_object(rest) {
        rest = &rest[start..];
        let mut objects = Deserializer::from_str(rest).into_iter::<Document<'_>>();
        match objects.next() {
            Some(Ok(document)) => {
                rest = &rest[objects.byte_offset()..];
                found.push(Ok(document));
            }
            Some(Err(error)) => {
                let why = match error.classify() {
                    serde_json::error::Category::Eof => format!(
                        "the text ends in the middle of it: it was cut, or the run is not over ({error})"
                    ),
                    serde_json::error::Category::Data => {
                        format!("this is not what the callback json prints ({error})")
                    }
                    _ => format!("this is no JSON ({error})"),
                };
                found.push(Err(NotTranslated(why)));
                break;
            }
            None => break,
        }
    }
    found
}

/// Where the next line begins that begins an object.
fn start_of_object(text: &str) -> Option<usize> {
    if text.starts_with('{') {
        return Some(0);
    }
    text.find("\n{").map(|at| at + 1)
}
