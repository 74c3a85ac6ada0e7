//! Splits a query into tokens, each with its position.

use std::ops::Range;

use super::error::Problem;

/// A part of a query.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) at: Range<usize>,
    pub(super) kind: TokenKind,
}

#[derive(Debug)]
pub(super) enum TokenKind {
    Open,
    Close,
    And,
    Or,
    /// `NOT`, or a minus sign before the term that it negates.
    Not,
    /// Values, and their field, if one is named.
    Term {
        field: Option<Unparsed>,
        values: Vec<Unparsed>,
    },
}

/// A text of the query.
#[derive(Debug)]
pub(super) struct Unparsed {
    pub(super) at: Range<usize>,
    pub(super) text: String,
    pub(super) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Not quoted.
    Word,
    /// In quotation marks.
    Phrase,
    /// Between slashes.
    Regex,
}

/// Whether a value needs no quotation marks, wherever it is in the query.
pub(super) fn is_plain(text: &str) -> bool {
    !matches!(text, "" | "AND" | "OR" | "NOT")
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Says what is wrong with the name of a field, if anything is.
pub(super) type CheckName<'c> = &'c dyn Fn(&Unparsed) -> Result<(), Problem>;

/// All tokens of a query.
pub(super) fn tokens(query: &str, check: CheckName<'_>) -> Result<Vec<Token>, Problem> {
    let mut lexer = Lexer {
        query,
        at: 0,
        check,
    };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'q> {
    query: &'q str,
    at: usize,
    check: CheckName<'q>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.query[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn token(&mut self) -> Result<Option<Token>, Problem> {
        let blanks = self.rest().len() - self.rest().trim_start().len();
        self.at += blanks;
        let start = self.at;
        let kind = match self.peek() {
            None => return Ok(None),
            Some('(') => self.symbol(TokenKind::Open),
            Some(')') => self.symbol(TokenKind::Close),
            Some('-') => {
                self.at += 1;
                match self.peek() {
                    Some('-') => {
                        return Err(Problem::new(
                            start..self.at + 1,
                            "a minus sign negates what follows, and here are two: \
                             put a text that begins with them in quotation marks",
                        ));
                    }
                    Some(next) if !next.is_whitespace() => TokenKind::Not,
                    _ => {
                        return Err(Problem::new(
                            start..self.at,
                            "a minus sign negates what follows it without a blank; put it in quotation marks to look for it",
                        ));
                    }
                }
            }
            Some(_) => self.term()?,
        };
        Ok(Some(Token {
            at: start..self.at,
            kind,
        }))
    }

    /// Steps over a character of one byte.
    fn symbol(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    /// A word, a phrase or a field with its values.
    fn term(&mut self) -> Result<TokenKind, Problem> {
        let Some(field) = self.field() else {
            let value = self.value(false)?;
            return Ok(match (value.form, value.text.as_str()) {
                (Form::Word, "AND") => TokenKind::And,
                (Form::Word, "OR") => TokenKind::Or,
                (Form::Word, "NOT") => TokenKind::Not,
                _ => TokenKind::Term {
                    field: None,
                    values: vec![value],
                },
            });
        };
        let mut values = vec![self.value_of(&field)?];
        while self.peek() == Some(',') {
            self.at += 1;
            values.push(self.value_of(&field)?);
        }
        Ok(TokenKind::Term {
            field: Some(field),
            values,
        })
    }

    /// Steps over a field's name and its colon, if they come next.
    fn field(&mut self) -> Option<Unparsed> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))?;
        let name = &rest[..end];
        let begins = name.chars().next().is_some_and(char::is_alphabetic);
        if !begins || !rest[end..].starts_with(':') {
            return None;
        }
        let field = Unparsed {
            at: self.at..self.at + end,
            text: name.to_owned(),
            form: Form::Word,
        };
        self.at += end + 1;
        Some(field)
    }

    fn value_of(&mut self, field: &Unparsed) -> Result<Unparsed, Problem> {
        let missing = match self.peek() {
            Some('(') => {
                "brackets cannot stand for a value: for one of several values, separate them by commas"
            }
            None | Some(')' | ',') => "a value is missing",
            Some(c) if c.is_whitespace() => "a value is missing: it follows without a blank",
            Some(_) => return self.value(true),
        };
        // A pasted line such as `fatal: [web-01]` has no field before its colon.
        (self.check)(field)?;
        Err(Problem::new(
            field.at.start..self.at,
            format!("{}: {missing}", field.text),
        ))
    }

    /// A value that is not empty. `listed`: a comma ends it.
    fn value(&mut self, listed: bool) -> Result<Unparsed, Problem> {
        let start = self.at;
        if self.peek() == Some('"') {
            return self.phrase(listed);
        }
        if let Some(end) = self.regex_end(listed) {
            let text = self.query[start + 1..end - 1].to_owned();
            self.at = end;
            return Ok(Unparsed {
                at: start..end,
                text,
                form: Form::Regex,
            });
        }
        if let Some(end) = self.flags_end().filter(|_| !listed) {
            return Err(Problem::new(start..end, FLAGS));
        }
        let ends = |c: char| ends(c, listed) || c == '"';
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        self.at += length;
        if self.peek() == Some('"') {
            return Err(Problem::new(
                self.at..self.at + 1,
                "a quotation mark in a word: put all of it in quotation marks, and write \\\" for this one",
            ));
        }
        Ok(Unparsed {
            at: start..self.at,
            text: self.query[start..self.at].to_owned(),
            form: Form::Word,
        })
    }

    fn phrase(&mut self, listed: bool) -> Result<Unparsed, Problem> {
        let start = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        let end = loop {
            match characters.next() {
                None => {
                    return Err(Problem::new(
                        start..start + 1,
                        "this quotation mark has no second one, which ends the phrase",
                    ));
                }
                Some((at, '"')) => break start + at + 1,
                // Any other backslash stands for itself, as in `\d` and in paths of Windows.
                Some((_, '\\')) => match characters.next_if(|(_, c)| matches!(c, '"' | '\\')) {
                    Some((_, escaped)) => text.push(escaped),
                    None => text.push('\\'),
                },
                Some((_, other)) => text.push(other),
            }
        };
        self.at = end;
        if text.is_empty() {
            return Err(Problem::new(
                start..end,
                "there is nothing between the quotation marks",
            ));
        }
        if self.peek().is_some_and(|c| !ends(c, listed)) {
            return Err(Problem::new(
                end..end + self.peek().map_or(0, char::len_utf8),
                "a blank is missing after the quotation mark; write \\\" for one within a phrase",
            ));
        }
        Ok(Unparsed {
            at: start..end,
            text,
            form: Form::Phrase,
        })
    }

    /// The end of a regular expression that begins here. A path begins with a slash, too: a regular expression also ends
    /// with one, and contains no other slash without a backslash, except in the brackets of a character class.
    fn regex_end(&self, listed: bool) -> Option<usize> {
        let inner = self.rest().strip_prefix('/')?;
        let close = closing_slash(inner)?;
        let after = inner[close + 1..].chars().next();
        let is_end = after.is_none_or(|c| ends(c, listed));
        (close > 0 && is_end).then_some(self.at + 1 + close + 1)
    }

    /// The end of a text that looks like a regular expression with flags and contains a blank or brackets: no path
    /// looks like that. A single word may be a path.
    fn flags_end(&self) -> Option<usize> {
        let inner = self.rest().strip_prefix('/')?;
        let close = closing_slash(inner)?;
        let flags = &inner[close + 1..];
        let length = flags.find(|c: char| ends(c, false)).unwrap_or(flags.len());
        let regex = &inner[..close];
        let is_no_word = regex.contains(|c: char| ends(c, false));
        // After a blank, the slash is more likely the beginning of a path.
        let is_one = is_no_word && !regex.ends_with(char::is_whitespace);
        (is_one && are_flags(&flags[..length])).then_some(self.at + 1 + close + 1 + length)
    }
}

/// The error for letters after a regular expression.
pub(super) const FLAGS: &str = "a regular expression ends with its second slash and ignores case anyway: remove the \
    letters after it; (?m), (?s), (?x) and (?-i) can stand at its beginning. Put a path in quotation marks";

/// Whether letters are flags of regular expressions in other languages.
pub(super) fn are_flags(letters: &str) -> bool {
    matches!(
        letters,
        "i" | "g" | "m" | "s" | "x" | "u" | "gi" | "ig" | "im" | "mi" | "is" | "si"
    )
}

/// The slash that ends a regular expression: the first one without a backslash that is not in a character class, or is
/// in one that is never closed.
fn closing_slash(regex: &str) -> Option<usize> {
    let mut first = None;
    // Classes may be nested.
    let mut open = 0_u32;
    let mut characters = regex.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => {
                characters.next();
            }
            '/' if open == 0 => return Some(at),
            '/' => {
                first.get_or_insert(at);
            }
            '[' => {
                open += 1;
                // Directly after these, a closing bracket is a character of the class.
                characters.next_if(|(_, c)| *c == '^');
                characters.next_if(|(_, c)| *c == ']');
            }
            ']' => {
                open = open.saturating_sub(1);
                // A closed class is skipped.
                first = first.filter(|_| open > 0);
            }
            _ => {}
        }
    }
    first
}

/// Whether a character ends a value.
fn ends(c: char, listed: bool) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')') || (listed && c == ',')
}
