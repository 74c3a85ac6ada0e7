//! Tasks and playbooks that got slower or faster, are flaky or not idempotent: from the trends. Pure.

use super::{ReportRequest, TREND_RUNS};
use crate::model::{
    DurationTrend, Report, ReportChange, ReportFlaky, ReportTask, TaskTrend, Trends, printed_task,
    task_place, task_title, time_from_us,
};

/// Entries of each list.
const MOST: usize = 20;

/// Fills them in.
pub(super) fn fill(request: &ReportRequest, trends: &Trends, report: &mut Report) {
    let from = time_from_us(request.from_us);
    let mut changes: Vec<ReportChange> = Vec::new();
    let mut add = |playbook: &str, task: Option<String>, durations: Option<&DurationTrend>| {
        let all = durations.iter().flat_map(|took| &took.changes);
        // A change in an earlier period was in that period's report.
        let recent = all.filter(|change| change.run.start_time >= from);
        changes.extend(recent.map(|change| {
            ReportChange {
                playbook: playbook.to_owned(),
                task: task.clone(),
                since: change.run,
                before: change.before,
                after: change.after,
                commit_before: change
                    .commit_before
                    .clone()
                    .filter(|_| change.commit_before != change.commit),
                commit: change.commit.clone(),
            }
        }));
    };
    for one in &trends.playbooks {
        add(&one.name, None, one.durations.as_ref());
    }
    for one in &trends.tasks {
        add(&one.playbook, Some(title(one)), one.durations.as_ref());
    }
    changes.sort_by(|one, other| {
        let by = |change: &ReportChange| (change.after - change.before).abs();
        by(other).total_cmp(&by(one))
    });
    let (slower, faster) = changes
        .into_iter()
        .partition::<Vec<_>, _>(|change| change.after > change.before);
    report.slower = slower.into_iter().take(MOST).collect();
    report.faster = faster.into_iter().take(MOST).collect();
    flaky(trends, report);
    // Tasks that did not run since may have been mended, or are gone.
    let always = trends.tasks.iter().filter(|one| one.always_changes);
    report.not_idempotent = always
        .take(MOST)
        .map(|one| ReportTask {
            playbook: one.playbook.clone(),
            task: title(one),
            place: task_place(&one.path, Some(one.line).filter(|line| *line > 0)),
            runs: one.runs,
        })
        .collect();
    remarks(request, trends, report);
}

/// A task with its role.
fn title(task: &TaskTrend) -> String {
    printed_task(task_title(&task.name, &task.action), &task.role)
}

fn flaky(trends: &Trends, report: &mut Report) {
    let playbooks = trends.playbooks.iter().filter_map(|one| {
        let turns = one.flaky?;
        Some(("playbook", one.name.clone(), turns))
    });
    let tasks = trends.tasks.iter().filter_map(|one| {
        let turns = one.flaky?;
        Some(("task", format!("{} in {}", title(one), one.playbook), turns))
    });
    let hosts = trends.hosts.iter().filter_map(|one| {
        let turns = one.flaky?;
        Some(("host", one.name.clone(), turns))
    });
    let all = playbooks.chain(tasks).chain(hosts);
    let mut flaky: Vec<ReportFlaky> = all
        .map(|(kind, name, turns)| ReportFlaky {
            kind: kind.to_owned(),
            name,
            turns,
        })
        .collect();
    flaky.sort_by_key(|one| std::cmp::Reverse(one.turns.turns));
    flaky.truncate(MOST);
    report.flaky = flaky;
}

/// Says what the lists are based on.
fn remarks(request: &ReportRequest, trends: &Trends, report: &mut Report) {
    if trends.has_older {
        let is_whole = trends
            .from
            .is_some_and(|from| from <= time_from_us(request.from_us));
        report.remarks.push(match is_whole {
            true => format!(
                "Slower, faster, flaky and not idempotent: from the newest {TREND_RUNS} runs up to the end of the period."
            ),
            false => format!(
                "Slower, faster, flaky and not idempotent: from the newest {TREND_RUNS} runs of the period alone. A query \
                 that names a playbook looks back further."
            ),
        });
    }
    let left_out = [
        (trends.runs_with_tasks, "tasks"),
        (trends.runs_with_hosts, "hosts"),
    ];
    for (read, what) in left_out {
        if read < trends.runs {
            report.remarks.push(format!(
                "Only the {what} of the newest {read} of these runs were read, because there are so many."
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use playback_wire::ExecutionType;
    use uuid::Uuid;

    use super::*;
    use crate::model::{DurationChange, ExecutionFilter, PlaybookTrend, RunAt, Status, Turns};

    const FROM: i64 = 1_768_867_200_000_000;

    fn request() -> ReportRequest {
        ReportRequest {
            schedule: None,
            period: None,
            before_us: FROM - 1_000_000_000,
            from_us: FROM,
            end_us: FROM + 1_000_000_000,
            zone: "UTC".to_owned(),
            query: None,
            filter: ExecutionFilter::default(),
        }
    }

    fn change(at_us: i64, before: f64, after: f64) -> DurationChange {
        DurationChange {
            run: RunAt {
                id: Uuid::nil(),
                start_time: time_from_us(at_us),
            },
            before,
            after,
            commit_before: Some("a".to_owned()),
            commit: Some("a".to_owned()),
        }
    }

    fn playbook(name: &str, changes: Vec<DurationChange>, flaky: Option<Turns>) -> PlaybookTrend {
        PlaybookTrend {
            r#type: ExecutionType::Playbook,
            name: name.to_owned(),
            folder: None,
            runs: 20,
            succeeded: 20,
            success_rate: 1.0,
            unfinished: 0,
            last: change(FROM, 0.0, 0.0).run,
            last_status: Status::Success,
            flaky,
            durations: Some(DurationTrend {
                runs: 20,
                median: 1.0,
                p95: 1.0,
                changes,
            }),
            cost: None,
        }
    }

    #[test]
    fn changes_of_the_period_are_told_those_that_matter_most_first() {
        let turns = Turns { turns: 4, of: 9 };
        let trends = Trends {
            runs: 40,
            runs_with_tasks: 40,
            runs_with_hosts: 40,
            playbooks: vec![
                playbook(
                    "a.yml",
                    vec![change(FROM - 1, 1.0, 9.0), change(FROM, 9.0, 12.0)],
                    None,
                ),
                playbook("b.yml", vec![change(FROM + 5, 60.0, 90.0)], Some(turns)),
                playbook("c.yml", vec![change(FROM + 6, 60.0, 30.0)], None),
            ],
            ..Trends::default()
        };
        let mut report = Report::default();
        fill(&request(), &trends, &mut report);
        let names = |changes: &[ReportChange]| -> Vec<String> {
            changes
                .iter()
                .map(|change| change.playbook.clone())
                .collect()
        };
        assert_eq!(names(&report.slower), ["b.yml", "a.yml"]);
        assert_eq!(names(&report.faster), ["c.yml"]);
        // The same commit says nothing.
        assert_eq!(report.slower[0].commit_before, None);
        assert_eq!(report.flaky[0].name, "b.yml");
        assert!(report.remarks.is_empty());
    }
}
