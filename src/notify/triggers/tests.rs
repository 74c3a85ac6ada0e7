use super::*;
use crate::log::Assembler;

fn row(status: Status, reason: Option<Reason>, seconds: i64) -> ExecutionRow {
    let mut row = Assembler::new(Uuid::from_u128(1)).row().clone();
    row.status = status;
    row.reason = reason;
    row.started_us = 1_000_000_000;
    row.ended_us = Some(1_000_000_000 + seconds * 1_000_000);
    row.description.playbook = Some("site.yml".to_owned());
    row
}

fn rule(on: &[Trigger]) -> NotificationRule {
    let json = serde_json::json!({ "on": on, "still_broken_every": 3, "unreachable_runs": 2 });
    serde_json::from_value(json).unwrap()
}

/// Earlier runs, the last one first: `+` succeeded, `-` failed.
fn earlier(outcomes: &str) -> Vec<Earlier> {
    let outcomes = outcomes.chars().enumerate();
    outcomes
        .map(|(at, outcome)| Earlier {
            id: Uuid::from_u128(100 + at as u128),
            started_us: 900_000_000 - at as i64,
            failed: outcome == '-',
            duration_us: Some(60_000_000 + (at as i64 % 3) * 100_000),
        })
        .collect()
}

fn fired(row: &ExecutionRow, before: &str) -> Vec<Trigger> {
    let run = EndedRun {
        row,
        earlier: &earlier(before),
        knows_earlier: true,
        longer: None,
        was_lost: false,
        would_change: false,
        unreachable: &[],
    };
    of_end(&run, &rule(Trigger::ALL))
}

fn failed() -> ExecutionRow {
    row(Status::Failed, Some(Reason::TaskFailed), 60)
}

fn succeeded() -> ExecutionRow {
    row(Status::Success, None, 60)
}

#[test]
fn a_failure_is_told_as_the_first_or_a_further_one() {
    use Trigger::{Broke, Failed, Finished, Recovered, StillBroken};
    // The first run ever: nothing worked before that could be broken.
    assert_eq!(fired(&failed(), ""), [Failed, Finished]);
    assert_eq!(fired(&failed(), "+"), [Broke, Failed, Finished]);
    assert_eq!(fired(&failed(), "-+"), [Failed, Finished]);
    assert_eq!(fired(&failed(), "---+"), [StillBroken, Failed, Finished]);
    assert_eq!(fired(&failed(), "----+"), [Failed, Finished]);
    assert_eq!(fired(&failed(), "------"), [StillBroken, Failed, Finished]);
    assert_eq!(fired(&succeeded(), "-+"), [Recovered, Finished]);
    assert_eq!(fired(&succeeded(), "+-"), [Finished]);
    assert_eq!(fired(&succeeded(), ""), [Finished]);
}

#[test]
fn who_canceled_a_run_broke_nothing() {
    let canceled = row(Status::Failed, Some(Reason::Canceled), 60);
    assert_eq!(
        fired(&canceled, "+"),
        [Trigger::Canceled, Trigger::Finished]
    );
    let lost = row(Status::Failed, Some(Reason::Lost), 60);
    assert!(fired(&lost, "+").starts_with(&[Trigger::Broke, Trigger::Lost]));
}

#[test]
fn only_what_a_rule_asks_for_is_told() {
    let run = EndedRun {
        row: &failed(),
        earlier: &earlier("+"),
        knows_earlier: true,
        longer: None,
        was_lost: false,
        would_change: true,
        unreachable: &[],
    };
    let on = [Trigger::Failed, Trigger::Recovered];
    assert_eq!(of_end(&run, &rule(&on)), [Trigger::Failed]);
}

#[test]
fn flapping_is_told_when_it_begins() {
    let flaps = |row: &ExecutionRow, before: &str| fired(row, before).contains(&Trigger::Flapping);
    assert!(!flaps(&failed(), "+-+"));
    assert!(flaps(&failed(), "+-+-"));
    assert!(!flaps(&succeeded(), "-+-+-"), "it was told before");
    assert!(!flaps(&failed(), "++++-+-+-+"));
}

#[test]
fn slow_is_judged_by_the_runs_before_and_told_once() {
    let slow = |seconds, before: &[Earlier]| {
        let row = row(Status::Success, None, seconds);
        let run = EndedRun {
            row: &row,
            earlier: before,
            knows_earlier: true,
            longer: None,
            was_lost: false,
            would_change: false,
            unreachable: &[],
        };
        let rule = rule(&[Trigger::Slow]);
        let fired = of_end(&run, &rule);
        let usual = detail_of_end(&run, &rule, &fired).usual_seconds;
        fired.first().map(|_| usual.unwrap())
    };
    let steady = earlier("++++++++");
    assert_eq!(slow(70, &steady), None, "within a quarter");
    let usual = slow(90, &steady).unwrap();
    assert!((60.0..61.0).contains(&usual), "{usual}");
    assert_eq!(slow(90, &earlier("++++")), None, "too few are known");
    assert_eq!(slow(90, &earlier("+-+-+-+-")), None, "too few succeeded");
    let mut slower = steady.clone();
    slower[0].duration_us = Some(90_000_000);
    assert_eq!(slow(95, &slower), None, "it was told before");
    // Where durations always differ, more is needed.
    let mut noisy = earlier("++++++++++");
    for (at, run) in noisy.iter_mut().enumerate() {
        run.duration_us = Some(60_000_000 + (at as i64 * 37 % 60) * 1_000_000);
    }
    assert_eq!(slow(120, &noisy), None);
    assert!(slow(400, &noisy).is_some());
}

#[test]
fn drift_is_what_check_mode_would_change() {
    let mut row = succeeded();
    let drifts = |row: &ExecutionRow, would_change| {
        let run = EndedRun {
            row,
            earlier: &[],
            knows_earlier: true,
            longer: None,
            was_lost: false,
            would_change,
            unreachable: &[],
        };
        !of_end(&run, &rule(&[Trigger::Drift])).is_empty()
    };
    assert!(!drifts(&row, true));
    row.description.check = true;
    assert!(drifts(&row, true) && !drifts(&row, false));
}

#[test]
fn an_unreachable_host_is_told_after_so_many_runs_and_once() {
    let hosts: Vec<UnreachableHost> = [("a", 1), ("b", 2), ("c", 3)]
        .map(|(host, runs)| UnreachableHost {
            host: host.to_owned(),
            runs,
        })
        .into();
    let row = failed();
    let run = EndedRun {
        row: &row,
        earlier: &[],
        knows_earlier: true,
        longer: None,
        was_lost: false,
        would_change: false,
        unreachable: &hosts,
    };
    let rule = rule(&[Trigger::Unreachable]);
    let fired = of_end(&run, &rule);
    assert_eq!(fired, [Trigger::Unreachable]);
    assert_eq!(detail_of_end(&run, &rule, &fired).unreachable, hosts[1..2]);
}

#[test]
fn what_is_broken_tells_since_when() {
    let detail = |row: &ExecutionRow, before: &str| {
        let run = EndedRun {
            row,
            earlier: &earlier(before),
            knows_earlier: true,
            longer: None,
            was_lost: false,
            would_change: false,
            unreachable: &[],
        };
        let detail = detail_of_end(&run, &rule(&[Trigger::Failed]), &[]);
        (
            detail.broken_since.map(|(id, _)| id.as_u128()),
            detail.failures_in_row,
        )
    };
    assert_eq!(detail(&failed(), "+"), (Some(1), Some(1)));
    assert_eq!(detail(&failed(), "--+-"), (Some(101), Some(3)));
    assert_eq!(detail(&succeeded(), "--+"), (Some(101), Some(2)));
    assert_eq!(detail(&succeeded(), "+"), (None, None));
}

#[test]
fn failures_count_however_far_they_reach_back() {
    let row = failed();
    let earlier = earlier(&"-".repeat(60));
    let of = |runs| {
        let run = EndedRun {
            row: &row,
            earlier: &earlier,
            knows_earlier: true,
            longer: Some(FailuresInRow {
                runs,
                first: (Uuid::from_u128(7), 5),
            }),
            was_lost: false,
            would_change: false,
            unreachable: &[],
        };
        let rule = rule(&[Trigger::StillBroken]);
        let detail = detail_of_end(&run, &rule, &[]);
        assert_eq!(detail.broken_since, Some((Uuid::from_u128(7), 5)));
        assert_eq!(detail.failures_in_row, Some(runs + 1));
        !of_end(&run, &rule).is_empty()
    };
    assert!(of(300) && of(303));
    assert!(!of(301) && !of(302));
}

#[test]
fn a_run_that_was_not_lost_after_all_recovered() {
    let row = succeeded();
    let earlier = earlier("++");
    let run = EndedRun {
        row: &row,
        earlier: &earlier,
        knows_earlier: true,
        longer: None,
        was_lost: true,
        would_change: false,
        unreachable: &[],
    };
    let fired = of_end(&run, &rule(&[Trigger::Broke, Trigger::Recovered]));
    assert_eq!(fired, [Trigger::Recovered]);
}

#[test]
fn a_regular_playbook_is_expected_again() {
    const HOUR: i64 = 3_600_000_000;
    let expected = |hours: &[i64]| {
        let started: Vec<i64> = hours.iter().map(|hour| -hour * HOUR).collect();
        expected_by(&started).map(|at| at as f64 / HOUR as f64)
    };
    assert_eq!(expected(&[0, 24, 48, 72, 96, 120, 144]), Some(30.0));
    assert_eq!(expected(&[0, 24, 48, 72]), None, "too few");
    // Weekdays: from Friday to Monday nobody is surprised, and on Tuesday everybody.
    let weekdays = [0, 24, 48, 72, 96, 168, 192, 216, 240, 264];
    assert_eq!(expected(&weekdays), Some(78.0));
    // A night that was missed says nothing about the next ones, nor does an outage of a week.
    let nights = |gap: i64| -> Vec<i64> {
        let nights = (0..15).map(|night| night * 24);
        nights
            .map(|hour| if hour > 96 { hour + gap } else { hour })
            .collect()
    };
    assert_eq!(expected(&nights(24)), Some(30.0));
    assert_eq!(expected(&nights(7 * 24)), Some(30.0));
    // What is missing twice is the rule.
    let mut holidays = nights(24);
    holidays.iter_mut().skip(10).for_each(|hour| *hour += 24);
    assert_eq!(expected(&holidays), Some(54.0));
    assert_eq!(expected(&[0, 1, 30, 31, 200, 201, 900]), None, "irregular");
    let minutes: Vec<i64> = (0..10).map(|at| -at * 60_000_000).collect();
    assert_eq!(expected_by(&minutes), None, "programs call it");
    assert_eq!(expected_by(&[]), None);
}
