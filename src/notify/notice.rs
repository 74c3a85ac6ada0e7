//! The content of a message: the body of a webhook, from which all other forms are made. Pure.

use chrono::{DateTime, Utc};
use playback_wire::ExecutionType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::triggers::UnreachableHost;
use crate::model::{
    BudgetState, ExecutionRow, Reason, Report, ReportFormat, Status, Trigger, time_from_us,
};

/// A message. Its first three fields are those that Standard Webhooks recommends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// `run.` and the first trigger (`run.broke`), `playbook.silent`, `budget.spent`, `report` or `digest`.
    pub r#type: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// What happened.
    pub data: NoticeData,
}

/// What happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeData {
    /// Name of the target.
    pub target: String,
    /// Whether it is a requested example.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// In one line.
    pub title: String,
    /// Why it is sent, the most important reason first.
    pub triggers: Vec<Trigger>,
    /// Identifies the run's playbook, inventory, limit, tags and whether it is in check mode: the same for its failure and for
    /// its recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// The run; of a silent playbook, its last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<NoticeRun>,
    /// How it ended, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verdict: Vec<String>,
    /// The error of Ansible itself, as printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<String>,
    /// Its errors, those of the most hosts first; at most 5.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<NoticeFailure>,
    /// Further errors.
    #[serde(skip_serializing_if = "is_zero")]
    pub failures_left_out: u64,
    /// The first of the failures in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_since: Option<NoticeTime>,
    /// How many failures in a row there are, or were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures_in_row: Option<u64>,
    /// Duration of a usual success, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_duration: Option<f64>,
    /// How often the last runs turned from success to failure or back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Hosts that were not reached in several runs in a row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<UnreachableHost>,
    /// By when a silent playbook was to run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<DateTime<Utc>>,
    /// Which runs there are none of, as a query: of a playbook that never ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Since when the run waits in the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_since: Option<DateTime<Utc>>,
    /// The budget that is spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetState>,
    /// A report that a schedule made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<NoticeReport>>,
    /// Several events in one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A report that a schedule made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeReport {
    /// Its identity.
    pub id: Uuid,
    /// The schedule.
    pub schedule: String,
    /// Its page, if the collector's address is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it says, as the API serves it.
    pub content: Report,
    /// The same in the formats of the schedule.
    pub documents: Vec<NoticeDocument>,
}

/// A report in a format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeDocument {
    /// The format.
    pub format: ReportFormat,
    /// The name of its file.
    pub file: String,
    /// The document.
    pub text: String,
}

/// A run, in brief.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeRun {
    /// Its identity.
    pub id: Uuid,
    /// The playbook, or the module of an ad-hoc command.
    pub name: String,
    /// Inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<String>,
    /// Limit, or the hosts of an ad-hoc command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Who ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Its labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether it ran in check mode.
    pub check: bool,
    /// `running`, `success` or `failed`.
    pub status: Status,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Its page, if the collector's address is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One error, and the hosts on which it occurred.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeFailure {
    /// `failed` or `unreachable`.
    pub status: String,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Identifies the error in all runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Number of hosts.
    pub host_count: u64,
    /// Their names; at most 10.
    pub hosts: Vec<String>,
    /// The first run with this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<NoticeTime>,
}

/// A run, and when it started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeTime {
    /// The run.
    pub id: Uuid,
    /// When it started.
    pub start_time: DateTime<Utc>,
}

/// Several events in one message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// How many.
    pub events: u64,
    /// How many of each kind and playbook, the most first; at most 20.
    pub groups: Vec<DigestLine>,
    /// Events of further groups.
    pub left_out: u64,
    /// The first runs; at most 10.
    pub runs: Vec<NoticeRun>,
    /// Why those of them failed that did, each error once; at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<DigestError>,
    /// Whether it tells of anything bad.
    #[serde(default)]
    pub is_bad: bool,
}

/// An error of the runs in a digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestError {
    /// The first of the runs with this error.
    pub run: Uuid,
    /// Its playbook, or the module of an ad-hoc command.
    pub name: String,
    /// How many of the listed runs have it.
    pub runs: u64,
    /// The error, and the hosts of the first run.
    #[serde(flatten)]
    pub failure: NoticeFailure,
}

/// Events of one kind and playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestLine {
    /// Why they are reported.
    pub trigger: Trigger,
    /// The playbook; none for ad-hoc commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// How many.
    pub events: u64,
}

impl NoticeRun {
    /// A run, with the address of the collector's pages.
    #[must_use]
    pub fn of(row: &ExecutionRow, pages: Option<&str>) -> Self {
        let run = &row.description;
        let is_adhoc = run.r#type == ExecutionType::Adhoc;
        let name = match is_adhoc {
            true => run.module.as_deref(),
            false => run.playbook.as_deref(),
        };
        let limit = match is_adhoc {
            true => run.hosts.as_ref(),
            false => run.limit.as_ref(),
        };
        Self {
            id: row.id,
            name: name.unwrap_or("ansible").to_owned(),
            inventory: run.inventory.clone(),
            limit: limit.cloned(),
            user: run.user.clone(),
            controller: run.controller.clone(),
            labels: run.labels.clone(),
            check: run.check,
            status: row.status,
            reason: row.reason,
            exit_code: row.exit_code,
            start_time: time_from_us(row.started_us),
            end_time: row.ended_us.map(time_from_us),
            duration: row.duration_us().map(|us| us as f64 / 1e6),
            url: pages.map(|pages| format!("{pages}/runs/{}", row.id)),
        }
    }
}

/// Whether a message with this first trigger says that something is wrong.
#[must_use]
pub fn is_bad(trigger: Trigger, failed: bool) -> bool {
    match trigger {
        Trigger::Recovered | Trigger::Started => false,
        Trigger::Finished => failed,
        _ => true,
    }
}

/// Whether a message with this first trigger, about a run that stands so, opens an incident, where such are kept; others
/// close it.
#[must_use]
pub fn opens_incident(trigger: Trigger, status: Status) -> bool {
    match trigger {
        Trigger::Recovered => false,
        Trigger::Finished => status != Status::Success,
        _ => true,
    }
}

/// The title of a message about a run.
#[must_use]
pub fn title(trigger: Trigger, run: &NoticeRun) -> String {
    let name = &run.name;
    let on = match (&run.inventory, &run.limit) {
        (_, Some(limit)) => format!(" on {limit}"),
        (Some(inventory), None) => format!(" on {inventory}"),
        (None, None) => String::new(),
    };
    let says = match trigger {
        Trigger::Broke => "broke",
        Trigger::Recovered => "works again",
        Trigger::StillBroken => "is still broken",
        Trigger::Flapping => "fails and succeeds in turn",
        Trigger::Lost => "fell silent before its end",
        Trigger::Silent => "did not run",
        Trigger::Waiting => "waits too long in the queue",
        Trigger::Unreachable => "no longer reaches a host",
        Trigger::Canceled => "was canceled",
        Trigger::Slow => "was slower than usual",
        Trigger::Drift => "would change something (check mode)",
        Trigger::Failed => "failed",
        Trigger::Finished => match run.status {
            Status::Success => "succeeded",
            Status::Failed => "failed",
            Status::Running => "ended",
        },
        Trigger::Started => "started",
        // It has a title of its own.
        Trigger::Budget => "spent a budget",
    };
    format!("{name}{on} {says}")
}

/// The title of a message about runs that were to be there, and are not.
#[must_use]
pub fn missing_title(query: &str) -> String {
    format!("No run of {query}")
}

/// The title of a message about a budget, at a time after its period or within it.
#[must_use]
pub fn budget_title(budget: &BudgetState, at: DateTime<Utc>) -> String {
    let name = &budget.name;
    if budget.to < at {
        let (period, from) = (&budget.period, budget.from.format("%Y-%m-%d"));
        return match budget.percent {
            Some(percent) if !budget.is_exceeded => {
                format!("Budget {name}: {percent} % were spent in the {period} from {from}")
            }
            _ => format!("Budget {name} was exceeded in the {period} from {from}"),
        };
    }
    match budget.percent {
        Some(percent) if !budget.is_exceeded => {
            format!(
                "Budget {name}: {percent} % of the {} are spent",
                budget.period
            )
        }
        _ => format!("Budget {name} is exceeded for this {}", budget.period),
    }
}

impl Notice {
    /// Whether it says that something is wrong.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        let failed = |run: &NoticeRun| run.status == Status::Failed;
        match self.data.triggers.first() {
            Some(trigger) => is_bad(*trigger, self.data.run.as_ref().is_some_and(failed)),
            None => match &self.data.report {
                Some(report) => report.content.runs.figures.failed > 0,
                None => self
                    .data
                    .digest
                    .as_ref()
                    .is_some_and(|digest| digest.is_bad),
            },
        }
    }

    /// An example, for a target that has seen no run.
    #[must_use]
    pub fn example(target: &str, id: Uuid, now_us: i64, pages: Option<&str>) -> Self {
        let run = NoticeRun {
            id,
            name: "site.yml".to_owned(),
            inventory: Some("production".to_owned()),
            limit: None,
            user: Some("ann".to_owned()),
            controller: Some("controller".to_owned()),
            labels: vec!["nightly".to_owned()],
            check: false,
            status: Status::Failed,
            reason: Some(Reason::TaskFailed),
            exit_code: Some(2),
            start_time: time_from_us(now_us - 65_000_000),
            end_time: Some(time_from_us(now_us)),
            duration: Some(65.0),
            url: pages.map(|pages| format!("{pages}/runs/{id}")),
        };
        Self {
            r#type: "run.broke".to_owned(),
            timestamp: time_from_us(now_us),
            data: NoticeData {
                target: target.to_owned(),
                test: true,
                title: title(Trigger::Broke, &run),
                triggers: vec![Trigger::Broke, Trigger::Failed, Trigger::Finished],
                series: Some("example".to_owned()),
                verdict: vec!["A task failed on 1 of 3 hosts.".to_owned()],
                failures: vec![NoticeFailure {
                    status: "failed".to_owned(),
                    message: Some("No space left on device".to_owned()),
                    fingerprint: Some("0123456789abcdef".to_owned()),
                    task: Some("web : Copy the release".to_owned()),
                    host_count: 1,
                    hosts: vec!["web-01".to_owned()],
                    since: None,
                }],
                broken_since: Some(NoticeTime {
                    id,
                    start_time: run.start_time,
                }),
                failures_in_row: Some(1),
                run: Some(run),
                ..NoticeData::default()
            },
        }
    }
}
