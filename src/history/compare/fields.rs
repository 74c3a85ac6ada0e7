//! The fields of two results that are different. Pure.
//!
//! Values are compared without what differs each time ([`steady`]); of several lines only those that are different are
//! shown.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::align::align;
use crate::failure::{Hashes, REPORTED, steady};
use crate::model::FieldDifference;

/// Fields of a result that are named, at most.
const FIELDS: usize = 20;

/// Maximum number of fields of a result that are compared, and how deep they may be.
const LEAVES: usize = 2_000;
const DEPTH: usize = 16;

/// Lines of a value that are compared and shown, and bytes of each.
const LINES: usize = 2_000;
const SHOWN: usize = 5;
const BYTES: usize = 300;

/// Numbers that differ each time.
const VOLATILE: &[&str] = &["atime", "ctime", "elapsed", "mtime", "pid"];

/// Fields that repeat others, line by line.
const REPEATED: &[(&str, &str)] = &[("stdout_lines", "stdout"), ("stderr_lines", "stderr")];

/// The fields that are different, the most telling first, and how many more there are. If one side has no result, only
/// those that report a failure.
pub(super) fn differences(
    before: Option<&Value>,
    now: Option<&Value>,
) -> (Vec<FieldDifference>, u64) {
    let is_alone = before.is_none() || now.is_none();
    let (mut a, mut b) = (leaves(before), leaves(now));
    if is_alone {
        let reports = |name: &String, _: &mut String| REPORTED.contains(&name.as_str());
        a.retain(reports);
        b.retain(reports);
    }
    let names = a
        .keys()
        .chain(b.keys().filter(|name| !a.contains_key(*name)));
    let mut names: Vec<&String> = names.collect();
    let rank = |name: &str| {
        let place = REPORTED.iter().position(|reported| *reported == name);
        place.unwrap_or(REPORTED.len())
    };
    names.sort_by(|x, y| (rank(x), x).cmp(&(rank(y), y)));
    let all = names.into_iter();
    let mut all = all.filter_map(|name| difference(name, a.get(name), b.get(name)));
    let fields: Vec<FieldDifference> = all.by_ref().take(FIELDS).collect();
    (fields, all.count() as u64)
}

fn difference(
    name: &str,
    before: Option<&String>,
    now: Option<&String>,
) -> Option<FieldDifference> {
    let is_volatile = name
        .rsplit('.')
        .next()
        .is_some_and(|last| VOLATILE.contains(&last));
    if is_volatile && before.is_some() && now.is_some() {
        return None;
    }
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => {
            let (before, now) = different_lines(before, now)?;
            (Some(before), Some(now))
        }
        (before, now) => (
            before.map(|text| beginning(text)),
            now.map(|text| beginning(text)),
        ),
    };
    Some(FieldDifference {
        field: name.to_owned(),
        before,
        now,
    })
}

/// The lines of two texts that the other has not; none if they say the same.
fn different_lines(before: &str, now: &str) -> Option<(String, String)> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut of = |lines: &[&str]| -> Vec<u32> {
        let lines = lines.iter().take(LINES);
        lines
            .map(|line| {
                let next = numbers.len() as u32;
                *numbers
                    .entry(steady(line, Hashes::Preserved))
                    .or_insert(next)
            })
            .collect()
    };
    let (of_a, of_b) = (of(&a), of(&b));
    if of_a == of_b {
        return None;
    }
    let pairs = align(&of_a, &of_b);
    let mut common_a = vec![false; of_a.len()];
    let mut common_b = vec![false; of_b.len()];
    for (i, j) in pairs {
        (common_a[i], common_b[j]) = (true, true);
    }
    let others = |lines: &[&str], common: &[bool]| {
        let lines = lines.iter().zip(common);
        let lines = lines
            .filter(|(_, is_common)| !**is_common)
            .map(|(line, _)| *line);
        shown(lines)
    };
    Some((others(&a, &common_a), others(&b, &common_b)))
}

fn beginning(text: &str) -> String {
    shown(text.lines())
}

/// The first lines, and how many more there are.
fn shown<'t>(mut lines: impl Iterator<Item = &'t str>) -> String {
    let mut text: Vec<String> = lines
        .by_ref()
        .take(SHOWN)
        .map(|line| cut(line, BYTES))
        .collect();
    match lines.count() {
        0 => {}
        1 => text.push("… (1 more line)".to_owned()),
        more => text.push(format!("… ({more} more lines)")),
    }
    text.join("\n")
}

/// The beginning of a text, visibly cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// The fields of a result by their places. A list of plain values is one text with a line each, so that an inserted one
/// does not shift the others.
fn leaves(value: Option<&Value>) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    if let Some(value) = value {
        add(&mut leaves, "", value, 0);
        // An object without fields.
        leaves.remove("");
    }
    for (repeated, original) in REPEATED {
        if leaves.contains_key(*original) {
            leaves.remove(*repeated);
        }
    }
    leaves
}

fn add(leaves: &mut BTreeMap<String, String>, name: &str, value: &Value, depth: usize) {
    let within = |part: &str| match name {
        "" => part.to_owned(),
        name => format!("{name}.{part}"),
    };
    if leaves.len() >= LEAVES {
        return;
    }
    match value {
        Value::Object(fields) if depth < DEPTH && !fields.is_empty() => {
            // Ansible's own notes for the run.
            let told = fields
                .iter()
                .filter(|(part, _)| !part.starts_with("_ansible"));
            for (part, value) in told {
                add(leaves, &within(part), value, depth + 1);
            }
        }
        Value::Array(values) if depth < DEPTH && values.iter().any(is_nested) => {
            for (place, value) in values.iter().enumerate() {
                add(leaves, &within(&place.to_string()), value, depth + 1);
            }
        }
        Value::Array(values) => {
            let lines: Vec<String> = values.iter().map(text).collect();
            leaves.insert(name.to_owned(), lines.join("\n"));
        }
        value => {
            leaves.insert(name.to_owned(), text(value));
        }
    }
}

fn is_nested(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, now: &Value) -> Vec<(String, Option<String>, Option<String>)> {
        let (fields, left_out) = differences(Some(before), Some(now));
        assert_eq!(left_out, 0);
        let fields = fields.into_iter();
        fields.map(|one| (one.field, one.before, one.now)).collect()
    }

    fn field(name: &str, before: &str, now: &str) -> (String, Option<String>, Option<String>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (name.to_owned(), some(before), some(now))
    }

    #[test]
    fn a_field_is_named_by_its_place_and_telling_ones_come_first() {
        let found = told(
            &json!({ "a": { "b": [{ "c": 1 }] }, "msg": "x", "rc": 0, "same": true, "gone": 1 }),
            &json!({ "a": { "b": [{ "c": 2 }] }, "msg": "y", "rc": 1, "same": true, "new": "n" }),
        );
        assert_eq!(
            found,
            [
                field("msg", "x", "y"),
                field("rc", "0", "1"),
                field("a.b.0.c", "1", "2"),
                field("gone", "1", ""),
                field("new", "", "n"),
            ]
        );
    }

    #[test]
    fn what_differs_each_time_is_no_difference() {
        let run = |start: &str, delta: &str, pid: u32| {
            json!({
                "start": start, "delta": delta, "pid": pid, "_ansible_no_log": pid,
                "stdout": format!("done in {delta} at {start}"), "stdout_lines": [start],
                "invocation": { "module_args": { "src": format!("/tmp/ansible-tmp-{pid}/x") } },
            })
        };
        let found = told(
            &run("2026-01-20 10:00:00.5", "0:00:01.2", 7),
            &run("2026-01-21 11:30:00.1", "0:00:09.9", 4711),
        );
        assert_eq!(found, []);
    }

    #[test]
    fn of_several_lines_only_those_that_differ_are_told() {
        let found = told(
            &json!({ "stdout": "one\ntwo\nthree", "packages": ["a", "b", "c"] }),
            &json!({ "stdout": "one\n2\nthree\nfour", "packages": ["a", "x", "b", "c"] }),
        );
        let inserted = (Some(String::new()), Some("x".to_owned()));
        let packages = ("packages".to_owned(), inserted.0, inserted.1);
        assert_eq!(found, [field("stdout", "two", "2\nfour"), packages]);
        let many: String = (0..20).map(|line| format!("line {line}\n")).collect();
        let found = told(&json!({ "stdout": "" }), &json!({ "stdout": many }));
        let now = found[0].2.as_deref().unwrap();
        assert!(now.ends_with("line 4\n… (15 more lines)"), "{now}");
    }

    #[test]
    fn without_a_counterpart_only_what_reports_a_failure_is_told() {
        let now = json!({ "msg": "no space", "rc": 1, "invocation": { "module_args": {} }, "changed": false });
        let (fields, _) = differences(None, Some(&now));
        let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(names, ["msg", "rc"]);
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let of = |n: u32| {
            let fields = (0..30).map(|field| (format!("f{field:02}"), json!(n)));
            Value::Object(fields.collect())
        };
        let (fields, left_out) = differences(Some(&of(1)), Some(&of(2)));
        assert_eq!((fields.len(), left_out), (20, 10));
        assert_eq!(cut("äöü", 3), "ä…");
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!({ "a": deep });
        }
        assert_eq!(differences(Some(&deep), Some(&json!({}))).0.len(), 1);
    }
}
