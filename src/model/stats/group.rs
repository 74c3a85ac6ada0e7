//! The properties by which statistics group runs.

use std::sync::Arc;

use crate::model::{Reason, Status};

/// The properties shared by runs that are counted together: everything that a filter can test, except times, hosts and
/// parts of texts. Each text is in memory once, even if many groups of a day contain it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// Whether they are ad-hoc commands, not playbooks.
    pub adhoc: bool,
    /// Their status.
    pub status: Status,
    /// Why they failed.
    pub reason: Option<Reason>,
    /// Whether they changed something.
    pub changed: bool,
    /// Playbook as recorded.
    pub playbook: Option<Arc<str>>,
    /// Its file name.
    pub playbook_name: Option<Arc<str>>,
    /// The working directory for a relative playbook path: two projects may each have a "site.yml".
    pub folder: Option<Arc<str>>,
    /// Inventory as recorded.
    pub inventory: Option<Arc<str>>,
    /// Its file name.
    pub inventory_name: Option<Arc<str>>,
    /// User who ran them.
    pub user: Option<Arc<str>>,
    /// Machine that ran them.
    pub controller: Option<Arc<str>>,
    /// Their labels, in order.
    pub labels: Vec<Arc<str>>,
}
