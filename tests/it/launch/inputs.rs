//! Valid and invalid inputs for Ansible.

use std::process::Command;

use serde_json::{Map, Value, json};

use super::{Site, launch, printed, run};
use crate::ansible::{environments, newest};
use crate::harness::{Client, program};
use crate::whole::first;

const SAY: &str = "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug:\n        msg: \"{{ inventory_hostname }}\"\n";

fn run_on(client: &Client, playbook: &str, inventory: &str) -> Value {
    let body = json!({ "playbook": playbook, "inventory": inventory });
    client.finished(launch(client, "/playbooks/run", &body))
}

#[test]
fn an_inventory_may_be_a_directory_or_a_program() {
    let site = Site::new();
    site.playbook("say.yml", SAY);
    site.inventory("many/a.ini", "a ansible_connection=local\n");
    site.inventory("many/b.ini", "b ansible_connection=local\n");
    program(
        &site.path("inventories/dynamic"),
        "#!/bin/sh\necho '{\"all\": {\"hosts\": [\"d\"]}, \"_meta\": {\"hostvars\": {\"d\": {\"ansible_connection\": \"local\"}}}}'\n",
    );
    let collector = site.start();
    let client = collector.client();
    let hosts = |record: &Value| -> Vec<String> {
        record["stats"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let record = run_on(&client, "say.yml", "many");
    assert_eq!(hosts(&record), ["a", "b"], "{record}");
    let record = run_on(&client, "say.yml", "dynamic");
    assert_eq!(hosts(&record), ["d"], "{record}");
}

#[test]
fn what_ansible_refuses_is_told_with_its_exit_code() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        site.playbook("say.yml", SAY);
        site.playbook("empty.yml", "");
        site.playbook("broken.yml", "- hosts: all\n  tasks: [\n");
        site.playbook(
            "unknown.yml",
            "- hosts: all\n  gather_facts: false\n  tasks:\n    - no_such_module:\n",
        );
        let collector = site.start();
        let client = collector.client();
        let refused = [
            ("unknown.yml", "all", [4, 1]),
            ("say.yml", "nowhere", [1, 1]),
            ("broken.yml", "all", [4, 4]),
            ("empty.yml", "all", [1, 4]),
        ];
        for (playbook, limit, codes) in first(2, refused) {
            let body = json!({ "playbook": playbook, "inventory": "prod", "limit": limit });
            let record = client.finished(launch(&client, "/playbooks/run", &body));
            assert_eq!(record["status"], "failed", "{record}");
            assert_eq!(record["reason"], "ansible_error", "{record}");
            let code = record["exit_code"].as_i64().unwrap();
            assert!(codes.contains(&code), "{record}");
            assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
        }
        let body = json!({ "hosts": "nowhere", "inventory": "prod", "module": "ping" });
        let record = client.finished(launch(&client, "/adhoc", &body));
        assert_eq!(record["stats"], json!({}), "{record}");
        assert!(printed(&record).contains("nowhere"), "{record}");
    }
}

#[test]
fn vaulted_files_need_their_password() {
    let bin = newest();
    let site = Site::new();
    site.playbook(
        "vault.yml",
        "- hosts: web-01\n  gather_facts: false\n  vars_files: [vars/secret.yml]\n  tasks:\n    \
         - assert:\n        that: word == 'open sesame'\n",
    );
    let file = site.write("playbooks", "vars/secret.yml", "word: open sesame\n");
    let password = site.write("home", "password", "let me in\n");
    let encrypted = Command::new(bin.join("ansible-vault"))
        .arg("encrypt")
        .arg("--vault-password-file")
        .arg(&password)
        .arg(&file)
        .env("HOME", site.path("home"))
        .output()
        .unwrap();
    assert!(encrypted.status.success(), "{encrypted:?}");
    let collector = site.start();
    let client = collector.client();
    assert_eq!(run(&client, "vault.yml")["status"], "failed");
    for name in first(1, ["vault_pass", "vault_password"]) {
        let body = json!({ "playbook": "vault.yml", "inventory": "prod", name: "let me in" });
        let record = client.finished(launch(&client, "/playbooks/run", &body));
        assert_eq!(record["status"], "success", "{record}");
    }
    let body = json!({ "playbook": "vault.yml", "inventory": "prod", "vault_password": "wrong" });
    let record = client.finished(launch(&client, "/playbooks/run", &body));
    assert_eq!(record["status"], "failed", "{record}");
}

#[test]
fn extra_variables_keep_their_types_and_may_be_many() {
    let site = Site::new();
    site.playbook(
        "vars.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - assert:\n        that:\n          \
         - text == \"it's \\\"quoted\\\" ünïcode\"\n          - number == 7\n          - list[1].a == 2\n          \
         - v9999 == 'x'\n          - flag is sameas true\n",
    );
    let collector = site.start();
    let client = collector.client();
    let mut vars: Map<String, Value> = (0..10_000)
        .map(|number| (format!("v{number}"), json!("x")))
        .collect();
    vars.insert("text".into(), json!("it's \"quoted\" ünïcode"));
    vars.insert("number".into(), json!(7));
    vars.insert("list".into(), json!([1, { "a": 2 }]));
    vars.insert("flag".into(), json!(true));
    let body = json!({ "playbook": "vars.yml", "inventory": "prod", "extra_vars": vars });
    let record = client.finished(launch(&client, "/playbooks/run", &body));
    assert_eq!(record["status"], "success", "{}", printed(&record));
    let names = record["extra_var_names"].as_array().unwrap();
    assert_eq!(names.len(), 10_004);
}

#[test]
fn every_option_reaches_ansible() {
    let site = Site::new();
    site.playbook(
        "options.yml",
        "- hosts: all\n  gather_facts: false\n  tasks:\n    \
         - name: Tagged\n      debug:\n        msg: \"check={{ ansible_check_mode }} diff={{ ansible_diff_mode }} forks={{ ansible_forks }} v={{ ansible_verbosity }} limit={{ ansible_limit }} user={{ ansible_become_user | default('none') }}\"\n      tags: [one]\n    \
         - name: Other\n      debug:\n      tags: [two]\n    - name: Skipped\n      debug:\n      tags: [one, never_this]\n",
    );
    let collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "options.yml", "inventory": "prod", "limit": "web-01", "tags": "one", "skip_tags": ["never_this"],
        "check": true, "diff": true, "forks": 7, "verbose": 1,
    });
    let record = client.finished(launch(&client, "/playbooks/run", &body));
    assert_eq!(record["status"], "success", "{record}");
    let text = printed(&record);
    assert!(
        text.contains("check=True diff=True forks=7 v=1 limit=web-01"),
        "{text}"
    );
    assert!(
        !text.contains("TASK [Other]") && !text.contains("TASK [Skipped]"),
        "{text}"
    );
    assert_eq!(record["tags"], json!(["one"]));
    assert_eq!(record["verbosity"], 1);
    let words = record["argv"].to_string();
    assert!(words.contains("--skip-tags=never_this"), "{words}");
}
