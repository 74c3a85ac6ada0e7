//! Metrics for Prometheus, checked with Prometheus' own tool and compared with their documentation.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use playback::clock::Clock;
use playback::telemetry::Described;
use serde_json::json;

use crate::builders::{Run, good_run};
use crate::harness::{Client, Collector, Setup, eventually};

pub(crate) fn figures(client: &Client) -> String {
    let answer = client.get("/metrics");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}

/// The value of a series; none where there is no such series.
fn value(text: &str, series: &str) -> Option<f64> {
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map(|value| value.parse().unwrap())
}

/// A run of a playbook that begins and ends at these seconds since the epoch.
fn ran(playbook: &str, from_s: i64, seconds: f64, exit_code: i32) -> Run {
    Run::starting(
        from_s * 1_000_000,
        json!({ "type": "playbook", "playbook": playbook }),
    )
    .play("web")
    .after(seconds)
    .ended(exit_code)
}

/// A history with something of everything.
pub(crate) fn filled() -> Collector {
    let collector = Setup::default().config("silence_seconds = 1\n").start();
    let client = collector.client();
    good_run().deliver(&client);
    ran("/srv/\"a\\b\nc\".yml", 1_768_000_000, 2.0, 2).deliver(&client);
    let lost = good_run();
    lost.deliver_range(&client, 0..3);
    assert_eq!(client.finished(lost.id)["reason"], "lost");
    // A gap is refused.
    let run = good_run();
    run.send_range(&client, 2..3).error(409, "gap");
    collector
}

#[test]
pub(crate) fn promtool_finds_nothing_to_complain_of() {
    let collector = filled();
    let text = figures(&collector.client());
    let mut tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool: make test installs it");
    tool.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let done = tool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && said.trim().is_empty(),
        "{said}\n{text}"
    );
    // Each has a HELP and a TYPE, once.
    let heads = |word: &str| {
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix(word)?.split(' ').next());
        let names: Vec<&str> = names.collect();
        let once: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), once.len(), "{names:?}");
        once
    };
    assert_eq!(heads("# HELP "), heads("# TYPE "));
}

#[test]
fn what_counts_ends_in_total_and_only_grows() {
    let collector = filled();
    let client = collector.client();
    let counters = |text: &str| -> Vec<(String, f64)> {
        let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let counters: BTreeSet<&str> = kinds
            .filter_map(|line| line.strip_suffix(" counter"))
            .collect();
        let series = text.lines().filter(|line| !line.starts_with('#'));
        series
            .filter_map(|line| {
                let (series, value) = line.rsplit_once(' ')?;
                let name = series.split('{').next()?;
                counters
                    .contains(name)
                    .then(|| (series.to_owned(), value.parse().unwrap()))
            })
            .collect()
    };
    let before = counters(&figures(&client));
    assert!(
        before
            .iter()
            .all(|(series, _)| series.split('{').next().unwrap().ends_with("_total"))
    );
    // A run that is reported twice ended once; a deleted run still counts as ended.
    let run = good_run();
    run.deliver(&client).deliver(&client);
    assert_eq!(client.delete(run.id).status, 204);
    let after = figures(&client);
    for (series, was) in before {
        assert!(
            value(&after, &series).is_some_and(|is| is >= was),
            "{series} shrank"
        );
    }
    let ended = |text: &str| value(text, "playback_executions_ended_total{status=\"success\"}");
    assert_eq!(ended(&after), Some(2.0));
    assert_eq!(
        value(&after, "playback_executions_ended_total{status=\"failed\"}"),
        Some(2.0)
    );
}

#[test]
pub(crate) fn each_playbook_tells_its_last_success_and_duration_and_the_number_is_bounded() {
    let collector = Collector::start();
    let client = collector.client();
    let now_s = Clock::system().now_us() / 1_000_000;
    let begun = now_s - 10_000;
    ran("site.yml", begun, 5.0, 0).deliver(&client);
    ran("site.yml", begun + 100, 7.0, 2).deliver(&client);
    ran("never.yml", begun + 200, 3.0, 2).deliver(&client);
    // One that goes on hides nothing of the one before.
    Run::starting(
        (begun + 300) * 1_000_000,
        json!({ "type": "playbook", "playbook": "site.yml" }),
    )
    .play("web")
    .deliver(&client);
    Run::starting(
        (begun + 300) * 1_000_000,
        json!({ "type": "adhoc", "module": "ping" }),
    )
    .ended(0)
    .deliver(&client);
    let text = figures(&client);
    let success = |text: &str, playbook: &str| {
        value(
            text,
            &format!("playback_last_success_timestamp_seconds{{playbook=\"{playbook}\"}}"),
        )
    };
    let duration = |text: &str, playbook: &str| {
        value(
            text,
            &format!("playback_last_duration_seconds{{playbook=\"{playbook}\"}}"),
        )
    };
    let ended = success(&text, "site.yml").unwrap();
    assert!((ended - (begun as f64 + 5.0)).abs() < 0.1, "{ended}");
    assert!(
        (duration(&text, "site.yml").unwrap() - 7.0).abs() < 0.1,
        "{text}"
    );
    assert_eq!(success(&text, "never.yml"), None);
    assert!(duration(&text, "never.yml").is_some());
    for status in [("running", 1.0), ("success", 2.0), ("failed", 2.0)] {
        let series = format!("playback_executions{{status=\"{}\"}}", status.0);
        assert_eq!(value(&text, &series), Some(status.1), "{series}");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        value(
            &text,
            &format!("playback_build_info{{version=\"{version}\"}}")
        ),
        Some(1.0)
    );
    // Those that ran last are told, and no more than a hundred.
    for number in 0..100 {
        ran(&format!("play-{number}.yml"), begun + 1000 + number, 1.0, 0).deliver(&client);
    }
    let text = figures(&client);
    let told = text
        .lines()
        .filter(|line| line.starts_with("playback_last_duration_seconds{"));
    assert_eq!(told.count(), 100);
    assert_eq!(duration(&text, "never.yml"), None);
    assert!(duration(&text, "play-99.yml").is_some());
}

/// A run of `site.yml` in a folder, at these seconds since the epoch.
pub(crate) fn ran_in(folder: &str, from_s: i64, seconds: f64, exit_code: i32) -> Run {
    let started = json!({ "type": "playbook", "playbook": "site.yml", "cwd": folder });
    Run::starting(from_s * 1_000_000, started)
        .play("web")
        .after(seconds)
        .ended(exit_code)
}

#[test]
pub(crate) fn the_playbooks_of_two_folders_are_two_series_and_those_of_very_many_are_one() {
    let collector = Collector::start();
    let client = collector.client();
    let begun = Clock::system().now_us() / 1_000_000 - 100_000;
    ran_in("/srv/shop", begun, 5.0, 0).deliver(&client);
    ran_in("/srv/blog", begun + 100, 7.0, 0).deliver(&client);
    ran_in("/srv/blog", begun + 200, 9.0, 2).deliver(&client);
    ran("/srv/shop/site.yml", begun + 300, 1.0, 0).deliver(&client);
    let of = |text: &str, name: &str, labels: &str| {
        value(text, &format!("playback_last_{name}{{{labels}}}"))
    };
    let (success, duration) = ("success_timestamp_seconds", "duration_seconds");
    let near = |found: Option<f64>, expected: f64| {
        assert!(
            found.is_some_and(|found| (found - expected).abs() < 0.1),
            "{found:?} {expected}"
        );
    };
    let text = figures(&client);
    let (shop, blog) = (
        "playbook=\"site.yml\",folder=\"/srv/shop\"",
        "playbook=\"site.yml\",folder=\"/srv/blog\"",
    );
    near(of(&text, success, shop), begun as f64 + 5.0);
    near(of(&text, duration, shop), 5.0);
    // The last one failed; the one before succeeded.
    near(of(&text, success, blog), begun as f64 + 107.0);
    near(of(&text, duration, blog), 9.0);
    near(of(&text, duration, "playbook=\"/srv/shop/site.yml\""), 1.0);
    assert_eq!(of(&text, duration, "playbook=\"site.yml\""), None);
    // A checkout for each run: the series of its folders would be without end.
    for job in 0..20 {
        ran_in(&format!("/builds/{job}"), begun + 1000 + job, 3.0, 0).deliver(&client);
    }
    let text = figures(&client);
    near(of(&text, duration, "playbook=\"site.yml\""), 3.0);
    near(
        of(&text, success, "playbook=\"site.yml\""),
        begun as f64 + 1022.0,
    );
    assert_eq!(
        text.matches("last_duration_seconds{playbook=\"site.yml\"")
            .count(),
        1
    );
}

#[test]
fn every_figure_is_described_and_everything_described_is_there() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_end_matches('`').to_owned();
        Some((name, cells.next()?.trim().to_owned()))
    });
    let written: BTreeSet<(String, String)> = rows.collect();
    let all = Described::DOCUMENTED
        .iter()
        .chain(Described::HISTORY)
        .chain(Described::COUNTED);
    let known: BTreeSet<(String, String)> = all
        .map(|one| (one.name.to_owned(), one.kind.to_owned()))
        .collect();
    assert_eq!(written, known, "docs/metrics.md and src/telemetry.rs");
    let collector = filled();
    let client = collector.client();
    eventually("all that is served to be described", || {
        let text = figures(&client);
        let served = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        for line in served {
            let (name, kind) = line.split_once(' ').unwrap();
            assert!(
                known.contains(&(name.to_owned(), kind.to_owned())),
                "{line} is not in docs/metrics.md"
            );
        }
        Some(())
    });
}
