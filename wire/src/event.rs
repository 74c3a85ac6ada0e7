//! The data of each kind of event, in Ansible's own words.
//!
//! Fields with their default value are omitted; unknown fields and unknown kinds are ignored by a reader, so that an
//! old collector can handle a new recorder. Times are microseconds since the Unix epoch.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One event of a producer.
#[derive(Debug)]
pub struct Event<'a> {
    /// Position in the producer's sequence: 1, 2, 3 … without gaps.
    pub seq: u64,
    /// When it happened, in microseconds since the Unix epoch.
    pub at: i64,
    /// What happened.
    pub body: Body<'a>,
}

/// What happened, by kind.
#[derive(Debug)]
pub enum Body<'a> {
    /// First event of every producer.
    ExecutionStarted(Box<ExecutionStarted>),
    /// A play begins; with `serial`, one of its batches.
    PlayStarted(PlayStarted<'a>),
    /// A task or handler begins.
    TaskStarted(Box<TaskStarted<'a>>),
    /// A task is handed to one host.
    HostStarted(HostStarted<'a>),
    /// One loop item of a task on a host ended.
    Item(Item<'a>),
    /// An `until` loop repeats a task.
    Retry(Retry<'a>),
    /// An asynchronous job was polled, or ended.
    AsyncPoll(AsyncPoll<'a>),
    /// A task ended on one host.
    Result(TaskResult<'a>),
    /// Text that the process printed.
    Output(Output<'a>),
    /// Facts that a host reported.
    Facts(Facts<'a>),
    /// A handler was notified.
    Notified(Notified<'a>),
    /// A result no longer counts.
    Retracted(Retracted<'a>),
    /// A file was included for some hosts.
    Included(Included<'a>),
    /// The recap so far; the last one of an execution is its recap.
    Stats(Stats),
    /// The cost of the process so far.
    Usage(Usage),
    /// Events that the producer had to leave out.
    Dropped(Dropped<'a>),
    /// A supervisor was started for a queued run.
    Launched(Launched),
    /// The end of a run was requested.
    CancelRequested(CancelRequested<'a>),
    /// Last event of every producer.
    ExecutionEnded(ExecutionEnded),
    /// Stands for events in the log that cannot be read; added by the collector.
    Damaged,
    /// A kind that this version does not know: stored, but not projected.
    Unknown,
}

impl Body<'_> {
    /// The kind's name on the wire; empty for [`Body::Unknown`].
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Body::ExecutionStarted(_) => "execution_started",
            Body::PlayStarted(_) => "play_started",
            Body::TaskStarted(_) => "task_started",
            Body::HostStarted(_) => "host_started",
            Body::Item(_) => "item",
            Body::Retry(_) => "retry",
            Body::AsyncPoll(_) => "async_poll",
            Body::Result(_) => "result",
            Body::Output(_) => "output",
            Body::Facts(_) => "facts",
            Body::Notified(_) => "notified",
            Body::Retracted(_) => "retracted",
            Body::Included(_) => "included",
            Body::Stats(_) => "stats",
            Body::Usage(_) => "usage",
            Body::Dropped(_) => "dropped",
            Body::Launched(_) => "launched",
            Body::CancelRequested(_) => "cancel_requested",
            Body::ExecutionEnded(_) => "execution_ended",
            Body::Damaged => "damaged",
            Body::Unknown => "",
        }
    }
}

/// Who reports: an execution has one to three producers, each with its own sequence.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Producer {
    /// The callback plugin inside Ansible.
    Recorder,
    /// `playback exec`, around the command.
    Supervisor,
    /// The collector itself, for a run that it launches: who requested it, and what happened before there was a
    /// process.
    Launcher,
}

impl Producer {
    /// Every producer, in display order.
    pub const ALL: [Producer; 3] = [Producer::Recorder, Producer::Supervisor, Producer::Launcher];

    /// The name in a path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Producer::Recorder => "recorder",
            Producer::Supervisor => "supervisor",
            Producer::Launcher => "launcher",
        }
    }
}

impl std::str::FromStr for Producer {
    type Err = UnknownProducer;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Producer::ALL
            .into_iter()
            .find(|producer| producer.as_str() == name)
            .ok_or(UnknownProducer)
    }
}

/// The name is not that of a producer.
#[derive(Debug, thiserror::Error)]
#[error("a producer is `recorder`, `supervisor` or `launcher`")]
pub struct UnknownProducer;

/// A text; anything else counts as missing. No run is refused because of the trace that it belongs to.
fn text_or_none<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(from)?;
    Ok(value.and_then(|value| match value {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    }))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `playbook` for `ansible-playbook`, `adhoc` for `ansible`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionType {
    /// A run of one or more playbooks by one command.
    #[default]
    Playbook,
    /// A single task run by `ansible` or `ansible-console`.
    Adhoc,
}

impl ExecutionType {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Playbook, Self::Adhoc];

    /// Its name, on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Playbook => "playbook",
            Self::Adhoc => "adhoc",
        }
    }
}

/// What runs, who runs it and with which options. Every field but `type` may be missing.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecutionStarted {
    /// Playbook or ad-hoc.
    pub r#type: ExecutionType,
    /// Random name of this producer's sequence. A second process that claims the same execution and producer has
    /// another name, and is refused, so that the two sequences are not mixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The playbook as named on the command line; several are joined by a space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The inventory as named on the command line or configured; several are joined by a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<String>,
    /// `--limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `--tags`, without Ansible's default `all`.
    #[serde(skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    /// `--skip-tags`.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tags: Vec<String>,
    /// `--check`.
    #[serde(skip_serializing_if = "is_default")]
    pub check: bool,
    /// `--diff`.
    #[serde(skip_serializing_if = "is_default")]
    pub diff: bool,
    /// `--forks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forks: Option<u32>,
    /// Number of `-v`.
    #[serde(skip_serializing_if = "is_default")]
    pub verbosity: u32,
    /// Names, never values, of extra variables.
    #[serde(skip_serializing_if = "is_default")]
    pub extra_var_names: Vec<String>,
    /// The command line, with values that may be secret replaced.
    #[serde(skip_serializing_if = "is_default")]
    pub argv: Vec<String>,
    /// Working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Ad-hoc: the host pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Ad-hoc: the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Ad-hoc: the module's arguments, only if recording them is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<String>,
    /// State of the git checkout that contains the playbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    /// Labels given by the user.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: Vec<String>,
    /// Login name of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user who called sudo, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<String>,
    /// Name of the machine that runs Ansible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// What started the run, if known: a CI job, AWX, the launcher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launched_by: Option<String>,
    /// Why it was started, in the user's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Identity of the execution that this one repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<String>,
    /// Name of the schedule that started it; only the collector's launcher sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Identity of the execution whose command started this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The span that started it, from the environment: `traceparent` as defined by the W3C.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_none"
    )]
    pub traceparent: Option<String>,
    /// Version of ansible-core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ansible_version: Option<String>,
    /// Version of the Python that runs Ansible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python_version: Option<String>,
    /// Version of the producer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorder_version: Option<String>,
    /// Why it was canceled, in the words of the person who did; added by the collector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_note: Option<String>,
    /// Redactions of the record; added by the collector, and stored with the events.
    #[serde(skip_serializing_if = "is_default")]
    pub redacted: Vec<Redaction>,
    /// Printed lines that were removed later, between the first and the last ones; added by the collector, and stored
    /// with the events.
    #[serde(skip_serializing_if = "is_default")]
    pub output_left_out: u64,
    /// Microseconds that the collector adds to the times of the run's events, because the clock behind them was evidently
    /// wrong; added by the collector, and stored with the events.
    #[serde(skip_serializing_if = "is_default")]
    pub clock_corrected_us: i64,
    /// Names of fields, such as `hosts`, of which the record has only a part because the run has too many entries;
    /// added by the collector. The events have all of them.
    #[serde(skip_serializing_if = "is_default")]
    pub left_out: Vec<String>,
    /// What recorded the run, if not Playback. Only imports have it; no producer may send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// What recorded an imported run, and what was not recorded.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Imported {
    /// What recorded the run: `ara`, or one of Ansible's callbacks: `json`, `jsonl`, `junit`.
    pub from: String,
    /// Its version, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it does not record, as names of fields where possible: `exit_code`, `output`, `start_time` …
    #[serde(skip_serializing_if = "is_default")]
    pub unknown: Vec<String>,
}

impl Imported {
    /// Whether a field is unknown because it was never recorded.
    #[must_use]
    pub fn lacks(&self, field: &str) -> bool {
        self.unknown.iter().any(|unknown| unknown == field)
    }

    /// What recorded the run, in words: `ARA 1.7.5`, `the callback junit`.
    #[must_use]
    pub fn recorder(&self) -> String {
        let name = match self.from.as_str() {
            "ara" => "ARA".to_owned(),
            callback => format!("the callback {callback}"),
        };
        match &self.version {
            Some(version) => format!("{name} {version}"),
            None => name,
        }
    }
}

/// A redaction of a record.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redaction {
    /// When, as RFC 3339 in UTC.
    pub time: String,
    /// Who requested it.
    pub by: String,
    /// Why, in that person's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How many values were changed.
    pub values: u64,
    /// How many printed lines were changed.
    pub lines: u64,
    /// Number of events that were removed because they could not be read, and therefore not be searched.
    #[serde(skip_serializing_if = "is_default")]
    pub removed: u64,
}

/// The git checkout that contains a playbook.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Git {
    /// Full hash of the commit that is checked out.
    pub commit: String,
    /// Branch, if one is checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Whether tracked files differ from the commit; unknown if git is not installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
}

/// A play begins. With `serial`, each batch is a play with its own number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlayStarted<'a> {
    /// The recorder's own number of the play: 1, 2, 3 …
    pub play: u32,
    /// Its name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Its host pattern.
    #[serde(borrow, skip_serializing_if = "is_default")]
    pub hosts: Cow<'a, str>,
    /// Its strategy.
    #[serde(borrow, skip_serializing_if = "is_default")]
    pub strategy: Cow<'a, str>,
}

/// A task begins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskStarted<'a> {
    /// The recorder's own number of the task: 1, 2, 3 … over the whole execution.
    pub task: u32,
    /// Number of the play that it belongs to.
    pub play: u32,
    /// Its name as Ansible shows it, without the role.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The module or action, as written in the playbook. If that is a template, results name what ran.
    #[serde(borrow)]
    pub action: Cow<'a, str>,
    /// The file that contains it.
    #[serde(borrow, skip_serializing_if = "is_default")]
    pub path: Cow<'a, str>,
    /// Line in that file, from 1; 0 if not known.
    #[serde(skip_serializing_if = "is_default")]
    pub line: u32,
    /// The role that contains it.
    #[serde(borrow, skip_serializing_if = "is_default")]
    pub role: Cow<'a, str>,
    /// Its tags.
    #[serde(skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    /// Whether it runs as a handler.
    #[serde(skip_serializing_if = "is_default")]
    pub handler: bool,
    /// Whether its results are censored, or may be censored.
    #[serde(skip_serializing_if = "is_default")]
    pub no_log: bool,
    /// Whether `no_log` is a template. Then it counts as true until it is evaluated: each result says whether it was
    /// censored.
    #[serde(skip_serializing_if = "is_default")]
    pub no_log_unknown: bool,
    /// Its arguments, before templating, only if recording them is enabled.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub args: Option<&'a RawValue>,
}

/// A task is handed to one host, which now runs it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostStarted<'a> {
    /// Number of the task.
    pub task: u32,
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// The groups that the host belongs to, except `all`, by name. Reported when the host begins its first task in a play,
    /// unless the run has already reported the same groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
}

/// How a task, or an item, ended on a host.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// It succeeded; another field says whether something changed.
    #[default]
    Ok,
    /// It failed.
    Failed,
    /// A condition or tag prevented it from running.
    Skipped,
    /// The host could not be reached.
    Unreachable,
}

impl ResultStatus {
    /// Every status.
    pub const ALL: [ResultStatus; 4] = [
        ResultStatus::Ok,
        ResultStatus::Failed,
        ResultStatus::Skipped,
        ResultStatus::Unreachable,
    ];

    /// The name on the wire and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ResultStatus::Ok => "ok",
            ResultStatus::Failed => "failed",
            ResultStatus::Skipped => "skipped",
            ResultStatus::Unreachable => "unreachable",
        }
    }

    /// Whether the task failed, or its host could not be reached.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, ResultStatus::Failed | ResultStatus::Unreachable)
    }
}

/// A task ended on one host.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskResult<'a> {
    /// Number of the task.
    pub task: u32,
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// How it ended.
    pub status: ResultStatus,
    /// Whether it reported a change.
    #[serde(skip_serializing_if = "is_default")]
    pub changed: bool,
    /// Whether a failure (or an unreachable host) was ignored.
    #[serde(skip_serializing_if = "is_default")]
    pub ignored: bool,
    /// Whether a `rescue` handled the failure.
    #[serde(skip_serializing_if = "is_default")]
    pub rescued: bool,
    /// When the host got the task; the event's own time is the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<i64>,
    /// How often an `until` loop ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Number of its loop items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// The other host that ran it, or should have run it (`delegate_to`); for a loop, all such hosts, joined by a
    /// comma.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<Cow<'a, str>>,
    /// The module or action that ran, if the task's own is a template; for a loop, all of them, joined by a comma.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub action: Option<Cow<'a, str>>,
    /// Whether Ansible censored the content (`no_log`).
    #[serde(skip_serializing_if = "is_default")]
    pub censored: bool,
    /// What the module returned, without what is recorded elsewhere. Always a JSON object.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a RawValue>,
}

/// One loop item ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Item<'a> {
    /// Number of the task.
    pub task: u32,
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// How it ended.
    pub status: ResultStatus,
    /// Whether it reported a change.
    #[serde(skip_serializing_if = "is_default")]
    pub changed: bool,
    /// How often an `until` loop ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The other host that ran it, or should have run it (`delegate_to`).
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<Cow<'a, str>>,
    /// The module or action that ran, if the task's own is a template.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub action: Option<Cow<'a, str>>,
    /// Whether Ansible censored the content (`no_log`).
    #[serde(skip_serializing_if = "is_default")]
    pub censored: bool,
    /// What the module returned for this item.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a RawValue>,
}

/// An `until` loop repeats a task.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry<'a> {
    /// Number of the task.
    pub task: u32,
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// Number of the attempt that failed, from 1.
    pub attempt: u32,
    /// Maximum number of attempts.
    pub retries: u32,
    /// What the failed attempt returned.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a RawValue>,
}

/// State of an asynchronous job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsyncState {
    /// Still running.
    #[default]
    Running,
    /// Succeeded.
    Ok,
    /// Failed.
    Failed,
}

/// An asynchronous job was polled, or ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AsyncPoll<'a> {
    /// Number of the task.
    pub task: u32,
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// Ansible's job number.
    #[serde(borrow)]
    pub job: Cow<'a, str>,
    /// Its state.
    pub state: AsyncState,
    /// What the poll returned.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a RawValue>,
}

/// Which of the two streams a text went to.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// The name on the wire and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Text that the process printed, exactly, including newlines. The texts of a producer, joined in the order of their
/// sequence, are what a terminal received; a text that does not end in a newline leaves its line open for the next
/// text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output<'a> {
    /// Where it was printed.
    #[serde(skip_serializing_if = "is_default")]
    pub stream: Stream,
    /// What was printed.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// Sequence number of the event that Ansible was showing when it printed this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
}

/// Facts that a host reported.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts<'a> {
    /// Number of the task that reported them.
    pub task: u32,
    /// Inventory name of the host that they describe.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// The facts: a JSON object.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub facts: Option<&'a RawValue>,
}

/// A handler was notified.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notified<'a> {
    /// Name of the handler.
    #[serde(borrow)]
    pub handler: Cow<'a, str>,
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
}

/// A host's latest result no longer counts: a person in the debugger had its task run once more, and Ansible removed
/// the result from its recap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retracted<'a> {
    /// Inventory name of the host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
}

/// A file was included.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Included<'a> {
    /// The file.
    #[serde(borrow)]
    pub path: Cow<'a, str>,
    /// Inventory names of the hosts for which it was included.
    pub hosts: Vec<String>,
}

/// The seven counts that Ansible's recap prints for a host.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostStats {
    /// Tasks that succeeded, including those that changed something.
    pub ok: u64,
    /// Tasks that changed something.
    pub changed: u64,
    /// Tasks that could not reach the host.
    pub unreachable: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks that were skipped.
    pub skipped: u64,
    /// Failures that a `rescue` handled.
    pub rescued: u64,
    /// Failures that were ignored.
    pub ignored: u64,
}

/// The recap so far, by inventory name of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Host → counts.
    pub hosts: BTreeMap<String, HostStats>,
}

/// Resource usage of a process and its children.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// CPU seconds in user mode.
    pub user_s: f64,
    /// CPU seconds in the kernel.
    pub system_s: f64,
    /// Largest resident set of one process, in bytes.
    pub peak_bytes: u64,
}

/// Events that the producer had to leave out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dropped<'a> {
    /// Number of events.
    pub events: u64,
    /// Why: `spool_full`, `spool_error`, …
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
}

/// The launcher has started a supervisor, which reports everything that follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Launched {
    /// Process id of the supervisor.
    #[serde(skip_serializing_if = "is_default")]
    pub pid: u32,
}

/// The end of a run was requested.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CancelRequested<'a> {
    /// Who requested it.
    #[serde(borrow)]
    pub by: Cow<'a, str>,
    /// Why, in that person's words.
    #[serde(borrow, skip_serializing_if = "is_default")]
    pub note: Cow<'a, str>,
}

/// Why a process ended, if its exit code does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The command could not be started: it does not exist, or is not a program.
    LaunchError,
    /// Its end was requested: a signal was passed on to it, and it failed.
    Canceled,
    /// It exceeded its time limit.
    TimedOut,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

/// The process ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecutionEnded {
    /// The exit code that the shell sees; missing if the producer could not learn it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Whether it succeeded, if exit code and signal are unknown, as for an imported run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<bool>,
    /// Why it ended, if the producer knows more than exit code and signal say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// Number of events that were left out in the whole run; each is also reported by a `dropped` event if there was
    /// space for one.
    #[serde(skip_serializing_if = "is_default")]
    pub dropped: u64,
    /// Number of programs that were started inside Ansible with its own standard output or error. What they may have
    /// printed there is not in the output.
    #[serde(skip_serializing_if = "is_default")]
    pub uncaptured_programs: u64,
}
