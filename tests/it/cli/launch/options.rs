//! Options of launched runs that are accepted or refused.

use std::process::Command;

use serde_json::{Value, json};

use super::super::{Ran, command, run};
use super::{DEPLOY, detached};
use crate::ansible::environments;
use crate::harness::{Collector, program};
use crate::launch::Site;
use crate::whole::first;

#[test]
fn its_options_are_ansibles_own() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    site.write("keys", "deploy", "-----BEGIN KEY-----\nnamed\n");
    let key = site.write("home", "key", "-----BEGIN KEY-----\nlocal\n");
    let collector = site.start();
    let local = key.display().to_string();
    let common = ["run", "deploy.yml", "-i", "prod", "-lweb-01,web-02"];
    let words = "-t say,more --tags break --skip-tags break -f 3 -vv -CD --become=false --timeout 60 \
                 --note CHG-1 --label a --label b --become-user nobody";
    let mut arguments = common.to_vec();
    arguments.extend(words.split(' '));
    let keys = [("deploy", "/keys/deploy"), (&local, "/secrets/private_key")];
    for (key, path) in first(1, keys) {
        let mut arguments = arguments.clone();
        arguments.extend(["--private-key", key]);
        let record = collector
            .client()
            .finished(detached(&collector, &arguments));
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["limit"], "web-01,web-02");
        let mut tags: Vec<&str> = record["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag.as_str().unwrap())
            .collect();
        // Ansible keeps them as a set.
        tags.sort_unstable();
        assert_eq!(tags, ["break", "more", "say"]);
        assert_eq!(record["skip_tags"], json!(["break"]));
        assert_eq!(record["forks"], 3);
        assert_eq!(record["verbosity"], 2);
        assert_eq!(
            (&record["check"], &record["diff"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(record["note"], "CHG-1");
        assert_eq!(record["labels"], json!(["a", "b"]));
        let argv = record["argv"].to_string();
        assert!(argv.contains(path), "{argv}");
        assert!(argv.contains("--become-user=nobody") && !argv.contains("--become\""));
        assert_eq!(record["stats"]["web-01"]["ok"], 1);
    }
}

#[test]
fn extra_variables_are_read_here_in_every_form_of_ansible() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        site.playbook(
            "vars.yml",
            "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - debug:\n        msg: \
             \"{{ [a, b, c, d, e, f, g, h, s, u] | to_json }}\"\n",
        );
        let collector = site.start();
        let password = site.write("home", "password", "open sesame\n");
        let password = password.display().to_string();
        let vaulted = Command::new(bin.join("ansible-vault"))
            .args(["encrypt_string", "--vault-password-file", &password])
            .args(["--name", "s", "hidden"])
            .env("HOME", site.path("home"))
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap();
        assert!(vaulted.status.success(), "{vaulted:?}");
        let vaulted = String::from_utf8(vaulted.stdout).unwrap();
        let yaml = format!("---\nd: 0644\ne: yes\nu: !unsafe '{{{{ x }}}}'\n{vaulted}\n");
        let yaml = site.write("home", "vars.yml", &yaml);
        let json = site.write("home", "vars.json", "{\"f\": {\"g\": \"yes\"}}");
        let ran = run(
            &collector,
            &[
                "run",
                "vars.yml",
                "-i",
                "prod",
                "-e",
                "a='one two' b=\"it's\"",
                "-e",
                "{\"c\": [1, true]}",
                "--extra-vars",
                "{g: on, h: first}",
                &format!("-e@{}", yaml.display()),
                "-e",
                &format!("@{}", json.display()),
                "-eh=last",
                "--vault-password-file",
                &password,
            ],
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        // The lines are JSON in JSON.
        let line = ran.stdout.lines().find(|line| line.contains("\"msg\":"));
        let text = line.unwrap().trim().strip_prefix("\"msg\": ").unwrap();
        let text: Value = serde_json::from_str(text).unwrap();
        let values: Value = match text.as_str() {
            Some(text) => serde_json::from_str(text).unwrap(),
            None => text,
        };
        assert_eq!(
            values,
            json!(["one two", "it's", [1, true], 420, true, { "g": "yes" }, true, "last", "hidden", "{{ x }}"])
        );
        let record = run(&collector, &["show", &ran.id().to_string(), "--json"]).stdout;
        assert!(!record.contains("open sesame"), "{record}");
    }
}

#[test]
fn the_vault_password_may_come_from_a_program() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    let collector = site.start();
    let file = site.path("home/password");
    std::fs::create_dir_all(site.path("home")).unwrap();
    program(&file, "#!/bin/sh\necho open sesame\n");
    let password = file.display().to_string();
    let arguments = ["run", "deploy.yml", "-i", "prod", "--vault-password-file"];
    let mut arguments = arguments.to_vec();
    arguments.push(&password);
    let ran = run(&collector, &arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Its password is stored nowhere, so that a replay needs it.
    let ran = run(&collector, &["replay", "latest"]);
    let told = ran.complaint(1);
    assert!(told.contains("must be given again"), "{told}");
    assert!(told.contains("--vault-password-file or -J"), "{told}");
    program(&file, "#!/bin/sh\nexit 3\n");
    let told = run(&collector, &arguments);
    assert!(told.complaint(1).contains("exit status: 3"), "{told:?}");
}

#[test]
fn what_cannot_be_run_is_told_with_the_next_step() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    let mut collector = site.start();
    let ran = run(&collector, &["run", "delpoy.yml"]);
    let told = ran.complaint(1);
    let folder = site.path("playbooks").display().to_string();
    assert!(
        told.contains("delpoy.yml") && told.contains(&folder),
        "{told}"
    );
    for (text, tells) in [
        ("hunter2", "key=value"),
        ("a='hunter2", "not closed"),
        ("{hunter2: [", "YAML"),
        ("vars.yml=", "extra_vars"),
    ] {
        let ran = run(&collector, &["run", "deploy.yml", "-e", text]);
        let code = if tells == "extra_vars" { 1 } else { 2 };
        let told = ran.complaint(code);
        assert!(told.contains(tells) && !told.contains("hunter2"), "{told}");
    }
    let ran = run(&collector, &["run", "deploy.yml", "-e", "@/nonexistent"]);
    assert!(ran.complaint(1).contains("/nonexistent"), "{ran:?}");
    for arguments in [
        &["run"][..],
        &["run", "deploy.yml", "-f", "many"],
        &["run", "deploy.yml", "--timeout", "0"],
        &["run", "deploy.yml", "-J", "--vault-password-file", "f"],
        &["replay", "latest", "--only-failed", "-l", "web-01"],
        &["cancel"],
    ] {
        let ran = run(&collector, arguments);
        assert!(ran.complaint(2).contains("--help"), "{ran:?}");
    }
    let ran = run(&collector, &["run", "deploy.yml", "-J"]);
    assert!(
        ran.complaint(1).contains("--vault-password-file"),
        "{ran:?}"
    );
    // Whoever may only read, and whoever may only run.
    let with = |scope: &str, arguments: &[&str]| {
        let token = collector.create_token(&[scope]);
        let mut command = command(&collector, arguments);
        Ran::from(command.env("PLAYBACK_TOKEN", token).output().unwrap())
    };
    let ran = with("read", &["run", "deploy.yml", "-i", "prod"]);
    assert!(ran.complaint(1).contains("--scope run"), "{ran:?}");
    let ran = with("run", &["run", "deploy.yml", "-i", "prod"]);
    assert_eq!(ran.code, 1);
    let told = &ran.stderr;
    assert!(
        told.contains("was launched") && told.contains("--scope read"),
        "{told}"
    );
    collector.client().finished(ran.id());
    collector.kill();
    let ran = run(&collector, &["run", "deploy.yml"]);
    assert!(ran.complaint(1).contains("cannot be reached"), "{ran:?}");
    let collector = Collector::start();
    let ran = run(&collector, &["run", "deploy.yml"]);
    assert!(ran.complaint(1).contains("[launcher]"), "{ran:?}");
}
