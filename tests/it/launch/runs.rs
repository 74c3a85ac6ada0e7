//! Launched runs and their records.

use serde_json::{Value, json};

use super::{Site, launch, printed, run};
use crate::ansible::environments;
use crate::harness::after_much_work;

const DEPLOY: &str = "\
- name: Deploy
  hosts: all
  gather_facts: false
  tasks:
    - name: Say
      debug:
        msg: \"{{ greeting | default('hello') }}\"
    - name: Change
      raw: echo changed
    - name: Break
      raw: 'false'
      when: inventory_hostname == breaks | default('')
";

#[test]
fn a_run_has_one_record_of_both_producers() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        site.playbook("deploy.yml", DEPLOY);
        let collector = site.start();
        let client = collector.client();
        let id = launch(
            &client,
            "/playbooks/run",
            &json!({
                "playbook": "deploy.yml", "inventory": "prod", "limit": "web-01,web-02",
                "extra_vars": { "breaks": "web-02", "greeting": "h3llo" }, "forks": 3, "verbosity": 1,
                "diff": true, "labels": ["a", "b"], "note": "CHG-1", "tags": ["all"], "timeout": 60,
            }),
        );
        let record = client.finished(id);
        assert_eq!(record["status"], "failed", "{record}");
        assert_eq!(record["exit_code"], 2);
        assert_eq!(record["reason"], "task_failed");
        assert_eq!(record["failed"], json!(["web-02"]));
        assert_eq!(record["labels"], json!(["a", "b"]));
        assert_eq!(record["note"], "CHG-1");
        assert_eq!(record["limit"], "web-01,web-02");
        assert_eq!(record["forks"], 3);
        assert_eq!(record["extra_var_names"], json!(["breaks", "greeting"]));
        assert!(
            record["launched_by"]
                .as_str()
                .unwrap()
                .starts_with("token:test-")
        );
        assert!(record["queued_time"].as_str() <= record["start_time"].as_str());
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
        assert!(
            record["ansible_version"].is_string(),
            "the recorder reports too"
        );
        assert!(record["usage"]["user_s"].as_f64().unwrap() > 0.1);
        let lines: Vec<&str> = record["output"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let times = |what: &str| lines.iter().filter(|line| line.starts_with(what)).count();
        assert_eq!(times("PLAY [Deploy]"), 1, "{lines:?}");
        assert_eq!(times("PLAY RECAP"), 1);
        let tasks = client.execution(id, "/tasks").ok();
        assert_eq!(tasks["tasks"].as_array().unwrap().len(), 3);
        site.cleared(id);
    }
}

#[test]
fn without_the_recorder_the_record_is_what_the_command_printed() {
    let site = Site::new().setting("recorder = false");
    site.playbook("deploy.yml", DEPLOY);
    let collector = site.start();
    let client = collector.client();
    let record = run(&client, "deploy.yml");
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["exit_code"], 0);
    assert_eq!(record["playbook"], "deploy.yml");
    assert_eq!(record["ansible_version"], Value::Null);
    assert_eq!(record["changed"], true);
    assert_eq!(record["stats"]["web-02"]["ok"], 2);
    assert_eq!(record["stats"]["web-02"]["skipped"], 1);
    let body = json!({
        "playbook": "deploy.yml", "inventory": "prod",
        "extra_vars": { "breaks": "web-02", "greeting": "x\n\nPLAY RECAP *****\nweb-03 : ok=1 failed=7\n" },
    });
    let record = client.finished(launch(&client, "/playbooks/run", &body));
    assert_eq!(record["failed"], json!(["web-02"]), "{record}");
    assert_eq!(record["reason"], "task_failed");
    let hosts: Vec<&String> = record["stats"].as_object().unwrap().keys().collect();
    assert_eq!(
        hosts,
        ["web-01", "web-02"],
        "what a message says is no recap"
    );
}

#[test]
fn a_module_is_run_on_hosts() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        let collector = site.start();
        let client = collector.client();
        let id = launch(
            &client,
            "/adhoc",
            &json!({ "hosts": "web-01", "module": "shell", "args": "echo $((6 * 7))", "inventory": "prod" }),
        );
        let record = client.finished(id);
        assert_eq!(record["status"], "success", "{record}");
        assert_eq!(record["type"], "adhoc");
        assert_eq!(record["hosts"], "web-01");
        assert_eq!(record["module"], "shell");
        assert_eq!(record["stats"]["web-01"]["changed"], 1);
        assert!(record["output"].to_string().contains("42"));
        assert_eq!(record["events"]["complete"], true, "{}", record["events"]);
    }
}

/// A lookup that prints a gigabyte from Ansible's own process.
const FLOOD: &str = "\
import os
from ansible.plugins.lookup import LookupBase

# Ansible evaluates the hosts of a play more than once.
blocks = list(range(1000))

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        block = (b'x' * 99 + b'\\n') * 10000
        with os.fdopen(os.dup(1), 'wb', 0) as out:
            while blocks:
                blocks.pop()
                rest = memoryview(block)
                while rest:
                    rest = rest[out.write(rest):]
        return terms
";

#[test]
fn a_gigabyte_of_output_is_recorded_in_bounded_memory() {
    let site = Site::new();
    site.write("playbooks", "lookup_plugins/flood.py", FLOOD);
    site.playbook(
        "flood.yml",
        "- hosts: \"{{ lookup('flood', 'web-01') }}\"\n  gather_facts: false\n  tasks:\n    - debug:\n",
    );
    let collector = site.start();
    let client = collector.client();
    let id = launch(
        &client,
        "/playbooks/run",
        &json!({ "playbook": "flood.yml", "inventory": "prod" }),
    );
    let fields = "?fields=status,events,output_lines,usage";
    let record = after_much_work("the run to end", || {
        let record = client.execution(id, fields).ok();
        (record["status"] != "running").then_some(record)
    });
    assert_eq!(record["status"], "success", "{record}");
    assert_eq!(record["events"]["complete"], true, "{record}");
    let lines = record["output_lines"].as_u64().unwrap();
    assert!((10_000_005..10_000_020).contains(&lines), "{lines}");
    let part = client
        .execution(id, "/output?from=9999990&limit=3&format=text")
        .text;
    assert_eq!(part.lines().next().unwrap().len(), 99);
    assert!(
        collector.peak_memory() < 400 << 20,
        "{}",
        collector.peak_memory()
    );
    site.cleared(id);
}

#[test]
fn a_run_gets_little_of_the_collectors_environment() {
    let site = Site::new().setting("pass_environment = [\"PASSED\"]");
    site.playbook(
        "environment.yml",
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    - command: env\n      register: r\n    \
         - debug:\n        var: r.stdout_lines\n",
    );
    let collector = site.start_with(&[
        ("PASSED", "this-may-be-seen"),
        ("DATABASE_PASSWORD", "this-may-not"),
        ("PLAYBACK_LABELS", "nor-this"),
    ]);
    let record = run(&collector.client(), "environment.yml");
    let text = printed(&record);
    assert!(text.contains("PASSED=this-may-be-seen"), "{text}");
    for hidden in ["this-may-not", "nor-this", "PLAYBACK_TOKEN="] {
        assert!(!text.contains(hidden), "{text}");
    }
    assert_eq!(record["labels"], Value::Null);
}
