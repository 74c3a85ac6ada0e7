//! Texts as the columns hold them that filters ask: bounded, in lower case, without folders. The store writes them so,
//! and conditions look for them so.

use std::borrow::Cow;
use std::fmt::Write as _;

use playback_wire::{ExecutionStarted, ExecutionType};
use sha2::{Digest as _, Sha256};

/// How many characters of a text an index holds: what the narrowest of the databases can.
const LONGEST: usize = 255;

/// How much of a longer text is left to be read.
const KEPT: usize = 180;

/// A text as it stands in an indexed column, and as it is looked for there. Indexes hold so much and no
/// more, and refuse the whole row else; a longer text is known by its beginning and its hash. The log has
/// it as it was.
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

/// A text as an indexed column gives it back: PostgreSQL has no place for NUL, so no database gets one.
#[must_use]
pub fn stored(text: &str) -> Cow<'_, str> {
    let text = indexed(text);
    match text.contains('\0') {
        true => Cow::Owned(without_nul(&text)),
        false => text,
    }
}

/// A part of a text as it stands in what is searched.
#[must_use]
pub fn searched(text: &str) -> String {
    without_nul(&text.to_lowercase())
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The word for a kind of run.
#[must_use]
pub fn type_name(kind: ExecutionType) -> &'static str {
    match kind {
        ExecutionType::Playbook => "playbook",
        ExecutionType::Adhoc => "adhoc",
    }
}

/// What a search looks through: what a person may remember of a run, in lower case, a line each.
#[must_use]
pub fn searchable(what: &ExecutionStarted) -> String {
    let single = [
        &what.playbook,
        &what.inventory,
        &what.limit,
        &what.hosts,
        &what.module,
        &what.user,
        &what.sudo_user,
        &what.controller,
        &what.launched_by,
        &what.note,
        &what.cwd,
    ];
    let lists = [&what.labels, &what.tags, &what.argv];
    let texts: Vec<&str> = single
        .into_iter()
        .flatten()
        .chain(lists.into_iter().flatten())
        .map(String::as_str)
        .collect();
    texts.join("\n").to_lowercase()
}

/// The file names of one or more paths that a separator joins.
#[must_use]
pub fn file_names(paths: &str, separator: char) -> String {
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
