//! Cost of reading the history: how many queries a page needs, and how much of it is in memory at once.

use std::collections::HashMap;

use playback::history::{self, Fields, RecordPage};
use playback::log::block::compress;
use playback::model::{
    BlockRow, Changes, Cursor, ExecutionFilter, ExecutionKey, ExecutionResult, ExecutionRow, Page,
    Status,
};
use playback::store::{Store, explained};
use playback_wire::{Output, Producer, encode::encode_line};
use uuid::Uuid;

use super::on_every_store;
use super::rows::{any_execution, host, only};

/// The first page of all executions, oldest first.
fn first_page(limit: u32) -> Page {
    Page {
        limit,
        offset: 0,
        after: None,
        ascending: true,
    }
}

async fn read_page(store: &Store, limit: u32, fields: Fields) -> RecordPage {
    let filter = ExecutionFilter::default();
    history::page(store, &filter, &first_page(limit), fields)
        .await
        .unwrap()
}

/// A block of printed texts, an event each.
fn printed(first_seq: u64, first_line: u64, texts: &[String]) -> BlockRow {
    let mut raw = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let output = Output {
            text: text.as_str().into(),
            ..Output::default()
        };
        encode_line(&mut raw, first_seq + at as u64, 5, "output", &output).unwrap();
    }
    BlockRow {
        producer: Producer::Recorder,
        first_seq,
        last_seq: first_seq + texts.len() as u64 - 1,
        first_line,
        lines: texts.iter().filter(|text| text.ends_with('\n')).count() as u64,
        raw_bytes: raw.len() as u64,
        data: compress(&raw),
    }
}

/// A run that goes on and has printed numbered lines, `per_block` in a block, and an open one.
fn printing(number: u32, lines: u64, per_block: usize) -> Changes {
    let row = ExecutionRow {
        output_lines: lines + 1,
        ..any_execution()
    };
    let mut texts: Vec<String> = (0..lines)
        .map(|line| format!("run {number} line {line}\n"))
        .collect();
    texts.push("open".to_owned());
    let (mut seq, mut line) = (1, 0);
    let blocks = texts.chunks(per_block).map(|texts| {
        let block = printed(seq, line, texts);
        seq = block.last_seq + 1;
        line += block.lines;
        block
    });
    Changes {
        blocks: blocks.collect(),
        ..only(row)
    }
}

on_every_store! {
    async fn the_tails_of_a_page_are_read_with_one_question(store: Store) {
        let over = ExecutionRow { status: Status::Success, ..any_execution() };
        let silent = any_execution();
        let mut changes = vec![only(over), only(silent)];
        changes.extend((0..120).map(|number| printing(number, 30, 7)));
        let keys = store.commit(&changes).await.unwrap();
        let rows: Vec<(ExecutionKey, ExecutionRow)> = keys
            .iter()
            .zip(&changes)
            .map(|(key, changes)| (*key, *changes.execution.clone().unwrap()))
            .collect();
        let (tails, plans) = explained(history::tails(&store, &rows[..50])).await;
        let tails: HashMap<ExecutionKey, Vec<String>> = tails.unwrap();
        assert_eq!(plans.len(), 1, "{plans:?}");
        assert_eq!(tails.len(), 49, "of those that run");
        assert!(!tails.contains_key(&keys[0]));
        assert_eq!(tails[&keys[1]], [""; 0]);
        for number in 0..48 {
            let tail = &tails[&keys[number + 2]];
            assert_eq!(tail.len(), 20, "{tail:?}");
            assert_eq!(tail[0], format!("run {number} line 11"));
            assert_eq!(tail[18], format!("run {number} line 29"));
            assert_eq!(tail[19], "open");
        }
        // More than one statement holds.
        let tails = history::tails(&store, &rows).await.unwrap();
        assert_eq!(tails.len(), 121);
        assert_eq!(tails[&keys[121]][0], "run 119 line 11");
    }

    async fn a_tail_that_lies_in_many_blocks_is_whole(store: Store) {
        let changes = [printing(1, 300, 1), printing(2, 5, 1)];
        let keys = store.commit(&changes).await.unwrap();
        let rows: Vec<(ExecutionKey, ExecutionRow)> = keys
            .iter()
            .zip(&changes)
            .map(|(key, changes)| (*key, *changes.execution.clone().unwrap()))
            .collect();
        let tails = history::tails(&store, &rows).await.unwrap();
        let expected: Vec<String> = (281..300)
            .map(|line| format!("run 1 line {line}"))
            .chain(["open".to_owned()])
            .collect();
        assert_eq!(tails[&keys[0]], expected);
        assert_eq!(tails[&keys[1]].len(), 6);
    }

    async fn a_page_reads_what_its_fields_need_and_no_more(store: Store) {
        let changes: Vec<Changes> = (0..3)
            .map(|number| Changes { hosts: vec![host(1, "web", 1)], ..printing(number, 3, 2) })
            .collect();
        store.commit(&changes).await.unwrap();
        for (fields, tables) in [
            ("id,status,playbook", &["executions e"][..]),
            ("id,stats", &["executions e", "execution_hosts"]),
            ("failed", &["executions e", "execution_hosts"]),
            ("output", &["executions e", "event_blocks"]),
            ("pinned", &["executions e", "execution_pins"]),
            ("", &["executions e", "event_blocks", "execution_pins", "execution_hosts"]),
        ] {
            let work = async {
                let mut page = read_page(&store, 10, Fields::named(Some(fields))).await;
                let records = page.next_records().await.unwrap();
                assert!(page.is_done());
                records
            };
            let (records, plans) = explained(work).await;
            assert_eq!(records.len(), 3);
            let statements: Vec<&str> = plans.iter().map(|plan| plan.statement.as_str()).collect();
            assert_eq!(statements.len(), tables.len(), "{fields}: {statements:?}");
            for (statement, table) in statements.iter().zip(tables) {
                assert!(statement.contains(table), "{fields}: {statement}");
            }
        }
    }

    async fn runs_with_many_hosts_are_read_a_few_at_a_time(store: Store) {
        // Small ones between large ones.
        let hosts = [3, 4_000, 1, 4_000, 4_000, 2, 4_000];
        let changes: Vec<Changes> = hosts
            .into_iter()
            .enumerate()
            .map(|(run, hosts)| Changes {
                hosts: (1..=hosts).map(|n| host(n, &format!("h{n}"), run as u64)).collect(),
                ..only(any_execution())
            })
            .collect();
        store.commit(&changes).await.unwrap();
        let mut page = read_page(&store, 6, Fields::ALL).await;
        let mut records: Vec<ExecutionResult> = Vec::new();
        let mut most = 0;
        while !page.is_done() {
            let next = page.next_records().await.unwrap();
            assert!(!next.is_empty());
            most = most.max(next.iter().map(|record| record.stats.len()).sum());
            records.extend(next);
        }
        assert!(most <= 10_000, "{most} at once");
        assert!(page.next_records().await.unwrap().is_empty());
        let ids: Vec<Uuid> = records.iter().map(|record| record.id).collect();
        let expected: Vec<Uuid> = changes[..6]
            .iter()
            .map(|changes| changes.execution.as_ref().unwrap().id)
            .collect();
        assert_eq!(ids, expected);
        for (run, record) in records.iter().enumerate() {
            assert_eq!(record.stats.len(), hosts[run] as usize);
            assert_eq!(record.failed.len(), hosts[run] as usize);
            assert_eq!(record.stats["h1"].ok, run as u64);
        }
        let cursor = page.next_cursor().unwrap();
        let rest = Page { after: Cursor::decode(cursor), ..first_page(6) };
        let filter = ExecutionFilter::default();
        let mut rest = history::page(&store, &filter, &rest, Fields::ALL).await.unwrap();
        assert!(rest.next_cursor().is_none());
        assert_eq!(rest.next_records().await.unwrap()[0].stats.len(), 4_000);
    }
}
