//! Describes the end of a run in words: only what its record proves.

use crate::model::{ExecutionRow, HostOutcomes, Reason, Status};

/// Lines of output that stand for an error that is not marked as one.
const LINES: usize = 5;

/// How Ansible marks its own errors; since 2.19 the second way.
const MARKS: [&str; 2] = ["ERROR! ", "[ERROR]: "];

/// How the run ended, in sentences.
pub(super) fn verdict(row: &ExecutionRow, hosts: HostOutcomes) -> Vec<String> {
    let mut said = match (row.status, row.reason) {
        (Status::Running, _) => {
            vec!["The run is not over: this is what has failed so far.".to_owned()]
        }
        (Status::Success, _) => succeeded(row, hosts),
        (Status::Failed, Some(Reason::TaskFailed | Reason::Unreachable)) => vec![of_hosts(hosts)],
        (Status::Failed, Some(Reason::Canceled)) => vec![canceled(row)],
        (Status::Failed, Some(Reason::TimedOut)) => {
            vec!["The run took longer than it was allowed to, and was stopped.".to_owned()]
        }
        (Status::Failed, Some(Reason::Lost)) => vec![
            "The run fell silent without reporting an end: whether and how it ended is not known."
                .to_owned(),
        ],
        (Status::Failed, Some(Reason::LaunchError)) => {
            vec!["The process could not be started: no task ran.".to_owned()]
        }
        (Status::Failed, Some(Reason::AnsibleError) | None) => vec![unexplained(row, hosts)],
    };
    let is_about_hosts = matches!(row.reason, Some(Reason::TaskFailed | Reason::Unreachable));
    if !is_about_hosts && row.status != Status::Success && hosts.failed + hosts.unreachable > 0 {
        said.push(of_hosts(hosts));
    }
    if let Some(missing) = &row.events.missing {
        said.push(format!("The record is not complete: {missing}."));
    }
    said
}

fn succeeded(row: &ExecutionRow, hosts: HostOutcomes) -> Vec<String> {
    let said = match row.exit_code {
        Some(_) => "The run did not fail: its exit code was 0.",
        None => "The run did not fail.",
    };
    let mut said = vec![said.to_owned()];
    if hosts.failed + hosts.unreachable > 0 {
        said.push(of_hosts(hosts));
    }
    said
}

/// The hosts that failed or were not reached.
fn of_hosts(hosts: HostOutcomes) -> String {
    let HostOutcomes {
        total,
        failed,
        unreachable,
        ..
    } = hosts;
    let noun = if total == 1 { "host" } else { "hosts" };
    match (failed, unreachable) {
        (failed, 0) => format!("{failed} of {total} {noun} failed."),
        (0, unreachable) => {
            format!("{unreachable} of {total} {noun} could not be reached. No task failed.")
        }
        (failed, unreachable) => {
            format!("{failed} of {total} {noun} failed, and {unreachable} could not be reached.")
        }
    }
}

fn canceled(row: &ExecutionRow) -> String {
    match (&row.canceled_by, row.signal, row.exit_code) {
        (Some(by), ..) => match &row.description.cancel_note {
            Some(note) => format!("The run was canceled by {by}: {note}"),
            None => format!("The run was canceled by {by}."),
        },
        (None, Some(signal), _) => format!("Signal {signal} ended the run."),
        (None, None, Some(99)) => {
            "The run was interrupted: Ansible's exit code 99 says so.".to_owned()
        }
        (None, None, _) => "The run was interrupted.".to_owned(),
    }
}

/// An exit code that no host explains.
fn unexplained(row: &ExecutionRow, hosts: HostOutcomes) -> String {
    let Some(code) = row.exit_code else {
        if row.description.imported.is_some() {
            return "The run failed, and no host did.".to_owned();
        }
        return "The run ended without an exit code, and no host failed.".to_owned();
    };
    match code {
        1 => "Ansible itself failed (exit code 1): no host did."
            .to_owned(),
        2 if hosts.rescued > 0 => format!(
            "Exit code 2 says that a host failed, but the recap counts none: {} a failure that a \
             \"rescue\" handled. If a task with \"run_once\" fails, Ansible keeps this exit code although the \
             failure was rescued.",
            match hosts.rescued {
                1 => "1 host had".to_owned(),
                rescued => format!("{rescued} hosts had"),
            }
        ),
        2 if hosts.total == 0 => {
            "The command ended with exit code 2 before any task ran, as it does when Ansible does not understand its \
             options."
                .to_owned()
        }
        2 => "Exit code 2 says that a host failed, but the recap counts none.".to_owned(),
        4 if hosts.total == 0 => {
            "Ansible could not read what it was to run (exit code 4): no task ran.".to_owned()
        }
        4 => "Exit code 4 says that a host was not reached or that a file could not be read, but the recap counts no \
              host."
            .to_owned(),
        5 => "Ansible refused its command line (exit code 5): no task ran.".to_owned(),
        250 => "Ansible ended with an error that it did not expect (exit code 250).".to_owned(),
        code => format!("The command ended with exit code {code}, and no host failed."),
    }
}

/// Whether the error is not in a result, but in what Ansible printed.
pub(super) fn is_printed(row: &ExecutionRow, hosts: HostOutcomes) -> bool {
    match row.reason {
        Some(Reason::LaunchError) => true,
        Some(Reason::AnsibleError) => row.exit_code != Some(2) || hosts.total == 0,
        _ => false,
    }
}

/// The error that Ansible printed: from its last mark to the next empty line; without one, the last lines.
pub(super) fn error_in(lines: impl Iterator<Item = String>) -> Vec<String> {
    let lines: Vec<String> = lines.collect();
    let is_filled = |line: &&String| !line.trim().is_empty();
    let is_marked = |line: &String| {
        let is_usage = line.starts_with("ansible") && line.contains(": error: ");
        is_usage || MARKS.iter().any(|mark| line.contains(mark))
    };
    if let Some(at) = lines.iter().rposition(is_marked) {
        let error = lines[at..].iter().take_while(is_filled);
        return error.take(LINES).cloned().collect();
    }
    let filled: Vec<&String> = lines.iter().filter(is_filled).collect();
    let last = filled.len().saturating_sub(LINES);
    filled[last..].iter().copied().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_told_from_its_mark_on() {
        let of = |text: &str| error_in(text.lines().map(str::to_owned));
        assert_eq!(
            of("PLAY\nERROR! one\n\nERROR! two\nmore\n\nend\n"),
            ["ERROR! two", "more"]
        );
        assert_eq!(of("[ERROR]: new\n"), ["[ERROR]: new"]);
        assert_eq!(
            of("usage: …\nansible-playbook: error: no such option\n\nhelp\n"),
            ["ansible-playbook: error: no such option"]
        );
        assert_eq!(of("1\n2\n\n3\n4\n5\n6"), ["2", "3", "4", "5", "6"]);
        assert_eq!(of(""), Vec::<String>::new());
    }

    #[test]
    fn hosts_are_counted_in_words() {
        let of = |total, failed, unreachable| {
            of_hosts(HostOutcomes {
                total,
                failed,
                unreachable,
                ..HostOutcomes::default()
            })
        };
        assert_eq!(of(1, 1, 0), "1 of 1 host failed.");
        assert_eq!(
            of(9, 0, 2),
            "2 of 9 hosts could not be reached. No task failed."
        );
        assert_eq!(
            of(9, 3, 2),
            "3 of 9 hosts failed, and 2 could not be reached."
        );
    }
}
