//! A synthetic history of a site after a year; the same size always gives the same history. It is for tests and
//! measurements that need a large history, and is stored in the same way as by ingestion.
//!
//! A few dozen runs are written as events, and projected by the collector's own assembler; every execution
//! is one of these with another identity, time, length, cause, owner and hosts. So rows fit each other and
//! the log; only the words within the log (names of hosts, texts) are those of the run that was copied.
//!
//! - [`names`]: what occurs in it, and how often
//! - `runs`: the runs that are copied

pub mod names;
mod runs;

use playback::model::{Changes, ExecutionRow, Reason, Status};
use playback_wire::{ExecutionStarted, ExecutionType};
use uuid::Uuid;

use names::{CONTROLLERS, INVENTORIES, LABELS, USERS};
use runs::Kind;

/// How long a history is: a year.
pub const SPAN_US: i64 = 365 * 86_400 * 1_000_000;

/// Of a hundred executions, this many failed.
const FAILED: u64 = 8;
/// And this many are ad-hoc.
const ADHOC: u64 = 10;

/// Seconds that a run takes, in the middle; a third of all take longer than 1.7 times as long.
const MEDIAN_S: f64 = 45.0;
const SPREAD: f64 = 1.2;

/// Executions in the order in which they started, the last one now.
pub struct History {
    random: Random,
    playbooks: Vec<Kind>,
    adhoc: Vec<Kind>,
    total: u64,
    made: u64,
    newest_us: i64,
}

impl History {
    /// A history of `total` executions, the last of which started at `newest_us`.
    pub fn new(total: u64, newest_us: i64) -> Self {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let playbooks = runs::playbooks(&mut random);
        let adhoc = runs::adhoc(&mut random);
        Self {
            random,
            playbooks,
            adhoc,
            total,
            made: 0,
            newest_us,
        }
    }

    fn next_changes(&mut self) -> Changes {
        self.made += 1;
        let gap = SPAN_US / self.total as i64;
        let jitter = self.random.below(gap.max(1) as u64) as i64;
        let started_us = match self.total - self.made {
            0 => self.newest_us,
            later => self.newest_us - gap * later as i64 - jitter,
        };
        let adhoc = self.random.below(100) < ADHOC;
        let failed = self.random.below(100) < FAILED;
        let playbook = self.random.skewed(names::PLAYBOOKS);
        let kinds = if adhoc { &self.adhoc } else { &self.playbooks };
        let kind = &kinds[playbook as usize % kinds.len()];
        let mut changes = if failed { &kind.failed } else { &kind.well }.clone();
        let seconds = (MEDIAN_S.ln() + SPREAD * self.random.normal()).exp();
        move_to(&mut changes, started_us, (seconds * 1e6) as i64);
        let hosts = names::hosts_of(playbook, changes.hosts.len(), &mut self.random);
        for (row, name) in changes.hosts.iter_mut().zip(hosts) {
            row.name = name;
        }
        if let Some(row) = &mut changes.execution {
            row.id = identity(started_us, &mut self.random);
            row.description = self.described(adhoc, playbook, &row.description);
            row.changed = self.random.below(100) < 45;
            if failed {
                self.fail(row);
            }
        }
        changes
    }

    /// Who started it, on what, and why.
    fn described(&mut self, adhoc: bool, number: u64, like: &ExecutionStarted) -> ExecutionStarted {
        let random = &mut self.random;
        let inventory = INVENTORIES[random.skewed(INVENTORIES.len() as u64) as usize];
        let mut labels: Vec<String> = Vec::new();
        for (label, share) in LABELS {
            if random.below(100) < *share {
                labels.push((*label).to_owned());
            }
        }
        if random.below(names::RARELY) == 0 {
            labels.push(names::rare_label(random.below(names::RARE)));
        }
        let note = (random.below(2_000) == 0).then(|| names::note(random.below(10_000)));
        let path = names::playbook(number);
        let command = if adhoc { "ansible" } else { "ansible-playbook" };
        ExecutionStarted {
            argv: vec![command.to_owned(), "-i".to_owned(), inventory.to_owned()],
            cwd: Some("/srv/automation".to_owned()),
            playbook: (!adhoc).then_some(path),
            inventory: Some(inventory.to_owned()),
            user: Some(USERS[random.skewed(USERS.len() as u64) as usize].to_owned()),
            controller: Some(CONTROLLERS[random.skewed(CONTROLLERS.len() as u64) as usize].into()),
            labels,
            note,
            r#type: if adhoc {
                ExecutionType::Adhoc
            } else {
                ExecutionType::Playbook
            },
            ..like.clone()
        }
    }

    fn fail(&mut self, row: &mut ExecutionRow) {
        row.status = Status::Failed;
        row.reason = Some(match self.random.below(100) {
            0..70 => Reason::TaskFailed,
            70..88 => Reason::Unreachable,
            88..94 => Reason::Canceled,
            94..97 => Reason::TimedOut,
            97..99 => Reason::AnsibleError,
            _ => Reason::Lost,
        });
    }
}

impl Iterator for History {
    type Item = Changes;

    fn next(&mut self) -> Option<Changes> {
        (self.made < self.total).then(|| self.next_changes())
    }
}

/// Moves a run to another time, and stretches it.
fn move_to(changes: &mut Changes, started_us: i64, takes_us: i64) {
    let Some(row) = &mut changes.execution else {
        return;
    };
    let from_us = row.started_us;
    let took_us = row.ended_us.map_or(1, |ended_us| ended_us - from_us).max(1);
    let stretch = takes_us as f64 / took_us as f64;
    let stretched = |us: i64| (us as f64 * stretch) as i64;
    let at = |us: i64| started_us + stretched(us - from_us);
    row.base_us = at(row.base_us);
    row.started_us = started_us;
    row.ended_us = Some(started_us + takes_us);
    for play in &mut changes.plays {
        (play.started_us, play.ended_us) = (at(play.started_us), at(play.ended_us));
    }
    for task in &mut changes.tasks {
        (task.started_us, task.ended_us) = (at(task.started_us), at(task.ended_us));
    }
    for result in &mut changes.results {
        result.ended_us = stretched(result.ended_us);
        result.duration_us = result.duration_us.map(stretched);
    }
}

/// An identity like a producer's: the time, and unique digits.
fn identity(started_us: i64, random: &mut Random) -> Uuid {
    let mut bytes = [0; 10];
    for part in bytes.chunks_mut(8) {
        let next = random.next().to_be_bytes();
        part.copy_from_slice(&next[..part.len()]);
    }
    let millis = u64::try_from(started_us / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// xorshift: good enough to make things differ, and the same each time.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Another sequence than the history's own.
    pub fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1)
    }

    /// The next number, of all that there are.
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// The same, small ones much more often: of 200, the first comes 17 times in 100, the last once in 600.
    pub fn skewed(&mut self, limit: u64) -> u64 {
        let part = self.unit();
        ((part * part * part * limit as f64) as u64).min(limit - 1)
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Around 0, as far as 1 in the usual case.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}
