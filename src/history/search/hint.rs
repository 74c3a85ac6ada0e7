//! A text that every matching line contains. What a module returned is only parsed if it may contain that text.

use regex::bytes::{Regex, RegexBuilder};

use crate::search::index::need::{Need, TermForm};

/// Shortest text that is worth looking for, in bytes.
const SHORTEST: usize = 2;

/// A text that every line has.
#[derive(Debug)]
pub(super) struct Hint(Regex);

impl Hint {
    /// The longest of the terms that all lines have.
    pub(super) fn of(need: &Need) -> Option<Self> {
        let items = match need {
            Need::All(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        let terms = items.iter().filter_map(|item| match item {
            Need::Term(TermForm::Is(term) | TermForm::Begins(term) | TermForm::Contains(term)) => {
                plain(term)
            }
            _ => None,
        });
        let term = terms.max_by_key(|term| term.len())?;
        let regex = RegexBuilder::new(&regex::escape(term))
            .case_insensitive(true)
            .unicode(false)
            .build();
        regex.ok().map(Self)
    }

    /// Whether a string in this JSON may have the text. Characters beyond ASCII may be letters of it, ignoring case; and
    /// with `\u` any character may be written, also those that begin a colour within a word.
    pub(super) fn may_be_in(&self, json: &str) -> bool {
        !json.is_ascii()
            || memchr::memmem::find(json.as_bytes(), br"\u").is_some()
            || self.0.is_match(json.as_bytes())
    }
}

/// A term that looks the same in JSON as in the text, unless it is written with `\u`. (A character between short words
/// may be escaped.)
fn plain(term: &[u8]) -> Option<&str> {
    let is_plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
    let term = Some(term).filter(|term| term.len() >= SHORTEST && term.iter().all(is_plain));
    term.and_then(|term| std::str::from_utf8(term).ok())
}

#[cfg(test)]
mod tests {
    use super::super::needs::need_of;
    use super::*;
    use crate::filter::query::{parse_search, time_at};

    fn hint(query: &str) -> Option<Hint> {
        Hint::of(&need_of(
            &parse_search(query, &time_at(0)).unwrap().unwrap(),
        ))
    }

    #[test]
    fn what_cannot_have_the_text_is_passed_over() {
        for (query, json, expected) in [
            ("refused", r#"{"msg":"connection REFUSED"}"#, true),
            ("refused", r#"{"msg":"one\nrefused"}"#, true),
            ("refused", r#"{"msg":"all is well"}"#, false),
            ("refused NOT connect", r#"{"msg":"connect"}"#, false),
            ("refused host:a status:failed", r#"{"msg":"x"}"#, false),
            // Written otherwise.
            ("refused", r#"{"msg":"re\u0066used"}"#, true),
            ("refused", "{\"msg\":\"refu\u{17f}ed\"}", true),
            ("refused", r#"{"msg":"re\u001b[31mfused"}"#, true),
            // The longest word is used.
            ("\"no space left\"", r#"{"msg":"no room left"}"#, false),
            ("10.0.0.5", r#"{"msg":"10.1.2.3"}"#, false),
            ("*fuse*", r#"{"msg":"reFUSEd"}"#, true),
            ("/corrupt[0-9]+/", r#"{"msg":"corrupt7"}"#, true),
        ] {
            let hint = hint(query).unwrap();
            assert_eq!(hint.may_be_in(json), expected, "{query} in {json}");
        }
        // Nothing that all lines have, or that JSON could write otherwise.
        for query in ["NOT a", "aa OR bb", "%", "host:web", "é", "a"] {
            assert!(hint(query).is_none(), "{query}");
        }
    }
}
