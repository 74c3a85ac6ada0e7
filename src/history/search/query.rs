//! The part of a query that applies to single lines.

use std::sync::Arc;

use super::hint::Hint;
use super::needs::need_of;
use crate::filter::query::Expression;
use crate::filter::{
    Condition, LineField, LineTerm, Pattern, RecordedRun, TextPattern, matches, stored,
};
use crate::model::{ExecutionFilter, ExecutionRow, FoundTask, printed_task};

/// The name of a task as Ansible prints it: with its role.
pub(super) fn whole_name(task: &FoundTask) -> String {
    printed_task(&task.name, &task.role)
}

/// A line, as far as a query asks about it.
pub(super) trait Line {
    /// Its text, without colours.
    fn text(&self) -> &str;

    /// Where it stands: `output`, `task`, or a field of a result.
    fn place(&self) -> &str;

    /// The host that it belongs to.
    fn host(&self) -> Option<&str>;

    /// Its task.
    fn task(&self) -> Option<&FoundTask>;

    /// The module that ran.
    fn module(&self) -> Option<&str>;
}

/// A query, compiled.
#[derive(Debug)]
pub(super) struct LineQuery {
    condition: LineCondition,
    /// Which runs can have such lines.
    pub(super) runs: ExecutionFilter,
    /// The texts to mark.
    texts: Vec<TextPattern>,
    /// Whether tasks must be known to tell whether a line is meant.
    pub(super) needs_tasks: bool,
    /// A text that every line has.
    hint: Option<Hint>,
    /// Conditions on the changes of hosts, which only the store can judge: it knows the hosts of a run.
    pub(super) of_hosts: Vec<ExecutionFilter>,
    /// Names of hosts, as stored; one of them took part in every run that can have such lines.
    pub(super) only_hosts: Option<Vec<String>>,
}

/// The names of which a host must have one for all of these conditions to hold, if one of them names such hosts.
fn required_hosts(conditions: &[Condition]) -> Option<Vec<String>> {
    conditions.iter().find_map(|condition| match condition {
        Condition::All(conditions) => required_hosts(conditions),
        Condition::Host { names, .. } => {
            let names = names.iter().map(|name| match name {
                Pattern::Exact(name) => Some(name.clone()),
                Pattern::Glob(_) => None,
            });
            names.collect()
        }
        _ => None,
    })
}

/// The conditions on a line.
#[derive(Debug, Clone)]
enum LineCondition {
    All(Vec<LineCondition>),
    Any(Vec<LineCondition>),
    Not(Box<LineCondition>),
    /// Shared, because a clone of a pattern does not have what matching has learnt: each run would begin from scratch.
    Text(Arc<TextPattern>),
    Of(LineField, Vec<Pattern>),
    /// It depends on the run alone.
    Run(Vec<Condition>),
    /// It depends on the run's hosts: which of [`LineQuery::of_hosts`].
    OfHosts(usize),
    Always(bool),
}

impl LineQuery {
    pub(super) fn new(query: &Expression<LineTerm>) -> Self {
        let runs = ExecutionFilter::default();
        let runs = match query.of_runs() {
            Some(of_runs) => runs.with_query(&of_runs),
            None => runs,
        };
        let items = query.conjuncts();
        let has_changes = Expression::changed_hosts(items).is_some();
        // The store has already applied the conditions on the run of all lines.
        let is_asked = |item: &&Expression<LineTerm>| {
            matches!(item, Expression::Term(LineTerm::Run(_)))
                || (has_changes && item.is_about_changes())
        };
        let items = items.iter().filter(|item| !is_asked(item));
        let mut of_hosts = Vec::new();
        let condition = items.map(|item| condition(item, &mut of_hosts));
        let condition = LineCondition::all(condition.collect());
        Self {
            of_hosts,
            only_hosts: required_hosts(&runs.conditions()),
            needs_tasks: condition.needs_tasks(),
            condition,
            runs,
            texts: query.texts().into_iter().cloned().collect(),
            hint: Hint::of(&need_of(query)),
        }
    }

    /// Whether some JSON may have a line that is meant, in one of its strings.
    pub(super) fn may_be_in(&self, json: &str) -> bool {
        self.hint.as_ref().is_none_or(|hint| hint.may_be_in(json))
    }

    /// What must hold of the lines of this run; none if none of them is meant. `of_hosts`: whether the run meets each of
    /// [`LineQuery::of_hosts`].
    pub(super) fn of_run(
        &self,
        row: &ExecutionRow,
        is_pinned: bool,
        of_hosts: &[bool],
    ) -> Option<RunQuery> {
        let run = RecordedRun {
            row,
            // The only conditions on hosts are those of `of_hosts`.
            hosts: &[],
            is_pinned,
        };
        match self.condition.of_run(&run, of_hosts) {
            LineCondition::Always(false) => None,
            condition => Some(RunQuery(condition)),
        }
    }

    /// Whether it matters if a run is pinned.
    pub(super) fn asks_for_pins(&self) -> bool {
        self.condition.asks_for_runs()
    }

    /// The texts to mark.
    pub(super) fn texts(&self) -> Vec<&TextPattern> {
        self.texts.iter().collect()
    }
}

/// The conditions on the lines of one run.
#[derive(Debug)]
pub(super) struct RunQuery(LineCondition);

impl RunQuery {
    /// Whether a line is meant.
    pub(super) fn is_met_by(&self, line: &impl Line) -> bool {
        self.0.is_met_by(line)
    }
}

/// What a query says of a line; adds what it says of changes of hosts to `of_hosts`.
fn condition(query: &Expression<LineTerm>, of_hosts: &mut Vec<ExecutionFilter>) -> LineCondition {
    match query {
        Expression::And(items) => conjunction(items, of_hosts),
        Expression::Or(items) => {
            let items = items.iter().map(|item| condition(item, of_hosts));
            LineCondition::Any(items.collect())
        }
        Expression::Not(item) => LineCondition::Not(Box::new(condition(item, of_hosts))),
        Expression::Term(LineTerm::Text(text)) => LineCondition::Text(Arc::new(text.clone())),
        Expression::Term(LineTerm::Of(LineField::Host, names)) => {
            // As the store compares names of hosts.
            let names = names.iter().map(|name| match name {
                Pattern::Exact(name) => Pattern::Exact(stored(name).into_owned()),
                Pattern::Glob(glob) => Pattern::Glob(glob.clone()),
            });
            LineCondition::Of(LineField::Host, names.collect())
        }
        Expression::Term(LineTerm::Of(field, names)) => LineCondition::Of(*field, names.clone()),
        Expression::Term(LineTerm::Run(term)) => {
            let term = Expression::Term(term.clone());
            let filter = ExecutionFilter::default().with_query(&term);
            LineCondition::Run(filter.conditions())
        }
    }
}

/// Hosts and changes that must hold together mean the changes of these hosts, as in a list.
fn conjunction(
    items: &[Expression<LineTerm>],
    of_hosts: &mut Vec<ExecutionFilter>,
) -> LineCondition {
    let changed = Expression::changed_hosts(items);
    let others = items
        .iter()
        .filter(|item| changed.is_none() || !item.is_about_changes());
    let mut conditions: Vec<LineCondition> = others.map(|item| condition(item, of_hosts)).collect();
    if let Some(changed) = changed {
        conditions.push(LineCondition::OfHosts(of_hosts.len()));
        of_hosts.push(ExecutionFilter::default().with_query(&changed));
    }
    LineCondition::all(conditions)
}

impl LineCondition {
    fn all(mut items: Vec<Self>) -> Self {
        match items.len() {
            0 => Self::Always(true),
            1 => items.remove(0),
            _ => Self::All(items),
        }
    }

    /// What is left of it once the run is known.
    fn of_run(&self, run: &RecordedRun<'_>, of_hosts: &[bool]) -> Self {
        match self {
            Self::Run(conditions) => Self::Always(matches(conditions, run)),
            Self::OfHosts(index) => Self::Always(of_hosts.get(*index).copied().unwrap_or(false)),
            Self::Not(item) => match item.of_run(run, of_hosts) {
                Self::Always(known) => Self::Always(!known),
                item => Self::Not(Box::new(item)),
            },
            Self::All(items) => {
                let items = items.iter().map(|item| item.of_run(run, of_hosts));
                let mut items: Vec<Self> = items.collect();
                if items.iter().any(|item| matches!(item, Self::Always(false))) {
                    return Self::Always(false);
                }
                items.retain(|item| !matches!(item, Self::Always(_)));
                Self::all(items)
            }
            Self::Any(items) => {
                let items = items.iter().map(|item| item.of_run(run, of_hosts));
                let mut items: Vec<Self> = items.collect();
                if items.iter().any(|item| matches!(item, Self::Always(true))) {
                    return Self::Always(true);
                }
                items.retain(|item| !matches!(item, Self::Always(_)));
                match items.is_empty() {
                    true => Self::Always(false),
                    false => Self::Any(items),
                }
            }
            other => other.clone(),
        }
    }

    fn is_met_by(&self, line: &impl Line) -> bool {
        match self {
            Self::All(items) => items.iter().all(|item| item.is_met_by(line)),
            Self::Any(items) => items.iter().any(|item| item.is_met_by(line)),
            Self::Not(item) => !item.is_met_by(line),
            Self::Text(text) => text.is_in(line.text()),
            Self::Of(field, names) => is_of(*field, names, line),
            Self::Always(known) => *known,
            // Runs are known by now.
            Self::Run(_) | Self::OfHosts(_) => false,
        }
    }

    fn any(&self, is_wanted: fn(&Self) -> bool) -> bool {
        match self {
            Self::All(items) | Self::Any(items) => items.iter().any(|item| item.any(is_wanted)),
            Self::Not(item) => item.any(is_wanted),
            other => is_wanted(other),
        }
    }

    fn needs_tasks(&self) -> bool {
        self.any(|one| matches!(one, Self::Of(LineField::Task | LineField::Module, _)))
    }

    fn asks_for_runs(&self) -> bool {
        self.any(|one| matches!(one, Self::Run(_)))
    }
}

fn is_of(field: LineField, names: &[Pattern], line: &impl Line) -> bool {
    let is_one = |text: &str| names.iter().any(|name| name.matches(text));
    match field {
        // As the store has names of hosts.
        LineField::Host => line.host().is_some_and(|host| is_one(&stored(host))),
        LineField::Task => line.task().is_some_and(|task| {
            is_one(&task.name) || (!task.role.is_empty() && is_one(&whole_name(task)))
        }),
        LineField::Module => line
            .module()
            .is_some_and(|module| is_one(module) || module.rsplit('.').next().is_some_and(is_one)),
        // `diff` means all that is below it, too.
        LineField::In => {
            let place = line.place();
            let ends = place.match_indices('.').map(|(end, _)| end);
            ends.chain([place.len()]).any(|end| is_one(&place[..end]))
        }
    }
}
