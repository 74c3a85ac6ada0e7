//! Compares filters in memory with the results of each database, for random runs and random filters. The filters come
//! from the list of all filters, so new ones are included.

use playback::filter::{ExecutionFilter, Field, Filter as _, Kind, RecordedRun, matches};
use playback::model::{
    Changes, ExecutionRow, HostRow, Page, Phase, Pin, Reason, Status, time_from_us,
};
use playback::store::Store;
use playback::store::dialect::Engine;
use playback_wire::HostStats;
use serde_json::json;
use uuid::Uuid;

use super::on_every_store;
use super::rows::{execution, host, only};
use crate::builders::{TEN, audited};
use crate::history::Random;

/// Paths that end alike, in part, or in other letters; of one and of several files; with what patterns and databases
/// take for something else; longer than an index holds.
const PATHS: &[&str] = &[
    "site.yml",
    "Site.yml",
    "web/site.yml",
    "Web/site.yml",
    "/srv/web/site.yml",
    "/srv/web/Site.yml",
    "/srv/xweb/site.yml",
    "srv/web/site.yml",
    "db/site.yml",
    "we_b/si%te.yml",
    "/srv/we_b/si%te.yml",
    "/srv/weXb/si%te.yml",
    "/srv/ü/plays/site.yml",
    "ü/plays/site.yml",
    "plays/site.yml",
    "prod/",
    "/srv/prod",
    "/srv/prod/hosts,/srv/test/hosts",
    "prod/hosts,/srv/test/hosts",
    "web/site.yml db/more.yml",
    "/srv/web/site.yml db/more.yml",
    "nul\0/site.yml",
    "/srv/nul\0/site.yml",
    "/",
];

const TEXTS: &[&str] = &[
    "ann", "Ann", "ann ", "éva", "a%b", "a_b", "axb", "nul\0", "",
];

const PARTS: &[&str] = &[
    "site", "SITE", "web/", "%", "_", "é", "É", "\\", "!", "ann\n", "nul\0", "nobody", "a",
];

/// A random run.
pub(super) struct Sample {
    pub(super) changes: Changes,
    is_pinned: bool,
}

impl Sample {
    pub(super) fn row(&self) -> &ExecutionRow {
        self.changes.execution.as_ref().unwrap()
    }

    pub(super) fn recorded(&self) -> RecordedRun<'_> {
        RecordedRun {
            row: self.row(),
            hosts: &self.changes.hosts,
            is_pinned: self.is_pinned,
        }
    }
}

/// What is random.
pub(super) struct Dice {
    random: Random,
    /// The ids of the runs so far.
    ids: Vec<Uuid>,
}

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            random: Random::seeded(seed),
            ids: Vec::new(),
        }
    }

    pub(super) fn below(&mut self, number: u64) -> u64 {
        self.random.below(number)
    }

    pub(super) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.random.below(of.len() as u64) as usize].clone()
    }

    pub(super) fn often(&mut self, times: u64, of: u64) -> bool {
        self.random.below(of) < times
    }

    fn text(&mut self) -> String {
        match self.random.below(20) {
            0 => "long".repeat(90),
            1 => "long".repeat(91),
            _ => self.one(TEXTS).to_owned(),
        }
    }

    fn path(&mut self) -> String {
        match self.random.below(20) {
            0 => "folder/".repeat(50) + "site.yml",
            1 => "/srv/".to_owned() + &"folder/".repeat(50) + "site.yml",
            _ => self.one(PATHS).to_owned(),
        }
    }

    fn maybe<T>(&mut self, make: fn(&mut Self) -> T) -> Option<T> {
        self.often(4, 5).then(|| make(self))
    }

    pub(super) fn run(&mut self) -> Sample {
        let status = self.one(Status::ALL);
        let started_us = TEN + self.random.below(100) as i64 * 1_000_000;
        let is_over = status != Status::Running;
        let mut labels: Vec<String> = (0..self.random.below(3)).map(|_| self.text()).collect();
        labels.sort();
        labels.dedup();
        let what = json!({
            "type": self.one(&["playbook", "adhoc"]),
            "playbook": self.maybe(Self::path), "inventory": self.maybe(Self::path),
            "user": self.maybe(Self::text), "controller": self.maybe(Self::text),
            "labels": labels, "note": self.maybe(|dice| dice.one(PARTS)), "schedule": self.maybe(Self::text),
        });
        let row = ExecutionRow {
            status,
            phase: if is_over {
                Phase::Finished
            } else {
                Phase::Running
            },
            reason: (status == Status::Failed).then(|| self.one(Reason::ALL)),
            changed: self.often(1, 2),
            started_us,
            ended_us: is_over
                .then(|| started_us + self.random.below(50) as i64 * 100_000 - 500_000),
            ..execution(what)
        };
        self.ids.push(row.id);
        let mut names: Vec<String> = (0..self.random.below(4)).map(|_| self.text()).collect();
        names.sort();
        names.dedup();
        let hosts: Vec<HostRow> = (1..)
            .zip(names)
            .map(|(number, name)| HostRow {
                stats: HostStats {
                    changed: self.random.below(2),
                    ..HostStats::default()
                },
                ..host(number, &name, 1)
            })
            .collect();
        Sample {
            changes: Changes { hosts, ..only(row) },
            is_pinned: self.often(1, 3),
        }
    }

    /// The beginning or the end of a run's id, or of another one's.
    fn digits(&mut self) -> String {
        let id = match self.ids.is_empty() || self.often(1, 10) {
            true => Uuid::now_v7(),
            false => {
                let at = self.below(self.ids.len() as u64);
                self.ids[at as usize]
            }
        };
        let id = id.simple().to_string();
        let count = match self.often(1, 2) {
            true => 6,
            false => 4 + self.below(29) as usize,
        };
        match self.often(1, 2) {
            true => id[..count].to_owned(),
            false => id[id.len() - count..].to_owned(),
        }
    }

    /// A value of a filter, as a text.
    pub(super) fn value(&mut self, field: &Field<ExecutionFilter>) -> String {
        match field.kind {
            Kind::Word(words) | Kind::OpenWord(words) => self.one(&words()).to_owned(),
            Kind::Text => self.text(),
            Kind::Path => self.path(),
            Kind::Id => self.digits(),
            Kind::Part => self.one(PARTS).to_owned(),
            Kind::Flag => self.one(&["true", "false"]).to_owned(),
            Kind::Number => self.random.below(5).to_string(),
            Kind::Seconds => (self.random.below(50) as f64 / 10.0).to_string(),
            Kind::Time(_) => {
                let at_us = TEN + self.random.below(100) as i64 * 1_000_000;
                time_from_us(at_us).to_rfc3339()
            }
        }
    }

    /// A filter that asks for one thing, two or three.
    pub(super) fn filter(&mut self) -> ExecutionFilter {
        let mut filter = ExecutionFilter::default();
        for _ in 0..=self.random.below(3) {
            let field = self.one(ExecutionFilter::fields());
            let value = self.value(field);
            (field.set)(&mut filter, &value).unwrap();
        }
        filter
    }
}

/// What the database finds, sorted.
pub(super) async fn found(store: &Store, filter: &ExecutionFilter) -> Vec<Uuid> {
    let page = Page {
        limit: 1000,
        offset: 0,
        after: None,
        ascending: true,
    };
    let rows = store.executions(filter, &page).await.unwrap();
    let mut ids: Vec<Uuid> = rows.into_iter().map(|(_, row)| row.id).collect();
    ids.sort_unstable();
    ids
}

/// The runs of which something is true, sorted.
pub(super) fn ids(samples: &[Sample], is_one: impl Fn(&Sample) -> bool) -> Vec<Uuid> {
    let found = samples.iter().filter(|sample| is_one(sample));
    let mut ids: Vec<Uuid> = found.map(|sample| sample.row().id).collect();
    ids.sort_unstable();
    ids
}

/// Pins the runs that are pinned.
pub(super) async fn pin(store: &Store, samples: &[Sample]) {
    for sample in samples.iter().filter(|sample| sample.is_pinned) {
        let pin = Pin {
            pinned_us: TEN,
            by: "somebody".to_owned(),
            note: None,
        };
        store
            .pin(sample.row().id, &pin, |_| audited())
            .await
            .unwrap();
    }
}

on_every_store! {
    async fn a_filter_means_in_memory_what_the_database_finds(store: Store) {
        let mut dice = Dice::seeded(4711);
        let samples: Vec<Sample> = (0..400).map(|_| dice.run()).collect();
        let changes: Vec<Changes> = samples.iter().map(|sample| sample.changes.clone()).collect();
        store.commit(&changes).await.unwrap();
        pin(&store, &samples).await;
        let times = match store.engine() {
            Engine::Sqlite => 2_000,
            Engine::Postgres | Engine::MySql => 500,
        };
        let mut some = 0;
        for _ in 0..times {
            let filter = dice.filter();
            let conditions = filter.conditions();
            let expected = ids(&samples, |sample| matches(&conditions, &sample.recorded()));
            some += usize::from(!expected.is_empty());
            let found = found(&store, &filter).await;
            let differ = |one: &[Uuid], other: &[Uuid]| -> Vec<String> {
                let missing = one.iter().filter(|id| !other.contains(id));
                missing
                    .filter_map(|id| samples.iter().find(|sample| sample.row().id == *id))
                    .map(|sample| format!("{:?} {:?}", sample.row().description, sample.changes.hosts))
                    .collect()
            };
            assert_eq!(
                found,
                expected,
                "{filter:?}\nonly in the database: {:?}\nonly in memory: {:?}",
                differ(&found, &expected),
                differ(&expected, &found)
            );
        }
        assert!(some > times / 4, "{some} of {times} filters found something");
    }

    async fn the_end_of_a_path_is_enough(store: Store) {
        let paths = [
            "/home/ann/blog/ansible/site.yml",
            "blog/ansible/site.yml",
            "/srv/myblog/ansible/site.yml",
            "/home/ann/Blog/ansible/site.yml",
            "/home/ann/blog/ansible/site.yml.old",
            "site.yml",
        ];
        let runs: Vec<Changes> = paths
            .iter()
            .map(|path| only(execution(json!({ "type": "playbook", "playbook": path, "inventory": path }))))
            .collect();
        store.commit(&runs).await.unwrap();
        for (asked, expected) in [
            ("blog/ansible/site.yml", &[0, 1][..]),
            ("ansible/site.yml", &[0, 1, 2, 3]),
            ("/home/ann/blog/ansible/site.yml", &[0]),
            ("/blog/ansible/site.yml", &[]),
            ("nsible/site.yml", &[]),
            ("blog/%/site.yml", &[]),
            ("site.yml", &[0, 1, 2, 3, 5]),
        ] {
            let ids = expected.iter().map(|at: &usize| runs[*at].execution.as_ref().unwrap().id);
            let mut expected: Vec<Uuid> = ids.collect();
            expected.sort_unstable();
            let playbook = ExecutionFilter { playbook: Some(asked.to_owned()), ..ExecutionFilter::default() };
            assert_eq!(found(&store, &playbook).await, expected, "playbook {asked}");
            let inventory = ExecutionFilter { inventory: Some(asked.to_owned()), ..ExecutionFilter::default() };
            assert_eq!(found(&store, &inventory).await, expected, "inventory {asked}");
        }
    }
}
