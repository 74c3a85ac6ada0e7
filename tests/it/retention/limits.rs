//! Each retention limit, alone and with others, and invalid limits.

use serde_json::json;

use super::{aged, begun, cleaned, cleanup, left, set, site};
use crate::builders::{Run, noise};
use crate::harness::{Client, Collector, Setup};

#[test]
pub(crate) fn by_age_as_documented() {
    let collector = Collector::start();
    let client = collector.client();
    let old = aged(31.0, site());
    let young = aged(29.0, site());
    // It began long ago, and goes on.
    let going = begun(40.0, site());
    // It began long ago, and has just come to its end.
    let mut long = begun(40.0, site()).after(20.0 * 86_400.0);
    long = long.ended(0);
    for run in [&old, &young, &going, &long] {
        run.deliver(&client);
    }
    let (would, gone) = cleaned(&client, &json!({ "retention_days": 30 }));
    assert_eq!(gone, set(&[&old]));
    assert_eq!(would["kept_running"], 1);
    assert!(would["bytes_freed"].as_u64().unwrap() > 100, "{would}");
    client.execution(old.id, "").error(404, "not_found");
    let (again, gone) = cleaned(&client, &json!({ "retention_days": 30 }));
    assert_eq!((again["deleted"].as_u64(), gone.len()), (Some(0), 0));

    // When it is over, it goes like others; and one that is gone does not come again.
    let ended = going.ended(2);
    ended.deliver(&client);
    assert_eq!(
        cleaned(&client, &json!({ "retention_days": 30 })).1,
        set(&[&ended])
    );
    for rest in [old.send_range(&client, 2..old.len()), old.send(&client)] {
        assert!(rest.error(410, "gone").contains("deleted"));
    }
    client.execution(old.id, "").error(404, "not_found");
}

/// A run whose log takes some 10 kB.
fn large(days: f64) -> Run {
    let text = noise(days.to_bits(), 13_500);
    begun(days, site()).output(&format!("{text}\n")).ended(0)
}

#[test]
pub(crate) fn every_limit_removes_what_it_says() {
    let collector = Collector::start();
    let client = collector.client();
    let deliver = |runs: &[&Run]| {
        for run in runs {
            run.deliver(&client);
        }
    };
    let clear = |client: &Client| {
        cleanup(client, &json!({ "keep_runs": 1 })).ok();
        for id in left(client) {
            assert_eq!(client.delete(id).status, 204);
        }
    };

    // By count, newest first; and a playbook's minimum stays.
    let rare = aged(90.0, json!({ "playbook": "plays/rare.yml" }));
    let adhoc = aged(80.0, json!({ "type": "adhoc", "module": "ping" }));
    let runs: Vec<Run> = (1..=5).map(|n| aged(f64::from(n), site())).collect();
    deliver(&runs.iter().chain([&rare, &adhoc]).collect::<Vec<_>>());
    let body = json!({ "keep_runs": 3, "keep_at_least": 1 });
    assert_eq!(cleaned(&client, &body).1, set(&[&runs[3], &runs[4]]));
    let body = json!({ "keep_runs": 3, "retention_days": 2, "keep_at_least": 2 });
    assert_eq!(
        cleaned(&client, &body).1,
        set(&[&runs[2]]),
        "any limit will do"
    );
    assert_eq!(
        cleaned(&client, &json!({ "keep_runs": 2 })).1,
        set(&[&rare, &adhoc])
    );
    clear(&client);

    // By bytes of the logs.
    let runs: Vec<Run> = (1..=4).map(|n| large(f64::from(n))).collect();
    deliver(&runs.iter().collect::<Vec<_>>());
    let (would, gone) = cleaned(&client, &json!({ "keep_bytes": "25kB" }));
    assert_eq!(gone, set(&[&runs[2], &runs[3]]));
    let freed = would["bytes_freed"].as_u64().unwrap();
    assert!((18_000..26_000).contains(&freed), "{would}");
    clear(&client);

    // Of some executions alone: by playbook, label, status and type.
    let named = |playbook: &str, label: &str| json!({ "type": "playbook", "playbook": playbook, "labels": [label] });
    let nightly = aged(9.0, named("plays/site.yml", "nightly"));
    let release = aged(9.0, named("plays/site.yml", "release"));
    let elsewhere = aged(9.0, named("other/site.yml", "release"));
    let failed = begun(9.0, named("web.yml", "release")).ended(2);
    let adhoc = aged(9.0, json!({ "type": "adhoc", "module": "ping" }));
    let all = [&nightly, &release, &elsewhere, &failed, &adhoc];
    deliver(&all);
    let of = |more: &[(&str, &str)]| {
        let mut body = json!({ "retention_days": 1 });
        for (name, value) in more {
            body[*name] = (*value).into();
        }
        body
    };
    let body = of(&[("label", "release"), ("playbook", "other/site.yml")]);
    assert_eq!(cleaned(&client, &body).1, set(&[&elsewhere]));
    assert_eq!(
        cleaned(&client, &of(&[("label", "nightly")])).1,
        set(&[&nightly])
    );
    assert_eq!(
        cleaned(&client, &of(&[("status", "failed")])).1,
        set(&[&failed])
    );
    assert_eq!(
        cleaned(&client, &of(&[("type", "adhoc")])).1,
        set(&[&adhoc])
    );
    assert_eq!(
        cleaned(&client, &of(&[("playbook", "site.yml")])).1,
        set(&[&release])
    );
}

#[test]
fn the_first_configured_rule_that_fits_decides() {
    let collector = Setup::default()
        .config(
            "[[retention]]\nlabel = \"release\"\n\n\
             [[retention]]\nstatus = \"failed\"\nkeep_days = 90\n\n\
             [[retention]]\nkeep_days = 30\nkeep_at_least = 1\n",
        )
        .start();
    let client = collector.client();
    let release = aged(
        200.0,
        json!({ "playbook": "site.yml", "labels": ["release"] }),
    );
    let failed = begun(60.0, site()).ended(2);
    let failed_long_ago = begun(100.0, site()).ended(2);
    let (old, older) = (aged(40.0, site()), aged(50.0, site()));
    for run in [&release, &failed, &failed_long_ago, &old, &older] {
        run.deliver(&client);
    }
    let (_, gone) = cleaned(&client, &json!({}));
    assert_eq!(gone, set(&[&failed_long_ago, &older]));
    // What is asked for goes by itself, whatever is configured.
    let (_, gone) = cleaned(&client, &json!({ "retention_days": 45 }));
    assert_eq!(gone, set(&[&release, &failed]));
}

#[test]
fn what_cannot_be_meant_is_refused_and_removes_nothing() {
    let collector = Collector::start();
    let client = collector.client();
    aged(100.0, site()).deliver(&client);
    let before = left(&client);
    for (body, says) in [
        (json!({}), "no rules of retention are configured"),
        (
            json!({ "dry_run": true }),
            "no rules of retention are configured",
        ),
        (
            json!({ "retention_days": 0 }),
            "retention_days = 0: it must be a positive number",
        ),
        (json!({ "retention_days": -1 }), "retention_days"),
        (json!({ "retention_days": 1.5 }), "retention_days"),
        (json!({ "retention_days": "30" }), "retention_days"),
        (json!({ "keep_runs": 0 }), "keep_runs = 0"),
        (
            json!({ "keep_bytes": "lots" }),
            "keep_bytes: \"lots\" is no size",
        ),
        (json!({ "keep_payload_days": 0 }), "keep_payload_days = 0"),
        (json!({ "keep_at_least": 3 }), "no limit says what goes"),
        (json!({ "playbook": "site.yml" }), "no limit says what goes"),
        (
            json!({ "retention_days": 1, "status": "running" }),
            "never removed",
        ),
        (json!({ "retention_days": 1, "status": "lost" }), "status"),
        (json!({ "retention_days": 1, "label": "" }), "label"),
        (json!({ "days": 1 }), "days"),
        (json!([30]), "one JSON object"),
    ] {
        let message = cleanup(&client, &body).error(400, "bad_request");
        assert!(message.contains(says), "{body}: {message}");
    }
    for scope in ["read", "run", "ingest"] {
        let token = collector.create_token(&[scope]);
        let body = json!({ "retention_days": 30 });
        let answer = cleanup(&collector.client_with(Some(&token)), &body);
        answer.error(403, "forbidden");
    }
    assert_eq!(left(&client), before);
}

#[test]
fn a_configuration_that_cannot_be_meant_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("collector.toml");
    let complaint = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let done = std::process::Command::new(crate::harness::PLAYBACK)
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&file)
            .env_clear()
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    for (text, says) in [
        ("[[retention]]\nkeep_days = 0", "keep_days = 0"),
        ("[[retention]]\nkeep_bytes = \"x\"", "keep_bytes"),
        ("[[retention]]\nkeep_dayz = 3", "keep_dayz"),
        ("retention_schedule = \"weekly\"", "daily HH:MM"),
        ("retention_schedule = \"hourly\"", "[[retention]]"),
        ("max_output_lines = 1", "max_output_lines"),
    ] {
        let complaint = complaint(text);
        assert!(complaint.contains(says), "{text}: {complaint}");
    }
}
