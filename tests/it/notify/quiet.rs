//! Quiet hours of a collector whose time zone sets its clock in the night.

use serde_json::json;

use super::receiver::Receiver;
use super::{bad, config, now, set};
use crate::clocks::WallClock;
use crate::harness::Setup;

/// How a collector's clock is set so that it shows a time, in seconds since the epoch.
fn showing(at_s: i64) -> String {
    let now_s = now() / 1_000_000;
    format!("{:+}", at_s - now_s)
}

/// Sets the clock to half an hour before the end of the quiet hours, lets a run fail, and sets the clock to just before their
/// end, which is at `end_s`, in seconds since the epoch.
fn a_night_ends_by_the_clock_on_the_wall(end_s: i64) {
    let clock = WallClock::at(&showing(end_s - 1800));
    let setup = Setup::default().config(&config(""));
    let setup = setup.environment("TZ", "CET-1CEST,M3.5.0/2,M10.5.0/3");
    let variables = clock.environment();
    let collector = variables
        .into_iter()
        .fold(setup, |setup, (name, value)| {
            setup.environment(name, &value)
        })
        .start();
    let client = collector.client();
    let receiver = Receiver::start();
    let settings = json!({
        "kind": "webhook", "url": receiver.url(), "rules": [{ "on": ["failed"], "late": true }],
        "quiet": [{ "from": "22:00", "to": "06:00" }],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    bad("site.yml").deliver(&client);
    clock.set(&showing(end_s - 2));
    let told = receiver.await_requests(1).remove(0);
    let sent_s: i64 = told.header("webhook-timestamp").parse().unwrap();
    // Not a second too early, and not an hour too late.
    assert!((end_s..end_s + 1800).contains(&sent_s), "{sent_s}");
}

/// On 25 October 2026, six o'clock is 05:00 UTC.
#[test]
fn the_night_is_an_hour_longer_in_october() {
    a_night_ends_by_the_clock_on_the_wall(1_792_904_400);
}

/// On 29 March 2026, six o'clock is 04:00 UTC.
#[test]
fn the_night_is_an_hour_shorter_in_march() {
    a_night_ends_by_the_clock_on_the_wall(1_774_756_800);
}
