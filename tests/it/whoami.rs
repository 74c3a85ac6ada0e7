//! `GET /whoami` describes a token.

use crate::harness::{Collector, Setup};

#[test]
fn every_known_token_is_told_its_name_scopes_and_end() {
    let collector = Collector::start();
    for scopes in [&["ingest"][..], &["read", "run"], &["admin"]] {
        let token = collector.create_token(scopes);
        let answer = collector.client_with(Some(&token)).api("/whoami").ok();
        assert_eq!(answer["scopes"], serde_json::json!(scopes));
        let name = answer["name"].as_str().unwrap();
        assert_eq!(answer["actor"], format!("token:{name}"));
        assert!(answer.get("expires").is_none(), "{answer}");
        assert!(!answer.to_string().contains(&token));
    }
    let made = collector.command(&[
        "token",
        "create",
        "short",
        "--scope",
        "read",
        "--expires-days",
        "2",
        "--json",
    ]);
    let made: serde_json::Value = serde_json::from_str(&made.unwrap()).unwrap();
    let client = collector.client_with(made["token"].as_str());
    assert_eq!(client.api("/whoami").ok()["expires"], made["expires"]);
}

#[test]
fn nobody_else_is_answered() {
    let collector = Collector::start();
    for token in [None, Some("pbk_wrong"), Some("")] {
        let answer = collector.client_with(token).api("/whoami");
        answer.error(401, "unauthorized");
    }
}

#[test]
fn without_tokens_everybody_may_do_everything() {
    let collector = Setup::default().argument("--no-auth").start_without_token();
    let answer = collector.client_with(None).api("/whoami").ok();
    assert_eq!(answer["actor"], "anonymous");
    assert!(answer.get("name").is_none());
    let all = ["ingest", "read", "run", "admin"];
    assert_eq!(answer["scopes"], serde_json::json!(all));
}
