//! Notifications: whom they are sent to, when, and what became of them; as stored and as served.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::execution::named;
use super::{ExecutionKey, ExecutionRow, Phase, Status};

named! {
    /// What a notification is sent for. A message names the first of several in this order.
    Trigger {
        /// The first failure after a success of the same playbook, inventory and limit.
        Broke = "broke",
        /// The first success after a failure of the same playbook, inventory and limit.
        Recovered = "recovered",
        /// A further failure in a row: every `still_broken_every`-th.
        StillBroken = "still_broken",
        /// It began to fail and succeed in turn.
        Flapping = "flapping",
        /// The run fell silent without saying that it ended.
        Lost = "lost",
        /// A playbook that ran regularly did not run.
        Silent = "silent",
        /// A launched run has waited in the queue for `waiting_minutes`.
        Waiting = "waiting",
        /// `budget_percent` of a budget are spent.
        Budget = "budget",
        /// A host was not reached in `unreachable_runs` runs in a row.
        Unreachable = "unreachable",
        /// Somebody canceled it.
        Canceled = "canceled",
        /// A success took longer than its predecessors let expect.
        Slow = "slow",
        /// A run in check mode would have changed something.
        Drift = "drift",
        /// It failed, and nobody canceled it.
        Failed = "failed",
        /// It is over, however it ended.
        Finished = "finished",
        /// It started.
        Started = "started",
    }
}

named! {
    /// How a target is reached.
    TargetKind {
        /// A webhook by the Standard Webhooks specification, signed.
        Webhook = "webhook",
        /// An incoming webhook of Slack.
        Slack = "slack",
        /// A workflow of Microsoft Teams.
        Teams = "teams",
        /// An incoming webhook of Mattermost.
        Mattermost = "mattermost",
        /// A room of Matrix.
        Matrix = "matrix",
        /// PagerDuty: a failure triggers an incident, a success resolves it.
        Pagerduty = "pagerduty",
        /// Mail.
        Mail = "mail",
        /// Any other HTTP request, by a template.
        Template = "template",
    }
}

named! {
    /// How a mail server is spoken to.
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
    /// What became of a delivery.
    DeliveryState {
        /// It waits for its time, or to be tried again.
        Pending = "pending",
        /// The target took it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

named! {
    /// What a delivery is about.
    DeliveryKind {
        /// One event.
        Event = "event",
        /// Several events in one message.
        Digest = "digest",
        /// An example that somebody asked for.
        Test = "test",
        /// A report that a schedule made.
        Report = "report",
    }
}

/// Most runs in a row after which a rule can tell of an unreachable host.
pub const MOST_UNREACHABLE_RUNS: u32 = 20;

/// When a target is told, and of which runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationRule {
    /// What to tell: at least one.
    #[schema(min_items = 1)]
    pub on: Vec<Trigger>,
    /// Of which runs, in the language of the list (docs/query.md); all by default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 2000)]
    pub query: String,
    /// `still_broken`: after every so many further failures.
    #[serde(default = "ten")]
    #[schema(minimum = 1, default = 10)]
    pub still_broken_every: u32,
    /// `unreachable`: after so many runs in a row.
    #[serde(default = "three")]
    #[schema(minimum = 1, maximum = 20, default = 3)]
    pub unreachable_runs: u32,
    /// `waiting`: after so many minutes in the queue.
    #[serde(default = "ten")]
    #[schema(minimum = 1, default = 10)]
    pub waiting_minutes: u32,
    /// `silent`: after so many hours without a run. By default it is learnt from the intervals between earlier runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub silent_hours: Option<u32>,
    /// `budget`: of which budgets, by their names in the configuration; of all by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub budgets: Vec<String>,
    /// `budget`: when so many percent are spent, once in each period. `query` does not matter.
    #[serde(default = "hundred")]
    #[schema(minimum = 1, maximum = 10_000, default = 100)]
    pub budget_percent: u32,
    /// Whether to tell also of runs that ended long before they arrived, such as those in old spools.
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

/// Hours in which a target is not told; what happens meanwhile is told at their end, in one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Their beginning, as `HH:MM` in the collector's time zone.
    #[schema(example = "22:00")]
    pub from: String,
    /// Their end, as `HH:MM`; on the next day if it is not after the beginning.
    #[schema(example = "06:00")]
    pub to: String,
    /// Days on which they begin; every day by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
}

/// A change of a secret that may be stored already: absent, `null`, or a new value.
#[derive(Debug, Clone, Default)]
pub enum Patch<T> {
    /// Absent: the stored one stays.
    #[default]
    Unchanged,
    /// `null`: the stored one is removed.
    Removed,
    /// It is this one from now on.
    Set(T),
}

impl<T> Patch<T> {
    /// The secret from now on.
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

/// Whom to tell, of what and when. Secrets are accepted and never shown: one that is left out stays, and `null` removes it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSettings {
    /// How it is reached.
    pub kind: TargetKind,
    /// Whether it is told at all.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub enabled: bool,
    /// When it is told, and of which runs; a message is sent if any rule matches.
    #[serde(default)]
    pub rules: Vec<NotificationRule>,
    /// When it is not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiet: Vec<QuietHours>,
    /// Collect events for so many minutes, and send them in one message. 0: each is sent at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(maximum = 10_080)]
    pub digest_minutes: u32,
    /// Messages for single events within an hour at most; further events are sent in one message.
    #[serde(default = "thirty")]
    #[schema(minimum = 1, default = 30)]
    pub max_per_hour: u32,
    /// Secret: where messages are sent to. `webhook`, `slack`, `teams`, `mattermost`, `template`; of `matrix` the home server,
    /// of `pagerduty` another server than its own.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, write_only)]
    pub url: Patch<SecretString>,
    /// Secret: the access token of `matrix`, the routing key of `pagerduty`, or what the templates of `template` have as `token`.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, write_only)]
    pub token: Patch<SecretString>,
    /// Secret, `mail`: password of `username`. Without a user there is none: `null` removes the stored one.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Patch<SecretString>,
    /// Secret, `webhook` and `template`: header fields to send; those of `template` are templates.
    #[serde(default, skip_serializing_if = "is_secret", serialize_with = "nothing")]
    #[schema(value_type = Option<BTreeMap<String, String>>, write_only)]
    pub headers: Patch<BTreeMap<String, SecretString>>,
    /// Secret, `webhook`: keys that sign, as `whsec_…`; one or two. Without any, one is made and shown once.
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
    /// `mail`: how it is spoken to; `tls` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<MailSecurity>,
    /// `mail`: user at the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `template`: the request's method, `POST` (the default) or `PUT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// `template`: its `Content-Type`; `application/json` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `template`: its body, a template in the language of Jinja.
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

/// Of a secret: it is never told again. The API document would leave a field out that has `skip_serializing`.
fn is_secret<T>(_: &T) -> bool {
    true
}

/// In place of a secret.
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
    /// The port of a mail server that is spoken to like that.
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
    /// Whether any rule asks for one of these triggers.
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
    /// Where messages go, as far as it is no secret.
    pub address: String,
    /// Whether the configuration file defines it.
    pub is_from_file: bool,
    /// When it was last changed.
    pub changed_us: i64,
    /// Why it was switched off, and when, if it was.
    pub off: Option<(String, i64)>,
    /// Since when every attempt failed.
    pub failing_since_us: Option<i64>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// No attempt before this time.
    pub retry_us: Option<i64>,
    /// When it last took a message.
    pub delivered_us: Option<i64>,
}

impl TargetRow {
    /// Whether it is told.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.settings.enabled && self.off.is_none()
    }
}

/// What happened to a run that may be told; each is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Its name: `started`, `success`, or the reason of a failure.
    pub name: String,
    /// When it was noted, by the collector's clock.
    pub noted_us: i64,
}

impl Moment {
    /// The moment of a run that starts.
    pub const STARTED: &'static str = "started";

    /// The moment that a run has reached; none while it is queued.
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

/// A moment that is not expanded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub id: i64,
    /// The run.
    pub execution: ExecutionKey,
    /// What happened.
    pub moment: Moment,
}

/// Something to tell a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationEvent {
    /// The target.
    pub target: i64,
    /// What it is about; a target is told once of each.
    pub subject: String,
    /// Why it is told: at least one.
    pub triggers: Vec<Trigger>,
    /// The run; [`NotificationEvent::NO_RUN`] if it is about none.
    pub execution: ExecutionKey,
    /// What the triggers found out, as JSON.
    pub detail: String,
    /// When it happened.
    pub at_us: i64,
    /// When it is sent together with others; none: at once.
    pub held_until_us: Option<i64>,
}

impl NotificationEvent {
    /// Stands for the run of an event that is about none: keys begin at 1.
    pub const NO_RUN: ExecutionKey = 0;

    /// The run, if it is about one.
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
    /// The run; none if it is not about a single one.
    pub execution: Option<ExecutionKey>,
    /// The report that it is.
    pub report: Option<Uuid>,
    /// What it is.
    pub kind: DeliveryKind,
    /// What became of it.
    pub state: DeliveryState,
    /// When it was created.
    pub created_us: i64,
    /// When it is tried next.
    pub due_us: i64,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was delivered or given up.
    pub done_us: Option<i64>,
    /// What it says, as JSON; none before the first attempt, and after a redaction.
    pub notice: Option<String>,
    /// Method and address of the last request, without what is secret.
    pub request: Option<String>,
    /// Its body, without secrets.
    pub body: Option<String>,
    /// Recipients that have it already, separated by line ends.
    pub recipients: String,
    /// Why it failed last.
    pub error: Option<String>,
    /// Grows with each redaction of its run.
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
