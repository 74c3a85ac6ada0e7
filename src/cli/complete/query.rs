//! Finds what to complete at the end of a query: the name of a field, or one of its values.

use super::typed::Kind;
use super::values::Value;
use crate::filter::query::{LineField, language};
use crate::filter::{Kind as FieldKind, PlaceName};

/// What the query of a command may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Runs.
    Runs,
    /// Lines.
    Lines,
    /// Runs, or lines that they have.
    Either,
}

impl About {
    /// For the command of this name.
    pub(super) fn of(command: &str) -> Self {
        match command {
            "search" => Self::Lines,
            "list" | "export" => Self::Either,
            _ => Self::Runs,
        }
    }
}

/// The kind of value to complete in a partly typed query, and where the value begins. None: it is not known.
pub(super) fn to_complete(typed: &str, about: About) -> Option<(Kind, usize)> {
    // Values of phrases are not known.
    if typed.matches('"').count() % 2 == 1 {
        return None;
    }
    let blank = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
    let after_blank = |(at, blank): (usize, char)| at + blank.len_utf8();
    let mut blanks = typed.char_indices().rev().filter(|(_, c)| blank(*c));
    let mut at = blanks.next().map_or(0, after_blank);
    at += usize::from(typed[at..].starts_with('-'));
    let Some((name, values)) = typed[at..].split_once(':') else {
        return Some((Kind::FieldName { about }, at));
    };
    let value = values.rfind(',').map_or(0, |comma| comma + 1);
    Some((kind_of(name)?, at + name.len() + 1 + value))
}

/// The kind of a field's values, if it is known.
fn kind_of(name: &str) -> Option<Kind> {
    let field = language().find(|field| field.name == name)?;
    match (field.name, field.kind) {
        ("id", _) => Some(Kind::Id),
        ("playbook", _) => Some(Kind::Playbook),
        ("inventory", _) => Some(Kind::Inventory),
        ("host", _) => Some(Kind::Host),
        ("label", _) => Some(Kind::Label),
        ("user", _) => Some(Kind::User),
        ("schedule", _) => Some(Kind::Schedule),
        (name, FieldKind::Word(_) | FieldKind::OpenWord(_) | FieldKind::Flag) => {
            Some(Kind::OneOf(name))
        }
        _ => None,
    }
}

/// Whether a value can stand in a query without quotation marks.
pub(super) fn is_plain(value: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"' | '*');
    !value.contains(ends)
}

/// The names of the fields, each with its colon.
pub(super) fn names(about: About) -> Vec<Value> {
    let of_lines = LineField::ALL.into_iter().filter(|of_line| match about {
        About::Runs => false,
        About::Lines => true,
        About::Either => language().all(|field| field.name != of_line.name()),
    });
    let of_lines = of_lines.map(|field| Value {
        text: format!("{}:", field.name()),
        description: match field {
            LineField::Host => "Only lines of this host",
            LineField::Task => "Only lines of this task",
            LineField::Module => "Only lines of this module",
            LineField::In => "Only lines from here: output, task, or a field of a result",
        }
        .to_owned(),
    });
    let is_of_line = |name: &str| LineField::ALL.iter().any(|field| field.name() == name);
    let of_runs = language().filter(|field| about != About::Lines || !is_of_line(field.name));
    let of_runs = of_runs.map(|field| Value {
        text: format!("{}:", field.name),
        description: field.doc.to_owned(),
    });
    of_lines.chain(of_runs).collect()
}

/// The words that are the values of a field.
pub(super) fn words(name: &str) -> Vec<Value> {
    let Some(field) = language().find(|field| field.name == name) else {
        return Vec::new();
    };
    let words = match field.kind {
        FieldKind::Flag => vec!["yes", "no"],
        _ => field
            .at(PlaceName::List)
            .and_then(|at| field.words(at))
            .unwrap_or_default(),
    };
    let words = words.into_iter().map(|word| Value {
        text: word.to_owned(),
        description: String::new(),
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_query_is_a_field_or_its_value() {
        let about = About::of("list");
        let name = Kind::FieldName { about };
        for (typed, expected) in [
            ("", Some((name, ""))),
            ("sta", Some((name, "sta"))),
            ("NOT sta", Some((name, "sta"))),
            ("-sta", Some((name, "sta"))),
            ("(host:a OR us", Some((name, "us"))),
            ("status:", Some((Kind::OneOf("status"), ""))),
            ("status:failed,ru", Some((Kind::OneOf("status"), "ru"))),
            ("a changed:y", Some((Kind::OneOf("changed"), "y"))),
            ("host:web-01,we", Some((Kind::Host, "we"))),
            ("playbook:site", Some((Kind::Playbook, "site"))),
            ("since:7", None),
            ("nothing:x", None),
            ("\"a phrase with host:", None),
            ("\"a phrase\" host:", Some((Kind::Host, ""))),
        ] {
            let found = to_complete(typed, about).map(|(kind, at)| (kind, &typed[at..]));
            assert_eq!(found, expected, "{typed}");
        }
    }

    #[test]
    fn each_field_is_offered_once() {
        for (command, expected, others) in [
            ("stats", &["host:", "status:"][..], &["task:"][..]),
            ("search", &["host:", "task:", "in:", "status:"], &[]),
            ("list", &["host:", "task:", "in:", "status:"], &[]),
        ] {
            let names: Vec<String> = names(About::of(command))
                .into_iter()
                .map(|one| one.text)
                .collect();
            let times = |name: &&str| names.iter().filter(|one| one == name).count();
            assert!(expected.iter().all(|name| times(name) == 1), "{names:?}");
            assert!(others.iter().all(|name| times(name) == 0), "{names:?}");
        }
        assert_eq!(words_of("changed"), ["yes", "no"]);
        assert!(words_of("status").contains(&"failed".to_owned()));
        assert!(is_plain("/srv/web-01") && !is_plain("a b") && !is_plain("a,b"));
    }

    fn words_of(name: &str) -> Vec<String> {
        words(name).into_iter().map(|one| one.text).collect()
    }
}
