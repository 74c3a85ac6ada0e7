//! Targets through the API, the command line and the configuration file; the log of what they were sent.

use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{KEY, bad, collector, config, delivered, good, log, set, webhook};
use crate::harness::{API, Answer, Client, Collector, Setup, eventually};

const SECRET: &str = "hunter2-hunter2";

#[test]
pub(crate) fn a_target_is_set_shown_without_secrets_changed_and_removed() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let url = format!("{}?key={SECRET}", receiver.url());
    let rules = json!([{ "on": ["broke", "recovered"], "query": "label:nightly" }]);
    let settings =
        json!({ "kind": "webhook", "url": url, "rules": rules, "headers": { "x-key": SECRET } });
    let answer = set(&client, "ops", &settings);
    assert_eq!(answer.status, 201, "{answer:?}");
    let made = answer.json();
    assert!(
        made["signing_secret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
    let shown = client.api("/notifications/targets/ops").ok();
    assert_eq!(shown["address"], format!("http://{}", receiver.address()));
    assert_eq!(shown["state"], "on");
    assert_eq!(
        shown["secrets"],
        json!(["url", "headers", "signing_secrets"])
    );
    assert_eq!(
        shown["settings"]["rules"][0]["on"],
        json!(["broke", "recovered"])
    );
    assert!(shown.get("signing_secret").is_none());

    // What is shown can be set again: the secrets stay.
    let mut changed = shown["settings"].clone();
    changed["enabled"] = json!(false);
    let answer = set(&client, "ops", &changed);
    assert_eq!(answer.status, 200, "{answer:?}");
    let again = answer.json();
    assert_eq!(again["secrets"], shown["secrets"]);
    assert_eq!(again["state"], "disabled");
    assert!(again.get("signing_secret").is_none());

    let list = client.api("/notifications/targets").ok();
    assert_eq!(list["targets"].as_array().unwrap().len(), 1);
    let trail = client.api("/audit?object=target:ops").ok();
    for text in [&shown, &again, &list, &trail] {
        assert!(!text.to_string().contains(SECRET), "{text}");
    }
    let file = std::fs::read(collector.database_file()).unwrap_or_default();
    assert!(
        !file
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes())
    );

    let path = format!("{API}/notifications/targets/ops");
    assert_eq!(client.send("DELETE", &path, &[], b"").status, 204);
    client
        .send("DELETE", &path, &[], b"")
        .error(404, "not_found");
    client
        .api("/notifications/targets/ops")
        .error(404, "not_found");
    let trail = client.api("/audit?object=target:ops").ok();
    let entries = trail["entries"].as_array().unwrap();
    let actions: Vec<&Value> = entries.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(
        actions,
        ["remove_target", "set_target", "set_target"],
        "{trail}"
    );
}

#[test]
fn what_is_wrong_with_settings_is_named_and_nothing_is_set() {
    let collector = collector("");
    let client = collector.client();
    let url = "https://hooks.example.org/a";
    let rules = json!([{ "on": ["broke"] }]);
    let with = |more: Value| {
        let mut settings = json!({ "kind": "webhook", "url": url, "rules": rules });
        let all = settings.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        settings
    };
    for (settings, says) in [
        (json!({}), "missing field `kind`"),
        (
            json!({ "kind": "pigeon" }),
            "kind: expected one of `webhook`",
        ),
        (json!({ "kind": "slack" }), "url is missing"),
        (with(json!({ "adress": 1 })), "unknown field `adress`"),
        (
            with(json!({ "url": "ftp://a/b" })),
            "url: it must be https://",
        ),
        (
            with(json!({ "url": "https://u:p@a/b" })),
            "url: it must be https://",
        ),
        (with(json!({ "url": "http://10.0.0.1/" })), "allow_networks"),
        (with(json!({ "url": "http://[::1]/" })), "allow_networks"),
        (
            with(json!({ "url": "http://169.254.169.254/" })),
            "link-local",
        ),
        (
            with(json!({ "rules": [{ "on": [] }] })),
            "rules[0].on is empty",
        ),
        (
            with(json!({ "rules": [{ "on": ["exploded"] }] })),
            "rules[0].on[0]: expected one of",
        ),
        (
            with(json!({ "rules": [{ "on": ["broke"], "query": "colour:red" }] })),
            "rules[0].query:",
        ),
        (
            with(json!({ "rules": [{ "on": ["broke"], "still_broken_every": 0 }] })),
            "still_broken_every = 0",
        ),
        (
            with(json!({ "quiet": [{ "from": "9", "to": "10:00" }] })),
            "quiet: from",
        ),
        (with(json!({ "max_per_hour": 0 })), "max_per_hour = 0"),
        (
            with(json!({ "signing_secrets": ["short"] })),
            "signing_secrets: a signing secret is",
        ),
        (
            with(json!({ "room": "!a:b" })),
            "room is not for a target of kind webhook",
        ),
        (
            with(json!({ "headers": { "webhook-id": "1" } })),
            "set by Playback itself",
        ),
        (
            with(json!({ "headers": { "x": "a\nb" } })),
            "must be one line",
        ),
        (
            json!({ "kind": "matrix", "url": url, "token": "t" }),
            "room is missing",
        ),
        (
            json!({ "kind": "matrix", "url": url, "token": "t", "room": "#ops:example.org" }),
            "give the room's id, such as !abc:example.org",
        ),
        (json!({ "kind": "pagerduty" }), "token is missing"),
        (
            json!({ "kind": "pagerduty", "token": "t", "digest_minutes": 5 }),
            "digest_minutes and quiet are not for pagerduty",
        ),
        (
            json!({ "kind": "mail", "server": "mail", "from": "a@b.example" }),
            "to is missing",
        ),
        (
            json!({ "kind": "mail", "server": "mail", "from": "a@b.example", "to": ["nobody"] }),
            "no mail address",
        ),
        (
            json!({ "kind": "mail", "server": "10.0.0.1", "from": "a@b.example", "to": ["c@d.example"] }),
            "server: 10.0.0.1 is an address of a private network",
        ),
        (
            json!({ "kind": "mail", "server": "[::1]", "from": "a@b.example", "to": ["c@d.example"] }),
            "allow_networks",
        ),
        (
            json!({ "kind": "mail", "server": "127.1.1", "from": "a@b.example", "to": ["c@d.example"] }),
            "allow_networks",
        ),
        (
            json!({ "kind": "template", "url": url, "body": "{{ title" }),
            "the template body",
        ),
        (
            json!({ "kind": "template", "url": url, "body": "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}" }),
            "too many steps",
        ),
    ] {
        let message = set(&client, "ops", &settings).error(400, "bad_request");
        assert!(message.contains(says), "{settings}: {message}");
        assert!(!message.contains("u:p"), "{message}");
    }
    for name in ["-a", "a b", "a%2Fb", &"n".repeat(101)] {
        let message = set(&client, &name.replace(' ', "%20"), &with(json!({})));
        let message = message.error(400, "bad_request");
        assert!(message.contains("the name"), "{message}");
    }
    let list = client.api("/notifications/targets").ok();
    assert_eq!(list["targets"], json!([]));
    let token = collector.create_token(&["read", "run", "ingest"]);
    let other = collector.client_with(Some(&token));
    other.api("/notifications/targets").error(403, "forbidden");
    set(&other, "ops", &with(json!({}))).error(403, "forbidden");
}

#[test]
fn a_new_target_does_not_take_the_place_of_one_that_there_is() {
    let collector = collector("");
    let client = collector.client();
    let add = |kind: &str, precondition: &str| {
        let settings = json!({ "kind": kind, "url": "https://a.example/b" }).to_string();
        let path = format!("{API}/notifications/targets/ops");
        let headers = [("if-none-match", precondition)];
        client.send("PUT", &path, &headers, settings.as_bytes())
    };
    let message = add("slack", "\"1\"").error(400, "bad_request");
    assert!(message.contains("If-None-Match"), "{message}");
    assert_eq!(add("slack", "*").status, 201);
    let message = add("teams", "*").error(412, "precondition_failed");
    assert!(message.starts_with("name: a target named \"ops\" exists"));
    let shown = client.api("/notifications/targets/ops").ok();
    assert_eq!(shown["settings"]["kind"], "slack");
    let trail = client.api("/audit?object=target:ops").ok();
    assert_eq!(trail["entries"].as_array().unwrap().len(), 1, "{trail}");
}

#[test]
fn a_change_of_a_target_does_not_bring_back_one_that_was_removed() {
    let collector = collector("");
    let client = collector.client();
    let path = format!("{API}/notifications/targets/ops");
    let put = |settings: Value, headers: &[(&str, &str)]| {
        client.send("PUT", &path, headers, settings.to_string().as_bytes())
    };
    let slack = || json!({ "kind": "slack", "url": "https://a.example/b" });
    let change = [("if-match", "*")];
    let is_missing = |answer: Answer| {
        let message = answer.error(412, "precondition_failed");
        assert!(message.contains("no target named \"ops\""), "{message}");
    };
    is_missing(put(slack(), &change));
    assert_eq!(put(slack(), &[]).status, 201);
    // Its secrets stay.
    assert_eq!(put(json!({ "kind": "slack" }), &change).status, 200);
    let other = [("if-match", "\"1\"")];
    let message = put(slack(), &other).error(400, "bad_request");
    assert!(message.starts_with("If-Match: it must be"), "{message}");
    let both = [("if-match", "*"), ("if-none-match", "*")];
    let message = put(slack(), &both).error(400, "bad_request");
    assert!(message.contains("leave out one of them"), "{message}");
    assert_eq!(client.send("DELETE", &path, &[], b"").status, 204);
    // Not that an address is missing: there is nothing that could have one.
    is_missing(put(json!({ "kind": "slack" }), &change));
    let list = client.api("/notifications/targets").ok();
    assert_eq!(list["targets"], json!([]));
    let trail = client.api("/audit?object=target:ops").ok();
    assert_eq!(trail["entries"].as_array().unwrap().len(), 3, "{trail}");
}

#[test]
fn a_secret_that_is_not_needed_any_more_is_removed_by_null() {
    let collector = collector("");
    let client = collector.client();
    let mail = json!({ "kind": "mail", "server": "mail.example.org", "from": "a@b.example", "to": ["c@d.example"] });
    let with = |more: Value| {
        let mut settings = mail.clone();
        let all = settings.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        settings
    };
    let login = with(json!({ "username": "u", "password": SECRET }));
    assert_eq!(
        set(&client, "mail", &login).json()["secrets"],
        json!(["password"])
    );
    // What is left out stays, and so does the password; alone it is of no use.
    let kept = set(&client, "mail", &with(json!({ "username": "v" }))).ok();
    assert_eq!(kept["secrets"], json!(["password"]));
    let message = set(&client, "mail", &mail).error(400, "bad_request");
    assert!(message.contains("--without password"), "{message}");
    let alone = with(json!({ "username": "u", "password": null }));
    let message = set(&client, "mail", &alone).error(400, "bad_request");
    assert!(message.contains("password is missing"), "{message}");
    let removed = set(&client, "mail", &with(json!({ "password": null }))).ok();
    assert_eq!(removed["secrets"], json!([]), "{removed}");

    // A webhook gets a new secret to sign with in the place of the one that is removed.
    let hook =
        json!({ "kind": "webhook", "url": "https://a.example/", "headers": { "x-key": SECRET } });
    let made = set(&client, "hook", &hook).json();
    let hook = json!({ "kind": "webhook", "headers": null, "signing_secrets": null });
    let removed = set(&client, "hook", &hook).ok();
    assert_eq!(removed["secrets"], json!(["url", "signing_secrets"]));
    assert!(removed["signing_secret"].is_string(), "{removed}");
    assert_ne!(removed["signing_secret"], made["signing_secret"]);
    let hook = json!({ "kind": "webhook", "url": null });
    let message = set(&client, "hook", &hook).error(400, "bad_request");
    assert!(message.contains("url is missing"), "{message}");
}

#[test]
fn without_a_key_no_secret_is_taken() {
    let with_key = collector("");
    let list = with_key.client().api("/notifications/targets").ok();
    assert_eq!(list["has_key"], true, "{list}");
    let collector = Collector::start();
    let client = collector.client();
    // It is said before anything is set.
    let list = client.api("/notifications/targets").ok();
    assert_eq!(list, json!({ "targets": [], "has_key": false }));
    let settings = json!({ "kind": "slack", "url": "https://hooks.example.org/a", "rules": [] });
    let message = set(&client, "ops", &settings).error(400, "bad_request");
    assert!(message.contains("playback notify key"), "{message}");
}

#[test]
fn secrets_are_read_after_the_key_was_changed_if_the_old_one_is_named() {
    let receiver = Receiver::start();
    let mut collector = collector("");
    let client = collector.client();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    collector.stop();
    let new = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=";
    let file = collector.folder().join("collector.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(KEY, new)).unwrap();
    collector.launch();
    let shown = client.api("/notifications/targets/ops").ok();
    assert!(shown.get("secrets").is_none(), "{shown}");
    bad("site.yml").deliver(&client);
    let waiting = eventually("a first attempt", || {
        let all = log(&client, "");
        all.first().filter(|one| one["attempts"] != 0).cloned()
    });
    assert!(
        waiting["error"].as_str().unwrap().contains("previous_keys"),
        "{waiting}"
    );
    assert_eq!(waiting["state"], "pending");
    collector.stop();
    let text = text.replace(KEY, new);
    let text = text.replace("key =", &format!("previous_keys = [\"{KEY}\"]\nkey ="));
    std::fs::write(&file, text).unwrap();
    collector.launch();
    assert_eq!(receiver.await_requests(1)[0].kind(), "run.failed");
    assert_eq!(delivered(&client, 1)[0]["state"], "delivered");
}

#[test]
pub(crate) fn what_was_sent_is_in_the_log_and_can_be_sent_again() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    receiver.reply(Reply::Status(400));
    let run = bad("site.yml");
    run.deliver(&client);
    let given_up = delivered(&client, 1);
    assert_eq!(given_up[0]["state"], "failed");
    assert_eq!(counts(&client), [0, 1]);
    assert_eq!(given_up[0]["execution"], json!(run.id));
    assert_eq!(given_up[0]["title"], "site.yml on prod failed");
    let id = given_up[0]["id"].as_str().unwrap();
    receiver.reply(Reply::Status(204));
    let path = format!("{API}/notifications/deliveries/{id}/redeliver");
    assert_eq!(client.send("POST", &path, &[], b"").status, 202);
    let both = receiver.await_requests(2);
    assert_eq!(both[0].header("webhook-id"), both[1].header("webhook-id"));
    assert_eq!(both[0].body, both[1].body);
    assert_eq!(both[1].line, "POST /hook");
    assert_eq!(delivered(&client, 1)[0]["state"], "delivered");
    assert_eq!(counts(&client), [0, 0]);
    let detail = client.api(&format!("/notifications/deliveries/{id}")).ok();
    assert_eq!(
        detail["request"],
        format!("POST http://{}", receiver.address())
    );
    assert_eq!(detail["body"], both[0].body);
    let attempts = detail["log"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{detail}");
    assert_eq!(attempts[0]["status"], 400);
    assert_eq!(attempts[0]["answer"], "said");
    assert_eq!(attempts[1]["status"], 204);
    assert_eq!(log(&client, "state=failed"), Vec::<Value>::new());
    assert_eq!(log(&client, "state=delivered&target=ops").len(), 1);
    assert_eq!(log(&client, &format!("execution={}", run.id)).len(), 1);
    client
        .api("/notifications/deliveries?target=nobody")
        .error(404, "not_found");
    client
        .api("/notifications/deliveries?state=lost")
        .error(400, "bad_request");
    let unknown = uuid::Uuid::now_v7();
    client
        .api(&format!("/notifications/deliveries/{unknown}"))
        .error(404, "not_found");
    // With the run, the messages about it are deleted.
    assert_eq!(client.delete(run.id).status, 204);
    assert_eq!(log(&client, ""), Vec::<Value>::new());
}

/// Messages of the target that wait, and that were given up: in the list, and beside the target itself.
fn counts(client: &Client) -> [Value; 2] {
    let list = client.api("/notifications/targets").ok();
    let target = client.api("/notifications/targets/ops").ok();
    let of = |target: &Value| ["pending", "failed"].map(|name| target[name].clone());
    assert_eq!(of(&list["targets"][0]), of(&target), "{list}");
    of(&target)
}

#[test]
fn messages_that_wait_are_counted() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    assert_eq!(counts(&client), [0, 0]);
    receiver.reply(Reply::Status(500));
    bad("site.yml").deliver(&client);
    eventually("a first attempt", || {
        log(&client, "")
            .first()
            .is_some_and(|one| one["attempts"] != 0)
            .then_some(())
    });
    assert_eq!(counts(&client), [1, 0]);
    receiver.reply(Reply::Status(204));
    delivered(&client, 1);
    assert_eq!(counts(&client), [0, 0]);
}

#[test]
fn an_example_is_sent_on_request_and_its_answer_is_shown() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([]));
    let path = format!("{API}/notifications/targets/ops/test");
    let tested = client.send("POST", &path, &[], b"").ok();
    assert_eq!(tested["delivery"]["state"], "delivered", "{tested}");
    let sent = receiver.await_requests(1);
    assert_eq!(sent[0].json()["data"]["test"], true);
    // After that, a real one.
    let run = bad("real.yml");
    run.deliver(&client);
    client.send("POST", &path, &[], b"").ok();
    let sent = receiver.await_requests(2);
    assert_eq!(sent[1].json()["data"]["run"]["id"], json!(run.id));
    assert_eq!(sent[1].json()["data"]["failures"][0]["message"], "no space");
    receiver.reply(Reply::Status(500));
    let tested = client.send("POST", &path, &[], b"").ok();
    assert_eq!(tested["delivery"]["state"], "failed");
    assert_eq!(tested["log"][0]["status"], 500);
    assert_eq!(receiver.received().len(), 3, "a test is not repeated");
    // It says nothing about how long the target is to be left alone.
    assert_eq!(client.api("/notifications/targets/ops").ok()["state"], "on");
}

#[test]
fn what_is_sent_again_is_sent_at_once_with_everything_that_waits() {
    // Nothing would be tried again within the time of a test.
    let config = config("").replace("retry_seconds = 0.05", "retry_seconds = 3000");
    let collector = Setup::default().config(&config).start();
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    let first = bad("first.yml");
    first.deliver(&client);
    delivered(&client, 1);
    receiver.reply(Reply::Status(503));
    bad("second.yml").deliver(&client);
    receiver.await_requests(2);
    eventually("the target to be left alone", || {
        let shown = client.api("/notifications/targets/ops").ok();
        (shown["state"] == "failing").then_some(())
    });
    bad("third.yml").deliver(&client);
    eventually("the third message", || {
        (log(&client, "").len() == 3).then_some(())
    });
    receiver.reply(Reply::Status(204));
    let id = log(&client, "")[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{API}/notifications/deliveries/{id}/redeliver");
    assert_eq!(client.send("POST", &path, &[], b"").status, 202);
    let all = delivered(&client, 3);
    assert!(all.iter().all(|one| one["state"] == "delivered"), "{all:?}");
    receiver.await_requests(5);
}

#[test]
fn stored_secrets_are_not_sent_to_another_server() {
    let collector = collector("");
    let client = collector.client();
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let mut settings = json!({
        "kind": "matrix", "url": receiver.url(), "token": SECRET, "room": "!ops:example.org", "rules": [],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    settings.as_object_mut().unwrap().remove("token");
    // Another path of the same server.
    settings["url"] = format!("{}/base", receiver.url()).into();
    assert_eq!(set(&client, "ops", &settings).status, 200);
    settings["url"] = other.url().into();
    let message = set(&client, "ops", &settings).error(400, "bad_request");
    assert!(message.contains("give token again"), "{message}");
    assert!(
        !message.contains(SECRET) && !message.contains("/hook"),
        "{message}"
    );
    let path = format!("{API}/notifications/targets/ops/test");
    client.send("POST", &path, &[], b"").ok();
    let sent = receiver.await_requests(1);
    assert!(
        sent[0].line.starts_with("PUT /hook/base/_matrix/"),
        "{sent:?}"
    );
    settings["token"] = "another".into();
    assert_eq!(set(&client, "ops", &settings).status, 200);
    client.send("POST", &path, &[], b"").ok();
    assert_eq!(
        other.await_requests(1)[0].header("authorization"),
        "Bearer another"
    );
}

#[test]
fn the_configuration_file_defines_targets_too() {
    let receiver = Receiver::start();
    let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let target = format!(
        "[notifications.targets.ops]\nkind = \"webhook\"\nurl = \"{}\"\nsigning_secrets = [\"{secret}\"]\n\
         rules = [{{ on = [\"broke\", \"recovered\", \"silent\"], query = \"playbook:site.yml\" }}]\n",
        receiver.url()
    );
    let mut collector = collector(&target);
    let client = collector.client();
    let shown = client.api("/notifications/targets/ops").ok();
    assert_eq!(shown["from_file"], true);
    set(
        &client,
        "ops",
        &json!({ "kind": "slack", "url": "https://a.example/b" }),
    )
    .error(409, "conflict");
    good("site.yml").deliver(&client);
    bad("site.yml").deliver(&client);
    assert_eq!(receiver.await_requests(1)[0].kind(), "run.broke");
    delivered(&client, 1);
    // The same file changes nothing; without the target, it is gone.
    collector.stop();
    collector.launch();
    let again = client.api("/notifications/targets/ops").ok();
    assert_eq!(again["changed"], shown["changed"]);
    collector.stop();
    std::fs::write(collector.folder().join("collector.toml"), config("")).unwrap();
    collector.launch();
    let list = client.api("/notifications/targets").ok();
    assert_eq!(list["targets"], json!([]));
    // Whoever changes the file is entered as such, once for each change.
    let trail = client.api("/audit?object=target:ops").ok();
    let entries = trail["entries"].as_array().unwrap();
    let told: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!([
                entry["action"],
                entry["actor"]["name"],
                entry["actor"]["via"]
            ])
        })
        .collect();
    let by = |action| json!([action, "configuration", "configuration"]);
    assert_eq!(told, [by("remove_target"), by("set_target")], "{trail}");
    assert!(!trail.to_string().contains(secret));
}

#[test]
fn a_configuration_that_cannot_be_used_says_which_target_is_wrong() {
    for (more, says) in [
        (
            "[notifications.targets.ops]\nkind = \"slack\"\n",
            "notifications.targets.ops: url is missing",
        ),
        (
            "[notifications.targets.ops]\nkind = \"webhook\"\nurl = \"https://a.example\"\n",
            "signing_secrets is missing",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("collector.toml");
        std::fs::write(&file, config(more)).unwrap();
        let done = std::process::Command::new(crate::harness::PLAYBACK)
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&file)
            .arg("--database")
            .arg(format!("sqlite://{}/playback.db", folder.path().display()))
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && text.contains(says), "{text}");
    }
}
