//! `run`, `adhoc`, `replay` and `cancel` with real playbooks, as a person uses them.

mod options;
mod terminal;

use std::io::Read as _;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Ran, run, start};
use crate::harness::{Collector, eventually};
use crate::launch::{GATED, Site};

/// Fails on the host that the variable `breaks` names.
const DEPLOY: &str = "\
- name: Deploy
  hosts: all
  gather_facts: false
  tasks:
    - name: Say
      debug:
        msg: hello
      tags: say
    - name: Break
      raw: 'false'
      when: inventory_hostname == breaks | default('')
      tags: break
";

impl Ran {
    /// The id that the command told beside the run's lines.
    #[track_caller]
    fn id(&self) -> Uuid {
        let told = self.stderr.lines().next().unwrap_or_default();
        let id = told.strip_prefix("playback: execution ");
        id.unwrap_or_else(|| panic!("{self:?}")).parse().unwrap()
    }
}

/// Asks for a run that is not followed.
#[track_caller]
fn detached(collector: &Collector, arguments: &[&str]) -> Uuid {
    let mut arguments = arguments.to_vec();
    arguments.push("--detach");
    run(collector, &arguments).ok().trim().parse().unwrap()
}

#[test]
fn it_prints_the_runs_lines_and_ends_with_its_exit_code() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    let collector = site.start();
    for (arguments, code, status) in [
        (&["run", "deploy.yml", "-i", "prod"][..], 0, "success"),
        (
            &["run", "deploy.yml", "-i", "prod", "-e", "breaks=web-02"],
            2,
            "failed",
        ),
    ] {
        let ran = run(&collector, arguments);
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 2, "{ran:?}");
        assert!(ran.stdout.contains("PLAY [Deploy]"), "{ran:?}");
        let id = ran.id().to_string();
        let page = format!("playback: {}/runs/{id}", collector.url());
        assert_eq!(ran.stderr.lines().last(), Some(page.as_str()));
        let printed = run(&collector, &["show", &id, "--output"]);
        assert_eq!(ran.stdout, printed.ok());
        let record = run(&collector, &["show", &id, "--json"]).json();
        assert_eq!(record["status"], status, "{record}");
        let page = run(&collector, &["show", &id]).stdout;
        assert!(page.contains("  launched by token:test-"), "{page}");
    }
}

#[test]
fn json_is_what_the_api_says() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    let collector = site.start();
    let ran = run(&collector, &["run", "deploy.yml", "-i", "prod", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let messages: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(messages.iter().any(|message| message["type"] == "output"));
    let last = messages.last().unwrap();
    assert_eq!(last["type"], "complete");
    assert_eq!(last["result"]["id"], ran.id().to_string());
    let arguments = ["run", "deploy.yml", "-i", "prod", "--json", "--detach"];
    let ran = run(&collector, &arguments);
    ran.ok();
    let record = ran.json();
    assert_eq!(record["status"], "running");
    let id = record["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(collector.client().finished(id)["status"], "success");
}

#[test]
fn a_module_is_run_on_hosts() {
    let site = Site::new();
    let collector = site.start();
    let arguments = [
        "adhoc",
        "web-01",
        "-m",
        "shell",
        "-a",
        "echo $((6 * 7))",
        "-i",
        "prod",
    ];
    let ran = run(&collector, &arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("42"), "{ran:?}");
    let ran = run(&collector, &["adhoc", "all", "-a", "false", "-i", "prod"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let list = run(&collector, &["list", "--type", "adhoc"]);
    assert!(list.ok().contains("ad-hoc command on all"), "{list:?}");
}

#[test]
fn a_run_is_canceled_and_whoever_follows_it_learns_of_it() {
    let site = Site::new();
    site.playbook("gated.yml", GATED);
    let collector = site.start();
    let mut follow = start(&collector, &["run", "gated.yml", "-i", "prod"]);
    site.reached("began-run");
    let ran = run(&collector, &["cancel", "latest", "--note", "a mistake"]);
    assert!(
        ran.ok().contains("was asked to end: \"playback follow"),
        "{ran:?}"
    );
    let code = eventually("the following to end", || follow.try_wait().unwrap()).code();
    let record = run(&collector, &["show", "latest", "--json"]).json();
    assert_eq!(record["reason"], "canceled", "{record}");
    assert_eq!(code, Some(record["exit_code"].as_i64().unwrap_or(1) as i32));
    assert_ne!(code, Some(0));
    let page = run(&collector, &["show", "latest"]).stdout;
    assert!(page.contains("failed (canceled)"), "{page}");
    assert!(page.contains("  canceled by token:test-"), "{page}");
    assert!(page.contains(": a mistake\n"), "and why: {page}");
    assert_eq!(record["cancel_note"], "a mistake");
    let ran = run(&collector, &["cancel", "latest"]);
    assert!(ran.complaint(1).contains("is over"), "{ran:?}");
}

#[test]
fn a_run_that_waits_is_shown_as_queued_and_canceled_at_once() {
    let site = Site::with_a_stand_in().setting("max_running = 1");
    site.playbook("gated.yml", GATED);
    let collector = site.start();
    let first = detached(&collector, &["run", "gated.yml", "-i", "prod"]);
    site.reached("began-run");
    let second = detached(&collector, &["run", "gated.yml", "-i", "prod"]).to_string();
    let list = run(&collector, &["list"]);
    list.ok();
    assert_eq!(list.rows()[1][1], "queued", "{list:?}");
    assert!(list.stdout.contains("s waiting"), "{list:?}");
    let page = run(&collector, &["show", &second]);
    assert!(page.ok().starts_with("gated.yml  queued\n"), "{page:?}");
    let mut follow = start(&collector, &["follow", &second]);
    let ran = run(&collector, &["cancel", &second, "--json"]);
    ran.ok();
    assert_eq!(ran.json()["reason"], "canceled");
    assert_eq!(follow.wait().unwrap().code(), Some(1));
    let mut told = String::new();
    follow
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert!(told.contains("reason: canceled"), "{told}");
    site.make("go");
    assert_eq!(collector.client().finished(first)["status"], "success");
}

#[test]
fn a_replay_runs_where_it_failed() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    let collector = site.start();
    let ran = run(
        &collector,
        &[
            "run",
            "deploy.yml",
            "-i",
            "prod",
            "-e",
            "breaks=web-02",
            "-C=false",
            "--note",
            "CHG-1",
        ],
    );
    assert_eq!(ran.code, 2, "{ran:?}");
    let first = ran.id().to_string();
    let ran = run(&collector, &["replay", &first, "--only-failed"]);
    let told = ran.complaint(1);
    assert!(
        told.contains("must be given again") && told.contains("(-e)"),
        "{told}"
    );
    let ran = run(
        &collector,
        &["replay", &first, "--only-failed", "-e", "breaks=none"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let record = collector.client().finished(ran.id());
    let hosts: Vec<&String> = record["stats"].as_object().unwrap().keys().collect();
    assert_eq!(hosts, ["web-02"]);
    assert_eq!(record["note"], "CHG-1");
    let page = run(&collector, &["show", "latest"]);
    assert!(
        page.ok().contains(&format!("  replay of   {first}\n")),
        "{page:?}"
    );
    let ran = run(
        &collector,
        &["replay", "latest", "--only-failed", "-e", "a=b"],
    );
    assert!(
        ran.complaint(1)
            .contains("on no host did this execution fail"),
        "{ran:?}"
    );
    let ran = run(
        &collector,
        &["replay", "latest", "-e", "a=b", "-t", "say", "-l", "web-01"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let record = collector.client().finished(ran.id());
    assert_eq!(
        record["stats"],
        json!({ "web-01": record["stats"]["web-01"] })
    );
}
