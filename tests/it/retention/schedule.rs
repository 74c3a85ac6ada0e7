//! Scheduled cleanups by the configured rules.

use serde_json::json;

use super::{aged, site};
use crate::harness::{Setup, eventually};

#[test]
fn rules_are_applied_on_schedule() {
    let collector = Setup::default()
        .config(
            "retention_schedule = \"every 1 seconds\"\n\n\
             [[retention]]\nkeep_days = 30\nkeep_payload_days = 10\n",
        )
        .start();
    let client = collector.client();
    let runs = [aged(50.0, site()), aged(20.0, site()), aged(1.0, site())];
    for run in &runs {
        run.send(&client).acked();
    }
    eventually("the oldest to go", || {
        (client.execution(runs[0].id, "").status == 404).then_some(())
    });
    let removed = eventually("the output of the next to go", || {
        let record = client.execution(runs[1].id, "").ok();
        record.get("payload_removed").cloned()
    });
    assert!(removed.is_string());
    assert_eq!(
        client.finished(runs[2].id)["output"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let told = eventually("the log to tell", || {
        let log = collector.log();
        let told = log
            .iter()
            .find(|line| line["message"] == "retention was applied" && line["deleted"] != json!(0));
        told.cloned()
    });
    assert_eq!(told["deleted"], 1);
}

#[test]
fn without_rules_nothing_ever_goes() {
    let collector = Setup::default().start();
    let client = collector.client();
    let old = aged(4000.0, site());
    old.deliver(&client);
    assert_eq!(
        client.finished(old.id)["output"].as_array().unwrap().len(),
        4
    );
    let body = json!({}).to_string();
    let path = format!("{}/executions/cleanup", crate::harness::API);
    let answer = client.send("POST", &path, &[], body.as_bytes());
    answer.error(400, "bad_request");
    client.finished(old.id);
}
