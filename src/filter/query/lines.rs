//! Queries about lines: what was printed, and what tasks returned. The language is that of the list, with words and
//! phrases in the line instead of the run's start, and with fields that belong to a line.

use std::fmt;

use super::ast::{Expression, Term, Value, quoted};
use super::error::Problem;
use super::lexer::{FLAGS, Form, Unparsed, are_flags};
use super::meaning::{is_about_changes, is_about_hosts};
use super::parser::ReadTerm;
use super::terms::{Reader, language};
use super::text::{TextForm, TextPattern};
use crate::filter::raw::shown;
use crate::filter::{Glob, Pattern, fields, nearest};

/// A term of a query about lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineTerm {
    /// The line has this text.
    Text(TextPattern),
    /// The line belongs to something with one of these names.
    Of(LineField, Vec<Pattern>),
    /// The run of the line is one of these.
    Run(Term),
}

/// A field of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineField {
    /// Inventory name of the host.
    Host,
    /// Name of the task, with or without its role.
    Task,
    /// Module or action, with or without its collection.
    Module,
    /// The line's source: `output`, `task`, or the field of a result, such as `stderr`.
    In,
}

impl LineField {
    /// Every field, in the order in which documents name them.
    pub const ALL: [Self; 4] = [Self::Host, Self::Task, Self::Module, Self::In];

    /// Its name in a query.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => fields::host::HOST.name,
            Self::Task => "task",
            Self::Module => "module",
            Self::In => "in",
        }
    }
}

impl Expression<LineTerm> {
    /// The conditions that every run with such a line meets; none if nothing is known about them.
    #[must_use]
    pub fn of_runs(&self) -> Option<Expression> {
        match self {
            Self::And(items) => {
                let items: Vec<Expression> = items.iter().filter_map(Self::of_conjunct).collect();
                (!items.is_empty()).then(|| Expression::all(items))
            }
            Self::Or(items) => {
                let items: Option<Vec<Expression>> = items.iter().map(Self::of_runs).collect();
                items.map(Expression::any)
            }
            // Other lines of the same run may match the negated condition.
            Self::Not(item) => item
                .is_about_runs()
                .then(|| item.of_runs())?
                .map(Expression::negated),
            Self::Term(LineTerm::Run(term)) => Some(Expression::Term(term.clone())),
            Self::Term(LineTerm::Of(LineField::Host, names)) => {
                let value = |name: &Pattern| match name {
                    Pattern::Exact(name) => Value::Exact(name.clone()),
                    Pattern::Glob(glob) => Value::Glob(glob.clone()),
                };
                Some(Expression::Term(Term {
                    field: &fields::host::HOST,
                    values: names.iter().map(value).collect(),
                }))
            }
            Self::Term(LineTerm::Of(..) | LineTerm::Text(_)) => None,
        }
    }

    /// As [`Expression::of_runs`], for a part of a conjunction. The remainder of an alternative must not be combined with
    /// the hosts or changes of that conjunction.
    fn of_conjunct(&self) -> Option<Expression> {
        let of_runs = self.of_runs()?;
        let belongs = is_about_hosts(&of_runs) || is_about_changes(&of_runs);
        (self.is_kept_whole() || !belongs).then_some(of_runs)
    }

    /// Whether [`Expression::of_runs`] leaves out no part of it.
    fn is_kept_whole(&self) -> bool {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().all(Self::is_kept_whole),
            Self::Not(item) => item.is_about_runs(),
            Self::Term(term) => {
                matches!(term, LineTerm::Run(_) | LineTerm::Of(LineField::Host, _))
            }
        }
    }

    /// Whether it has a condition on `changed` of the run, and no other.
    #[must_use]
    pub fn is_about_changes(&self) -> bool {
        self.is_about_runs() && self.of_runs().is_some_and(|runs| is_about_changes(&runs))
    }

    /// Whether it names the hosts to which the line belongs, and has no other condition.
    fn is_about_hosts(&self) -> bool {
        self.is_about(|term| matches!(term, LineTerm::Of(LineField::Host, _)))
            && self.of_runs().is_some_and(|runs| is_about_hosts(&runs))
    }

    /// The hosts that must have been changed, or not changed, in the run of the line, if these parts of a conjunction
    /// have both conditions.
    #[must_use]
    pub fn changed_hosts(items: &[Self]) -> Option<Expression> {
        let has_changes = items.iter().any(Self::is_about_changes);
        let has_hosts = items.iter().any(Self::is_about_hosts);
        let items = items
            .iter()
            .filter(|item| item.is_about_changes() || item.is_about_hosts());
        (has_changes && has_hosts)
            .then(|| Expression::all(items.filter_map(Self::of_runs).collect()))
    }

    /// Whether this is true of all its terms.
    fn is_about(&self, is_meant: fn(&LineTerm) -> bool) -> bool {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().all(|item| item.is_about(is_meant)),
            Self::Not(item) => item.is_about(is_meant),
            Self::Term(term) => is_meant(term),
        }
    }

    /// Whether it has no condition on the line itself.
    pub(super) fn is_about_runs(&self) -> bool {
        self.is_about(|term| matches!(term, LineTerm::Run(_)))
    }

    /// The texts to search for, without those that must be missing.
    #[must_use]
    pub fn texts(&self) -> Vec<&TextPattern> {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Not(_) => Vec::new(),
            Self::Term(LineTerm::Text(text)) => vec![text],
            Self::Term(_) => Vec::new(),
        }
    }
}

impl fmt::Display for LineTerm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{text}"),
            // Here, a word without a field is a text of the line.
            Self::Run(term) if term.field.name == fields::text::TEXT.name => {
                write!(formatter, "{}:{}", term.field.name, Values(&term.values))
            }
            Self::Run(term) => write!(formatter, "{term}"),
            Self::Of(field, names) => {
                write!(formatter, "{}:", field.name())?;
                for (at, name) in names.iter().enumerate() {
                    formatter.write_str(if at == 0 { "" } else { "," })?;
                    match name {
                        Pattern::Exact(name) => quoted(name, formatter)?,
                        Pattern::Glob(glob) => formatter.write_str(&glob.text())?,
                    }
                }
                Ok(())
            }
        }
    }
}

struct Values<'v>(&'v [Value]);

impl fmt::Display for Values<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            formatter.write_str(if at == 0 { "" } else { "," })?;
            write!(formatter, "{value}")?;
        }
        Ok(())
    }
}

/// Parses terms about lines.
pub(super) struct LineReader<'t> {
    pub(super) runs: Reader<'t>,
}

impl ReadTerm for LineReader<'_> {
    type Term = LineTerm;

    fn field(&self, name: &Unparsed) -> Result<(), Problem> {
        match LineField::ALL.iter().any(|field| field.name() == name.text) {
            true => Ok(()),
            false => self.runs.field(name).map_err(|_| unknown(name)),
        }
    }

    fn term(&self, field: Option<&Unparsed>, values: &[Unparsed]) -> Result<LineTerm, Problem> {
        let Some(name) = field else {
            let [value] = values else {
                return Err(Problem::new(0..0, "a text is missing"));
            };
            let pattern = text(value).map_err(|problem| Problem::new(value.at.clone(), problem))?;
            return Ok(LineTerm::Text(pattern));
        };
        let of_line = LineField::ALL
            .into_iter()
            .find(|field| field.name() == name.text);
        if let Some(of_line) = of_line {
            let patterns = values.iter().map(|value| {
                pattern(of_line, value).map_err(|problem| {
                    let problem = format!("{} = {}: {problem}", of_line.name(), shown(&value.text));
                    Problem::new(value.at.clone(), problem)
                })
            });
            return Ok(LineTerm::Of(of_line, patterns.collect::<Result<_, _>>()?));
        }
        let of_runs = self.runs.term(field, values);
        of_runs.map(LineTerm::Run).map_err(|problem| {
            if problem.at == name.at {
                return unknown(name);
            }
            problem
        })
    }
}

/// A text, in any of its forms.
fn text(value: &Unparsed) -> Result<TextPattern, String> {
    let text = value.text.clone();
    if value.form == Form::Word && has_flags(&text) {
        return Err(FLAGS.to_owned());
    }
    TextPattern::new(match value.form {
        Form::Regex => TextForm::Regex(text),
        Form::Phrase => TextForm::Literal(text),
        Form::Word => match Glob::new(&text) {
            Some(glob) => TextForm::Glob(glob),
            None => TextForm::Literal(text),
        },
    })
}

/// Whether a word looks like a regular expression with flags, as other languages have them: `/refused/i`.
fn has_flags(word: &str) -> bool {
    let inner = word
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'));
    inner.is_some_and(|(inner, flags)| !inner.is_empty() && are_flags(flags))
}

/// A name, or a pattern for names.
fn pattern(field: LineField, value: &Unparsed) -> Result<Pattern, String> {
    match value.form {
        Form::Regex => Err(
            "a regular expression is only possible for a text of the line; \
             for a name, use `*`, or quotation marks if it has slashes"
                .to_owned(),
        ),
        Form::Phrase => Ok(Pattern::Exact(value.text.clone())),
        Form::Word => Ok(match Glob::new(&value.text) {
            Some(glob) => Pattern::Glob(glob),
            // As a field of results is spelled.
            None if field == LineField::In => Pattern::Exact(value.text.to_lowercase()),
            None => Pattern::Exact(value.text.clone()),
        }),
    }
}

fn unknown(name: &Unparsed) -> Problem {
    let of_lines = LineField::ALL.into_iter().map(LineField::name);
    let mut names: Vec<&str> = of_lines.collect();
    let of_runs: Vec<&str> = language()
        .map(|field| field.name)
        .filter(|name| !names.contains(name))
        .collect();
    names.extend(of_runs);
    let meant = match nearest::of(&name.text, &names) {
        Some(nearest) => format!("did you mean `{nearest}`? "),
        None => String::new(),
    };
    Problem::new(
        name.at.clone(),
        format!(
            "unknown field {}: {meant}There are {}. For a text with a colon, use quotation marks",
            shown(&name.text).replace('"', "`"),
            names.join(", ")
        ),
    )
}
