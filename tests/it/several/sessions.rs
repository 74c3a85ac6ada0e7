//! A browser's session is stored in the history, not in a collector: every collector accepts it, and it ends everywhere
//! at once.

use serde_json::json;

use super::collectors;
use crate::builders::good_run;
use crate::harness::API;
use crate::sessions::{list, log_in};
use crate::socket::{Socket, StreamEvent};

#[test]
fn a_session_holds_on_every_collector_and_ends_on_all() {
    let [one, other] = collectors::<2>("");
    let run = good_run();
    run.deliver(&one.client());
    let cookie = log_in(&one, &one.token);
    for collector in [&one, &other] {
        let page = list(collector, &cookie).ok();
        assert_eq!(page["executions"][0]["id"], run.id.to_string());
    }
    // The stream of one ends when the session is left on the other.
    let mut feed = Socket::open(&one, "/stream", &[("cookie", &cookie)]).unwrap();
    let client = other.client_with(None);
    let session = format!("{API}/session");
    let out = client.send("DELETE", &session, &[("cookie", &cookie)], b"");
    assert_eq!(out.status, 204);
    for collector in [&other, &one] {
        list(collector, &cookie).error(401, "unauthorized");
    }
    while !matches!(feed.next(), StreamEvent::Closed(1008, _)) {}
}

#[test]
fn a_token_that_is_revoked_ends_its_sessions_on_all_collectors() {
    let [one, other] = collectors::<2>("");
    let made = one
        .command(&["token", "create", "browser", "--scope", "read", "--json"])
        .unwrap();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let token = made["token"].as_str().unwrap();
    let cookies = [log_in(&one, token), log_in(&other, token)];
    for cookie in &cookies {
        for collector in [&one, &other] {
            list(collector, cookie).ok();
        }
    }
    one.command(&["token", "revoke", "browser"]).unwrap();
    for cookie in &cookies {
        for collector in [&other, &one] {
            list(collector, cookie).error(401, "unauthorized");
        }
    }
    // Others' sessions are their own.
    let own = log_in(&other, &other.token);
    list(&one, &own).ok();
}

#[test]
fn a_ticket_of_one_collector_is_used_up_on_all() {
    let [one, other] = collectors::<2>("");
    let client = one.client();
    let ticket = client.send("POST", &format!("{API}/session/ticket"), &[], b"");
    let login = json!({ "ticket": ticket.ok()["ticket"] }).to_string();
    let log_in = |collector: &crate::harness::Collector| {
        let client = collector.client_with(None);
        client.send("POST", &format!("{API}/session"), &[], login.as_bytes())
    };
    let answer = log_in(&other);
    answer.ok();
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    for collector in [&one, &other] {
        log_in(collector).error(401, "unauthorized");
        list(collector, &cookie).ok();
    }
}
