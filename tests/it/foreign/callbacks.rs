//! The output of Ansible's callbacks `json`, `jsonl` and `junit`, of the newest and the oldest ansible-core.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::compared::{Knows, compare, runs};
use super::{counts, expanded, named, recorded, summary};
use crate::harness::Collector;

const JSON: Knows = Knows {
    everything: false,
    recap: true,
    handled: false,
    unreachable: true,
    delegates: true,
    failures: true,
};

const JUNIT: Knows = Knows {
    recap: false,
    unreachable: false,
    delegates: false,
    failures: false,
    ..JSON
};

/// Compares the imported runs with those that Playback recorded: of `json` the first two, and of the others the last two.
fn compare_with(recorder: &str, imported: &Collector, knows: Knows, skip: usize) {
    let own = Collector::start();
    let bundle = recorded().join(format!("callbacks-{recorder}.playback"));
    summary(&own, 0, &[bundle.to_str().unwrap()]);
    let (own, imported) = (own.client(), imported.client());
    let ours = runs(&own);
    let theirs = runs(&imported);
    assert_eq!(theirs.len(), 2, "{theirs:?}");
    for (ours, theirs) in ours[skip..].iter().zip(&theirs) {
        assert_eq!(
            ours.0.trim_end_matches(".yml"),
            theirs.0.trim_end_matches(".yml")
        );
        compare((&own, &ours.1), (&imported, &theirs.1), knows);
    }
}

#[test]
fn json_gives_the_records_of_the_recorder() {
    for (callback, skip) in [("json", 0), ("jsonl", 2)] {
        for name in named(&format!("{callback}-"), ".zst") {
            let folder = TempDir::new().unwrap();
            let file = expanded(&name, &folder);
            let collector = Collector::start();
            let answer = summary(&collector, 0, &[file.to_str().unwrap()]);
            assert_eq!(counts(&answer), (2, 0, 0), "{name}: {answer:#}");
            let recorder = name
                .trim_start_matches(callback)
                .trim_start_matches('-')
                .trim_end_matches(".zst");
            compare_with(recorder, &collector, JSON, skip);
            let again = summary(&collector, 0, &[file.to_str().unwrap()]);
            assert_eq!(counts(&again), (0, 2, 0), "{name}");
            let imported = runs(&collector.client())[0].1["imported"].clone();
            assert_eq!(imported["from"], callback);
        }
    }
}

#[test]
fn junit_gives_results_and_says_what_is_unknown() {
    for recorder in ["newest", "oldest"] {
        let begin = format!("junit-{recorder}-");
        let folder = TempDir::new().unwrap();
        for name in named(&begin, ".xml.zst") {
            let file = expanded(&name, &folder);
            std::fs::rename(
                &file,
                folder.path().join(&name[begin.len()..name.len() - 4]),
            )
            .unwrap();
        }
        let collector = Collector::start();
        let answer = summary(&collector, 0, &[folder.path().to_str().unwrap()]);
        assert_eq!(counts(&answer), (2, 0, 0), "{answer:#}");
        compare_with(recorder, &collector, JUNIT, 2);
        for (name, run) in runs(&collector.client()) {
            // Nothing says when it began, so it took no time that is known.
            assert_eq!(run["duration"], Value::Null, "{name}");
            let unknown = run["imported"]["unknown"].as_array().unwrap();
            assert!(unknown.contains(&"start_time".into()), "{unknown:?}");
        }
        let longer = "/executions?min_duration=0";
        let found = collector.client().api(longer).ok();
        assert_eq!(found["executions"], json!([]), "{found:#}");
        let again = summary(&collector, 0, &[folder.path().to_str().unwrap()]);
        assert_eq!(counts(&again), (0, 2, 0));
    }
}
