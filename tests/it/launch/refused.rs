//! Invalid requests run nothing and leave no record.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{Site, post};
use crate::harness::{Client, Collector};

const NOTHING: &str = "- hosts: all\n  gather_facts: false\n  tasks: []\n";

fn site() -> Site {
    let site = Site::new();
    site.playbook("site.yml", NOTHING);
    site
}

/// Asserts that a request is refused with this text in the message, and leaves nothing behind.
#[track_caller]
fn refused(client: &Client, path: &str, body: &Value, status: u16, code: &str, says: &str) {
    let message = post(client, path, body).error(status, code);
    assert!(message.contains(says), "{body}: {message}");
}

#[track_caller]
fn nothing_was_recorded(site: &Site, collector: &Collector) {
    let list = collector.client().api("/executions").ok();
    assert_eq!(list["executions"], json!([]));
    let left = std::fs::read_dir(site.path("runs")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn no_field_can_carry_an_option_a_file_or_a_template() {
    let site = site();
    let collector = site.start();
    let client = collector.client();
    let bad: [(&str, &[Value]); 7] = [
        (
            "limit",
            &[
                json!("-x"),
                json!("--list-hosts"),
                json!("@/etc/passwd"),
                json!("web-01,@/etc/passwd"),
                json!("web-01:@x"),
                json!("{{ lookup('pipe', 'id') }}"),
                json!("a\nb"),
                json!("a\u{0}"),
            ],
        ),
        (
            "tags",
            &[json!(["-x"]), json!(["{{ x }}"]), json!("--list-tags")],
        ),
        ("skip_tags", &[json!(["--syntax-check"])]),
        (
            "become_user",
            &[
                json!("-u"),
                json!("root -x"),
                json!("$(id)"),
                json!("{{ x }}"),
            ],
        ),
        (
            "extra_vars",
            &[
                json!({ "a b": 1 }),
                json!({ "@/etc/passwd": 1 }),
                json!({ "-e": 1 }),
            ],
        ),
        ("labels", &[json!(["a\nb"]), json!(["x".repeat(300)])]),
        ("note", &[json!("a\u{0}")]),
    ];
    for (field, values) in bad {
        for value in values {
            let body = json!({ "playbook": "site.yml", field: value });
            refused(&client, "/playbooks/run", &body, 400, "bad_request", field);
        }
    }
    let adhoc: [(&str, &[&str]); 3] = [
        (
            "hosts",
            &[
                "--version",
                "-i/tmp/x",
                "@/etc/passwd",
                "all,@x",
                "",
                "{{ x }}",
            ],
        ),
        ("module", &["-m", "a b", "../x", "/tmp/x", "@x", ""]),
        ("args", &["a\u{0}b"]),
    ];
    for (field, values) in adhoc {
        for value in values {
            let mut body = json!({ "hosts": "all", "module": "ping" });
            body[field] = json!(value);
            refused(&client, "/adhoc", &body, 400, "bad_request", field);
        }
    }
    nothing_was_recorded(&site, &collector);
}

#[test]
fn names_stay_within_their_folders() {
    let site = site();
    std::fs::write(site.path("outside.yml"), NOTHING).unwrap();
    symlink(site.path("outside.yml"), site.path("playbooks/link.yml")).unwrap();
    symlink(site.path("home"), site.path("playbooks/linked")).unwrap();
    std::fs::write(site.path("home/in.yml"), NOTHING).unwrap();
    std::fs::create_dir(site.path("playbooks/folder")).unwrap();
    let collector = site.start();
    let client = collector.client();
    let absolute = site.path("playbooks/site.yml").display().to_string();
    for (name, says) in [
        ("../outside.yml", "below a configured folder"),
        ("folder/../../outside.yml", "below a configured folder"),
        ("./site.yml", "below a configured folder"),
        (absolute.as_str(), "below a configured folder"),
        ("link.yml", "leads out of"),
        ("linked/in.yml", "leads out of"),
        ("", "a name is needed"),
        ("-x.yml", "begins with"),
        ("a\u{0}b", "control character"),
    ] {
        let body = json!({ "playbook": name });
        refused(&client, "/playbooks/run", &body, 400, "bad_request", says);
        if !name.ends_with("site.yml") && !name.contains("link") {
            let body = json!({ "playbook": "site.yml", "inventory": name });
            refused(
                &client,
                "/playbooks/run",
                &body,
                400,
                "bad_request",
                "inventory",
            );
        }
    }
    let searched = site.path("playbooks").display().to_string();
    for name in ["missing.yml", "folder", "site.yml/x", "SITE.yml"] {
        let body = json!({ "playbook": name });
        refused(
            &client,
            "/playbooks/run",
            &body,
            404,
            "not_found",
            &searched,
        );
    }
    let searched = site.path("inventories").display().to_string();
    let body = json!({ "playbook": "site.yml", "inventory": "staging" });
    refused(
        &client,
        "/playbooks/run",
        &body,
        404,
        "not_found",
        &searched,
    );
    let body = json!({ "playbook": "site.yml", "private_key": "nobody" });
    refused(
        &client,
        "/playbooks/run",
        &body,
        404,
        "not_found",
        "private_key",
    );
    nothing_was_recorded(&site, &collector);
}

#[test]
fn a_request_must_be_understood_whole() {
    let site = site();
    let collector = site.start();
    let client = collector.client();
    let refuse = |path: &str, body: Value, says: &str| {
        refused(&client, path, &body, 400, "bad_request", says);
    };
    let run = "/playbooks/run";
    refuse(
        run,
        json!({ "playbook": "site.yml", "verbos": 1 }),
        "`verbos`",
    );
    refuse(
        run,
        json!({ "playbook": "site.yml", "hosts": "all" }),
        "`hosts`",
    );
    refuse("/adhoc", json!({ "hosts": "all", "tags": [] }), "`tags`");
    refuse(run, json!({}), "playbook");
    refuse("/adhoc", json!({ "module": "ping" }), "hosts");
    refuse(run, json!([]), "one JSON object");
    refuse(run, json!("site.yml"), "one JSON object");
    refuse(
        run,
        json!({ "playbook": "site.yml", "forks": "many" }),
        "forks",
    );
    refuse(run, json!({ "playbook": "site.yml", "forks": 0 }), "forks");
    refuse(
        run,
        json!({ "playbook": "site.yml", "verbosity": 9 }),
        "verbosity",
    );
    refuse(
        run,
        json!({ "playbook": "site.yml", "timeout": -1 }),
        "timeout",
    );
    refuse(
        run,
        json!({ "playbook": "site.yml", "timeout": 1e9 }),
        "timeout",
    );
    refuse(
        run,
        json!({ "playbook": "site.yml", "vault_password": "" }),
        "vault_password",
    );
    let message = post(
        &client,
        run,
        &json!({ "playbook": "site.yml", "vault_password": ["s3cret"] }),
    )
    .error(400, "bad_request");
    assert!(!message.contains("s3cret"), "{message}");
    let key = json!({ "playbook": "site.yml", "private_key": "x\ny s3cret" });
    let message = post(&client, run, &key).error(400, "bad_request");
    assert!(!message.contains("s3cret"), "{message}");
    let prefix = crate::harness::API;
    let answer = client.send("POST", &format!("{prefix}{run}"), &[], b"{\"playbook\": ");
    answer.error(400, "bad_request");
    nothing_was_recorded(&site, &collector);
}

#[test]
fn launching_needs_the_scope_run() {
    let site = site();
    let collector = site.start();
    let reader = collector.create_token(&["read", "ingest"]);
    let reader = collector.client_with(Some(&reader));
    let body = json!({ "playbook": "site.yml" });
    refused(&reader, "/playbooks/run", &body, 403, "forbidden", "run");
    let body = json!({ "hosts": "all" });
    refused(&reader, "/adhoc", &body, 403, "forbidden", "run");
    let id = uuid::Uuid::now_v7();
    for path in ["cancel", "replay"] {
        let path = format!("/executions/{id}/{path}");
        refused(&reader, &path, &json!({}), 403, "forbidden", "run");
        let message = post(&collector.client(), &path, &json!({})).error(404, "not_found");
        assert!(message.contains(&id.to_string()));
    }
    assert_eq!(
        reader.api("/playbooks").ok()["playbooks"][0]["name"],
        "site.yml"
    );
    nothing_was_recorded(&site, &collector);
}

#[test]
fn a_collector_launches_nothing_unless_it_is_told_to() {
    let collector = Collector::start();
    let client = collector.client();
    let body = json!({ "playbook": "site.yml" });
    refused(
        &client,
        "/playbooks/run",
        &body,
        403,
        "disabled",
        "[launcher]",
    );
    client.api("/playbooks").error(403, "disabled");
    client.api("/inventories").error(403, "disabled");
}

#[test]
fn playbooks_and_inventories_are_listed_by_the_names_that_requests_use() {
    let site = Site::new();
    let everything = "- name: Everything\n  hosts: all\n";
    site.playbook("site.yml", everything);
    site.playbook("web/deploy.yaml", "- import_playbook: ../site.yml\n");
    site.playbook("roles/r/tasks/main.yml", "- hosts: all\n");
    site.playbook("vars.yml", "a: 1\n");
    site.playbook("broken.yml", "- hosts: [\n");
    site.inventory("staging/hosts.ini", "a\n");
    site.inventory("staging/group_vars/all.yml", "x: 1\n");
    let collector = site.start();
    let client = collector.client();
    let list = client.api("/playbooks").ok();
    let playbooks = list["playbooks"].as_array().unwrap();
    let names: Vec<&Value> = playbooks.iter().map(|playbook| &playbook["name"]).collect();
    assert_eq!(names, ["site.yml", "web/deploy.yaml"]);
    assert_eq!(playbooks[0]["description"], "Everything");
    assert_eq!(playbooks[0]["size"], everything.len());
    assert!(playbooks[0]["modified"].is_string());
    let list = client.api("/inventories").ok();
    let names: Vec<&Value> = list["inventories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|inventory| &inventory["name"])
        .collect();
    assert_eq!(names, ["prod", "staging", "staging/hosts.ini"]);
}
