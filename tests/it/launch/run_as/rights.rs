//! What a run can and cannot access.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{FURTHER, NUMBER, USER, site, site_with, start};
use crate::ansible::{environments, newest};
use crate::harness::{Client, Collector};
use crate::launch::{GATED, Site, launch, launch_playbook, printed};

/// Runs a script on the collector's machine, as an ad-hoc command; what it printed.
#[track_caller]
fn shell(client: &Client, script: &str) -> (Value, String) {
    let body = json!({
        "hosts": "localhost", "module": "shell", "args": script,
        "extra_vars": { "ansible_python_interpreter": "auto_silent" },
    });
    let record = client.finished(launch(client, "/adhoc", &body));
    let text = printed(&record);
    (record, text)
}

#[test]
fn runs_are_the_users_and_their_records_are_whole() {
    for bin in environments() {
        let site = site_with(&bin, USER);
        site.playbook(
            "who.yml",
            "- hosts: web-01\n  gather_facts: false\n  tasks:\n    \
             - debug:\n        msg: \"pipe {{ lookup('pipe', 'id -u') }}\"\n    \
             - command: id -u\n",
        );
        let collector = start(&site);
        let client = collector.client();
        let (record, said) = shell(
            &client,
            "whoami; id -u; id -g; id -G; grep ^Cap /proc/self/status; echo $HOME $USER $LOGNAME $SHELL; pwd",
        );
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["events"]["complete"], true, "{record}");
        assert_eq!(record["user"], USER);
        let home = site.path("home").display().to_string();
        for line in [
            USER.to_owned(),
            NUMBER.to_string(),
            format!("{NUMBER} {FURTHER}"),
            "CapEff:\t0000000000000000".to_owned(),
            "CapPrm:\t0000000000000000".to_owned(),
            format!("{home} {USER} {USER} /bin/sh"),
            site.path("playbooks").display().to_string(),
        ] {
            assert!(said.lines().any(|said| said == line), "{line}: {said}");
        }
        let record = client.finished(launch_playbook(&client, "who.yml"));
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["events"]["complete"], true, "{record}");
        // The recorder was there, too.
        assert_eq!(record["events"]["missing"], Value::Null, "{record}");
        assert!(
            printed(&record).contains(&format!("pipe {NUMBER}")),
            "{record}"
        );
        let id: Uuid = record["id"].as_str().unwrap().parse().unwrap();
        let results = client.execution(id, "/results").ok();
        assert_eq!(results["results"].as_array().unwrap().len(), 2, "{results}");
        site.cleared(id);
    }
}

#[test]
fn a_group_can_be_named() {
    let site = site_with(&newest(), &format!("{USER}:playback-keys"));
    let collector = start(&site);
    let (_, said) = shell(&collector.client(), "id -u; id -g");
    let line = |text: u32| said.lines().any(|line| line == text.to_string());
    assert!(line(NUMBER) && line(FURTHER), "{said}");
}

/// Tries to read each of its arguments, and says which it could.
const TRY: &str = r#"for file in "$@"; do
    if [ -d "$file" ]; then ls "$file" > /dev/null 2>&1 && echo "READ $file"
    else head -c 1 "$file" > /dev/null 2>&1 && echo "READ $file"; fi
    if [ -e "$file" ] && [ -w "$file" ]; then echo "WRITE $file"; fi
done; true
"#;

/// Lists the open files of Ansible itself: the process that its workers come from.
const OPEN: &str = "- hosts: web-01\n  gather_facts: false\n  tasks:\n    \
    - debug:\n        msg: \"{{ lookup('pipe', 'ls -l /proc/$PPID/fd').splitlines() }}\"\n    \
    - debug:\n        msg: \"{{ lookup('pipe', 'tr \\\\0 \\\\n < /proc/$PPID/environ').splitlines() }}\"\n";

fn tried(site: &Site, collector: &Collector, paths: &[String]) -> String {
    let script = site.write("marks", "try.sh", TRY);
    let (record, said) = shell(
        &collector.client(),
        &format!(
            "sh {} {}; head -c 5 $PLAYBACK_TOKEN_FILE; echo; kill -0 {} || echo protected",
            script.display(),
            paths.join(" "),
            collector.pid()
        ),
    );
    assert_eq!(record["status"], "success", "{record}");
    assert!(said.contains("protected"), "{said}");
    said
}

#[test]
fn what_is_the_collectors_or_another_runs_is_closed_to_a_run() {
    let site = site().setting("max_running = 2");
    site.playbook("gate.yml", GATED);
    site.playbook("open.yml", OPEN);
    let collector = start(&site);
    let client = collector.client();
    let running = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let supervisor = site.supervisor(running);
    let folder = |id: Uuid, part: &str| {
        let folder = site.path("runs").join(id.to_string());
        folder.join(part).display().to_string()
    };
    let mut paths: Vec<String> = ["", "-wal", "-shm", ".lock", ".reserve"]
        .map(|end| format!("{}{end}", collector.database_file().display()))
        .into();
    paths.extend([
        collector
            .folder()
            .join("collector.toml")
            .display()
            .to_string(),
        site.path("runs").display().to_string(),
        folder(running, ""),
        folder(running, "command.json"),
        folder(running, "supervisor"),
        folder(running, "token"),
        folder(running, "spool"),
        format!("/proc/{}/environ", collector.pid()),
        format!("/proc/{}/fd", collector.pid()),
        format!("/proc/{supervisor}/environ"),
        format!("/proc/{supervisor}/fd"),
        format!("/proc/{supervisor}/mem"),
    ]);
    let said = tried(&site, &collector, &paths);
    assert!(!said.contains("READ") && !said.contains("WRITE"), "{said}");
    // What nothing was refused to read is there to be read.
    let own = site.path("playbooks/gate.yml").display().to_string();
    let said = tried(&site, &collector, std::slice::from_ref(&own));
    assert!(said.contains(&format!("READ {own}")), "{said}");

    let record = client.finished(launch_playbook(&client, "open.yml"));
    assert_eq!(record["status"], "success", "{record}");
    let text = printed(&record);
    assert!(
        text.contains("0 ->") && text.contains("/dev/null"),
        "{text}"
    );
    assert!(text.contains("PLAYBACK_URL="), "{text}");
    for closed in [
        "playback.db",
        "collector.toml",
        "/supervisor",
        "/token\"",
        "PLAYBACK_DATABASE",
        "PLAYBACK_TOKEN=",
    ] {
        let found = text.lines().find(|line| line.contains(closed));
        let own = |line: &str| line.contains("/secrets/token");
        assert!(found.is_none_or(own), "{closed}: {found:?}");
    }
    site.make("go");
    assert_eq!(client.finished(running)["status"], "success");
}

#[test]
fn the_secrets_of_a_run_that_waits_are_closed_too() {
    let site = site();
    site.playbook(
        "gate.yml",
        &GATED.replace("- name: Begin\n", "- name: Begin\n      vars: { x: 1 }\n"),
    );
    let site = site.setting("max_running = 1");
    let collector = start(&site);
    let client = collector.client();
    let running = launch_playbook(&client, "gate.yml");
    site.reached("began-run");
    let body = json!({
        "playbook": "gate.yml", "inventory": "prod", "extra_vars": { "gate": "second" },
        "vault_password": "marker-of-a-vault",
    });
    let waiting = launch(&client, "/playbooks/run", &body);
    let secrets = site.path("runs").join(waiting.to_string()).join("secrets");
    let owner = || {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(&secrets).unwrap().uid()
    };
    assert_eq!(owner(), 0);
    site.make("go");
    for id in [running, waiting] {
        let record = client.finished(id);
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["events"]["complete"], true, "{record}");
        site.cleared(id);
    }
}

#[test]
fn vault_passwords_keys_and_replays_are_the_users_to_read() {
    let site = site();
    site.playbook(
        "vault.yml",
        "- hosts: all\n  gather_facts: false\n  tasks:\n    \
         - debug:\n        msg: \"{{ lookup('unvault', 'sealed.txt') }} and {{ word }}\"\n    \
         - fail:\n      when: inventory_hostname == 'web-02' and not again | default(false)\n",
    );
    let plain = site.write("playbooks", "sealed.txt", "opened");
    let password = site.write("keys", "password", "marker");
    let sealed = std::process::Command::new(newest().join("ansible-vault"))
        .args(["encrypt", "--vault-password-file"])
        .args([&password, &plain])
        .output()
        .unwrap();
    assert!(sealed.status.success(), "{sealed:?}");
    super::open(&plain, 0o644);
    std::fs::remove_file(password).unwrap();
    let collector = start(&site);
    let client = collector.client();
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----";
    let body = json!({
        "playbook": "vault.yml", "inventory": "prod", "extra_vars": { "word": "given" },
        "vault_password": "marker", "private_key": key,
    });
    let id = launch(&client, "/playbooks/run", &body);
    let record = client.finished(id);
    assert!(printed(&record).contains("opened and given"), "{record}");
    assert_eq!(record["failed"], json!(["web-02"]), "{record}");
    let body = json!({
        "only_failed": true, "extra_vars": { "word": "anew", "again": true }, "vault_password": "marker",
        "private_key": key,
    });
    let again = launch(&client, &format!("/executions/{id}/replay"), &body);
    let record = client.finished(again);
    assert_eq!(record["status"], "success", "{record}");
    let stats = record["stats"].as_object().unwrap();
    assert_eq!(stats.keys().collect::<Vec<_>>(), ["web-02"], "{record}");
    site.cleared(again);
}

#[test]
fn a_command_that_is_not_there_is_told_as_without_another_user() {
    let site = site_with(std::path::Path::new("/nonexistent"), USER);
    site.playbook("gate.yml", GATED);
    let collector = start(&site);
    let client = collector.client();
    let id = launch_playbook(&client, "gate.yml");
    let record = client.finished(id);
    assert_eq!(record["reason"], "launch_error", "{record}");
    assert_eq!(record["exit_code"], 127, "{record}");
    let said = "/nonexistent/ansible-playbook: command not found";
    assert!(printed(&record).contains(said), "{record}");
    site.cleared(id);
}

#[test]
fn only_playbooks_that_the_user_can_read_are_listed() {
    let site = site();
    site.playbook("open.yml", GATED);
    super::open(&site.playbook("closed.yml", GATED), 0o600);
    let collector = start(&site);
    let listed = collector.client().api("/playbooks").ok();
    let names: Vec<&Value> = listed["playbooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|playbook| &playbook["name"])
        .collect();
    assert_eq!(names, ["open.yml"], "{listed}");
}
