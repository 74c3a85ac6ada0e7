//! One execution in a few words: what ran, how it stands, how its hosts fared.

use playback_wire::ExecutionType;

use super::out::Colour;
use super::when::show_seconds;
use crate::clock::Clock;
use crate::model::{ExecutionResult, Phase, Status};

/// What ran.
pub(super) fn what(record: &ExecutionResult) -> String {
    let started = &record.what;
    match started.r#type {
        ExecutionType::Playbook => started.playbook.clone().unwrap_or_default(),
        ExecutionType::Adhoc => {
            let module = started.module.as_deref().unwrap_or("?");
            let hosts = started.hosts.as_deref().unwrap_or("?");
            format!("ad-hoc {module} on {hosts}")
        }
    }
}

/// How it stands, and why.
pub(super) fn status(record: &ExecutionResult) -> String {
    let status = record.status.as_str();
    match (record.reason, record.phase) {
        (Some(reason), _) => format!("{status} ({})", reason.as_str()),
        (None, _) if record.status != Status::Running => status.to_owned(),
        (None, _) if record.canceled_by.is_some() => format!("{status} (being canceled)"),
        // It does not run, whatever programs that know three states must be told.
        (None, Phase::Queued) => record.phase.as_str().to_owned(),
        (None, Phase::Starting) => format!("{status} ({})", record.phase.as_str()),
        (None, _) => status.to_owned(),
    }
}

/// The colour of how it stands.
pub(super) fn colour(status: Status) -> Colour {
    match status {
        Status::Running => Colour::Cyan,
        Status::Success => Colour::Green,
        Status::Failed => Colour::Red,
    }
}

/// How long it took, or has taken or waited so far.
pub(super) fn duration(record: &ExecutionResult, clock: &Clock) -> String {
    match (record.duration, record.status) {
        (Some(seconds), _) => show_seconds(seconds),
        (None, Status::Running) => {
            let us = clock.now_us() - record.start_time.timestamp_micros();
            let what = match record.phase {
                Phase::Queued => "waiting",
                _ => "so far",
            };
            format!("{} {what}", show_seconds(us.max(0) as f64 / 1e6))
        }
        (None, _) => String::new(),
    }
}

/// How many hosts fared how.
pub(super) fn hosts(record: &ExecutionResult) -> String {
    let (mut ok, mut changed, mut failed, mut unreachable) = (0, 0, 0, 0);
    for stats in record.stats.values() {
        let well = stats.failed == 0 && stats.unreachable == 0;
        ok += u64::from(well);
        changed += u64::from(stats.changed > 0);
        failed += u64::from(stats.failed > 0);
        unreachable += u64::from(stats.unreachable > 0);
    }
    [
        (ok, "ok"),
        (changed, "changed"),
        (failed, "failed"),
        (unreachable, "unreachable"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

/// The text, its front left out where it is too long: the end of a path tells most.
pub(super) fn end_of(text: &str, length: usize) -> String {
    let count = text.chars().count();
    if count <= length {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count - length + 1).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_keep_their_end() {
        assert_eq!(end_of("site.yml", 8), "site.yml");
        assert_eq!(end_of("playbooks/site.yml", 8), "…ite.yml");
    }
}
