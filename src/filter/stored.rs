//! Normalizes texts for the filtered columns: bounded, in lower case, without folders. The store writes them in this
//! form, and conditions search for them in this form.

use std::borrow::Cow;
use std::fmt::Write as _;

use playback_wire::ExecutionStarted;
use sha2::{Digest as _, Sha256};

/// Longest text in an index, in characters: the limit of the narrowest database.
const LONGEST: usize = 255;

/// How many characters of a longer text are kept.
const KEPT: usize = 180;

/// A text as an indexed column stores it and conditions search for it. Indexes refuse a row with a longer text, so a
/// longer text is stored as its beginning and its hash. The log has it in full.
#[must_use]
pub fn indexed(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST || text.chars().count() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut short: String = text.chars().take(KEPT).collect();
    short.push('…');
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(short, "{byte:02x}");
    }
    Cow::Owned(short)
}

/// A text as an indexed column returns it: PostgreSQL cannot store NUL, so it is replaced for every database.
#[must_use]
pub fn stored(text: &str) -> Cow<'_, str> {
    let text = indexed(text);
    match text.contains('\0') {
        true => Cow::Owned(without_nul(&text)),
        false => text,
    }
}

/// Normalizes part of a text for searching.
#[must_use]
pub fn searched(text: &str) -> String {
    without_nul(&text.to_lowercase())
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The text that is searched: what a person may remember about a run, in lower case, one item a line.
#[must_use]
pub fn searchable(description: &ExecutionStarted) -> String {
    let single = [
        &description.playbook,
        &description.inventory,
        &description.limit,
        &description.hosts,
        &description.module,
        &description.user,
        &description.sudo_user,
        &description.controller,
        &description.launched_by,
        &description.note,
        &description.cwd,
    ];
    let lists = [&description.labels, &description.tags, &description.argv];
    let texts: Vec<&str> = single
        .into_iter()
        .flatten()
        .chain(lists.into_iter().flatten())
        .map(String::as_str)
        .collect();
    texts.join("\n").to_lowercase()
}

/// The file names of playbooks, whose paths a space joins.
#[must_use]
pub fn playbook_names(paths: &str) -> String {
    file_names(paths, ' ')
}

/// The file names of inventories, whose paths a comma joins.
#[must_use]
pub fn inventory_names(paths: &str) -> String {
    file_names(paths, ',')
}

/// The file names of one or more paths that a separator joins.
fn file_names(paths: &str, separator: char) -> String {
    let names: Vec<&str> = paths
        .split(separator)
        .map(|path| path.trim_end_matches('/'))
        .map(|path| path.rsplit('/').next().unwrap_or(path))
        .collect();
    names.join(&separator.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_known_by_its_beginning_and_its_hash() {
        let usual = "ä".repeat(255);
        assert_eq!(indexed(&usual), usual);
        let long = indexed(&"ä".repeat(256)).into_owned();
        assert_eq!(long.chars().count(), 180 + 1 + 64);
        assert!(long.starts_with(&"ä".repeat(180)));
        assert_ne!(indexed(&"ä".repeat(257)), long);
    }
}
