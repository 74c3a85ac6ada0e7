//! Properties of every filter.

use std::collections::BTreeSet;

use playback_wire::ExecutionType;
use uuid::Uuid;

use super::place::{self, Spelled, names, spelled, unknown};
use super::*;
use crate::model::{Candidate, Group, LogState};

/// An example value for a filter in a place.
fn value<P: Place>((field, at): Spelled<P>) -> String {
    match field.kind {
        Kind::Word(_) | Kind::OpenWord(_) => field.words(at).unwrap()[0].to_owned(),
        Kind::Text | Kind::Part => "some".to_owned(),
        Kind::Path => "some/where".to_owned(),
        Kind::Id => "4f2a9c".to_owned(),
        Kind::Flag => "true".to_owned(),
        Kind::Number => "7".to_owned(),
        Kind::Seconds => "1.5".to_owned(),
        Kind::Time(_) => "2026-01-20T12:00:00.25+00:00".to_owned(),
    }
}

fn each_is_spelled_once<P: Place>() {
    let mut seen = BTreeSet::new();
    for (field, at) in spelled::<P>() {
        for name in [at.name].iter().chain(at.also) {
            assert!(seen.insert((*name).to_owned()), "{name} has two meanings");
        }
        let option = at.option.map(|option| format!("--{option}"));
        let option = option.or(at.short.map(|short| format!("-{short}")));
        assert!(seen.insert(option.unwrap()), "{} has an option", at.name);
        for text in [field.doc, at.note] {
            assert!(!text.ends_with('.'), "{text}");
        }
        assert!(!field.doc.is_empty() && !field.value_name.is_empty());
    }
}

fn values_read_back<P: Place>() {
    for (field, at) in spelled::<P>() {
        let text = value::<P>((field, at));
        let mut filter = P::Filter::default();
        assert_eq!((field.get)(&filter), None, "{}", at.name);
        (field.set)(&mut filter, &text).unwrap();
        let shown = (field.get)(&filter).unwrap();
        let mut again = P::Filter::default();
        (field.set)(&mut again, &shown).unwrap();
        assert_eq!((field.get)(&again), Some(shown), "{}", at.name);
    }
}

fn what_does_not_exist_is_refused_with_what_does<P: Place>() {
    let refused = unknown::<P>("nonsense", &["limit"]);
    for name in names::<P>().iter().chain(&["limit"]) {
        assert!(refused.contains(name), "{refused}");
    }
    assert!(!refused.contains("did you mean"), "{refused}");
    let (_, at) = spelled::<P>().next().unwrap();
    let meant = format!("did you mean `{}`", at.name);
    let refused = unknown::<P>(&format!("{}s", at.name), &[]);
    assert!(refused.contains(&meant), "{refused}");
}

macro_rules! in_each_place {
    ($($place:ident)*) => { $(
        mod $place {
            type Here = super::place::$place;

            #[test]
            fn each_is_spelled_once() {
                super::each_is_spelled_once::<Here>();
            }

            #[test]
            fn values_read_back() {
                super::values_read_back::<Here>();
            }

            #[test]
            fn what_does_not_exist_is_refused_with_what_does() {
                super::what_does_not_exist_is_refused_with_what_does::<Here>();
            }
        }
    )* };
}

#[allow(non_snake_case, reason = "modules named after the types of places")]
mod places {
    use super::*;

    in_each_place!(List Stats Retention Results Audit);
}

#[test]
fn names_of_a_query_language_are_unique() {
    let names = |names: Vec<&str>| {
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    };
    names(
        ExecutionFilter::fields()
            .iter()
            .map(|field| field.name)
            .collect(),
    );
    names(
        AuditFilter::fields()
            .iter()
            .map(|field| field.name)
            .collect(),
    );
    names(
        ResultFilter::fields()
            .iter()
            .map(|field| field.name)
            .collect(),
    );
}

/// Asserts that a run knows every column that a filter of a place needs.
fn is_known<P: Place<Filter = ExecutionFilter>>(
    run: &impl Subject,
    wanted: fn(&Field<ExecutionFilter>) -> bool,
) {
    for (field, at) in spelled::<P>().filter(|(field, _)| wanted(field)) {
        let mut filter = ExecutionFilter::default();
        (field.set)(&mut filter, &value::<P>((field, at))).unwrap();
        for condition in filter.conditions() {
            let columns = match condition {
                Condition::Column { column, .. } | Condition::Glob { column, .. } => vec![column],
                Condition::PathEnd { path, name, .. } => vec![path, name],
                Condition::Host { .. } | Condition::Label(_) => vec![],
                Condition::Pinned(_)
                | Condition::Holds(_)
                | Condition::Id(_)
                | Condition::All(_)
                | Condition::Any(_)
                | Condition::Not(_) => {
                    panic!("{}: nothing but a recorded run knows this", at.name)
                }
            };
            for column in columns {
                assert!(run.value(column).is_some(), "{}: {column:?}", at.name);
            }
        }
    }
}

#[test]
fn retention_knows_what_its_filters_ask() {
    let candidate = Candidate {
        key: 1,
        id: Uuid::nil(),
        status: Status::Success,
        r#type: ExecutionType::Playbook,
        playbook: Some("a".to_owned()),
        playbook_name: Some("a".to_owned()),
        labels: Vec::new(),
        started_us: 0,
        ended_us: None,
        arrived_us: None,
        results: 0,
        log: LogState::default(),
        is_pinned: false,
    };
    is_known::<place::Retention>(&candidate, |_| true);
}

#[test]
fn roll_ups_know_what_they_are_said_to_know() {
    let text = || Some("a".into());
    let group = Group {
        adhoc: false,
        status: Status::Failed,
        reason: Some(Reason::Lost),
        changed: true,
        playbook: text(),
        playbook_name: text(),
        folder: None,
        inventory: text(),
        inventory_name: text(),
        user: text(),
        controller: text(),
        labels: Vec::new(),
    };
    // A question has its own time range.
    is_known::<place::Stats>(&group, |field| {
        field.meaning.rolled && !matches!(field.kind, Kind::Time(_))
    });
}

#[test]
fn with_a_host_a_change_is_the_hosts_own() {
    let filter = ExecutionFilter {
        host: Some("web".to_owned()),
        changed: Some(true),
        ..ExecutionFilter::default()
    };
    let conditions = filter.conditions();
    assert!(
        matches!(
            &conditions[..],
            [Condition::Host {
                changed: Some(true),
                ..
            }]
        ),
        "{conditions:?}"
    );
}

/// Fields beside the filters.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Others {
    limit: Option<u32>,
}

fn given<P: Place>(json: serde_json::Value) -> Result<P::Filter, String> {
    let read: Filtered<P, Others> =
        serde_json::from_value(json).map_err(|error| error.to_string())?;
    assert!(read.rest.limit.is_none_or(|limit| limit == 5));
    read.filter().map_err(String::from)
}

#[test]
fn filters_are_read_beside_other_fields() {
    use serde_json::json;
    let filter = given::<place::List>(json!({
        "limit": 5, "status": "failed", "changed": true, "min_duration": 2, "host": "", "user": null,
    }))
    .unwrap();
    let expected = ExecutionFilter {
        status: Some(Status::Failed),
        changed: Some(true),
        min_duration_us: Some(2_000_000),
        ..ExecutionFilter::default()
    };
    assert_eq!(filter, expected);
    let by_alias = given::<place::Stats>(json!({ "start_date": "1970-01-01" })).unwrap();
    assert_eq!(by_alias.from_us, Some(0));
    for (json, says) in [
        (
            json!({ "status": "lost" }),
            "status = \"lost\": it must be one of running, success, failed",
        ),
        (
            json!({ "type": "role" }),
            "type = \"role\": it must be playbook or adhoc",
        ),
        (
            json!({ "changed": "maybe" }),
            "changed = \"maybe\": it must be true or false",
        ),
        (json!({ "status": 5 }), "expected a text"),
        (json!({ "changed": 5 }), "expected true or false"),
        (json!({ "limit": "5" }), "expected u32"),
        (
            json!({ "limmit": 5 }),
            "unknown field `limmit`: did you mean `limit`? There are status, type",
        ),
        (
            json!({ "text": "x".repeat(1001) }),
            "…: it must have 1000 characters at most",
        ),
    ] {
        let error = given::<place::List>(json).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    for (json, says) in [
        (
            json!({ "label": "" }),
            "label: it must have from 1 to 255 characters",
        ),
        (
            json!({ "playbook": "x".repeat(256) }),
            "playbook: it must have from 1 to 255",
        ),
        (
            json!({ "status": "running" }),
            "running executions are never removed; it must be success or failed",
        ),
        (json!({ "status": "lost" }), "it must be success or failed"),
        (
            json!({ "user": "ann" }),
            "unknown field `user`: There are status, type, playbook, label, limit",
        ),
    ] {
        let error = given::<place::Retention>(json).err().unwrap();
        assert!(error.contains(says), "{error}");
    }
    let twice = "{\"user\": \"a\", \"user\": \"b\"}";
    let refused = serde_json::from_str::<Filtered<place::List, Others>>(twice).unwrap_err();
    assert!(
        refused.to_string().contains("duplicate field `user`"),
        "{refused}"
    );
}
