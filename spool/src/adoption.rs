//! The delivery of one spool whose owner is gone, and the sender thread's part in it.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use playback_wire::Producer;
use uuid::Uuid;

use crate::aside;
use crate::client::{Client, Trouble};
use crate::clock;
use crate::delivery::{Delivery, Step};
use crate::lines::{Survey, survey};
use crate::lock::OwnedFile;
use crate::names;

/// How long the sender thread waits before it looks for orphans again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A file of a spool folder that bears a spool's name.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) execution: Uuid,
    pub(crate) producer: Producer,
    pub(crate) rejected: bool,
    pub(crate) path: PathBuf,
}

/// Lists a folder's spools, oldest first, owned or not. A folder that is not there holds none.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some((execution, producer, rejected)) = name.to_str().and_then(names::parse) {
            found.push(Found {
                execution,
                producer,
                rejected,
                path: entry.path(),
            });
        }
    }
    // An execution's identity begins with the time of its making.
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Opens a spool and takes its lock. None: its owner lives, or it has just been delivered.
pub(crate) fn open(path: &Path) -> io::Result<Option<OwnedFile>> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        // A link or a pipe under a spool's name is not a spool.
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path);
    let file = match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let Some(file) = OwnedFile::lock(file)? else {
        return Ok(None);
    };
    // Between opening and locking, the one before may have delivered it, or set it aside.
    match fs::symlink_metadata(path) {
        Ok(named) if (named.dev(), named.ino()) == (opened.dev(), opened.ino()) => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A spool that this process has taken up.
#[derive(Debug)]
pub(crate) struct Adoption {
    path: PathBuf,
    file: OwnedFile,
    survey: Survey,
    delivery: Delivery,
    /// The collector has said where to go on.
    asked: bool,
    /// Events sent so far.
    pub(crate) events: u64,
}

/// How one exchange of an adoption went.
#[derive(Debug)]
pub(crate) enum AdoptionStep {
    /// There is more to send.
    More,
    /// Everything is acknowledged, and the file is gone.
    Delivered,
    /// The collector refused it, and why; it has its new name.
    SetAside(String),
    /// The same again may go well later.
    Trouble(Trouble),
}

impl Adoption {
    /// Takes up a spool. None: somebody else has it.
    pub(crate) fn begin(found: &Found, batch_bytes: usize) -> io::Result<Option<Self>> {
        let Some(file) = open(&found.path)? else {
            return Ok(None);
        };
        let survey = survey(&file)?;
        if survey.torn > 0 {
            // The line was not finished when the power failed: it was never an event.
            file.set_len(survey.end)?;
        }
        Ok(Some(Self {
            path: found.path.clone(),
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
            Step::Idle if self.survey.damaged => self.set_aside(format!(
                "what follows event {} is not an event; everything before it is delivered",
                self.survey.last
            )),
            Step::Idle => match aside::remove(&self.path) {
                Ok(()) => AdoptionStep::Delivered,
                Err(error) => AdoptionStep::Trouble(Trouble::answered(format!(
                    "delivered, but the file cannot be deleted: {error}"
                ))),
            },
            Step::Trouble(trouble) => AdoptionStep::Trouble(trouble),
            Step::Refused(reason) => self.set_aside(reason),
        }
    }

    fn set_aside(&mut self, reason: String) -> AdoptionStep {
        self.path = aside::set_aside(&self.path, &reason);
        AdoptionStep::SetAside(reason)
    }
}

/// Delivers a folder's orphans one exchange at a time, whenever the sender thread has nothing to do.
#[derive(Debug)]
pub(crate) struct Adopter {
    dir: PathBuf,
    batch_bytes: usize,
    waiting: VecDeque<Found>,
    current: Option<Adoption>,
    due: Instant,
}

impl Adopter {
    pub(crate) fn new(dir: PathBuf, batch_bytes: usize) -> Self {
        Self {
            dir,
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

    /// One exchange, or one look at the folder.
    pub(crate) fn step(&mut self, client: &mut Client) {
        let start = clock::now();
        if self.current.is_none() {
            self.current = self.take_up();
        }
        let Some(adoption) = &mut self.current else {
            self.due = start + LOOK_AGAIN;
            return;
        };
        match adoption.step(client) {
            AdoptionStep::More => {}
            AdoptionStep::Delivered | AdoptionStep::SetAside(_) => self.current = None,
            AdoptionStep::Trouble(_) => {
                self.current = None;
                self.waiting.clear();
                self.due = start + LOOK_AGAIN;
                return;
            }
        }
        // Half of the time is the playbook's: a large backlog must not cost it a processor.
        let now = clock::now();
        self.due = now + (now - start);
    }

    /// The next orphan that can be had. What cannot be read is left to `playback flush` to report.
    fn take_up(&mut self) -> Option<Adoption> {
        if self.waiting.is_empty() {
            self.waiting = list(&self.dir)
                .unwrap_or_default()
                .into_iter()
                .filter(|found| !found.rejected)
                .collect();
        }
        while let Some(found) = self.waiting.pop_front() {
            if let Ok(Some(adoption)) = Adoption::begin(&found, self.batch_bytes) {
                return Some(adoption);
            }
        }
        None
    }
}
