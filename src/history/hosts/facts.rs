//! The facts of a host at some time: the latest report of each kind, one after the other. They are read from the log,
//! which is the only place that has them.

use std::collections::{HashMap, HashSet};

use playback_wire::Body;
use serde_json::{Map, Value};

use super::events::EventReader;
use super::require_host;
use crate::facts::{Kind, KnownFacts, Learned};
use crate::filter::Glob;
use crate::history::HistoryError;
use crate::model::{FactsGap, FactsSource, HostFacts, UnreadableFacts, time_from_us};
use crate::store::{FactsReport, Store, StoreError};

/// Reports that are looked through for the latest of each kind.
const REPORTS: u32 = 1_000;

/// Kinds of reports that are read, the latest first.
const KINDS: usize = 64;

/// The facts of a host at a time in microseconds since the epoch; none: now. `name` limits which are shown (see
/// [`shows`]).
///
/// # Errors
/// No run has the host, or the store failed.
pub async fn facts_at(
    store: &Store,
    host: &str,
    at_us: Option<i64>,
    name: Option<&str>,
) -> Result<HostFacts, HistoryError> {
    let mut fold = Fold::new(store, name);
    fold.until(host, at_us.unwrap_or(i64::MAX)).await?;
    if fold.reports.is_empty() && fold.unreadable.is_empty() {
        require_host(store, host).await?;
    }
    let mut shown = vec![0; fold.reports.len()];
    let mut facts = Map::new();
    for (fact, known) in fold.known.facts().filter(|(fact, _)| shows(name, fact)) {
        shown[known.origin] += 1;
        facts.insert(fact.to_owned(), known.value.clone());
    }
    let sources = fold.reports.iter().zip(shown);
    let sources = sources.map(|(report, facts)| FactsSource {
        execution: report.id,
        seq: report.seq,
        time: time_from_us(report.at_us),
        complete: Kind(report.kind).is_complete(),
        facts,
    });
    Ok(HostFacts {
        host: host.to_owned(),
        at: at_us.map(time_from_us),
        facts,
        sources: sources.collect(),
        unreadable: fold.unreadable,
    })
}

/// Whether a fact is requested: by its name with or without `ansible_`, in which `*` stands for any text.
#[must_use]
pub fn shows(asked: Option<&str>, fact: &str) -> bool {
    let Some(asked) = asked else {
        return true;
    };
    let glob = Glob::new(asked);
    let bare = fact.strip_prefix("ansible_");
    [Some(fact), bare]
        .into_iter()
        .flatten()
        .any(|fact| match &glob {
            Some(glob) => glob.matches(fact),
            None => fact == asked,
        })
}

/// Reports of facts of one host, read one after the other.
pub(super) struct Fold<'s> {
    store: &'s Store,
    reader: EventReader<'s>,
    /// The facts whose changes are listed.
    name: Option<&'s str>,
    pub(super) known: KnownFacts<usize>,
    /// The reports that were read.
    pub(super) reports: Vec<FactsReport>,
    /// Those that could not be.
    pub(super) unreadable: Vec<UnreadableFacts>,
    /// For each kind, the digest of the last report that was read, and what was known after it.
    read: HashMap<i64, (i64, u64)>,
}

impl<'s> Fold<'s> {
    pub(super) fn new(store: &'s Store, name: Option<&'s str>) -> Self {
        Self {
            store,
            name,
            reader: EventReader::new(store),
            known: KnownFacts::default(),
            reports: Vec::new(),
            unreadable: Vec::new(),
            read: HashMap::new(),
        }
    }

    /// Reads what is known of a host at a time.
    pub(super) async fn until(&mut self, host: &str, at_us: i64) -> Result<(), StoreError> {
        let reports = self.store.facts_until(host, at_us, REPORTS).await?;
        for report in latest_of_each_kind(reports) {
            self.add(report).await?;
        }
        Ok(())
    }

    /// Whether a report says what is known already, so that it need not be read.
    pub(super) fn knows(&self, report: &FactsReport) -> bool {
        let read = self.read.get(&report.kind);
        read == Some(&(report.digest, self.known.version()))
    }

    /// Reads a report. None: it cannot be read.
    pub(super) async fn add(&mut self, report: FactsReport) -> Result<Option<Learned>, StoreError> {
        let facts = match report.is_removed {
            true => None,
            false => {
                self.reader
                    .read(report.key, report.seq, |event| match &event.body {
                        Body::Facts(facts) => parsed(facts.facts?.get()),
                        _ => None,
                    })
                    .await?
            }
        };
        let Some(facts) = facts else {
            self.unreadable.push(UnreadableFacts {
                execution: report.id,
                time: time_from_us(report.at_us),
                reason: match report.is_removed {
                    true => FactsGap::PayloadRemoved,
                    false => FactsGap::Damaged,
                },
            });
            return Ok(None);
        };
        let name = self.name;
        let learned = self
            .known
            .learn(Kind(report.kind), facts, &self.reports.len(), &|fact| {
                shows(name, fact)
            });
        self.read
            .insert(report.kind, (report.digest, self.known.version()));
        self.reports.push(report);
        Ok(Some(learned))
    }
}

fn parsed(facts: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(facts).ok()
}

/// The latest report of each kind, oldest first, of reports that are given newest first. What `setup` gathered in part
/// before it gathered everything is outdated.
fn latest_of_each_kind(reports: Vec<FactsReport>) -> Vec<FactsReport> {
    let mut kinds = HashSet::new();
    let mut latest = Vec::new();
    for report in reports {
        let kind = Kind(report.kind);
        let is_outdated = kind.is_of_setup() && kinds.contains(&Kind::COMPLETE);
        if latest.len() < KINDS && !is_outdated && kinds.insert(kind) {
            latest.push(report);
        }
    }
    latest.reverse();
    latest
}
