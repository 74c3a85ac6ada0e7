//! Which executions a list or a count is of.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::when;
use crate::model::{Reason, Status};

/// Which executions; everything that is given must hold.
#[derive(Debug, Args)]
pub(super) struct Filters {
    /// Only executions with this status
    #[arg(long, value_parser = names(Status::ALL, Status::as_str))]
    status: Option<String>,
    /// Only playbooks, or only ad-hoc commands
    #[arg(long, value_parser = ["playbook", "adhoc"])]
    r#type: Option<String>,
    /// Only runs of this playbook: its file name, or its path as recorded
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
    /// Only runs with this inventory: its file name, or its path as recorded
    #[arg(long, value_name = "NAME")]
    inventory: Option<String>,
    /// Only runs on this host
    #[arg(long)]
    host: Option<String>,
    /// Only runs by this user
    #[arg(long)]
    user: Option<String>,
    /// Only runs from this machine
    #[arg(long, value_name = "MACHINE")]
    controller: Option<String>,
    /// Only runs with this label
    #[arg(long)]
    label: Option<String>,
    /// Only runs that changed something, or with --host that changed that host; --changed=false for the others
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    changed: Option<bool>,
    /// Only runs that failed for this reason
    #[arg(long, value_parser = names(Reason::ALL, Reason::as_str))]
    reason: Option<String>,
    /// Only pinned runs; --pinned=false for the others
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pinned: Option<bool>,
    /// Only runs that took at least this long: 90 (seconds), 5m, 2h
    #[arg(long, value_name = "DURATION", value_parser = when::seconds)]
    min_duration: Option<f64>,
    /// Only runs with this text in their playbook, inventory, user, note or command line
    #[arg(short, value_name = "TEXT")]
    q: Option<String>,
}

/// The names that an option takes.
pub(super) fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().map(|value| name(*value)))
}

impl Filters {
    /// The filters in the API's words.
    pub(super) fn query(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        [
            ("status", self.status.clone()),
            ("type", self.r#type.clone()),
            ("playbook", self.playbook.clone()),
            ("inventory", self.inventory.clone()),
            ("host", self.host.clone()),
            ("user", self.user.clone()),
            ("controller", self.controller.clone()),
            ("label", self.label.clone()),
            ("changed", self.changed.map(|changed| changed.to_string())),
            ("reason", self.reason.clone()),
            ("pinned", self.pinned.map(|pinned| pinned.to_string())),
            (
                "min_duration",
                self.min_duration.map(|least| least.to_string()),
            ),
            ("q", self.q.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}
