//! Lines that the supervisor captured, as they appeared on the terminal. Tasks and results are found by what Ansible's
//! default callback (and callbacks derived from it) prints: `TASK [name] ***` before a task, and `changed: [host]` before
//! a result. With another callback nothing is found.

use super::Shown;
use crate::failure::without_escapes;
use crate::log::output::OutputReader;
use crate::model::{ExecutionKey, ExecutionRow, TaskRow};
use crate::store::{Store, StoreError};

/// How much of a line is examined, in bytes.
const KEPT: usize = 1_000;

/// Tasks in one page.
const PAGE: u32 = 5_000;

/// How many tasks without a heading may lie before one that has it: those that only skip may be hidden.
const HIDDEN: usize = 200;

/// Headings of tasks.
const TASKS: [&str; 3] = ["TASK [", "RUNNING HANDLER [", "CLEANUP TASK ["];

/// Headings of everything else.
const OTHERS: [&str; 3] = ["PLAY [", "PLAY RECAP", "NO MORE HOSTS LEFT"];

/// Words before the host of a result.
const WORDS: [&str; 5] = ["ok", "changed", "skipping", "failed", "fatal"];

/// Passes on the lines of tasks up to `last_task` and of their results, in order.
pub(super) async fn each_line(
    store: &Store,
    key: ExecutionKey,
    row: &ExecutionRow,
    last_task: u32,
    mut each: impl FnMut(u64, &Shown),
) -> Result<(), StoreError> {
    let mut headings = Headings::new(names(store, key, last_task).await?);
    let mut reader = OutputReader::new(store.clone(), key, row, 0).keeping(KEPT);
    loop {
        let lines = reader.next_lines().await?;
        if lines.is_empty() {
            if let Some(line) = reader.finish() {
                headings.read(line.number, &line.text, &mut each);
            }
            return Ok(());
        }
        for line in lines {
            headings.read(line.number, &line.text, &mut each);
            if headings.has_passed(last_task) {
                return Ok(());
            }
        }
    }
}

/// The names of the tasks up to this one and of one more, as headings have them.
async fn names(
    store: &Store,
    key: ExecutionKey,
    last_task: u32,
) -> Result<Vec<(u32, String)>, StoreError> {
    let mut names: Vec<(u32, String)> = Vec::new();
    loop {
        let after = names.last().map_or(0, |(number, _)| *number);
        let limit = last_task.saturating_sub(after).saturating_add(1).min(PAGE);
        let page = store.tasks(key, after, limit).await?;
        names.extend(page.iter().map(|task| (task.number, name(task))));
        let has_more = page.len() == limit as usize && after < last_task;
        if !has_more || names.last().is_some_and(|(number, _)| *number > last_task) {
            return Ok(names);
        }
    }
}

fn name(task: &TaskRow) -> String {
    let name = match task.name.is_empty() {
        true => &task.action,
        false => &task.name,
    };
    match task.role.is_empty() {
        true => name.clone(),
        false => format!("{} : {name}", task.role),
    }
}

/// Finds the task and the host of each line.
#[derive(Debug)]
struct Headings {
    /// Numbers and names of tasks, in order.
    tasks: Vec<(u32, String)>,
    /// How many of them have begun.
    begun: usize,
    current: Option<Shown>,
    /// The line before, if it is empty: it belongs to what follows.
    blank: Option<u64>,
}

impl Headings {
    fn new(tasks: Vec<(u32, String)>) -> Self {
        Self {
            tasks,
            begun: 0,
            current: None,
            blank: None,
        }
    }

    /// Whether the lines of a later task are reached.
    fn has_passed(&self, task: u32) -> bool {
        self.current.as_ref().is_some_and(|shown| shown.task > task)
    }

    fn read(&mut self, number: u64, text: &str, each: &mut impl FnMut(u64, &Shown)) {
        let text = without_escapes(text);
        let text = text.trim_end();
        if text.is_empty() {
            self.blank = Some(number);
            return;
        }
        if let Some(name) = TASKS.iter().find_map(|heading| text.strip_prefix(heading)) {
            let task = self.begin(name);
            self.current = task.map(|task| Shown { task, host: None });
        } else if OTHERS.iter().any(|heading| text.starts_with(heading)) {
            self.current = None;
        } else if let Some(host) = host(text)
            && let Some(shown) = &mut self.current
        {
            shown.host = Some(host.to_owned());
        }
        let blank = self.blank.take();
        if let Some(shown) = &self.current {
            if let Some(blank) = blank {
                each(blank, shown);
            }
            each(number, shown);
        }
    }

    /// The task of the heading that continues with `text`: the next one of that name, or an earlier one that is shown
    /// again, as with the strategy `free`.
    fn begin(&mut self, text: &str) -> Option<u32> {
        let (before, next) = self.tasks.split_at(self.begun);
        // With `display_args_to_stdout`, arguments follow the name.
        for end in [']', ' '] {
            let is_meant = |(_, name): &(u32, String)| {
                let rest = text.strip_prefix(name.as_str());
                rest.is_some_and(|rest| rest.starts_with(end))
            };
            if let Some(at) = next.iter().take(HIDDEN).position(is_meant) {
                self.begun += at + 1;
                return Some(next[at].0);
            }
            if let Some((number, _)) = before.iter().rev().find(|task| is_meant(task)) {
                return Some(*number);
            }
        }
        None
    }
}

/// The host of a result's first line: `changed: [web-01 -> localhost] => …`.
fn host(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once(": [")?;
    let (host, _) = rest.split_once(']')?;
    let host = host.split_once(" -> ").map_or(host, |(host, _)| host);
    WORDS.contains(&word).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tasks: &[&str], text: &str) -> Vec<(u64, u32, String)> {
        let numbered = (1..).zip(tasks.iter().map(|name| (*name).to_owned()));
        let mut headings = Headings::new(numbered.collect());
        let mut found = Vec::new();
        for (number, line) in (0..).zip(text.lines()) {
            headings.read(number, line, &mut |line, shown| {
                let host = shown.host.clone().unwrap_or_default();
                found.push((line, shown.task, host));
            });
        }
        found
    }

    fn lines(found: &[(u64, u32, String)], task: u32, host: &str) -> Vec<u64> {
        let of = found.iter().filter(|(_, of, on)| *of == task && on == host);
        of.map(|(line, ..)| *line).collect()
    }

    #[test]
    fn lines_are_told_apart_by_headings_and_hosts() {
        let text = "\
Using /etc/ansible/ansible.cfg

PLAY [all] *****

TASK [web : install] *****
\u{1b}[0;33mchanged: [web-01]\u{1b}[0m
fatal: [web-02 -> localhost]: FAILED! => {
    \"msg\": \"no\"
}

RUNNING HANDLER [restart] *****
ok: [web-01]

PLAY RECAP *****
web-01 : ok=2
";
        let found = read(&["web : install", "restart"], text);
        assert_eq!(lines(&found, 1, ""), [3, 4]);
        assert_eq!(lines(&found, 1, "web-01"), [5]);
        assert_eq!(lines(&found, 1, "web-02"), [6, 7, 8]);
        assert_eq!(lines(&found, 2, ""), [9, 10]);
        assert_eq!(lines(&found, 2, "web-01"), [11]);
        assert_eq!(found.len(), 9);
    }

    #[test]
    fn tasks_of_one_name_are_taken_in_order_and_hidden_ones_passed_over() {
        let text = "TASK [a] *\nok: [h]\nTASK [c x=1] *\nok: [h]\nTASK [a] [CHECK MODE] *\nok: [h]\nTASK [c] *\nok: [h]\n";
        let found = read(&["a", "b", "c", "a"], text);
        let tasks: Vec<u32> = found.iter().map(|(_, task, _)| *task).collect();
        // The last heading is that of a task that had one before.
        assert_eq!(tasks, [1, 1, 3, 3, 4, 4, 3, 3]);
        let found = read(&["a"], "TASK [another] *\nok: [h]\n");
        assert_eq!(found, []);
    }

    #[test]
    fn what_is_no_result_names_no_host() {
        assert_eq!(host("ok: [web-01]"), Some("web-01"));
        assert_eq!(host("skipping: [a.b] => (item=1)"), Some("a.b"));
        assert_eq!(host("msg: [1, 2]"), None);
        assert_eq!(host("ok: web-01"), None);
    }
}
