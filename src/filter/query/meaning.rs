//! Translates a query into conditions.
//!
//! `host` and `changed` in the same conjunction are one condition: that host was changed. Brackets that do not change
//! the meaning do not separate them; each alternative of a disjunction is a conjunction of its own.

use super::ast::{Expression, Term, Value};
use crate::filter::{Condition, ExecutionFilter, Pattern, fields, stored};

/// Values of `changed` that are still possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Flags {
    yes: bool,
    no: bool,
}

impl Flags {
    const ANY: Self = Self {
        yes: true,
        no: true,
    };
    const NONE: Self = Self {
        yes: false,
        no: false,
    };

    pub(in crate::filter) fn of(changed: bool) -> Self {
        Self {
            yes: changed,
            no: !changed,
        }
    }

    pub(in crate::filter) fn and(self, other: Self) -> Self {
        Self {
            yes: self.yes && other.yes,
            no: self.no && other.no,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            yes: self.yes || other.yes,
            no: self.no || other.no,
        }
    }

    fn negated(self) -> Self {
        Self {
            yes: !self.yes,
            no: !self.no,
        }
    }

    pub(in crate::filter) fn is_impossible(self) -> bool {
        self == Self::NONE
    }

    /// The only value left, if it is one.
    pub(in crate::filter) fn only(self) -> Option<bool> {
        (self.yes != self.no).then_some(self.yes)
    }
}

/// A conjunction, with the conditions that are combined in it.
pub(in crate::filter) struct Group {
    pub(in crate::filter) changed: Flags,
    /// For each of them, a host with one of these names took part.
    hosts: Vec<Vec<Pattern>>,
    others: Vec<Condition>,
}

impl Group {
    pub(in crate::filter) fn of(items: &[Expression]) -> Self {
        let mut group = Self {
            changed: Flags::ANY,
            hosts: Vec::new(),
            others: Vec::new(),
        };
        for item in items {
            if let Some(flags) = flags(item) {
                group.changed = group.changed.and(flags);
            } else if let Some(names) = hosts(item) {
                group.hosts.push(names);
            } else {
                group.others.push(condition(item));
            }
        }
        group
    }

    pub(in crate::filter) fn has_hosts(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// The conditions of the group, except for `changed` on its own.
    pub(in crate::filter) fn conditions(self, changed: Flags) -> Vec<Condition> {
        if changed.is_impossible() {
            return vec![Condition::Any(Vec::new())];
        }
        let hosts = self.hosts.into_iter().map(|names| Condition::Host {
            names,
            changed: changed.only(),
        });
        hosts.chain(self.others).collect()
    }
}

/// The condition that a query expresses.
fn condition(query: &Expression) -> Condition {
    match query {
        Expression::Or(items) => match hosts(query) {
            Some(names) => Condition::Host {
                names,
                changed: None,
            },
            None => Condition::Any(items.iter().map(condition).collect()),
        },
        Expression::Not(item) => Condition::Not(Box::new(condition(item))),
        Expression::And(items) => conjunction(items),
        Expression::Term(term)
            if is(term, fields::host::HOST.name) || is(term, fields::changed::CHANGED.name) =>
        {
            conjunction(std::slice::from_ref(query))
        }
        Expression::Term(term) => {
            Condition::any(term.values.iter().map(|value| plain(term, value)))
        }
    }
}

fn conjunction(items: &[Expression]) -> Condition {
    let group = Group::of(items);
    let (changed, has_hosts) = (group.changed, group.has_hosts());
    let mut conditions = group.conditions(changed);
    if let Some(changed) = changed.only()
        && !has_hosts
    {
        conditions.push(fields::changed::of_run(changed));
    }
    Condition::all(conditions)
}

/// The condition of one value, for a field whose condition depends on no other field.
fn plain(term: &Term, value: &Value) -> Condition {
    let condition = match (value, term.field.meaning.glob) {
        (Value::Exact(text), _) => {
            let mut filter = ExecutionFilter::default();
            // It was parsed before.
            match (term.field.set)(&mut filter, text) {
                Ok(()) => (term.field.meaning.condition)(&filter),
                Err(_) => None,
            }
        }
        (Value::Glob(glob), Some(condition)) => Some(condition(glob)),
        (Value::Glob(_), None) => None,
    };
    condition.unwrap_or(Condition::Any(Vec::new()))
}

fn is(term: &Term, name: &str) -> bool {
    term.field.name == name
}

/// Whether a query has a condition on `changed`, and no other.
pub(super) fn is_about_changes(query: &Expression) -> bool {
    flags(query).is_some()
}

/// Whether a query has a condition on hosts, and no other.
pub(super) fn is_about_hosts(query: &Expression) -> bool {
    hosts(query).is_some()
}

/// The value of `changed` in a query that has no other condition.
fn flags(query: &Expression) -> Option<Flags> {
    let folded = |items: &[Expression], start, fold: fn(Flags, Flags) -> Flags| {
        items
            .iter()
            .try_fold(start, |sum, item| Some(fold(sum, flags(item)?)))
    };
    match query {
        Expression::And(items) => folded(items, Flags::ANY, Flags::and),
        Expression::Or(items) => folded(items, Flags::NONE, Flags::or),
        Expression::Not(item) => flags(item).map(Flags::negated),
        Expression::Term(term) if is(term, fields::changed::CHANGED.name) => {
            let values = term.values.iter().map(|value| match value {
                Value::Exact(text) => Flags::of(text == "true"),
                Value::Glob(_) => Flags::NONE,
            });
            Some(values.fold(Flags::NONE, Flags::or))
        }
        Expression::Term(_) => None,
    }
}

/// The names of which a host must have one, if the query has no other condition.
fn hosts(query: &Expression) -> Option<Vec<Pattern>> {
    match query {
        Expression::Or(items) => {
            let names: Option<Vec<_>> = items.iter().map(hosts).collect();
            names.map(|names| names.concat())
        }
        Expression::Term(term) if is(term, fields::host::HOST.name) => {
            let names = term.values.iter().map(|value| match value {
                Value::Exact(name) => Pattern::Exact(stored(name).into_owned()),
                Value::Glob(glob) => Pattern::Glob(glob.clone()),
            });
            Some(names.collect())
        }
        _ => None,
    }
}
