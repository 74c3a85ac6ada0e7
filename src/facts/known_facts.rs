//! The facts of a host after some reports, and what each report changed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::gathering::Kind;
use super::is_fact;
use super::volatile::{is_unordered, is_volatile, members, sorted};

/// Differences that are listed of one report.
const DIFFERENCES: usize = 200;

/// A fact, and the report that it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<O> {
    /// Its value.
    pub value: Value,
    /// The report.
    pub origin: O,
    /// Place of the report among all.
    order: u64,
}

/// A fact by its name. `setup` and other modules may both report it: the later one counts, and it is gone when both no
/// longer have it.
#[derive(Debug, Clone)]
struct Reported<O> {
    by_setup: Option<Fact<O>>,
    by_others: Option<Fact<O>>,
}

impl<O> Reported<O> {
    fn latest(&self) -> Option<&Fact<O>> {
        let both = [&self.by_setup, &self.by_others];
        both.into_iter().flatten().max_by_key(|fact| fact.order)
    }
}

/// The facts of a host, as far as some reports tell. `O` names a report.
#[derive(Debug, Clone)]
pub struct KnownFacts<O> {
    facts: BTreeMap<String, Reported<O>>,
    order: u64,
    version: u64,
}

/// A fact, or a member of one, that a report changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The fact's name, and the names and places below it.
    pub path: Vec<String>,
    /// Its value before; none: it is new.
    pub before: Option<Value>,
    /// Its value now; none: it is gone.
    pub after: Option<Value>,
}

/// The changes that a report made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// Nothing was known of the facts that `setup` gathers, so new facts are no changes.
    pub is_first: bool,
    /// What is different, in the order of its path; at most 200.
    pub differences: Vec<Difference>,
    /// Number of further differences.
    pub left_out: u64,
}

impl<O> Default for KnownFacts<O> {
    fn default() -> Self {
        Self {
            facts: BTreeMap::new(),
            order: 0,
            version: 0,
        }
    }
}

impl<O: Clone> KnownFacts<O> {
    /// Grows whenever something changes that lasts.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All facts by name.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &Fact<O>)> {
        let facts = self.facts.iter();
        facts.filter_map(|(name, reported)| Some((name.as_str(), reported.latest()?)))
    }

    /// Adds a report, and tells what it changed of the facts whose names `shows` accepts.
    pub fn learn(
        &mut self,
        kind: Kind,
        report: Map<String, Value>,
        origin: &O,
        shows: &dyn Fn(&str) -> bool,
    ) -> Learned {
        self.order += 1;
        let is_first = kind.is_of_setup()
            && !self
                .facts
                .values()
                .any(|reported| reported.by_setup.is_some());
        let mut comparison = Comparison {
            shows,
            changed: false,
            learned: Learned {
                is_first,
                ..Learned::default()
            },
        };
        if kind.is_complete() {
            self.drop_missing(&report, &mut comparison);
        }
        for (name, value) in report {
            if !is_fact(&name) {
                continue;
            }
            let before = self.facts.get(&name).and_then(Reported::latest);
            match before {
                _ if is_volatile(&name) => {}
                Some(before) => comparison.compare(&name, &before.value, &value),
                None if is_first => {}
                None => comparison.add(vec![name.clone()], None, Some(value.clone())),
            }
            let fact = Fact {
                value,
                origin: origin.clone(),
                order: self.order,
            };
            let reported = self.facts.entry(name).or_insert(Reported {
                by_setup: None,
                by_others: None,
            });
            match kind.is_of_setup() {
                true => reported.by_setup = Some(fact),
                false => reported.by_others = Some(fact),
            }
        }
        self.version += u64::from(is_first || comparison.changed);
        let mut learned = comparison.learned;
        learned.differences.sort_by(|a, b| a.path.cmp(&b.path));
        learned
    }

    /// Removes what `setup` no longer reports.
    fn drop_missing(&mut self, report: &Map<String, Value>, comparison: &mut Comparison<'_>) {
        self.facts.retain(|name, reported| {
            if report.contains_key(name) || reported.by_setup.is_none() {
                return true;
            }
            let before = reported.latest().map(|fact| fact.value.clone());
            reported.by_setup = None;
            let after = reported.latest().map(|fact| &fact.value);
            if !is_volatile(name) {
                match (before, after) {
                    (Some(before), Some(after)) => comparison.compare(name, &before, after),
                    (before, after) => comparison.add(vec![name.clone()], before, after.cloned()),
                }
            }
            reported.by_others.is_some()
        });
    }
}

/// A comparison in progress.
struct Comparison<'s> {
    shows: &'s dyn Fn(&str) -> bool,
    changed: bool,
    learned: Learned,
}

impl Comparison<'_> {
    fn add(&mut self, path: Vec<String>, before: Option<Value>, after: Option<Value>) {
        self.changed = true;
        if !path.first().is_some_and(|name| (self.shows)(name)) {
            return;
        }
        if self.learned.differences.len() >= DIFFERENCES {
            self.learned.left_out += 1;
            return;
        }
        self.learned.differences.push(Difference {
            path,
            before,
            after,
        });
    }

    /// Compares the values of a fact.
    fn compare(&mut self, name: &str, before: &Value, after: &Value) {
        if is_unordered(name) && sorted(before.clone()) == sorted(after.clone()) {
            return;
        }
        let mut path = vec![name.to_owned()];
        self.compare_at(&mut path, members(name), before, after);
    }

    fn compare_at(
        &mut self,
        path: &mut Vec<String>,
        ignored: &[&str],
        before: &Value,
        after: &Value,
    ) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                let new = after.keys().filter(|name| !before.contains_key(*name));
                let names: Vec<&String> = before.keys().chain(new).collect();
                for name in names {
                    if ignored.contains(&name.as_str()) {
                        continue;
                    }
                    path.push(name.clone());
                    match (before.get(name), after.get(name)) {
                        (Some(before), Some(after)) => {
                            self.compare_at(path, ignored, before, after);
                        }
                        (before, after) => {
                            self.add(path.clone(), before.cloned(), after.cloned());
                        }
                    }
                    path.pop();
                }
            }
            // Entries of a list of the same length are the same entries.
            (Value::Array(before), Value::Array(after))
                if before.len() == after.len() && before.iter().all(Value::is_object) =>
            {
                for (place, (before, after)) in before.iter().zip(after).enumerate() {
                    path.push(place.to_string());
                    self.compare_at(path, ignored, before, after);
                    path.pop();
                }
            }
            _ if before == after => {}
            _ => self.add(path.clone(), Some(before.clone()), Some(after.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PART: Kind = Kind(7);
    const OTHER: Kind = Kind(-7);

    fn learn(known: &mut KnownFacts<u32>, kind: Kind, report: Value) -> Learned {
        let Value::Object(report) = report else {
            panic!("an object");
        };
        known.learn(kind, report, &1, &|_| true)
    }

    /// The differences as `path: before → after`.
    fn told(learned: &Learned) -> Vec<String> {
        let value = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        let differences = learned.differences.iter();
        differences
            .map(|one| {
                let path = one.path.join(".");
                format!("{path}: {} → {}", value(&one.before), value(&one.after))
            })
            .collect()
    }

    #[test]
    fn the_first_gathering_changes_nothing() {
        let mut known = KnownFacts::default();
        let ping = learn(&mut known, OTHER, json!({ "x": 1 }));
        assert_eq!(told(&ping), ["x: - → 1"]);
        let first = learn(
            &mut known,
            Kind::COMPLETE,
            json!({ "kernel": "6.1", "x": 2 }),
        );
        assert!(first.is_first);
        assert_eq!(told(&first), ["x: 1 → 2"]);
        let second = learn(
            &mut known,
            Kind::COMPLETE,
            json!({ "kernel": "6.1", "x": 2, "_ansible_facts_gathered": true }),
        );
        assert_eq!(second, Learned::default());
        assert_eq!(known.version(), 2);
    }

    #[test]
    fn a_complete_gathering_drops_what_it_lacks_and_a_part_does_not() {
        let mut known = KnownFacts::default();
        learn(
            &mut known,
            Kind::COMPLETE,
            json!({ "eth0": { "mtu": 1500 }, "eth1": {}, "os": "a" }),
        );
        learn(
            &mut known,
            OTHER,
            json!({ "packages": { "vim": 1 }, "os": "b" }),
        );
        let part = learn(
            &mut known,
            PART,
            json!({ "eth0": { "mtu": 9000, "up": true } }),
        );
        assert_eq!(told(&part), ["eth0.mtu: 1500 → 9000", "eth0.up: - → true"]);
        let whole = learn(
            &mut known,
            Kind::COMPLETE,
            json!({ "eth0": { "mtu": 9000 } }),
        );
        // What the other module said of the same fact stays.
        assert_eq!(told(&whole), ["eth0.up: true → -", "eth1: {} → -"]);
        let names: Vec<&str> = known.facts().map(|(name, _)| name).collect();
        assert_eq!(names, ["eth0", "os", "packages"]);
    }

    #[test]
    fn what_changes_all_the_time_is_kept_and_not_told() {
        let mut known = KnownFacts::default();
        let mounts = |free: u32, total: u32| {
            json!({
                "ansible_mounts": [{ "mount": "/", "size_available": free, "size_total": total }],
                "ansible_memfree_mb": free,
            })
        };
        learn(&mut known, Kind::COMPLETE, mounts(1, 10));
        assert_eq!(
            learn(&mut known, Kind::COMPLETE, mounts(2, 10)),
            Learned::default()
        );
        let grown = learn(&mut known, Kind::COMPLETE, mounts(3, 20));
        assert_eq!(told(&grown), ["ansible_mounts.0.size_total: 10 → 20"]);
        let (_, free) = known
            .facts()
            .find(|(name, _)| name.ends_with("mb"))
            .unwrap();
        assert_eq!(free.value, json!(3));
    }

    #[test]
    fn the_order_of_a_set_does_not_matter() {
        let mut known = KnownFacts::default();
        let interfaces = |names: &[&str]| json!({ "ansible_interfaces": names, "dns": names });
        learn(&mut known, Kind::COMPLETE, interfaces(&["lo", "eth0"]));
        let other = learn(&mut known, Kind::COMPLETE, interfaces(&["eth0", "lo"]));
        assert_eq!(told(&other), [r#"dns: ["lo","eth0"] → ["eth0","lo"]"#]);
        let more = learn(&mut known, Kind::COMPLETE, interfaces(&["eth0"]));
        assert_eq!(
            told(&more)[0],
            r#"ansible_interfaces: ["eth0","lo"] → ["eth0"]"#
        );
    }

    #[test]
    fn a_flood_of_differences_is_counted() {
        let mut known = KnownFacts::default();
        learn(&mut known, Kind::COMPLETE, json!({ "a": 1 }));
        let many: Map<String, Value> = (0..500).map(|n| (format!("f{n}"), json!(n))).collect();
        let learned = known.learn(OTHER, many.clone(), &1, &|_| true);
        assert_eq!((learned.differences.len(), learned.left_out), (200, 300));
        // Facts that were not requested are no difference, but known from then on.
        let mut known = KnownFacts::default();
        let learned = known.learn(OTHER, many, &1, &|name| name == "f499");
        assert_eq!(told(&learned), ["f499: - → 499"]);
        assert_eq!((known.facts().count(), known.version()), (500, 1));
    }
}
