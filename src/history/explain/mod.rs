//! Explains why an execution failed: its errors grouped by fingerprint, each with where, how often and since when; what
//! was handled; and what the exit code means. Rules only: it says what the record proves, and nothing else.
//!
//! Layout:
//! - `groups`: failed results → groups; pure
//! - `samples`: what a few of them said, from the log
//! - `past`: earlier and later runs with the same error, and the last run in which the task worked
//! - `verdict`: how the run ended, in words; pure

mod groups;
mod past;
mod samples;
mod verdict;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use playback_wire::ResultStatus;

use self::groups::{Group, Groups};
use self::samples::Sample;
use super::{HistoryError, LineRange, page_of_lines};
use crate::failure::{Fingerprint, Message, normalized};
use crate::model::{
    ExecutionKey, ExecutionRow, Explanation, FailedTask, FailureGroup, FailureRow, Handled,
    HandledFailure, ResultFlags, RetriedTask, TaskRow, time_from_us,
};
use crate::store::{Store, StoreError};

pub use self::samples::SampleRequest;

/// Failures of each kind (failed, unreachable; handled or not) that are read.
const FAILURES: u32 = 100_000;

/// Groups in an answer, and their handled counterparts.
const GROUPS: usize = 20;

/// Hosts that a group names, and tasks.
const HOSTS: usize = 100;
const TASKS: usize = 5;

/// Runs with more results than this are not searched for retries that helped.
const RETRIED_OF: u64 = 500_000;

/// Printed lines that are searched for the error of Ansible itself.
const PRINTED: u64 = 200;

/// Explains an execution.
///
/// # Errors
/// The store failed.
pub async fn explain(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<Explanation, HistoryError> {
    let rows = store.failures(key, false, FAILURES).await?;
    let handled_rows = store.failures(key, true, FAILURES).await?;
    let mut groups = groups::groups(&rows);
    let left_out = groups.split_off(GROUPS);
    let handled = groups::handled(&handled_rows, GROUPS);
    let details = GroupDetails::read(store, key, row, &groups, &handled).await?;
    let mut failures = Vec::with_capacity(groups.groups.len());
    for group in &groups.groups {
        failures.push(details.failure(store, row, group).await?);
    }
    let hosts = store.count_hosts(key).await?;
    let retried = match row.results <= RETRIED_OF {
        true => retried(store, key).await?,
        false => Vec::new(),
    };
    let printed = match verdict::is_printed(row, hosts) {
        true => printed(store, key, row).await?,
        false => Vec::new(),
    };
    let mut verdict = verdict::verdict(row, hosts);
    verdict.extend(details.remarks(row, &groups));
    let is_cut = |rows: &[FailureRow]| {
        let of = |status| rows.iter().filter(|row| row.status == status).count();
        of(ResultStatus::Failed).max(of(ResultStatus::Unreachable)) >= FAILURES as usize
    };
    if is_cut(&rows) || is_cut(&handled_rows) {
        verdict.push(format!(
            "Only the first {FAILURES} failures of each kind were examined."
        ));
    }
    Ok(Explanation {
        id: row.id,
        status: row.status,
        reason: row.reason,
        exit_code: row.exit_code,
        signal: row.signal,
        verdict,
        printed,
        hosts,
        failures,
        groups_left_out: left_out.groups.len() as u64,
        hosts_left_out: left_out.hosts(),
        later_failures: groups.later,
        handled: handled.iter().map(|group| details.handled(group)).collect(),
        retried,
        payload_removed: row.log.payload_removed_us.map(time_from_us),
    })
}

/// The messages of these failed results, by sequence number. Censored ones, and those that cannot be read, are left out.
///
/// # Errors
/// The store failed.
pub async fn messages(
    store: &Store,
    key: ExecutionKey,
    wanted: impl Iterator<Item = SampleRequest>,
) -> Result<BTreeMap<u64, Message>, StoreError> {
    let samples = samples::read(store, key, wanted).await?;
    let messages = samples
        .into_iter()
        .filter_map(|(seq, sample)| match sample {
            Sample::Read(said) => Some((seq, said.message?)),
            Sample::Damaged(_) => None,
        });
    Ok(messages.collect())
}

/// Details that are read for groups.
struct GroupDetails {
    tasks: HashMap<u32, TaskRow>,
    samples: BTreeMap<u64, Sample>,
}

impl GroupDetails {
    async fn read(
        store: &Store,
        key: ExecutionKey,
        row: &ExecutionRow,
        groups: &Groups<'_>,
        handled: &[Group<'_>],
    ) -> Result<Self, StoreError> {
        let all = || groups.groups.iter().chain(handled);
        let numbers: BTreeSet<u32> = all()
            .flat_map(|group| {
                let most = group.tasks().into_iter().take(TASKS).map(|(task, _)| task);
                let samples = [group.members.first(), group.members.last()];
                most.chain(samples.into_iter().flatten().map(|row| row.task))
            })
            .collect();
        let mut tasks = HashMap::with_capacity(numbers.len());
        for number in numbers {
            let found = task(store, key, number).await?;
            tasks.extend(found.map(|task| (number, task)));
        }
        let mut samples = BTreeMap::new();
        if row.log.payload_removed_us.is_none() {
            let wanted = all().filter_map(|group| group.members.first());
            samples = samples::read(store, key, wanted.map(|row| wanted_of(row))).await?;
            // Part of the log may be damaged: another host of the group said the same.
            let unread = all().filter(|group| match group.members.first() {
                Some(first) => matches!(samples.get(&first.seq), Some(Sample::Damaged(_))),
                None => false,
            });
            let others: Vec<SampleRequest> = unread
                .filter_map(|group| group.members.last())
                .map(|row| wanted_of(row))
                .collect();
            for (seq, sample) in samples::read(store, key, others.into_iter()).await? {
                samples.entry(seq).or_insert(sample);
            }
        }
        Ok(Self { tasks, samples })
    }

    /// The sample of a group, and the result that it is from.
    fn sample<'s, 'f>(&'s self, group: &Group<'f>) -> Option<(&'f FailureRow, &'s Sample)> {
        let (first, last) = (group.members.first()?, group.members.last()?);
        let of = |row: &'f FailureRow| self.samples.get(&row.seq).map(|sample| (row, sample));
        let first = of(first);
        match &first {
            Some((_, Sample::Damaged(_))) => of(last).or(first),
            _ => first,
        }
    }

    /// The task of the sample, then those of the most hosts.
    fn tasks(&self, group: &Group<'_>) -> Vec<FailedTask> {
        let sample = self.sample(group).map(|(from, _)| from.task);
        let sample = sample.or(group.members.first().map(|row| row.task));
        let mut tasks = group.tasks();
        // Stable: the others stay in their order.
        tasks.sort_by_key(|(task, _)| Some(*task) != sample);
        tasks
            .into_iter()
            .take(TASKS)
            .map(|(number, hosts)| FailedTask::new(number, self.tasks.get(&number), hosts))
            .collect()
    }

    async fn failure(
        &self,
        store: &Store,
        row: &ExecutionRow,
        group: &Group<'_>,
    ) -> Result<FailureGroup, StoreError> {
        let sample = self.sample(group);
        let from = sample
            .map(|(from, _)| from)
            .or(group.members.first().copied());
        let said = sample.and_then(|(_, sample)| sample.message());
        let host = from.map_or("", |from| from.host_name.as_str());
        let task = from.and_then(|from| self.tasks.get(&from.task));
        // Of a long loop, the item that failed first may be too far back to be found.
        let is_of_group = |message: &Message| {
            let task = task.map_or(("", ""), |task| (task.role.as_str(), task.name.as_str()));
            let found = Fingerprint::of_message(message, host, task);
            group.fingerprint.is_none_or(|bits| found.0 == bits)
        };
        let said = said.filter(|said| said.message.as_ref().is_none_or(is_of_group));
        let message = said.and_then(|said| said.message.as_ref());
        let is_retried = |row: &&FailureRow| row.flags.has(ResultFlags::RETRIED);
        Ok(FailureGroup {
            fingerprint: group.fingerprint.map(|bits| Fingerprint(bits).to_string()),
            status: from.map(|from| from.status).unwrap_or_default(),
            message: message.map(|message| message.text.clone()),
            pattern: message.map(|message| normalized(&message.text, host)),
            stderr: message.and_then(|message| message.stderr.clone()),
            stdout: message.and_then(|message| message.stdout.clone()),
            rc: message.and_then(|message| message.rc),
            item: said.and_then(|said| said.item.clone()),
            attempts: said.and_then(|said| said.attempts),
            censored: group.members.iter().all(|row| is_censored(row)),
            damaged: sample.and_then(|(_, sample)| sample.damage()),
            seq: from.map_or(0, |from| from.seq),
            host: host.to_owned(),
            host_count: group.members.len() as u64,
            hosts: group.hosts(HOSTS),
            retried: group.members.iter().filter(|row| is_retried(row)).count() as u64,
            tasks: self.tasks(group),
            seen: match group.fingerprint {
                Some(fingerprint) => past::occurrences(store, row, fingerprint).await?,
                None => None,
            },
            last_success: match task {
                Some(task) => past::last_success(store, row, host, task).await?,
                None => None,
            },
        })
    }

    fn handled(&self, group: &Group<'_>) -> HandledFailure {
        let sample = self.sample(group);
        let message = sample.and_then(|(_, sample)| sample.message()?.message.as_ref());
        let first = group.members.first();
        let is_rescued = first.is_some_and(|row| row.flags.has(ResultFlags::RESCUED));
        HandledFailure {
            handled: match is_rescued {
                true => Handled::Rescued,
                false => Handled::Ignored,
            },
            task: self.tasks(group).into_iter().next(),
            message: message.map(|message| message.text.clone()),
            host_count: group.host_count(),
            hosts: group.hosts(HOSTS),
        }
    }

    /// What an answer lacks, and why.
    fn remarks(&self, row: &ExecutionRow, groups: &Groups<'_>) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(removed_us) = row.log.payload_removed_us
            && !groups.groups.is_empty()
        {
            let date = time_from_us(removed_us).format("%Y-%m-%d");
            remarks.push(format!(
                "Retention removed what the tasks returned, on {date}: their messages are gone."
            ));
        }
        let has_no_fingerprint = groups.groups.iter().any(|group| {
            let said = self.sample(group).and_then(|(_, sample)| sample.message());
            group.fingerprint.is_none() && said.is_some_and(|said| said.message.is_some())
        });
        if has_no_fingerprint {
            remarks.push(
                "The run was recorded before errors had fingerprints, so hosts are grouped by task: \
                 \"playback rebuild\" adds the fingerprints."
                    .to_owned(),
            );
        }
        remarks
    }
}

fn wanted_of(row: &FailureRow) -> SampleRequest {
    SampleRequest {
        seq: row.seq,
        task: row.task,
        host: row.host_name.clone(),
        is_loop: row.flags.has(ResultFlags::LOOP),
    }
}

fn is_censored(row: &FailureRow) -> bool {
    row.flags.has(ResultFlags::CENSORED) && row.fingerprint.is_none()
}

/// The task with this number, if the run has it.
async fn task(
    store: &Store,
    key: ExecutionKey,
    number: u32,
) -> Result<Option<TaskRow>, StoreError> {
    let found = store.tasks(key, number.saturating_sub(1), 1).await?;
    Ok(found.into_iter().find(|task| task.number == number))
}

/// Tasks that ended well after more than one try.
async fn retried(store: &Store, key: ExecutionKey) -> Result<Vec<RetriedTask>, StoreError> {
    let mut retried = Vec::new();
    for (number, results) in store.retried(key).await?.into_iter().take(GROUPS) {
        let task = task(store, key, number).await?;
        retried.push(RetriedTask {
            task: FailedTask::new(number, task.as_ref(), results),
            results,
        });
    }
    Ok(retried)
}

/// The error that Ansible itself printed, or the last lines of the output.
async fn printed(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
) -> Result<Vec<String>, StoreError> {
    if row.log.payload_removed_us.is_some() {
        return Ok(Vec::new());
    }
    let range = LineRange {
        from: row.output_lines.saturating_sub(PRINTED),
        to: u64::MAX,
        stream: None,
        limit: PRINTED as usize,
    };
    let page = page_of_lines(store, key, row, &range).await?;
    Ok(verdict::error_in(
        page.lines.into_iter().map(|line| line.text),
    ))
}
