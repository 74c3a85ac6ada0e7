//! Random queries on random runs, held against an obvious evaluation.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, paging, run_at, runs};
use crate::harness::{Client, Collector};

const HOSTS: [&str; 3] = ["web-01", "web-02", "db"];
const TASKS: [&str; 2] = ["Install nginx", "copy"];
const ROLES: [&str; 2] = ["", "web"];
const MODULES: [&str; 2] = ["ansible.builtin.copy", "debug"];

/// A generated run: what it printed, what its results said, and of what they were. Two hosts ran its one task.
#[derive(Debug, Clone)]
pub(crate) struct GeneratedRun {
    /// The first one may have failed.
    hosts: [GeneratedHost; 2],
    failed: bool,
    task: &'static str,
    role: &'static str,
    module: &'static str,
    printed: Vec<Printed>,
    /// Whether the last printed line was not ended.
    is_open: bool,
}

#[derive(Debug, Clone)]
struct GeneratedHost {
    name: &'static str,
    changed: bool,
    said: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone)]
struct Printed {
    text: String,
    /// Whether it displays the result of the first host.
    is_of_host: bool,
}

/// A line, with all that a query may ask about it.
struct Line<'l> {
    run: &'l GeneratedRun,
    place: &'l str,
    number: u64,
    text: &'l str,
    host: Option<&'l GeneratedHost>,
}

const WORDS: &[&str] = &[
    "alpha", "Beta", "alphabet", "10.0.0.5", "0.0.5", "x_y", "x", "é", "É", "ДА", "да", "/etc/x",
];

fn a_line() -> impl Strategy<Value = String> {
    let joins = prop::sample::select(vec![" ", "  ", ", ", "-", "="]);
    let part =
        (prop::sample::select(WORDS), joins).prop_map(|(word, join)| format!("{word}{join}"));
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

/// What a host said, and whether it was changed.
fn a_host() -> impl Strategy<Value = (bool, Vec<(&'static str, String)>)> {
    let said = (prop::sample::select(vec!["msg", "stderr"]), a_line());
    let said = prop::collection::vec(said, 0..3).prop_map(|mut said| {
        // A field occurs once.
        said.sort_by_key(|(field, _)| *field);
        said.dedup_by_key(|(field, _)| *field);
        said
    });
    (any::<bool>(), said)
}

fn a_run() -> impl Strategy<Value = GeneratedRun> {
    let printed =
        (a_line(), any::<bool>()).prop_map(|(text, is_of_host)| Printed { text, is_of_host });
    let task = (
        prop::sample::select(TASKS.to_vec()),
        prop::sample::select(ROLES.to_vec()),
        prop::sample::select(MODULES.to_vec()),
    );
    (
        (0..HOSTS.len(), 1..HOSTS.len()),
        [a_host(), a_host()],
        any::<bool>(),
        task,
        prop::collection::vec(printed, 0..6),
        any::<bool>(),
    )
        .prop_map(
            |((first, further), [one, other], failed, task, printed, is_open)| {
                let host = |at: usize, (changed, said): (bool, Vec<_>)| GeneratedHost {
                    name: HOSTS[at % HOSTS.len()],
                    changed,
                    said,
                };
                let (task, role, module) = task;
                GeneratedRun {
                    hosts: [host(first, one), host(first + further, other)],
                    failed,
                    task,
                    role,
                    module,
                    is_open: is_open && printed.last().is_some_and(|line| !line.text.is_empty()),
                    printed,
                }
            },
        )
}

/// A query, and what it means, in the plainest way.
#[derive(Debug, Clone)]
enum Query {
    Word(&'static str),
    Begins(&'static str),
    Ends(&'static str),
    Part(&'static str),
    Regex(&'static str),
    Phrase(&'static str, &'static str),
    Hosts(Vec<&'static str>),
    /// Of this host, which the run changed or did not change.
    ChangedHost(&'static str, bool),
    Task(&'static str),
    WholeTask(&'static str, &'static str),
    Module(&'static str),
    In(Vec<&'static str>),
    Failed,
    Not(Box<Query>),
    And(Vec<Query>),
    Or(Vec<Query>),
}

fn a_query() -> impl Strategy<Value = Query> {
    let word = || prop::sample::select(WORDS);
    let host = || prop::sample::select(HOSTS.to_vec());
    let some = |all: Vec<&'static str>| {
        let most = all.len();
        prop::sample::subsequence(all, 1..=most)
    };
    let task = || prop::sample::select(TASKS.to_vec());
    let role = prop::sample::select(ROLES.to_vec());
    let module = vec!["copy", "ansible.builtin.copy", "debug", "builtin.copy"];
    let leaf = prop_oneof![
        4 => word().prop_map(Query::Word),
        1 => word().prop_map(Query::Begins),
        1 => word().prop_map(Query::Ends),
        1 => word().prop_map(Query::Part),
        1 => prop::sample::select(vec!["alpha", "bet", "é", "x_", "Д"]).prop_map(Query::Regex),
        1 => (word(), word()).prop_map(|(one, other)| Query::Phrase(one, other)),
        1 => some(vec!["web-01", "db", "other"]).prop_map(Query::Hosts),
        1 => (host(), any::<bool>()).prop_map(|(host, changed)| Query::ChangedHost(host, changed)),
        1 => task().prop_map(Query::Task),
        1 => (role, task()).prop_map(|(role, task)| Query::WholeTask(role, task)),
        1 => prop::sample::select(module).prop_map(Query::Module),
        1 => some(vec!["output", "msg", "stderr"]).prop_map(Query::In),
        1 => Just(Query::Failed),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            1 => inner.clone().prop_map(|one| Query::Not(Box::new(one))),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Query::And),
            2 => prop::collection::vec(inner, 2..4).prop_map(Query::Or),
        ]
    })
}

impl Query {
    fn text(&self) -> String {
        let join = |all: &[Query], between: &str| {
            let all: Vec<String> = all.iter().map(|one| format!("({})", one.text())).collect();
            all.join(between)
        };
        match self {
            Self::Word(word) => format!("\"{word}\""),
            Self::Begins(word) => format!("{word}*"),
            Self::Ends(word) => format!("*{word}"),
            Self::Part(word) => format!("*{word}*"),
            Self::Regex(part) => format!("/{part}/"),
            Self::Phrase(one, other) => format!("\"{one} {other}\""),
            Self::Hosts(hosts) => format!("host:{}", hosts.join(",")),
            Self::ChangedHost(host, true) => format!("(host:{host} changed:yes)"),
            Self::ChangedHost(host, false) => format!("(changed:no host:{host})"),
            Self::Task(task) => format!("task:\"{task}\""),
            Self::WholeTask(role, task) => format!("task:\"{}\"", whole(role, task)),
            Self::Module(module) => format!("module:{module}"),
            Self::In(places) => format!("in:{}", places.join(",")),
            Self::Failed => "status:failed".to_owned(),
            Self::Not(one) => format!("NOT ({})", one.text()),
            Self::And(all) => join(all, " "),
            Self::Or(all) => join(all, " OR "),
        }
    }

    fn holds(&self, line: &Line<'_>) -> bool {
        let text = line.text.to_lowercase();
        match self {
            Self::Word(word) => stands(&text, &word.to_lowercase(), true, true),
            Self::Begins(word) => stands(&text, &word.to_lowercase(), true, false),
            Self::Ends(word) => stands(&text, &word.to_lowercase(), false, true),
            Self::Part(word) | Self::Regex(word) => text.contains(&word.to_lowercase()),
            Self::Phrase(one, other) => {
                // Any blanks between them.
                let words: Vec<&str> = text.split_whitespace().collect();
                let phrase = format!("{one} {other}").to_lowercase();
                stands(&words.join(" "), &phrase, true, true)
            }
            Self::Hosts(hosts) => line.host.is_some_and(|host| hosts.contains(&host.name)),
            Self::ChangedHost(name, changed) => line
                .host
                .is_some_and(|host| host.name == *name && host.changed == *changed),
            Self::Task(task) => line.host.is_some() && line.run.task == *task,
            Self::WholeTask(role, task) => {
                let own = whole(line.run.role, line.run.task);
                let wanted = whole(role, task);
                line.host.is_some() && (own == wanted || line.run.task == wanted)
            }
            Self::Module(module) => {
                let own = line.run.module;
                let short = own.rsplit('.').next().unwrap();
                line.host.is_some() && [own, short].contains(module)
            }
            Self::In(places) => places.contains(&line.place),
            Self::Failed => line.run.failed,
            Self::Not(one) => !one.holds(line),
            Self::And(all) => all.iter().all(|one| one.holds(line)),
            Self::Or(all) => all.iter().any(|one| one.holds(line)),
        }
    }
}

/// The name of a task as Ansible prints it.
fn whole(role: &str, task: &str) -> String {
    match role {
        "" => task.to_owned(),
        role => format!("{role} : {task}"),
    }
}

/// Whether a text stands in a line, and is not part of a larger word on these sides.
fn stands(line: &str, text: &str, begins: bool, ends: bool) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (first, last) = (text.chars().next(), text.chars().next_back());
    line.char_indices().any(|(at, _)| {
        let Some(rest) = line[at..].strip_prefix(text) else {
            return false;
        };
        let joined = is_word(line[..at].chars().next_back()) && is_word(first);
        let goes_on = is_word(rest.chars().next()) && is_word(last);
        !(begins && joined || ends && goes_on)
    })
}

#[test]
pub(crate) fn random_queries_find_what_reading_everything_finds() {
    let collector = Collector::start();
    let client = collector.client();
    let mut runner = TestRunner::deterministic();
    let runs: Vec<(Uuid, GeneratedRun)> = (0..40)
        .map(|hours| deliver_any(&client, &mut runner, hours))
        .collect();
    compare(&client, &mut runner, &runs, 200);
    // Pages of any size hold the same.
    for (limit, context) in [(3, 0), (4, 1), (7, 3)] {
        let q = a_query().new_tree(&mut runner).unwrap().current().text();
        let whole = paging::paged(&client, &q, 1_000, context);
        assert_eq!(paging::paged(&client, &q, limit, context), whole, "{q}");
    }
}

/// Delivers a generated run.
pub(crate) fn deliver_any(
    client: &Client,
    runner: &mut TestRunner,
    hours: i64,
) -> (Uuid, GeneratedRun) {
    let told = a_run().new_tree(runner).unwrap().current();
    let mut run = run_at(hours).play("p").event(
        "task_started",
        json!({
            "task": 1, "play": 1, "name": told.task, "action": told.module, "role": told.role,
            "path": "site.yml", "line": 3,
        }),
    );
    for (at, host) in told.hosts.iter().enumerate() {
        let content: serde_json::Map<String, Value> = host
            .said
            .iter()
            .map(|(field, text)| ((*field).to_owned(), json!(text)))
            .collect();
        let data = json!({
            "task": 1, "host": host.name, "changed": host.changed, "content": content,
            "status": if told.failed && at == 0 { "failed" } else { "ok" },
        });
        run = run.event("result", data);
    }
    let last = told.printed.len().saturating_sub(1);
    for (at, line) in told.printed.iter().enumerate() {
        let end = if told.is_open && at == last { "" } else { "\n" };
        let text = format!("{}{end}", line.text);
        run = run.event(
            "output",
            match line.is_of_host {
                // The fourth event is the result of the first host.
                true => json!({ "text": text, "of": 4 }),
                false => json!({ "text": text }),
            },
        );
    }
    let [one, other] = &told.hosts;
    let failed = u64::from(told.failed);
    let run = run
        .recap(&[
            (one.name, [1 - failed, u64::from(one.changed), 0, failed, 0]),
            (other.name, [1, u64::from(other.changed), 0, 0, 0]),
        ])
        .ended(if told.failed { 2 } else { 0 });
    run.deliver(client);
    (run.id, told)
}

/// Holds the answers to random queries against an obvious evaluation.
pub(crate) fn compare(
    client: &Client,
    runner: &mut TestRunner,
    runs: &[(Uuid, GeneratedRun)],
    queries: usize,
) {
    for _ in 0..queries {
        let asked = a_query().new_tree(runner).unwrap().current();
        let q = asked.text();
        let page = ask(client, &[("q", &q), ("limit", "1000")]).ok();
        assert_eq!(page.get("next_cursor"), None);
        // A list has the runs of these lines, each once.
        let mut of_lines = runs::of_hits(&page);
        of_lines.dedup();
        assert_eq!(
            runs::listed(client, &format!("in:* ({q})")),
            of_lines,
            "{q}"
        );
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let hits = page["hits"].as_array().unwrap().iter();
        let found: BTreeSet<(String, String, Option<String>, u64, String)> = hits
            .map(|hit| {
                (
                    text(&hit["execution"]["id"]),
                    text(&hit["in"]),
                    hit["host"].as_str().map(str::to_owned),
                    hit["line"].as_u64().unwrap(),
                    text(&hit["text"]),
                )
            })
            .filter(|(_, place, ..)| place != "task")
            .collect();
        let mut expected = BTreeSet::new();
        for (id, told) in runs {
            for line in told.lines().iter().filter(|line| asked.holds(line)) {
                expected.insert((
                    id.to_string(),
                    line.place.to_owned(),
                    line.host.map(|host| host.name.to_owned()),
                    line.number,
                    line.text.to_owned(),
                ));
            }
        }
        assert_eq!(found, expected, "{q}");
    }
}

impl GeneratedRun {
    /// All lines that it printed or returned.
    fn lines(&self) -> Vec<Line<'_>> {
        let line = |place, number, text, host| Line {
            run: self,
            place,
            number,
            text,
            host,
        };
        let mut lines = Vec::new();
        for (number, printed) in (0..).zip(&self.printed) {
            let host = printed.is_of_host.then_some(&self.hosts[0]);
            lines.push(line("output", number, printed.text.as_str(), host));
        }
        for host in &self.hosts {
            for (field, text) in host.said.iter().filter(|(_, text)| !text.is_empty()) {
                lines.push(line(*field, 0, text.as_str(), Some(host)));
            }
        }
        lines
    }

    /// Whether it has a text somewhere.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.text.contains(text))
    }

    /// As it is after this text was redacted.
    pub(crate) fn redacted(mut self, text: &str) -> Self {
        let said = self.hosts.iter_mut().flat_map(|host| &mut host.said);
        let said = said.map(|(_, line)| line);
        let printed = self.printed.iter_mut().map(|line| &mut line.text);
        for line in said.chain(printed) {
            *line = line.replace(text, "***");
        }
        self
    }
}
