//! What is different between two runs, as `diff` prints it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{command, run};
use crate::ansible::{Controller, environments};
use crate::builders::{Run, TEN, good_run};
use crate::exec_terminal::Person;
use crate::harness::{Collector, eventually};

const BEFORE: &str = r#"
- name: Set up
  hosts: all
  gather_facts: false
  tasks:
    - name: First
      debug: { msg: "one" }
    - name: Second
      debug: { msg: "two" }
    - name: Third
      command: "true"
    - name: Packages
      command: "echo {{ item }}"
      loop: [nginx, redis]
    - name: Config
      command: "echo written at {{ now() }}"
"#;

const NOW: &str = r#"
- name: Set up
  hosts: all
  gather_facts: false
  tasks:
    - name: Second
      debug: { msg: "two" }
    - name: Inserted
      debug: { msg: "new" }
    - name: Third, with another name
      command: "true"
    - name: Packages
      command: "test {{ item }} != redis"
      loop: [nginx, redis]
      ignore_errors: true
    - name: Config
      command: "test {{ inventory_hostname }} = alpha"
    - name: First
      debug: { msg: "one" }
"#;

/// Runs a playbook, and waits until the collector has all of it.
fn played(controller: &Controller, collector: &Collector, file: &Path, known: usize) -> Uuid {
    let path = file.display().to_string();
    controller.run(&mut controller.playbook(collector, &[&path]));
    let client = collector.client();
    eventually("the run to be recorded", || {
        let list = client.api("/executions?fields=id,status").ok();
        let executions = list["executions"].as_array().unwrap();
        let is_over = executions.len() > known && executions[0]["status"] != "running";
        is_over.then(|| executions[0]["id"].as_str().unwrap().parse().unwrap())
    })
}

#[test]
fn tasks_that_were_inserted_moved_and_renamed_and_a_host_that_failed() {
    for bin in environments() {
        let collector = Collector::start();
        let controller = Controller::new(&bin);
        let file = controller.dir.path().join("site.yml");
        fs::write(&file, BEFORE).unwrap();
        let before = played(&controller, &collector, &file, 0);
        fs::write(&file, NOW).unwrap();
        let now = played(&controller, &collector, &file, 1);

        // Without a name, one's last run is compared with the last success.
        let told = run(&collector, &["diff"]);
        let text = told.ok();
        for expected in [
            format!(", {before}\n"),
            format!(", {now}\n"),
            "  status:      success → failed\n".to_owned(),
            "  tasks:       5 in both, 1 added, 1 moved, 1 renamed\n".to_owned(),
            "  failures:    1 new\n".to_owned(),
            "\nfailed: Config\n".to_owned(),
            "    changed → failed: beta\n      on beta:\n".to_owned(),
            "        rc: 0 → 1\n".to_owned(),
            "  added:   Inserted, ".to_owned(),
            "  moved:   First, ".to_owned(),
            "  renamed: Third → Third, with another name, ".to_owned(),
            "  Packages\n".to_owned(),
            "    changed → ignored: alpha, beta\n".to_owned(),
            "        item redis: changed → failed\n".to_owned(),
        ] {
            assert!(text.contains(&expected), "{expected:?} is not in:\n{text}");
        }
        // Failures stand before what else is different.
        let place = |part: &str| text.find(part).unwrap();
        assert!(place("failed: Config") < place("\nTasks\n"));
        assert!(place("\nTasks\n") < place("\nResults\n"));
        assert!(!text.contains('\x1b'), "colours only at a terminal");

        let (a, b) = (before.to_string(), now.to_string());
        let answer = run(&collector, &["diff", &a, &b, "--json"]).json();
        let summary = &answer["summary"];
        assert_eq!(
            summary["results_not_reached"], 1,
            "beta did not get to the last task"
        );
        assert_eq!(
            (&summary["hosts_both"], &summary["tasks_gone"]),
            (&json!(2), &json!(0))
        );
        let same = run(&collector, &["diff", "--previous", "--json"]).json();
        assert_eq!(same["summary"], *summary);
    }
}

/// A run of one task that starts so many hours after [`TEN`].
fn short(hours: i64, started: Value) -> Run {
    let mut what = json!({ "type": "playbook", "playbook": "site.yml" });
    what.as_object_mut()
        .unwrap()
        .extend(started.as_object().unwrap().clone());
    Run::starting(TEN + hours * 3_600_000_000, what)
        .play("web")
        .task("install")
}

#[test]
fn exit_codes_are_those_of_diff_only_on_request() {
    let collector = Collector::start();
    let client = collector.client();
    let (first, second) = (
        short(0, json!({})).ok("web-01").ended(0),
        short(1, json!({})).ok("web-01").ended(0),
    );
    let third = short(2, json!({ "git": { "commit": "0123456789abcdef" } }))
        .changed("web-01")
        .ended(0);
    for run in [&first, &second, &third] {
        run.deliver(&client);
    }
    let ids = [&first, &second, &third].map(|run| run.id.to_string());
    let code = |arguments: &[&str]| run(&collector, &[&["diff"][..], arguments].concat()).code;
    assert_eq!(code(&[&ids[0], &ids[1]]), 0);
    assert_eq!(code(&[&ids[0], &ids[1], "--exit-code"]), 0);
    assert_eq!(code(&[&ids[0], &ids[2]]), 0);
    assert_eq!(code(&[&ids[0], &ids[2], "--exit-code"]), 1);
    let unknown = Uuid::now_v7().to_string();
    assert_eq!(code(&[&ids[0], &unknown]), 1);
    assert_eq!(code(&[&ids[0], &unknown, "--exit-code"]), 2);
    // Two runs leave nothing to look for.
    for option in ["--last-good", "--previous"] {
        assert_eq!(code(&[&ids[0], &ids[1], option]), 2);
    }
    let told = run(&collector, &["diff", &ids[0], &ids[1]]);
    assert!(
        told.ok().contains("\n\nNothing is different.\n\nhttp"),
        "{told:?}"
    );
    let told = run(&collector, &["diff", &ids[2]]);
    assert!(
        told.ok().contains("  git.commit: none → 0123456789ab\n"),
        "{told:?}"
    );
    assert!(told.ok().contains(&format!(", {}\n", ids[1])), "{told:?}");
}

#[test]
fn what_cannot_be_compared_is_said_with_the_next_step() {
    let collector = Collector::start();
    let client = collector.client();
    let told = run(&collector, &["diff"]);
    assert!(
        told.complaint(1).contains("the history is empty"),
        "{told:?}"
    );
    let only = good_run();
    only.deliver(&client);
    let told = run(&collector, &["diff"]);
    let complaint = told.complaint(1);
    assert!(
        complaint.contains("no earlier execution of the same kind succeeded")
            && complaint.contains("playback list"),
        "{complaint}"
    );
    let id = only.id.to_string();
    let told = run(&collector, &["diff", &id, &id]);
    assert!(told.ok().contains("Both are the same run"), "{told:?}");
    let unknown = Uuid::now_v7().to_string();
    let told = run(&collector, &["diff", &id, &unknown]);
    assert!(told.complaint(1).contains(&unknown), "{told:?}");
    let running = short(1, json!({})).ok("web-01");
    running.deliver(&client);
    let told = run(&collector, &["diff", &id, &running.id.to_string()]);
    assert!(
        told.ok()
            .contains("is not over: only what it has done so far"),
        "{told:?}"
    );
}

#[test]
fn at_a_terminal_lines_fit_and_failures_are_red() {
    let collector = Collector::start();
    let client = collector.client();
    let message = "No space left on the device while the archive was being unpacked ".repeat(4);
    let name =
        "Unpack the archive of the application into its folder below /opt, and keep the old one";
    let of = |hours: i64, status: &str, text: &str| {
        let mut run = short(
            hours,
            json!({ "limit": "web-01.frankfurt.example.com:&production".repeat(hours as usize) }),
        );
        run = run.task(name);
        for host in 0..30 {
            let host = format!("web-{host:02}.frankfurt.datacenter.example.com");
            run = run.result(
                &host,
                status,
                json!({ "content": { "msg": text, "stdout": message } }),
            );
        }
        run.output(&format!("{text} {message}\n")).ended(2)
    };
    let (before, now) = (of(0, "ok", "fine"), of(1, "failed", &message));
    before.deliver(&client);
    now.deliver(&client);
    let (a, b) = (before.id.to_string(), now.id.to_string());
    let shown = Person::runs_at(command(&collector, &["diff", &a, &b]), 80).sees_all();
    assert!(shown.contains("\x1b[31m"), "{shown}");
    for line in shown.lines() {
        let mut bare = line.trim_end().to_owned();
        while let Some(start) = bare.find('\x1b') {
            let end = bare[start..]
                .find('m')
                .map_or(bare.len(), |end| start + end + 1);
            bare.replace_range(start..end, "");
        }
        // An address stays whole: the terminal knows where it goes on.
        let is_address = bare.starts_with("http");
        assert!(is_address || bare.chars().count() <= 80, "{bare}");
    }
}
