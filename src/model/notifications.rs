//! Notifications: their targets and triggers, and the outcome of their delivery; as stored and as served.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::execution::named;
use super::{ExecutionKey, ExecutionRow, Phase, Status};

named! {
    /// The reason for a notification. If there are several, a message names the first in this order.
    Trigger {
        /// The first failure after a success of the same playbook, inventory and limit.
        Broke = "broke",
        /// The first success after a failure of the same playbook, inventory and limit.
        Recovered = "recovered",
        /// A further failure in a row: every `still_broken_every`-th.
        StillBroken = "still_broken",
        /// It began to alternate between failures and successes.
        Flapping = "flapping",
        /// The run stopped reporting without having ended.
        Lost = "lost",
        /// A playbook that ran regularly did not run.
        Silent = "silent",
        /// A launched run has waited in the queue for `waiting_minutes`.
        Waiting = "waiting",
        /// `budget_percent` of a budget were spent.
        Budget = "budget",
        /// A host was not reached in `unreachable_runs` runs in a row.
        Unreachable = "unreachable",
        /// A person canceled it.
        Canceled = "canceled",
        /// A success took longer than the runs before it suggest.
        Slow = "slow",
        /// A run in check mode would have changed something.
        Drift = "drift",
        /// It failed, and was not canceled by a person.
        Failed = "failed",
        /// It is finished, whatever the outcome.
        Finished = "finished",
        /// It started.
        Started = "started",
    }
}

named! {
    /// The kind of a target.
    TargetKind {
        /// A webhook by the Standard Webhooks specification, signed.
        Webhook = "webhook",
        /// An incoming webhook of Slack.
        Slack = "slack",
        /// A workflow of Microsoft Teams.
        Teams = "teams",
        /// An incoming webhook of Mattermost.
        Mattermost = "mattermost",
        /// A Matrix room.
        Matrix = "matrix",
        /// PagerDuty: a failure triggers an incident, a success resolves it.
        Pagerduty = "pagerduty",
        /// Mail.
        Mail = "mail",
        /// Any other HTTP request, defined by a template.
        Template = "template",
    }
}

named! {
    /// Encryption of the connection to a mail server.
    MailSecurity {
        /// TLS from the first byte; port 465 by default.
        Tls = "tls",
        /// STARTTLS, which must succeed; port 587 by default.
        Starttls = "starttls",
        /// Without encryption; port 25 by default.
        None = "none",
    }
}

named! {
    /// A day of the week.
    Weekday {
        /// Monday.
        Mon = "mon",
        /// Tuesday.
        Tue = "tue",
        /// Wednesday.
        Wed = "wed",
        /// Thursday.
        Thu = "thu",
        /// Friday.
        Fri = "fri",
        /// Saturday.
        Sat = "sat",
        /// Sunday.
        Sun = "sun",
    }
}

named! {
    /// State of a delivery.
    DeliveryState {
        /// It is waiting for its time or for the next attempt.
        Pending = "pending",
        /// The target accepted it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

named! {
    /// The content of a delivery.
    DeliveryKind {
        /// One event.
        Event = "event",
        /// Several events in one message.
        Digest = "digest",
        /// An example that a user requested.
        Test = "test",
        /// A report that a schedule made.
        Report = "report",
    }
}

/// The highest number of runs in a row after which a rule can report an unreachable host.
pub const MOST_UNREACHABLE_RUNS: u32 = 20;

/// When a target is notified, and about which runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationRule {
    /// The events to report: at least one.
    #[schema(min_items = 1)]
    pub on: Vec<Trigger>,
    /// The runs to report, in the query language of the list (docs/query.md); all by default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 2000)]
    pub query: String,
    /// `still_broken`: after this many further failures.
    #[serde(default = "ten")]
    #[schema(minimum = 1, default = 10)]
    pub still_broken_every: u32,
    /// `unreachable`: after this many runs in a row.
    #[serde(default = "three")]
    #[schema(minimum = 1, maximum = 20, default = 3)]
    pub unreachable_runs: u32,
    /// `waiting`: after this many minutes in the queue.
    #[serde(default = "ten")]
    #[schema(minimum = 1, default = 10)]
    pub waiting_minutes: u32,
    /// `silent`: after this many hours without a run. By default, the limit is derived from the intervals between
    /// earlier runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub silent_hours: Option<u32>,
    /// `budget`: names of budgets in the configuration; all by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub budgets: Vec<String>,
    /// `budget`: when this percentage is spent, once in each period. `query` has no effect on it.
    #[serde(default = "hundred")]
    #[schema(minimum = 1, maximum = 10_000, default = 100)]
    pub budget_percent: u32,
    /// Whether to report runs that ended long before they arrived, such as those in old spools, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

fn ten() -> u32 {
    10
}

fn hundred() -> u32 {
    100
}

fn three() -> u32 {
    3
}

/// Hours in which a target is not notified; events in that time are sent at the end, in one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When they begin, as `HH:MM` in the collector's time zone.
    #[schema(example = "22:00")]
    pub from: String,
    /// When they end, as `HH:MM`; on the next day if this is not after the beginning.
    #[schema(example = "06:00")]
    pub to: String,
    /// Days on which they begin; every day by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
}

/// A change of a secret that may already be stored: absent, `null`, or a new value.
#[derive(Debug, Clone, Default)]
pub enum Patch<T> {
    /// Absent: the stored secret stays.
    #[default]
    Unchanged,
    /// `null`: the stored secret is removed.
    Removed,
    /// A new secret, which replaces the stored one.
    Set(T),
}

impl<T> Patch<T> {
    /// The new secret, if there is one.
    #[must_use]
    pub fn or_stored(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Unchanged => stored,
            Self::Removed => None,
            Self::Set(secret) => Some(secret),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given: Option<T> = Option::deserialize(from)?;
        Ok(given.map_or(Self::Removed, Self::Set))
    }
}

/// Where to send notifications, about what and when. Secrets are accepted but never shown: an omitted one stays unchanged,
/// and `null` removes it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSettings {
    /// The kind of the target.
    pub kind: TargetKind,
    /// Whether it is notified at all.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub enabled: bool,
    /// When it is notified, and about which runs; a message is sent if any rule matches.
    #[serde(default)]
    pub rules: Vec<NotificationRule>,
    /// When it is not notified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiet: Vec<QuietHours>,
    /// Collect events for this many minutes, and send them in one message. 0: each event is sent at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(maximum = 10_080)]
    pub digest_minutes: u32,
    /// Maximum number of messages for single events within an hour; further events are sent in one message.
    #[serde(default = "thirty")]
    #[schema(minimum = 1, default = 30)]
    pub max_per_hour: u32,
    /// Secret: where messages are sent. For `webhook`, `slack`, `teams`, `mattermost` and `template`; for `matrix`, the
    /// home server; for `pagerduty`, a server in place of PagerDuty's own.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, write_only)]
    pub url: Patch<SecretString>,
    /// Secret: the access token for `matrix`, the routing key for `pagerduty`, or the value of `token` in the templates
    /// of `template`.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, write_only)]
    pub token: Patch<SecretString>,
    /// Secret, `mail`: password of `username`. Without a user there is none: `null` removes the stored one.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Patch<SecretString>,
    /// Secret, `webhook` and `template`: header fields to send; for `template`, their values are templates.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<BTreeMap<String, String>>, write_only)]
    pub headers: Patch<BTreeMap<String, SecretString>>,
    /// Secret, `webhook`: signing keys, as `whsec_…`; one or two. If none is given, one is generated and shown once.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<Vec<String>>, write_only, max_items = 2)]
    pub signing_secrets: Patch<Vec<SecretString>>,
    /// `matrix`: id of the room, such as `!abc:example.org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// `mail`: recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// `mail`: sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `mail`: host name of the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `mail`: its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub port: Option<u16>,
    /// `mail`: encryption of the connection; `tls` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<MailSecurity>,
    /// `mail`: user name for the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `template`: the request's method, `POST` (the default) or `PUT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// `template`: its `Content-Type`; `application/json` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `template`: its body, a Jinja template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20_000)]
    pub body: Option<String>,
}

fn yes() -> bool {
    true
}

fn thirty() -> u32 {
    30
}

/// For a secret, which is never served. With `skip_serializing`, the field would be missing in the API document.
fn is_secret<T>(_: &T) -> bool {
    true
}

/// Shown in place of a secret.
fn nothing<T, S: Serializer>(_: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl MailSecurity {
    /// The default port of a mail server with this encryption.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

impl TargetSettings {
    /// Whether any rule has one of these triggers.
    #[must_use]
    pub fn asks_for(&self, triggers: &[Trigger]) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.on.iter().any(|one| triggers.contains(one)))
    }
}

/// A target, as stored.
#[derive(Debug, Clone)]
pub struct TargetRow {
    /// Key in the store.
    pub id: i64,
    /// Its name, unique.
    pub name: String,
    /// Its settings, without secrets.
    pub settings: TargetSettings,
    /// Its secrets, encrypted; empty if it has none.
    pub sealed: Vec<u8>,
    /// Where messages are sent, without secret parts.
    pub address: String,
    /// Whether the configuration file defines it.
    pub is_from_file: bool,
    /// When it was last changed.
    pub changed_us: i64,
    /// Why and when it was switched off, if it was.
    pub off: Option<(String, i64)>,
    /// The time since which every attempt has failed.
    pub failing_since_us: Option<i64>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// No attempt is made before this time.
    pub retry_us: Option<i64>,
    /// When it last accepted a message.
    pub delivered_us: Option<i64>,
}

impl TargetRow {
    /// Whether it is notified.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.settings.enabled && self.off.is_none()
    }
}

/// An event in the life of a run that may cause notifications; each is reported once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Its name: `started`, `success`, or the reason of a failure.
    pub name: String,
    /// When it was noted, by the collector's clock.
    pub noted_us: i64,
}

impl Moment {
    /// The moment at which a run starts.
    pub const STARTED: &'static str = "started";

    /// The last moment that the run has reached; none while it is queued.
    #[must_use]
    pub fn name_of(row: &ExecutionRow) -> Option<&'static str> {
        match (row.status, row.phase) {
            (Status::Running, Phase::Queued) => None,
            (Status::Running, _) => Some(Self::STARTED),
            (Status::Success, _) => Some("success"),
            (Status::Failed, _) => Some(row.reason.map_or("failed", |reason| reason.as_str())),
        }
    }
}

/// A moment that has not been expanded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub id: i64,
    /// The run.
    pub execution: ExecutionKey,
    /// The moment.
    pub moment: Moment,
}

/// An event to report to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationEvent {
    /// The target.
    pub target: i64,
    /// The subject; a target is notified once about each.
    pub subject: String,
    /// Why it is reported: at least one trigger.
    pub triggers: Vec<Trigger>,
    /// The run; [`NotificationEvent::NO_RUN`] if there is none.
    pub execution: ExecutionKey,
    /// The findings of the triggers, as JSON.
    pub detail: String,
    /// When it happened.
    pub at_us: i64,
    /// When it is sent together with other events; none: at once.
    pub held_until_us: Option<i64>,
}

impl NotificationEvent {
    /// Used in place of a run if an event is not about one: keys begin at 1.
    pub const NO_RUN: ExecutionKey = 0;

    /// The run, if the event is about one.
    #[must_use]
    pub fn run(&self) -> Option<ExecutionKey> {
        (self.execution != Self::NO_RUN).then_some(self.execution)
    }
}

/// A message to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its number: messages are sent in this order.
    pub id: i64,
    /// Its identity, the same for each attempt: `webhook-id`.
    pub uuid: Uuid,
    /// The target.
    pub target: i64,
    /// The run; none if the message is not about a single one.
    pub execution: Option<ExecutionKey>,
    /// The report, if the message is one.
    pub report: Option<Uuid>,
    /// Its content.
    pub kind: DeliveryKind,
    /// Its state.
    pub state: DeliveryState,
    /// When it was created.
    pub created_us: i64,
    /// When the next attempt is due.
    pub due_us: i64,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was delivered or given up.
    pub done_us: Option<i64>,
    /// Its text, as JSON; none before the first attempt, and after a redaction.
    pub notice: Option<String>,
    /// Method and address of the last request, without secret parts.
    pub request: Option<String>,
    /// Its body, without secrets.
    pub body: Option<String>,
    /// Recipients that already received it, separated by newlines.
    pub recipients: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Incremented by each redaction of its run.
    pub stamp: i64,
}

/// One attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub at_us: i64,
    /// How long it took.
    pub duration_us: i64,
    /// Status code of the answer.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}
