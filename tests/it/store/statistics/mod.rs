//! Statistics on each database, compared with counting run by run, for days with and without a current roll-up.

mod counting;
mod samples;

use std::collections::{BTreeMap, BTreeSet};

use playback::filter::query::{parse_query, time_at};
use playback::model::{
    By, Changes, DAY_US, ExecutionFilter, ExecutionKey, ExecutionRow, Figures, GroupFigures,
    HOUR_US, Period, Question, Reason, Statistics, Status, interval_us,
};
use playback::store::copy::copy;
use playback::store::dialect::Engine;
use playback::store::{StatusCounts, Store};
use playback_wire::ExecutionType;
use serde_json::json;

use super::on_every_store;
use super::rows::{any_execution, host, only, task};
use counting::{Plain, costing, is_in, spent};
use samples::{DAYS, Dice, FIRST_DAY, Sample, random_run};

/// Whether a query means a run.
type Means = fn(&Sample) -> bool;

/// Queries that no other filter can express, and which runs they mean. Roll-ups tell all but the last two.
const QUERIES: [(&str, Means); 7] = [
    ("status:failed OR label:prod", |sample| {
        let row = sample.row();
        row.status == Status::Failed || has_label(sample, "prod")
    }),
    ("NOT user:ann", |sample| {
        sample.row().description.user.as_deref() != Some("ann")
    }),
    (
        "inventory:prod/hosts,test/hosts NOT reason:lost",
        |sample| {
            let row = sample.row();
            row.description.inventory.is_some() && row.reason != Some(Reason::Lost)
        },
    ),
    ("playbook:*s/db.yml OR (type:adhoc changed:yes)", |sample| {
        let run = &sample.row().description;
        match run.playbook.as_deref() {
            Some(playbook) => playbook == "plays/db.yml",
            None => sample.row().changed,
        }
    }),
    ("label:night,Prod controller:ctl-*", |sample| {
        has_label(sample, "night") || has_label(sample, "Prod")
    }),
    ("host:host-1,host-2", |sample| {
        let mut hosts = sample.changes.hosts.iter();
        hosts.any(|host| ["host-1", "host-2"].contains(&host.name.as_str()))
    }),
    ("host:host-1 OR status:failed", |sample| {
        let mut hosts = sample.changes.hosts.iter();
        sample.row().status == Status::Failed || hosts.any(|host| host.name == "host-1")
    }),
];

fn has_label(sample: &Sample, label: &str) -> bool {
    let labels = &sample.row().description.labels;
    labels.iter().any(|one| one == label)
}

/// A filter with one of the queries.
fn queried(query: &str) -> ExecutionFilter {
    let query = parse_query(query, &time_at(0)).unwrap().unwrap();
    ExecutionFilter::default().with_query(&query)
}

/// Holds the costs of an answer against the runs that it is about.
fn assert_costs(answer: &Statistics, chosen: &[&Sample], question: &Question) {
    let about = format!("{question:?}");
    let only = question.filter.host.as_deref();
    spent(chosen.iter().copied(), only).assert_is(&answer.figures, &about);
    let series = answer.series.iter();
    let in_series: u64 = series
        .map(|interval| interval.figures.cost.as_ref().unwrap().runs)
        .sum();
    assert_eq!(
        in_series,
        answer.figures.cost.as_ref().unwrap().runs,
        "{about}"
    );
    let Some(by) = question.by else { return };
    for group in answer.groups.iter().flatten() {
        if by == By::Task {
            assert!(group.figures.cost.is_none());
            continue;
        }
        let samples = chosen.iter().copied();
        let samples = samples.filter(|sample| is_in(sample, by, &group.name));
        let only = match by {
            By::Host => Some(group.name.as_str()),
            _ => only,
        };
        let about = format!("{}: {about}", group.name);
        spent(samples, only).assert_is(&group.figures, &about);
    }
}

fn passes(sample: &Sample, question: &Question) -> bool {
    let (row, filter) = (sample.row(), &question.filter);
    let text = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
    let path = |wanted: &Option<String>, is: &Option<String>| {
        let name = is
            .as_deref()
            .map(|path| path.rsplit('/').next().unwrap().to_owned());
        text(wanted, is)
            || wanted.as_ref().is_some_and(|wanted| !wanted.contains('/')) && *wanted == name
    };
    let host = |name: &String| sample.changes.hosts.iter().any(|host| host.name == *name);
    // With a host, its own change is meant.
    let own = filter.host.as_ref().is_none_or(|name| {
        let mut hosts = sample.changes.hosts.iter();
        hosts.any(|host| host.name == *name && host.stats.changed > 0)
    });
    let at_us = sample.at_us();
    question.from_us <= at_us
        && at_us <= question.to_us
        && filter.status.is_none_or(|status| status == row.status)
        && filter
            .r#type
            .is_none_or(|kind| kind == row.description.r#type)
        && (filter.reason.is_none() || filter.reason == row.reason)
        && filter
            .changed
            .is_none_or(|changed| changed == (row.changed && own))
        && path(&filter.playbook, &row.description.playbook)
        && path(&filter.inventory, &row.description.inventory)
        && text(&filter.user, &row.description.user)
        && text(&filter.controller, &row.description.controller)
        && text(&filter.schedule, &row.description.schedule)
        && filter
            .label
            .as_ref()
            .is_none_or(|label| row.description.labels.contains(label))
        && filter.host.as_ref().is_none_or(host)
        && filter
            .min_duration_us
            .is_none_or(|us| sample.duration_us() >= Some(us))
        && filter
            .text
            .as_ref()
            .is_none_or(|q| row.description.controller.as_ref().unwrap().contains(q))
        && QUERIES
            .iter()
            .all(|(query, means)| filter.query != queried(query).query || means(sample))
        && (question.suits_rolls() || !sample.archived)
}

/// Holds an answer against the runs that it is about.
fn assert_answers(answer: &Statistics, samples: &[Sample], question: &Question) {
    let about = format!("{question:?}");
    let chosen: Vec<&Sample> = samples
        .iter()
        .filter(|sample| passes(sample, question))
        .collect();
    if question.costing.is_some() {
        assert_costs(answer, &chosen, question);
    }
    let mut whole = Plain::default();
    let mut series: BTreeMap<i64, Plain> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    let mut playbooks: BTreeMap<String, Plain> = BTreeMap::new();
    let mut named: BTreeMap<String, Plain> = BTreeMap::new();
    let mut hosts: BTreeMap<String, (Plain, u64)> = BTreeMap::new();
    let mut failed_hosts: BTreeMap<String, u64> = BTreeMap::new();
    let mut tasks: BTreeMap<(String, String, Option<String>), (Plain, u32)> = BTreeMap::new();
    for sample in &chosen {
        let row = sample.row();
        let run = (row.status, sample.duration_us());
        whole.0.push(run);
        series
            .entry(question.interval_of(sample.at_us()))
            .or_default()
            .0
            .push(run);
        if let Some(reason) = row.reason {
            *reasons.entry(reason.as_str()).or_default() += 1;
        }
        if let Some(playbook) = &row.description.playbook {
            playbooks.entry(playbook.clone()).or_default().0.push(run);
        }
        let names: Vec<String> = match question.by {
            Some(By::Label) => row.description.labels.clone(),
            Some(By::Inventory) => row.description.inventory.clone().into_iter().collect(),
            Some(By::User) => row.description.user.clone().into_iter().collect(),
            _ => Vec::new(),
        };
        for name in names {
            named.entry(name).or_default().0.push(run);
        }
        for host in &sample.changes.hosts {
            if question
                .filter
                .host
                .as_ref()
                .is_some_and(|only| *only != host.name)
            {
                continue;
            }
            let failed = host.stats.failed > 0 || host.stats.unreachable > 0;
            let status = match row.status {
                Status::Running => Status::Running,
                _ if failed => Status::Failed,
                _ => Status::Success,
            };
            if status == Status::Failed {
                *failed_hosts.entry(host.name.clone()).or_default() += 1;
            }
            let (plain, ok) = hosts.entry(host.name.clone()).or_default();
            plain.0.push((status, run.1));
            *ok += host.stats.ok;
        }
        for task in &sample.changes.tasks {
            let key = (
                task.name.clone(),
                task.role.clone(),
                row.description.playbook.clone(),
            );
            let (plain, ok) = tasks.entry(key).or_default();
            let failed = task.counts.failed + task.counts.unreachable > task.counts.ignored;
            let status = if failed {
                Status::Failed
            } else {
                Status::Success
            };
            plain
                .0
                .push((status, Some(task.ended_us - task.started_us)));
            *ok += task.counts.ok;
        }
    }
    whole.assert_are(&answer.figures, &about);
    assert_eq!(json!(answer.by_reason), json!(reasons), "{about}");
    let changed = chosen.iter().filter(|sample| sample.row().changed).count();
    assert_eq!(answer.changed, changed as u64, "{about}");
    let mut start = question.interval_of(question.from_us);
    for interval in &answer.series {
        assert_eq!(interval.start.timestamp_micros(), start, "{about}");
        series
            .remove(&start)
            .unwrap_or_default()
            .assert_are(&interval.figures, &about);
        start += question.interval_us;
    }
    assert!(
        start > question.to_us && series.is_empty(),
        "the whole time: {about}"
    );
    let most = |playbooks: &BTreeMap<String, Plain>| {
        let mut most: Vec<(String, u64)> = playbooks
            .iter()
            .map(|(name, plain)| (name.clone(), plain.0.len() as u64))
            .collect();
        most.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
        most
    };
    let top: Vec<(String, u64)> = answer
        .top_playbooks
        .iter()
        .map(|(name, runs)| (name.clone(), runs.as_u64().unwrap()))
        .collect();
    assert_eq!(top, most(&playbooks), "{about}");
    assert_eq!(
        json!(answer.top_failed_hosts),
        json!(failed_hosts),
        "{about}"
    );
    assert!(
        answer
            .failed_hosts
            .is_sorted_by_key(|host| std::cmp::Reverse(host.failed_runs))
    );
    let Some(by) = question.by else {
        assert!(answer.groups.is_none() && answer.groups_total.is_none());
        return;
    };
    let groups = answer.groups.as_ref().unwrap();
    let find = |name: &str, role: Option<&str>, playbook: Option<&str>| -> &GroupFigures {
        let mut found = groups.iter().filter(|group| {
            let fits = group.role.as_deref() == role && group.playbook.as_deref() == playbook;
            group.name == name && fits
        });
        let only = found
            .next()
            .unwrap_or_else(|| panic!("{name} {role:?} {playbook:?}: {about}"));
        assert!(found.next().is_none());
        only
    };
    let total = match by {
        By::Playbook | By::Inventory | By::Label | By::User => {
            let expected = if by == By::Playbook {
                &playbooks
            } else {
                &named
            };
            for (name, plain) in expected {
                plain.assert_are(&find(name, None, None).figures, &about);
            }
            assert!(groups.is_sorted_by_key(|group| std::cmp::Reverse(group.figures.total)));
            expected.len()
        }
        By::Host => {
            for (name, (plain, ok)) in &hosts {
                let group = find(name, None, None);
                plain.assert_are(&group.figures, &about);
                assert_eq!(group.stats.unwrap().ok, *ok, "{about}");
            }
            hosts.len()
        }
        By::Task => {
            for ((name, role, playbook), (plain, ok)) in &tasks {
                let group = find(name, Some(role), playbook.as_deref());
                plain.assert_are(&group.figures, &about);
                assert_eq!(group.results.unwrap().ok, u64::from(*ok), "{about}");
            }
            assert!(groups.is_sorted_by_key(|group| std::cmp::Reverse(group.figures.failed)));
            tasks.len()
        }
    };
    assert_eq!(
        (groups.len(), answer.groups_total),
        (total, Some(total as u64)),
        "{about}"
    );
}

fn question(from_us: i64, to_us: i64) -> Question {
    Question {
        from_us,
        to_us,
        interval_us: interval_us(from_us, to_us),
        filter: ExecutionFilter::default(),
        by: None,
        limit: 1000,
        top: Question::TOP,
        host_percentiles: true,
        costing: None,
    }
}

fn whole_time() -> Question {
    question(FIRST_DAY * DAY_US, (FIRST_DAY + DAYS) * DAY_US - 1)
}

fn random_question(dice: &mut Dice) -> Question {
    let span = (DAYS * DAY_US) as u64;
    let (mut from_us, mut to_us) = (dice.roll(span) as i64, dice.roll(span) as i64);
    if dice.roll(3) == 0 {
        (from_us, to_us) = (0, span as i64 - 1);
    }
    if dice.roll(3) == 0 {
        to_us = from_us + dice.roll(8 * HOUR_US as u64) as i64;
    }
    // Often from hour to hour.
    if dice.roll(2) == 0 {
        from_us -= from_us % HOUR_US;
        to_us -= to_us % HOUR_US + 1;
    }
    let start = FIRST_DAY * DAY_US;
    let (from_us, to_us) = (start + from_us.min(to_us), start + from_us.max(to_us));
    let text = |text: &str| Some(text.to_owned());
    let any = ExecutionFilter::default;
    let mut filter = dice.one(&[
        any(),
        any(),
        any(),
        ExecutionFilter {
            status: Some(Status::Failed),
            ..any()
        },
        ExecutionFilter {
            status: Some(Status::Running),
            ..any()
        },
        ExecutionFilter {
            r#type: Some(ExecutionType::Adhoc),
            ..any()
        },
        ExecutionFilter {
            reason: Some(Reason::Lost),
            ..any()
        },
        ExecutionFilter {
            changed: Some(true),
            ..any()
        },
        ExecutionFilter {
            playbook: text("db.yml"),
            ..any()
        },
        ExecutionFilter {
            playbook: text("plays/db.yml"),
            ..any()
        },
        ExecutionFilter {
            inventory: text("hosts"),
            ..any()
        },
        ExecutionFilter {
            user: text("ann"),
            ..any()
        },
        ExecutionFilter {
            controller: text("ctl-1"),
            ..any()
        },
        ExecutionFilter {
            label: text("prod"),
            ..any()
        },
        ExecutionFilter {
            min_duration_us: Some(100_000),
            ..any()
        },
        ExecutionFilter {
            text: text("ctl-1"),
            ..any()
        },
    ]);
    if dice.roll(3) == 0 {
        filter = queried(dice.one(&QUERIES).0);
    } else if dice.roll(4) == 0 {
        filter.host = text(dice.one(&["host-1", "host-3", "host-9"]));
    }
    let by = dice.one(&[
        None,
        Some(By::Playbook),
        Some(By::Inventory),
        Some(By::Host),
        Some(By::Task),
        Some(By::Label),
        Some(By::User),
    ]);
    Question {
        filter,
        by,
        costing: (dice.roll(2) == 0).then(costing),
        ..question(from_us, to_us)
    }
}

async fn add(store: &Store, samples: &mut Vec<Sample>, dice: &mut Dice, count: usize) {
    let runs: Vec<Changes> = (0..count).map(|_| random_run(dice)).collect();
    let keys = store.commit(&runs).await.unwrap();
    samples.extend(keys.into_iter().zip(runs).map(|(key, changes)| Sample {
        key,
        changes,
        archived: false,
    }));
}

async fn ask(store: &Store, samples: &[Sample], dice: &mut Dice, times: usize) {
    for by in [None].into_iter().chain(By::ALL.iter().copied().map(Some)) {
        let question = Question { by, ..whole_time() };
        let answer = store.statistics(&question, None).await.unwrap();
        assert_answers(&answer, samples, &question);
    }
    for _ in 0..times {
        let question = random_question(dice);
        let answer = store.statistics(&question, None).await.unwrap();
        assert_answers(&answer, samples, &question);
    }
    let count = |status| {
        let there = samples.iter().filter(|sample| !sample.archived);
        there.filter(|sample| sample.row().status == status).count() as u64
    };
    let counts = StatusCounts {
        running: count(Status::Running),
        success: count(Status::Success),
        failed: count(Status::Failed),
    };
    assert_eq!(store.status_counts().await.unwrap(), counts);
}

/// Retention deletes some of the runs that are over.
async fn archive(store: &Store, samples: &mut [Sample], dice: &mut Dice) {
    let mut keys = Vec::new();
    for sample in samples {
        if !sample.archived && sample.row().status != Status::Running && dice.roll(4) == 0 {
            sample.archived = true;
            keys.push(sample.key);
        }
    }
    assert!(!keys.is_empty());
    // It may name one twice, or one that is gone.
    keys.extend([keys[0], i64::MAX]);
    store.delete_archived(&keys).await.unwrap();
}

on_every_store! {
    async fn statistics_count_every_run_however_its_day_stands(store: Store) {
        let dice = &mut Dice(2026);
        let mut samples = Vec::new();
        add(&store, &mut samples, dice, 120).await;
        let all: BTreeSet<i64> = (FIRST_DAY..FIRST_DAY + DAYS).collect();
        let left = async || -> BTreeSet<i64> {
            store.days_to_roll(FIRST_DAY + DAYS).await.unwrap().into_iter().collect()
        };
        assert_eq!(left().await, all);
        assert!(store.days_to_roll(FIRST_DAY).await.unwrap().is_empty());
        ask(&store, &samples, dice, 30).await;

        // Some days are rolled up, others not.
        for day in [FIRST_DAY, FIRST_DAY + 1, FIRST_DAY + 3] {
            assert!(store.roll_day(day).await.unwrap());
            assert!(!store.roll_day(day).await.unwrap(), "there is nothing to do");
        }
        assert!(!store.roll_day(FIRST_DAY + 99).await.unwrap());
        assert_eq!(left().await, BTreeSet::from([FIRST_DAY + 2, FIRST_DAY + 4]));
        ask(&store, &samples, dice, 60).await;

        // Retention takes some, on days of either kind.
        archive(&store, &mut samples, dice).await;
        assert_eq!(left().await, all);
        ask(&store, &samples, dice, 40).await;
        for day in FIRST_DAY..FIRST_DAY + DAYS - 1 {
            assert!(store.roll_day(day).await.unwrap());
        }
        add(&store, &mut samples, dice, 5).await;
        archive(&store, &mut samples, dice).await;
        assert!(store.roll_day(FIRST_DAY + 2).await.unwrap());
        ask(&store, &samples, dice, 80).await;
    }

    async fn every_change_is_seen_at_once(store: Store) {
        let dice = &mut Dice(7);
        let mut samples = Vec::new();
        add(&store, &mut samples, dice, 60).await;
        let roll = async || {
            for day in store.days_to_roll(i64::MAX).await.unwrap() {
                assert!(store.roll_day(day).await.unwrap());
            }
        };
        roll().await;
        ask(&store, &samples, dice, 5).await;
        // One that was lost comes in late, and another time it turns out to have begun on another day.
        let change = |sample: &mut Sample, change: fn(&mut ExecutionRow)| {
            let mut row = sample.row().clone();
            change(&mut row);
            sample.changes.execution = Some(Box::new(row));
        };
        let over = |sample: &Sample| sample.row().status == Status::Failed;
        let at = samples.iter().position(over).unwrap();
        let changes: [fn(&mut ExecutionRow); 4] = [
            |row| (row.status, row.reason) = (Status::Success, None),
            |row| row.started_us = (FIRST_DAY + DAYS - 1) * DAY_US,
            |row| (row.status, row.ended_us) = (Status::Running, None),
            |row| (row.status, row.reason) = (Status::Failed, Some(Reason::Lost)),
        ];
        for one in changes {
            change(&mut samples[at], one);
            store.commit(&[samples[at].changes.clone()]).await.unwrap();
            ask(&store, &samples, dice, 5).await;
            roll().await;
            ask(&store, &samples, dice, 5).await;
        }
        // Rows are made anew, and somebody deletes a run.
        samples[at].changes.hosts.clear();
        samples[at].changes.tasks = vec![task(1, "another")];
        change(&mut samples[at], |row| row.description.user = Some("bob".to_owned()));
        let changes = &samples[at].changes;
        store.replace_projection(samples[at].key, changes).await.unwrap();
        ask(&store, &samples, dice, 5).await;
        roll().await;
        ask(&store, &samples, dice, 5).await;
        let gone = samples.swap_remove(at);
        store.delete_execution(gone.key).await.unwrap();
        ask(&store, &samples, dice, 5).await;
        roll().await;
        ask(&store, &samples, dice, 5).await;
    }

    async fn whole_days_are_the_same_before_and_after_retention(store: Store) {
        let dice = &mut Dice(11);
        let mut samples = Vec::new();
        add(&store, &mut samples, dice, 80).await;
        store.roll_day(FIRST_DAY).await.unwrap();
        let asked = async || {
            let mut answers = Vec::new();
            for by in By::ALL {
                for (from, to) in [(0, 1), (0, DAYS), (2, 4), (1, 2)] {
                    let (from, to) = ((FIRST_DAY + from) * DAY_US, (FIRST_DAY + to) * DAY_US - 1);
                    let question = Question { by: Some(*by), ..question(from, to) };
                    answers.push(store.statistics(&question, None).await.unwrap());
                }
            }
            answers
        };
        let before = asked().await;
        archive(&store, &mut samples, dice).await;
        assert_eq!(asked().await, before);
        let over = samples.iter().filter(|sample| sample.row().status != Status::Running);
        let keys: Vec<ExecutionKey> = over.map(|sample| sample.key).collect();
        store.delete_archived(&keys).await.unwrap();
        assert_eq!(asked().await, before);
        for day in store.days_to_roll(i64::MAX).await.unwrap() {
            store.roll_day(day).await.unwrap();
        }
        assert_eq!(asked().await, before);
        // They go along into another database.
        let (_folder, other) = crate::store::open(Engine::Sqlite).await;
        for _ in 0..2 {
            copy(&store, &other, |_| {}).await.unwrap();
        }
        let question = Question { by: Some(By::Playbook), ..whole_time() };
        assert_eq!(other.statistics(&question, None).await.unwrap(), before[1]);
        other.close().await;
        let left = before[1].figures.running;
        assert!(left > 0 && left < before[1].figures.total);
        assert_eq!(store.status_counts().await.unwrap().success, 0);
    }

    async fn an_answer_is_of_one_moment(store: Store) {
        let runs: Vec<Changes> = (0..60)
            .map(|number| {
                let mut row = any_execution();
                row.status = Status::Success;
                row.started_us = FIRST_DAY * DAY_US + number * HOUR_US / 3;
                row.ended_us = Some(row.started_us + 5);
                Changes { hosts: vec![host(1, "h", 1)], ..only(row) }
            })
            .collect();
        let keys = store.commit(&runs).await.unwrap();
        let moving = async {
            for keys in keys.chunks(5) {
                store.roll_day(FIRST_DAY).await.unwrap();
                store.delete_archived(keys).await.unwrap();
            }
        };
        let rolling = async {
            for _ in 0..20 {
                store.roll_day(FIRST_DAY).await.unwrap();
            }
        };
        let asking = async {
            for _ in 0..60 {
                let question = Question { by: Some(By::Host), ..whole_time() };
                let answer = store.statistics(&question, None).await.unwrap();
                assert_eq!(answer.figures.total, 60);
                assert_eq!(answer.groups.unwrap()[0].figures.total, 60);
            }
        };
        tokio::join!(moving, rolling, asking);
        assert_eq!(store.status_counts().await.unwrap().success, 0);
    }

    async fn of_no_runs_everything_is_nothing(store: Store) {
        let now_us = (FIRST_DAY + 1) * DAY_US + 5;
        for (period, intervals) in
            [(Period::Hour, 13), (Period::Day, 25), (Period::Week, 7), (Period::Month, 30)]
        {
            let (from_us, interval_us) = period.begins(now_us);
            let question = Question { interval_us, by: Some(By::Task), ..question(from_us, now_us) };
            let answer = store.statistics(&question, Some(period)).await.unwrap();
            assert_eq!(answer.figures, Figures::default());
            assert_eq!(answer.series.len(), intervals, "{period:?}");
            assert_eq!(answer.groups, Some(Vec::new()));
            assert_answers(&answer, &[], &question);
        }
        for (from_us, to_us) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (i64::MIN, i64::MIN)] {
            let answer = store.statistics(&question(from_us, to_us), None).await.unwrap();
            assert!(answer.series.len() <= 250, "{}", answer.series.len());
        }
    }
}
