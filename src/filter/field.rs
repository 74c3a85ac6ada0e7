//! The definition of a filter.

use super::ExecutionFilter;
use super::condition::Condition;
use super::pattern::Glob;
use super::place::PlaceName;

/// A filter of `F`.
pub struct Field<F: Filter> {
    /// Its name in the query language.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// Placeholder for a value in a command's help.
    pub value_name: &'static str,
    /// Its effect, in one sentence without the period: used for the OpenAPI document and for `--help`.
    pub doc: &'static str,
    /// The places that accept it, and its names there.
    pub places: &'static [Spelling],
    /// Parses a value that is not empty; the error says what is valid.
    pub set: fn(&mut F, &str) -> Result<(), String>,
    /// The value, in a form that `set` can parse.
    pub get: fn(&F) -> Option<String>,
    /// Its meaning.
    pub meaning: F::Meaning,
}

/// Which entries of a list to select; all conditions must hold.
pub trait Filter: Default + 'static {
    /// Further information about a field: for executions, its meaning. The other lists have their own statements.
    type Meaning: Rolled + Send + Sync;

    /// Every field, in the order in which documents name them.
    fn fields() -> &'static [&'static Field<Self>];
}

/// The meaning of a filter of executions.
pub struct Meaning {
    /// The condition, if the filter is set.
    pub condition: fn(&ExecutionFilter) -> Option<Condition>,
    /// The condition for a pattern with `*` in a query, if the filter accepts patterns.
    pub glob: Option<fn(&Glob) -> Condition>,
    /// Whether it is set and matches only a few executions.
    pub narrows: fn(&ExecutionFilter) -> bool,
    /// Whether the statistics' roll-ups support it ([`crate::model::Group`]). Otherwise the runs themselves are read.
    pub rolled: bool,
}

/// Whether the statistics' roll-ups support a filter.
pub trait Rolled: 'static {
    /// If not, the runs themselves are read.
    fn is_rolled(&self) -> bool;
}

impl Rolled for Meaning {
    fn is_rolled(&self) -> bool {
        self.rolled
    }
}

impl Rolled for () {
    fn is_rolled(&self) -> bool {
        true
    }
}

/// The type of a filter's values.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One of a few words.
    Word(fn() -> Vec<&'static str>),
    /// One of a few words. The collector may know more words than an older command line.
    OpenWord(fn() -> Vec<&'static str>),
    /// A text, compared as a whole.
    Text,
    /// A file: its name, its whole path, or the end of that path, which contains a `/` but does not begin with one.
    Path,
    /// Part of a text.
    Part,
    /// Digits with which an id begins or ends.
    Id,
    /// `true` or `false`.
    Flag,
    /// A whole number, 0 or more.
    Number,
    /// A number of seconds, 0 or more.
    Seconds,
    /// A time.
    Time(Edge),
}

/// Which moment of the day a date means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The first moment.
    Start,
    /// The last moment.
    End,
}

/// The names of a filter in a place.
#[derive(Debug, Clone, Copy)]
pub struct Spelling {
    /// The place.
    pub place: PlaceName,
    /// Name of the query parameter, the body's field, or the configuration key.
    pub name: &'static str,
    /// Aliases.
    pub also: &'static [&'static str],
    /// The command's long option, without its dashes.
    pub option: Option<&'static str>,
    /// The short option.
    pub short: Option<char>,
    /// An additional sentence for this place, without its period.
    pub note: &'static str,
    /// Words that it does not accept here, and why.
    pub except: Option<(&'static str, &'static str)>,
}

impl Spelling {
    const fn new(place: PlaceName, name: &'static str) -> Self {
        Self {
            place,
            name,
            also: &[],
            option: Some(name),
            short: None,
            note: "",
            except: None,
        }
    }

    /// A filter of the list of executions.
    #[must_use]
    pub const fn list(name: &'static str) -> Self {
        Self::new(PlaceName::List, name)
    }

    /// A filter of statistics.
    #[must_use]
    pub const fn stats(name: &'static str) -> Self {
        Self::new(PlaceName::Stats, name)
    }

    /// A filter of rules of retention.
    #[must_use]
    pub const fn retention(name: &'static str) -> Self {
        Self::new(PlaceName::Retention, name)
    }

    /// A filter of an execution's results.
    #[must_use]
    pub const fn results(name: &'static str) -> Self {
        Self::new(PlaceName::Results, name)
    }

    /// A filter of the audit trail.
    #[must_use]
    pub const fn audit(name: &'static str) -> Self {
        Self::new(PlaceName::Audit, name)
    }

    /// Adds aliases.
    #[must_use]
    pub const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    /// Gives the command's option another name.
    #[must_use]
    pub const fn option(mut self, option: &'static str) -> Self {
        self.option = Some(option);
        self
    }

    /// Gives the command a short option, and no long one.
    #[must_use]
    pub const fn short(mut self, short: char) -> Self {
        self.option = None;
        self.short = Some(short);
        self
    }

    /// Adds a sentence to the documentation.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Excludes a word, with the reason.
    #[must_use]
    pub const fn except(mut self, word: &'static str, why: &'static str) -> Self {
        self.except = Some((word, why));
        self
    }
}

impl<F: Filter> Field<F> {
    /// Its spelling in a place; none if it is not accepted there.
    #[must_use]
    pub fn at(&self, place: PlaceName) -> Option<&'static Spelling> {
        self.places.iter().find(|at| at.place == place)
    }

    /// The words that it accepts in a place, if its values are words: for documents and completion.
    #[must_use]
    pub fn words(&self, at: &Spelling) -> Option<Vec<&'static str>> {
        let (Kind::Word(words) | Kind::OpenWord(words)) = self.kind else {
            return None;
        };
        let mut words = words();
        if let Some((except, _)) = at.except {
            words.retain(|word| *word != except);
        }
        Some(words)
    }
}
