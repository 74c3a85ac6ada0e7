//! Collectors with other clocks than this machine's: one that is set back, those of days with 23 and 25 hours, and 29 February.

use chrono::{DateTime, TimeDelta, Utc};
use playback::clock::Clock;
use playback::model::time_from_us;
use serde_json::{Value, json};

use super::faults::each_has_one;
use super::{SHORT, create, delete, each_second, had, pause, schedule, started};
use crate::clocks::WallClock;
use crate::harness::{Client, Collector, eventually};
use crate::launch::Site;

/// A site, and a collector whose clock a test sets.
fn site(time: &str) -> (Site, WallClock, Collector) {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let clock = WallClock::at(time);
    let variables = clock.environment();
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let collector = site.start_with(&variables);
    (site, clock, collector)
}

fn enough(client: &Client, name: &str, count: usize) {
    eventually(&format!("runs of {name}"), || {
        (started(client, name).len() >= count).then_some(())
    });
}

/// Everything that was decided for a schedule.
fn past(client: &Client, name: &str) -> Vec<Value> {
    schedule(client, name)["past"].as_array().unwrap().clone()
}

#[test]
fn a_clock_that_is_set_back_a_little_starts_no_time_twice() {
    let (_site, clock, collector) = site("+0");
    let client = collector.client();
    create(&client, &each_second("often", "short.yml"));
    enough(&client, "often", 2);
    // By less than what counts as set: the times of the last seconds come once more.
    clock.set("-40");
    // One that is made now, by the clock as it is, shows that the collector goes on.
    create(&client, &each_second("probe", "short.yml"));
    enough(&client, "probe", 1);
    let before = past(&client, "often");
    enough(&client, "probe", 3);
    assert_eq!(past(&client, "often"), before, "its times are decided");
    pause(&client, "probe");
    clock.set("+0");
    enough(&client, "often", 4);
    pause(&client, "often");
    each_has_one(&client, "often");
    each_has_one(&client, "probe");
    for name in ["often", "probe"] {
        for run in started(&client, name) {
            assert_eq!(client.finished(run)["schedule"], name);
        }
    }
}

#[test]
fn a_collector_that_starts_with_a_clock_of_the_day_before_yesterday_starts_nothing_again() {
    let (_site, clock, mut collector) = site("+0");
    let client = collector.client();
    create(&client, &each_second("often", "short.yml"));
    enough(&client, "often", 2);
    collector.kill();
    clock.set("-2d");
    collector.launch();
    let client = collector.client();
    create(&client, &each_second("probe", "short.yml"));
    let before = past(&client, "often");
    enough(&client, "probe", 2);
    assert_eq!(past(&client, "often"), before, "its times are decided");
    pause(&client, "probe");
    for run in started(&client, "probe") {
        client.finished(run);
    }
    // A restart with the right clock: nothing waits for it to settle.
    collector.stop();
    clock.set("+0");
    collector.launch();
    let client = collector.client();
    let count = started(&client, "often").len();
    enough(&client, "often", count + 1);
    pause(&client, "often");
    each_has_one(&client, "often");
    for run in started(&client, "often") {
        client.finished(run);
    }
}

/// A clock that shows this time, so much later, as libfaketime reads it.
fn showing(time: &str, later: TimeDelta) -> String {
    let wanted: DateTime<Utc> = time.parse().unwrap();
    let now: DateTime<Utc> = time_from_us(Clock::system().now_us());
    format!("{:+}", (wanted + later - now).num_seconds())
}

#[test]
fn where_clocks_are_changed_and_on_29_february_a_time_of_day_comes_once() {
    let cases = [
        // The clock leaves 02:30 out: it comes when the clock goes on.
        (
            "spring",
            "30 2 * * *",
            "2026-03-28T12:00:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z",
        ),
        // 02:30 comes twice.
        (
            "autumn",
            "30 2 * * *",
            "2026-10-24T12:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        ),
        (
            "leap",
            "30 2 29 2 *",
            "2028-02-01T12:00:00Z",
            "2028-02-29T01:30:00Z",
            "2032-02-29T01:30:00Z",
        ),
    ];
    let (_site, clock, mut collector) = site(&showing(cases[0].2, TimeDelta::zero()));
    let seconds = TimeDelta::seconds;
    for (name, cron, made, comes, next) in cases {
        let mut restart_at = |time: &str, later: TimeDelta| {
            collector.stop();
            clock.set(&showing(time, later));
            collector.launch();
            collector.client()
        };
        let same = |told: &Value, time: &str| {
            let told: DateTime<Utc> = told.as_str().unwrap().parse().unwrap();
            assert_eq!(told, time.parse::<DateTime<Utc>>().unwrap(), "{name}");
        };
        let client = restart_at(made, TimeDelta::zero());
        let asked = json!({
            "name": name, "cron": cron, "zone": "Europe/Berlin",
            "run": { "playbook": "short.yml", "inventory": "prod" },
        });
        same(&create(&client, &asked)["next"][0], comes);
        let client = restart_at(comes, seconds(5));
        same(&had(&client, name, "started")["time"], comes);
        // An hour later: in autumn, the same time of day once more.
        let client = restart_at(comes, seconds(3605));
        create(&client, &each_second("probe", "short.yml"));
        enough(&client, "probe", 1);
        let runs = [started(&client, name), started(&client, "probe")];
        assert_eq!(runs[0].len(), 1, "{name}");
        same(&schedule(&client, name)["next"][0], next);
        for made in [name, "probe"] {
            assert_eq!(delete(&client, made).status, 204);
        }
        for run in runs.iter().flatten() {
            client.finished(*run);
        }
    }
}
