//! What runs have in common that are counted as one.

use playback_wire::ExecutionType;

use crate::model::{ExecutionFilter, Reason, Status};

/// What runs have in common that are counted as one: everything that a filter may ask for, but for times,
/// hosts and parts of texts.
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
    pub playbook: Option<String>,
    /// Its file name.
    pub playbook_name: Option<String>,
    /// Inventory as recorded.
    pub inventory: Option<String>,
    /// Its file name.
    pub inventory_name: Option<String>,
    /// User who ran them.
    pub user: Option<String>,
    /// Machine that ran them.
    pub controller: Option<String>,
    /// Labels that they carry, in order.
    pub labels: Vec<String>,
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
        let text = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        // A bare file name finds the playbook or inventory in whatever folder it lies.
        let path = |wanted: &Option<String>, whole, name| match wanted {
            Some(path) if path.contains('/') => text(wanted, whole),
            _ => text(wanted, name),
        };
        let label = |label: &String| self.labels.contains(label);
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
