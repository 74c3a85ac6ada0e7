//! The recorder's own play and task numbers.
//!
//! Ansible's uuids do not identify an instance: `serial` repeats them per batch, a handler runs again
//! under the same one, 2.14 shares one between two includes of a role, and under the strategies
//! `free` and `host_pinned` a task is announced once per host. So:
//!
//! - a play starts over: no uuid of an earlier play is known in it;
//! - where hosts go in step (`linear`), each announcement is a task of its own, as it is on screen;
//! - where they do not, an announcement joins the task of the same uuid, until a host begins it for
//!   the second time: that is a new one;
//! - a result belongs to the latest task of its uuid that its host has begun and not ended.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Numbers and open tasks of one execution.
#[derive(Debug, Default)]
pub struct Ledger {
    plays: u32,
    tasks: u32,
    joins: bool,
    hosts: HashMap<Box<str>, u32>,
    /// For each host by its number, the play in which its groups were last read, and the hash of the last reported groups.
    groups: Vec<(u32, Option<u64>)>,
    current: HashMap<Box<str>, Vec<Task>>,
    /// Task and host -> names from finished loop items that the task itself does not know.
    items: HashMap<(u32, Box<str>), ItemNames>,
}

/// Hosts and modules named by the loop items of a task.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ItemNames {
    /// Other hosts that ran items.
    pub delegates: Vec<Box<str>>,
    /// Modules that ran, where the task's own is a template.
    pub actions: Vec<Box<str>>,
}

impl ItemNames {
    fn add(names: &mut Vec<Box<str>>, name: Option<&str>) {
        if let Some(name) = name
            && !names.iter().any(|known| &**known == name)
        {
            names.push(name.into());
        }
    }
}

#[derive(Debug)]
struct Task {
    number: u32,
    seq: Option<u64>,
    /// Its action is a template.
    templated: bool,
    seen: Vec<u64>,
    /// Hosts working on it: at most as many as there are forks.
    running: Vec<Running>,
}

/// A host working on a task.
#[derive(Debug, Clone, Copy)]
struct Running {
    host: u32,
    started: i64,
    items: u32,
    /// Number of failed attempts at it, or at its current loop item.
    tries: u32,
}

/// A task as found for a result, or part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskProgress {
    /// Number of the task.
    pub task: u32,
    /// When the host began it, in microseconds since the epoch.
    pub started: Option<i64>,
    /// Loop items that ended on the host.
    pub items: u32,
    /// Number of the host's failed attempts at the task, or at its current loop item.
    pub tries: u32,
    /// Whether the task's action is a template, so that each result names its own.
    pub templated: bool,
}

/// The meaning of an announcement of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// A new task with this number.
    New(u32),
    /// A known one, with the sequence number of its event.
    Existing(Option<u64>),
}

impl Ledger {
    /// A play begins; returns its number. `joins`: its strategy announces a task once per host.
    pub fn play(&mut self, joins: bool) -> u32 {
        self.plays += 1;
        self.joins = joins;
        self.current.clear();
        self.items.clear();
        self.plays
    }

    /// Number of the current play; 0 before the first.
    pub fn current_play(&self) -> u32 {
        self.plays
    }

    /// Ansible announces a task.
    pub fn announce(&mut self, uuid: &str) -> Announced {
        if self.joins
            && let Some(task) = self.current.get(uuid).and_then(|tasks| tasks.last())
        {
            return Announced::Existing(task.seq);
        }
        Announced::New(self.begin(uuid))
    }

    /// A new task under `uuid`; returns its number.
    pub fn begin(&mut self, uuid: &str) -> u32 {
        self.tasks += 1;
        let task = Task {
            number: self.tasks,
            seq: None,
            templated: false,
            seen: Vec::new(),
            running: Vec::new(),
        };
        match self.current.get_mut(uuid) {
            Some(tasks) => {
                // Tasks that no host is working on cannot be found again.
                tasks.retain(|task| !task.running.is_empty());
                tasks.push(task);
            }
            None => {
                self.current.insert(uuid.into(), vec![task]);
            }
        }
        self.tasks
    }

    /// Notes the sequence number of a task's event, and whether its action is a template.
    pub fn announced_as(&mut self, uuid: &str, seq: Option<u64>, templated: bool) {
        if let Some(task) = self
            .current
            .get_mut(uuid)
            .and_then(|tasks| tasks.last_mut())
        {
            task.seq = seq;
            task.templated = templated;
        }
    }

    /// Whether the groups of a host were not read yet in this play. Afterwards they count as read.
    pub fn needs_groups(&mut self, host: &str) -> bool {
        let (number, play) = (self.host(host) as usize, self.plays);
        if self.groups.len() <= number {
            self.groups.resize(number + 1, (u32::MAX, None));
        }
        match self.groups.get_mut(number) {
            Some((looked, _)) => std::mem::replace(looked, play) != play,
            None => false,
        }
    }

    /// Notes the groups of a host; returns whether they must be reported, because they differ from those reported before.
    pub fn tells_groups(&mut self, host: &str, groups: &[String]) -> bool {
        let number = self.host(host) as usize;
        let mut hasher = DefaultHasher::new();
        groups.hash(&mut hasher);
        let hash = Some(hasher.finish());
        match self.groups.get_mut(number) {
            Some((_, told)) => std::mem::replace(told, hash) != hash,
            None => false,
        }
    }

    /// A host begins the latest task under `uuid`; returns its number, or None if that needs a new task first
    /// ([`Ledger::begin`]): none is known, or this host had it already.
    pub fn host_begins(&mut self, uuid: &str, host: &str, at: i64) -> Option<u32> {
        let host = self.host(host);
        let task = self.current.get_mut(uuid)?.last_mut()?;
        let (word, bit) = (host as usize / 64, 1_u64 << (host % 64));
        if task.seen.len() <= word {
            task.seen.resize(word + 1, 0);
        }
        if task.seen[word] & bit != 0 {
            return None;
        }
        task.seen[word] |= bit;
        task.running.push(Running {
            host,
            started: at,
            items: 0,
            tries: 0,
        });
        Some(task.number)
    }

    /// A loop item of a host ended.
    pub fn item(&mut self, uuid: &str, host: &str) -> Option<TaskProgress> {
        self.find(uuid, host, |running, at| {
            running[at].items += 1;
            running[at].tries = 0;
            running[at]
        })
    }

    /// A host's attempt at a task, or at one of its loop items, failed, and is repeated. A host's items run one by one.
    pub fn retry(&mut self, uuid: &str, host: &str) -> Option<TaskProgress> {
        self.find(uuid, host, |running, at| {
            running[at].tries += 1;
            running[at]
        })
    }

    /// A host reports something about a task that it continues.
    pub fn look(&mut self, uuid: &str, host: &str) -> Option<TaskProgress> {
        self.find(uuid, host, |running, at| running[at])
    }

    /// The latest task that the host has begun and not ended, whatever its uuid.
    pub fn at_work(&mut self, host: &str) -> Option<TaskProgress> {
        let host = self.host(host);
        self.current
            .values()
            .flatten()
            .filter_map(|task| {
                let running = task.running.iter().find(|running| running.host == host)?;
                Some(TaskProgress {
                    task: task.number,
                    started: Some(running.started),
                    items: running.items,
                    tries: running.tries,
                    templated: task.templated,
                })
            })
            .max_by_key(|found| found.task)
    }

    /// A host ended a task.
    pub fn end(&mut self, uuid: &str, host: &str) -> Option<TaskProgress> {
        self.find(uuid, host, |running, at| running.swap_remove(at))
    }

    /// The latest task of `uuid` that the host has begun and not ended, else the latest. `take` receives the hosts
    /// working on it, and the index of this host.
    fn find(
        &mut self,
        uuid: &str,
        host: &str,
        take: impl FnOnce(&mut Vec<Running>, usize) -> Running,
    ) -> Option<TaskProgress> {
        let host = self.host(host);
        let tasks = self.current.get_mut(uuid)?;
        for task in tasks.iter_mut().rev() {
            if let Some(at) = task.running.iter().position(|running| running.host == host) {
                let running = take(&mut task.running, at);
                return Some(TaskProgress {
                    task: task.number,
                    started: Some(running.started),
                    items: running.items,
                    tries: running.tries,
                    templated: task.templated,
                });
            }
        }
        tasks.last().map(|task| TaskProgress {
            task: task.number,
            started: None,
            items: 0,
            tries: 0,
            templated: task.templated,
        })
    }

    /// Notes the other host and the module in a loop item.
    pub fn item_names(
        &mut self,
        task: u32,
        host: &str,
        delegate: Option<&str>,
        action: Option<&str>,
    ) {
        if delegate.is_some() || action.is_some() {
            let names = self.items.entry((task, host.into())).or_default();
            ItemNames::add(&mut names.delegates, delegate);
            ItemNames::add(&mut names.actions, action);
        }
    }

    /// The names from a host's loop items, when its task ends.
    pub fn take_item_names(&mut self, task: u32, host: &str) -> ItemNames {
        if self.items.is_empty() {
            return ItemNames::default();
        }
        self.items.remove(&(task, host.into())).unwrap_or_default()
    }

    fn host(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.hosts.get(name) {
            return number;
        }
        let number = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        self.hosts.insert(name.into(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_looked_at_once_a_play_and_told_when_they_are_new() {
        let groups = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let mut ledger = Ledger::default();
        ledger.play(false);
        assert!(ledger.needs_groups("a") && ledger.needs_groups("b"));
        assert!(ledger.tells_groups("a", &groups(&["web"])));
        assert!(ledger.tells_groups("b", &groups(&[])));
        assert!(!ledger.needs_groups("a") && !ledger.needs_groups("b"));
        ledger.play(false);
        assert!(ledger.needs_groups("a") && !ledger.needs_groups("a"));
        assert!(!ledger.tells_groups("a", &groups(&["web"])));
        ledger.play(true);
        assert!(ledger.needs_groups("a"));
        assert!(ledger.tells_groups("a", &groups(&["new", "web"])));
    }

    #[test]
    fn a_batch_of_serial_is_a_play_with_tasks_of_its_own() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.play(false), 1);
        assert_eq!(ledger.announce("t"), Announced::New(1));
        assert_eq!(ledger.host_begins("t", "a", 10), Some(1));
        assert_eq!(ledger.end("t", "a").unwrap().started, Some(10));
        assert_eq!(ledger.play(false), 2);
        assert_eq!(ledger.announce("t"), Announced::New(2));
        assert_eq!(ledger.host_begins("t", "b", 20), Some(2));
    }

    #[test]
    fn free_announces_once_per_host_and_stays_one_task() {
        let mut ledger = Ledger::default();
        ledger.play(true);
        assert_eq!(ledger.announce("t"), Announced::New(1));
        ledger.announced_as("t", Some(7), false);
        assert_eq!(ledger.host_begins("t", "a", 1), Some(1));
        assert_eq!(ledger.announce("t"), Announced::Existing(Some(7)));
        assert_eq!(ledger.host_begins("t", "b", 2), Some(1));
        assert_eq!(ledger.end("t", "a").unwrap().task, 1);
        // The same host once more: a handler that runs again, or a role included twice.
        assert_eq!(ledger.announce("t"), Announced::Existing(Some(7)));
        assert_eq!(ledger.host_begins("t", "a", 3), None);
        assert_eq!(ledger.begin("t"), 2);
        assert_eq!(ledger.host_begins("t", "a", 3), Some(2));
        // The slow host still reports to the first.
        let slow = ledger.end("t", "b").unwrap();
        assert_eq!((slow.task, slow.started), (1, Some(2)));
        assert_eq!(ledger.end("t", "a").unwrap().task, 2);
    }

    #[test]
    fn what_a_host_is_at_is_found_without_a_uuid() {
        let mut ledger = Ledger::default();
        ledger.play(true);
        for (uuid, host) in [("t", "a"), ("u", "b")] {
            ledger.announce(uuid);
            ledger.host_begins(uuid, host, 1);
        }
        assert_eq!(ledger.at_work("a").unwrap().task, 1);
        assert_eq!(ledger.at_work("b").unwrap().task, 2);
        ledger.end("t", "a");
        assert_eq!(ledger.at_work("a"), None);
    }

    #[test]
    fn tries_are_counted_per_host_and_item() {
        let mut ledger = Ledger::default();
        ledger.play(false);
        ledger.announce("t");
        ledger.host_begins("t", "a", 1);
        ledger.host_begins("t", "b", 1);
        assert_eq!(ledger.retry("t", "a").unwrap().tries, 1);
        assert_eq!(ledger.retry("t", "b").unwrap().tries, 1);
        assert_eq!(ledger.retry("t", "a").unwrap().tries, 2);
        ledger.item("t", "a");
        assert_eq!(ledger.retry("t", "a").unwrap().tries, 1);
        assert_eq!(ledger.retry("t", "b").unwrap().tries, 2);
    }

    #[test]
    fn items_are_counted_per_host() {
        let mut ledger = Ledger::default();
        ledger.play(false);
        ledger.announce("t");
        ledger.host_begins("t", "a", 1);
        ledger.host_begins("t", "b", 1);
        ledger.item("t", "a");
        ledger.item("t", "a");
        ledger.item("t", "b");
        assert_eq!(ledger.end("t", "a").unwrap().items, 2);
        assert_eq!(ledger.end("t", "b").unwrap().items, 1);
    }
}
