//! Tokens through the API: listed, created and revoked by whoever may do everything.

use serde_json::{Value, json};

use crate::harness::{API, Answer, Client, Collector};

fn create(client: &Client, asked: &Value) -> Answer {
    let body = asked.to_string();
    client.send("POST", &format!("{API}/tokens"), &[], body.as_bytes())
}

fn named<'l>(list: &'l Value, name: &str) -> Option<&'l Value> {
    let tokens = list["tokens"].as_array().unwrap();
    tokens.iter().find(|token| token["name"] == name)
}

#[test]
pub(crate) fn a_token_is_made_used_listed_and_revoked() {
    let collector = Collector::start();
    let client = collector.client();
    let asked =
        json!({ "name": "ci/é 1", "scopes": ["read", "ingest", "read"], "expires_days": 2 });
    let made = create(&client, &asked);
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!(made["scopes"], json!(["ingest", "read"]));
    let text = made["token"].as_str().unwrap();
    let own = collector.client_with(Some(text));
    let known = own.api("/whoami").ok();
    assert_eq!(known["name"], "ci/é 1");
    assert_eq!(known["expires"], made["expires"]);

    let list = client.api("/tokens").ok();
    let listed = named(&list, "ci/é 1").unwrap();
    assert_eq!(listed["scopes"], made["scopes"]);
    assert_eq!(listed["created"], made["created"]);
    assert!(!list.to_string().contains(text), "{list}");

    let path = format!("{API}/tokens/ci%2F%C3%A9%201");
    assert_eq!(client.send("DELETE", &path, &[], b"").status, 204);
    own.api("/whoami").error(401, "unauthorized");
    assert!(named(&client.api("/tokens").ok(), "ci/é 1").is_none());
    client
        .send("DELETE", &path, &[], b"")
        .error(404, "not_found");

    let trail = client.api("/audit?object=token:ci/%C3%A9%201").ok();
    let actions: Vec<&Value> = trail["entries"].as_array().unwrap().iter().collect();
    let actions: Vec<&Value> = actions.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["revoke_token", "create_token"], "{trail}");
    assert!(!trail.to_string().contains(text), "{trail}");
}

#[test]
fn only_who_may_do_everything_sees_or_makes_tokens() {
    let collector = Collector::start();
    let token = collector.create_token(&["read", "run", "ingest"]);
    let client = collector.client_with(Some(&token));
    client.api("/tokens").error(403, "forbidden");
    let asked = json!({ "name": "more", "scopes": ["admin"] });
    create(&client, &asked).error(403, "forbidden");
    let path = format!("{API}/tokens/more");
    client
        .send("DELETE", &path, &[], b"")
        .error(403, "forbidden");
    let all = collector.client().api("/tokens").ok();
    assert!(named(&all, "more").is_none(), "{all}");
}

#[test]
fn what_is_wrong_with_a_request_is_named_and_nothing_is_made() {
    let collector = Collector::start();
    let client = collector.client();
    let before = client.api("/tokens").ok();
    for (asked, says) in [
        (json!({ "name": " ", "scopes": ["read"] }), "name is empty"),
        (
            json!({ "name": "n".repeat(201), "scopes": ["read"] }),
            "at most 200 bytes",
        ),
        (
            json!({ "name": "a\nb", "scopes": ["read"] }),
            "no control characters",
        ),
        (json!({ "name": "ci", "scopes": [] }), "scopes is empty"),
        (
            json!({ "name": "ci", "scopes": ["write"] }),
            "expected one of `ingest`",
        ),
        (json!({ "name": "ci" }), "missing field `scopes`"),
        (
            json!({ "name": "ci", "scopes": ["read"], "expires_days": 0 }),
            "expires_days = 0",
        ),
        (
            json!({ "name": "ci", "scopes": ["read"], "expires_days": 40_000 }),
            "from 1 to 36500",
        ),
    ] {
        let message = create(&client, &asked).error(400, "bad_request");
        assert!(message.contains(says), "{asked}: {message}");
    }
    assert_eq!(client.api("/tokens").ok(), before);
    let asked = json!({ "name": "ci", "scopes": ["read"] });
    assert_eq!(create(&client, &asked).status, 201);
    let again = create(&client, &asked).error(409, "conflict");
    assert!(again.contains("exists already"), "{again}");
}
