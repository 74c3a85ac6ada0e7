//! Prints the remaining time of a running execution, and the host for which it waits.

use super::when;
use crate::clock::Clock;
use crate::model::Estimate;

/// The remaining time.
pub(super) fn left(estimate: &Estimate) -> String {
    match (estimate.remaining, estimate.usual) {
        (_, Some(usual)) if estimate.is_overdue => {
            format!("overdue, usually {}", when::show_seconds(usual))
        }
        (Some(remaining), _) => format!("about {}", when::show_seconds(remaining)),
        (None, _) => "?".to_owned(),
    }
}

/// The host that has been at work for the longest time, and its task.
pub(super) fn waits_for(estimate: &Estimate, clock: &Clock) -> String {
    let Some(first) = estimate.waits_for.first() else {
        return estimate.task.clone().unwrap_or_default();
    };
    let since = first
        .since
        .map(|since| format!(", {}", when::ago(since, clock)));
    let more = match estimate.hosts_running {
        0 | 1 => String::new(),
        hosts => format!(" and {} more", hosts - 1),
    };
    format!(
        "{}{more}: {}{}",
        first.host,
        first.task,
        since.unwrap_or_default()
    )
}
