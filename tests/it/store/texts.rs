//! Unusual texts and numbers that a database may not support: all of them can be stored, and every database returns the
//! same.

use playback::model::{Changes, ExecutionFilter, ExecutionRow, Page, ResultFilter};
use playback_wire::{Producer, ResultStatus};
use serde_json::json;

use super::on_every_store;
use super::rows::{any_execution, block, execution, host, only, play, result, task};

/// Texts that a database may stumble over.
const STRANGE: &[&str] = &[
    "",
    " ",
    "trailing ",
    "naïve Straße ﬀ İ",
    "e\u{301} \u{200b}\u{feff}",
    "🦀 👩‍👩‍👧",
    "'; DROP TABLE tasks; --",
    "a\\nb\\0c\\",
    "\"?\" $1 {} %s :name @x",
    "line\r\nbreak\ttab\u{7f}\u{1b}[0m",
    "\u{10ffff}\u{fffe}",
];

on_every_store! {
    async fn any_text_reads_back(store: Store) {
        let note = STRANGE.concat();
        let row = execution(json!({ "note": note, "labels": STRANGE, "user": note, "playbook": note }));
        let numbered = || (1..).zip(STRANGE);
        let changes = Changes {
            plays: numbered().map(|(number, text)| play(number, text)).collect(),
            tasks: numbered().map(|(number, text)| task(number, text)).collect(),
            hosts: numbered().map(|(number, text)| host(number, text, 1)).collect(),
            ..only(row.clone())
        };
        let key = store.commit(std::slice::from_ref(&changes)).await.unwrap()[0];
        assert_eq!(store.execution(row.id).await.unwrap().unwrap().1, row);
        assert_eq!(store.plays(key).await.unwrap(), changes.plays);
        assert_eq!(store.tasks(key, 0, 99).await.unwrap(), changes.tasks);
        assert_eq!(store.hosts(key, 0, 99).await.unwrap(), changes.hosts);
        assert_eq!(store.stats(&[key]).await.unwrap()[&key].len(), STRANGE.len());
        for text in STRANGE {
            let filter = ExecutionFilter { label: Some((*text).to_owned()), ..ExecutionFilter::default() };
            let page = Page { limit: 9, offset: 0, after: None, ascending: false };
            assert_eq!(store.executions(&filter, &page).await.unwrap().len(), 1, "{text:?}");
        }
    }

    async fn nul_is_replaced_and_nothing_fails(store: Store) {
        let row = execution(json!({ "note": "a\0b", "user": "a\0b", "labels": ["a\0b"] }));
        let changes = Changes {
            plays: vec![play(1, "a\0b")],
            tasks: vec![task(1, "a\0b")],
            hosts: vec![host(1, "a\0b", 1)],
            ..only(row.clone())
        };
        let key = store.commit(&[changes]).await.unwrap()[0];
        // What the producers said is kept as JSON, where it has a form of its own.
        assert_eq!(store.execution(row.id).await.unwrap().unwrap().1, row);
        assert_eq!(store.plays(key).await.unwrap(), [play(1, "a\u{fffd}b")]);
        assert_eq!(store.tasks(key, 0, 9).await.unwrap(), [task(1, "a\u{fffd}b")]);
        assert_eq!(store.hosts(key, 0, 9).await.unwrap(), [host(1, "a\u{fffd}b", 1)]);
        let filter = ExecutionFilter { user: Some("a\0b".to_owned()), ..ExecutionFilter::default() };
        let page = Page { limit: 9, offset: 0, after: None, ascending: false };
        assert_eq!(store.executions(&filter, &page).await.unwrap().len(), 1);
    }

    async fn long_texts_fit(store: Store) {
        let long = "ä".repeat(100_000);
        let row = execution(json!({
            "note": long, "user": long, "controller": long, "playbook": long, "inventory": long,
            "labels": [long],
        }));
        let changes = Changes {
            plays: vec![play(1, &long)],
            // More than one message to a server takes, together.
            tasks: (1..=200).map(|number| task(number, &long)).collect(),
            hosts: vec![host(1, &long, 1)],
            ..only(row.clone())
        };
        let key = store.commit(std::slice::from_ref(&changes)).await.unwrap()[0];
        assert_eq!(store.execution(row.id).await.unwrap().unwrap().1, row);
        assert_eq!(store.plays(key).await.unwrap(), changes.plays);
        assert_eq!(store.tasks(key, 0, 999).await.unwrap(), changes.tasks);
        // A name that an index holds is cut, and still found.
        let name = store.hosts(key, 0, 9).await.unwrap()[0].name.clone();
        assert!(name.starts_with("äää") && name.chars().count() < 256, "{name}");
        for filter in [
            ExecutionFilter { host: Some(long.clone()), ..ExecutionFilter::default() },
            ExecutionFilter { label: Some(long.clone()), ..ExecutionFilter::default() },
            ExecutionFilter { user: Some(long.clone()), ..ExecutionFilter::default() },
            ExecutionFilter { text: Some("Ä".repeat(1000)), ..ExecutionFilter::default() },
        ] {
            let page = Page { limit: 9, offset: 0, after: None, ascending: false };
            assert_eq!(store.executions(&filter, &page).await.unwrap().len(), 1);
        }
    }

    async fn extreme_numbers_read_back(store: Store) {
        let row = ExecutionRow {
            started_us: i64::MIN,
            base_us: i64::MAX,
            ended_us: Some(i64::MAX),
            exit_code: Some(i32::MIN),
            signal: Some(i32::MAX),
            output_lines: i64::MAX as u64,
            ..any_execution()
        };
        let mut last = result(i64::MAX as u64, u32::MAX, 1, ResultStatus::Ok);
        last.ended_us = i64::MIN;
        last.flags.0 = 63;
        let mut one = host(1, "h", i64::MAX as u64);
        one.running_task = Some(u32::MAX);
        let mut many = task(u32::MAX, "t");
        many.line = u32::MAX;
        many.play = u32::MAX;
        many.counts.ok = u32::MAX;
        let big = playback::model::BlockRow {
            last_seq: i64::MAX as u64,
            data: (0..9_000_000_u32).map(|n| ((n * 31) >> 3) as u8).collect(),
            ..block(1, i64::MAX as u64)
        };
        let changes = Changes {
            plays: vec![play(u32::MAX, "p")],
            tasks: vec![many],
            hosts: vec![one],
            results: vec![last],
            blocks: vec![big, block(u64::MAX - 20, 0)],
            ..only(row.clone())
        };
        let key = store.commit(std::slice::from_ref(&changes)).await.unwrap()[0];
        assert_eq!(store.execution(row.id).await.unwrap().unwrap().1, row);
        assert_eq!(store.plays(key).await.unwrap(), changes.plays);
        assert_eq!(store.tasks(key, 0, 9).await.unwrap(), changes.tasks);
        assert_eq!(store.hosts(key, 0, 9).await.unwrap(), changes.hosts);
        let all = ResultFilter { limit: u32::MAX, ..ResultFilter::default() };
        let results = store.results(key, &all).await.unwrap();
        assert_eq!(results[0].row, changes.results[0]);
        let stored = store.blocks_from_seq(key, Producer::Recorder, 1, 1).await.unwrap();
        assert_eq!(stored[0].block, changes.blocks[0]);
        // What is out of all proportion becomes the largest number there is.
        let mut beyond = row;
        beyond.output_lines = u64::MAX;
        store.commit(&[only(beyond.clone())]).await.unwrap();
        let found = store.execution(beyond.id).await.unwrap().unwrap().1;
        assert_eq!(found.output_lines, i64::MAX as u64);
    }
}
