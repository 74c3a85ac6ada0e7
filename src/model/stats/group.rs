//! What runs have in common that are counted as one.

use std::sync::Arc;

use crate::model::{Reason, Status};

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
