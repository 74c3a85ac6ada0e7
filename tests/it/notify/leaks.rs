//! A target that repeats what it was sent: no secret of it is shown, wherever one looks.

use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{bad, config, log, set};
use crate::harness::{API, Client, Setup, eventually};

/// The path of an address, and the value of a header field; and what must not be seen of them.
const PATH: &str = "/services/TWORK7/BHOOK9/AbCdEfGhIjKl";
const LOGIN: &str = "Bearer s3cr3t-word";
const PIECES: [&str; 4] = ["twork7", "bhook9", "abcdefgh", "s3cr3t"];

/// Fails if a text has a piece of a secret, in any case and in the escapes of the answers below.
#[track_caller]
fn has_none(what: &str, text: &str) {
    let text = text.to_lowercase();
    for piece in PIECES {
        assert!(!text.contains(piece), "{what}: {piece}: {text}");
    }
}

/// Everything that the API says of the target, and of its newest message.
fn shown(client: &Client) -> String {
    let newest = log(client, "")
        .pop()
        .map_or(Value::Null, |one| one["id"].clone());
    let newest = newest.as_str().unwrap_or_default();
    let mut shown = String::new();
    for path in [
        "/notifications/targets".to_owned(),
        "/notifications/deliveries".to_owned(),
        format!("/notifications/deliveries/{newest}"),
        "/audit".to_owned(),
    ] {
        shown += &client.api(&path).ok().to_string();
    }
    shown
}

#[test]
fn what_a_target_repeats_is_shown_without_its_secrets() {
    let config = config("off_after_seconds = 1");
    let setup = Setup::default().config(&config);
    // The most detailed log has no request either.
    let collector = setup.argument("--log-level").argument("trace").start();
    let client = collector.client();
    let receiver = Receiver::start();
    let settings = json!({
        "kind": "webhook", "url": format!("http://{}{PATH}", receiver.address()), "rules": [{ "on": ["failed"] }],
        "headers": { "authorization": LOGIN },
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    let escaped = PATH.replace('/', "\\/");
    let encoded = PATH.replace('/', "%2F").to_lowercase();
    let filled = "x".repeat(950);
    let replies = [
        (
            Reply::Redirect(format!("https://elsewhere.example:8443{PATH}/")),
            "https://elsewhere.example:8443 (307",
        ),
        (Reply::Redirect(format!("{PATH}/")), "it redirects (307"),
        (
            Reply::Text(404, format!("Cannot POST {PATH}")),
            "Cannot POST ***",
        ),
        (
            Reply::Text(403, "no hook abcdefghijkl".to_owned()),
            "no hook ***",
        ),
        (
            // The blank before the word is part of the login, too.
            Reply::Text(401, format!("{LOGIN} and s3cr3t-word")),
            "*** and***",
        ),
        (
            Reply::Text(500, format!("{{\"path\": \"{escaped}\"}}")),
            "***",
        ),
        (Reply::Text(500, format!("?from={encoded}")), "?from=***"),
        (Reply::Text(500, format!("cut {}", &PATH[..20])), "cut ***"),
        // The log keeps the first thousand characters.
        (Reply::Text(500, format!("{filled}{PATH}{PATH}")), "xx***"),
    ];
    for (reply, says) in replies {
        receiver.reply(reply.clone());
        let path = format!("{API}/notifications/targets/ops/test");
        let tested = client.send("POST", &path, &[], b"").ok();
        let text = tested.to_string();
        has_none(&format!("{reply:?}"), &text);
        assert!(text.contains(says), "{reply:?}: {text}");
        has_none(&format!("{reply:?}"), &shown(&client));
    }
    let received = receiver.received();
    assert_eq!(received[0].line, format!("POST {PATH}"));
    assert_eq!(received[0].header("authorization"), LOGIN);
    // A real message, until the target is switched off, with the reason.
    receiver.reply(Reply::Redirect(format!("https://elsewhere.example{PATH}")));
    bad("site.yml").deliver(&client);
    let off = eventually("the target to be switched off", || {
        let shown = client.api("/notifications/targets/ops").ok();
        shown["off_reason"].as_str().map(str::to_owned)
    });
    assert!(
        off.contains("it redirects to https://elsewhere.example (307"),
        "{off}"
    );
    has_none("what is shown", &shown(&client));
    for entry in collector.log() {
        has_none("the log", &entry.to_string());
    }
    let logged = collector.log();
    let mut logged = logged.iter().map(Value::to_string);
    assert!(logged.any(|line| line.contains("redirects to https://elsewhere.example")));
}
