//! The audit trail: who did what to the history, in an order that cannot be changed unnoticed.
//!
//! Entries are numbered 1, 2, 3 … without gaps. Each has a hash of the entry before it and of its own content, so an
//! entry that is changed, removed or inserted no longer fits its neighbours.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Longest text that an entry keeps, in characters: a note, or another text chosen by a client.
const LONGEST_TEXT: usize = 2000;

/// How the actor was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// By a token.
    Token,
    /// By a browser session, which stands for a token.
    Session,
    /// Not authenticated: the collector serves without tokens.
    Open,
    /// Not authenticated: the collector's own schedule.
    Schedule,
    /// By an account of the machine: a command that works on the database directly.
    CommandLine,
    /// By whoever may change the configuration file.
    Configuration,
    /// Not authenticated, and refused for that.
    Unknown,
}

impl Via {
    /// Every way.
    pub const ALL: [Via; 7] = [
        Via::Token,
        Via::Session,
        Via::Open,
        Via::Schedule,
        Via::CommandLine,
        Via::Configuration,
        Via::Unknown,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Via::Token => "token",
            Via::Session => "session",
            Via::Open => "open",
            Via::Schedule => "schedule",
            Via::CommandLine => "command_line",
            Via::Configuration => "configuration",
            Via::Unknown => "unknown",
        }
    }
}

/// Who requests a change, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// `token:NAME`, `user:NAME` at a command line, `configuration`, `schedule`, `schedule:NAME` of runs, or `anonymous`.
    pub name: String,
    /// The token's key in the store.
    pub token: Option<i64>,
    /// Names of the token's scopes, separated by spaces.
    pub scopes: String,
    /// How the actor was authenticated.
    pub via: Via,
    /// Address that the request came from; behind a trusted proxy, the address that the proxy names.
    pub peer: Option<String>,
}

impl Actor {
    /// An actor without a token, with an address.
    #[must_use]
    pub fn anonymous(via: Via, peer: Option<String>) -> Self {
        Self {
            name: "anonymous".to_owned(),
            token: None,
            scopes: String::new(),
            via,
            peer,
        }
    }

    /// The collector's own schedule.
    #[must_use]
    pub fn schedule() -> Self {
        Self {
            name: "schedule".to_owned(),
            ..Self::anonymous(Via::Schedule, None)
        }
    }

    /// The configuration file, which the collector reads when it starts.
    #[must_use]
    pub fn configuration() -> Self {
        Self {
            name: "configuration".to_owned(),
            ..Self::anonymous(Via::Configuration, None)
        }
    }

    /// An account of this machine.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self {
            name: format!("user:{name}"),
            token: None,
            scopes: String::new(),
            via: Via::CommandLine,
            peer: None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An execution was deleted.
    Delete,
    /// An execution was pinned, or its pin was replaced.
    Pin,
    /// A pin was removed.
    Unpin,
    /// An execution was imported.
    Import,
    /// Values of an execution were redacted.
    Redact,
    /// A cleanup began.
    Cleanup,
    /// A cleanup ended.
    CleanupEnded,
    /// A run was launched.
    Launch,
    /// A run was replayed.
    Replay,
    /// A run was canceled.
    Cancel,
    /// A token was created.
    CreateToken,
    /// A token was revoked.
    RevokeToken,
    /// A schedule was created.
    CreateSchedule,
    /// A schedule was changed.
    ChangeSchedule,
    /// A schedule was deleted.
    DeleteSchedule,
    /// A schedule was paused.
    PauseSchedule,
    /// A schedule was resumed.
    ResumeSchedule,
    /// A schedule started nothing at a time, for another reason than the time before.
    SkipSchedule,
    /// The oldest entries of the trail were removed, as the configuration says.
    TrimAudit,
    /// A target of notifications was set.
    SetTarget,
    /// A target of notifications was removed.
    RemoveTarget,
    /// A target of notifications got a new secret to sign with.
    RotateTarget,
    /// A target of notifications was switched off, because it failed for too long.
    SwitchOffTarget,
    /// A target of notifications was sent an example.
    TestTarget,
    /// A message to a target was sent again.
    Redeliver,
    /// Somebody looked at an execution.
    View,
    /// Something of the history was exported.
    Export,
    /// A schedule of reports was created or changed.
    SaveReportSchedule,
    /// A schedule of reports was deleted.
    DeleteReportSchedule,
    /// A report was made for a schedule.
    MakeReport,
    /// A request was refused, because the actor was unknown or not allowed.
    Refused,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 31] = [
        Action::Delete,
        Action::Pin,
        Action::Unpin,
        Action::Import,
        Action::Redact,
        Action::Cleanup,
        Action::CleanupEnded,
        Action::Launch,
        Action::Replay,
        Action::Cancel,
        Action::CreateToken,
        Action::RevokeToken,
        Action::CreateSchedule,
        Action::ChangeSchedule,
        Action::DeleteSchedule,
        Action::PauseSchedule,
        Action::ResumeSchedule,
        Action::SkipSchedule,
        Action::TrimAudit,
        Action::SetTarget,
        Action::RemoveTarget,
        Action::RotateTarget,
        Action::SwitchOffTarget,
        Action::TestTarget,
        Action::Redeliver,
        Action::View,
        Action::Export,
        Action::SaveReportSchedule,
        Action::DeleteReportSchedule,
        Action::MakeReport,
        Action::Refused,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Delete => "delete",
            Action::Pin => "pin",
            Action::Unpin => "unpin",
            Action::Import => "import",
            Action::Redact => "redact",
            Action::Cleanup => "cleanup",
            Action::CleanupEnded => "cleanup_ended",
            Action::Launch => "launch",
            Action::Replay => "replay",
            Action::Cancel => "cancel",
            Action::CreateToken => "create_token",
            Action::RevokeToken => "revoke_token",
            Action::CreateSchedule => "create_schedule",
            Action::ChangeSchedule => "change_schedule",
            Action::DeleteSchedule => "delete_schedule",
            Action::PauseSchedule => "pause_schedule",
            Action::ResumeSchedule => "resume_schedule",
            Action::SkipSchedule => "skip_schedule",
            Action::TrimAudit => "trim_audit",
            Action::SetTarget => "set_target",
            Action::RemoveTarget => "remove_target",
            Action::RotateTarget => "rotate_target",
            Action::SwitchOffTarget => "switch_off_target",
            Action::TestTarget => "test_target",
            Action::Redeliver => "redeliver",
            Action::View => "view",
            Action::Export => "export",
            Action::SaveReportSchedule => "save_report_schedule",
            Action::DeleteReportSchedule => "delete_report_schedule",
            Action::MakeReport => "make_report",
            Action::Refused => "refused",
        }
    }
}

/// An entry that is not yet part of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When, in microseconds since the epoch.
    pub at_us: i64,
    /// Who.
    pub actor: Actor,
    /// What they did.
    pub action: Action,
    /// The object: `execution:ID`, `token:NAME`, `schedule:NAME`, `report_schedule:NAME`, `target:NAME`, `delivery:ID`,
    /// `history`, `audit`, or the refused request.
    pub object: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// The state before, if there was any.
    pub before: Option<Value>,
    /// The state afterwards, or the request. Never a secret.
    pub after: Option<Value>,
}

impl AuditEntry {
    /// An entry without note and content.
    #[must_use]
    pub fn new(at_us: i64, actor: Actor, action: Action, object: impl Into<String>) -> Self {
        Self {
            at_us,
            actor,
            action,
            object: object.into(),
            note: None,
            before: None,
            after: None,
        }
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, note: Option<&str>) -> Self {
        self.note = note.filter(|note| !note.is_empty()).map(str::to_owned);
        self
    }

    /// Adds the state before.
    #[must_use]
    pub fn before(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    /// Adds the state afterwards.
    #[must_use]
    pub fn after(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }
}

/// A stored entry. Its content is text, because the hash is computed over bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number: 1, 2, 3 …
    pub number: i64,
    /// When, in microseconds since the epoch.
    pub at_us: i64,
    /// Name of the actor.
    pub actor: String,
    /// The actor's token.
    pub token: Option<i64>,
    /// The token's scopes.
    pub scopes: String,
    /// How the actor was authenticated.
    pub via: String,
    /// The actor's address.
    pub peer: Option<String>,
    /// What was done.
    pub action: String,
    /// The object.
    pub object: String,
    /// Why.
    pub note: Option<String>,
    /// The state before, as JSON.
    pub before: Option<String>,
    /// The state afterwards, as JSON.
    pub after: Option<String>,
    /// SHA-256 of the previous hash and of all fields above.
    pub hash: [u8; 32],
}

/// The hash before the first entry.
pub const NO_ENTRY: [u8; 32] = [0; 32];

impl AuditRow {
    /// Turns an entry into the row that follows the one with the hash `last`.
    #[must_use]
    pub fn seal(entry: &AuditEntry, number: i64, last: &[u8; 32]) -> Self {
        let json = |value: &Option<Value>| value.as_ref().map(|value| text(&value.to_string()));
        let mut row = Self {
            number,
            at_us: entry.at_us,
            actor: text(&entry.actor.name),
            token: entry.actor.token,
            scopes: entry.actor.scopes.clone(),
            via: entry.actor.via.as_str().to_owned(),
            peer: entry.actor.peer.clone(),
            action: entry.action.as_str().to_owned(),
            object: short(&entry.object),
            note: entry.note.as_deref().map(short),
            before: json(&entry.before),
            after: json(&entry.after),
            hash: NO_ENTRY,
        };
        row.hash = row.hash_behind(last);
        row
    }

    /// The same entry at another position, after the row with the hash `last`.
    #[must_use]
    pub fn moved(mut self, number: i64, last: &[u8; 32]) -> Self {
        self.number = number;
        self.hash = self.hash_behind(last);
        self
    }

    /// The hash that it must have after the row with the hash `last`.
    #[must_use]
    pub fn hash_behind(&self, last: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(last);
        hash.update(self.number.to_be_bytes());
        hash.update(self.at_us.to_be_bytes());
        // A missing number must differ from any number, and two texts from one text that joins them.
        hash.update(self.token.map_or([0; 9], |token| {
            let mut bytes = [1; 9];
            bytes[1..].copy_from_slice(&token.to_be_bytes());
            bytes
        }));
        let texts = [
            Some(&self.actor),
            Some(&self.scopes),
            Some(&self.via),
            self.peer.as_ref(),
            Some(&self.action),
            Some(&self.object),
            self.note.as_ref(),
            self.before.as_ref(),
            self.after.as_ref(),
        ];
        for text in texts {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(text.map_or(&[][..], |text| text.as_bytes()));
        }
        hash.finalize().into()
    }
}

/// A text as every database stores it.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn short(whole: &str) -> String {
    text(&whole.chars().take(LONGEST_TEXT).collect::<String>())
}

/// A fault in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// The entry's content or hash was changed.
    Changed(i64),
    /// Entries from the first to the second number are missing.
    Missing(i64, i64),
    /// The entry was inserted: no entry was given its number.
    Added(i64),
}

/// Content of the entry that says that entries were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrimmedAudit {
    /// Number of the last entry that was removed.
    pub up_to: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// How many were removed.
    pub entries: u64,
}

/// A hash in hexadecimal.
#[must_use]
pub fn hexadecimal(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks the trail from its first entry on, and collects faults.
#[derive(Debug)]
pub struct AuditCheck {
    /// Number and hash of the last entry that was removed, as the configuration says.
    base: (i64, [u8; 32]),
    /// Whether an entry says that.
    is_base_told: bool,
    /// Number and hash of the last checked entry.
    last: (i64, [u8; 32]),
    /// Where the trail ends, according to its writer.
    head: (i64, [u8; 32]),
    /// The faults, at most [`AuditCheck::MOST`].
    pub faults: Vec<AuditFault>,
    /// Entries checked.
    pub entries: u64,
}

impl AuditCheck {
    /// Maximum number of faults that are listed.
    pub const MOST: usize = 100;

    /// A check of a trail that begins after `base`, which is the last entry that was removed, and ends with this number
    /// and hash.
    #[must_use]
    pub fn new(base: (i64, [u8; 32]), head: (i64, [u8; 32])) -> Self {
        Self {
            base,
            // Nothing was removed.
            is_base_told: base.0 == 0,
            last: base,
            head,
            faults: Vec::new(),
            entries: 0,
        }
    }

    /// Number and hash of the last entry, according to its writer; the number is 0 if there is none.
    #[must_use]
    pub fn head(&self) -> (i64, [u8; 32]) {
        self.head
    }

    /// Number and hash of the last entry that was removed; the number is 0 if none was.
    #[must_use]
    pub fn base(&self) -> (i64, [u8; 32]) {
        self.base
    }

    /// Checks the next entry, in order of numbers.
    pub fn look(&mut self, row: &AuditRow) {
        self.entries += 1;
        self.is_base_told |= self.tells_base(row);
        let (last, hash) = self.last;
        if row.number <= self.base.0 || row.number > self.head.0 {
            self.fault(AuditFault::Added(row.number));
            return;
        }
        if row.number > last + 1 {
            // Without its predecessor this entry cannot be checked; the next one can.
            self.fault(AuditFault::Missing(last + 1, row.number - 1));
        } else if row.hash != row.hash_behind(&hash) {
            self.fault(AuditFault::Changed(row.number));
        }
        self.last = (row.number, row.hash);
    }

    /// Whether an entry says that the trail was cut off where it begins.
    fn tells_base(&self, row: &AuditRow) -> bool {
        let told = row
            .after
            .as_deref()
            .filter(|_| row.action == Action::TrimAudit.as_str());
        let told: Option<TrimmedAudit> = told.and_then(|after| serde_json::from_str(after).ok());
        told.is_some_and(|told| told.up_to == self.base.0 && told.hash == hexadecimal(&self.base.1))
    }

    /// Checks the end, after the last entry.
    pub fn end(&mut self) {
        if !self.is_base_told {
            self.fault(AuditFault::Missing(1, self.base.0));
        }
        let (last, hash) = self.last;
        if last < self.head.0 {
            self.fault(AuditFault::Missing(last + 1, self.head.0));
        } else if hash != self.head.1 {
            self.fault(AuditFault::Changed(last));
        }
    }

    fn fault(&mut self, fault: AuditFault) {
        if self.faults.len() < Self::MOST && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Vec<AuditRow> {
        let mut last = NO_ENTRY;
        (1..=5)
            .map(|number| {
                let actor = Actor::anonymous(Via::Open, None);
                let entry = AuditEntry::new(number * 10, actor, Action::Pin, "execution:a");
                let row = AuditRow::seal(&entry, number, &last);
                last = row.hash;
                row
            })
            .collect()
    }

    fn faults(rows: &[AuditRow], head: &AuditRow) -> Vec<AuditFault> {
        let mut check = AuditCheck::new((0, NO_ENTRY), (head.number, head.hash));
        rows.iter().for_each(|row| check.look(row));
        check.end();
        check.faults
    }

    #[test]
    fn a_trail_that_nobody_touched_has_no_fault() {
        let rows = trail();
        assert_eq!(faults(&rows, &rows[4]), []);
        assert_eq!(
            faults(
                &[],
                &AuditRow {
                    number: 0,
                    hash: NO_ENTRY,
                    ..rows[0].clone()
                }
            ),
            []
        );
    }

    #[test]
    fn a_trail_whose_beginning_was_removed_says_so_or_is_not_whole() {
        let mut rows = trail();
        let trimmed = |up_to: i64, hash: &[u8; 32]| {
            let told = TrimmedAudit {
                up_to,
                hash: hexadecimal(hash),
                entries: 2,
            };
            let actor = Actor::schedule();
            let entry = AuditEntry::new(60, actor, Action::TrimAudit, "audit");
            entry.after(serde_json::to_value(told).unwrap())
        };
        let base = (2, rows[1].hash);
        let last = AuditRow::seal(&trimmed(2, &base.1), 6, &rows[4].hash);
        rows.push(last.clone());
        let faults = |base: (i64, [u8; 32]), rows: &[AuditRow]| {
            let mut check = AuditCheck::new(base, (last.number, last.hash));
            rows.iter().for_each(|row| check.look(row));
            check.end();
            check.faults
        };
        assert_eq!(faults(base, &rows[2..]), []);
        // More was removed than that.
        assert_eq!(faults(base, &rows[3..]), [AuditFault::Missing(3, 3)]);
        let other = (3, rows[2].hash);
        assert_eq!(faults(other, &rows[3..]), [AuditFault::Missing(1, 3)]);
        // What was removed is there.
        assert_eq!(faults(base, &rows[1..]), [AuditFault::Added(2)]);
        let wrong = (2, [7; 32]);
        let expected = [AuditFault::Changed(3), AuditFault::Missing(1, 2)];
        assert_eq!(faults(wrong, &rows[2..]), expected);
    }

    #[test]
    fn each_field_of_an_entry_is_part_of_its_hash() {
        type Change = fn(&mut AuditRow);
        let changes: [Change; 11] = [
            |row| row.at_us += 1,
            |row| row.actor.push('x'),
            |row| row.token = Some(0),
            |row| row.scopes.push('x'),
            |row| row.via.push('x'),
            |row| row.peer = Some(String::new()),
            |row| row.action.push('x'),
            |row| row.object.push('x'),
            |row| row.note = Some("x".to_owned()),
            |row| row.before = Some("{}".to_owned()),
            |row| row.after = Some("{}".to_owned()),
        ];
        for change in changes {
            let mut rows = trail();
            let head = rows[4].clone();
            change(&mut rows[2]);
            assert_eq!(faults(&rows, &head), [AuditFault::Changed(3)]);
        }
    }

    #[test]
    fn what_is_taken_out_or_put_in_is_found() {
        let rows = trail();
        let head = rows[4].clone();
        let mut without = rows.clone();
        without.remove(1);
        assert_eq!(faults(&without, &head), [AuditFault::Missing(2, 2)]);
        assert_eq!(faults(&rows[..3], &head), [AuditFault::Missing(4, 5)]);
        assert_eq!(faults(&[], &head), [AuditFault::Missing(1, 5)]);
        // An entry that fits its neighbour, but that the writer does not know.
        let entry = AuditEntry::new(60, Actor::user("eve"), Action::Unpin, "execution:a");
        let mut more = rows.clone();
        more.push(AuditRow::seal(&entry, 6, &head.hash));
        assert_eq!(faults(&more, &head), [AuditFault::Added(6)]);
        // The last entry replaced, including its hash.
        let mut other = rows.clone();
        other[4] = AuditRow::seal(&entry, 5, &rows[3].hash);
        assert_eq!(faults(&other, &head), [AuditFault::Changed(5)]);
    }
}
