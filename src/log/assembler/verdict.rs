//! Judges an execution's state from its producers' reports.

use playback_wire::{
    EndReason, ExecutionStarted, HostStats, Imported, Producer, ResultStatus, TaskResult,
};

use super::producer::{ProducerState, Producers};
use crate::model::{EventCount, ExecutionRow, Phase, Reason, Status};

/// Ansible's exit code when a person interrupts it.
const INTERRUPTED: i32 = 99;

/// Whether it is over: every known producer at the process has ended. A run handed to a supervisor is not over until
/// that reports, and one that was never started is over when the launcher says so.
pub(super) fn all_ended(producers: &Producers) -> bool {
    let [recorder, supervisor, launcher] = producers;
    let mut seen = [recorder, supervisor]
        .into_iter()
        .filter(|producer| producer.has_events())
        .peekable();
    if launcher.ended.is_some() && !supervisor.has_events() {
        return seen.all(|producer| producer.ended.is_some());
    }
    if launcher.launched && !supervisor.has_events() {
        return false;
    }
    seen.peek().is_some() && seen.all(|producer| producer.ended.is_some())
}

/// Whether it was requested from the launcher, and nothing was started yet.
pub(super) fn waits_for_launch(producers: &Producers) -> bool {
    let [recorder, supervisor, launcher] = producers;
    launcher.has_events()
        && !launcher.launched
        && !recorder.has_events()
        && !supervisor.has_events()
}

/// Whether Ansible's recap counts a result. An included file counts when its event arrives (see [`count_included`]),
/// and skipped `meta` tasks do not count at all.
pub(super) fn counts(action: &str, status: ResultStatus) -> bool {
    let name = ["ansible.builtin.", "ansible.legacy."]
        .iter()
        .find_map(|prefix| action.strip_prefix(prefix))
        .unwrap_or(action);
    !matches!(
        (name, status),
        (
            "include" | "include_tasks" | "include_role",
            ResultStatus::Ok
        ) | ("meta", ResultStatus::Skipped)
    )
}

/// A file was included for a host.
pub(super) fn count_included(stats: &mut HostStats) {
    stats.ok = stats.ok.saturating_add(1);
}

/// Adds a host's counts to those of several.
pub(super) fn add(all: &mut HostStats, host: &HostStats) {
    let counts = [
        (&mut all.ok, host.ok),
        (&mut all.changed, host.changed),
        (&mut all.unreachable, host.unreachable),
        (&mut all.failed, host.failed),
        (&mut all.skipped, host.skipped),
        (&mut all.rescued, host.rescued),
        (&mut all.ignored, host.ignored),
    ];
    for (all, host) in counts {
        *all = all.saturating_add(host);
    }
}

/// Adds a result to a host's counts as Ansible's own recap does.
pub(super) fn count(stats: &mut HostStats, result: &TaskResult<'_>) {
    // The recap's counts may be any number.
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
        ResultStatus::Unreachable if result.ignored => {
            add(&mut stats.ok, true);
            add(&mut stats.ignored, true);
        }
        ResultStatus::Failed if result.rescued => add(&mut stats.rescued, true),
        ResultStatus::Failed => add(&mut stats.failed, true),
        ResultStatus::Skipped => add(&mut stats.skipped, true),
        ResultStatus::Unreachable => add(&mut stats.unreachable, true),
    }
}

/// Removes a result from a host's counts, as Ansible does when the debugger runs its task again: one from the count of
/// its status, and one `ok`, whether or not it had counted as that.
pub(super) fn retract(stats: &mut HostStats, status: ResultStatus, changed: bool) {
    let ended = match status {
        ResultStatus::Ok => None,
        ResultStatus::Failed => Some(&mut stats.failed),
        ResultStatus::Skipped => Some(&mut stats.skipped),
        ResultStatus::Unreachable => Some(&mut stats.unreachable),
    };
    if let Some(count) = ended {
        *count = count.saturating_sub(1);
    }
    stats.changed = stats.changed.saturating_sub(u64::from(changed));
    stats.ok = stats.ok.saturating_sub(1);
}

/// Updates everything in the execution's row that several producers contribute to, except the description, which is set
/// once (see [`description`]). `lost`: the producers fell silent; contains their latest sign of life without events, if any.
pub(super) fn refresh<'a>(
    row: &mut ExecutionRow,
    producers: &Producers,
    hosts: impl Iterator<Item = &'a HostStats> + Clone,
    lost: Option<Option<i64>>,
) {
    let (alive_us, lost) = (lost.flatten(), lost.is_some());
    let [recorder, supervisor, launcher] = producers;
    row.queued_us = launcher.first_at;
    // The launcher uses the collector's own clock.
    let corrected = |at: i64| at.saturating_add(row.description.clock_corrected_us);
    // Time in the queue is not part of the run, once it has started.
    row.started_us = [recorder.first_at, supervisor.first_at]
        .into_iter()
        .flatten()
        .min()
        .map(corrected)
        .or(launcher.first_at)
        .unwrap_or(0);
    row.canceled_by.clone_from(&launcher.canceled_by);
    // Other producers' values are ignored: only the collector knows these.
    row.description
        .cancel_note
        .clone_from(&launcher.cancel_note);
    row.base_us = recorder.first_at.map_or(row.started_us, corrected);
    // In check mode Ansible counts changes that it did not make.
    row.changed = !row.description.check && hosts.clone().any(|stats| stats.changed > 0);

    // The supervisor sees all output, including what is printed before the recorder loads.
    let (from, printer) = if supervisor.lines() > 0 {
        (Producer::Supervisor, supervisor)
    } else {
        (Producer::Recorder, recorder)
    };
    row.output_from = from;
    row.output_lines = printer.lines();
    row.usage = supervisor.usage.or(recorder.usage);
    let ends = || {
        [supervisor.ended, recorder.ended, launcher.ended]
            .into_iter()
            .flatten()
    };
    row.exit_code = ends().find_map(|end| end.exit_code);
    row.signal = ends().find_map(|end| end.signal);

    let ended = all_ended(producers);
    let last_at = match recorder.last_at.max(supervisor.last_at) {
        0 => launcher.last_at,
        last_at => corrected(last_at),
    };
    let alive_us = alive_us.map(corrected);
    // The supervisor saw the process end, so its outcome is known, even if the recorder could not report.
    let end_seen = ended || (lost && supervisor.ended.is_some());
    row.ended_us = (ended || lost).then(|| match alive_us {
        // It ended at its last sign of life, or after that.
        Some(alive_us) if !end_seen => last_at.max(alive_us),
        _ => last_at,
    });
    if end_seen {
        row.phase = Phase::Finished;
        row.status = match (row.exit_code, row.signal) {
            (Some(0), _) => Status::Success,
            (None, None) if ends().any(|end| end.succeeded == Some(true)) => Status::Success,
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
    row.events = events(producers, ended, lost, row.description.imported.as_ref());
}

fn reason<'a>(
    row: &ExecutionRow,
    mut hosts: impl Iterator<Item = &'a HostStats> + Clone,
    said: Option<EndReason>,
) -> Reason {
    if said == Some(EndReason::LaunchError) {
        Reason::LaunchError
    } else if said == Some(EndReason::TimedOut) {
        Reason::TimedOut
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

fn events(
    producers: &Producers,
    ended: bool,
    lost: bool,
    imported: Option<&Imported>,
) -> EventCount {
    let received: u64 = producers.iter().map(|producer| producer.last_seq).sum();
    let left_out = producers
        .iter()
        .map(ProducerState::left_out)
        .fold(0, u64::saturating_add);
    let mut missing = Vec::new();
    if let Some(imported) = imported {
        missing.push(not_recorded(imported, lost));
    }
    for (producer, name) in producers.iter().zip(Producer::ALL) {
        if producer.left_out() > 0 {
            let why = match producer.dropped_reason.as_str() {
                "" => String::new(),
                reason => format!(" ({reason})"),
            };
            missing.push(format!(
                "the {} left out {} events{why}",
                name.as_str(),
                producer.left_out()
            ));
        }
        let programs = producer.ended.map_or(0, |ended| ended.uncaptured_programs);
        if programs > 0 {
            let plural = if programs == 1 { "" } else { "s" };
            missing.push(format!(
                "what {programs} program{plural} printed past Ansible, if anything (playback exec records it)"
            ));
        }
        for (first, last) in &producer.gaps {
            missing.push(format!(
                "events {first} to {last} of the {} cannot be read: the log is damaged",
                name.as_str()
            ));
        }
        let at_the_process = name != Producer::Launcher;
        let name = name.as_str();
        let is_silent = at_the_process && producer.has_events() && producer.ended.is_none();
        if lost && is_silent && imported.is_none() {
            missing.push(format!(
                "the {name} fell silent after event {}",
                producer.last_seq
            ));
        }
    }
    EventCount {
        received,
        expected: ended.then_some(received.saturating_add(left_out)),
        complete: ended
            && left_out == 0
            && imported.is_none()
            && producers.iter().all(|producer| producer.gaps.is_empty()),
        missing: (!missing.is_empty()).then(|| missing.join("; ")),
    }
}

/// The parts of a run that are unknown because its recorder did not record them.
fn not_recorded(imported: &Imported, lost: bool) -> String {
    let mut unknown: Vec<String> = imported
        .unknown
        .iter()
        .map(|field| field.replace('_', " "))
        .collect();
    if lost {
        unknown.push("its end".to_owned());
    }
    format!(
        "what {} did not record: {}",
        imported.recorder(),
        unknown.join(", ")
    )
}

/// The description of the run: the recorder's values first, then the supervisor's, then the launcher's.
pub(super) fn description(producers: &Producers) -> ExecutionStarted {
    let mut starts = producers.iter().zip(Producer::ALL).filter_map(start_of);
    let mut description = starts.next().unwrap_or_default();
    for next in starts {
        description = merge(&description, &next);
    }
    description.instance = None;
    if producers[Producer::Launcher as usize].has_events() {
        without_handed_over(&mut description);
    }
    description
}

/// The launcher passes ad-hoc arguments as variables, whose names mean nothing to users.
fn without_handed_over(description: &mut ExecutionStarted) {
    const VARIABLES: &str = "playback_arg_";
    description
        .extra_var_names
        .retain(|name| !name.starts_with(VARIABLES));
    description.args.take_if(|args| args.contains(VARIABLES));
}

/// A producer's description. Only the launcher knows that the run was requested from the collector, or is scheduled.
fn start_of((state, producer): (&ProducerState, Producer)) -> Option<ExecutionStarted> {
    let mut description = state.description.clone()?;
    if producer != Producer::Launcher {
        description.launched_by = description
            .launched_by
            .filter(|by| !by.starts_with("token:") && !by.starts_with("schedule:"));
        description.schedule = None;
    }
    Some(description)
}

/// The values of `inner`, and where it has none, those of `outer`, which is further from Ansible.
fn merge(inner: &ExecutionStarted, outer: &ExecutionStarted) -> ExecutionStarted {
    let mut labels = inner.labels.clone();
    for label in &outer.labels {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    let (a, b) = (inner, outer);
    let or = |a: &Option<String>, b: &Option<String>| a.clone().or_else(|| b.clone());
    ExecutionStarted {
        labels,
        playbook: or(&a.playbook, &b.playbook),
        inventory: or(&a.inventory, &b.inventory),
        // The launcher knows the hosts, while the command line only names a file of them.
        limit: or(&b.limit, &a.limit),
        hosts: or(&a.hosts, &b.hosts),
        module: or(&a.module, &b.module),
        args: or(&a.args, &b.args),
        cwd: or(&a.cwd, &b.cwd),
        user: or(&a.user, &b.user),
        sudo_user: or(&a.sudo_user, &b.sudo_user),
        controller: or(&a.controller, &b.controller),
        // The outer producer knows best who launched it, and why.
        launched_by: or(&b.launched_by, &a.launched_by),
        note: or(&b.note, &a.note),
        replay_of: or(&b.replay_of, &a.replay_of),
        schedule: or(&b.schedule, &a.schedule),
        parent: or(&b.parent, &a.parent),
        traceparent: or(&b.traceparent, &a.traceparent),
        git: a.git.clone().or_else(|| b.git.clone()),
        redacted: [a.redacted.as_slice(), &b.redacted].concat(),
        output_left_out: a.output_left_out.max(b.output_left_out),
        clock_corrected_us: match a.clock_corrected_us {
            0 => b.clock_corrected_us,
            corrected_us => corrected_us,
        },
        ..a.clone()
    }
}
