//! A separate limit for output and returned data: the record is kept longer, and says that they were deleted.

use serde_json::{Value, json};

use super::{aged, begun, cleaned, cleanup, left, set, site};
use crate::harness::{API, Collector, eventually};
use crate::socket::Socket;

#[test]
pub(crate) fn without_its_log_a_record_says_so() {
    let mut collector = Collector::start();
    let client = collector.client();
    let (old, young) = (aged(20.0, site()), aged(5.0, site()));
    let going = begun(25.0, site());
    for run in [&old, &young, &going] {
        run.deliver(&client);
    }
    let before = client.finished(old.id);
    let parts = ["/plays", "/tasks", "/hosts", "/results"];
    let parts_before = parts.map(|part| client.execution(old.id, part).ok());
    let seq = parts_before[3]["results"][0]["seq"].as_u64().unwrap();
    let body = json!({ "keep_payload_days": 14, "retention_days": 60 });
    let (would, gone) = cleaned(&client, &body);
    assert!(gone.is_empty());
    assert_eq!(would["payloads_removed"], 1);
    assert_eq!(would["payloads"], json!([old.id]));
    assert!(would["bytes_freed"].as_u64().unwrap() > 100);

    // The record stayed, and says what is missing, wherever it is requested.
    let mut after = client.finished(old.id);
    let removed = after["payload_removed"].take();
    assert!(removed.as_str().unwrap().starts_with("20"), "{removed}");
    assert_eq!(after["output"], json!([]));
    let mut expected = before;
    expected["output"] = json!([]);
    expected["payload_removed"] = Value::Null;
    assert_eq!(after, expected);
    assert_eq!(
        parts.map(|part| client.execution(old.id, part).ok()),
        parts_before
    );
    for part in [
        "/output",
        "/output?format=text",
        "/events",
        &format!("/results/{seq}"),
    ] {
        let message = client.execution(old.id, part).error(410, "gone");
        assert!(message.contains("retention removed"), "{message}");
    }
    client
        .execution(old.id, "/results/999")
        .error(404, "not_found");
    let (lines, record) = Socket::watch(&collector, old.id, "").rest();
    assert_eq!(lines, [""; 0]);
    assert_eq!(record["payload_removed"], removed);
    assert_eq!(record["output"], json!([]));
    let page = client.api("/executions?limit=10").ok();
    let listed = page["executions"].as_array().unwrap();
    let listed = listed
        .iter()
        .find(|record| record["id"] == old.id.to_string());
    assert_eq!(listed.unwrap()["payload_removed"], removed);

    // Nothing destroys what is left of it.
    let refused = |status: u16, text: &str| {
        let body: Value = serde_json::from_str(text).unwrap();
        assert_eq!((status, &body["error"]["code"]), (410, &json!("gone")));
        let message = body["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("removed by retention"), "{message}");
    };
    for late in [old.send(&client), client.ingest(old.id, "recorder", b"")] {
        refused(late.status, &late.text);
    }
    let path = format!("{API}/executions/{}/redact", old.id);
    let redacted = client.send("POST", &path, &[], br#"{"texts": ["ok"]}"#);
    refused(redacted.status, &redacted.text);
    assert!(collector.stop().0.success());
    let complaint = collector.command(&["rebuild", &old.id.to_string(), "--json"]);
    assert!(complaint.is_err(), "{complaint:?}");
    let rebuilt = collector.command(&["rebuild", "--all", "--json"]).unwrap();
    let rebuilt: Value = serde_json::from_str(&rebuilt).unwrap();
    assert_eq!(rebuilt["without_log"], json!([old.id]));
    assert_eq!(rebuilt["failed"], json!([]));
    collector.launch();
    assert_eq!(client.finished(old.id)["stats"], expected["stats"]);
    // The others are as they were; and so is this one, the second time.
    assert_eq!(
        client.finished(young.id)["output"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let again = cleanup(&client, &body).ok();
    assert_eq!(
        (&again["payloads_removed"], &again["bytes_freed"]),
        (&json!(0), &json!(0))
    );
    // It can be deleted, by its age or by hand.
    let ended = going.ended(0);
    ended.deliver(&client);
    cleanup(&client, &body).ok();
    assert_eq!(client.delete(ended.id).status, 204);
    client.execution(ended.id, "").error(404, "not_found");
    let (would, gone) = cleaned(&client, &json!({ "retention_days": 10 }));
    assert_eq!(gone, set(&[&old]));
    assert_eq!(would["bytes_freed"], 0, "its log was counted before");
    assert_eq!(left(&client), set(&[&young]));
}

#[test]
fn what_went_leaves_the_files_of_the_database() {
    const SECRET: &str = "hunter2-in-the-clear";
    let collector = Collector::start();
    let client = collector.client();
    let telling = |days| begun(days, site()).output(&format!("{SECRET}\n")).ended(0);
    let (old, older) = (telling(20.0), telling(40.0));
    for run in [&old, &older] {
        // At this level texts stay as they are: the file holds them in the clear.
        let batch = zstd::bulk::compress(&run.ndjson(), -50).unwrap();
        assert_eq!(client.ingest(run.id, "recorder", &batch).status, 200);
    }
    let holds = || {
        ["", "-wal"].iter().any(|end| {
            let path = format!("{}{end}", collector.database_file().display());
            let bytes = std::fs::read(path).unwrap_or_default();
            memchr::memmem::find(&bytes, SECRET.as_bytes()).is_some()
        })
    };
    assert!(holds());
    let body = json!({ "retention_days": 30, "keep_payload_days": 10 });
    cleanup(&client, &body).ok();
    eventually("the files to hold nothing of it", || {
        (!holds()).then_some(())
    });
    assert_eq!(left(&client), set(&[&old]));
}
