//! Limits on how much of a run is kept in rows. Anything beyond stays in the event log, and the record names what was
//! left out (`left_out`). Rows are read for every list: without limits, one batch of a megabyte would delay every
//! reader by seconds.

use serde_json::Value;

use playback_wire::ExecutionStarted;

/// Hosts of a run.
pub(super) const HOSTS: usize = 50_000;

/// Plays of a run.
pub(super) const PLAYS: usize = 10_000;

/// Tasks of a run.
pub(super) const TASKS: usize = 50_000;

/// Reports of facts of a run, and of one host of it.
pub(super) const FACTS: usize = 100_000;
pub(super) const FACTS_OF_HOST: usize = 64;

/// Bytes of a name, a path or a pattern.
pub(super) const NAME: usize = 4096;

/// Tags of a task.
pub(super) const TAGS: usize = 1000;

/// Labels of a run.
const LABELS: usize = 64;

/// Entries of a list, and bytes of a text, in the description of a run at its start. The second pair applies if it is
/// still too large.
const ENTRIES: [usize; 2] = [20_000, 100];
const TEXT: [usize; 2] = [16 << 10, 1 << 10];

/// Total size of the description in bytes, beyond which the second limits apply.
const DESCRIPTION: usize = 256 << 10;

/// A text, visibly cut if it is longer than `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// Limits the description of a run at its start; returns what was left out.
pub(super) fn describe(description: &mut ExecutionStarted) -> Vec<&'static str> {
    let mut more = Vec::new();
    for (entries, text) in ENTRIES.into_iter().zip(TEXT) {
        let Ok(mut value) = serde_json::to_value(&*description) else {
            break;
        };
        bound(None, &mut value, entries, text, &mut more);
        let length = value.to_string().len();
        if !more.is_empty()
            && let Ok(bounded) = serde_json::from_value(value)
        {
            *description = bounded;
        }
        if length <= DESCRIPTION {
            break;
        }
    }
    more.sort_unstable();
    more.dedup();
    more
}

fn bound(
    name: Option<&str>,
    value: &mut Value,
    entries: usize,
    most: usize,
    more: &mut Vec<&'static str>,
) {
    match value {
        Value::String(text) if text.len() > most => {
            *text = cut(text, most);
            more.push("description");
        }
        Value::Array(list) => {
            let (entries, kind) = match name {
                Some("labels") => (LABELS, "labels"),
                _ => (entries, "description"),
            };
            if list.len() > entries {
                list.truncate(entries);
                more.push(kind);
            }
            for value in list {
                bound(name, value, entries, most, more);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                bound(Some(name), value, entries, most, more);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_stays_as_it_is() {
        let description = ExecutionStarted {
            playbook: Some("site.yml".to_owned()),
            labels: vec!["release".to_owned(); 64],
            argv: vec!["x".repeat(1000); 100],
            ..ExecutionStarted::default()
        };
        let mut bounded = description.clone();
        assert_eq!(describe(&mut bounded), Vec::<&str>::new());
        assert_eq!(bounded, description);
    }

    #[test]
    fn what_is_too_much_is_cut_and_told() {
        let mut description = ExecutionStarted {
            note: Some("é".repeat(100_000)),
            labels: (0..1000).map(|label| label.to_string()).collect(),
            argv: vec!["x".repeat(100_000); 5000],
            ..ExecutionStarted::default()
        };
        assert_eq!(describe(&mut description), ["description", "labels"]);
        assert_eq!(description.labels.len(), 64);
        assert_eq!(description.argv.len(), 100);
        assert!(description.note.unwrap().ends_with('…'));
    }
}
