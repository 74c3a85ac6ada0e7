//! Applies results, and recaps, which replace our counts of results.

use playback_wire::{Event, HostStats, Producer, ResultStatus, Stats, TaskResult};

use super::{Assembler, verdict};
use crate::model::{RareFields, ResultFlags, ResultRow};

impl Assembler {
    /// The host's latest result no longer counts. Ansible removes it from its recap, and an `ok` as well, whether or
    /// not it had counted as one.
    pub(super) fn apply_retracted(&mut self, name: &str) {
        let number = self.host(name).row.number;
        let Some((seq, status, changed)) = self.later.latest(number) else {
            return;
        };
        match self.results.iter_mut().rfind(|row| row.seq == seq) {
            Some(row) => row.flags.0 |= ResultFlags::RETRACTED,
            None => self.retracted.push(seq),
        }
        verdict::retract(&mut self.host(name).edit().stats, status, changed);
    }

    pub(super) fn apply_result(&mut self, event: &Event<'_>, result: &TaskResult<'_>) {
        let base_us = self
            .producer(Producer::Recorder)
            .first_at
            .unwrap_or(event.at);
        let action = self.tasks.get(&result.task).map(|task| &*task.row.action);
        let action = result.action.as_deref().or(action);
        self.reports.ran(result.task, result.action.as_deref());
        let counts = verdict::counts(action.unwrap_or_default(), result.status);
        let host = self.host(&result.host).edit();
        if counts {
            verdict::count(&mut host.stats, result);
        }
        if host.running_task == Some(result.task) {
            host.running_task = None;
            host.running_since_us = None;
        }
        let host = host.number;
        let retried = self.later.result(event.seq, host, result);
        let task = self.tasks.get_mut(&result.task);
        let row = task.as_deref().map(|task| &task.row);
        let fingerprint = self.failures.result(host, result, row);
        if let Some(task) = task {
            let row = task.edit();
            if row.first_seq == 0 {
                row.first_seq = event.seq;
            }
            row.last_seq = event.seq;
            let counts = &mut row.counts;
            match result.status {
                ResultStatus::Ok => counts.ok += 1,
                ResultStatus::Failed => counts.failed += 1,
                ResultStatus::Skipped => counts.skipped += 1,
                ResultStatus::Unreachable => counts.unreachable += 1,
            }
            counts.changed += u32::from(result.changed);
            counts.ignored += u32::from(result.ignored);
            // ansible-core 2.21 censors the result of a whole loop whenever `no_log` is a template; only its items tell.
            let censored = result.items.is_none().then_some(result.censored);
            self.later.learn(row, censored, result.action.as_deref());
            row.ended_us = event.at;
            let play = row.play;
            self.touch_play(play, event.at);
        }
        let bits = [
            (result.changed, ResultFlags::CHANGED),
            (result.ignored, ResultFlags::IGNORED),
            (result.rescued, ResultFlags::RESCUED),
            (result.censored, ResultFlags::CENSORED),
            (result.delegated_to.is_some(), ResultFlags::DELEGATED),
            (result.items.is_some(), ResultFlags::LOOP),
            (retried, ResultFlags::RETRIED),
        ];
        let flags = bits
            .iter()
            .filter(|(set, _)| *set)
            .fold(0, |flags, (_, bit)| flags | bit);
        self.row.results += 1;
        if host == 0 {
            // The host has no row.
            return;
        }
        self.results.push(ResultRow {
            seq: event.seq,
            task: result.task,
            host,
            status: result.status,
            flags: ResultFlags(flags),
            ended_us: event.at.saturating_sub(base_us),
            duration_us: result
                .started
                .map(|started| event.at.saturating_sub(started).max(0)),
            rare: RareFields::new(
                result.delegated_to.as_deref(),
                result.action.as_deref(),
                fingerprint.map(|fingerprint| fingerprint.0),
            ),
        });
    }

    /// A recap that the supervisor parsed from the output only counts if no recorder reports.
    pub(super) fn apply_supervisors_stats(&mut self, stats: &Stats) {
        if !self.producer(Producer::Recorder).has_events() {
            self.apply_stats(stats);
        }
    }

    /// Ansible's own recap replaces our counts. A host that was given a task and returned no result, because the play
    /// ended first, is not in it, and so not in the record.
    pub(super) fn apply_stats(&mut self, stats: &Stats) {
        for (name, counts) in &stats.hosts {
            let host = self.host(name).edit();
            if host.number > 0 {
                host.stats = *counts;
            } else {
                verdict::add(&mut host.stats, counts);
            }
        }
        if stats.hosts.is_empty() {
            return;
        }
        for host in &mut self.hosts {
            let row = &host.row;
            if !host.left_out
                && row.stats == HostStats::default()
                && !stats.hosts.contains_key(&row.name)
                && self.later.latest(row.number).is_none()
            {
                host.left_out = true;
                self.renumbered |= host.stored;
            }
        }
        if self.renumbered {
            self.fresh = true;
            for host in &mut self.hosts {
                host.stored = false;
            }
        }
    }
}
