//! Appends events: each is one line, written by one `write`, and stored whatever happens next.
//!
//! The file always holds whole lines, in sequence. An event that cannot be written (the disk is full, the spool is at
//! its limit) is left out and counted, and uses no sequence number, because the collector refuses gaps. As soon as
//! there is space again, a `dropped` event reports what is missing.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use playback_redact::{Counts, Rules, redact_event};
use playback_wire::{EventWriter, MAX_BATCH_EXPANDED_BYTES, Producer};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use uuid::Uuid;

use crate::aside;
use crate::client::{Addressee, Refusal};
use crate::folder::Folder;
use crate::key::RunKey;
use crate::left_out::{Reason, UnreportedEvents};
use crate::line::{self, Buffer};
use crate::lock::OwnedFile;
use crate::names;
use crate::waker::Waker;

/// The largest line that is accepted, in bytes. Producers stay far below it; this ensures that one event always fits
/// into a batch.
pub(crate) const MAX_LINE_BYTES: usize = MAX_BATCH_EXPANDED_BYTES / 2;

/// Space beyond the limit for the events that end an execution, so that a full spool still says how the run ended and
/// what is missing.
const RESERVE_BYTES: u64 = 64 << 10;

/// Space beyond that for the very last event, which a recap of many hosts must not use up.
const LAST_RESERVE_BYTES: u64 = 4 << 10;

/// An acknowledged spool larger than this is emptied, so that a long healthy run stays small.
const EMPTY_FROM_BYTES: u64 = 4 << 20;

/// The queue of one producer of one execution. All methods may be called from any thread.
#[derive(Debug)]
pub struct Spool {
    execution: Uuid,
    producer: Producer,
    file: OwnedFile,
    /// Largest size of the file before events are left out, in bytes.
    max_bytes: u64,
    /// The run key, which allows adding to the run. None: the system provided no random numbers.
    key: Option<RunKey>,
    /// The process that created it: a forked child owns nothing.
    owner: u32,
    writing: Mutex<Writing>,
    /// Bytes written, for the reader, which takes no lock: the data is written before the size is published.
    end: AtomicU64,
    last_seq: AtomicU64,
    dropped: AtomicU64,
    waker: Waker,
    buffer: Buffer,
    /// Redaction rules for all events.
    rules: OnceLock<Arc<Rules>>,
}

/// The part of the file size limit (`ulimit -f`) for events, without the space for those that end the execution.
fn allowed_bytes() -> u64 {
    let limit = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
    limit - (RESERVE_BYTES + LAST_RESERVE_BYTES).min(limit / 2)
}

/// State that only the writer may change.
#[derive(Debug)]
struct Writing {
    end: u64,
    last_seq: u64,
    /// Events left out and not yet reported.
    untold: UnreportedEvents,
    /// Last lines of the run, unnumbered, for which there was no space: they are written when the existing ones have
    /// been delivered.
    held: Vec<HeldLine>,
    /// None: in memory.
    place: Option<Place>,
    /// Delivered and deleted: nothing can be appended any longer.
    closed: bool,
}

/// A line without a number, and its time.
#[derive(Debug)]
struct HeldLine {
    at: i64,
    line: Vec<u8>,
}

/// The location of a spool.
#[derive(Debug)]
struct Place {
    folder: Folder,
    name: String,
}

impl Place {
    fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }
}

impl Spool {
    /// Creates `{dir}/{execution}.{producer}.ndjson`, readable by its owner only, and locks it for as
    /// long as the value lives. `dir` is made (for its owner only) where it is missing. The file may
    /// grow to `max_bytes`, plus a little for the events that close the execution.
    ///
    /// # Errors
    /// The folder or the file cannot be made, the folder is another user's or open to others, or the spool is
    /// there already.
    pub fn create(
        dir: &Path,
        execution: Uuid,
        producer: Producer,
        max_bytes: u64,
    ) -> io::Result<Arc<Spool>> {
        Self::create_with_key(dir, execution, producer, max_bytes, RunKey::mint())
    }

    /// As [`Spool::create`], of a run that has its key already.
    ///
    /// # Errors
    /// The folder or the file cannot be made, the folder is another user's or open to others, or the spool is
    /// there already.
    pub fn create_with_key(
        dir: &Path,
        execution: Uuid,
        producer: Producer,
        max_bytes: u64,
        key: Option<RunKey>,
    ) -> io::Result<Arc<Spool>> {
        let folder = Folder::make(dir)?;
        let name = names::spool_name(execution, producer);
        if folder.has(&name)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // It is named after it is locked: a named spool without an owner is adopted.
        let new = format!("{name}{}", names::NEW);
        let file = folder.create_new(&new)?;
        let file = OwnedFile::lock(file)?.ok_or(io::ErrorKind::WouldBlock)?;
        if let Err(error) = folder.rename(&new, &name) {
            let _ = folder.remove(&new);
            return Err(error);
        }
        let place = Place { folder, name };
        let place = Some(place);
        Ok(Self::new(execution, producer, max_bytes, file, place, key))
    }

    /// A spool without a name, for when no folder can be used: delivered while the process lives, and lost with it.
    ///
    /// # Errors
    /// An anonymous file cannot be created.
    pub fn in_memory(
        execution: Uuid,
        producer: Producer,
        max_bytes: u64,
    ) -> io::Result<Arc<Spool>> {
        Self::in_memory_with_key(execution, producer, max_bytes, RunKey::mint())
    }

    /// As [`Spool::in_memory`], of a run that has its key already.
    ///
    /// # Errors
    /// The system gives no anonymous file.
    pub fn in_memory_with_key(
        execution: Uuid,
        producer: Producer,
        max_bytes: u64,
        key: Option<RunKey>,
    ) -> io::Result<Arc<Spool>> {
        let file = OwnedFile::unlocked(anonymous_file()?);
        Ok(Self::new(execution, producer, max_bytes, file, None, key))
    }

    fn new(
        execution: Uuid,
        producer: Producer,
        max_bytes: u64,
        file: OwnedFile,
        place: Option<Place>,
        key: Option<RunKey>,
    ) -> Arc<Self> {
        Arc::new(Self {
            execution,
            producer,
            file,
            max_bytes: max_bytes.min(allowed_bytes()),
            key,
            owner: std::process::id(),
            writing: Mutex::new(Writing {
                end: 0,
                last_seq: 0,
                untold: UnreportedEvents::default(),
                held: Vec::new(),
                place,
                closed: false,
            }),
            end: AtomicU64::new(0),
            last_seq: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            waker: Waker::default(),
            buffer: Buffer::default(),
            rules: OnceLock::new(),
        })
    }

    /// From now on `rules` are applied to events; to be called before the first one. Text of `output` events is not
    /// redacted here, because a line may span several of them; the code that captures it redacts it.
    pub fn redact_by(&self, rules: Arc<Rules>) {
        let _ = self.rules.set(rules);
    }

    /// Redaction rules for all events, if there are any.
    #[must_use]
    pub fn rules(&self) -> Option<&Arc<Rules>> {
        self.rules.get()
    }

    /// Appends one event that happened at `at` (microseconds since the epoch); `data` must encode as
    /// a JSON object. Returns its sequence number. None: it was left out, and counted.
    pub fn append<T: Serialize>(&self, at: i64, kind: &'static str, data: &T) -> Option<u64> {
        self.append_line(at, kind, |line| {
            EventWriter::begin(line, line::UNNUMBERED, at, kind, data).map(EventWriter::end)
        })
    }

    /// As [`Spool::append`], with a last field of the data whose JSON value `content` appends.
    ///
    /// No lock is held while `content` runs: it may walk Python objects, and with them give way to
    /// another thread, or append an event itself. An event gets its number when it is written.
    pub fn append_with<T: Serialize>(
        &self,
        at: i64,
        kind: &'static str,
        data: &T,
        field: &str,
        content: impl FnOnce(&mut Vec<u8>),
    ) -> Option<u64> {
        self.append_line(at, kind, |line| {
            EventWriter::begin(line, line::UNNUMBERED, at, kind, data)
                .map(|writer| writer.content(field, content).end())
        })
    }

    fn append_line(
        &self,
        at: i64,
        kind: &'static str,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), serde_json::Error>,
    ) -> Option<u64> {
        let mut line = self.buffer.take();
        let fits =
            encode(&mut line).is_ok() && self.redacted(&mut line) && line.len() <= MAX_LINE_BYTES;
        let seq = if fits {
            self.write(at, kind, &mut line)
        } else {
            self.leave_out(&mut self.writing(), Reason::TooLarge);
            None
        };
        self.buffer.give_back(line);
        seq
    }

    /// Redacts an encoded line. False: this failed, so the line must not be written.
    fn redacted(&self, line: &mut Vec<u8>) -> bool {
        let Some(rules) = self.rules.get() else {
            return true;
        };
        let mut redacted = Vec::with_capacity(line.len() + 16);
        let done = redact_event(line, rules, &mut Counts::default(), &mut redacted);
        *line = redacted;
        done.is_ok()
    }

    /// Numbers and writes an encoded line, in one `write` with reports of events left out before it.
    fn write(&self, at: i64, kind: &str, line: &mut [u8]) -> Option<u64> {
        let reserve = match kind {
            "stats" | "usage" => RESERVE_BYTES,
            "execution_ended" => RESERVE_BYTES + LAST_RESERVE_BYTES,
            _ => 0,
        };
        let limit = self.max_bytes.saturating_add(reserve);
        let mut writing = self.writing();
        let seq = writing.last_seq + 1;
        let written = if writing.untold.is_empty() {
            let line = line::number(line, seq);
            self.write_lines(&mut writing, line, seq, limit)
        } else {
            let (mut lines, notes) = writing.untold.encode(seq, at);
            let seq = seq + notes;
            lines.extend_from_slice(line::number(line, seq));
            self.write_lines(&mut writing, &lines, seq, limit)
        };
        match written {
            Ok(()) => {
                writing.untold = UnreportedEvents::default();
                if kind == "execution_ended" {
                    // Nothing may follow it.
                    let left_out = std::mem::take(&mut writing.held).len();
                    self.dropped.fetch_add(left_out as u64, Ordering::SeqCst);
                }
                Some(writing.last_seq)
            }
            Err(reason) => {
                if reserve > 0 && reason != Reason::TooLarge && !writing.closed {
                    // The end of the run is reported as soon as there is space, even if that is after it.
                    let line = line.to_vec();
                    writing.held.push(HeldLine { at, line });
                } else {
                    self.leave_out(&mut writing, reason);
                }
                None
            }
        }
    }

    /// Numbers and writes the last lines for which there was no space before. If there still is none, they count as
    /// left out.
    fn write_held(&self, writing: &mut Writing) {
        for HeldLine { at, mut line } in std::mem::take(&mut writing.held) {
            let seq = writing.last_seq + 1;
            let (mut lines, notes) = writing.untold.encode(seq, at);
            let seq = seq + notes;
            lines.extend_from_slice(line::number(&mut line, seq));
            match self.write_lines(writing, &lines, seq, u64::MAX) {
                Ok(()) => writing.untold = UnreportedEvents::default(),
                Err(reason) => self.leave_out(writing, reason),
            }
        }
    }

    /// Writes whole lines, the last of which has the number `last`. On failure, the file is unchanged.
    fn write_lines(
        &self,
        writing: &mut Writing,
        lines: &[u8],
        last: u64,
        limit: u64,
    ) -> Result<(), Reason> {
        let keyed;
        let lines = match &self.key {
            // The first line of the file has the key, so that any process that can read the spool can deliver it.
            Some(key) if writing.end == 0 => {
                keyed = key.put_into(lines);
                &keyed
            }
            _ => lines,
        };
        let end = writing.end + lines.len() as u64;
        if writing.closed || end > limit {
            return Err(Reason::Full);
        }
        if let Err(error) = self.file.write_all_at(lines, writing.end) {
            // Part of it may have been written. If this fails too, the next line overwrites it.
            let _ = self.file.set_len(writing.end);
            return Err(Reason::of(&error));
        }
        writing.end = end;
        writing.last_seq = last;
        self.last_seq.store(last, Ordering::SeqCst);
        self.end.store(end, Ordering::SeqCst);
        self.waker.wake_if_asleep();
        Ok(())
    }

    fn leave_out(&self, writing: &mut Writing, reason: Reason) {
        writing.untold.add(reason);
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }

    /// The lock may be poisoned, but `Writing` is only changed after a successful write.
    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run key, which allows adding to the run; it is passed to the run's other producers.
    #[must_use]
    pub fn run_key(&self) -> Option<&RunKey> {
        self.key.as_ref()
    }

    /// The producer of these events.
    #[must_use]
    pub fn execution(&self) -> Uuid {
        self.execution
    }

    /// Who writes them.
    #[must_use]
    pub fn producer(&self) -> Producer {
        self.producer
    }

    /// Sequence number of the last event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last_seq.load(Ordering::SeqCst)
    }

    /// Events left out so far, for `execution_ended`.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::SeqCst)
    }

    /// Current size of the spool, in bytes. It drops to 0 when a large spool has been acknowledged.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end.load(Ordering::SeqCst)
    }

    /// The spool's path. None: in memory.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.writing().place.as_ref().map(Place::path)
    }

    /// The folder that keeps it until it is delivered. None: it is lost with this process, because it is in memory, or
    /// because its file was deleted.
    #[must_use]
    pub fn kept_in(&self) -> Option<PathBuf> {
        let writing = self.writing();
        let place = writing.place.as_ref()?;
        let is_there = self.file.metadata().is_ok_and(|found| found.nlink() > 0);
        is_there.then(|| place.folder.path().to_owned())
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Empties the file if all of it (`read` bytes) has been acknowledged and it has grown large. Only the reader may
    /// call this, because reading begins at 0 again.
    pub(crate) fn empty_if_large(&self, read: u64) -> bool {
        let mut writing = self.writing();
        // If anything did not fit, for whatever reason, there may be space now.
        let wants_room = !writing.untold.is_empty() || !writing.held.is_empty();
        if read == 0 || !wants_room && read < EMPTY_FROM_BYTES.min(self.max_bytes / 2) {
            return false;
        }
        if writing.end != read || self.file.set_len(0).is_err() {
            return false;
        }
        writing.end = 0;
        self.end.store(0, Ordering::SeqCst);
        self.write_held(&mut writing);
        true
    }

    /// Deletes the file if all of it (`read` bytes) has been acknowledged; nothing can be appended afterwards. False:
    /// there is more.
    pub(crate) fn close_if_all_read(&self, read: u64) -> bool {
        let mut writing = self.writing();
        if writing.end != read {
            return false;
        }
        writing.closed = true;
        if let Some(place) = &writing.place
            && place
                .folder
                .is_still(&place.name, &self.file)
                .unwrap_or(true)
        {
            // If the file remains, it is adopted, found to be acknowledged, and deleted then.
            let _ = place.folder.remove(&place.name);
        }
        true
    }

    /// Keeps the file under a refused spool's name, with the reason beside it. Appending continues.
    pub(crate) fn set_aside(&self, refusal: &Refusal, by: Addressee<'_>) {
        let mut writing = self.writing();
        if let Some(place) = &mut writing.place
            && place
                .folder
                .is_still(&place.name, &self.file)
                .unwrap_or(true)
        {
            place.name = aside::set_aside(&place.folder, &place.name, refusal, by);
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let owner = self.owner == std::process::id();
        let writing = self
            .writing
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        // A spool that never held an event need not be kept.
        if let Some(place) = &writing.place
            && owner
            && writing.last_seq == 0
        {
            let _ = place.folder.remove(&place.name);
        }
    }
}

#[cfg(target_os = "linux")]
fn anonymous_file() -> io::Result<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let fd = memfd_create("playback-spool", MemfdFlags::CLOEXEC)?;
    Ok(File::from(fd))
}

/// Elsewhere, a temporary file that is unlinked at once.
#[cfg(not(target_os = "linux"))]
fn anonymous_file() -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = std::env::temp_dir().join(format!("playback-spool.{}", Uuid::now_v7()));
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
