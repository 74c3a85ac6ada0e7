//! Browser logins: a separate session, which ends with the logout, after its lifetime, or with its token.

use playback::auth::token;
use playback::store::{Store, TokenRow};
use serde_json::json;

use crate::builders::good_run;
use crate::harness::{API, Answer, Collector, Setup, eventually};
use crate::socket::{Socket, StreamEvent};

const LIST: &str = "/api/v1/ansible/executions";

fn post_session(collector: &Collector, token: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "token": token }).to_string();
    let client = collector.client_with(None);
    client.send("POST", &format!("{API}/session"), headers, body.as_bytes())
}

/// Logs in; what the browser sends from then on.
pub(crate) fn log_in(collector: &Collector, token: &str) -> String {
    let answer = post_session(collector, token, &[]);
    answer.ok();
    let cookie = answer.header("set-cookie").to_owned();
    cookie.split(';').next().unwrap().to_owned()
}

pub(crate) fn list(collector: &Collector, cookie: &str) -> Answer {
    let client = collector.client_with(None);
    client.send("GET", LIST, &[("cookie", cookie)], b"")
}

#[test]
pub(crate) fn a_session_is_not_the_token_and_ends_with_the_logout() {
    let collector = Collector::start();
    let cookie = log_in(&collector, &collector.token);
    let other = log_in(&collector, &collector.token);
    assert_ne!(cookie, other, "each login is one of its own");
    assert!(!cookie.contains(&collector.token));
    let value = cookie.split_once('=').unwrap().1.to_owned();
    assert_eq!(value.len(), 43, "256 bits");
    list(&collector, &cookie).ok();
    // It is no token, and a token is no session.
    let as_token = collector.client_with(Some(&value));
    as_token.get(LIST).error(401, "unauthorized");
    let name = cookie.split_once('=').unwrap().0;
    let token = format!("{name}={}", collector.token);
    list(&collector, &token).error(401, "unauthorized");

    let client = collector.client_with(None);
    let session = format!("{API}/session");
    let evil = [
        ("cookie", cookie.as_str()),
        ("origin", "http://evil.example"),
    ];
    let refused = client.send("DELETE", &session, &evil, b"");
    refused.error(403, "forbidden");
    list(&collector, &cookie).ok();
    let out = client.send("DELETE", &session, &[("cookie", &cookie)], b"");
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    list(&collector, &cookie).error(401, "unauthorized");
    list(&collector, &other).ok();
}

#[test]
fn a_session_is_stored_by_its_hash_alone() {
    let collector = Collector::start();
    let cookie = log_in(&collector, &collector.token);
    let value = cookie.split_once('=').unwrap().1;
    list(&collector, &cookie).ok();
    for file in ["playback.db", "playback.db-wal"] {
        let Ok(stored) = std::fs::read(collector.folder().join(file)) else {
            continue;
        };
        let holds = |text: &str| {
            stored
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(!holds(value) && !holds(&collector.token), "{file}");
    }
}

#[test]
fn a_session_ends_in_its_time() {
    let collector = Setup::default()
        .config("[http]\nsession_seconds = 2")
        .start();
    let answer = post_session(&collector, &collector.token, &[]);
    assert!(answer.header("set-cookie").contains("; Max-Age=2"));
    let cookie = log_in(&collector, &collector.token);
    let mut feed = Socket::open(&collector, "/stream", &[("cookie", &cookie)]).unwrap();
    list(&collector, &cookie).ok();
    eventually("the session to be over", || {
        let answer = list(&collector, &cookie);
        (answer.status == 401).then(|| answer.error(401, "unauthorized"))
    });
    assert!(matches!(feed.next(), StreamEvent::Closed(1008, _)));
}

#[test]
pub(crate) fn a_revoked_token_takes_its_sessions_and_streams_along() {
    let collector = Collector::start();
    let id = good_run().deliver(&collector.client()).id;
    let running = crate::builders::Run::new();
    running.deliver(&collector.client());
    let made = collector
        .command(&["token", "create", "browser", "--scope", "read", "--json"])
        .unwrap();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let token = made["token"].as_str().unwrap();
    let cookie = log_in(&collector, token);
    list(&collector, &cookie).ok();
    let stream = format!("/executions/{}/stream", running.id);
    let bearer = format!("Bearer {token}");
    let mut streams = [
        Socket::open(&collector, &stream, &[("cookie", &cookie)]).unwrap(),
        Socket::open(&collector, "/stream", &[("cookie", &cookie)]).unwrap(),
        Socket::open(&collector, &stream, &[("authorization", &bearer)]).unwrap(),
    ];
    let mut others = Socket::feed(&collector);
    collector.command(&["token", "revoke", "browser"]).unwrap();
    list(&collector, &cookie).error(401, "unauthorized");
    for stream in &mut streams {
        let StreamEvent::Closed(1008, reason) = stream.next() else {
            panic!("it was to be closed with a reason");
        };
        assert!(reason.contains("token"), "{reason}");
    }
    // A token of the same name is another one.
    collector
        .command(&["token", "create", "browser", "--scope", "read"])
        .unwrap();
    list(&collector, &cookie).error(401, "unauthorized");
    collector.client().delete(id);
    assert!(
        matches!(others.next(), StreamEvent::Message(_)),
        "others go on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_so_many_sessions_and_no_more() {
    let collector = Collector::start();
    let store = Store::open(&collector.database()).await.unwrap();
    let hash = token::hash(&collector.token);
    for number in 0..10_u8 {
        store
            .create_session(&[number; 32], &hash, i64::from(number), 1000, 4)
            .await
            .unwrap();
    }
    for number in 0..10_u8 {
        let found = store.session(&[number; 32]).await.unwrap();
        assert_eq!(found.is_some(), number >= 6, "{number}");
    }
    // Those that are over go, and those of no token.
    store
        .create_session(&[20; 32], &[9; 32], 0, 5000, 4)
        .await
        .unwrap();
    assert_eq!(store.remove_ended_sessions(999).await.unwrap(), 1);
    assert_eq!(store.remove_ended_sessions(1000).await.unwrap(), 4);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_run_and_an_expired_one_cannot_log_in() {
    let collector = Collector::start();
    let store = Store::open(&collector.database()).await.unwrap();
    for (name, expires_us, execution) in [
        ("run", None, Some(uuid::Uuid::now_v7())),
        ("old", Some(1), None),
    ] {
        let row = TokenRow {
            id: 0,
            name: name.to_owned(),
            scopes: "read".to_owned(),
            created_us: 0,
            expires_us,
            used_us: None,
            execution,
        };
        store
            .create_token(&row, &token::hash(name), None)
            .await
            .unwrap();
    }
    store.close().await;
    post_session(&collector, "run", &[]).error(403, "forbidden");
    post_session(&collector, "old", &[]).error(401, "unauthorized");
}

#[test]
fn the_cookie_is_secure_behind_https_and_nobody_else_can_say_so() {
    let is_secure = |collector: &Collector, headers: &[(&str, &str)]| {
        let answer = post_session(collector, &collector.token, headers);
        answer.ok();
        let cookie = answer.header("set-cookie").to_owned();
        cookie.split("; ").any(|part| part == "Secure")
    };
    let plain = Collector::start();
    let proxied = Setup::default()
        .config("[http]\ntrusted_proxies = [\"127.0.0.0/8\"]")
        .start();
    let public = Setup::default()
        .config("[http]\npublic_url = \"https://play.example\"")
        .start();
    for (fields, secure) in [
        (&[][..], [false, false, true]),
        (&[("x-forwarded-proto", "https")][..], [false, true, true]),
        (&[("x-forwarded-proto", "http")], [false, false, true]),
        (
            &[("forwarded", "for=1.2.3.4;proto=https")],
            [false, true, true],
        ),
    ] {
        let found = [&plain, &proxied, &public].map(|collector| is_secure(collector, fields));
        assert_eq!(found, secure, "{fields:?}");
    }
}

#[test]
fn only_pages_of_the_same_scheme_host_and_port_use_the_login() {
    let collector = Setup::default()
        .config("[http]\ntrusted_proxies = [\"127.0.0.1\"]")
        .start();
    let cookie = log_in(&collector, &collector.token);
    let own = collector.address();
    let client = collector.client_with(None);
    let ask = |fields: &[(&str, &str)]| {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend_from_slice(fields);
        client.send("GET", LIST, &headers, b"").status
    };
    assert_eq!(ask(&[("origin", &format!("http://{own}"))]), 200);
    assert_eq!(ask(&[("origin", &format!("https://{own}"))]), 403);
    assert_eq!(ask(&[("origin", "http://127.0.0.1:1")]), 403);
    assert_eq!(ask(&[("origin", "null")]), 403);
    let proxy = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "play.example"),
    ];
    let behind = |origin: &'static str| [&proxy[..], &[("origin", origin)]].concat();
    assert_eq!(ask(&behind("https://play.example")), 200);
    assert_eq!(ask(&behind("https://play.example:443")), 200);
    assert_eq!(ask(&behind("http://play.example")), 403);
    assert_eq!(ask(&[("sec-fetch-site", "cross-site")]), 403);
    assert_eq!(ask(&[("sec-fetch-site", "same-origin")]), 200);
    let delete = |site: &str| {
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", site)];
        let path = format!("{LIST}/{}", uuid::Uuid::nil());
        client.send("DELETE", &path, &headers, b"").status
    };
    assert_eq!(delete("same-site"), 403);
    assert_eq!(delete("same-origin"), 404);
}

/// Asks for a ticket with a token.
fn ticket(collector: &Collector, token: &str) -> Answer {
    let client = collector.client_with(Some(token));
    client.send("POST", &format!("{API}/session/ticket"), &[], b"")
}

fn use_ticket(collector: &Collector, ticket: &str) -> Answer {
    let body = json!({ "ticket": ticket }).to_string();
    let client = collector.client_with(None);
    client.send("POST", &format!("{API}/session"), &[], body.as_bytes())
}

#[test]
pub(crate) fn a_ticket_logs_in_once_as_its_token() {
    let collector = Collector::start();
    let made = ["token", "create", "desk", "--scope", "read", "--json"];
    let made = collector.command(&made).unwrap();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let token = made["token"].as_str().unwrap();
    let given = ticket(&collector, token).ok();
    let given = given["ticket"].as_str().unwrap();
    assert_eq!(given.len(), 43, "256 bits");
    let answer = use_ticket(&collector, given);
    assert_eq!(answer.ok(), json!({ "scopes": ["read"] }));
    let cookie = answer.header("set-cookie").to_owned();
    let cookie = cookie.split(';').next().unwrap();
    list(&collector, cookie).ok();
    use_ticket(&collector, given).error(401, "unauthorized");
    use_ticket(&collector, "x").error(401, "unauthorized");
    // A ticket is no token, and a session makes none.
    collector
        .client_with(Some(given))
        .get(LIST)
        .error(401, "unauthorized");
    let client = collector.client_with(None);
    let path = format!("{API}/session/ticket");
    let of_session = client.send("POST", &path, &[("cookie", cookie)], b"");
    of_session.error(403, "forbidden");
    // What ends the token ends its tickets and sessions.
    let unused = ticket(&collector, token).ok();
    collector.command(&["token", "revoke", "desk"]).unwrap();
    list(&collector, cookie).error(401, "unauthorized");
    use_ticket(&collector, unused["ticket"].as_str().unwrap()).error(401, "unauthorized");
    ticket(&collector, token).error(401, "unauthorized");
}

#[test]
fn of_many_that_use_a_ticket_at_once_one_is_logged_in() {
    let collector = Collector::start();
    let given = ticket(&collector, &collector.token).ok();
    let given = given["ticket"].as_str().unwrap();
    let used = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| use_ticket(&collector, given).status))
            .collect();
        let statuses = tries.into_iter().map(|tried| tried.join().unwrap());
        statuses.filter(|status| *status == 200).count()
    });
    assert_eq!(used, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_expires_and_a_token_has_so_many() {
    let collector = Collector::start();
    let store = Store::open(&collector.database()).await.unwrap();
    let hash = token::hash(&collector.token);
    for number in 0..6_u8 {
        let expires_us = i64::from(number) + 100;
        store
            .create_ticket(&[number; 32], &hash, expires_us, 4)
            .await
            .unwrap();
    }
    let take = async |number: u8, now_us| store.take_ticket(&[number; 32], now_us).await.unwrap();
    assert_eq!(take(1, 0).await, None, "the oldest went");
    assert_eq!(take(2, 102).await, None, "it has expired");
    assert_eq!(take(3, 102).await, Some(hash.to_vec()));
    assert_eq!(take(3, 102).await, None, "it was used");
    assert_eq!(store.remove_expired_tickets(104).await.unwrap(), 2);
    assert_eq!(take(5, 104).await, Some(hash.to_vec()));
    store.close().await;
}

#[test]
fn what_is_no_login_is_refused() {
    let collector = Collector::start();
    let client = collector.client_with(None);
    for body in [
        "{}",
        "[]",
        "{\"token\": \"a\", \"ticket\": \"b\"}",
        "{\"tickets\": \"b\"}",
    ] {
        let answer = client.send("POST", &format!("{API}/session"), &[], body.as_bytes());
        answer.error(400, "bad_request");
    }
}
