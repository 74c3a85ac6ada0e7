//! Which printed lines show a task or a result.

use playback::model::Status;
use serde_json::{Value, json};

use crate::builders::{Run, TEN};
use crate::harness::{API, Client, Collector};

/// Adds text that Ansible printed while it showed the last event.
fn shown(run: Run, text: &str) -> Run {
    let of = run.len();
    run.event("output", json!({ "text": text, "of": of }))
}

/// A task that is printed by its heading.
fn task(run: Run, name: &str) -> Run {
    shown(run.task(name), &format!("\nTASK [{name}] ****\n"))
}

fn recorded() -> Run {
    let run = Run::new().play("web");
    let run = shown(run, "\nPLAY [web] ****\n");
    let run = task(run, "install").host("web-01").host("web-02");
    let run = shown(run.changed("web-01"), "changed: [web-01]\n");
    let run = shown(
        run.failed("web-02"),
        "fatal: [web-02]: FAILED! => {\n    \"msg\": \"no\"\n}\n",
    );
    let run = task(run, "loop");
    let item = |run: Run, name: &str| {
        let data =
            json!({ "task": 2, "host": "web-01", "status": "ok", "content": { "item": name } });
        shown(
            run.event("item", data),
            &format!("ok: [web-01] => (item={name})\n"),
        )
    };
    let run = item(item(run, "a"), "b");
    let run = run.result("web-01", "ok", json!({ "items": 2 }));
    let run = task(run, "silent").ok("web-01");
    run.output("\nPLAY RECAP ****\n")
        .recap(&[("web-01", [3, 1, 0, 0, 0]), ("web-02", [0, 0, 0, 1, 0])])
        .ended(2)
}

/// The lines of each task, and of each result by task and host.
#[track_caller]
fn found(client: &Client, run: &Run) -> (Vec<Value>, Vec<Value>) {
    let span = |entry: &Value| json!([entry["lines"]["from"], entry["lines"]["to"]]);
    let list = |part: &str| {
        client
            .execution(run.id, &format!("/{part}?lines=true"))
            .ok()
    };
    let tasks = list("tasks")["tasks"].as_array().unwrap().clone();
    let results = list("results")["results"].as_array().unwrap().clone();
    // A result by itself has the same lines.
    for result in &results {
        let path = format!("/results/{}?lines=true", result["seq"]);
        let alone = client.execution(run.id, &path).ok();
        assert_eq!(alone["lines"], result["lines"], "{alone}");
    }
    let tasks = tasks.iter().map(span).collect();
    (tasks, results.iter().map(span).collect())
}

#[test]
pub(crate) fn lines_of_tasks_and_results_are_told_on_request() {
    let collector = Collector::start();
    let client = collector.client();
    let run = recorded();
    run.deliver(&client);
    let (tasks, results) = found(&client, &run);
    assert_eq!(tasks, [json!([2, 8]), json!([8, 12]), json!([12, 14])]);
    let silent = json!([null, null]);
    assert_eq!(
        results,
        [json!([4, 5]), json!([5, 8]), json!([10, 12]), silent]
    );
    let page = client
        .execution(run.id, "/tasks?lines=true&after=1&limit=1")
        .ok();
    assert_eq!(page["tasks"][0]["lines"], json!({ "from": 8, "to": 12 }));
    // They are what the output has there.
    let output = client.execution(run.id, "/output?from=5&to=8").ok();
    assert_eq!(output["lines"][1]["text"], "    \"msg\": \"no\"");
    for part in ["tasks", "results"] {
        let plain = client.execution(run.id, &format!("/{part}")).ok();
        assert!(plain[part][0].get("lines").is_none(), "{plain}");
    }
}

#[test]
pub(crate) fn lines_of_a_supervised_run_are_told_by_its_headings() {
    let collector = Collector::start();
    let client = collector.client();
    let run = recorded();
    run.deliver(&client);
    let text = "Using /etc/ansible/ansible.cfg as config file\r\n\r\nPLAY [web] ****\r\n\r\n\
        TASK [install] ****\r\n\u{1b}[0;33mchanged: [web-01]\u{1b}[0m\r\n\
        \u{1b}[0;31mfatal: [web-02]: FAILED! => {\r\n    \"msg\": \"no\"\r\n}\u{1b}[0m\r\n\r\n\
        TASK [loop] ****\r\nok: [web-01] => (item=a)\r\nok: [web-01] => (item=b)\r\n\r\n\
        TASK [silent] ****\r\n\r\nPLAY RECAP ****\r\nweb-01 : ok=3\r\n";
    Run::supervisor(run.id)
        .output(text)
        .ended(2)
        .deliver(&client);
    let (tasks, results) = found(&client, &run);
    assert_eq!(tasks, [json!([3, 9]), json!([9, 13]), json!([13, 15])]);
    let silent = json!([null, null]);
    assert_eq!(
        results,
        [json!([5, 6]), json!([6, 9]), json!([11, 13]), silent]
    );
}

#[test]
fn without_its_log_a_run_has_no_lines() {
    let collector = Collector::start();
    let client = collector.client();
    let run = recorded();
    run.deliver(&client);
    let path = format!("{API}/executions/cleanup");
    let body = json!({ "keep_payload_days": 1, "retention_days": 60_000 }).to_string();
    client.send("POST", &path, &[], body.as_bytes()).ok();
    let page = client.execution(run.id, "/tasks?lines=true").ok();
    assert_eq!(page["tasks"].as_array().unwrap().len(), 3);
    assert!(page["tasks"][0].get("lines").is_none(), "{page}");
    let wrong = client.execution(run.id, "/tasks?lines=perhaps");
    wrong.error(400, "bad_request");
}

#[test]
pub(crate) fn the_last_runs_of_several_playbooks_are_one_answer() {
    let collector = Collector::start();
    let client = collector.client();
    let mut runs = Vec::new();
    for hour in 0..6 {
        let playbook = ["a, b.yml", "site.yml"][hour % 2];
        let about = json!({ "type": "playbook", "playbook": playbook });
        let run = Run::starting(TEN + hour as i64 * 3_600_000_000, about).after(90.0);
        let run = match hour {
            5 => run,
            4 => run.ended(2),
            _ => run.ended(0),
        };
        run.deliver(&client);
        runs.push(run.id.to_string());
    }
    let path = "/executions/recent?limit=2&playbook=site.yml&playbook=none.yml&playbook=a,+b.yml";
    let answer = client.api(path).ok();
    let names: Vec<&str> = answer["playbooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|playbook| playbook["playbook"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["site.yml", "none.yml", "a, b.yml"]);
    let ids = |index: usize| -> Vec<String> {
        let runs = answer["playbooks"][index]["runs"].as_array().unwrap();
        runs.iter()
            .map(|run| run["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(0), [runs[5].clone(), runs[3].clone()]);
    assert_eq!(ids(1), [] as [String; 0]);
    assert_eq!(ids(2), [runs[4].clone(), runs[2].clone()]);
    let running = &answer["playbooks"][0]["runs"][0];
    assert_eq!(running["status"], Status::Running.as_str());
    assert!(running.get("duration").is_none(), "{running}");
    let failed = &answer["playbooks"][2]["runs"][0];
    assert_eq!(failed["status"], "failed");
    assert!(failed["duration"].as_f64().unwrap() >= 90.0, "{failed}");
    for wrong in [
        "",
        "limit=2",
        "playbook=a&limit=0",
        "playbook=a&limit=x",
        "playbook=a&q=b",
    ] {
        let answer = client.get(&format!("{API}/executions/recent?{wrong}"));
        answer.error(400, "bad_request");
    }
    let many = "playbook=a&".repeat(101);
    let answer = client.get(&format!("{API}/executions/recent?{many}"));
    answer.error(400, "bad_request");
}
