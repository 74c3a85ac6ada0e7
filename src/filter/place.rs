//! The places that accept filters.

use super::audit::AuditFilter;
use super::field::{Field, Filter, Spelling};
use super::results::ResultFilter;
use super::{ExecutionFilter, nearest};

/// A place that accepts filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceName {
    /// `GET /executions`, `playback list`.
    List,
    /// `GET /executions/stats`, `playback stats`.
    Stats,
    /// `[[retention]]` in the configuration, `POST /executions/cleanup`, `playback prune`.
    Retention,
    /// `GET /executions/{id}/results`.
    Results,
    /// `GET /audit`, `playback audit`.
    Audit,
}

/// A place as a type, with the filter that it accepts.
pub trait Place: 'static {
    /// The filter that values are read into.
    type Filter: Filter;

    /// The place.
    const IN: PlaceName;
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident: $filter:ty,)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name;

        impl Place for $name {
            type Filter = $filter;
            const IN: PlaceName = PlaceName::$name;
        }
    )* };
}

places! {
    /// See [`PlaceName::List`].
    List: ExecutionFilter,
    /// See [`PlaceName::Stats`].
    Stats: ExecutionFilter,
    /// See [`PlaceName::Retention`].
    Retention: ExecutionFilter,
    /// See [`PlaceName::Results`].
    Results: ResultFilter,
    /// See [`PlaceName::Audit`].
    Audit: AuditFilter,
}

/// A field, and its names in a place.
pub type Spelled<P> = (&'static Field<<P as Place>::Filter>, &'static Spelling);

/// The filters of a place.
pub fn spelled<P: Place>() -> impl Iterator<Item = Spelled<P>> {
    let fields = P::Filter::fields().iter();
    fields.filter_map(|field| Some((*field, field.at(P::IN)?)))
}

/// The filter that has this name in a place.
#[must_use]
pub fn named<P: Place>(name: &str) -> Option<Spelled<P>> {
    spelled::<P>().find(|(_, at)| at.name == name || at.also.contains(&name))
}

/// The names of all filters of a place.
#[must_use]
pub fn names<P: Place>() -> Vec<&'static str> {
    spelled::<P>().map(|(_, at)| at.name).collect()
}

/// The error for a name that is neither a filter of a place nor one of `others`: it suggests the nearest name, if there
/// is one, and lists all.
#[must_use]
pub fn unknown<P: Place>(name: &str, others: &[&'static str]) -> String {
    let mut names = names::<P>();
    // Aliases are left out: they would be listed beside the names that they stand for.
    names.extend(others);
    let meant = match nearest::of(name, &names) {
        Some(nearest) => format!("did you mean `{nearest}`? "),
        None => String::new(),
    };
    format!(
        "unknown field `{name}`: {meant}There are {}",
        names.join(", ")
    )
}
