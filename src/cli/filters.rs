//! Filters as options: which entries of a list are shown, counted or removed. The filters themselves are defined in
//! `filter`.

use std::marker::PhantomData;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

use super::when::{self, Edge, Moment};
use crate::clock::Clock;
use crate::filter::place::{self, Spelled, spelled};
use crate::filter::{Kind, Place, PlaceName};

/// How commands that take a query describe filters with several values.
pub(super) const SEVERAL: &str = "\
A filter with a word or a text may be given several times: then one of its
values must match (--host web-01 --host web-02). Words can also be joined by
commas (--status failed,running). Different filters must match together.";

/// The same, for commands whose query may be about lines.
pub(super) const SEVERAL_OR_LINES: &str = "\
A filter with a word or a text may be given several times: then one of its
values must match (--host web-01 --host web-02). Words can also be joined by
commas (--status failed,running). Different filters must match together.

A query with task:, module:, in: or a /regular expression/ finds runs by a line
that they printed or returned, as 'playback search' does:
'status:failed task:\"Install nginx\" \"connection refused\"'. docs/query.md.";

/// The filters of one place. Entries must match all that are given.
#[derive(Debug, Default)]
pub(super) struct Filters<P> {
    given: Vec<(&'static str, FilterValue)>,
    place: PhantomData<fn() -> P>,
}

/// A value as given.
#[derive(Debug, Clone)]
enum FilterValue {
    Text(String),
    /// Several values, of which one must match: a field of a query can express that, a parameter cannot.
    Several(&'static str, Vec<String>),
    /// A time that depends on the clock.
    Moment(Moment, Edge),
}

/// The values that an option takes.
pub(super) fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().map(|value| name(*value)))
}

impl<P: Place> Filters<P> {
    /// The filters as query parameters of the API.
    pub(super) fn query(
        &self,
        clock: &Clock,
    ) -> impl Iterator<Item = (&'static str, String)> + use<P> {
        let given: Vec<(&'static str, String)> = self
            .given
            .iter()
            .filter_map(|(name, given)| match given {
                FilterValue::Text(text) => Some((*name, text.clone())),
                FilterValue::Several(..) => None,
                FilterValue::Moment(moment, edge) => {
                    Some((*name, moment.resolve(*edge, clock).to_rfc3339()))
                }
            })
            .collect();
        given.into_iter()
    }

    /// The filters with several values, as terms of the query language.
    pub(super) fn terms(&self) -> Vec<String> {
        let terms = self.given.iter().filter_map(|(_, given)| match given {
            FilterValue::Several(field, values) => Some(term(field, values)),
            FilterValue::Text(_) | FilterValue::Moment(..) => None,
        });
        terms.collect()
    }

    /// Whether a filter of this name was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }
}

/// A term of the query language: a field with these values, unchanged.
pub(super) fn term(field: &str, values: &[String]) -> String {
    let quoted = values.iter().map(|value| {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    });
    let quoted: Vec<String> = quoted.collect();
    format!("{field}:{}", quoted.join(","))
}

/// Whether the options of a place may be given several times: if it has queries, which can express that.
fn takes_several<P: Place>(kind: Kind) -> bool {
    let has_query = matches!(P::IN, PlaceName::List | PlaceName::Stats);
    has_query
        && match kind {
            Kind::Word(_) | Kind::OpenWord(_) | Kind::Text | Kind::Path | Kind::Part | Kind::Id => {
                true
            }
            Kind::Flag | Kind::Number | Kind::Seconds | Kind::Time(_) => false,
        }
}

impl<P: Place> Args for Filters<P> {
    fn augment_args(command: Command) -> Command {
        command.args(spelled::<P>().map(argument::<P>))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<P: Place> FromArgMatches for Filters<P> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = spelled::<P>().filter_map(|(field, at)| {
            let id = at.option.unwrap_or(at.name);
            let given = match field.kind {
                Kind::Flag => FilterValue::Text(matches.get_one::<bool>(id)?.to_string()),
                Kind::Seconds => FilterValue::Text(matches.get_one::<f64>(id)?.to_string()),
                Kind::Number => FilterValue::Text(matches.get_one::<u32>(id)?.to_string()),
                Kind::Time(end) => FilterValue::Moment(*matches.get_one(id)?, end),
                Kind::Word(_)
                | Kind::OpenWord(_)
                | Kind::Text
                | Kind::Path
                | Kind::Part
                | Kind::Id => {
                    let values = matches.get_many::<String>(id)?.cloned();
                    let mut values: Vec<String> = values.collect();
                    match values.len() {
                        0 | 1 => FilterValue::Text(values.pop()?),
                        _ => FilterValue::Several(field.name, values),
                    }
                }
            };
            Some((at.name, given))
        });
        Ok(Self {
            given: given.collect(),
            place: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A filter's option.
fn argument<P: Place>((field, at): Spelled<P>) -> Arg {
    let mut argument = Arg::new(at.option.unwrap_or(at.name))
        .value_name(field.value_name)
        .help(help::<P>((field, at)));
    if let Some(option) = at.option {
        argument = argument.long(option);
    }
    if let Some(short) = at.short {
        argument = argument.short(short);
    }
    if takes_several::<P>(field.kind) {
        argument = argument.action(ArgAction::Append);
        // A word contains no comma, but a text may.
        if matches!(field.kind, Kind::Word(_) | Kind::OpenWord(_)) {
            argument = argument.value_delimiter(',');
        }
    }
    match field.kind {
        Kind::Word(_) => {
            let words = field.words(at).unwrap_or_default();
            argument.value_parser(PossibleValuesParser::new(words))
        }
        Kind::Flag => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(value_parser!(bool)),
        Kind::Number => argument.value_parser(value_parser!(u32)),
        Kind::Seconds => argument.value_parser(when::seconds),
        Kind::Time(_) => argument.value_parser(Moment::parse),
        Kind::OpenWord(_) | Kind::Text | Kind::Path | Kind::Part | Kind::Id => argument,
    }
}

/// A filter's help text.
fn help<P: Place>((field, at): Spelled<P>) -> String {
    let values = match field.kind {
        Kind::OpenWord(words) => format!(": {}", words().join(", ")),
        Kind::Seconds => ": 90 (seconds), 5m, 2h".to_owned(),
        Kind::Time(Edge::Start) => ": 2026-01-20, \"2026-01-20 10:00\", 2h (ago), 7d".to_owned(),
        Kind::Time(Edge::End) => "; a day counts to its end".to_owned(),
        _ => String::new(),
    };
    match at.note {
        "" => format!("{}{values}", field.doc),
        note => format!("{}{values}. {note}", field.doc),
    }
}

/// The options of a place, as typed.
fn options<P: Place>() -> Vec<String> {
    let options = spelled::<P>().filter_map(|(_, at)| match (at.option, at.short) {
        (Some(option), _) => Some(format!("--{option}")),
        (None, Some(short)) => Some(format!("-{short}")),
        (None, None) => None,
    });
    options.collect()
}

/// Adds the existing filters to an error about an unknown option, for a command that takes filters.
pub(super) fn with_names(mut error: Error, command: Option<&str>) -> Error {
    let options = match command {
        Some("list" | "watch" | "export") => options::<place::List>(),
        Some("stats" | "playbooks" | "inventories") => options::<place::Stats>(),
        Some("prune") => options::<place::Retention>(),
        Some("audit") => options::<place::Audit>(),
        _ => return error,
    };
    if error.kind() == ErrorKind::UnknownArgument {
        let tip = format!("the filters are {}", options.join(", "));
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
}
