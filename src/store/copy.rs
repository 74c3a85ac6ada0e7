//! Copies a whole history from one database into another, of whatever kind.
//!
//! Execution by execution, oldest first. One that already exists unchanged is skipped; one that differs, because an
//! earlier copy was interrupted, is copied again. Everything written is read back: both sides must have the same counts
//! and the same hash of all rows and blocks.

use std::fmt::Write as _;

use playback_wire::Producer;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    NewTarget, Restored, Store, StoreError, audit, report_schedules, reports, stats, tombstones,
};
use crate::model::{
    Changes, Cursor, ExecutionFilter, ExecutionKey, ExecutionRow, Page, ResultFilter,
};

/// Executions looked up at once.
const PAGE: u32 = 200;

/// Rows read at once.
const ROWS: u32 = 10_000;

/// Blocks read at once; one has up to 16 MiB.
const BLOCKS: u32 = 8;

/// Approximate size of a commit: small executions share one, large ones take several.
const COMMIT_BYTES: usize = 8 << 20;

/// Approximate size of a row without its texts.
const ROW_BYTES: usize = 200;

/// Why a history cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the databases failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source's schema is not up to date, and a copy must not change the source.
    #[error(
        "the schema of the database to copy from is not up to date: \"playback migrate\" does that"
    )]
    NotMigrated,
    /// The target has other executions.
    #[error(
        "the database to copy to holds executions that the other does not have, such as {0}: \
         copy to an empty one"
    )]
    OtherRuns(Uuid),
    /// The target is ahead.
    #[error(
        "execution {0} has more events in the database to copy to than in the one to copy from: \
         are they exchanged?"
    )]
    Ahead(Uuid),
    /// The target has another token of that name.
    #[error("the database to copy to has another token named {0:?}: revoke it there first")]
    OtherToken(String),
    /// The target has another schedule of that name.
    #[error("the database to copy to has another schedule named {0:?}: delete it there first")]
    OtherSchedule(String),
    /// What was written reads back differently.
    #[error(
        "execution {0} is not the same in both databases: if a collector works on one of them, stop it \
         and copy again"
    )]
    Differs(Uuid),
}

/// The number of rows of an execution, or of a whole history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Executions.
    pub executions: u64,
    /// Their plays.
    pub plays: u64,
    /// Their tasks.
    pub tasks: u64,
    /// Their hosts.
    pub hosts: u64,
    /// Their results.
    pub results: u64,
    /// Their reports of facts.
    pub facts: u64,
    /// Blocks of their log.
    pub blocks: u64,
    /// Launches that were requested.
    pub launches: u64,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.executions += other.executions;
        self.plays += other.plays;
        self.tasks += other.tasks;
        self.hosts += other.hosts;
        self.results += other.results;
        self.facts += other.facts;
        self.blocks += other.blocks;
        self.launches += other.launches;
    }
}

/// Progress of a copy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Executions in the source when it began.
    pub total: u64,
    /// Executions that already existed.
    pub present: u64,
    /// Rows verified so far, copied or not.
    pub verified: Counts,
    /// Tokens.
    pub tokens: u64,
}

/// Copies everything, and returns the counts of both databases. `tell` receives the progress.
///
/// # Errors
/// A database failed, the target holds something else, or the two differ afterwards. What was copied stays, and the
/// next attempt continues from there.
pub async fn copy(
    from: &Store,
    to: &Store,
    mut tell: impl FnMut(&Progress),
) -> Result<Progress, CopyError> {
    if from.migrations().await?.iter().any(|step| !step.applied) {
        return Err(CopyError::NotMigrated);
    }
    check_target(from, to).await?;
    let counts = from.status_counts().await?;
    let mut progress = Progress {
        total: counts.running + counts.success + counts.failed,
        ..Progress::default()
    };
    let mut group = Group::default();
    let mut after = None;
    loop {
        let page = oldest_first(from, after).await?;
        let Some(last) = page.last() else { break };
        after = Some(Cursor::of(last));
        for (key, row) in page {
            let id = row.id;
            if let Some((there, known)) = to.execution(id).await? {
                let source = seal(from, key, row.clone()).await?;
                if seal(to, there, known).await? == source {
                    progress.present += 1;
                    progress.verified.add(source.counts);
                    continue;
                }
                to.clear_execution(there).await?;
            }
            group.take(from, to, key, row, &mut progress).await?;
            tell(&progress);
        }
        tell(&progress);
    }
    group.write(to, &mut progress).await?;
    stats::copy_archived(from, to).await?;
    tombstones::copy(from, to).await?;
    audit::copy(from, to).await?;
    copy_schedules(from, to).await?;
    report_schedules::copy(from, to).await?;
    reports::copy(from, to).await?;
    progress.tokens = copy_tokens(from, to).await?;
    copy_targets(from, to).await?;
    tell(&progress);
    Ok(progress)
}

/// Fails if the target holds anything but part of the same history.
async fn check_target(from: &Store, to: &Store) -> Result<(), CopyError> {
    let mut after = None;
    loop {
        let page = oldest_first(to, after).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(Cursor::of(last));
        for (_, row) in page {
            let Some((_, source)) = from.execution(row.id).await? else {
                return Err(CopyError::OtherRuns(row.id));
            };
            if row.events.received > source.events.received {
                return Err(CopyError::Ahead(row.id));
            }
        }
    }
}

async fn oldest_first(
    store: &Store,
    after: Option<Cursor>,
) -> Result<Vec<(ExecutionKey, ExecutionRow)>, StoreError> {
    let page = Page {
        limit: PAGE,
        offset: 0,
        after,
        ascending: true,
    };
    store.executions(&ExecutionFilter::default(), &page).await
}

/// Executions collected for one commit.
#[derive(Default)]
struct Group {
    changes: Vec<Changes>,
    restored: Vec<Restored>,
    seals: Vec<(Uuid, Seal)>,
    bytes: usize,
}

impl Group {
    /// Adds an execution, or writes it at once if it is large.
    async fn take(
        &mut self,
        from: &Store,
        to: &Store,
        key: ExecutionKey,
        row: ExecutionRow,
        progress: &mut Progress,
    ) -> Result<(), CopyError> {
        let id = row.id;
        let restored = Restored {
            id,
            log: row.log,
            pin: from.pins(&[id]).await?.remove(&id),
        };
        let mut reader = Reader::new(from, key, row);
        let mut sealing = Sealing::of(&restored);
        let mut changes = Changes::default();
        // The execution's key in the target, once its first part is written.
        let mut there = None;
        while let Some(part) = reader.next().await? {
            sealing.take(&part);
            append(&mut changes, part);
            if bytes(&changes) > COMMIT_BYTES {
                let mut part = std::mem::take(&mut changes);
                part.key = there;
                there = to.commit(&[part]).await?.first().copied();
            }
        }
        let seal = sealing.seal();
        if let Some(there) = there {
            changes.key = Some(there);
            to.commit(&[changes]).await?;
            to.restore(&[restored]).await?;
            return verify(to, id, seal, progress).await;
        }
        self.bytes += bytes(&changes);
        self.changes.push(changes);
        self.restored.push(restored);
        self.seals.push((id, seal));
        if self.bytes > COMMIT_BYTES || self.changes.len() >= PAGE as usize {
            self.write(to, progress).await?;
        }
        Ok(())
    }

    /// Writes the collected executions, and reads them back.
    async fn write(&mut self, to: &Store, progress: &mut Progress) -> Result<(), CopyError> {
        to.commit(&self.changes).await?;
        to.restore(&self.restored).await?;
        self.changes.clear();
        self.restored.clear();
        self.bytes = 0;
        for (id, seal) in self.seals.drain(..) {
            verify(to, id, seal, progress).await?;
        }
        Ok(())
    }
}

async fn verify(
    to: &Store,
    id: Uuid,
    expected: Seal,
    progress: &mut Progress,
) -> Result<(), CopyError> {
    let (key, row) = to.execution(id).await?.ok_or(CopyError::Differs(id))?;
    if seal(to, key, row).await? != expected {
        return Err(CopyError::Differs(id));
    }
    progress.verified.add(expected.counts);
    Ok(())
}

/// Copies all tokens, including those of running runs; returns how many there are.
async fn copy_tokens(from: &Store, to: &Store) -> Result<u64, CopyError> {
    let tokens = from.tokens_with_hash().await?;
    let known = to.tokens_with_hash().await?;
    for (token, hash) in &tokens {
        let same_name = known.iter().find(|(there, _)| there.name == token.name);
        match same_name {
            Some((_, there)) if there == hash => continue,
            Some(_) => return Err(CopyError::OtherToken(token.name.clone())),
            None => {}
        }
        to.create_token(token, hash, None).await?;
        if let (Some(used_us), Some(made)) = (token.used_us, to.token_by_hash(hash).await?) {
            to.touch_tokens(&[(made.id, used_us)]).await?;
        }
    }
    Ok(tokens.len() as u64)
}

/// Copies all schedules, and the outcomes of their times. They name tokens by their hashes, which are the same there.
async fn copy_schedules(from: &Store, to: &Store) -> Result<(), CopyError> {
    for row in from.schedules().await? {
        match to.schedule(&row.name).await? {
            Some(there) if there.id == row.id => {}
            Some(_) => return Err(CopyError::OtherSchedule(row.name)),
            None => to.copy_schedule(&row, &from.ticks(row.id).await?).await?,
        }
    }
    Ok(())
}

/// Copies the targets of notifications that the other does not have, with their secrets as they are; not what they were
/// sent.
async fn copy_targets(from: &Store, to: &Store) -> Result<(), CopyError> {
    for target in from.targets().await? {
        if to.target(&target.name).await?.is_none() {
            let copied = NewTarget {
                name: target.name,
                settings: target.settings,
                sealed: target.sealed,
                address: target.address,
                is_from_file: target.is_from_file,
                changed_us: target.changed_us,
            };
            to.put_target(&copied, |_| None).await?;
        }
    }
    Ok(())
}

/// Reads an execution part by part, always in the same order.
struct Reader<'s> {
    store: &'s Store,
    key: ExecutionKey,
    /// Retention removed its log: remaining blocks are being swept.
    is_without_log: bool,
    row: Option<ExecutionRow>,
    next: Part,
}

/// What to read next, and after which number.
enum Part {
    Execution,
    Tasks(u32),
    Hosts(u32),
    Results(u64),
    Facts(u64),
    Blocks(usize, u64),
    End,
}

impl<'s> Reader<'s> {
    fn new(store: &'s Store, key: ExecutionKey, row: ExecutionRow) -> Self {
        Self {
            store,
            key,
            is_without_log: row.log.is_removed(),
            row: Some(row),
            next: Part::Execution,
        }
    }

    async fn next(&mut self) -> Result<Option<Changes>, StoreError> {
        let mut part = Changes::default();
        match self.next {
            Part::Execution => {
                let Some(row) = self.row.take() else {
                    return Ok(None);
                };
                part.launch = self.store.launch(row.id).await?.map(Box::new);
                (part.arrived_us, part.alive_us) = self.store.noted_times(self.key).await?;
                part.owner = self.store.head(row.id).await?.map(|found| found.owner);
                part.execution = Some(Box::new(row));
                part.plays = self.store.plays(self.key).await?;
                self.next = Part::Tasks(0);
            }
            Part::Tasks(after) => {
                part.tasks = self.store.tasks(self.key, after, ROWS).await?;
                self.next = match part.tasks.last() {
                    Some(last) => Part::Tasks(last.number),
                    None => Part::Hosts(0),
                };
            }
            Part::Hosts(after) => {
                part.hosts = self.store.hosts(self.key, after, ROWS).await?;
                self.next = match part.hosts.last() {
                    Some(last) => Part::Hosts(last.number),
                    None => Part::Results(0),
                };
            }
            Part::Results(after_seq) => {
                let filter = ResultFilter {
                    after_seq,
                    limit: ROWS,
                    ..ResultFilter::default()
                };
                let found = self.store.results(self.key, &filter).await?;
                part.results = found.into_iter().map(|entry| entry.row).collect();
                self.next = match part.results.last() {
                    Some(last) => Part::Results(last.seq),
                    None => Part::Facts(0),
                };
            }
            Part::Facts(after_seq) => {
                part.facts = self.store.facts(self.key, after_seq, ROWS).await?;
                self.next = match part.facts.last() {
                    Some(last) => Part::Facts(last.seq),
                    None if self.is_without_log => Part::End,
                    None => Part::Blocks(0, 1),
                };
            }
            Part::Blocks(of, from_seq) => {
                let Some(producer) = Producer::ALL.get(of) else {
                    self.next = Part::End;
                    return Ok(None);
                };
                let found = self
                    .store
                    .blocks_from_seq(self.key, *producer, from_seq, BLOCKS)
                    .await?;
                part.blocks = found.into_iter().map(|stored| stored.block).collect();
                self.next = match part.blocks.last() {
                    Some(last) => Part::Blocks(of, last.last_seq + 1),
                    None => Part::Blocks(of + 1, 1),
                };
            }
            Part::End => return Ok(None),
        }
        Ok(Some(part))
    }
}

fn append(changes: &mut Changes, part: Changes) {
    changes.execution = changes.execution.take().or(part.execution);
    changes.launch = changes.launch.take().or(part.launch);
    changes.arrived_us = changes.arrived_us.or(part.arrived_us);
    changes.alive_us = changes.alive_us.or(part.alive_us);
    changes.owner = changes.owner.take().or(part.owner);
    changes.plays.extend(part.plays);
    changes.tasks.extend(part.tasks);
    changes.hosts.extend(part.hosts);
    changes.results.extend(part.results);
    changes.facts.extend(part.facts);
    changes.blocks.extend(part.blocks);
}

/// Approximate size of a commit.
fn bytes(changes: &Changes) -> usize {
    let rows =
        changes.plays.len() + changes.tasks.len() + changes.hosts.len() + changes.facts.len();
    let blocks: usize = changes.blocks.iter().map(|block| block.data.len()).sum();
    (rows + changes.results.len()) * ROW_BYTES + blocks
}

/// Fingerprint of an execution: equal for identical ones.
#[derive(Debug, PartialEq, Eq)]
struct Seal {
    counts: Counts,
    hash: [u8; 32],
}

async fn seal(store: &Store, key: ExecutionKey, row: ExecutionRow) -> Result<Seal, StoreError> {
    let restored = Restored {
        id: row.id,
        log: row.log,
        pin: store.pins(&[row.id]).await?.remove(&row.id),
    };
    let mut reader = Reader::new(store, key, row);
    let mut sealing = Sealing::of(&restored);
    while let Some(part) = reader.next().await? {
        sealing.take(&part);
    }
    Ok(sealing.seal())
}

/// A fingerprint being computed.
#[derive(Default)]
struct Sealing {
    counts: Counts,
    hash: Sha256,
}

impl Sealing {
    fn of(restored: &Restored) -> Self {
        let mut sealing = Self::default();
        // Hashing cannot fail.
        let _ = writeln!(Hashing(&mut sealing.hash), "{restored:?}");
        sealing
    }

    fn take(&mut self, part: &Changes) {
        let counts = &mut self.counts;
        counts.executions += u64::from(part.execution.is_some());
        counts.launches += u64::from(part.launch.is_some());
        counts.plays += part.plays.len() as u64;
        counts.tasks += part.tasks.len() as u64;
        counts.hosts += part.hosts.len() as u64;
        counts.results += part.results.len() as u64;
        counts.facts += part.facts.len() as u64;
        counts.blocks += part.blocks.len() as u64;
        let mut hash = Hashing(&mut self.hash);
        // A row's debug format includes every field. Hashing cannot fail.
        let _ = write!(hash, "{:?}\n{:?}\n", part.execution, part.launch);
        let _ = write!(hash, "{:?}\n{:?}\n", part.arrived_us, part.alive_us);
        if let Some(owner) = &part.owner {
            hash.0.update(owner.key.unwrap_or_default());
            let _ = writeln!(hash, "{owner:?}");
        }
        let _ = write!(hash, "{:?}\n{:?}\n", part.plays, part.tasks);
        let _ = write!(
            hash,
            "{:?}\n{:?}\n{:?}\n",
            part.hosts, part.results, part.facts
        );
        for block in &part.blocks {
            let (of, seq) = (block.producer, (block.first_seq, block.last_seq));
            let lines = (block.first_line, block.lines, block.raw_bytes);
            let _ = writeln!(hash, "{of:?} {seq:?} {lines:?} {}", block.data.len());
            hash.0.update(&block.data);
        }
    }

    fn seal(self) -> Seal {
        Seal {
            counts: self.counts,
            hash: self.hash.finalize().into(),
        }
    }
}

/// Hashes what is written to it.
struct Hashing<'h>(&'h mut Sha256);

impl std::fmt::Write for Hashing<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
