//! How an execution stands, judged from what its producers said.

use playback_wire::{EndReason, ExecutionStarted, HostStats, Producer, ResultStatus, TaskResult};

use super::producer::ProducerState;
use crate::model::{EventCount, ExecutionRow, Phase, Reason, Status};

/// Exit code with which Ansible ends when a person interrupts it.
const INTERRUPTED: i32 = 99;

/// Whether every producer that was heard of has ended.
pub(super) fn all_ended(producers: &[ProducerState; 2]) -> bool {
    let mut seen = producers
        .iter()
        .filter(|producer| producer.seen())
        .peekable();
    seen.peek().is_some() && seen.all(|producer| producer.ended.is_some())
}

/// Adds a result to a host's counts as Ansible's own recap does.
pub(super) fn count(stats: &mut HostStats, result: &TaskResult<'_>) {
    // A recap may have said anything before.
    fn add(count: &mut u64, times: bool) {
        *count = count.saturating_add(u64::from(times));
    }
    match result.status {
        ResultStatus::Ok => {
            add(&mut stats.ok, true);
            add(&mut stats.changed, result.changed);
        }
        ResultStatus::Failed if result.ignored => {
            add(&mut stats.ok, true);
            add(&mut stats.ignored, true);
            add(&mut stats.changed, result.changed);
        }
        ResultStatus::Failed => add(&mut stats.failed, true),
        ResultStatus::Skipped => add(&mut stats.skipped, true),
        ResultStatus::Unreachable => {
            add(&mut stats.unreachable, true);
            add(&mut stats.skipped, result.ignored);
        }
    }
}

/// Brings everything in the execution's row that both producers have a say in up to date, but for what
/// is executed: that is said once (see [`what`]).
pub(super) fn refresh<'a>(
    row: &mut ExecutionRow,
    producers: &[ProducerState; 2],
    hosts: impl Iterator<Item = &'a HostStats> + Clone,
    lost: bool,
) {
    let [recorder, supervisor] = producers;
    let first = |producer: &ProducerState| producer.first_at;
    row.started_us = [first(recorder), first(supervisor)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(0);
    row.base_us = recorder.first_at.unwrap_or(row.started_us);
    row.changed = hosts.clone().any(|stats| stats.changed > 0);

    // The supervisor sees everything that was printed, also before the recorder loads.
    let (from, printer) = if supervisor.lines() > 0 {
        (Producer::Supervisor, supervisor)
    } else {
        (Producer::Recorder, recorder)
    };
    row.output_from = from;
    row.output_lines = printer.lines();
    row.usage = supervisor.usage.or(recorder.usage);
    let ends = || [supervisor.ended, recorder.ended].into_iter().flatten();
    row.exit_code = ends().find_map(|end| end.exit_code);
    row.signal = ends().find_map(|end| end.signal);

    let ended = all_ended(producers);
    let last_at = recorder.last_at.max(supervisor.last_at);
    row.ended_us = (ended || lost).then_some(last_at);
    if ended {
        row.phase = Phase::Finished;
        row.status = match (row.exit_code, row.signal) {
            (Some(0), _) => Status::Success,
            _ => Status::Failed,
        };
        let said = ends().find_map(|end| end.reason);
        row.reason = (row.status == Status::Failed).then(|| reason(row, hosts, said));
    } else if lost {
        row.phase = Phase::Finished;
        row.status = Status::Failed;
        row.reason = Some(Reason::Lost);
    } else {
        row.status = Status::Running;
        row.reason = None;
    }
    row.events = events(producers, ended, lost);
}

fn reason<'a>(
    row: &ExecutionRow,
    mut hosts: impl Iterator<Item = &'a HostStats> + Clone,
    said: Option<EndReason>,
) -> Reason {
    if said == Some(EndReason::LaunchError) {
        Reason::LaunchError
    } else if said == Some(EndReason::Canceled)
        || row.signal.is_some()
        || row.exit_code == Some(INTERRUPTED)
    {
        Reason::Canceled
    } else if hosts.clone().any(|stats| stats.failed > 0) {
        Reason::TaskFailed
    } else if hosts.any(|stats| stats.unreachable > 0) {
        Reason::Unreachable
    } else {
        Reason::AnsibleError
    }
}

fn events(producers: &[ProducerState; 2], ended: bool, lost: bool) -> EventCount {
    let received: u64 = producers.iter().map(|producer| producer.last_seq).sum();
    let left_out = producers
        .iter()
        .map(ProducerState::left_out)
        .fold(0, u64::saturating_add);
    let mut missing = Vec::new();
    for (producer, name) in producers.iter().zip(Producer::ALL) {
        let name = name.as_str();
        if producer.left_out() > 0 {
            let why = match producer.dropped_reason.as_str() {
                "" => String::new(),
                reason => format!(" ({reason})"),
            };
            missing.push(format!(
                "the {name} left out {} events{why}",
                producer.left_out()
            ));
        }
        if lost && producer.seen() && producer.ended.is_none() {
            missing.push(format!(
                "the {name} fell silent after event {}",
                producer.last_seq
            ));
        }
    }
    EventCount {
        received,
        expected: ended.then_some(received.saturating_add(left_out)),
        complete: ended && left_out == 0,
        missing: (!missing.is_empty()).then(|| missing.join("; ")),
    }
}

/// What is executed: the recorder's word, and the supervisor's where the recorder has none.
pub(super) fn what(producers: &[ProducerState; 2]) -> ExecutionStarted {
    let [recorder, supervisor] = producers;
    merge(recorder.what.as_ref(), supervisor.what.as_ref())
}

fn merge(
    recorder: Option<&ExecutionStarted>,
    supervisor: Option<&ExecutionStarted>,
) -> ExecutionStarted {
    let (Some(recorder), Some(supervisor)) = (recorder, supervisor) else {
        let mut what = recorder.or(supervisor).cloned().unwrap_or_default();
        what.instance = None;
        return what;
    };
    let mut labels = recorder.labels.clone();
    for label in &supervisor.labels {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    let (a, b) = (recorder, supervisor);
    let or = |a: &Option<String>, b: &Option<String>| a.clone().or_else(|| b.clone());
    ExecutionStarted {
        instance: None,
        labels,
        playbook: or(&a.playbook, &b.playbook),
        inventory: or(&a.inventory, &b.inventory),
        limit: or(&a.limit, &b.limit),
        hosts: or(&a.hosts, &b.hosts),
        module: or(&a.module, &b.module),
        args: or(&a.args, &b.args),
        cwd: or(&a.cwd, &b.cwd),
        user: or(&a.user, &b.user),
        sudo_user: or(&a.sudo_user, &b.sudo_user),
        controller: or(&a.controller, &b.controller),
        // Who launched it, and why, the supervisor was told by the one who did.
        launched_by: or(&b.launched_by, &a.launched_by),
        note: or(&b.note, &a.note),
        replay_of: or(&b.replay_of, &a.replay_of),
        git: a.git.clone().or_else(|| b.git.clone()),
        ..a.clone()
    }
}
