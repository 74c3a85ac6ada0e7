use chrono::DateTime;

use super::*;

fn us(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text)
        .unwrap()
        .timestamp_micros()
}

fn table(line: &str, zone: &str) -> Timetable {
    Timetable::parse(line, zone).unwrap()
}

/// The next times after one, in the zone, with its offset.
fn next(line: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let table = table(line, zone);
    let shown = |time_us: i64| {
        let time = DateTime::from_timestamp_micros(time_us).unwrap();
        time.with_timezone(&table.zone)
            .format("%m-%d %H:%M:%S%:z")
            .to_string()
    };
    table
        .preview(us(after), count)
        .into_iter()
        .map(shown)
        .collect()
}

#[test]
fn times_are_those_of_the_zone() {
    assert_eq!(
        next(
            "30 3 * * mon-fri",
            "America/New_York",
            "2026-01-23T12:00:00Z",
            3
        ),
        [
            "01-26 03:30:00-05:00",
            "01-27 03:30:00-05:00",
            "01-28 03:30:00-05:00"
        ]
    );
    assert_eq!(
        next("@daily", "Asia/Kathmandu", "2026-01-20T18:14:59Z", 2),
        ["01-21 00:00:00+05:45", "01-22 00:00:00+05:45"]
    );
    // A time does not come after itself.
    assert_eq!(
        next("0 0 * * *", "UTC", "2026-01-21T00:00:00Z", 1),
        ["01-22 00:00:00+00:00"]
    );
    assert_eq!(
        next("*/20 30 3 * * *", "UTC", "2026-01-21T00:00:00.5Z", 4),
        [
            "01-21 03:30:00+00:00",
            "01-21 03:30:20+00:00",
            "01-21 03:30:40+00:00",
            "01-22 03:30:00+00:00"
        ]
    );
    // The second Friday, and Fridays that are the 13th.
    assert_eq!(
        next("0 12 * * fri#2", "UTC", "2026-02-01T00:00:00Z", 2),
        ["02-13 12:00:00+00:00", "03-13 12:00:00+00:00"]
    );
    assert_eq!(
        next("0 12 13 * +fri", "UTC", "2026-04-01T00:00:00Z", 2),
        ["11-13 12:00:00+00:00", "08-13 12:00:00+00:00"]
    );
    assert_eq!(
        next("0 12 l * *", "UTC", "2026-02-01T00:00:00Z", 2),
        ["02-28 12:00:00+00:00", "03-31 12:00:00+00:00"]
    );
}

#[test]
fn a_time_of_day_that_is_left_out_comes_when_the_clock_goes_on() {
    // In Berlin, 02:00 to 03:00 is left out on 2026-03-29.
    assert_eq!(
        next("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 4),
        [
            "03-28 02:30:00+01:00",
            "03-29 03:00:00+02:00",
            "03-30 02:30:00+02:00",
            "03-31 02:30:00+02:00"
        ]
    );
    // Two that are left out come once, and with one that comes then anyway, too.
    assert_eq!(
        next("0,30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3),
        [
            "03-29 03:00:00+02:00",
            "03-29 03:30:00+02:00",
            "03-30 02:00:00+02:00"
        ]
    );
    // Samoa left a whole day out.
    assert_eq!(
        next("0 2 * * *", "Pacific/Apia", "2011-12-29T13:00:00Z", 3),
        [
            "12-31 00:00:00+14:00",
            "12-31 02:00:00+14:00",
            "01-01 02:00:00+14:00"
        ]
    );
}

#[test]
fn a_time_of_day_that_comes_twice_runs_the_first_time() {
    // In Berlin, 02:00 to 03:00 comes twice on 2026-10-25.
    assert_eq!(
        next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["10-25 02:30:00+02:00", "10-26 02:30:00+01:00"]
    );
    // Asked in the second pass, too.
    assert_eq!(
        next("30,45 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", 1),
        ["10-26 02:30:00+01:00"]
    );
    assert_eq!(
        next("30,45 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", 2),
        ["10-25 02:45:00+02:00", "10-26 02:30:00+01:00"]
    );
}

#[test]
fn intervals_go_on_by_the_clock() {
    assert_eq!(
        next("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 7),
        [
            "10-25 02:00:00+02:00",
            "10-25 02:30:00+02:00",
            "10-25 02:00:00+01:00",
            "10-25 02:30:00+01:00",
            "10-25 03:00:00+01:00",
            "10-25 03:30:00+01:00",
            "10-25 04:00:00+01:00"
        ]
    );
    assert_eq!(
        next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 4),
        [
            "03-29 01:30:00+01:00",
            "03-29 03:00:00+02:00",
            "03-29 03:30:00+02:00",
            "03-29 04:00:00+02:00"
        ]
    );
    // Lord Howe Island changes its clocks by half an hour: 01:30 to 02:00 comes twice.
    assert_eq!(
        next(
            "*/20 * * * *",
            "Australia/Lord_Howe",
            "2026-04-04T14:15:00Z",
            5
        ),
        [
            "04-05 01:20:00+11:00",
            "04-05 01:40:00+11:00",
            "04-05 01:40:00+10:30",
            "04-05 02:00:00+10:30",
            "04-05 02:20:00+10:30"
        ]
    );
    // An hour of intervals in the hour that is left out does not come.
    assert_eq!(
        next("*/15 2 * * *", "Europe/Berlin", "2026-03-28T22:00:00Z", 1),
        ["03-30 02:00:00+02:00"]
    );
}

#[test]
fn the_29th_of_february_comes_in_leap_years() {
    let table = table("0 4 29 2 *", "Europe/Berlin");
    let found = table.preview(us("2026-01-01T00:00:00Z"), 2);
    assert_eq!(
        found,
        [us("2028-02-29T03:00:00Z"), us("2032-02-29T03:00:00Z")]
    );
    // 2100 is none.
    let found = table.preview(us("2096-03-01T00:00:00Z"), 1);
    assert_eq!(found, [us("2104-02-29T03:00:00Z")]);
}

#[test]
fn a_line_that_never_comes_has_no_times() {
    for line in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        assert_eq!(
            table(line, "UTC").next_after(us("2026-01-01T00:00:00Z")),
            None,
            "{line}"
        );
    }
}

#[test]
fn what_is_no_line_and_what_is_no_zone_is_said_with_the_next_step() {
    for line in [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "a b c d e",
        "@reboot",
        "0 0 * * mon-fri,",
        "é * * * *",
        "0 0 * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "# 0 0 * * *",
    ] {
        let error = Timetable::parse(line, "UTC")
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("cron: "), "{line}: {error}");
        assert!(error.contains("@daily"), "{line}: {error}");
    }
    let long = "1,".repeat(200) + " * * * *";
    assert!(Timetable::parse(&long, "UTC").is_err());
    for (zone, says) in [
        (
            "Europe/Berln",
            "there is no time zone \"Europe/Berln\": names",
        ),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("", "there is no time zone \"\""),
        ("CEST", "there is no time zone \"CEST\""),
    ] {
        let error = Timetable::parse("* * * * *", zone)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("zone: ") && error.contains(says),
            "{error}"
        );
    }
}

#[test]
fn the_last_of_many_times_is_found_and_the_others_are_counted() {
    let last = |line: &str, after: &str, until: &str| {
        table(line, "Europe/Berlin").last_until(us(after), us(until))
    };
    let found = |time: &str, before| {
        Some(LastTime {
            time_us: us(time),
            before,
        })
    };
    let (begin, end) = ("2026-01-01T00:00:00Z", "2026-12-31T12:34:56Z");
    assert_eq!(last("0 3 * * *", begin, "2026-01-01T01:00:00Z"), None);
    assert_eq!(
        last("0 3 * * *", begin, "2026-01-01T02:00:00Z"),
        found("2026-01-01T02:00:00Z", 0)
    );
    assert_eq!(
        last("0 3 * * *", begin, end),
        found("2026-12-31T02:00:00Z", 364)
    );
    assert_eq!(
        last("* * * * *", begin, end),
        found("2026-12-31T12:34:00Z", MOST_COUNTED)
    );
    assert_eq!(last("* * * * * *", begin, end), found(end, MOST_COUNTED));
    // Many in January, and none since.
    assert_eq!(
        last("* * * 1 *", begin, end),
        found("2026-01-31T22:59:00Z", MOST_COUNTED)
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    /// What is looked for from the end is what going through all of them finds.
    #[test]
    fn the_last_time_is_that_of_going_through_all(
        minute in proptest::sample::select(&["*", "*/7", "0", "30", "5,50"][..]),
        hour in proptest::sample::select(&["*", "2", "1-3", "*/5"][..]),
        from in 0_i64..20_000_000,
        length in 0_i64..200_000,
    ) {
        let table = table(&format!("{minute} {hour} * * *"), "Europe/Berlin");
        let from_us = us("2026-03-20T00:00:00Z") + from * 1_000_000;
        let until_us = from_us + length * 1_000_000;
        let mut all = Vec::new();
        let mut time_us = from_us;
        while let Some(next_us) = table.next_after(time_us).filter(|next_us| *next_us <= until_us) {
            proptest::prop_assert!(next_us > time_us);
            all.push(next_us);
            time_us = next_us;
        }
        let last = table.last_until(from_us, until_us);
        proptest::prop_assert_eq!(last.map(|last| last.time_us), all.last().copied());
        let before = (all.len() as u64).saturating_sub(1).min(MOST_COUNTED);
        proptest::prop_assert_eq!(last.map_or(0, |last| last.before), before);
    }
}
