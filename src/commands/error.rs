//! Why a command was not done. Knows no HTTP.

use uuid::Uuid;

use crate::ingest::IngestError;
use crate::launcher::LaunchError;
use crate::model::{Pin, time_from_us};
use crate::notify::NotifyError;
use crate::retention::RetentionError;
use crate::store::StoreError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The request is invalid.
    #[error("{0}")]
    Invalid(String),
    /// There is no such execution.
    #[error("there is no execution {0}")]
    NoSuchExecution(Uuid),
    /// The command needs an execution that is over.
    #[error("this execution is still running: it can be {0} when it is over")]
    Running(&'static str),
    /// The execution is pinned.
    #[error("{}", pinned(*.0, .1.as_ref()))]
    Pinned(Uuid, Option<Pin>),
    /// There is no such token.
    #[error("there is no token named {0:?}: \"playback token list\" shows the existing ones")]
    NoSuchToken(String),
    /// There is no such schedule.
    #[error("there is no schedule named {0:?}: \"playback schedule list\" shows the existing ones")]
    NoSuchSchedule(String),
    /// The schedule belongs to another user.
    #[error(
        "the schedule {name:?} belongs to {owner}: only that token and one with the scope \"admin\" may change it"
    )]
    NotYourSchedule {
        /// The schedule.
        name: String,
        /// Whose it is.
        owner: String,
    },
    /// It was changed at the same time by others, several times in a row.
    #[error("the schedule {0:?} was changed at the same time: try again")]
    ScheduleChanged(String),
    /// A schedule is run by hand, and its last run is not over.
    #[error(
        "the last run of the schedule {name:?} is not over, and the schedule starts nothing meanwhile (overlap = skip): wait \
         for execution {execution}, or cancel it"
    )]
    ScheduleRuns {
        /// The schedule.
        name: String,
        /// The run.
        execution: Uuid,
    },
    /// A schedule is run by hand, and a run of it waits already.
    #[error(
        "a run of the schedule {0:?} waits already for the last one, and no more than one waits"
    )]
    ScheduleWaits(String),
    /// There is no such target of notifications.
    #[error("there is no target named {0:?}: \"playback notify list\" shows the existing ones")]
    NoSuchTarget(String),
    /// There is no such message to a target.
    #[error("there is no delivery {0}: \"playback notify log\" shows the existing ones")]
    NoSuchDelivery(Uuid),
    /// There is no such schedule of reports.
    #[error(
        "there is no schedule of reports named {0:?}: \"playback reports schedules\" shows the existing ones"
    )]
    NoSuchReportSchedule(String),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The work panicked.
    #[error("the {0} was broken off: try again")]
    BrokenOff(&'static str),
    /// A run could not be launched or canceled.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// A cleanup was refused, stopped or failed.
    #[error(transparent)]
    Retention(#[from] RetentionError),
    /// A message could not be made or sent.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// An execution could not be changed.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an execution is not deleted, and how to delete it all the same.
fn pinned(id: Uuid, pin: Option<&Pin>) -> String {
    let by = pin.map_or_else(String::new, |pin| {
        let note = pin.note.as_deref().map(|note| format!(", {note:?}"));
        let at = time_from_us(pin.pinned_us).format("%Y-%m-%d %H:%M");
        format!(" (by {}, {at} UTC{})", pin.by, note.unwrap_or_default())
    });
    format!(
        "this execution is pinned{by}: \"playback unpin {id}\" (DELETE /executions/{id}/pin) lets it be deleted"
    )
}
