//! Why a run is not launched, or not canceled. Knows no HTTP.

use std::path::PathBuf;

use uuid::Uuid;

use crate::ingest::IngestError;
use crate::store::StoreError;

/// Why the launcher did not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The launcher is turned off.
    #[error(
        "this collector launches nothing: set \"playbooks\" in the section [launcher] of its \
         configuration to the folders that hold playbooks"
    )]
    Disabled,
    /// Ad-hoc runs are switched off.
    #[error(
        "this collector runs no ad-hoc commands: \"adhoc\" is false in the section [launcher] of its configuration"
    )]
    AdhocOff,
    /// The configuration lists the allowed modules, without this one.
    #[error(
        "module: {module:?} is not allowed: \"adhoc\" in the section [launcher] of the collector's configuration \
         allows {allowed}"
    )]
    ModuleNotAllowed {
        /// The module that was requested.
        module: String,
        /// Those that are allowed.
        allowed: String,
    },
    /// A field of the request is not valid.
    #[error("{field}: {problem}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A secret that a schedule names cannot be used.
    #[error("{field}: the secret {name:?} cannot be used: {problem}")]
    NoSecret {
        /// Name of the field.
        field: &'static str,
        /// Name of the secret.
        name: String,
        /// Why, and what to do. Never a part of the secret.
        problem: String,
    },
    /// There is no such playbook, inventory or key.
    #[error("{field}: there is no {name:?} in {}", folders(.searched))]
    NotFound {
        /// Name of the field.
        field: &'static str,
        /// The requested name.
        name: String,
        /// The folders that were searched.
        searched: Vec<PathBuf>,
    },
    /// There is no such execution.
    #[error("there is no execution {0}")]
    NoSuchExecution(Uuid),
    /// It was not launched by Playback.
    #[error("this execution was not launched by Playback: {0}")]
    NotOurs(&'static str),
    /// It is over.
    #[error("this execution is over: there is nothing to cancel")]
    Over,
    /// No host failed or was unreachable, so there is nothing to replay.
    #[error("only_failed: on no host did this execution fail, and it reached all of them")]
    NothingFailed,
    /// Too many runs are queued.
    #[error("{0} runs are waiting already: try again when some of them have ended")]
    QueueFull(u64),
    /// The run's folder cannot be written.
    #[error("the folder of the run cannot be written: {0}")]
    Folder(#[from] std::io::Error),
    /// The record cannot be stored.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The queue cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LaunchError {
    pub(super) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            problem: problem.into(),
        }
    }
}

fn folders(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    names.join(", ")
}
