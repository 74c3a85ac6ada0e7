//! Schedules: what the launcher starts regularly, when, and with which outcome.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Status;
use super::execution::named;

named! {
    /// What a schedule does if its last run is not finished when the next one is due.
    #[derive(Default)]
    Overlap {
        /// Nothing: this time is skipped.
        #[default]
        Skip = "skip",
        /// It queues a run, which starts when the last one is finished. At most one run waits.
        Queue = "queue",
        /// It cancels the last run, and queues a new one, which starts when that one is finished.
        Cancel = "cancel",
    }
}

named! {
    /// How to treat missed times, at which the collector was stopped or launched nothing.
    #[derive(Default)]
    MissedTimes {
        /// They are skipped.
        #[default]
        Skip = "skip",
        /// One run is started for all of them.
        RunOnce = "run_once",
    }
}

named! {
    /// Outcome of a schedule's time, or why its next time would not start a run.
    ScheduleOutcome {
        /// A run was started.
        Started = "started",
        /// A user requested a run outside the schedule's times.
        StartedByHand = "started_by_hand",
        /// The schedule is paused.
        Paused = "paused",
        /// This collector launches nothing.
        LauncherOff = "launcher_off",
        /// The last run was not finished.
        StillRunning = "still_running",
        /// A run of this schedule was already waiting for the last one.
        AlreadyWaiting = "already_waiting",
        /// The time was missed.
        Missed = "missed",
        /// The token on whose behalf the schedule starts runs was revoked, or never existed.
        TokenRevoked = "token_revoked",
        /// That token has expired.
        TokenExpired = "token_expired",
        /// That token lacks the scope `run`.
        TokenNotAllowed = "token_not_allowed",
        /// The playbook, inventory or key no longer exists.
        NotFound = "not_found",
        /// A secret is not configured, or cannot be read.
        NoSecret = "no_secret",
        /// Too many runs were waiting.
        QueueFull = "queue_full",
        /// The launcher refused the request.
        Refused = "refused",
    }
}

/// Names of secrets in the collector's configuration. They are read when a run starts, and never stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretNames {
    /// The secret with the password of vaulted files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault_password: Option<String>,
    /// The secret with the text of a private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    /// The secrets with the values of extra variables: the variable's name → the secret's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_vars: BTreeMap<String, String>,
}

/// What a schedule runs: a playbook, or a module on hosts. Unlike the request of a single run, it is stored unchanged,
/// so it contains names of secrets only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduledRun {
    /// Name of the playbook, relative to the configured folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The host pattern of an ad-hoc run, instead of a playbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Ad-hoc: the module; `command` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Ad-hoc: the module's arguments. They are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<String>,
    /// Name of an inventory, relative to the configured folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<String>,
    /// Host pattern that limits the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Tags to run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Tags to skip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_tags: Vec<String>,
    /// Extra variables: name → value. They are stored.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_vars: BTreeMap<String, Value>,
    /// Become another user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#become: Option<bool>,
    /// Name of that user; root by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub become_user: Option<String>,
    /// Number of hosts at once: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub forks: Option<u32>,
    /// Number of `-v`: 0 to 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 6)]
    pub verbosity: Option<u8>,
    /// Change nothing, only report what would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<bool>,
    /// Show what changes in files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<bool>,
    /// Time limit of a run in seconds; 0 or none: the configured default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Name of a private key below the configured folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    /// Why it is run, for the record of each run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Labels for each run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Names of secrets.
    #[serde(skip_serializing_if = "is_default")]
    pub secrets: SecretNames,
}

impl ScheduledRun {
    /// The same without the values of extra variables and the arguments, which may be secret nevertheless: for readers
    /// and for the audit trail.
    #[must_use]
    pub fn without_values(&self) -> Self {
        let mut shown = self.clone();
        shown
            .extra_vars
            .values_mut()
            .for_each(|value| *value = Value::Null);
        shown.args = None;
        shown
    }

    /// What it runs, in a few words.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.playbook, &self.hosts) {
            (Some(playbook), _) => playbook.clone(),
            (None, hosts) => format!(
                "{} on {}",
                self.module.as_deref().unwrap_or("command"),
                hosts.as_deref().unwrap_or_default()
            ),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// When a schedule runs, what it runs, and what it does if that is not possible at once.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleSettings {
    /// Five fields (minute, hour, day of month, month, day of week), six with seconds first, or `@daily` and the like.
    pub cron: String,
    /// Name of the time zone of these fields, from the IANA database.
    pub zone: String,
    /// What to do if the last run is not finished.
    pub overlap: Overlap,
    /// What to do with missed times.
    pub missed: MissedTimes,
    /// Each run starts with a random delay of up to this many seconds.
    pub jitter_seconds: u32,
    /// What it runs.
    pub run: ScheduledRun,
    /// Its purpose.
    pub description: Option<String>,
}

/// Since when a schedule is paused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// When it was paused, in microseconds since the epoch.
    pub paused_us: i64,
    /// Who paused it.
    pub by: String,
    /// Why.
    pub note: Option<String>,
}

/// A schedule, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleRow {
    /// Identity: a later schedule with the same name has another one.
    pub id: Uuid,
    /// Its name, unique.
    pub name: String,
    /// When it runs, and what.
    pub settings: ScheduleSettings,
    /// On whose behalf it starts runs: `token:NAME`.
    pub owner: String,
    /// That token's hash; none: the collector served without tokens.
    pub token: Option<[u8; 32]>,
    /// When it was created, in microseconds since the epoch.
    pub created_us: i64,
    /// When it was last changed.
    pub changed_us: i64,
    /// Whether it is paused.
    pub paused: Option<Pause>,
    /// All its times up to this one are decided.
    pub decided_us: i64,
    /// Incremented by each change and each decision.
    pub revision: i64,
    /// The last decision.
    pub last: Option<TickRow>,
    /// The last run.
    pub last_run: Option<LastRun>,
}

impl ScheduleRow {
    /// Its name in the audit trail.
    #[must_use]
    pub fn object(name: &str) -> String {
        format!("schedule:{name}")
    }
}

/// The last run of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    /// Its identity.
    pub execution: Uuid,
    /// Its status; none: it was deleted.
    pub status: Option<Status>,
}

/// A run of a schedule that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRun {
    /// Its identity.
    pub execution: Uuid,
    /// Whether it is waiting to be started.
    pub is_queued: bool,
}

/// The outcome of a schedule's time, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickRow {
    /// Its number, which grows with each decision.
    pub number: i64,
    /// The time, in microseconds since the epoch.
    pub time_us: i64,
    /// When it was decided.
    pub decided_us: i64,
    /// The decision.
    pub outcome: ScheduleOutcome,
    /// The reason, in words.
    pub detail: Option<String>,
    /// Number of earlier times that were missed.
    pub passed_over: u64,
    /// The run that was started.
    pub execution: Option<Uuid>,
}

/// A decision about a schedule's time, to be stored in the same commit as the run that it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleTick {
    /// Identity of the schedule.
    pub schedule: Uuid,
    /// The schedule's revision that the decision is based on.
    pub revision: i64,
    /// The time, in microseconds since the epoch.
    pub time_us: i64,
    /// All times of the schedule up to this one are decided by it: the same time, unless a user requested the run.
    pub until_us: i64,
    /// When it was decided.
    pub decided_us: i64,
    /// The decision.
    pub outcome: ScheduleOutcome,
    /// The reason, in words.
    pub detail: Option<String>,
    /// Number of earlier times that were missed.
    pub passed_over: u64,
    /// The run that it starts; the launcher fills it in.
    pub execution: Option<Uuid>,
}

/// A schedule, for readers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// When it runs: five fields (minute, hour, day of month, month, day of week), six with seconds first, or `@daily`
    /// and the like.
    pub cron: String,
    /// Name of the time zone of these fields.
    pub zone: String,
    /// What it does if its last run is not finished.
    pub overlap: Overlap,
    /// How it treats times at which no collector could start a run.
    pub missed: MissedTimes,
    /// Each run starts with a random delay of up to this many seconds.
    pub jitter_seconds: u32,
    /// What it runs. Values of extra variables and arguments are only shown to tokens with the scope `run`.
    pub run: ScheduledRun,
    /// Its purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// On whose behalf it starts runs: the token that created or last changed it.
    pub owner: String,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// When it was last changed, paused or resumed.
    pub changed: DateTime<Utc>,
    /// When it was paused, by whom, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<SchedulePause>,
    /// Why it would start no run if its time came now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<ScheduleBlock>,
    /// Its next times, with the zone's offset from UTC: one in the list, ten for a single schedule; none while it is
    /// paused.
    pub next: Vec<DateTime<FixedOffset>>,
    /// Outcome of its last times, newest first: one in the list, up to 100 for a single schedule.
    pub past: Vec<ScheduleTime>,
    /// The run that it started last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_execution: Option<Uuid>,
    /// Status of that run; missing if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<Status>,
}

/// Who paused a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SchedulePause {
    /// When it was paused.
    pub time: DateTime<Utc>,
    /// Who paused it.
    pub by: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a schedule would start no run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleBlock {
    /// A stable code, for programs.
    pub reason: ScheduleOutcome,
    /// For people: what is wrong, and what to do.
    pub message: String,
}

/// Outcome of a schedule's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleTime {
    /// The scheduled time; for a run by hand, when it was requested.
    pub time: DateTime<Utc>,
    /// When it was decided: later than `time` if it was delayed at random or missed.
    pub decided: DateTime<Utc>,
    /// `started`, `started_by_hand`, or why no run was started.
    pub outcome: ScheduleOutcome,
    /// The reason, in words; for a run by hand, who requested it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Number of earlier times that were missed: no collector was running, or its database was unavailable.
    pub passed_over: u64,
    /// The run that was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<Uuid>,
}

impl From<TickRow> for ScheduleTime {
    fn from(row: TickRow) -> Self {
        let time = super::time_from_us;
        Self {
            time: time(row.time_us),
            decided: time(row.decided_us),
            outcome: row.outcome,
            message: row.detail,
            passed_over: row.passed_over,
            execution: row.execution,
        }
    }
}

impl From<Pause> for SchedulePause {
    fn from(pause: Pause) -> Self {
        Self {
            time: super::time_from_us(pause.paused_us),
            by: pause.by,
            note: pause.note,
        }
    }
}
