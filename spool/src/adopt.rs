//! Spools left behind: collector away, machine rebooted, process killed.
//!
//! Whoever takes a spool's lock may deliver it: two at once, and the lock decides. Nothing is
//! invented on behalf of the dead owner. If its events end without `execution_ended`, the collector
//! finds out by the silence.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use playback_wire::Producer;
use uuid::Uuid;

use crate::adoption::{Adoption, AdoptionStep, Found, list, open};
use crate::aside;
use crate::backoff::Backoff;
use crate::client::Client;
use crate::clock;
use crate::config::{ConfigError, SenderConfig};

/// A spool whose owner is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Whose events it holds.
    pub execution: Uuid,
    /// Who wrote them.
    pub producer: Producer,
    /// The file.
    pub path: PathBuf,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Why the collector refused it before. None: it never did.
    pub set_aside: Option<String>,
}

impl Orphan {
    fn new(found: &Found) -> Self {
        Self {
            execution: found.execution,
            producer: found.producer,
            path: found.path.clone(),
            bytes: std::fs::metadata(&found.path).map_or(0, |metadata| metadata.len()),
            set_aside: found
                .rejected
                .then(|| aside::reason(&found.path).unwrap_or_else(|| "unknown".into())),
        }
    }
}

/// What to take up, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptOptions {
    /// Also take up spools that the collector refused before: the token may be mended by now.
    pub set_aside: bool,
    /// How long to go on trying while the collector does not take what it is sent.
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

/// What became of one spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The spool, as it was found.
    pub orphan: Orphan,
    /// Events that were sent now; the collector may have had some before.
    pub events: u64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Everything is acknowledged, and the file is gone.
    Delivered,
    /// The collector refuses it, for this reason; it is kept under its new name.
    SetAside(String),
    /// It stays as it is, for this reason: the collector cannot be reached, or the file not be read.
    Kept(String),
}

/// How many spools had which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// [`Fate::Delivered`].
    pub delivered: usize,
    /// [`Fate::SetAside`].
    pub set_aside: usize,
    /// [`Fate::Kept`].
    pub kept: usize,
    /// Events that were sent.
    pub events: u64,
}

/// Why a folder's orphans cannot be delivered at all.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The folder cannot be read.
    #[error("the spool folder {dir} cannot be read: {cause}")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The configuration cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Lists the spools of a folder whose owner is gone, oldest first, refused ones included. A folder
/// that is not there holds none.
///
/// # Errors
/// The folder cannot be read.
pub fn orphans(dir: &Path) -> io::Result<Vec<Orphan>> {
    let found = list(dir)?;
    Ok(found
        .iter()
        // What cannot be opened is listed: it is of no living owner of ours.
        .filter(|found| !matches!(open(&found.path), Ok(None)))
        .map(Orphan::new)
        .collect())
}

/// Delivers the spools of a folder whose owner is gone, oldest first, and tells `report` of each. Once
/// the collector has not answered for as long as there is patience, the rest is not tried any more.
///
/// # Errors
/// The folder cannot be read, or the configuration cannot work. What becomes of a single spool is
/// told to `report`.
pub fn deliver_orphans(
    dir: &Path,
    config: &SenderConfig,
    options: &AdoptOptions,
    mut report: impl FnMut(Delivered),
) -> Result<Summary, AdoptError> {
    let mut client = Client::new(config)?;
    let found = list(dir).map_err(|cause| AdoptError::Folder {
        dir: dir.to_path_buf(),
        cause,
    })?;
    let mut summary = Summary::default();
    let mut unreachable: Option<String> = None;
    for found in found {
        if found.rejected && !options.set_aside {
            continue;
        }
        let orphan = Orphan::new(&found);
        let (events, fate) = match Adoption::begin(&found, config.batch_bytes) {
            Ok(None) => continue,
            Err(error) => (0, Fate::Kept(error.to_string())),
            Ok(Some(mut adoption)) => {
                let fate = match &unreachable {
                    Some(message) => Fate::Kept(message.clone()),
                    None => deliver(&mut adoption, &mut client, config, options.patience),
                };
                if let Fate::Kept(message) = &fate {
                    unreachable = Some(message.clone());
                }
                (adoption.events, fate)
            }
        };
        match &fate {
            Fate::Delivered => summary.delivered += 1,
            Fate::SetAside(_) => summary.set_aside += 1,
            Fate::Kept(_) => summary.kept += 1,
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

fn deliver(
    adoption: &mut Adoption,
    client: &mut Client,
    config: &SenderConfig,
    patience: Duration,
) -> Fate {
    let mut backoff = Backoff::new(config.backoff);
    let mut went_well = clock::now();
    loop {
        match adoption.step(client) {
            AdoptionStep::More => {
                backoff.reset();
                went_well = clock::now();
            }
            AdoptionStep::Delivered => return Fate::Delivered,
            AdoptionStep::SetAside(reason) => return Fate::SetAside(reason),
            AdoptionStep::Trouble(trouble) => {
                let wait = backoff.next(trouble.retry_after);
                if went_well.elapsed() + wait > patience {
                    return Fate::Kept(trouble.message);
                }
                std::thread::sleep(wait);
            }
        }
    }
}
