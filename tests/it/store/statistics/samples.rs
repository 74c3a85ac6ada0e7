//! Runs that look random, and are the same every time.

use playback::model::{
    Changes, DAY_US, ExecutionKey, ExecutionRow, HOUR_US, HostRow, Phase, Reason, Status,
    TaskCounts, TaskRow,
};
use playback_wire::{HostStats, Usage};
use serde_json::json;

use super::super::rows::{execution, host, only, task};

/// 2026-01-20.
pub(super) const FIRST_DAY: i64 = 20_473;
pub(super) const DAYS: i64 = 5;

/// Numbers that look random, and are the same every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    pub(super) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize].clone()
    }
}

/// A run and its result.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) key: ExecutionKey,
    pub(super) changes: Changes,
    pub(super) archived: bool,
}

impl Sample {
    pub(super) fn row(&self) -> &ExecutionRow {
        self.changes.execution.as_ref().unwrap()
    }

    pub(super) fn duration_us(&self) -> Option<i64> {
        let row = self.row();
        row.ended_us.map(|ended| (ended - row.started_us).max(0))
    }

    /// When statistics think that it started: what is archived is known by the hour.
    pub(super) fn at_us(&self) -> i64 {
        let started_us = self.row().started_us;
        if self.archived {
            started_us - started_us.rem_euclid(HOUR_US)
        } else {
            started_us
        }
    }
}

pub(super) fn random_run(dice: &mut Dice) -> Changes {
    let playbook = dice.one(&[
        Some("site.yml"),
        Some("plays/db.yml"),
        Some("other/db.yml"),
        None,
    ]);
    let labels = dice.one(&[vec![], vec!["night"], vec!["night", "prod"], vec!["Prod"]]);
    let what = json!({
        "type": if playbook.is_some() { "playbook" } else { "adhoc" },
        "playbook": playbook,
        "inventory": dice.one(&[Some("prod/hosts"), Some("test/hosts"), None]),
        "user": dice.one(&[Some("ann"), Some("Ann"), None]),
        "controller": dice.one(&["ctl-1", "ctl-2"]),
        "labels": labels,
    });
    let started_us = FIRST_DAY * DAY_US + dice.roll((DAYS * DAY_US) as u64) as i64;
    let status = dice.one(&[
        Status::Success,
        Status::Success,
        Status::Failed,
        Status::Failed,
        Status::Running,
    ]);
    let over = status != Status::Running;
    let magnitude = dice.roll(36);
    let took = dice.roll(1 << magnitude) as i64;
    let row = ExecutionRow {
        status,
        phase: if over {
            Phase::Finished
        } else {
            Phase::Running
        },
        reason: (status == Status::Failed).then(|| dice.one(Reason::ALL)),
        changed: dice.roll(2) == 0,
        started_us,
        ended_us: over.then_some(started_us + took),
        usage: (dice.roll(3) > 0).then(|| Usage {
            user_s: dice.roll(1 << 30) as f64 / 1e6,
            system_s: dice.roll(1 << 20) as f64 / 1e6,
            peak_bytes: 1,
        }),
        ..execution(what)
    };
    let hosts = (1..=dice.roll(4) as u32).map(|number| HostRow {
        stats: HostStats {
            ok: dice.roll(5),
            changed: dice.roll(3),
            failed: dice.roll(6) / 5,
            unreachable: dice.roll(6) / 5,
            ..HostStats::default()
        },
        ..host(number, &format!("host-{number}"), 0)
    });
    let hosts = hosts.collect();
    let tasks = (1..=dice.roll(4) as u32).map(|number| TaskRow {
        role: dice.one(&["web", ""]).to_owned(),
        started_us,
        ended_us: started_us + dice.roll(1000) as i64,
        counts: TaskCounts {
            ok: dice.roll(5) as u32,
            failed: dice.roll(3) as u32 / 2,
            ignored: dice.roll(4) as u32 / 3,
            ..TaskCounts::default()
        },
        ..task(number, &format!("task {number}"))
    });
    let tasks = tasks.collect();
    Changes {
        hosts,
        tasks,
        ..only(row)
    }
}
