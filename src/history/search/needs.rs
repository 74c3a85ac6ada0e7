//! Derives the terms that the index must have for the lines of a query.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::filter::query::Expression;
use crate::filter::{Glob, LineField, LineTerm, Pattern, TextForm, TextPattern};
use crate::search::index::need::{Need, Part};
use crate::search::index::words::folded;

/// Characters of a class that may all be the same letter.
const CASES: usize = 8;

/// A condition that is more expensive to look up is not used: it would take longer than reading.
const COST: u32 = 8_000;

/// The terms that every matching line has. Negations and fields contribute none.
pub(super) fn need_of(query: &Expression<LineTerm>) -> Need {
    joined(query, |term| match term {
        LineTerm::Text(text) => of_text(text),
        LineTerm::Of(..) | LineTerm::Run(_) => Need::Nothing,
    })
}

/// The terms that every run with such a line has: also the names of tasks, which are lines of their own.
pub(super) fn need_of_run(query: &Expression<LineTerm>) -> Need {
    joined(query, |term| match term {
        LineTerm::Text(text) => of_text(text),
        LineTerm::Of(LineField::Task, names) => Need::any(names.iter().map(of_task).collect()),
        LineTerm::Of(..) | LineTerm::Run(_) => Need::Nothing,
    })
}

/// The terms of a query, joined as it joins its own.
fn joined(query: &Expression<LineTerm>, of_term: fn(&LineTerm) -> Need) -> Need {
    match query {
        Expression::And(items) => {
            let needs = items.iter().map(|item| joined(item, of_term));
            let mut needs: Vec<Need> = needs.collect();
            // The cheapest ones, as many as are worth it.
            needs.sort_by_key(Need::cost);
            let mut cost = 0_u32;
            needs.retain(|need| {
                cost = cost.saturating_add(need.cost());
                cost <= COST
            });
            Need::all(needs)
        }
        Expression::Or(items) => {
            let needs = items.iter().map(|item| joined(item, of_term));
            affordable(Need::any(needs.collect()))
        }
        Expression::Not(_) => Need::Nothing,
        Expression::Term(term) => affordable(of_term(term)),
    }
}

fn affordable(need: Need) -> Need {
    match need.cost() <= COST {
        true => need,
        false => Need::Nothing,
    }
}

fn of_text(text: &TextPattern) -> Need {
    match text.form() {
        TextForm::Literal(text) => whole(text),
        TextForm::Glob(glob) => of_glob(glob),
        TextForm::Regex(regex) => of_regex(regex),
    }
}

/// The line with a task's name has the role before it: no word extends across what is between them.
fn of_task(name: &Pattern) -> Need {
    let is_one_line = |text: &str| !text.contains(char::is_control);
    match name {
        Pattern::Exact(name) if is_one_line(name) => whole(name),
        Pattern::Glob(glob) if glob.pieces().iter().all(|piece| is_one_line(piece)) => {
            of_glob(glob)
        }
        // Its lines are separate, and without colours.
        Pattern::Exact(_) | Pattern::Glob(_) => Need::Nothing,
    }
}

/// A text within which, and at whose ends, words are whole.
fn whole(text: &str) -> Need {
    Part {
        text: text.trim(),
        is_open_before: false,
        is_open_after: false,
    }
    .need()
}

/// A word may continue at a star.
fn of_glob(glob: &Glob) -> Need {
    let pieces = glob.pieces();
    let last = pieces.len().saturating_sub(1);
    let parts = pieces.iter().enumerate().map(|(at, text)| {
        let part = Part {
            text,
            is_open_before: at > 0,
            is_open_after: at < last,
        };
        part.need()
    });
    Need::all(parts.collect())
}

/// The texts that every match of a regular expression has.
fn of_regex(regex: &str) -> Need {
    // As searches compile it.
    let parsed = ParserBuilder::new()
        .case_insensitive(true)
        .build()
        .parse(regex);
    match parsed {
        Ok(parsed) => of_hir(&parsed),
        // It was compiled before, so this does not happen.
        Err(_) => Need::Nothing,
    }
}

fn of_hir(hir: &Hir) -> Need {
    let mut texts = Texts::default();
    texts.read(hir);
    texts.end(true);
    Need::all(texts.needs)
}

/// The consecutive characters of a regular expression that are known.
#[derive(Default)]
struct Texts {
    needs: Vec<Need>,
    text: String,
    /// Whether a word cannot have begun before the text.
    is_closed_before: bool,
}

impl Texts {
    /// Ends a text; `is_open`: whether its last word may continue.
    fn end(&mut self, is_open: bool) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() {
            let part = Part {
                text: &text,
                is_open_before: !self.is_closed_before,
                is_open_after: is_open,
            };
            self.needs.push(part.need());
        }
        self.is_closed_before = !is_open;
    }

    fn read(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => self.text.push_str(text),
                Err(_) => self.end(true),
            },
            HirKind::Class(class) => match letter(class) {
                Some(letter) => self.text.push(letter),
                None => self.end(true),
            },
            HirKind::Look(look) => {
                if is_end_of_word(*look) {
                    self.end(false);
                }
            }
            HirKind::Repetition(repetition) => {
                self.end(true);
                if repetition.min > 0 {
                    self.needs.push(of_hir(&repetition.sub));
                }
            }
            HirKind::Capture(capture) => self.read(&capture.sub),
            HirKind::Concat(items) => items.iter().for_each(|item| self.read(item)),
            HirKind::Alternation(items) => {
                self.end(true);
                let needs = items.iter().map(of_hir).collect();
                self.needs.push(Need::any(needs));
            }
        }
    }
}

/// The letter that all characters of a class are, ignoring case.
fn letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let count: usize = class.ranges().iter().map(|range| range.len()).sum();
    if count > CASES {
        return None;
    }
    let ranges = class.ranges().iter();
    let mut letters = ranges
        .flat_map(|range| range.start()..=range.end())
        .map(folded);
    let first = letters.next()?;
    letters.all(|letter| letter == first).then_some(first)
}

/// Whether no word extends across such a place: at most one of the characters on both sides is part of a word. Places
/// that only consider ASCII do not ensure that.
fn is_end_of_word(look: Look) -> bool {
    match look {
        Look::Start
        | Look::End
        | Look::StartLF
        | Look::EndLF
        | Look::StartCRLF
        | Look::EndCRLF
        | Look::WordUnicode
        | Look::WordStartUnicode
        | Look::WordEndUnicode => true,
        // Only one side is considered: the other text is closed if it begins, or ends, with a word, and otherwise it
        // does not matter.
        Look::WordStartHalfUnicode | Look::WordEndHalfUnicode => true,
        Look::WordUnicodeNegate
        | Look::WordAscii
        | Look::WordAsciiNegate
        | Look::WordStartAscii
        | Look::WordEndAscii
        | Look::WordStartHalfAscii
        | Look::WordEndHalfAscii => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::query::{parse_search, time_at};
    use crate::search::index::need::TermForm;

    fn need(query: &str) -> Need {
        need_of(&parse_search(query, &time_at(0)).unwrap().unwrap())
    }

    fn is(term: &str) -> Need {
        Need::Term(TermForm::Is(term.into()))
    }

    fn begins(term: &str) -> Need {
        Need::Term(TermForm::Begins(term.into()))
    }

    fn contains(term: &str) -> Need {
        Need::Term(TermForm::Contains(term.into()))
    }

    #[test]
    fn what_a_query_needs_follows_from_its_texts() {
        let all = |items: &[Need]| Need::All(items.to_vec());
        let any = |items: &[Need]| Need::Any(items.to_vec());
        for (query, expected) in [
            ("Refused", is("refused")),
            (
                "\"connection refused\"",
                all(&[is("connection"), is("refused")]),
            ),
            ("refus*", begins("refus")),
            ("*fused", contains("fused")),
            ("a b host:x status:failed", all(&[is("a"), is("b")])),
            ("a OR bb", any(&[is("a"), is("bb")])),
            ("a OR host:x", Need::Nothing),
            ("a NOT b", is("a")),
            ("NOT a", Need::Nothing),
            ("%", Need::Nothing),
            (
                "/connection (refused|timeout)/",
                all(&[
                    contains("connection"),
                    any(&[contains("refused"), contains("timeout")]),
                ]),
            ),
            (r"/\bdisk\b/", is("disk")),
            (
                r"/^(fatal)+: \[web/",
                all(&[contains("fatal"), begins("web")]),
            ),
            (r"/(?-u:\b)disk/", contains("disk")),
            (r"/(?-i)E[0-9]{4}/", Need::Nothing),
            ("/.*/", Need::Nothing),
            ("/(abc)?/", Need::Nothing),
            ("/ab(cd)ef/", contains("abcdef")),
            ("/x (foo|f..)/", Need::Nothing),
        ] {
            assert_eq!(need(query), expected, "{query}");
        }
    }

    #[test]
    fn a_run_with_a_line_of_a_task_has_the_name_of_the_task() {
        let all = |items: &[Need]| Need::All(items.to_vec());
        let nginx = all(&[is("install"), is("nginx")]);
        for (query, of_line, of_run) in [
            ("task:\"Install nginx\"", Need::Nothing, nginx.clone()),
            (
                "task:\"web : Install nginx\" refused",
                is("refused"),
                all(&[is("refused"), is("web"), is("install"), is("nginx")]),
            ),
            ("task:Inst*", Need::Nothing, begins("inst")),
            (
                "task:a,bb host:x",
                Need::Nothing,
                Need::Any(vec![is("a"), is("bb")]),
            ),
            ("task:a,*", Need::Nothing, Need::Nothing),
            ("NOT task:a", Need::Nothing, Need::Nothing),
            ("task:a OR module:b", Need::Nothing, Need::Nothing),
            ("task:\"a\nb\"", Need::Nothing, Need::Nothing),
        ] {
            assert_eq!(need(query), of_line, "{query}");
            let read = parse_search(query, &time_at(0)).unwrap().unwrap();
            assert_eq!(need_of_run(&read), of_run, "{query}");
        }
    }

    #[test]
    fn conditions_that_cost_too_much_are_left_out() {
        let many: Vec<String> = (0..50).map(|number| format!("*part{number}*")).collect();
        assert_eq!(need(&many.join(" OR ")), Need::Nothing);
        assert!(need(&format!("{} word", many.join(" "))).cost() <= COST);
    }
}
