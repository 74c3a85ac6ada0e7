//! Tests that SQLite finds an answer through indexes, however long the history is.

use super::super::dialect::Engine;
use super::super::statement::Statement;
use super::super::{Options, Store};
use super::read::{
    Extent, HOSTS, LABELS, RUNS, RunSelection, RunState, TASKS, push_children, push_runs,
};
use super::{ngrams, query, rolls};
use crate::model::{ExecutionFilter, Reason, Status};

/// A statement's plan, one step a line.
async fn plan(store: &Store, statement: &mut Statement) -> String {
    let rows = statement.fetch_all(&store.read).await.unwrap();
    let steps = rows.iter().map(|row| row.get::<String>("detail").unwrap());
    steps.collect::<Vec<_>>().join("\n")
}

fn explain(text: &'static str) -> Statement {
    let mut statement = Statement::new(Engine::Sqlite, "EXPLAIN QUERY PLAN ");
    statement.push(text);
    statement
}

#[tokio::test]
async fn no_answer_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}", folder.path().join("playback.db").display());
    let store = Store::open(Options::from(address.as_str())).await.unwrap();
    let text = || Some("x".to_owned());
    let any = ExecutionFilter::default;
    let filters = [
        any(),
        ExecutionFilter {
            status: Some(Status::Failed),
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
            playbook: text(),
            user: text(),
            ..any()
        },
        ExecutionFilter {
            host: text(),
            label: text(),
            ..any()
        },
        ExecutionFilter {
            text: text(),
            min_duration_us: Some(5),
            ..any()
        },
    ];
    let mut plans = Vec::new();
    for filter in &filters {
        for stand in [RunState::Any, RunState::Running, RunState::Over] {
            let which = RunSelection::Started {
                from_us: 0,
                to_us: 1,
                filter,
                stand,
            };
            let mut runs = explain(RUNS);
            push_runs(&mut runs, &which, Some((0, 0)));
            let runs = plan(&store, &mut runs).await;
            assert!(runs.contains("started_us>?"), "{filter:?}: {runs}");
            assert!(!runs.contains("TEMP B-TREE"), "{filter:?}: {runs}");
            plans.push(runs);
            for text in [LABELS, HOSTS, TASKS] {
                let mut children = explain(text);
                let extent = Extent {
                    started_us: (0, 1),
                    keys: (0, 1),
                };
                push_children(&mut children, &which, extent);
                plans.push(plan(&store, &mut children).await);
            }
        }
    }
    plans.push(plan(&store, explain(rolls::STORED).bind(0).bind(1)).await);
    plans.push(plan(&store, explain(rolls::LOAD).bind(0).bind(0).bind(1)).await);
    let mut sets = explain(ngrams::LOAD);
    plans.push(plan(&store, sets.bind(0).bind(0).bind(1).bind(false)).await);
    plans.push(plan(&store, explain(query::DAYS).bind(0).bind(1)).await);
    for plan in plans {
        assert!(!plan.contains("SCAN"), "{plan}");
        assert!(plan.contains("SEARCH"), "{plan}");
    }
    store.close().await;
}
