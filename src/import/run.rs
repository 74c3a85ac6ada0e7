//! A run under translation: events in, blocks of its log out.

use playback_redact::{Counts, Rules, redact_event};
use playback_wire::encode::encode_line;
use playback_wire::{ExecutionStarted, Producer};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use super::NotTranslated;
use crate::log::block::compress;
use crate::model::BlockRow;

/// A block is ended beyond this size, in bytes.
const BLOCK: usize = 512 << 10;

/// The largest time whose milliseconds a UUID can hold, in microseconds.
const LATEST_US: i64 = ((1 << 48) - 1) * 1000;

/// A run that was translated.
#[derive(Debug)]
pub struct TranslatedRun {
    /// Its identity, which is the same each time.
    pub id: Uuid,
    /// Its log.
    pub blocks: Vec<BlockRow>,
}

/// The identity of a run in its source.
pub(super) enum Identity<'i> {
    /// These texts, whatever else is known of it.
    Of(&'i [&'i str]),
    /// All that is known of it.
    Content,
}

/// A run under translation. All events are the recorder's.
pub(super) struct Translation<'r> {
    rules: Option<&'r Rules>,
    started_us: i64,
    seq: u64,
    /// The events of the block that is not ended, and its first event.
    raw: Vec<u8>,
    first_seq: u64,
    blocks: Vec<BlockRow>,
    /// Takes in all events, before values are hidden.
    hash: Sha256,
    line: Vec<u8>,
}

impl<'r> Translation<'r> {
    /// A run that begins with its description.
    ///
    /// # Errors
    /// The time is not one.
    pub(super) fn begin(
        started_us: i64,
        description: &ExecutionStarted,
        rules: Option<&'r Rules>,
    ) -> Result<Self, NotTranslated> {
        if !(0..=LATEST_US).contains(&started_us) {
            return Err(NotTranslated::new("its start time is not valid"));
        }
        let mut run = Self {
            rules: rules.filter(|rules| !rules.is_empty()),
            started_us,
            seq: 0,
            raw: Vec::with_capacity(BLOCK),
            first_seq: 1,
            blocks: Vec::new(),
            hash: Sha256::new(),
            line: Vec::new(),
        };
        run.push(started_us, "execution_started", description)?;
        Ok(run)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// It cannot be encoded.
    pub(super) fn push<T: Serialize>(
        &mut self,
        at: i64,
        kind: &str,
        data: &T,
    ) -> Result<(), NotTranslated> {
        self.seq += 1;
        self.line.clear();
        encode_line(&mut self.line, self.seq, at, kind, data)?;
        self.hash.update(&self.line);
        match self.rules {
            Some(rules) => {
                let mut counts = Counts::default();
                redact_event(&self.line, rules, &mut counts, &mut self.raw)
                    .map_err(|error| NotTranslated::new(error.to_string()))?;
            }
            None => self.raw.extend_from_slice(&self.line),
        }
        if self.raw.len() >= BLOCK {
            self.end_block();
        }
        Ok(())
    }

    /// Ends the run.
    pub(super) fn finish(mut self, source: &str, identity: &Identity<'_>) -> TranslatedRun {
        self.end_block();
        let mut hash = Sha256::new();
        hash.update(source);
        match identity {
            Identity::Of(texts) => {
                for text in *texts {
                    hash.update([0_u8]);
                    hash.update(text);
                }
            }
            Identity::Content => hash.update(self.hash.finalize()),
        }
        let mut random = [0; 10];
        random.copy_from_slice(&hash.finalize()[..10]);
        let ms = u64::try_from(self.started_us / 1000).unwrap_or_default();
        TranslatedRun {
            id: Builder::from_unix_timestamp_millis(ms, &random).into_uuid(),
            blocks: self.blocks,
        }
    }

    fn end_block(&mut self) {
        if self.raw.is_empty() {
            return;
        }
        self.blocks.push(BlockRow {
            producer: Producer::Recorder,
            first_seq: self.first_seq,
            last_seq: self.seq,
            first_line: 0,
            lines: 0,
            raw_bytes: self.raw.len() as u64,
            data: compress(&self.raw),
        });
        self.raw.clear();
        self.first_seq = self.seq + 1;
    }
}

/// The text before the first ` : ` of a task's name, if it is the role that holds the file; and the name after it.
pub(super) fn role_and_name<'n>(name: &'n str, path: &str) -> (&'n str, &'n str) {
    let Some((role, rest)) = name.split_once(" : ") else {
        return ("", name);
    };
    // A role of a collection is named with its namespace, its folder is not.
    let folder = role.rsplit('.').next().unwrap_or(role);
    let folder = folder.rsplit('/').next().unwrap_or(folder);
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_within = parts
            .peek()
            .is_some_and(|next| ["tasks", "handlers"].contains(next));
        if part == folder && is_within {
            return (role, rest);
        }
    }
    ("", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_told_from_a_name_with_a_colon() {
        for (name, path, expected) in [
            (
                "web : Install",
                "/x/roles/web/tasks/main.yml",
                ("web", "Install"),
            ),
            (
                "web : Reload",
                "/x/roles/web/handlers/main.yml",
                ("web", "Reload"),
            ),
            (
                "a.b.web : Go",
                "/c/a/b/roles/web/tasks/x/y.yml",
                ("a.b.web", "Go"),
            ),
            ("No : role", "/x/site.yml", ("", "No : role")),
            (
                "web : Install",
                "/x/roles/db/tasks/main.yml",
                ("", "web : Install"),
            ),
            ("Install", "/x/roles/web/tasks/main.yml", ("", "Install")),
            ("web : a : b", "roles/web/tasks/main.yml", ("web", "a : b")),
        ] {
            assert_eq!(role_and_name(name, path), expected, "{name} {path}");
        }
    }

    #[test]
    fn the_same_run_has_the_same_identity() {
        let run = |at: i64, user: &str, identity: &Identity<'_>| {
            let description = ExecutionStarted {
                user: Some(user.to_owned()),
                ..ExecutionStarted::default()
            };
            let run = Translation::begin(at, &description, None).unwrap();
            run.finish("x", identity).id
        };
        let us = 1_768_904_400_000_000;
        let id = run(us, "ann", &Identity::Of(&["a", "b"]));
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id, run(us, "bob", &Identity::Of(&["a", "b"])));
        assert_ne!(id, run(us, "ann", &Identity::Of(&["ab", ""])));
        assert_eq!(
            run(us, "ann", &Identity::Content),
            run(us, "ann", &Identity::Content)
        );
        assert_ne!(
            run(us, "ann", &Identity::Content),
            run(us, "bob", &Identity::Content)
        );
        for wrong in [-1, i64::MAX] {
            assert!(Translation::begin(wrong, &ExecutionStarted::default(), None).is_err());
        }
    }
}
