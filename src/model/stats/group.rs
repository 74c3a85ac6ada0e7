//! What runs have in common that are counted as one.

use std::sync::Arc;

use playback_wire::ExecutionType;

use crate::model::{ExecutionFilter, Reason, Status};

/// What runs have in common that are counted as one: everything that a filter may ask for, but for times,
/// hosts and parts of texts. The same text stands once in memory, in however many groups of a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// Whether they are ad-hoc commands, not playbooks.
    pub adhoc: bool,
    /// How they stand.
    pub status: Status,
    /// Why they failed.
    pub reason: Option<Reason>,
    /// Whether they changed something.
    pub changed: bool,
    /// Playbook as recorded.
    pub playbook: Option<Arc<str>>,
    /// Its file name.
    pub playbook_name: Option<Arc<str>>,
    /// The working directory that a relative path of the playbook is meant in: two projects have a "site.yml" each.
    pub folder: Option<Arc<str>>,
    /// Inventory as recorded.
    pub inventory: Option<Arc<str>>,
    /// Its file name.
    pub inventory_name: Option<Arc<str>>,
    /// User who ran them.
    pub user: Option<Arc<str>>,
    /// Machine that ran them.
    pub controller: Option<Arc<str>>,
    /// Labels that they carry, in order.
    pub labels: Vec<Arc<str>>,
}

impl Group {
    /// Whether a filter lets these runs through. It must ask for nothing else than a group knows, and in the
    /// words in which texts are stored.
    #[must_use]
    pub fn matches(&self, filter: &ExecutionFilter) -> bool {
        let kind = if self.adhoc {
            ExecutionType::Adhoc
        } else {
            ExecutionType::Playbook
        };
        let text = |wanted: &Option<String>, is: &Option<Arc<str>>| {
            wanted.is_none() || wanted.as_deref() == is.as_deref()
        };
        // A bare file name finds the playbook or inventory in whatever folder it lies.
        let path = |wanted: &Option<String>, whole, name| match wanted {
            Some(path) if path.contains('/') => text(wanted, whole),
            _ => text(wanted, name),
        };
        let label = |label: &String| self.labels.iter().any(|one| **one == **label);
        filter.r#type.is_none_or(|wanted| wanted == kind)
            && filter.status.is_none_or(|wanted| wanted == self.status)
            && (filter.reason.is_none() || filter.reason == self.reason)
            && filter.changed.is_none_or(|wanted| wanted == self.changed)
            && path(&filter.playbook, &self.playbook, &self.playbook_name)
            && path(&filter.inventory, &self.inventory, &self.inventory_name)
            && text(&filter.user, &self.user)
            && text(&filter.controller, &self.controller)
            && filter.label.as_ref().is_none_or(label)
    }
}
