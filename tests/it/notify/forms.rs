//! Every kind of chat, and PagerDuty: what breaks and recovers arrives in its form, from the commit on.

use serde_json::{Value, json};

use super::receiver::{Received, Receiver};
use super::{bad, collector, delivered, good, set};

#[test]
fn what_broke_and_recovered_arrives_in_each_form() {
    let collector = collector("[http]\npublic_url = \"https://playback.example\"");
    let client = collector.client();
    let kinds = ["slack", "teams", "mattermost", "matrix", "pagerduty"];
    let receivers = kinds.map(|kind| {
        let receiver = Receiver::start();
        let mut settings = json!({
            "kind": kind, "url": receiver.url(), "rules": [{ "on": ["broke", "recovered"] }],
        });
        if kind == "matrix" {
            settings["room"] = "!ops:example.org".into();
        }
        if ["matrix", "pagerduty"].contains(&kind) {
            settings["token"] = "hunter2".into();
        }
        assert_eq!(set(&client, kind, &settings).status, 201, "{kind}");
        receiver
    });
    let runs = [good("site.yml"), bad("site.yml"), good("site.yml")];
    for run in &runs {
        run.deliver(&client);
    }
    let all = delivered(&client, 2 * kinds.len());
    assert!(all.iter().all(|one| one["state"] == "delivered"), "{all:?}");
    let received = receivers
        .each_ref()
        .map(|receiver| receiver.await_requests(2));
    for (kind, received) in kinds.iter().zip(&received) {
        assert_eq!(received.len(), 2, "{kind}");
        for (one, says) in received.iter().zip(["broke", "works again"]) {
            // Markdown may escape some characters.
            let text = one.body.replace("\\\\", "");
            assert!(text.contains("site.yml on prod"), "{kind}: {text}");
            assert!(text.contains(says), "{kind}: {text}");
        }
        let broke = &received[0].body;
        assert!(broke.contains("no space"), "{kind}: {broke}");
        let page = format!("https://playback.example/runs/{}", runs[1].id);
        assert!(broke.contains(&page), "{kind}: {broke}");
    }
    let of = |received: &[Received], at: usize| -> Value { received[at].json() };
    let [slack, teams, mattermost, matrix, pagerduty] = &received;
    assert!(of(slack, 0)["blocks"].is_array());
    let card = &of(teams, 0)["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert_eq!(card["content"]["body"][0]["color"], "attention");
    assert_eq!(
        of(teams, 1)["attachments"][0]["content"]["body"][0]["color"],
        "good"
    );
    assert_eq!(of(mattermost, 0)["username"], "Playback");
    assert!(of(mattermost, 0)["text"].is_string());
    assert!(
        matrix[0]
            .line
            .starts_with("PUT /hook/_matrix/client/v3/rooms/%21ops%3Aexample.org/send/")
    );
    assert_eq!(matrix[0].header("authorization"), "Bearer hunter2");
    let [trigger, resolve] = [0, 1].map(|at| of(pagerduty, at));
    assert_eq!(
        (&trigger["event_action"], &resolve["event_action"]),
        (&json!("trigger"), &json!("resolve"))
    );
    assert_eq!(trigger["dedup_key"], resolve["dedup_key"]);
    assert_eq!(trigger["routing_key"], "hunter2");
}
