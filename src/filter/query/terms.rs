//! Parses fields and their values: which filter is named, and what its value means.

use super::ast::{Term, Value};
use super::error::Problem;
use super::lexer::{Form, Unparsed};
use super::lines::LineField;
use super::parser::ReadTerm;
use crate::filter::place::{self, spelled};
use crate::filter::raw::shown;
use crate::filter::{Edge, ExecutionFilter, Field, Glob, Kind, PlaceName, fields, nearest, parse};

/// Parses a time, in microseconds since the epoch; the error says what is valid. It knows the present and the time zone
/// of dates.
pub type ReadTime<'t> = &'t dyn Fn(&str, Edge) -> Result<i64, String>;

/// The fields of the language, in the order in which documents name them: all filters of the list.
pub fn language() -> impl Iterator<Item = &'static Field<ExecutionFilter>> {
    spelled::<place::List>().map(|(field, _)| field)
}

pub(super) struct Reader<'t> {
    pub(super) time: ReadTime<'t>,
}

impl ReadTerm for Reader<'_> {
    type Term = Term;

    fn field(&self, name: &Unparsed) -> Result<(), Problem> {
        named(name).map(|_| ())
    }

    fn term(&self, field: Option<&Unparsed>, values: &[Unparsed]) -> Result<Term, Problem> {
        let is_bare = field.is_none();
        let field = match field {
            Some(name) => named(name)?,
            None => &fields::text::TEXT,
        };
        let values = values.iter().map(|raw| {
            self.value(field, raw).map_err(|problem| {
                let problem = match is_bare {
                    true => problem,
                    false => format!("{} = {}: {problem}", field.name, shown(&raw.text)),
                };
                Problem::new(raw.at.clone(), problem)
            })
        });
        Ok(Term {
            field,
            values: values.collect::<Result<_, _>>()?,
        })
    }
}

impl Reader<'_> {
    fn value(&self, field: &Field<ExecutionFilter>, raw: &Unparsed) -> Result<Value, String> {
        if raw.form == Form::Regex {
            return Err(
                "a regular expression is not possible here, only as a text of lines, in `playback list` and `playback \
                 search`: name a part of the value; for a path, put it in quotation marks"
                    .to_owned(),
            );
        }
        let glob = match raw.form {
            Form::Word => Glob::new(&raw.text),
            Form::Phrase | Form::Regex => None,
        };
        let Some(glob) = glob else {
            return self.exact(field, &raw.text).map(Value::Exact);
        };
        match field.kind {
            Kind::Part => self.part(field, &glob).map(Value::Exact),
            _ if field.meaning.glob.is_some() => Ok(Value::Glob(glob)),
            _ => Err(match self.exact(field, &raw.text) {
                Err(problem) => format!("no `*` is possible here, {problem}"),
                Ok(_) => "no `*` is possible here".to_owned(),
            }),
        }
    }

    /// A text is found in any position, so a star at its end has no effect.
    fn part(&self, field: &Field<ExecutionFilter>, glob: &Glob) -> Result<String, String> {
        match glob.pieces() {
            [word, end] if !word.is_empty() && end.is_empty() => self.exact(field, word),
            _ => Err(
                "a `*` is only possible at the end of a word, or in the value of a field that takes one: \
                 put it in quotation marks to look for it"
                    .to_owned(),
            ),
        }
    }

    /// The value as its filter shows it.
    fn exact(&self, field: &Field<ExecutionFilter>, text: &str) -> Result<String, String> {
        let read = match field.kind {
            Kind::Flag => flag(text)?.to_string(),
            Kind::Seconds => parse::duration(text)?.to_string(),
            Kind::Time(edge) => parse::show_time((self.time)(text, edge)?),
            Kind::Word(_)
            | Kind::OpenWord(_)
            | Kind::Text
            | Kind::Path
            | Kind::Part
            | Kind::Id
            | Kind::Number => text.to_owned(),
        };
        let mut filter = ExecutionFilter::default();
        (field.set)(&mut filter, &read)?;
        Ok((field.get)(&filter).unwrap_or(read))
    }
}

/// `yes` or `no`, or the values of the parameters.
fn flag(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => parse::flag(other).map_err(|_| "it must be yes or no".to_owned()),
    }
}

/// The field of this name. The names of the parameters and of the options are accepted, too.
fn named(name: &Unparsed) -> Result<&'static Field<ExecutionFilter>, Problem> {
    let is_meant = |field: &&Field<ExecutionFilter>| {
        let places = field.places.iter();
        let mut places = places.filter(|at| matches!(at.place, PlaceName::List | PlaceName::Stats));
        field.name == name.text
            || places.any(|at| {
                at.name == name.text
                    || at.also.contains(&name.text.as_str())
                    || at.option == Some(name.text.as_str())
            })
    };
    language().find(is_meant).ok_or_else(|| {
        let names: Vec<&str> = language().map(|field| field.name).collect();
        if LineField::ALL.iter().any(|field| field.name() == name.text) {
            return Problem::new(
                name.at.clone(),
                format!(
                    "`{}` is a field of lines, which lists and searches take (`playback list`, `playback search`). Here, \
                     there are {}",
                    name.text,
                    names.join(", ")
                ),
            );
        }
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
    })
}
