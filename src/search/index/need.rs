//! A condition on the terms of a line that every match meets. The index is searched with it.

use super::words::{CUT, Word, folded, is_in_word, joins};

/// Parts of words that are shorter are in too many words to be looked up.
const SHORTEST_PART: usize = 3;

/// The same for the beginnings of words, which stand side by side in the index.
const SHORTEST_PREFIX: usize = 2;

/// A condition on the terms of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Nothing: any line may be meant.
    Nothing,
    /// One of the line's terms is like this.
    Term(TermForm),
    /// All of these; two or more.
    All(Vec<Need>),
    /// One of these; two or more.
    Any(Vec<Need>),
}

/// What a term is like.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TermForm {
    /// It is this one.
    Is(Vec<u8>),
    /// It begins like this.
    Begins(Vec<u8>),
    /// It contains this, or it is cut, so that the rest of the word may. Empty: it is cut.
    Contains(Vec<u8>),
}

impl Need {
    /// All of these.
    #[must_use]
    pub fn all(items: Vec<Self>) -> Self {
        let mut needs = Vec::new();
        for item in items {
            match item {
                Self::Nothing => {}
                Self::All(items) => needs.extend(items),
                other => needs.push(other),
            }
        }
        match needs.len() {
            0 => Self::Nothing,
            1 => needs.remove(0),
            _ => Self::All(needs),
        }
    }

    /// One of these.
    #[must_use]
    pub fn any(mut items: Vec<Self>) -> Self {
        if items.contains(&Self::Nothing) {
            return Self::Nothing;
        }
        match items.len() {
            1 => items.remove(0),
            _ => Self::Any(items),
        }
    }

    /// How expensive it is to find out, roughly: to be asked in this order.
    #[must_use]
    pub fn cost(&self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Term(TermForm::Is(_)) => 1,
            Self::Term(TermForm::Begins(_)) => 10,
            Self::Term(TermForm::Contains(_)) => 1000,
            Self::All(items) | Self::Any(items) => {
                items.iter().map(Self::cost).fold(0, u32::saturating_add)
            }
        }
    }
}

/// A text that a line has, as far as its words are known.
#[derive(Debug, Clone, Copy)]
pub struct Part<'t> {
    /// The text.
    pub text: &'t str,
    /// Whether a word that begins the text may have begun before it.
    pub is_open_before: bool,
    /// Whether a word that ends the text may continue after it.
    pub is_open_after: bool,
}

impl Part<'_> {
    /// What must be there where this text is.
    #[must_use]
    pub fn need(self) -> Need {
        let mut needs = Vec::new();
        let mut word = Word::default();
        let mut is_first = true;
        // The short word before, and the mark after it.
        let mut pair: Vec<u8> = Vec::new();
        let mut chars = self.text.chars().map(folded);
        let mut begins_whole = !self.is_open_before;
        loop {
            let next = chars.next();
            if let Some(c) = next.filter(|c| is_in_word(*c)) {
                if word.is_empty() {
                    begins_whole = !(is_first && self.is_open_before);
                }
                word.push(c);
                is_first = false;
                continue;
            }
            is_first = false;
            if word.is_empty() {
                pair.clear();
            } else {
                let ends_whole = next.is_some() || !self.is_open_after;
                let is_whole = begins_whole && ends_whole;
                let is_short = word.is_short() && is_whole;
                if is_short && !pair.is_empty() {
                    pair.extend_from_slice(word.term());
                    needs.push(Need::Term(TermForm::Is(std::mem::take(&mut pair))));
                }
                pair.clear();
                needs.push(of_word(&mut word, begins_whole, ends_whole));
                let mark = next.and_then(|c| u8::try_from(c).ok());
                if let Some(mark) = mark.filter(|mark| is_short && joins(*mark)) {
                    pair.extend_from_slice(word.term());
                    pair.push(mark);
                }
                word.clear();
            }
            if next.is_none() {
                return Need::all(needs);
            }
        }
    }
}

fn of_word(word: &mut Word, begins_whole: bool, ends_whole: bool) -> Need {
    let is_cut = word.is_cut();
    let term = word.term().to_vec();
    let form = match (begins_whole, ends_whole) {
        (true, true) => TermForm::Is(term),
        // What follows was cut off in the index, too.
        (true, false) if is_cut => TermForm::Is(term),
        (true, false) if term.len() < SHORTEST_PREFIX => return Need::Nothing,
        (true, false) => TermForm::Begins(term),
        // A word that has this is longer than it, and cut.
        (false, _) if is_cut => TermForm::Contains(Vec::new()),
        (false, _) if term.len() < SHORTEST_PART => return Need::Nothing,
        (false, _) => TermForm::Contains(term),
    };
    Need::Term(form)
}

/// Whether a term is only the beginning of its word.
#[must_use]
pub fn is_cut(term: &[u8]) -> bool {
    term.last() == Some(&CUT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::words::TermReader;
    use super::*;

    fn is_met(need: &Need, terms: &[Vec<u8>]) -> bool {
        match need {
            Need::Nothing => true,
            Need::All(items) => items.iter().all(|item| is_met(item, terms)),
            Need::Any(items) => items.iter().any(|item| is_met(item, terms)),
            Need::Term(form) => terms.iter().any(|term| match form {
                TermForm::Is(wanted) => term == wanted,
                TermForm::Begins(beginning) => term.starts_with(beginning),
                TermForm::Contains(part) => {
                    is_cut(term) || !part.is_empty() && memchr::memmem::find(term, part).is_some()
                }
            }),
        }
    }

    fn terms(line: &str) -> Vec<Vec<u8>> {
        let mut terms = Vec::new();
        TermReader::default().read(line, |term| terms.push(term.to_vec()));
        terms
    }

    #[test]
    fn whole_words_are_looked_up_and_parts_are_looked_for() {
        let need = |text, is_open_before, is_open_after| {
            Part {
                text,
                is_open_before,
                is_open_after,
            }
            .need()
        };
        let is = |text: &str| Need::Term(TermForm::Is(text.into()));
        let begins = |text: &str| Need::Term(TermForm::Begins(text.into()));
        let contains = |text: &str| Need::Term(TermForm::Contains(text.into()));
        assert_eq!(need("Refused", false, false), is("refused"));
        assert_eq!(need("Refus", false, true), begins("refus"));
        assert_eq!(need("fused", true, false), contains("fused"));
        assert_eq!(need("fuse", true, true), contains("fuse"));
        assert_eq!(need("e", true, true), Need::Nothing);
        assert_eq!(need("%", false, false), Need::Nothing);
        let all = Need::All(vec![is("10"), is("10.0"), is("0"), begins("55")]);
        assert_eq!(need("10.0.55", false, true), all);
        let all = Need::All(vec![contains("abc"), is("x"), contains("def")]);
        assert_eq!(need("abc x def", true, true), {
            // The last word begins whole.
            let Need::All(mut items) = all else { panic!() };
            items[2] = begins("def");
            Need::All(items)
        });
        let long = "x".repeat(90);
        assert_eq!(need(&long, true, false), contains(""));
        assert!(
            matches!(need(&long, false, true), Need::Term(TermForm::Is(term)) if is_cut(&term))
        );
    }

    proptest! {
        /// Wherever a text is in a line, the line has what it needs.
        #[test]
        fn a_line_with_a_text_has_what_the_text_needs(
            line in prop::collection::vec("[aAé1.:_ -]|[b]{60,70}|\u{17f}|\u{212a}|\u{301}|½", 0..14),
            (from, to) in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let line = line.concat();
            let starts: Vec<usize> =
                line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            let (from, to) = (*from.get(&starts), *to.get(&starts));
            let (from, to) = (from.min(to), from.max(to));
            let text = &line[from..to];
            let of_word = |c: Option<char>| c.is_some_and(|c| is_in_word(folded(c)));
            let part = Part {
                text,
                is_open_before: of_word(line[..from].chars().next_back()),
                is_open_after: of_word(line[to..].chars().next()),
            };
            let terms = terms(&line);
            prop_assert!(is_met(&part.need(), &terms), "{text:?} in {line:?}: {:?}", part.need());
            let unknown = Part { is_open_before: true, is_open_after: true, ..part };
            prop_assert!(is_met(&unknown.need(), &terms), "{text:?} in {line:?}");
            let upper = text.to_uppercase();
            if upper.chars().count() == text.chars().count() {
                let upper = Part { text: &upper, ..part };
                prop_assert!(is_met(&upper.need(), &terms), "{text:?} in {line:?}");
            }
        }
    }
}
