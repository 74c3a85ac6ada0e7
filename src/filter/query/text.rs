//! Texts to search for in lines: words, phrases, words with `*`, regular expressions.
//!
//! All of them ignore case, and each becomes one regular expression: so there is one rule for what a word is, and
//! matching takes time proportional to the line, whatever the text.

use std::fmt;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::ast::quoted;
use crate::filter::Glob;

/// Largest compiled form of a regular expression, in bytes: a short expression may have a very large one.
const COMPILED: usize = 1 << 20;

/// The form of a text: exact, a pattern or a regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextForm {
    /// A word or a phrase. If it begins or ends with a letter or a digit, a word must begin or end there; a blank in it
    /// matches any blanks.
    Literal(String),
    /// A word in which `*` matches any characters except blanks.
    Glob(Glob),
    /// A regular expression.
    Regex(String),
}

/// A text to search for.
#[derive(Debug, Clone)]
pub struct TextPattern {
    form: TextForm,
    regex: Regex,
}

impl TextPattern {
    /// Compiles it.
    ///
    /// # Errors
    /// It is not a regular expression, or too large; or there is nothing to search for.
    pub fn new(form: TextForm) -> Result<Self, String> {
        let source = match &form {
            TextForm::Literal(text) => literal(text)?,
            TextForm::Glob(glob) => starred(glob)?,
            TextForm::Regex(regex) => regex.clone(),
        };
        let regex = RegexBuilder::new(&source)
            .case_insensitive(true)
            .size_limit(COMPILED)
            .build()
            .map_err(|error| problem(&error))?;
        Ok(Self { form, regex })
    }

    /// Its form.
    #[must_use]
    pub fn form(&self) -> &TextForm {
        &self.form
    }

    /// Whether a line contains it.
    #[must_use]
    pub fn is_in(&self, line: &str) -> bool {
        self.regex.is_match(line)
    }

    /// Where a line contains it, in bytes; the matches do not overlap, and none is empty.
    pub fn places<'l>(&self, line: &'l str) -> impl Iterator<Item = Range<usize>> + use<'_, 'l> {
        let found = self.regex.find_iter(line).map(|found| found.range());
        found.filter(|place| !place.is_empty())
    }
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for TextPattern {}

/// As in a query.
impl fmt::Display for TextPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            TextForm::Literal(text) => quoted(text, formatter),
            TextForm::Glob(glob) => formatter.write_str(&glob.text()),
            TextForm::Regex(regex) => write!(formatter, "/{regex}/"),
        }
    }
}

/// Whether a character can be part of a word. The regular expressions below have the same rule.
fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

const BEGINS: &str = r"\b{start-half}";
const ENDS: &str = r"\b{end-half}";

fn literal(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return Err("there is nothing but blanks to look for".to_owned());
    };
    let words: Vec<String> = text.split_whitespace().map(regex::escape).collect();
    let begins = if is_word(first) { BEGINS } else { "" };
    let ends = if is_word(last) { ENDS } else { "" };
    Ok(format!("{begins}{}{ends}", words.join(r"\s+")))
}

fn starred(glob: &Glob) -> Result<String, String> {
    let pieces = glob.pieces();
    if pieces.iter().all(String::is_empty) {
        return Err("a `*` alone is in every line: name a part of the word".to_owned());
    }
    let first = pieces.first().and_then(|piece| piece.chars().next());
    let last = pieces.last().and_then(|piece| piece.chars().next_back());
    let begins = if first.is_some_and(is_word) {
        BEGINS
    } else {
        ""
    };
    let ends = if last.is_some_and(is_word) { ENDS } else { "" };
    let pieces: Vec<String> = pieces.iter().map(|piece| regex::escape(piece)).collect();
    Ok(format!("{begins}{}{ends}", pieces.join(r"\S*")))
}

/// The error of a regular expression, in one line.
fn problem(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            "the regular expression stands for too much: repeat less in it".to_owned()
        }
        other => {
            let text = other.to_string();
            let cause = text.lines().last().unwrap_or_default();
            let cause = cause.strip_prefix("error: ").unwrap_or(cause);
            format!("this is no regular expression: {cause}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(form: TextForm) -> TextPattern {
        TextPattern::new(form).unwrap()
    }

    fn found(pattern: &TextPattern, line: &str) -> Vec<String> {
        let places = pattern.places(line);
        places.map(|place| line[place].to_owned()).collect()
    }

    #[test]
    fn words_are_whole_and_ignore_case() {
        for (text, line, expected) in [
            ("refused", "Connection REFUSED by peer", true),
            ("refused", "ECONNREFUSED", false),
            ("nginx", "nginx_v2", false),
            ("nginx", "nginx-1.24", true),
            ("nginx", "(nginx)", true),
            ("10.0.0.5", "to 10.0.0.5:22", true),
            ("10.0.0.5", "to 110.0.0.5", false),
            ("10.0.0.5", "10a0b0c5", false),
            ("/etc/nginx", "in /etc/nginx/nginx.conf", true),
            ("/etc/nginx", "in x/etc/nginx", true),
            ("connection refused", "connection   refused", true),
            ("connection refused", "connection was refused", false),
            ("été", "En ÉTÉ.", true),
            ("été", "étés", false),
            ("%", "100%", true),
            ("[x]", "a[X]b", true),
        ] {
            let pattern = of(TextForm::Literal(text.to_owned()));
            assert_eq!(pattern.is_in(line), expected, "{text} in {line}");
        }
    }

    #[test]
    fn a_star_stands_for_the_rest_of_a_word() {
        for (text, line, expected) in [
            ("refus*", "it refuses", vec!["refuses"]),
            ("refus*", "unrefused", vec![]),
            ("*fused", "REFUSED", vec!["REFUSED"]),
            ("*fuse*", "refused, confused", vec!["refused,", "confused"]),
            ("a*z", "a b z abcz", vec!["abcz"]),
            ("/var/*.log", "x /var/a/b.log y", vec!["/var/a/b.log"]),
        ] {
            let pattern = of(TextForm::Glob(Glob::new(text).unwrap()));
            assert_eq!(found(&pattern, line), expected, "{text} in {line}");
        }
        let star = TextPattern::new(TextForm::Glob(Glob::new("**").unwrap()));
        assert!(star.unwrap_err().contains("in every line"));
    }

    #[test]
    fn a_regular_expression_is_one() {
        let of = |text: &str| TextPattern::new(TextForm::Regex(text.to_owned()));
        assert_eq!(found(&of("E[0-9]{4}").unwrap(), "e1234 E99"), ["e1234"]);
        assert!(!of("(?-i)E[0-9]{4}").unwrap().is_in("e1234"));
        assert_eq!(found(&of("x*").unwrap(), "axxb"), ["xx"]);
        let problem = of("(a").unwrap_err();
        assert_eq!(problem, "this is no regular expression: unclosed group");
        let problem = of(r"(\w{1000}){1000}").unwrap_err();
        assert!(problem.contains("stands for too much"), "{problem}");
    }
}
