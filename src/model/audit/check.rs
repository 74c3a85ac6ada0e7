//! Finds out whether entries of the trail were changed, removed or inserted.

use serde::{Deserialize, Serialize};

use super::{Action, AuditRow};

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
    /// Number and hash of the last removed entry, as the configuration has them.
    base: (i64, [u8; 32]),
    /// Whether an entry of the trail confirms that removal.
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

    /// Whether an entry confirms that the trail was trimmed to where it begins.
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
    use super::super::{Actor, AuditEntry, NO_ENTRY, Via};
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
        // An entry is there that should have been removed.
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
