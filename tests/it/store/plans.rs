//! No list, filter or page reads or sorts a whole table. The database explains every statement that the store issues
//! for them, on a history that is large enough to matter to its planner. `acts`: those of notifications and schedules.

mod acts;

use playback::filter::IdDigits;
use playback::model::{
    Changes, Cursor, DurationCursor, DurationPage, ExecutionFilter, ExecutionKey, LaunchState,
    Moment, Page, RareFields, Reason, ResultFilter, Status, folder_of, series_key,
};
use playback::store::dialect::Engine;
use playback::store::{
    BlockStart, BlocksFrom, HostRuns, NamesFrom, Plan, RowFilter, SeriesScope, StartedIn, Store,
    TaskOnHost, TokenRow, explained,
};
use playback_wire::{ExecutionType, Producer, ResultStatus};
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use super::empty;
use super::rows::{any_execution, block, facts, host, launch, only, play, result, task};
use crate::builders::TEN;
use crate::history::{History, names};

/// Executions in the store.
const EXECUTIONS: u64 = 3_000;

/// A part of them is from the launcher; of these, so many wait.
const LAUNCHED: usize = 1_000;
const QUEUED: usize = 10;

/// The schedule of some of these.
const SCHEDULE: &str = "nightly";

/// Hosts and tasks of one execution that is large.
const WIDE: u32 = 80;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_reads_no_whole_table() {
    let (_folder, address) = empty(Engine::Sqlite);
    let store = Store::open(&address).await.unwrap();
    let large = fill(&store, &address).await;
    // A collector that was never stopped has counted nothing yet.
    let mut faults = all_faults(&store, large, "before ANALYZE").await;
    let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
    connection.execute("ANALYZE").await.unwrap();
    connection.close().await.unwrap();
    store.close().await;
    let store = Store::open(&address).await.unwrap();
    faults.extend(all_faults(&store, large, "after ANALYZE").await);
    faults.extend(faults_of_deletion(&store, large).await);
    store.close().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_reads_no_whole_table() {
    let (_folder, address) = empty(Engine::Postgres);
    // It rather sorts a handful of rows than follow an index, and is right. Here it is to sort only where
    // there is no other way: that is what it would do at any size.
    let patient = format!("{address}?options=-c%20enable_sort%3Doff");
    let store = Store::open(&patient).await.unwrap();
    let large = fill(&store, &address).await;
    let mut connection = sqlx::PgConnection::connect(&address).await.unwrap();
    connection.execute("VACUUM ANALYZE").await.unwrap();
    connection.close().await.unwrap();
    let mut faults = all_faults(&store, large, "").await;
    faults.extend(faults_of_deletion(&store, large).await);
    store.close().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_reads_no_whole_table() {
    let (_folder, address) = empty(Engine::MySql);
    let store = Store::open(&address).await.unwrap();
    let large = fill(&store, &address).await;
    let mut connection = sqlx::MySqlConnection::connect(&address).await.unwrap();
    connection
        .execute(
            "ANALYZE TABLE executions, execution_hosts, execution_labels, plays, tasks, results, \
             fingerprints, host_facts, event_blocks, launches, tokens, stat_days, stat_rolls, traces, \
             notification_targets, notification_outbox, notification_events, notification_deliveries, \
             notification_attempts, schedules, schedule_ticks",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
    let mut faults = all_faults(&store, large, "").await;
    faults.extend(faults_of_deletion(&store, large).await);
    store.close().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Fills the store; the key of an execution that is large by itself.
async fn fill(store: &Store, address: &str) -> ExecutionKey {
    acts::targets(store).await;
    let mut history: Vec<Changes> = History::new(EXECUTIONS, TEN).collect();
    for (number, changes) in history.iter_mut().take(LAUNCHED).enumerate() {
        let row = changes.execution.as_ref().unwrap();
        let mut asked = launch(row.id, row.started_us);
        if number >= QUEUED {
            asked.state = LaunchState::Ended;
        }
        changes.launch = Some(Box::new(asked));
        if let Some(row) = changes.execution.as_mut().filter(|_| number % 20 == 0) {
            row.description.schedule = Some(SCHEDULE.to_owned());
        }
    }
    // Each has facts of a few of its hosts.
    for (number, changes) in history.iter_mut().enumerate() {
        let started_us = changes.execution.as_ref().unwrap().started_us;
        let hosts = (1..).zip(changes.hosts.iter().take(3));
        changes.facts = hosts
            .map(|(seq, host)| facts(seq, &host.name, started_us, number as i64 % 7))
            .collect();
    }
    // Each execution has an error that some others have too.
    for (number, changes) in history.iter_mut().enumerate() {
        if let Some(result) = changes.results.first_mut() {
            result.status = ResultStatus::Failed;
            result.rare = RareFields::new(None::<String>, None::<String>, Some(number as i64 % 50));
        }
    }
    for changes in &mut history {
        changes.moment = Some(Moment {
            name: "task_failed".to_owned(),
            noted_us: TEN,
        });
    }
    let queueing = store.clone().queueing_traces(true);
    for changes in history.chunks(500) {
        queueing.commit(changes).await.unwrap();
    }
    acts::fill(store, address).await;
    for day in store.days_to_roll(i64::MAX).await.unwrap() {
        store.roll_day(day).await.unwrap();
    }
    for number in 0..500_u32 {
        let token = TokenRow {
            id: 0,
            name: format!("token-{number}"),
            scopes: "read".to_owned(),
            created_us: TEN,
            expires_us: None,
            used_us: None,
            execution: Some(Uuid::now_v7()),
        };
        store
            .create_token(&token, &hash(number), None)
            .await
            .unwrap();
    }
    let cells = (1..=WIDE).flat_map(|task| (1..=WIDE).map(move |host| (task, host)));
    let large = Changes {
        plays: vec![play(1, "all")],
        tasks: (1..=WIDE).map(|n| task(n, &format!("t{n}"))).collect(),
        hosts: (1..=WIDE).map(|n| host(n, &format!("h{n}"), 1)).collect(),
        results: (1..)
            .zip(cells)
            .map(|(seq, (task, host))| {
                let status = ResultStatus::ALL[if seq % 100 == 0 { 1 } else { 0 }];
                result(seq, task, host, status)
            })
            .collect(),
        blocks: (0..300).map(|n| block(1 + n * 10, n * 3)).collect(),
        facts: (1..=WIDE)
            .map(|n| facts(n.into(), &format!("h{n}"), TEN, 0))
            .collect(),
        ..only(any_execution())
    };
    store.commit(&[large]).await.unwrap()[0]
}

fn hash(number: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[28..].copy_from_slice(&number.to_be_bytes());
    hash
}

/// What is looked at.
struct Case {
    name: &'static str,
    often: Often,
    filter: ExecutionFilter,
}

/// How much of the history is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Often {
    /// Little.
    Rare,
    /// So much that a page is full soon when the whole of it is gone through in order.
    Common,
    /// So few that they are looked up one by one, and then sorted.
    Few,
    /// All of it, in the order of an index that PostgreSQL only has without the key: it sorts those that took as long.
    Longest,
}

impl Often {
    fn allows(self, kind: Kind, engine: Engine) -> bool {
        match self {
            Self::Rare => false,
            Self::Common => kind == Kind::Walk,
            // PostgreSQL knows how few executions there are in all, and that to go through these costs less.
            Self::Longest => {
                kind == Kind::Walk || (kind == Kind::Sort && engine == Engine::Postgres)
            }
            Self::Few => kind == Kind::Sort || (kind == Kind::Walk && engine == Engine::Postgres),
        }
    }
}

fn cases() -> Vec<Case> {
    let any = ExecutionFilter::default;
    let case = |name, common, filter| Case {
        name,
        often: if common { Often::Common } else { Often::Rare },
        filter,
    };
    let min_duration = |seconds: i64| ExecutionFilter {
        min_duration_us: Some(seconds * 1_000_000),
        ..any()
    };
    let text = |text: &str| Some(text.to_owned());
    let status = |status| ExecutionFilter {
        status: Some(status),
        ..any()
    };
    let kind = |kind| ExecutionFilter {
        r#type: Some(kind),
        ..any()
    };
    let playbook = |name: String| ExecutionFilter {
        playbook: Some(name),
        ..any()
    };
    let inventory = |name| ExecutionFilter {
        inventory: text(name),
        ..any()
    };
    let on = |name: String| ExecutionFilter {
        host: Some(name),
        ..any()
    };
    let labeled = |name: String| ExecutionFilter {
        label: Some(name),
        ..any()
    };
    let user = |name| ExecutionFilter {
        user: text(name),
        ..any()
    };
    let controller = |name| ExecutionFilter {
        controller: text(name),
        ..any()
    };
    let scheduled = |name| ExecutionFilter {
        schedule: text(name),
        ..any()
    };
    let changed = |changed| ExecutionFilter {
        changed: Some(changed),
        ..any()
    };
    let reason = |reason| ExecutionFilter {
        reason: Some(reason),
        ..any()
    };
    let search = |q| ExecutionFilter {
        text: text(q),
        ..any()
    };
    let day = 86_400_000_000;
    let (from_us, to_us) = (Some(TEN - 30 * day), Some(TEN - 29 * day));
    let file = |number| {
        let path = names::playbook(number);
        path.rsplit('/').next().unwrap().to_owned()
    };
    let first = History::new(EXECUTIONS, TEN).next().unwrap();
    let id = first.execution.unwrap().id.simple().to_string();
    let named = |name, digits: &str| Case {
        name,
        often: Often::Few,
        filter: ExecutionFilter {
            id: Some(IdDigits::parse(digits).unwrap()),
            ..any()
        },
    };
    let last = |names: &[&'static str]| *names.last().unwrap();
    vec![
        case("no filter", true, any()),
        case("status success", true, status(Status::Success)),
        case("status failed", false, status(Status::Failed)),
        case("status running", false, status(Status::Running)),
        case("type playbook", true, kind(ExecutionType::Playbook)),
        case("type adhoc", false, kind(ExecutionType::Adhoc)),
        case("playbook's path", false, playbook(names::playbook(3))),
        case(
            "playbook's whole path",
            false,
            playbook(format!("/srv/{}", names::playbook(3))),
        ),
        case(
            "end of a playbook's path",
            false,
            playbook(names::playbook(3).replacen("playbooks/", "", 1)),
        ),
        case("playbook's name", false, playbook(file(190))),
        case(
            "inventory's path",
            false,
            inventory(last(names::INVENTORIES)),
        ),
        case("inventory's name", false, inventory("lab.ini")),
        case(
            "host everywhere",
            true,
            on(names::HOST_EVERYWHERE.to_owned()),
        ),
        case("host", false, on(names::host(40))),
        case("rare host", false, on(names::rare_host(1))),
        case(
            "label everywhere",
            true,
            labeled(names::LABELS[0].0.to_owned()),
        ),
        case("label", false, labeled("team-db".to_owned())),
        case("rare label", false, labeled(names::rare_label(1))),
        case("frequent user", true, user(names::USERS[0])),
        case("user", false, user(last(names::USERS))),
        case(
            "frequent controller",
            true,
            controller(names::CONTROLLERS[0]),
        ),
        case("controller", false, controller(last(names::CONTROLLERS))),
        case("schedule", false, scheduled(SCHEDULE)),
        case("changed", true, changed(true)),
        case("unchanged", true, changed(false)),
        case("reason", false, reason(Reason::TaskFailed)),
        case("rare reason", false, reason(Reason::LaunchError)),
        case("from", false, ExecutionFilter { from_us, ..any() }),
        case("to", false, ExecutionFilter { to_us, ..any() }),
        case(
            "from and to",
            false,
            ExecutionFilter {
                from_us,
                to_us,
                ..any()
            },
        ),
        case("min_duration", true, min_duration(5)),
        Case {
            name: "min_duration that few have",
            often: Often::Few,
            filter: min_duration(900),
        },
        named("an id", &id),
        named("beginning of an id", &id[..12]),
        named("end of an id", &id[26..]),
        named("long end of an id", &id[19..]),
        case("q everywhere", true, search("playbooks/")),
        // No index has parts of texts: days that may hold it are gone through until the page is full.
        case("q", true, search("CHG-00")),
        case(
            "failed on a host",
            false,
            ExecutionFilter {
                status: Some(Status::Failed),
                ..on(names::host(40))
            },
        ),
        case(
            "changed a host",
            false,
            ExecutionFilter {
                changed: Some(true),
                ..on(names::host(40))
            },
        ),
        case(
            "left a host as it was",
            false,
            ExecutionFilter {
                changed: Some(false),
                ..on(names::host(40))
            },
        ),
        case(
            "failed of a playbook",
            false,
            ExecutionFilter {
                status: Some(Status::Failed),
                ..playbook(names::playbook(3))
            },
        ),
        case(
            "changed by a user since",
            false,
            ExecutionFilter {
                changed: Some(true),
                from_us,
                ..user(last(names::USERS))
            },
        ),
    ]
}

/// What is wrong with the plans of everything that reads, a line each.
async fn all_faults(store: &Store, large: ExecutionKey, when: &str) -> Vec<String> {
    let mut found = PlanFaults {
        engine: store.engine(),
        when,
        faults: Vec::new(),
    };
    for case in cases() {
        for (order, ascending) in [("descending", false), ("ascending", true)] {
            for (which, after) in [("first page", None), ("later page", Some(middle()))] {
                let page = Page {
                    limit: 51,
                    offset: 0,
                    after,
                    ascending,
                };
                let (done, plans) = explained(store.executions(&case.filter, &page)).await;
                done.unwrap();
                let name = format!("list, {}, {order}, {which}", case.name);
                found.judge(&name, case.often, &plans);
                found.judge_order(&name, &case, &plans);
            }
        }
    }
    let after = DurationCursor {
        duration_us: 60_000_000,
        key: 7,
    };
    for (which, after) in [("first page", None), ("later page", Some(after))] {
        for ascending in [true, false] {
            let page = DurationPage {
                limit: 51,
                after,
                ascending,
            };
            let everything = ExecutionFilter::default();
            let (done, plans) = explained(store.executions_by_duration(&everything, &page)).await;
            done.unwrap();
            let name = format!("list by duration, {which}, ascending: {ascending}");
            found.judge(&name, Often::Longest, &plans);
        }
    }
    macro_rules! judged {
        ($($name:literal: $work:expr,)*) => {
            $(
                // Boxed: so many futures side by side overflow a thread's stack.
                let (done, plans) = explained(Box::pin($work)).await;
                done.expect($name);
                assert!(!plans.is_empty(), "nothing was explained of {}", $name);
                found.judge($name, Often::Rare, &plans);
            )*
        };
    }
    let keys: Vec<ExecutionKey> = (1..=50).collect();
    let id = Uuid::now_v7();
    let mut than = any_execution();
    than.started_us = TEN;
    than.description.playbook = Some(names::playbook(3));
    let host = names::host(40);
    let failing = TaskOnHost {
        host: &host,
        name: "no such task",
        role: "",
        action: "command",
        path: "",
        line: 0,
    };
    let of_playbook = ExecutionFilter {
        playbook: Some(names::playbook(3)),
        ..ExecutionFilter::default()
    };
    let newest = Page {
        limit: 1,
        offset: 0,
        after: None,
        ascending: false,
    };
    let (_, like) = store
        .executions(&of_playbook, &newest)
        .await
        .unwrap()
        .remove(0);
    let playbook = like.description.playbook.clone().unwrap();
    let series = SeriesScope {
        series: series_key(&like.description),
        folder: None,
    };
    let folder = folder_of(&like.description).unwrap().to_owned();
    let in_folder = SeriesScope {
        folder: Some(folder.clone()),
        ..series.clone()
    };
    let now = (TEN, i64::MAX);
    let all = RowFilter::default();
    let several: Vec<BlocksFrom> = (large - 40..=large)
        .map(|key| BlocksFrom {
            key,
            producer: Producer::Recorder,
            start: if key == large {
                BlockStart::Line(450)
            } else {
                BlockStart::Seq(10)
            },
        })
        .collect();
    let hosts = [names::HOST_EVERYWHERE, host.as_str()];
    let half_a_year = StartedIn {
        since_us: Some(TEN - crate::history::SPAN_US / 4 * 3),
        until_us: Some(TEN - crate::history::SPAN_US / 4),
    };
    let last_half = StartedIn {
        since_us: Some(TEN - crate::history::SPAN_US / 2),
        until_us: None,
    };
    judged! {
        "names of hosts": store.known_hosts(NamesFrom::Name("web"), 50),
        "further names of hosts": store.known_hosts(NamesFrom::After(&host), 50),
        "groups of a host": store.latest_groups(&[host.as_str()]),
        "whether a period has more errors": store.has_more_errors((TEN, TEN + 3_600_000_000)),
        "whether a playbook ran before": store.ran_before(&names::playbook(3), TEN),
        "the last run with an error":
            store.last_run_with_error(7, &ExecutionFilter::default(), (0, i64::MAX)),
        "a failure with an error": store.failure_with(large, 7),
        "the last run of a host": store.latest_runs(&hosts[..1], HostRuns::All),
        "last runs of hosts": store.latest_runs(&hosts, HostRuns::All),
        "last changes of hosts": store.latest_runs(&hosts, HostRuns::Changed),
        "runs of hosts counted": store.count_runs(&hosts),
        "runs of a host, for a search": store.executions_of_hosts(&hosts[..1], 1_000),
        "runs of a host": store.host_runs(&host, HostRuns::All, Some(middle()), 50),
        "runs of a host that is everywhere": store.host_runs(hosts[0], HostRuns::All, None, 50),
        "runs that changed a host": store.host_runs(&host, HostRuns::Changed, Some(middle()), 50),
        "runs that changed a host in some time": store.changed_runs(&host, half_a_year, None, 50),
        "later ones of these": store.changed_runs(&host, half_a_year, Some(middle()), 50),
        "runs that changed a host that is everywhere since a time":
            store.changed_runs(hosts[0], last_half, None, 50),
        "the first run of a host": store.first_run(&host),
        "changes of a host in a run": store.changes(large, 40, (0, 6_000), 50),
        "times of a host": store.each_host_time(&[large], "h40", |_, _| {}),
        "some tasks": store.tasks_numbered(large, &[7, 9]),
        "facts of a run": store.facts(large, 0, 50),
        "facts of a host until a time": store.facts_until(hosts[0], TEN, 50),
        "facts of a host since a time": store.facts_between(&host, (TEN - crate::history::SPAN_US, TEN), 50),
        "an execution": store.execution(id),
        "recent runs of a playbook": store.recent_runs(&names::playbook(3), 20),
        "runs of a series": store.runs_before(&series, now, 60),
        "runs of a series in a folder": store.runs_before(&in_folder, now, 60),
        "successes of a series": store.successes_of(series.series, TEN, 5),
        "failures of a series": store.failures_before(&series, now),
        "failures of a series in a folder": store.failures_before(&in_folder, now),
        "whether a series went on": store.has_run_after(&series, now),
        "whether a playbook ran in a folder": store.ran_in_folder(&playbook, &folder, 7),
        "series of a playbook": store.series_of(&playbook, 50),
        "starts of a series": store.starts_of(&series, 20),
        "starts of a series in a folder": store.starts_of(&in_folder, 20),
        "keys of a series": store.keys_of_series(series.series, 200),
        "whether runs have no series": store.has_runs_without_series(),
        "runs without a series": store.fill_in_series(),
        "figures of playbooks": store.playbook_figures(100),
        "whether a trace is due": store.has_due_traces(TEN),
        "traces that are due": store.due_traces(TEN, 20),
        "running executions": store.running_executions(),
        "queued executions": store.queued_executions(),
        "recaps of a page": store.stats(&keys),
        "recaps of a page, where they are few": store.stats_within(&keys, 10_000),
        "plays": store.plays(large),
        "tasks": store.tasks(large, 20, 50),
        "hosts": store.hosts(large, 20, 50),
        "blocks by event": store.blocks_from_seq(large, Producer::Recorder, 1_500, 8),
        "blocks of all producers": store.blocks_from_seqs(large, &Producer::ALL.map(|one| (one, 1_500)), 8),
        "how an execution stands": store.head(id),
        "blocks of several logs": store.blocks_from(&several, 8),
        "whole logs": store.whole_logs(&keys[..20], 500),
        "blocks by line": store.blocks_from_line(large, Producer::Recorder, 450, 8),
        "a launch": store.launch(id),
        "queued launches": store.launches(LaunchState::Queued, None, 50),
        "launched ones": store.launches(LaunchState::Launched, Some("a"), 50),
        "how many wait": store.queued_launches(),
        "a launch that moves on": store.move_launch(id, LaunchState::Queued, LaunchState::Ended),
        "a token": store.token_by_hash(&hash(7)),
        "failures": store.failures(large, false, 50),
        "handled failures": store.failures(large, true, 50),
        "hosts counted": store.count_hosts(large),
        // Of more runs PostgreSQL rather reads such small tables as a whole.
        "hosts counted for some runs": store.host_counts(&keys[..2]),
        "hosts by outcome for some runs": store.hosts_by_outcome(&keys[..2]),
        "hosts of some runs": store.hosts_of(&keys[..2], &all, 5_001),
        "hosts of one run": store.hosts_of(&[large], &all, 50),
        "further results of one run": store.results_of(&[large], &all, 3_000, 50),
        "the last result": store.last_result(large),
        "fingerprints": store.fingerprints(large),
        "occurrences of an error": store.occurrences(7, TEN),
        "the last success on a host": store.last_success(&than, failing),
        "all results in few bytes": store.packed_results(large, 1_000_000, |_| {}),
        "outcomes in few bytes": store.packed_outcomes(large, (1_000, 100_000), |_| {}),
        "names of hosts": store.host_names(large),
        "a result": store.last_result_on(large, 60, "h40", (4_000, 5_000)),
        "earlier executions like one": store.earlier_like(&than, None, (50, 0)),
        "earlier successes like one": store.earlier_like(&than, Some(Status::Success), (50, 50)),
    }
    let page = ResultFilter {
        after_seq: 3_000,
        limit: 50,
        ..ResultFilter::default()
    };
    let host = Some("h40".to_owned());
    let status = |status| ResultFilter {
        status: Some(status),
        ..page.clone()
    };
    for (name, filter) in [
        ("results", page.clone()),
        (
            "results of a task",
            ResultFilter {
                task: Some(60),
                ..page.clone()
            },
        ),
        (
            "results of a host",
            ResultFilter {
                host: host.clone(),
                ..page.clone()
            },
        ),
        ("results that are ok", status(ResultStatus::Ok)),
        ("results that failed", status(ResultStatus::Failed)),
        ("results that were skipped", status(ResultStatus::Skipped)),
        (
            "results that were unreachable",
            status(ResultStatus::Unreachable),
        ),
        (
            "results that changed",
            ResultFilter {
                changed: Some(true),
                ..page.clone()
            },
        ),
        (
            "results of a host that failed",
            ResultFilter {
                host,
                ..status(ResultStatus::Failed)
            },
        ),
    ] {
        let (done, plans) = explained(store.results(large, &filter)).await;
        done.unwrap();
        found.judge(name, Often::Rare, &plans);
        let mut steps = plans[0].steps.iter();
        let few = matches!(
            filter.status,
            Some(ResultStatus::Failed | ResultStatus::Unreachable)
        );
        if few && !steps.any(|step| FAILURES.iter().any(|index| step.contains(index))) {
            found.add(name, Kind::Walk, &plans[0].steps.join("; "));
        }
    }
    acts::judge(&mut found, store).await;
    found.faults
}

/// And of a deletion, which takes the large execution away.
async fn faults_of_deletion(store: &Store, large: ExecutionKey) -> Vec<String> {
    let mut found = PlanFaults {
        engine: store.engine(),
        when: "",
        faults: Vec::new(),
    };
    let (done, mut plans) = explained(store.delete_execution(large)).await;
    done.unwrap();
    assert!(plans.len() > 5, "{plans:?}");
    // MariaDB explains a row that is put in as if the whole table were read.
    plans.retain(|plan| !plan.statement.starts_with("INSERT"));
    found.judge("a deletion", Often::Rare, &plans);
    // These have a row a day, or hardly any: they are found by their keys, but a database may read such few at once.
    let small = ["execution_pins", "stat_days", "stat_rolls"];
    found
        .faults
        .retain(|fault| !small.iter().any(|table| fault.contains(table)));
    found.faults
}

/// Where a page in the middle of the history begins.
fn middle() -> Cursor {
    Cursor {
        started_us: TEN - crate::history::SPAN_US / 2,
        key: 1500,
    }
}

/// The faults found in query plans.
struct PlanFaults<'a> {
    engine: Engine,
    when: &'a str,
    faults: Vec<String>,
}

impl PlanFaults<'_> {
    /// A filter that little fits must have an index of its own. In that of all executions a later page has a
    /// place to begin too, but what it looks for may be anywhere after that.
    fn judge_order(&mut self, name: &str, case: &Case, plans: &[Plan]) {
        let list = plans.last().unwrap();
        let in_order = list.steps.iter().find(|step| step.contains(IN_ORDER));
        if case.name == "no filter" {
            assert!(in_order.is_some(), "another index has the order: {plans:?}");
        }
        let dated = case.filter.from_us.or(case.filter.to_us).is_some();
        if let Some(step) = in_order
            && !case.often.allows(Kind::Walk, self.engine)
            && !dated
        {
            self.add(name, Kind::Walk, bare(step));
        }
    }

    fn add(&mut self, name: &str, kind: Kind, step: &str) {
        let (engine, when) = (self.engine.name(), self.when);
        let fault = format!("{engine} {when} | {name} | {}: {step}", kind.told());
        if self.faults.last() != Some(&fault) {
            self.faults.push(fault);
        }
    }

    fn judge(&mut self, name: &str, often: Often, plans: &[Plan]) {
        for plan in plans {
            for fault in faults(self.engine, plan) {
                if !often.allows(fault.kind, self.engine) {
                    self.add(name, fault.kind, &fault.step);
                }
            }
        }
    }
}

/// The index of what people look for first in a run of a million results.
const FAILURES: [&str; 3] = ["results_failed", "results_unreachable", "results_0_failed"];

/// The index that holds all executions in the order of the list.
const IN_ORDER: &str = "executions_started";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Every row of a table is read.
    Scan,
    /// An index is gone through without a condition that says where what is looked for stands in it.
    Walk,
    /// What was found is sorted, or an index is made for this one statement.
    Sort,
    /// The index has the start time, too, and only the value before it is looked for: every newer execution is read.
    Newer,
}

impl Kind {
    fn told(self) -> &'static str {
        match self {
            Self::Scan => "reads a whole table",
            Self::Walk => "goes through a whole index",
            Self::Sort => "sorts",
            Self::Newer => "reads what started at another time",
        }
    }
}

struct Fault {
    kind: Kind,
    step: String,
}

fn faults(engine: Engine, plan: &Plan) -> Vec<Fault> {
    let kind = |at: usize, step: &str| match engine {
        Engine::Sqlite => of_sqlite(step),
        Engine::Postgres => of_postgres(step, &plan.steps[at + 1..]),
        Engine::MySql => of_mysql(step, &plan.statement),
    };
    let steps = plan.steps.iter().enumerate();
    steps
        .filter_map(|(at, step)| {
            let step = bare(step);
            let kind = kind(at, step)?;
            Some(Fault {
                kind,
                step: step.to_owned(),
            })
        })
        .collect()
}

/// A step without what shows where in a plan it stands.
fn bare(step: &str) -> &str {
    step.trim().trim_start_matches("->").trim()
}

fn of_sqlite(step: &str) -> Option<Kind> {
    if step.contains("TEMP B-TREE") || step.contains("AUTOMATIC") {
        return Some(Kind::Sort);
    }
    let table = step.strip_prefix("SCAN ")?;
    // What a subquery found is no table; its own steps are judged.
    if table == "CONSTANT ROW" || table == "of_one" {
        return None;
    }
    let by_index = table.contains("USING INDEX") || table.contains("USING COVERING INDEX");
    Some(if by_index { Kind::Walk } else { Kind::Scan })
}

fn of_postgres(step: &str, later: &[String]) -> Option<Kind> {
    if step.contains("Seq Scan on ") {
        return Some(Kind::Scan);
    }
    if step.starts_with("Sort") && !step.contains(':') || step.starts_with("Incremental Sort") {
        return Some(Kind::Sort);
    }
    let indexed = step.contains("Index Scan") || step.contains("Index Only Scan");
    // Its conditions stand below it, until the next step.
    let condition = later
        .iter()
        .take_while(|line| !line.trim().starts_with("->"))
        .any(|line| line.trim().starts_with("Index Cond:"));
    (indexed && !condition).then_some(Kind::Walk)
}

fn of_mysql(step: &str, statement: &str) -> Option<Kind> {
    let is_dated = statement.contains("e.started_us <") || statement.contains("e.started_us >");
    if is_dated && step.starts_with("e ref executions_") {
        return Some(Kind::Newer);
    }
    if step.contains("filesort") || step.contains("temporary") {
        return Some(Kind::Sort);
    }
    if step.starts_with("<derived") {
        // What a subquery found; its own steps are judged.
        return None;
    }
    match step.split(' ').nth(1) {
        Some("ALL") => Some(Kind::Scan),
        Some("index") => Some(Kind::Walk),
        _ => None,
    }
}
