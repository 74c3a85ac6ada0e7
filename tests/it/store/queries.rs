//! Queries: what each database finds is what they mean in memory, and what they mean is what a person would say of each
//! run. Random trees over random runs; the fields come from the list of all filters, so new ones are included.

use playback::filter::query::{Expression, Term, Value, language, parse_query, time_at};
use playback::filter::{Column, Condition, ExecutionFilter, Glob, matches};
use playback::model::Cursor;
use playback::store::dialect::Engine;
use serde_json::json;
use uuid::Uuid;

use super::matching::{Dice, Sample, found, ids, pin};
use super::on_every_store;
use super::rows::{execution, host, only};
use crate::builders::TEN;

/// Patterns for every field that takes one; with what databases take for patterns of their own.
const GLOBS: &[&str] = &[
    "*",
    "a*",
    "*n*",
    "A*",
    "a?*",
    "[a*",
    "a!*",
    "a%*",
    "*_*",
    "é*",
    "*site.yml",
    "web/*",
    "/srv/*",
    "*/site.yml",
    "w*/s*l",
    "*b*b*b*",
    "nul*",
    "long*g",
];

fn globs(dice: &mut Dice) -> Glob {
    Glob::new(dice.one(GLOBS)).unwrap()
}

fn term(dice: &mut Dice) -> Expression {
    // Hosts and changes more often than others, because they belong together.
    let fields: Vec<_> = language().collect();
    let mut field = dice.one(&fields);
    if dice.often(1, 3) {
        let name = dice.one(&["host", "changed"]);
        field = fields.into_iter().find(|field| field.name == name).unwrap();
    }
    let values = (0..=dice.below(2)).map(|_| {
        if field.meaning.glob.is_some() && dice.often(1, 3) {
            return Value::Glob(globs(dice));
        }
        loop {
            let mut filter = ExecutionFilter::default();
            let text = dice.value(field);
            if !text.is_empty() {
                (field.set)(&mut filter, &text).unwrap();
                return Value::Exact((field.get)(&filter).unwrap());
            }
        }
    });
    let values = values.collect();
    Expression::Term(Term { field, values })
}

fn tree(dice: &mut Dice, depth: u64) -> Expression {
    let some = |dice: &mut Dice| -> Vec<Expression> {
        let items = 1 + dice.below(3);
        (0..items).map(|_| tree(dice, depth - 1)).collect()
    };
    match dice.below(if depth == 0 { 1 } else { 4 }) {
        0 => term(dice),
        1 => Expression::all(some(dice)),
        2 => Expression::any(some(dice)),
        _ => tree(dice, depth - 1).negated(),
    }
}

/// What a person would say of a run.
fn holds(query: &Expression, run: &Sample) -> bool {
    match query {
        Expression::And(items) => together(items, run),
        Expression::Or(items) => items.iter().any(|item| holds(item, run)),
        Expression::Not(item) => !holds(item, run),
        Expression::Term(_) => together(std::slice::from_ref(query), run),
    }
}

/// Whether all of it is said about one field.
fn is_about(query: &Expression, name: &str, negated: bool) -> bool {
    match query {
        Expression::And(items) => negated && items.iter().all(|item| is_about(item, name, negated)),
        Expression::Or(items) => items.iter().all(|item| is_about(item, name, negated)),
        Expression::Not(item) => negated && is_about(item, name, negated),
        Expression::Term(term) => term.field.name == name,
    }
}

/// Whether something is true if a field has this value, as far as it is about this field alone.
fn is_true(query: &Expression, is_value: &dyn Fn(&Value) -> bool) -> bool {
    match query {
        Expression::And(items) => items.iter().all(|item| is_true(item, is_value)),
        Expression::Or(items) => items.iter().any(|item| is_true(item, is_value)),
        Expression::Not(item) => !is_true(item, is_value),
        Expression::Term(term) => term.values.iter().any(is_value),
    }
}

/// A conjunction: a change is that of each host named beside it, or that of the run.
fn together(items: &[Expression], run: &Sample) -> bool {
    let (changes, others): (Vec<_>, Vec<_>) = items
        .iter()
        .partition(|item| is_about(item, "changed", true));
    let (hosts, others): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|item| is_about(item, "host", false));
    let is_wanted = |changed: bool| {
        let is_value = |value: &Value| *value == Value::Exact(changed.to_string());
        changes.iter().all(|item| is_true(item, &is_value))
    };
    let changes_fit = match hosts.is_empty() {
        true => is_wanted(run.row().changed),
        false => hosts.iter().all(|item| {
            run.changes.hosts.iter().any(|host| {
                let is_name = |value: &Value| match value {
                    Value::Exact(name) => {
                        *playback::filter::stored(name) == *playback::filter::stored(&host.name)
                    }
                    Value::Glob(glob) => {
                        is_like(&glob.text(), &playback::filter::stored(&host.name))
                    }
                };
                is_true(item, &is_name) && is_wanted(run.row().changed && host.stats.changed > 0)
            })
        }),
    };
    changes_fit
        && others.into_iter().all(|item| match item {
            Expression::Term(term) => term.values.iter().any(|value| is_one(term, value, run)),
            other => holds(other, run),
        })
}

/// A single value of any other field.
fn is_one(term: &Term, value: &Value, run: &Sample) -> bool {
    let glob = match value {
        // Compared with the databases in `matching`.
        Value::Exact(text) => {
            let mut filter = ExecutionFilter::default();
            (term.field.set)(&mut filter, text).unwrap();
            return matches(&filter.conditions(), &run.recorded());
        }
        Value::Glob(glob) => glob.text(),
    };
    let description = &run.row().description;
    let like = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|text| is_like(&glob, &playback::filter::stored(text)))
    };
    let path = |path: &Option<String>, separator: char| match glob.split_once('/') {
        None => {
            let names = path.as_ref().map(|path| {
                let names = path
                    .split(separator)
                    .map(|path| path.trim_end_matches('/').rsplit('/').next().unwrap());
                names.collect::<Vec<_>>().join(&separator.to_string())
            });
            like(&names)
        }
        Some(("", _)) => like(path),
        Some(_) => {
            let end = format!("*/{glob}");
            let is_end = path
                .as_ref()
                .is_some_and(|path| is_like(&end, &playback::filter::stored(path)));
            like(path) || is_end
        }
    };
    match term.field.name {
        "playbook" => path(&description.playbook, ' '),
        "inventory" => path(&description.inventory, ','),
        "user" => like(&description.user),
        "controller" => like(&description.controller),
        "schedule" => like(&description.schedule),
        "label" => description
            .labels
            .iter()
            .any(|label| like(&Some(label.clone()))),
        other => panic!("say what a pattern of {other} means"),
    }
}

/// The plainest way to compare a text with a pattern.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            is_like(&pattern[1..], text)
                || text
                    .chars()
                    .next()
                    .is_some_and(|c| is_like(pattern, &text[c.len_utf8()..]))
        }
        Some(c) => text
            .strip_prefix(c)
            .is_some_and(|text| is_like(&pattern[c.len_utf8()..], text)),
    }
}

fn parsed(query: &str) -> ExecutionFilter {
    let tree = parse_query(query, &time_at(TEN)).unwrap().unwrap();
    ExecutionFilter::default().with_query(&tree)
}

on_every_store! {
    async fn a_query_means_the_same_everywhere(store: Store) {
        let mut dice = Dice::seeded(1107);
        let samples: Vec<Sample> = (0..150).map(|_| dice.run()).collect();
        let changes: Vec<_> = samples.iter().map(|sample| sample.changes.clone()).collect();
        store.commit(&changes).await.unwrap();
        pin(&store, &samples).await;
        let times = match store.engine() {
            Engine::Sqlite => 2_000,
            Engine::Postgres | Engine::MySql => 500,
        };
        let (mut some, mut all) = (0, 0);
        for _ in 0..times {
            let query = tree(&mut dice, 3);
            let text = query.to_string();
            let again = parse_query(&text, &time_at(TEN)).unwrap().unwrap();
            assert_eq!(again, query, "{text}");
            // Beside filters, which are part of the same conjunction.
            let fields = if dice.often(1, 2) { dice.filter() } else { ExecutionFilter::default() };
            let mut whole = vec![query.clone()];
            for field in language() {
                let values = (field.get)(&fields).into_iter().map(Value::Exact).collect::<Vec<_>>();
                if !values.is_empty() {
                    whole.push(Expression::Term(Term { field, values }));
                }
            }
            let whole = Expression::all(whole);
            let filter = fields.clone().with_query(&query);
            let conditions = filter.conditions();
            let expected = ids(&samples, |sample| holds(&whole, sample));
            let in_memory = ids(&samples, |sample| matches(&conditions, &sample.recorded()));
            assert_eq!(in_memory, expected, "in memory: {text} and {fields:?}: {conditions:?}");
            let found = found(&store, &filter).await;
            assert_eq!(found, expected, "in the database: {text} and {fields:?}: {conditions:?}");
            some += usize::from(!expected.is_empty());
            all += usize::from(expected.len() == samples.len());
        }
        assert!(some > times / 4 && all < times / 4, "{some} found something, {all} everything");
    }

    async fn the_largest_query_is_answered(store: Store) {
        let run = |name: &str| {
            let mut changes = only(execution(json!({ "type": "playbook", "labels": ["a"], "note": "some text" })));
            changes.hosts = vec![host(1, name, 1)];
            changes
        };
        let runs = [run("web"), run("db")];
        store.commit(&runs).await.unwrap();
        let id = runs[0].execution.as_ref().unwrap().id;
        let times = |text: &str, times: usize, join: &str| vec![text; times].join(join);
        for query in [
            times("host:web", 100, " "),
            times("host:w*", 100, " "),
            format!("host:{}", times("web", 100, ",")),
            times("(host:web label:a*)", 50, " "),
            times("(host:web label:a)", 50, " OR "),
            times("NOT host:db*", 100, " "),
            format!("host:web {}", times("text", 90, " ")),
            format!("{}host:web{}", "(label:b OR ".repeat(20), ")".repeat(20)),
            format!("{}host:db{}", "NOT (label:b OR ".repeat(19), ")".repeat(19)),
        ] {
            assert_eq!(found(&store, &parsed(&query)).await, [id], "{query}");
        }
    }

    async fn pages_of_a_query_neither_repeat_nor_skip(store: Store) {
        let mut dice = Dice::seeded(7);
        let samples: Vec<Sample> = (0..60).map(|_| dice.run()).collect();
        let changes: Vec<_> = samples.iter().map(|sample| sample.changes.clone()).collect();
        store.commit(&changes).await.unwrap();
        for query in ["NOT status:running", "host:*n* OR label:a*", "status:failed,success site OR type:adhoc", "site -web"] {
            let filter = parsed(query);
            let expected = found(&store, &filter).await;
            assert!(expected.len() > 5, "{query}");
            for ascending in [true, false] {
                let mut seen: Vec<Uuid> = Vec::new();
                let mut page = playback::model::Page { limit: 4, offset: 0, after: None, ascending };
                loop {
                    let part = store.executions(&filter, &page).await.unwrap();
                    let Some(last) = part.last() else { break };
                    page.after = Some(Cursor::of(last));
                    seen.extend(part.iter().map(|(_, row)| row.id));
                }
                seen.sort_unstable();
                assert_eq!(seen, expected, "{query}");
            }
        }
    }
}

#[test]
fn a_column_that_holds_nothing_is_not_like_anything() {
    static NOTHING: Column = Column {
        name: "nothing",
        of: |_| None,
    };
    let mut dice = Dice::seeded(1);
    let sample = dice.run();
    let like = Condition::Glob {
        column: &NOTHING,
        glob: Glob::new("*").unwrap(),
    };
    assert!(!matches(std::slice::from_ref(&like), &sample.recorded()));
    assert!(matches(
        &[Condition::Not(Box::new(like))],
        &sample.recorded()
    ));
}
