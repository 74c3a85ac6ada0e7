//! The limits of a comparison, in sentences for people. Pure.

use playback_wire::ExecutionType;

use super::RESULTS;
use super::output::LINES;
use crate::model::{ExecutionRow, Status, time_from_us};

/// Both are one run.
pub(super) fn same_run() -> String {
    "Both are the same run, so nothing can be different.".to_owned()
}

/// Whether the printed lines of both are there, and no more than are compared.
pub(super) fn output_is_compared(before: &ExecutionRow, now: &ExecutionRow) -> bool {
    [before, now]
        .iter()
        .all(|row| row.log.payload_removed_us.is_none() && row.output_lines <= LINES)
}

/// The remarks on both runs; `is_cut`: whether each has more results than are compared.
pub(super) fn remarks(before: &ExecutionRow, now: &ExecutionRow, is_cut: [bool; 2]) -> Vec<String> {
    let mut remarks = Vec::new();
    remarks.extend(another_kind(before, now));
    for (row, is_cut) in [before, now].into_iter().zip(is_cut) {
        remarks.extend(of_run(row, is_cut));
    }
    let long =
        |row: &&ExecutionRow| row.log.payload_removed_us.is_none() && row.output_lines > LINES;
    if let Some(row) = [before, now].iter().copied().find(long) {
        remarks.push(format!(
            "The output is not compared: run {} printed {} lines, more than {LINES}.",
            row.id, row.output_lines
        ));
    }
    remarks
}

fn of_run(row: &ExecutionRow, is_cut: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if row.status == Status::Running {
        remarks.push(format!(
            "Run {} is not over: only what it has done so far is compared.",
            row.id
        ));
    }
    if let Some(removed_us) = row.log.payload_removed_us {
        let date = time_from_us(removed_us).format("%Y-%m-%d");
        remarks.push(format!(
            "Retention removed what run {} printed and returned, on {date}: its output and the fields of its results \
             cannot be compared.",
            row.id
        ));
    }
    if is_cut {
        remarks.push(format!(
            "Run {} has more than {RESULTS} results: only the first of them are compared.",
            row.id
        ));
    }
    if let Some(missing) = &row.events.missing {
        remarks.push(format!(
            "The record of run {} is not complete: {missing}.",
            row.id
        ));
    }
    if !row.description.left_out.is_empty() {
        remarks.push(format!(
            "The record of run {} leaves out: {}.",
            row.id,
            row.description.left_out.join(", ")
        ));
    }
    remarks
}

/// Whether the runs are of different playbooks, or not both of a playbook.
fn another_kind(before: &ExecutionRow, now: &ExecutionRow) -> Option<String> {
    let (a, b) = (&before.description, &now.description);
    match (a.r#type, b.r#type) {
        (ExecutionType::Playbook, ExecutionType::Playbook) => {
            let name = |path: &Option<String>| path.clone().unwrap_or_else(|| "unknown".to_owned());
            let (a, b) = (name(&a.playbook), name(&b.playbook));
            let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
            (file(&a) != file(&b))
                .then(|| format!("The runs are of different playbooks: {a} and {b}."))
        }
        (ExecutionType::Adhoc, ExecutionType::Adhoc) => {
            // With or without its collection, a module is the same one.
            let short = |name: &Option<String>| {
                let name = name.as_deref().unwrap_or("unknown");
                name.strip_prefix("ansible.builtin.")
                    .or_else(|| name.strip_prefix("ansible.legacy."))
                    .unwrap_or(name)
                    .to_owned()
            };
            let (a, b) = (short(&a.module), short(&b.module));
            (a != b).then(|| format!("The runs are of different modules: {a} and {b}."))
        }
        _ => Some("One of the runs is of a playbook, the other is an ad-hoc command.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::row;
    use super::*;

    #[test]
    fn each_limit_is_told() {
        let (mut before, mut now) = (row(), row());
        assert_eq!(remarks(&before, &now, [false; 2]), [""; 0]);
        before.description.playbook = Some("/srv/site.yml".to_owned());
        now.description.playbook = Some("web.yml".to_owned());
        now.status = Status::Running;
        before.log.payload_removed_us = Some(0);
        now.output_lines = LINES + 1;
        let told = remarks(&before, &now, [true, false]);
        let beginnings = [
            "The runs are of different playbooks: /srv/site.yml and web.yml.",
            "Retention removed what run",
            "Run 00000000-0000-0000-0000-000000000000 has more than 2000000 results",
            "Run 00000000-0000-0000-0000-000000000000 is not over",
            "The output is not compared",
        ];
        assert_eq!(told.len(), beginnings.len(), "{told:?}");
        for (told, beginning) in told.iter().zip(beginnings) {
            assert!(told.starts_with(beginning), "{told}");
        }
        let (mut before, mut now) = (row(), row());
        for (row, module) in [(&mut before, "ping"), (&mut now, "ansible.builtin.ping")] {
            row.description.r#type = ExecutionType::Adhoc;
            row.description.module = Some(module.to_owned());
        }
        assert_eq!(remarks(&before, &now, [false; 2]), [""; 0]);
        now.description.module = Some("apt".to_owned());
        assert_eq!(
            remarks(&before, &now, [false; 2]),
            ["The runs are of different modules: ping and apt."]
        );
        let mut before = row();
        before.log.payload_removed_us = Some(0);
        now.output_lines = LINES + 1;
        assert!(!output_is_compared(&before, &row()) && !output_is_compared(&row(), &now));
    }
}
