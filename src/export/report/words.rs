//! Parts of an execution in words, as text that is not escaped yet.

use chrono::SecondsFormat;
use playback_wire::{ExecutionType, Imported};

use crate::model::{
    Difference, ExecutionRow, FailedTask, FailureGroup, LastSuccess, Seen, TaskRow, printed_task,
    task_title, time_from_us,
};

/// The subject of a run.
pub(super) fn title(row: &ExecutionRow) -> String {
    let started = &row.description;
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    match started.r#type {
        ExecutionType::Playbook => known(&started.playbook),
        ExecutionType::Adhoc => format!(
            "ad-hoc {} on {}",
            known(&started.module),
            known(&started.hosts)
        ),
    }
}

/// The status and the reason, and whether it was a check.
pub(super) fn status(row: &ExecutionRow) -> String {
    let reason = row.reason.map(|reason| reason.as_str());
    let check = row.description.check.then_some("check mode");
    let more: Vec<&str> = reason.into_iter().chain(check).collect();
    match more.is_empty() {
        true => row.status.as_str().to_owned(),
        false => format!("{} ({})", row.status.as_str(), more.join(", ")),
    }
}

/// A time, with its zone.
pub(super) fn time(us: i64) -> String {
    let text = time_from_us(us).to_rfc3339_opts(SecondsFormat::Secs, true);
    text.replace('T', " ").replace('Z', " UTC")
}

/// A duration: `12.3s`, `2m 05s`, `1h 02m`.
pub(super) fn duration(us: i64) -> String {
    let seconds = us.max(0) / 1_000_000;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{:.1}s", us.max(0) as f64 / 1e6),
        (0, minutes) => format!("{minutes}m {:02}s", seconds % 60),
        (hours, minutes) => format!("{hours}h {minutes:02}m"),
    }
}

/// The head of a document: names and texts. Unknown values are left out.
pub(super) fn facts(row: &ExecutionRow) -> Vec<(&'static str, String)> {
    let started = &row.description;
    let mut facts = vec![("Status", status(row))];
    let mut add = |name, text: Option<String>| {
        facts.extend(
            text.filter(|text| !text.is_empty())
                .map(|text| (name, text)),
        );
    };
    add("Exit code", row.exit_code.map(|code| code.to_string()));
    add("Signal", row.signal.map(|signal| signal.to_string()));
    add("Started", Some(time(row.started_us)));
    add("Took", row.duration_us().map(duration));
    add("Inventory", started.inventory.clone());
    add("Limit", started.limit.clone());
    add("Tags", Some(started.tags.join(", ")));
    add("Skipped tags", Some(started.skip_tags.join(", ")));
    add("User", started.user.clone());
    add("Controller", started.controller.clone());
    add("Launched by", started.launched_by.clone());
    add("Schedule", started.schedule.clone());
    add("Canceled by", row.canceled_by.clone());
    let imported = started.imported.as_ref();
    add("Imported from", imported.map(Imported::recorder));
    add("Labels", Some(started.labels.join(", ")));
    add("Note", started.note.clone());
    let commit = started.git.as_ref().map(|git| {
        let branch = git.branch.as_ref().map(|branch| format!(" ({branch})"));
        let dirty = if git.dirty == Some(true) {
            ", with changes"
        } else {
            ""
        };
        format!("{}{}{dirty}", git.commit, branch.unwrap_or_default())
    });
    add("Git commit", commit);
    add("Ansible", started.ansible_version.clone());
    add("Execution", Some(row.id.to_string()));
    facts
}

/// A task with its role.
pub(super) fn task(task: &FailedTask) -> String {
    printed_task(task_title(&task.name, &task.action), &task.role)
}

/// A task with its role.
pub(super) fn task_row(task: &TaskRow) -> String {
    printed_task(task_title(&task.name, &task.action), &task.role)
}

/// The heading of an error: on how many hosts.
pub(super) fn on(group: &FailureGroup) -> String {
    match group.host_count {
        0 | 1 => group.host.clone(),
        count => format!("{count} hosts"),
    }
}

/// The message of an error, or why there is none.
pub(super) fn message(group: &FailureGroup) -> String {
    match (&group.message, group.censored) {
        (Some(message), _) => message.clone(),
        (None, true) => "Ansible censored what was returned (no_log).".to_owned(),
        (None, false) => format!("{}, without a message", group.status.as_str()),
    }
}

/// In which runs an error occurred.
pub(super) fn occurrences(seen: &Seen) -> String {
    let day = |at: &crate::model::RunAt| time(at.start_time.timestamp_micros());
    match (seen.runs, &seen.previous) {
        (0 | 1, _) => "in no other run".to_owned(),
        (runs, Some(previous)) => format!(
            "in {runs} runs since {}, before this one last on {}",
            day(&seen.first),
            day(previous)
        ),
        (runs, None) => format!("in no earlier run, and in {} since then", runs - 1),
    }
}

/// When a task last worked, and what is different since.
pub(super) fn last_success(success: &LastSuccess) -> String {
    let Some(run) = &success.run else {
        return match success.searched {
            0 => "not known: no earlier run is recorded".to_owned(),
            searched => format!("in none of the {searched} runs before this one"),
        };
    };
    let differences: Vec<String> = success.differences.iter().map(difference).collect();
    let since = match differences.is_empty() {
        true => "nothing that is recorded is different since".to_owned(),
        false => format!("different since: {}", differences.join("; ")),
    };
    let at = time(run.start_time.timestamp_micros());
    format!("on {at} ({}); {since}", run.id)
}

fn difference(difference: &Difference) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    format!(
        "{}: {} → {}",
        difference.field,
        value(&difference.before),
        value(&difference.now)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times_are_short() {
        let shown = [-5, 40_000, 59_900_000, 125_000_000, 3_723_000_000].map(duration);
        assert_eq!(shown, ["0.0s", "0.0s", "59.9s", "2m 05s", "1h 02m"]);
        assert_eq!(time(1_768_903_200_000_000), "2026-01-20 10:00:00 UTC");
    }
}
