//! Properties of the planner: what it removes, what it never removes, and that a second cleanup removes nothing.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Limits, LogState, Scope};

const NOW: i64 = 100 * DAY_US;

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (
        0..40_i64,
        0..8_i64,
        0..4_u32,
        0..3_u8,
        0..6_u64,
        any::<[bool; 4]>(),
    );
    prop::collection::vec(one, 0..40).prop_map(|all| {
        let mut all: Vec<Candidate> = all
            .into_iter()
            .enumerate()
            .map(
                |(key, (started, took, playbook, status, size, [pinned, adhoc, label, gone]))| {
                    let started_us = NOW - started * DAY_US;
                    Candidate {
                        key: key as i64,
                        id: Uuid::from_u128(key as u128),
                        status: Status::ALL[usize::from(status)],
                        r#type: match adhoc {
                            true => ExecutionType::Adhoc,
                            false => ExecutionType::Playbook,
                        },
                        playbook: Some(format!("plays/p{playbook}.yml")),
                        playbook_name: Some(format!("p{playbook}.yml")),
                        labels: if label {
                            vec!["l".to_owned()]
                        } else {
                            Vec::new()
                        },
                        started_us,
                        ended_us: Some(started_us + took * DAY_US / 4),
                        arrived_us: None,
                        results: 1,
                        log: LogState {
                            payload_bytes: (!gone).then_some(size * 100),
                            payload_removed_us: gone.then_some(1),
                        },
                        is_pinned: pinned && key % 3 == 0,
                    }
                },
            )
            .collect();
        all.sort_by_key(|one| std::cmp::Reverse((one.started_us, one.key)));
        all
    })
}

fn rules() -> impl Strategy<Value = Vec<RetentionRule>> {
    let rule = (
        (0..3_u8, any::<bool>(), 0..3_u8),
        prop::option::of(1..40_u32),
        prop::option::of(1..10_u64),
        prop::option::of(1..2000_u64),
        prop::option::of(1..40_u32),
        0..4_u64,
    );
    let rule = rule.prop_map(
        |((playbook, label, status), days, runs, bytes, payload, least)| RetentionRule {
            scope: Scope {
                playbook: ["p1.yml", "plays/p2.yml"]
                    .get(usize::from(playbook))
                    .map(|name| (*name).to_owned()),
                label: label.then(|| "l".to_owned()),
                status: [Status::Success, Status::Failed]
                    .get(usize::from(status))
                    .copied(),
                ..Scope::default()
            },
            limits: Limits {
                keep_days: days,
                keep_runs: runs,
                keep_bytes: bytes,
                keep_payload_days: payload,
                keep_at_least: least,
            },
        },
    );
    prop::collection::vec(rule, 0..3)
}

fn judged(rules: &[RetentionRule], all: &[Candidate]) -> Vec<Verdict> {
    let mut planner = Planner::new(rules, NOW);
    all.iter().map(|one| planner.judge(one)).collect()
}

/// What is left after applying the verdicts.
fn applied(all: &[Candidate], verdicts: &[Verdict]) -> Vec<Candidate> {
    let left = all.iter().zip(verdicts).filter_map(|(one, verdict)| {
        let mut one = one.clone();
        match verdict {
            Verdict::Remove => return None,
            Verdict::RemovePayload => {
                one.log = LogState {
                    payload_bytes: Some(0),
                    payload_removed_us: Some(NOW),
                };
            }
            _ => {}
        }
        Some(one)
    });
    left.collect()
}

proptest! {
    #[test]
    fn rules_remove_what_they_say_and_nothing_more(all in candidates(), rules in rules()) {
        let verdicts = judged(&rules, &all);
        for (one, verdict) in all.iter().zip(&verdicts) {
            let goes = matches!(verdict, Verdict::Remove | Verdict::RemovePayload);
            prop_assert!(!(goes && (one.is_pinned || one.status == Status::Running)));
            let rule = rules.iter().find(|rule| matches(&rule.scope.conditions(), one));
            prop_assert!(!goes || rule.is_some_and(|rule| rule.limits.remove_something()));
            prop_assert!(*verdict != Verdict::RemovePayload || !one.log.is_removed());
        }
        for (index, rule) in rules.iter().enumerate() {
            let is_of = |one: &&(&Candidate, &Verdict)| {
                one.0.status != Status::Running
                    && rules.iter().position(|rule| matches(&rule.scope.conditions(), one.0)) == Some(index)
            };
            let pairs: Vec<(&Candidate, &Verdict)> = all.iter().zip(&verdicts).collect();
            let covered: Vec<_> = pairs.iter().filter(is_of).collect();
            // Each playbook's minimum, newest first, is kept whole.
            let mut of: HashMap<(bool, Option<&String>), u64> = HashMap::new();
            for (one, verdict) in &covered {
                let is_adhoc = one.r#type == ExecutionType::Adhoc;
                let name = one.playbook.as_ref().filter(|_| !is_adhoc);
                let count = of.entry((is_adhoc, name)).or_default();
                *count += 1;
                if *count <= rule.limits.keep_at_least {
                    prop_assert_eq!(**verdict, Verdict::Keep);
                }
            }
            // Without a minimum and pins, the rest is within the limits.
            if rule.limits.keep_at_least > 0 || all.iter().any(|one| one.is_pinned) {
                continue;
            }
            let left = covered.iter().filter(|(_, verdict)| **verdict != Verdict::Remove);
            let left: Vec<&Candidate> = left.map(|(one, _)| *one).collect();
            let is_within = |days: u32, one: &Candidate| {
                NOW - one.ended_us.unwrap() <= i64::from(days) * DAY_US
            };
            if let Some(most) = rule.limits.keep_runs {
                prop_assert!(left.len() as u64 <= most);
            }
            if let Some(days) = rule.limits.keep_days {
                prop_assert!(left.iter().all(|one| is_within(days, one)));
            }
            let bytes = covered.iter().filter(|(_, verdict)| **verdict == Verdict::Keep);
            let bytes: u64 = bytes.filter_map(|(one, _)| one.log.payload_bytes).sum();
            if let Some(most) = rule.limits.keep_bytes {
                prop_assert!(bytes <= most);
            }
            if let Some(days) = rule.limits.keep_payload_days {
                let kept = covered.iter().filter(|(_, verdict)| **verdict == Verdict::Keep);
                let mut logs = kept.filter(|(one, _)| !one.log.is_removed());
                prop_assert!(logs.all(|(one, _)| is_within(days, one)));
            }
        }
    }

    #[test]
    fn the_same_rules_again_remove_nothing_more(all in candidates(), rules in rules()) {
        let left = applied(&all, &judged(&rules, &all));
        let again = judged(&rules, &left);
        let goes = |verdict: &Verdict| matches!(verdict, Verdict::Remove | Verdict::RemovePayload);
        prop_assert!(!again.iter().any(goes), "{again:?}");
    }
}

#[test]
fn an_unlimited_rule_keeps_what_falls_under_it() {
    let rule = |label: Option<&str>, days| RetentionRule {
        scope: Scope {
            label: label.map(str::to_owned),
            ..Scope::default()
        },
        limits: Limits {
            keep_days: days,
            ..Limits::default()
        },
    };
    let rules = [rule(Some("release"), None), rule(None, Some(30))];
    let one = |label: &str, age: i64| Candidate {
        key: 1,
        id: Uuid::nil(),
        status: Status::Success,
        r#type: ExecutionType::Playbook,
        playbook: None,
        playbook_name: None,
        labels: vec![label.to_owned()],
        started_us: NOW - 90 * DAY_US,
        ended_us: Some(NOW - age),
        arrived_us: None,
        results: 0,
        log: LogState::default(),
        is_pinned: false,
    };
    let all = [
        one("release", 40 * DAY_US),
        one("nightly", 30 * DAY_US),
        one("nightly", 30 * DAY_US + 1),
    ];
    let expected = [Verdict::Keep, Verdict::Keep, Verdict::Remove];
    assert_eq!(
        judged(&rules, &all),
        expected,
        "the end counts, to the moment"
    );
}
