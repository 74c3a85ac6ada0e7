//! "changed" means a host's own change; in check mode, nothing is changed.

use serde_json::{Value, json};

use crate::builders::{Run, TEN, good_run};
use crate::harness::Collector;

fn ids(answer: &Value) -> Vec<String> {
    let entries = answer["executions"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_run_in_check_mode_changed_nothing_and_keeps_what_ansible_counted() {
    let collector = Collector::start();
    let client = collector.client();
    let recap = [("web1", [3, 2, 0, 0, 0])];
    let checked = Run::of(json!({ "type": "playbook", "playbook": "site.yml", "check": true }))
        .play("web")
        .task("install")
        .changed("web1")
        .recap(&recap)
        .ended(0);
    let done = Run::of(json!({ "type": "playbook", "playbook": "site.yml" }))
        .play("web")
        .task("install")
        .changed("web1")
        .recap(&recap)
        .ended(0);
    checked.deliver(&client);
    done.deliver(&client);
    let record = client.finished(checked.id);
    assert_eq!(record["changed"], false, "{record}");
    assert_eq!(record["check"], true, "it says so");
    assert_eq!(
        record["stats"]["web1"]["changed"], 2,
        "as Ansible counted it"
    );
    for (query, expected) in [
        ("changed=true", vec![done.id.to_string()]),
        ("changed=false", vec![checked.id.to_string()]),
        ("host=web1&changed=true", vec![done.id.to_string()]),
        ("host=web1&changed=false", vec![checked.id.to_string()]),
    ] {
        let answer = client.api(&format!("/executions?{query}")).ok();
        assert_eq!(ids(&answer), expected, "{query}");
        let span = "from=2026-01-20&to=2026-01-20";
        let answer = client
            .api(&format!("/executions/stats?{span}&{query}"))
            .ok();
        assert_eq!(answer["total"], 1, "{query}: {answer}");
    }
    let answer = client
        .api("/executions/stats?from=2026-01-20&to=2026-01-20")
        .ok();
    assert_eq!(
        (&answer["total"], &answer["changed"]),
        (&json!(2), &json!(1))
    );
}

#[test]
fn a_host_that_stayed_as_it_was_is_not_among_the_changed_ones() {
    let collector = Collector::start();
    let client = collector.client();
    let both = |web1: u64, web2: u64| {
        Run::new()
            .play("web")
            .recap(&[("web1", [2, web1, 0, 0, 0]), ("web2", [2, web2, 0, 0, 0])])
            .ended(0)
    };
    let (mine, other) = (both(1, 0), both(0, 1));
    mine.deliver(&client);
    other.deliver(&client);
    good_run().deliver(&client);
    // While a run goes on, what it has changed so far counts.
    let going = Run::starting(TEN + 1_000_000, json!({ "type": "playbook" }))
        .play("web")
        .task("install")
        .changed("web1")
        .ok("web2");
    going.deliver(&client);
    let asked = |query: &str| ids(&client.api(&format!("/executions?{query}")).ok());
    crate::harness::eventually("the change to be seen", || {
        (asked("host=web1&changed=true") == [going.id.to_string(), mine.id.to_string()])
            .then_some(())
    });
    assert_eq!(asked("host=web2&changed=true"), [other.id.to_string()]);
    assert_eq!(
        asked("host=web2&changed=false"),
        [going.id.to_string(), mine.id.to_string()]
    );
}
