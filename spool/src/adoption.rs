//! Delivers one spool whose owner is dead, and, when the sender thread is idle, a folder of them.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use playback_wire::Producer;
use uuid::Uuid;

use crate::aside;
use crate::client::{Client, Refusal, TemporaryFailure};
use crate::clock;
use crate::delivery::{Delivery, Step};
use crate::folder::{Folder, NotTaken, OpenedBy, not_ours};
use crate::lines::{Survey, survey};
use crate::lock::OwnedFile;
use crate::names;

/// How often the sender thread looks for orphans.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A file in a spool folder with a spool's name.
#[derive(Debug, Clone)]
pub(crate) struct SpoolFile {
    pub(crate) execution: Uuid,
    pub(crate) producer: Producer,
    pub(crate) rejected: bool,
    pub(crate) name: String,
}

/// Lists a folder's spools, oldest first, with or without owner.
pub(crate) fn list(folder: &Folder) -> io::Result<Vec<SpoolFile>> {
    let named = |name: String| {
        let (execution, producer, rejected) = names::parse(&name)?;
        Some(SpoolFile {
            execution,
            producer,
            rejected,
            name,
        })
    };
    let mut found: Vec<SpoolFile> = folder.names()?.into_iter().filter_map(named).collect();
    // An execution's id begins with the time of its creation.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Opens a spool and takes its lock. None: its owner is alive, or it has just been delivered.
pub(crate) fn open(folder: &Folder, name: &str) -> Result<Option<OwnedFile>, NotTaken> {
    let Some(file) = folder.open_ours(name)? else {
        return Ok(None);
    };
    let Some(file) = OwnedFile::lock(file)? else {
        return Ok(None);
    };
    // Between opening and locking, another process may have delivered it, or set it aside.
    Ok(folder.is_still(name, &file)?.then_some(file))
}

/// A spool taken up by this process.
#[derive(Debug)]
pub(crate) struct Adoption {
    folder: Arc<Folder>,
    name: String,
    file: OwnedFile,
    survey: Survey,
    delivery: Delivery,
    /// The collector has said where to resume.
    asked: bool,
    /// Events sent so far.
    pub(crate) events: u64,
}

/// The outcome of one exchange of an adoption.
#[derive(Debug)]
pub(crate) enum AdoptionStep {
    /// There is more to send.
    More,
    /// Everything is acknowledged, and the file is gone.
    Delivered,
    /// The collector refused it, and why; it has been renamed.
    SetAside(Refusal),
    /// A retry may succeed.
    Failed(TemporaryFailure),
}

impl Adoption {
    /// Takes up a spool. None: another process has it.
    pub(crate) fn begin(
        folder: &Arc<Folder>,
        found: &SpoolFile,
        batch_bytes: usize,
    ) -> Result<Option<Self>, NotTaken> {
        let Some(file) = open(folder, &found.name)? else {
            return Ok(None);
        };
        let survey = survey(&file)?;
        if survey.end == 0 && (survey.damaged || !survey.may_be_torn) {
            return Err(not_ours("it holds no event"));
        }
        if survey.torn > 0 {
            // The line was unfinished when the power failed, so it was never an event.
            file.set_len(survey.end)?;
        }
        Ok(Some(Self {
            folder: Arc::clone(folder),
            name: found.name.clone(),
            delivery: Delivery::new(
                found.execution,
                found.producer,
                false,
                survey.base,
                batch_bytes,
            ),
            file,
            survey,
            asked: false,
            events: 0,
        }))
    }

    /// One exchange.
    pub(crate) fn step(&mut self, client: &mut Client) -> AdoptionStep {
        let (file, end) = (&self.file, self.survey.end);
        let step = if end == 0 {
            Step::Idle
        } else if self.asked {
            self.delivery.send(client, file, end)
        } else {
            self.delivery.ask(client, file, end)
        };
        match step {
            Step::Went(events) => {
                self.asked = true;
                self.events += events;
                AdoptionStep::More
            }
            Step::Idle if self.survey.damaged => {
                let refusal = Refusal::of_spool(format!(
                    "what follows event {} is not an event; everything before it is delivered",
                    self.survey.last
                ));
                self.set_aside(refusal, client)
            }
            Step::Idle => match aside::remove(&self.folder, &self.name) {
                Ok(()) => AdoptionStep::Delivered,
                Err(error) if error.kind() == io::ErrorKind::NotFound => AdoptionStep::Delivered,
                Err(error) => AdoptionStep::Failed(TemporaryFailure::local(format!(
                    "delivered, but the file cannot be deleted: {error}"
                ))),
            },
            Step::Failed(trouble) => AdoptionStep::Failed(trouble),
            Step::Refused(refusal) => self.set_aside(refusal, client),
        }
    }

    fn set_aside(&mut self, refusal: Refusal, client: &Client) -> AdoptionStep {
        self.name = aside::set_aside(&self.folder, &self.name, &refusal, client.addressee());
        AdoptionStep::SetAside(refusal)
    }
}

/// Delivers a folder's orphans one exchange at a time, whenever the sender thread is idle.
#[derive(Debug)]
pub(crate) struct Adopter {
    dir: PathBuf,
    folder: Option<Arc<Folder>>,
    batch_bytes: usize,
    waiting: VecDeque<SpoolFile>,
    current: Option<Adoption>,
    due: Instant,
}

impl Adopter {
    pub(crate) fn new(dir: PathBuf, batch_bytes: usize) -> Self {
        Self {
            dir,
            folder: None,
            batch_bytes,
            waiting: VecDeque::new(),
            current: None,
            due: clock::now(),
        }
    }

    /// When the next step may be made.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// One exchange, or one check of the folder.
    pub(crate) fn step(&mut self, client: &mut Client) {
        let start = clock::now();
        if self.current.is_none() {
            self.current = self.take_up(client.addressee().credential);
        }
        let Some(adoption) = &mut self.current else {
            self.due = start + LOOK_AGAIN;
            return;
        };
        match adoption.step(client) {
            AdoptionStep::More => {}
            AdoptionStep::Delivered | AdoptionStep::SetAside(_) => self.current = None,
            AdoptionStep::Failed(trouble) if trouble.local => self.current = None,
            AdoptionStep::Failed(_) => {
                self.current = None;
                self.waiting.clear();
                self.due = start + LOOK_AGAIN;
                return;
            }
        }
        // Half of the time is left to the playbook: a large backlog must not occupy a processor.
        let now = clock::now();
        self.due = now + (now - start);
    }

    /// The next available orphan. Unreadable ones are left to `playback flush` to report.
    fn take_up(&mut self, credential: &str) -> Option<Adoption> {
        if self.waiting.is_empty() {
            let folder = Folder::open(&self.dir, OpenedBy::Producer).ok().flatten()?;
            self.waiting = list(&folder)
                .unwrap_or_default()
                .into_iter()
                // A refusal of another token says nothing about ours.
                .filter(|found| {
                    !found.rejected
                        || aside::reason(&folder, &found.name).may_differ_for(credential)
                })
                .collect();
            self.folder = Some(Arc::new(folder));
        }
        let folder = self.folder.clone()?;
        while let Some(found) = self.waiting.pop_front() {
            if let Ok(Some(adoption)) = Adoption::begin(&folder, &found, self.batch_bytes) {
                return Some(adoption);
            }
        }
        None
    }
}
