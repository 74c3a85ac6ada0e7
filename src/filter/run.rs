//! Runs as conditions see them.

use super::condition::{Column, Condition, Subject, Value};
use super::digits::IdDigits;
use super::pattern::Pattern;
use super::stored::{searchable, searched, stored};
use playback_wire::ExecutionType;

use crate::model::{Candidate, ExecutionRow, Group, HostRow};

/// A recorded run, with the data stored beside its row.
#[derive(Debug, Clone, Copy)]
pub struct RecordedRun<'r> {
    /// Its row.
    pub row: &'r ExecutionRow,
    /// Its hosts.
    pub hosts: &'r [HostRow],
    /// Whether it is pinned.
    pub is_pinned: bool,
}

impl Subject for RecordedRun<'_> {
    fn value(&self, column: &Column) -> Option<Value<'_>> {
        (column.of)(self.row)
    }

    fn has_host(&self, names: &[Pattern], changed: Option<bool>) -> bool {
        self.hosts.iter().any(|host| {
            let was_changed = self.row.changed && host.stats.changed > 0;
            changed.is_none_or(|changed| changed == was_changed)
                && names.iter().any(|name| name.matches(&stored(&host.name)))
        })
    }

    fn has_id(&self, digits: IdDigits) -> bool {
        digits.fits(self.row.id)
    }

    fn has_label(&self, label: &Pattern) -> bool {
        let labels = &self.row.description.labels;
        labels.iter().any(|one| label.matches(&stored(one)))
    }

    fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    fn holds(&self, text: &str) -> bool {
        searched(&searchable(&self.row.description)).contains(text)
    }
}

/// A run as retention sees it.
impl Subject for Candidate {
    fn value(&self, column: &Column) -> Option<Value<'_>> {
        match column.name {
            "status" => Some(Value::Word(self.status.as_str())),
            "type" => Some(Value::Word(self.r#type.as_str())),
            "playbook" => text(self.playbook.as_deref()),
            "playbook_name" => text(self.playbook_name.as_deref()),
            "started_us" => Some(Value::Integer(self.started_us)),
            _ => None,
        }
    }

    fn has_host(&self, _: &[Pattern], _: Option<bool>) -> bool {
        false
    }

    fn has_id(&self, digits: IdDigits) -> bool {
        digits.fits(self.id)
    }

    fn has_label(&self, label: &Pattern) -> bool {
        self.labels.iter().any(|one| label.matches(one))
    }

    fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    fn holds(&self, _: &str) -> bool {
        false
    }
}

/// The columns that all runs of a group share.
const GROUPED: [&str; 10] = [
    "status",
    "type",
    "reason",
    "changed",
    "playbook",
    "playbook_name",
    "inventory",
    "inventory_name",
    "username",
    "controller",
];

/// Whether a condition holds for all runs of a group or for none.
pub(super) fn is_rolled(condition: &Condition) -> bool {
    let is_grouped = |column: &Column| GROUPED.contains(&column.name);
    match condition {
        Condition::Column { column, .. } | Condition::Glob { column, .. } => is_grouped(column),
        Condition::PathEnd { path, name, .. } => is_grouped(path) && is_grouped(name),
        Condition::Label(_) => true,
        Condition::All(conditions) | Condition::Any(conditions) => conditions.iter().all(is_rolled),
        Condition::Not(condition) => is_rolled(condition),
        Condition::Host { .. } | Condition::Id(_) | Condition::Pinned(_) | Condition::Holds(_) => {
            false
        }
    }
}

/// Runs that the statistics' roll-ups count together. Their hosts are counted separately, so a filter by host is
/// applied to the hosts.
impl Subject for Group {
    fn value(&self, column: &Column) -> Option<Value<'_>> {
        match column.name {
            "status" => Some(Value::Word(self.status.as_str())),
            "type" => Some(Value::Word(match self.adhoc {
                true => ExecutionType::Adhoc.as_str(),
                false => ExecutionType::Playbook.as_str(),
            })),
            "reason" => self.reason.map(|reason| Value::Word(reason.as_str())),
            "changed" => Some(Value::Flag(self.changed)),
            "playbook" => text(self.playbook.as_deref()),
            "playbook_name" => text(self.playbook_name.as_deref()),
            "inventory" => text(self.inventory.as_deref()),
            "inventory_name" => text(self.inventory_name.as_deref()),
            "username" => text(self.user.as_deref()),
            "controller" => text(self.controller.as_deref()),
            _ => None,
        }
    }

    fn has_host(&self, _: &[Pattern], _: Option<bool>) -> bool {
        true
    }

    fn has_id(&self, _: IdDigits) -> bool {
        false
    }

    fn has_label(&self, label: &Pattern) -> bool {
        self.labels.iter().any(|one| label.matches(one))
    }

    fn is_pinned(&self) -> bool {
        false
    }

    fn holds(&self, _: &str) -> bool {
        false
    }
}

/// A text column's value.
fn text(text: Option<&str>) -> Option<Value<'_>> {
    text.map(|text| Value::Text(text.into()))
}
