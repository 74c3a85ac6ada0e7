//! Who may make and change schedules, and what is refused.

use serde_json::{Value, json};

use super::{SHORT, create, delete, each_second, post, replace, schedule};
use crate::harness::Collector;
use crate::launch::Site;

fn nightly(name: &str) -> Value {
    json!({
        "name": name, "cron": "30 3 * * mon-fri", "zone": "Europe/Berlin", "jitter_seconds": 60,
        "run": { "playbook": "short.yml", "inventory": "prod", "extra_vars": { "a": "hunter2" } },
    })
}

#[test]
fn one_changes_ones_own_schedules_and_whoever_may_do_everything_all() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let client = |scopes: &[&str]| collector.client_with(Some(&collector.create_token(scopes)));
    let (ann, bob, reader) = (
        client(&["run", "read"]),
        client(&["run", "read"]),
        client(&["read"]),
    );
    let admin = collector.client();
    create(&ann, &nightly("anns"));
    for (path, body) in [
        ("/schedules", nightly("mine")),
        ("/schedules/anns/pause", json!({})),
    ] {
        post(&reader, path, &body).error(403, "forbidden");
    }
    let message = replace(&bob, "anns", &nightly("anns")).error(403, "forbidden");
    assert!(message.contains("belongs to token:test-"), "{message}");
    delete(&bob, "anns").error(403, "forbidden");
    post(&bob, "/schedules/anns/resume", &json!({})).error(403, "forbidden");
    // Everybody reads it, and whoever may not run it no values.
    assert_eq!(schedule(&bob, "anns")["run"]["extra_vars"]["a"], "hunter2");
    assert_eq!(
        schedule(&reader, "anns")["run"]["extra_vars"],
        json!({ "a": null })
    );
    assert!(!reader.api("/schedules").text.contains("hunter2"));

    let mut later = nightly("anns");
    later["cron"] = json!("0 5 * * *");
    let changed = replace(&ann, "anns", &later).ok();
    assert_eq!(changed["cron"], "0 5 * * *");
    let mut renamed = later.clone();
    renamed["name"] = json!("other");
    let message = replace(&ann, "anns", &renamed).error(400, "bad_request");
    assert!(message.contains("keeps its name"), "{message}");
    post(&admin, "/schedules/anns/pause", &json!({})).ok();
    // Whoever owns it resumes it; it is still hers.
    let resumed = post(&ann, "/schedules/anns/resume", &json!({})).ok();
    assert_eq!(resumed["owner"], changed["owner"]);
    assert_eq!(delete(&admin, "anns").status, 204);
    delete(&admin, "anns").error(404, "not_found");
    replace(&admin, "anns", &nightly("anns")).error(404, "not_found");
}

#[test]
fn without_tokens_everybody_of_this_machine_may() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let mut collector = site.start_without_auth();
    let client = collector.client_with(None);
    create(&client, &each_second("open", "short.yml"));
    super::had(&client, "open", "started");
    super::pause(&client, "open");
    // Where it serves with tokens again, nobody has allowed it.
    post(&client, "/schedules/open/resume", &json!({})).ok();
    collector.stop();
    let guarded = site.start_on::<1>(&collector.database());
    let admin = guarded[0].client();
    super::had(&admin, "open", "token_revoked");
    replace(&admin, "open", &each_second("open", "short.yml")).ok();
    assert!(schedule(&admin, "open").get("blocked").is_none());
    super::pause(&admin, "open");
}

#[test]
fn what_could_not_run_is_not_stored() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let client = collector.client();
    let with = |change: Value| {
        let mut asked = nightly("nightly");
        for (name, value) in change.as_object().unwrap() {
            match name.strip_prefix("run.") {
                Some(name) => asked["run"][name] = value.clone(),
                None => asked[name] = value.clone(),
            }
        }
        post(&client, "/schedules", &asked)
    };
    for (change, says) in [
        (json!({ "name": "a b" }), "name = \"a b\""),
        (json!({ "name": null }), "name = \"\""),
        (
            json!({ "cron": "61 * * * *" }),
            "cron: \"61 * * * *\" is not understood",
        ),
        (
            json!({ "cron": "0 0 30 2 *" }),
            "cron: \"0 0 30 2 *\" never comes",
        ),
        (
            json!({ "zone": "Europe/Berln" }),
            "zone: there is no time zone",
        ),
        (
            json!({ "zone": "europe/berlin" }),
            "did you mean Europe/Berlin?",
        ),
        (json!({ "overlap": "wait" }), "overlap"),
        (json!({ "missed": "twice" }), "missed"),
        (json!({ "jitter_seconds": 3601 }), "jitter_seconds = 3601"),
        (
            json!({ "description": "x".repeat(2001) }),
            "description is too long",
        ),
        (json!({ "every": "day" }), "unknown field `every`"),
        (json!({ "run": {} }), "run: it needs either a playbook"),
        (
            json!({ "run.hosts": "all" }),
            "run: it needs either a playbook",
        ),
        (
            json!({ "run.vault_password": "hunter2" }),
            "unknown field `vault_password`",
        ),
        (
            json!({ "run.private_key": "-----BEGIN KEY-----" }),
            "is not stored",
        ),
        (json!({ "run.limit": "{{ x }}" }), "limit"),
        (json!({ "run.forks": 0 }), "forks"),
        (
            json!({ "run.secrets": { "vault_password": "none" } }),
            "[launcher.secrets]",
        ),
    ] {
        let message = with(change.clone()).error(400, "bad_request");
        assert!(message.contains(says), "{change}: {message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    for change in [
        json!({ "run.playbook": "other.yml" }),
        json!({ "run.inventory": "other" }),
    ] {
        with(change).error(404, "not_found");
    }
    assert_eq!(client.api("/schedules").ok(), json!({ "schedules": [] }));
    create(&client, &nightly("nightly"));
    let message = with(json!({})).error(409, "conflict");
    assert!(message.contains("exists already"), "{message}");
    // What cannot run leaves a schedule as it was.
    let mut wrong = nightly("nightly");
    wrong["zone"] = json!("Nowhere");
    replace(&client, "nightly", &wrong).error(400, "bad_request");
    assert_eq!(schedule(&client, "nightly")["zone"], "Europe/Berlin");
}

#[test]
fn without_a_launcher_no_schedule_is_made() {
    let collector = Collector::start();
    let asked = nightly("nightly");
    let message = post(&collector.client(), "/schedules", &asked).error(403, "disabled");
    assert!(message.contains("[launcher]"), "{message}");
}
