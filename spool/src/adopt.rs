//! Delivers spools left behind: because the collector was away, the machine rebooted, or the process was killed.
//!
//! The holder of a spool's lock may deliver it; of two processes only one gets the lock. Nothing is invented on behalf
//! of the dead owner. If its events end without `execution_ended`, the collector notices the silence.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use playback_wire::Producer;
use uuid::Uuid;

use crate::adoption::{Adoption, AdoptionStep, SpoolFile, list, open};
use crate::aside;
use crate::backoff::Backoff;
use crate::client::Client;
use crate::clock;
use crate::config::{ConfigError, SenderConfig};
use crate::folder::{Folder, NotTaken, OpenedBy};

/// A spool whose owner is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The execution of its events.
    pub execution: Uuid,
    /// The producer that wrote them.
    pub producer: Producer,
    /// The file.
    pub path: PathBuf,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Why the collector refused it before, if it did.
    pub set_aside: Option<String>,
}

impl Orphan {
    fn new(folder: &Folder, found: &SpoolFile) -> Self {
        Self {
            execution: found.execution,
            producer: found.producer,
            path: folder.path_of(&found.name),
            bytes: folder.size(&found.name),
            set_aside: found
                .rejected
                .then(|| aside::reason(folder, &found.name).message),
        }
    }
}

/// Which spools to take up, and how long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptOptions {
    /// Also take up spools that the collector refused before for another reason than the token, or with the same token.
    pub set_aside: bool,
    /// How long to keep trying while the collector does not accept data.
    pub patience: Duration,
}

impl Default for AdoptOptions {
    fn default() -> Self {
        Self {
            set_aside: false,
            patience: Duration::from_secs(5),
        }
    }
}

/// The outcome for one spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The spool as it was found.
    pub orphan: Orphan,
    /// Events sent now; the collector may have had some before.
    pub events: u64,
    /// The outcome.
    pub fate: Fate,
}

/// The outcome for a spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Everything is acknowledged, and the file is gone.
    Delivered,
    /// The collector refuses it, or did so before; it is kept under a new name.
    SetAside {
        /// Why, in the collector's words.
        reason: String,
        /// The token is refused: with another token it is delivered automatically.
        about_token: bool,
        /// It was not sent now: the reason is from an earlier attempt.
        before: bool,
    },
    /// It is not ours, and was left alone.
    Left {
        /// What is wrong with it, and what to do.
        reason: String,
        /// It is another user's, in a shared folder: nothing is wrong.
        expected: bool,
    },
    /// It was left unchanged: the collector cannot be reached, or the file cannot be read.
    Undelivered(String),
}

/// Number of spools by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// [`Fate::Delivered`].
    pub delivered: usize,
    /// [`Fate::SetAside`].
    pub set_aside: usize,
    /// [`Fate::Left`].
    pub left: usize,
    /// [`Fate::Undelivered`].
    pub kept: usize,
    /// Events that were sent.
    pub events: u64,
}

/// Why a folder's orphans cannot be delivered at all.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The folder cannot be read, or must not be used.
    #[error("the spool folder {dir} cannot be used: {cause}")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The configuration cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Lists a folder's spools without a living owner, oldest first, including refused ones. A missing folder has none.
///
/// # Errors
/// The folder cannot be read, or must not be used.
pub fn orphans(dir: &Path) -> io::Result<Vec<Orphan>> {
    let Some(folder) = Folder::open(dir, OpenedBy::Person)? else {
        return Ok(Vec::new());
    };
    Ok(list(&folder)?
        .iter()
        // A file that cannot be opened is listed: it has no living owner of ours.
        .filter(|found| !matches!(open(&folder, &found.name), Ok(None)))
        .map(|found| Orphan::new(&folder, found))
        .collect())
}

/// Delivers a folder's spools without a living owner, oldest first, and passes each outcome to `report`, including
/// those of spools that are not sent. Once the collector has not answered within the patience, the rest is not tried.
///
/// # Errors
/// The folder cannot be read, or the configuration cannot be used. Problems of a single spool go to `report`.
pub fn deliver_orphans(
    dir: &Path,
    config: &SenderConfig,
    options: &AdoptOptions,
    mut report: impl FnMut(Delivered),
) -> Result<Summary, AdoptError> {
    let mut client = Client::new(config)?;
    let failed = |cause| AdoptError::Folder {
        dir: dir.to_path_buf(),
        cause,
    };
    let mut summary = Summary::default();
    let Some(folder) = Folder::open(dir, OpenedBy::Person).map_err(failed)? else {
        return Ok(summary);
    };
    let folder = Arc::new(folder);
    let mut unreachable: Option<String> = None;
    for found in list(&folder).map_err(failed)? {
        let orphan = Orphan::new(&folder, &found);
        let refused = found
            .rejected
            .then(|| aside::reason(&folder, &found.name))
            .filter(|reason| {
                !options.set_aside && !reason.may_differ_for(client.addressee().credential)
            });
        let begun = match &refused {
            // The file is checked nevertheless: it may not be ours.
            Some(reason) => open(&folder, &found.name).map(|opened| {
                opened.map(|_| {
                    Err(Fate::SetAside {
                        about_token: reason.is_about_token(),
                        reason: reason.message.clone(),
                        before: true,
                    })
                })
            }),
            None => Adoption::begin(&folder, &found, config.batch_bytes).map(|begun| begun.map(Ok)),
        };
        let (events, fate) = match begun {
            Ok(None) => continue,
            Ok(Some(Err(fate))) => (0, fate),
            Err(NotTaken::Io(error)) => (0, Fate::Undelivered(error.to_string())),
            Err(NotTaken::NotOurs { why, expected }) => {
                let reason = why;
                (0, Fate::Left { reason, expected })
            }
            Ok(Some(Ok(mut adoption))) => {
                let (fate, reached) = match &unreachable {
                    Some(message) => (Fate::Undelivered(message.clone()), true),
                    None => deliver(&mut adoption, &mut client, config, options.patience),
                };
                if let Fate::Undelivered(message) = &fate
                    && !reached
                {
                    unreachable = Some(message.clone());
                }
                (adoption.events, fate)
            }
        };
        match &fate {
            Fate::Delivered => summary.delivered += 1,
            Fate::SetAside { .. } => summary.set_aside += 1,
            Fate::Left { .. } => summary.left += 1,
            Fate::Undelivered(_) => summary.kept += 1,
        }
        summary.events += events;
        report(Delivered {
            orphan,
            events,
            fate,
        });
    }
    Ok(summary)
}

/// Delivers one spool. Also returns whether to try others: false if the collector is away.
fn deliver(
    adoption: &mut Adoption,
    client: &mut Client,
    config: &SenderConfig,
    patience: Duration,
) -> (Fate, bool) {
    let mut backoff = Backoff::new(config.backoff);
    let mut went_well = clock::now();
    loop {
        match adoption.step(client) {
            AdoptionStep::More => {
                backoff.reset();
                went_well = clock::now();
            }
            AdoptionStep::Delivered => return (Fate::Delivered, true),
            AdoptionStep::SetAside(refusal) => {
                let fate = Fate::SetAside {
                    reason: refusal.message,
                    about_token: refusal.about_token,
                    before: false,
                };
                return (fate, true);
            }
            AdoptionStep::Failed(trouble) if trouble.local => {
                return (Fate::Undelivered(trouble.message), true);
            }
            AdoptionStep::Failed(trouble) => {
                let wait = backoff.next(trouble.retry_after);
                if went_well.elapsed().saturating_add(wait) > patience {
                    return (Fate::Undelivered(trouble.message), false);
                }
                std::thread::sleep(wait);
            }
        }
    }
}
