//! `show --task` and `show --host`: what modules returned.

use serde_json::{Value, json};

use super::run;
use crate::builders::{Run, good_run};
use crate::harness::Collector;

/// Two tasks on two hosts, one of them with a loop.
fn telling_run() -> Run {
    let listing = json!({ "content": {
        "changed": true, "cmd": ["ls", "/srv"], "stdout": "a.tar\nb\u{1b}[2J.tar", "stdout_lines": ["a.tar", "b.tar"],
        "rc": 0, "stderr": "", "_ansible_no_log": false, "start": "10:00",
        "stat": { "size": 7, "mode": "0644" }, "warnings": [],
    }, "changed": true });
    let item = |name: &str, status: &str| {
        let content = json!({ "item": name, "msg": format!("{name} is {status}") });
        json!({ "task": 2, "host": "web-01", "status": status, "content": content })
    };
    Run::new()
        .play("web")
        .task("List the archives")
        .result("web-01", "ok", listing)
        .failed("web-02")
        .event(
            "task_started",
            json!({
                "task": 2, "play": 1, "name": "Install", "action": "apt", "role": "web", "path": "site.yml", "line": 7,
            }),
        )
        .event("item", item("nginx", "ok"))
        .event("item", item("postgres", "failed"))
        .event(
            "result",
            json!({
                "task": 2, "host": "web-01", "status": "failed", "items": 2,
                "content": { "msg": "One or more items failed" },
            }),
        )
        .recap(&[("web-01", [1, 1, 0, 1, 0]), ("web-02", [0, 0, 0, 1, 0])])
        .ended(2)
}

#[test]
fn what_a_task_returned_on_a_host_is_shown_readably() {
    let collector = Collector::start();
    let told = telling_run();
    told.deliver(&collector.client());
    let id = told.id.to_string();
    let show = |more: &[&str]| run(&collector, &[&["show", &id], more].concat());
    let first = "\
ok (changed): List the archives on web-01
  rc: 0
  cmd:
    [
      \"ls\",
      \"/srv\"
    ]
  stdout: a.tar
          b [2J.tar
  start: 10:00
  stat:
    {
      \"size\": 7,
      \"mode\": \"0644\"
    }
  at: roles/web/tasks/main.yml:1
";
    let second = "\
failed: List the archives on web-02
  msg: no space
  at: roles/web/tasks/main.yml:1
";
    let third = "\
failed: Install on web-01
  msg: One or more items failed
  item: nginx, ok
  msg: nginx is ok
  item: postgres, failed
  msg: postgres is failed
  at: site.yml:7, role web
";
    let host = ["--host", "web-01"];
    for task in ["1", "List the archives", "ARCHIVES"] {
        assert_eq!(show(&[&["--task", task], &host[..]].concat()).ok(), first);
        let both = format!("{first}\n{second}");
        assert_eq!(show(&["--task", task]).ok(), both);
    }
    assert_eq!(show(&host).ok(), format!("{first}\n{third}"));
    assert_eq!(show(&["--task", "web : Install"]).ok(), third);

    let json = show(&["--task", "1", "--host", "web-01", "--json"]).json();
    let results: Vec<&Value> = json["results"].as_array().unwrap().iter().collect();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["event"]["data"]["content"]["stat"]["size"], 7);
}

#[test]
fn lists_of_results_are_narrowed() {
    let collector = Collector::start();
    let told = telling_run();
    told.deliver(&collector.client());
    let id = told.id.to_string();
    let show = |more: &[&str]| run(&collector, &[&["show", &id], more].concat());
    let hosts = |more: &[&str]| -> Vec<String> {
        let list = show(more);
        let rows = list.rows();
        rows[1..].iter().map(|row| row[1].to_owned()).collect()
    };
    assert_eq!(hosts(&["--results"]), ["web-01", "web-02", "web-01"]);
    assert_eq!(hosts(&["--results", "--task", "1"]), ["web-01", "web-02"]);
    assert_eq!(hosts(&["--results", "--host", "web-02"]), ["web-02"]);
    let failed = show(&["--failed", "--host", "web-01"]);
    assert!(
        failed.ok().starts_with("failed: Install on web-01\n"),
        "{failed:?}"
    );
    assert!(!failed.ok().contains("web-02"), "{failed:?}");
}

#[test]
fn a_task_or_host_without_results_is_told() {
    let collector = Collector::start();
    let good = good_run();
    good.deliver(&collector.client());
    let id = good.id.to_string();
    for (arguments, says) in [
        (
            ["--task", "reboot"],
            "no task of this run is called \"reboot\"",
        ),
        (["--task", "7"], "there is no result of this task: "),
        (
            ["--host", "db-9"],
            "there is no result on the host \"db-9\": ",
        ),
    ] {
        let ran = run(&collector, &[&["show", &id], &arguments[..]].concat());
        let told = ran.complaint(1);
        let next = format!("\"playback show {id} --results\" lists");
        assert!(told.contains(says) && told.contains(&next), "{told}");
    }
    let ran = run(&collector, &["show", &id, "--host", "web-01", "--output"]);
    ran.complaint(2);
}
