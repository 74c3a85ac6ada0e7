//! Spools that the collector refuses: kept, renamed, and not sent again in vain.
//!
//! A refused token says nothing about the spool. So the note beside such a spool holds a hash of the collector's URL
//! and the refused token, and a process with another token tries again.

use std::io;

use crate::client::{Addressee, Refusal};
use crate::command::flush_command;
use crate::folder::Folder;
use crate::names::{REJECTED, REJECTED_NOTE};

/// Prefix of the line in a note that identifies the refused token.
const CREDENTIAL: &str = "refused credential: ";

/// Why a spool was refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reason {
    /// In the collector's words.
    pub(crate) message: String,
    /// Hash of the URL and the token that were refused. None: the token was not the reason.
    credential: Option<String>,
}

impl Reason {
    /// Whether the refusal was about the token.
    pub(crate) fn is_about_token(&self) -> bool {
        self.credential.is_some()
    }

    /// Whether the answer may differ with these credentials.
    pub(crate) fn may_differ_for(&self, credential: &str) -> bool {
        self.credential
            .as_deref()
            .is_some_and(|refused| refused != credential)
    }
}

/// Renames the spool `name` as refused, and writes the reason beside it. Returns its new name, or the old one if it
/// cannot be renamed.
pub(crate) fn set_aside(
    folder: &Folder,
    name: &str,
    refusal: &Refusal,
    by: Addressee<'_>,
) -> String {
    let rejected = if name.ends_with(REJECTED) {
        name.to_owned()
    } else {
        let rejected = format!("{name}{REJECTED}");
        match folder.rename(name, &rejected) {
            Ok(()) => rejected,
            Err(_) => return name.to_owned(),
        }
    };
    let reason = refusal.message.replace(['\r', '\n'], " ");
    let flush = |options| flush_command(folder.path(), Some(by.url), options);
    let text = if refusal.about_token {
        let credential = by.credential;
        format!(
            "{reason}\n\nThese events were not recorded, because the collector refuses the token. The next run on this \
             machine with a\ntoken that it takes delivers them, and so does `{}`.\n\n\
             {CREDENTIAL}{credential}\n",
            flush("")
        )
    } else {
        format!(
            "{reason}\n\nThese events were not recorded. Once the cause is mended, send them with `{}`.\n",
            flush(" --retry-set-aside")
        )
    };
    // The reason only helps people; the spool matters, and is safe already.
    let _ = folder.write_note(&note_of(&rejected), &text);
    rejected
}

/// Why the spool `name` was refused, from the note beside it.
pub(crate) fn reason(folder: &Folder, name: &str) -> Reason {
    let text = folder.read_note(&note_of(name)).unwrap_or_default();
    let message = text.lines().next().unwrap_or("unknown").to_owned();
    let credential = text
        .lines()
        .find_map(|line| line.strip_prefix(CREDENTIAL))
        .map(|credential| credential.trim().to_owned());
    Reason {
        message,
        credential,
    }
}

/// Deletes an acknowledged spool, and the note beside it.
pub(crate) fn remove(folder: &Folder, name: &str) -> io::Result<()> {
    folder.remove(name)?;
    if name.ends_with(REJECTED) {
        let _ = folder.remove(&note_of(name));
    }
    Ok(())
}

fn note_of(rejected: &str) -> String {
    format!("{rejected}{REJECTED_NOTE}")
}
