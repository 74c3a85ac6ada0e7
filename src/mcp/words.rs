//! Runs, times and counts in words.

use chrono::{DateTime, Utc};
use playback_wire::ExecutionType;
use serde::Deserialize;
use uuid::Uuid;

use crate::model::{Phase, Reason, Status, task_title};

/// Number of names to list when there are many.
const NAMED: usize = 8;

/// The fields of a record that [`Run`] reads.
pub(super) const FIELDS: &str = "id,type,status,phase,reason,start_time,duration,exit_code,changed,playbook,hosts,module,\
    inventory,limit,check,user,controller,labels,unreachable,failed";

/// A run in brief.
#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: Uuid,
    r#type: ExecutionType,
    pub(super) status: Status,
    phase: Phase,
    reason: Option<Reason>,
    start_time: DateTime<Utc>,
    duration: Option<f64>,
    exit_code: Option<i32>,
    #[serde(default)]
    changed: bool,
    playbook: Option<String>,
    hosts: Option<String>,
    module: Option<String>,
    inventory: Option<String>,
    limit: Option<String>,
    #[serde(default)]
    check: bool,
    user: Option<String>,
    controller: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    unreachable: Vec<String>,
    #[serde(default)]
    failed: Vec<String>,
}

impl Run {
    /// The subject of a run, how it ended, when, and who ran it: in one line.
    pub(super) fn in_words(&self) -> String {
        let mut parts = vec![format!(
            "{}: {}",
            run_subject(
                self.r#type,
                self.playbook.as_deref(),
                self.module.as_deref(),
                self.hosts.as_deref()
            ),
            self.ended()
        )];
        parts.push(format!("started {}", time(self.start_time)));
        if let Some(duration) = self.duration {
            parts.push(format!("took {}", seconds(duration)));
        }
        if let Some(inventory) = &self.inventory {
            parts.push(format!("inventory {inventory}"));
        }
        if let Some(limit) = &self.limit {
            parts.push(format!("limit {limit}"));
        }
        let who = [self.user.as_deref(), self.controller.as_deref()];
        let who: Vec<&str> = who.into_iter().flatten().collect();
        if !who.is_empty() {
            parts.push(format!("by {}", who.join(" on ")));
        }
        if !self.labels.is_empty() {
            parts.push(format!("labels {}", self.labels.join(", ")));
        }
        if self.status != Status::Running && self.changed {
            parts.push("something was changed".to_owned());
        }
        for (word, hosts) in [("failed", &self.failed), ("unreachable", &self.unreachable)] {
            if !hosts.is_empty() {
                parts.push(format!("{word} on {}", some(hosts, hosts.len() as u64)));
            }
        }
        parts.join(", ")
    }

    fn ended(&self) -> String {
        let mut more = Vec::new();
        match self.reason {
            Some(reason) => more.push(reason.as_str().to_owned()),
            None if self.status == Status::Running && self.phase != Phase::Running => {
                more.push(self.phase.as_str().to_owned());
            }
            None => {}
        }
        if let Some(code) = self.exit_code.filter(|code| *code != 0) {
            more.push(format!("exit code {code}"));
        }
        if self.check {
            more.push("check mode".to_owned());
        }
        match more.is_empty() {
            true => self.status.as_str().to_owned(),
            false => format!("{} ({})", self.status.as_str(), more.join(", ")),
        }
    }
}

/// The subject of a run: its playbook, or a module and its hosts.
pub(super) fn run_subject(
    kind: ExecutionType,
    playbook: Option<&str>,
    module: Option<&str>,
    hosts: Option<&str>,
) -> String {
    match kind {
        ExecutionType::Playbook => playbook.unwrap_or("a playbook").to_owned(),
        ExecutionType::Adhoc => format!(
            "ad-hoc {} on {}",
            module.unwrap_or("?"),
            hosts.unwrap_or("?")
        ),
    }
}

/// A task with its role.
pub(super) fn task(name: &str, action: &str, role: &str) -> String {
    let title = task_title(name, action);
    match role {
        "" => format!("{title:?}"),
        role => format!("{title:?} (role {role})"),
    }
}

/// A time.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long something took.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        short if short < 120.0 => format!("{short:.1} s"),
        long if long < 7200.0 => format!("{:.0} min", long / 60.0),
        long => format!("{:.1} h", long / 3600.0),
    }
}

/// The first of these names, and how many more there are of `count`.
pub(super) fn some(names: &[String], count: u64) -> String {
    let told: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match count.saturating_sub(told.len() as u64) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

/// A number of things.
pub(super) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// The address of a run's page, with its id in it.
pub(super) fn page(id: Uuid) -> String {
    format!("/runs/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_some_are_told() {
        let names: Vec<String> = (0..20).map(|number| format!("web{number}")).collect();
        assert_eq!(some(&names[..2], 2), "web0, web1");
        assert!(some(&names, 5000).ends_with("web7 and 4992 more"));
    }

    #[test]
    fn durations_have_a_fitting_unit() {
        for (duration, told) in [
            (0.04, "0.0 s"),
            (90.0, "90.0 s"),
            (600.0, "10 min"),
            (7200.0, "2.0 h"),
        ] {
            assert_eq!(seconds(duration), told);
        }
    }
}
