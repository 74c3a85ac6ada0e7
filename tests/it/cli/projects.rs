//! Playbooks with the same name in two projects are separate in lists and statistics.

use serde_json::json;

use super::run;
use crate::builders::{Run, TEN};
use crate::harness::{Client, Collector};

fn deliver(client: &Client, cwd: &str, playbook: &str, exit_code: i32) {
    let started = json!({ "type": "playbook", "playbook": playbook, "cwd": cwd });
    Run::starting(TEN, started)
        .play("all")
        .task("ping")
        .ok("web-01")
        .ended(exit_code)
        .deliver(client);
}

#[test]
fn two_projects_are_two_rows() {
    let collector = Collector::start();
    let client = collector.client();
    deliver(&client, "/srv/shop/ansible", "site.yml", 0);
    deliver(&client, "/srv/blog/ansible", "site.yml", 2);
    deliver(&client, "/srv/blog/ansible", "site.yml", 0);
    deliver(&client, "/srv/blog/ansible", "web.yml", 0);
    deliver(&client, "/srv/blog/ansible", "/opt/site.yml", 0);
    let listed = run(&collector, &["list"]);
    let rows = listed.rows();
    let words = rows.iter().flatten();
    let what: Vec<&str> = words
        .copied()
        .filter(|word| word.ends_with(".yml"))
        .collect();
    assert_eq!(
        what,
        [
            "/opt/site.yml",
            "web.yml",
            "blog/ansible/site.yml",
            "blog/ansible/site.yml",
            "shop/ansible/site.yml",
        ]
    );
    let day = ["stats", "--from", "2026-01-20", "--to", "2026-01-20"];
    for by in [&[][..], &["--by", "playbook"]] {
        let shown = run(&collector, &[&day, by].concat());
        let row = |name: &str| -> Vec<String> {
            let rows = shown.rows();
            let row = rows.iter().find(|row| row.first() == Some(&name));
            row.unwrap_or_else(|| panic!("{name}: {shown:?}"))[1..4]
                .iter()
                .map(|cell| (*cell).to_owned())
                .collect()
        };
        assert_eq!(row("blog/ansible/site.yml"), ["2", "1", "1"]);
        assert_eq!(row("shop/ansible/site.yml"), ["1", "1", "0"]);
        assert_eq!(row("web.yml"), ["1", "1", "0"]);
    }
    let tasks = run(&collector, &[&day[..], &["--by", "task"]].concat());
    assert!(
        tasks.ok().contains("blog/ansible/site.yml (ping)"),
        "{tasks:?}"
    );
    // The API names the folder; its documented object has each name once.
    let span = "from=2026-01-20&to=2026-01-20";
    let answer = client
        .api(&format!("/executions/stats?{span}&by=playbook"))
        .ok();
    let groups = answer["groups"].as_array().unwrap();
    let of = |folder: &str| {
        let mut found = groups.iter();
        let found = found.find(|group| group["name"] == "site.yml" && group["folder"] == folder);
        found.unwrap_or_else(|| panic!("{answer}"))["total"].clone()
    };
    assert_eq!(of("/srv/blog/ansible"), 2);
    assert_eq!(of("/srv/shop/ansible"), 1);
    assert_eq!(answer["top_playbooks"]["site.yml"], 3);
    // By either name, both are found.
    let both = client
        .api(&format!("/executions/stats?{span}&playbook=site.yml"))
        .ok();
    assert_eq!(both["total"], 4);
}

#[test]
fn trends_tell_the_playbooks_of_two_projects_apart() {
    let collector = Collector::start();
    let client = collector.client();
    for exit_code in [0, 2, 0, 2] {
        deliver(&client, "/srv/shop/ansible", "site.yml", 0);
        deliver(&client, "/srv/blog/ansible", "site.yml", exit_code);
    }
    let shown = run(&collector, &["trends"]);
    let rows = shown.rows();
    let rate = |name: &str| {
        let row = rows.iter().find(|row| row.first() == Some(&name));
        row.unwrap_or_else(|| panic!("{name}: {shown:?}"))[1..3].join(" ")
    };
    assert_eq!(rate("shop/ansible/site.yml"), "4 100");
    assert_eq!(rate("blog/ansible/site.yml"), "4 50");
    let flaky = shown.stdout.lines().find(|line| line.contains("turned"));
    assert!(
        flaky.is_some_and(|line| line.contains("blog/ansible/site.yml")),
        "{shown:?}"
    );
}
