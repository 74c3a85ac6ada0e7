//! `playback exec` around a script that runs Ansible: which process reports what.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::ansible::{environments, newest};
use crate::harness::{Collector, PLAYBACK, program};
use crate::whole::first;

struct Site {
    dir: TempDir,
    bin: PathBuf,
    collector: Collector,
}

impl Site {
    fn new(bin: PathBuf) -> Self {
        let site = Self {
            dir: TempDir::new().unwrap(),
            bin,
            collector: Collector::start(),
        };
        let config = format!(
            "[defaults]\ncallbacks_enabled = playback.history.recorder\nbin_ansible_callbacks = true\n\
             [callback_playback]\nurl = {}\ntoken = {}\nspool_dir = {}/spool\n",
            site.collector.url(),
            site.collector.token,
            site.dir.path().display()
        );
        site.write("ansible.cfg", &config);
        site.write(
            "hosts",
            "web ansible_connection=local\ndb ansible_connection=local\n",
        );
        for (name, host) in [("a.yml", "web"), ("b.yml", "db")] {
            site.write(
                name,
                &format!(
                    "- hosts: {host}\n  gather_facts: false\n  tasks: [{{debug: {{msg: hi}}}}]\n"
                ),
            );
        }
        site.write(
            "fails.yml",
            "- hosts: web\n  gather_facts: false\n  tasks: [{fail: {msg: no}}]\n",
        );
        site
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// Runs a command of a person's shell.
    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program)
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
            .env("HOME", self.dir.path())
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a script under `playback exec`.
    fn script(&self, script: &str) -> Output {
        self.run(PLAYBACK, &["exec", "--", "sh", "-c", script])
    }

    /// The records, oldest first.
    fn records(&self) -> Vec<Value> {
        let client = self.collector.client();
        let list = client.api("/executions?limit=100&order=asc").ok();
        let ids = list["executions"].as_array().unwrap().iter();
        let mut records: Vec<Value> = ids
            .map(|one| {
                let id: Uuid = one["id"].as_str().unwrap().parse().unwrap();
                client.finished(id)
            })
            .collect();
        records.sort_by_key(|record| record["start_time"].as_str().unwrap().to_owned());
        for record in &records {
            assert_eq!(record["events"]["complete"], true, "{record}");
        }
        records
    }
}

fn hosts(record: &Value) -> Vec<&str> {
    let stats = record["stats"].as_object().unwrap();
    stats.keys().map(String::as_str).collect()
}

#[test]
fn a_script_with_one_ansible_has_one_record_with_its_hosts_output_and_exit_code() {
    for bin in environments() {
        let makefile = "deploy:\n\t@echo begin\n\t@ansible-playbook -i hosts a.yml\n\t@echo end\n";
        let ways: [(&str, &[&str]); 4] = [
            (
                "a shell",
                &[
                    "sh",
                    "-c",
                    "echo begin; ansible-playbook -i hosts a.yml; echo end",
                ],
            ),
            ("make", &["make", "-s", "deploy"]),
            ("a script in a script", &["./outer.sh"]),
            (
                "its output in a pipe",
                &[
                    "sh",
                    "-c",
                    "echo begin; ansible-playbook -i hosts a.yml | cat; echo end",
                ],
            ),
        ];
        for (way, command) in first(2, ways) {
            let site = Site::new(bin.clone());
            site.write("Makefile", makefile);
            site.write(
                "inner.sh",
                "echo begin\nansible-playbook -i hosts a.yml\necho end\n",
            );
            let outer = site.dir.path().join("outer.sh");
            program(&outer, "#!/bin/sh\nsh inner.sh\n");
            let done = site.run(PLAYBACK, &[&["exec", "--"], command].concat());
            assert!(done.status.success(), "{way}: {done:?}");
            let records = site.records();
            assert_eq!(records.len(), 1, "{way}: {records:#?}");
            let record = &records[0];
            assert_eq!(hosts(record), ["web"], "{way}");
            assert_eq!(record["stats"]["web"]["ok"], 1, "{way}");
            assert_eq!(record["playbook"], "a.yml", "{way}");
            assert_eq!(
                (&record["status"], &record["exit_code"]),
                (&"success".into(), &0.into())
            );
            let output: Vec<&str> = record["output"]
                .as_array()
                .unwrap()
                .iter()
                .map(|line| line.as_str().unwrap())
                .collect();
            let printed = String::from_utf8(done.stdout).unwrap();
            assert_eq!(output, printed.lines().collect::<Vec<_>>(), "{way}");
            assert_eq!(
                (output[0], *output.last().unwrap()),
                ("begin", "end"),
                "{way}"
            );
            assert!(record.get("parent").is_none(), "{way}");
            // Nothing is left in the spool.
            assert_eq!(
                fs::read_dir(site.dir.path().join("spool")).unwrap().count(),
                0,
                "{way}"
            );
        }
    }
}

#[test]
fn each_further_ansible_of_a_script_has_a_record_of_its_own_that_names_the_first() {
    for bin in environments() {
        let site = Site::new(bin);
        let done = site.script("ansible-playbook -i hosts a.yml; ansible-playbook -i hosts b.yml; ansible -i hosts db -m ping; exit 3");
        assert_eq!(done.status.code(), Some(3), "{done:?}");
        let records = site.records();
        assert_eq!(records.len(), 3, "{records:#?}");
        assert_eq!(records[0]["exit_code"], 3);
        let told: Vec<_> = records
            .iter()
            .map(|record| (hosts(record), record["parent"].clone()))
            .collect();
        let first = records[0]["id"].clone();
        assert_eq!(
            told,
            [
                (vec!["web"], Value::Null),
                (vec!["db"], first.clone()),
                (vec!["db"], first),
            ]
        );
        // All lines are those of the command; each further record has its own besides.
        let all = records[0]["output"].to_string();
        assert!(all.matches("PLAY RECAP").count() == 2, "{all}");
        assert_eq!(
            records[1]["output"]
                .to_string()
                .matches("PLAY RECAP")
                .count(),
            1
        );
        assert_eq!(records[1]["exit_code"], 0);
    }
}

#[test]
fn two_at_once_share_nothing() {
    let site = Site::new(newest());
    let done =
        site.script("ansible-playbook -i hosts a.yml & ansible-playbook -i hosts b.yml & wait");
    assert!(done.status.success(), "{done:?}");
    let records = site.records();
    assert_eq!(records.len(), 2, "{records:#?}");
    let mut all: Vec<_> = records.iter().flat_map(|record| hosts(record)).collect();
    all.sort_unstable();
    assert_eq!(all, ["db", "web"]);
}

#[test]
fn what_the_script_makes_of_a_failure_is_its_exit_code() {
    let site = Site::new(newest());
    let done = site.script("ansible-playbook -i hosts fails.yml || echo never mind");
    assert!(done.status.success(), "{done:?}");
    let record = site.records().remove(0);
    assert_eq!(
        (&record["status"], &record["exit_code"]),
        (&"success".into(), &0.into())
    );
    assert_eq!(record["stats"]["web"]["failed"], 1);
}

#[test]
fn an_ansible_that_does_not_inherit_the_environment_has_its_own_record_and_both_have_hosts() {
    let site = Site::new(newest());
    let script = format!(
        "env -i PATH={}:/usr/bin:/bin HOME={} LANG=C.UTF-8 ansible-playbook -i hosts a.yml",
        site.bin.display(),
        site.dir.path().display()
    );
    let done = site.script(&script);
    assert!(done.status.success(), "{done:?}");
    let records = site.records();
    assert_eq!(records.len(), 2, "{records:#?}");
    for record in &records {
        assert_eq!(hosts(record), ["web"], "{record}");
        assert_eq!(record["stats"]["web"]["ok"], 1);
    }
}

#[test]
fn a_script_behind_a_shim_has_one_record_too() {
    let site = Site::new(newest());
    let shims = site.dir.path().join("shims");
    let done = site.run(PLAYBACK, &["shim", "install", shims.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let path = format!("export PATH={}:$PATH;", shims.display());
    let done = site.script(&format!(
        "{path} ansible-playbook -i hosts a.yml; ansible-playbook -i hosts b.yml"
    ));
    assert!(done.status.success(), "{done:?}");
    let records = site.records();
    let told: Vec<_> = records
        .iter()
        .map(|record| (hosts(record), record["parent"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (vec!["web"], Value::Null),
            (vec!["db"], records[0]["id"].clone())
        ]
    );
}

#[test]
fn a_playbook_that_runs_ansible_has_a_record_and_that_one_too() {
    let site = Site::new(newest());
    site.write(
        "outer.yml",
        "- hosts: web\n  gather_facts: false\n  tasks: [{command: ansible-playbook -i hosts b.yml}]\n",
    );
    let done = site.script("ansible-playbook -i hosts outer.yml");
    assert!(done.status.success(), "{done:?}");
    let records = site.records();
    let told: Vec<_> = records
        .iter()
        .map(|record| (record["playbook"].as_str().unwrap(), hosts(record)))
        .collect();
    assert_eq!(told, [("outer.yml", vec!["web"]), ("b.yml", vec!["db"])]);
}
