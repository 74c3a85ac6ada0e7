//! Filters: which executions, results or audit entries to select. One grammar for every place that accepts them.
//!
//! A filter is a [`Field`]: its name, its type, its documentation, which places accept it, how its value is parsed, and
//! what it means. The list of executions, statistics, retention, the command line and the OpenAPI document take all of
//! that from here. A new filter is one file in `fields/` and one line in the list below.
//!
//! Layout:
//! - `field`: the definition of a filter; `place`: which places accept filters
//! - `fields`: the filters of executions, one file each; `results`, `audit`: those of the other two lists
//! - `parse`: one parser for each type of value, with its error; `nearest`: suggestions for misspelt names
//! - `query`: the query language, whose fields are the filters of executions; `pattern`: texts with `*`; `digits`: parts
//!   of an id
//! - `raw`: filters beside the other fields of a query, a body or a table in the configuration
//! - `condition`: what a filter means, and whether a run matches; `store::filter` turns the same into SQL
//! - `stored`: texts as columns store them; `run`: a recorded run as conditions see it
//!
//! No I/O, no SQL, no HTTP.

mod audit;
mod condition;
mod digits;
mod field;
pub mod fields;
mod nearest;
pub mod parse;
mod pattern;
pub mod place;
pub mod query;
mod raw;
mod results;
mod run;
mod stored;

use playback_wire::ExecutionType;

pub use audit::AuditFilter;
pub use condition::{Column, Comparison, Condition, Subject, Value, matches};
pub use digits::IdDigits;
pub use field::{Edge, Field, Filter, Kind, Meaning, Rolled, Spelling};
pub use pattern::{Glob, Pattern};
pub use place::{Place, PlaceName, named};
pub use query::{LineField, LineTerm, Query, QueryError, TextForm, TextPattern};
pub use raw::{Filtered, RawFilters, Refused};
pub use results::ResultFilter;
pub use run::RecordedRun;
pub use stored::{indexed, inventory_names, playbook_names, searchable, searched, stored};

use crate::model::{Reason, Status};
use query::{Flags, Group};

/// Declares a filter of one list: the struct that holds the values, and the list of its fields.
macro_rules! filters {
    ($(#[$doc:meta])* $name:ident: $meaning:ty {
        $($(#[$field_doc:meta])* $field:ident: $type:ty => $definition:path,)*
        $(; $(#[$more_doc:meta])* $more:ident: $more_type:ty,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
            $($(#[$more_doc])* pub $more: Option<$more_type>,)?
        }

        impl $crate::filter::Filter for $name {
            type Meaning = $meaning;

            fn fields() -> &'static [&'static $crate::filter::Field<Self>] {
                static FIELDS: &[&$crate::filter::Field<$name>] = &[$(&$definition,)*];
                FIELDS
            }
        }
    };
}
use filters;

filters! {
    /// Which executions to select. All conditions must hold.
    ExecutionFilter: Meaning {
        /// Status.
        status: Status => fields::status::STATUS,
        /// Playbook or ad-hoc.
        r#type: ExecutionType => fields::kind::TYPE,
        /// Playbook: its file name, its path as recorded, or the end of that path.
        playbook: String => fields::playbook::PLAYBOOK,
        /// Inventory: its file name, its path as recorded, or the end of that path.
        inventory: String => fields::inventory::INVENTORY,
        /// Inventory name of a host that took part.
        host: String => fields::host::HOST,
        /// User who ran it.
        user: String => fields::user::USER,
        /// Machine that ran it.
        controller: String => fields::controller::CONTROLLER,
        /// A label that it carries.
        label: String => fields::label::LABEL,
        /// Name of the schedule that started it.
        schedule: String => fields::schedule::SCHEDULE,
        /// Whether anything changed; with a host, whether that host did. A run in check mode changes nothing.
        changed: bool => fields::changed::CHANGED,
        /// Why it failed.
        reason: Reason => fields::reason::REASON,
        /// Whether it is pinned.
        pinned: bool => fields::pinned::PINNED,
        /// The digits with which its id begins or ends.
        id: IdDigits => fields::id::ID,
        /// Started at or after, in microseconds since the epoch.
        from_us: i64 => fields::started::SINCE,
        /// Started at or before, in microseconds since the epoch.
        to_us: i64 => fields::started::UNTIL,
        /// Took at least this long, in microseconds.
        min_duration_us: i64 => fields::duration::MIN_DURATION,
        /// Part of the text that is recorded at the run's start, ignoring case.
        text: String => fields::text::TEXT,
        ;
        /// A query, for conditions that the fields cannot express.
        query: Query,
    }
}

impl ExecutionFilter {
    /// The conditions that an execution must meet.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        let (mut conditions, queried) = self.parted_conditions();
        conditions.extend(queried);
        conditions
    }

    /// The conditions of the fields, in their order, and those of the query. Fields and query are one conjunction: a
    /// host and a change are combined, whether the fields or the query name them.
    #[must_use]
    pub fn parted_conditions(&self) -> (Vec<Condition>, Vec<Condition>) {
        let of_fields = |filter: &Self| {
            let fields = Self::fields().iter();
            let conditions = fields.filter_map(|field| (field.meaning.condition)(filter));
            conditions.collect()
        };
        let Some(query) = &self.query else {
            return (of_fields(self), Vec::new());
        };
        let group = Group::of(query.expression().conjuncts());
        let changed = match self.changed {
            Some(changed) => group.changed.and(Flags::of(changed)),
            None => group.changed,
        };
        let together = Self {
            changed: changed.only(),
            ..self.clone()
        };
        (of_fields(&together), group.conditions(changed))
    }

    /// Whether it names a host to which a condition on changes applies.
    fn names_host(&self) -> bool {
        let query = self.query.as_ref();
        self.host.is_some()
            || query.is_some_and(|query| Group::of(query.expression().conjuncts()).has_hosts())
    }

    /// Whether so few executions remain that reading them all is cheaper than going through days.
    #[must_use]
    pub fn narrows(&self) -> bool {
        Self::fields()
            .iter()
            .any(|field| (field.meaning.narrows)(self))
    }

    /// Whether the roll-ups support every filter that is set.
    #[must_use]
    pub fn suits_rolls(&self) -> bool {
        let mut fields = Self::fields().iter();
        fields.all(|field| field.meaning.rolled || (field.get)(self).is_none())
            && (self.query.is_none() || self.has_rolled_query())
    }

    /// Whether the groups of roll-ups are enough to evaluate a query. They do not say which runs changed a host.
    fn has_rolled_query(&self) -> bool {
        let (_, queried) = self.parted_conditions();
        self.host.is_none() && queried.iter().all(run::is_rolled)
    }
}

#[cfg(test)]
mod tests;
