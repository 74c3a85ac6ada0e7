//! The tasks of a run as they stand in its playbook, without the differences between two checkouts and between two
//! batches of `serial`. Pure.

use std::collections::HashMap;

use crate::model::{ComparedTask, ExecutionRow, PlayRow, TaskRow};

/// Tasks of a run, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub(super) list: Vec<Task>,
    /// Names of the plays. The batches of a play with `serial` are one.
    pub(super) plays: Vec<String>,
    /// For each number in the record: which of `list` it is, and where its results are in the log.
    numbers: HashMap<u32, Instance>,
}

/// A task of a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    /// Which of the plays.
    pub(super) play: usize,
    /// Its file, from the folder of the playbook on.
    pub(super) file: String,
    /// What an answer says of it.
    pub(super) shown: ComparedTask,
}

/// The identity of a task in a run.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    play: usize,
    role: String,
    path: String,
    name: String,
    action: String,
    /// How many like it came before, in the same batch.
    occurrence: u32,
}

/// A task as one batch ran it.
#[derive(Debug, Clone, Copy)]
struct Instance {
    place: usize,
    first_seq: u64,
    last_seq: u64,
}

impl Tasks {
    pub(super) fn new(row: &ExecutionRow, plays: &[PlayRow], rows: Vec<TaskRow>) -> Self {
        let bases = bases(row);
        let mut tasks = Self::default();
        let mut play_of: HashMap<u32, usize> = HashMap::with_capacity(plays.len());
        let mut last: Option<&PlayRow> = None;
        for play in plays {
            // Each batch is a play of its own number.
            let is_batch =
                last.is_some_and(|last| (&last.name, &last.hosts) == (&play.name, &play.hosts));
            if !is_batch {
                tasks.plays.push(play.name.clone());
            }
            play_of.insert(play.number, tasks.plays.len() - 1);
            last = Some(play);
        }
        let mut places: HashMap<Identity, usize> = HashMap::with_capacity(rows.len());
        // Of the batch: how often a task like this came.
        let mut batch = 0;
        let mut occurrences: HashMap<(String, String, String, String), u32> = HashMap::new();
        for row in rows {
            if row.play != batch {
                batch = row.play;
                occurrences.clear();
            }
            let play = play_of.get(&row.play).copied().unwrap_or_default();
            let alike = (
                row.role.clone(),
                row.path.clone(),
                row.name.clone(),
                row.action.clone(),
            );
            let occurrence = occurrences.entry(alike).or_default();
            *occurrence += 1;
            let identity = Identity {
                play,
                role: row.role.clone(),
                path: row.path.clone(),
                name: row.name.clone(),
                action: row.action.clone(),
                occurrence: *occurrence,
            };
            let place = *places.entry(identity).or_insert(tasks.list.len());
            tasks.numbers.insert(
                row.number,
                Instance {
                    place,
                    first_seq: row.first_seq,
                    // Unknown for runs that are still running or were recorded by earlier versions.
                    last_seq: if row.last_seq == 0 {
                        u64::MAX
                    } else {
                        row.last_seq
                    },
                },
            );
            if place == tasks.list.len() {
                let name = tasks.plays.get(play).cloned();
                tasks.list.push(Task {
                    play,
                    file: within(&row.path, &bases).to_owned(),
                    shown: shown(row, name.unwrap_or_default()),
                });
            }
        }
        tasks
    }

    /// Which task a number of the record is.
    pub(super) fn place(&self, number: u32) -> Option<usize> {
        self.numbers.get(&number).map(|instance| instance.place)
    }

    /// The range of a task's results in the log, by its number in the record.
    pub(super) fn span(&self, number: u32) -> (u64, u64) {
        let instance = self.numbers.get(&number);
        instance.map_or((0, u64::MAX), |instance| {
            (instance.first_seq, instance.last_seq)
        })
    }
}

fn shown(row: TaskRow, play: String) -> ComparedTask {
    ComparedTask {
        task: row.number,
        play,
        name: row.name,
        action: row.action,
        role: row.role,
        path: row.path,
        line: Some(row.line).filter(|line| *line > 0),
        handler: row.handler,
    }
}

/// Folders that a run's files are in: that of the playbook, the working directory, and the folder that the playbook's is
/// in (for `playbooks/site.yml` beside `roles`). Two checkouts differ in nothing else.
fn bases(row: &ExecutionRow) -> Vec<String> {
    let cwd = row.description.cwd.as_deref().unwrap_or_default();
    let cwd = cwd.trim_end_matches('/');
    let playbook = row.description.playbook.as_deref().unwrap_or_default();
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let of_playbook = match (playbook.starts_with('/'), folder(playbook)) {
        (true, folder) => folder,
        (false, Some(below)) if !cwd.is_empty() => Some(format!("{cwd}/{below}")),
        (false, _) => None,
    };
    let above = of_playbook.as_deref().and_then(folder);
    let all = [of_playbook, Some(cwd.to_owned()), above];
    let all = all.into_iter().flatten();
    all.filter(|base| base.starts_with('/')).collect()
}

/// A path from the first of these folders on that it is in; else the whole path.
fn within<'p>(path: &'p str, bases: &[String]) -> &'p str {
    let mut below = bases
        .iter()
        .filter_map(|base| path.strip_prefix(base.as_str())?.strip_prefix('/'));
    below.next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{play, row, task};
    use super::*;

    #[test]
    fn a_checkout_elsewhere_has_the_same_files() {
        let file = |cwd: &str, playbook: &str, path: &str| {
            let mut run = row();
            run.description.cwd = Some(cwd.to_owned());
            run.description.playbook = Some(playbook.to_owned());
            within(path, &bases(&run)).to_owned()
        };
        let roles = "roles/web/tasks/main.yml";
        assert_eq!(
            file("/ci/1", "site.yml", "/ci/1/roles/web/tasks/main.yml"),
            roles
        );
        assert_eq!(
            file("/", "/ci/2/site.yml", "/ci/2/roles/web/tasks/main.yml"),
            roles
        );
        let beside = "/ci/3/roles/web/tasks/main.yml";
        assert_eq!(file("/home", "/ci/3/playbooks/site.yml", beside), roles);
        assert_eq!(file("/ci/3", "playbooks/site.yml", beside), roles);
        assert_eq!(file("/ci/3", "site.yml", "/ci/33/x.yml"), "/ci/33/x.yml");
        assert_eq!(
            file("/", "site.yml", "/usr/share/x.yml"),
            "/usr/share/x.yml"
        );
        assert_eq!(file("", "", "site.yml"), "site.yml");
    }

    #[test]
    fn the_batches_of_a_play_are_one() {
        let plays = [play(1, "web"), play(2, "web"), play(3, "db")];
        let rows = vec![
            task(1, 1, "install"),
            task(2, 1, "include"),
            task(3, 1, "include"),
            task(4, 2, "install"),
            task(5, 2, "include"),
            task(6, 3, "install"),
        ];
        let tasks = Tasks::new(&row(), &plays, rows);
        assert_eq!(tasks.plays, ["web", "db"]);
        let places: Vec<_> = (1..=7).map(|number| tasks.place(number)).collect();
        let expected = [Some(0), Some(1), Some(2), Some(0), Some(1), Some(3), None];
        assert_eq!(places, expected);
        assert_eq!(tasks.list[0].shown.task, 1);
        assert_eq!(tasks.list[3].shown.play, "db");
    }
}
