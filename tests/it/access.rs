//! Permissions: tokens, scopes, logins and origins.

use std::process::{Command, Stdio};

use playback::auth::token;
use playback::store::{Store, TokenRow};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::builders::{Run, good_run};
use crate::harness::{API, Client, Collector, PLAYBACK, Setup, eventually};
use crate::socket::Socket;

const LIST: &str = "/api/v1/ansible/executions";

#[test]
fn nothing_but_health_is_open() {
    let collector = Collector::start();
    let id = good_run().deliver(&collector.client()).id.to_string();
    let document = serde_json::to_value(playback::api::openapi()).unwrap();
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{id}", &id)
            .replace("{execution_id}", &id)
            .replace("{producer}", "recorder")
            .replace("{seq}", "7");
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            let open = operation["security"] == json!([{}]);
            let asked =
                |token: Option<&str>| collector.client_with(token).send(&method, &path, &[], b"");
            for token in [None, Some("pbk_wrong"), Some("")] {
                let answer = asked(token);
                if open {
                    assert_ne!(answer.status, 403, "{method} {path}");
                } else {
                    answer.error(401, "unauthorized");
                    assert_eq!(answer.header("www-authenticate"), "Bearer");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 30, "{seen}");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(collector.client_with(None).get(path).status, 200);
    }
}

#[test]
fn a_header_that_is_no_bearer_token_is_refused() {
    let collector = Collector::start();
    let client = collector.client_with(None);
    for value in [
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "pbk_x",
        "Bearer pbk_x pbk_y",
        "Token pbk_x",
    ] {
        let answer = client.send("GET", LIST, &[("Authorization", value)], b"");
        let message = answer.error(401, "unauthorized");
        assert!(
            !message.contains("pbk_x"),
            "no token is repeated: {message}"
        );
    }
    let lower = format!("bearer {}", collector.token);
    assert_eq!(
        client
            .send("GET", LIST, &[("Authorization", &lower)], b"")
            .status,
        200
    );
}

#[test]
fn each_scope_allows_its_own() {
    let collector = Collector::start();
    let may = |client: &Client| {
        let ask = |method: &str, path: &str| client.send(method, path, &[], b"").status != 403;
        [
            ask("GET", LIST),
            ask("GET", "/metrics"),
            ask(
                "POST",
                &format!("{API}/ingest/{}/recorder", uuid::Uuid::now_v7()),
            ),
            ask("DELETE", &format!("{LIST}/{}", uuid::Uuid::nil())),
        ]
    };
    for (scopes, allowed) in [
        (&["read"][..], [true, true, false, false]),
        (&["ingest"][..], [false, false, true, false]),
        (&["run"][..], [false, false, false, false]),
        (&["ingest", "read"][..], [true, true, true, false]),
        (&["admin"][..], [true, true, true, true]),
    ] {
        let token = collector.create_token(scopes);
        assert_eq!(
            may(&collector.client_with(Some(&token))),
            allowed,
            "{scopes:?}"
        );
    }
    let reader = collector.create_token(&["read"]);
    let message = good_run()
        .send(&collector.client_with(Some(&reader)))
        .error(403, "forbidden");
    assert!(message.contains("--scope ingest"), "{message}");
}

#[test]
fn a_revoked_token_is_worth_nothing_at_once() {
    let collector = Collector::start();
    let printed = collector
        .command(&["token", "create", "ci", "--scope", "read", "--json"])
        .unwrap();
    let token: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(token["name"], "ci");
    assert_eq!(token["scopes"], json!(["read"]));
    let client = collector.client_with(token["token"].as_str());
    assert_eq!(client.get(LIST).status, 200);
    eventually("the use to be noted", || {
        let list: Value =
            serde_json::from_str(&collector.command(&["token", "list", "--json"]).unwrap())
                .unwrap();
        let ci = list
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == "ci")
            .unwrap()
            .clone();
        assert!(ci.get("token").is_none() && ci.get("hash").is_none());
        (!ci["last_used"].is_null()).then_some(())
    });
    collector.command(&["token", "revoke", "ci"]).unwrap();
    client.get(LIST).error(401, "unauthorized");
    let complaint = collector.command(&["token", "revoke", "ci"]).unwrap_err();
    assert!(complaint.contains("token list"), "{complaint}");
    // The token itself is nowhere in the store.
    let stored = std::fs::read(collector.database_file()).unwrap();
    let token = collector.token.as_bytes();
    assert!(!stored.windows(token.len()).any(|part| part == token));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused() {
    let collector = Collector::start();
    let store = Store::open(&collector.database()).await.unwrap();
    let secret = token::generate().unwrap();
    let secret = secret.expose_secret();
    let row = TokenRow {
        id: 0,
        name: "old".to_owned(),
        scopes: "admin".to_owned(),
        created_us: 0,
        expires_us: Some(1_000_000),
        used_us: None,
        execution: None,
    };
    store
        .create_token(&row, &token::hash(secret), None)
        .await
        .unwrap();
    store.close().await;
    let message = collector
        .client_with(Some(secret))
        .get(LIST)
        .error(401, "unauthorized");
    assert!(message.contains("expired"), "{message}");
    let printed = collector
        .command(&[
            "token",
            "create",
            "new",
            "--scope",
            "read",
            "--expires-days",
            "1",
            "--json",
        ])
        .unwrap();
    let token: Value = serde_json::from_str(&printed).unwrap();
    assert!(token["expires"].is_string());
    assert_eq!(
        collector
            .client_with(token["token"].as_str())
            .get(LIST)
            .status,
        200
    );
}

#[test]
fn an_empty_store_gets_one_admin_token_once() {
    let mut collector = Setup::default().start_without_token();
    let log = format!("{:?}", collector.log());
    let (status, printed) = collector.stop();
    assert!(status.success());
    let tokens: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("pbk_"))
        .collect();
    assert_eq!(tokens.len(), 1, "{printed}");
    assert!(!log.contains("pbk_"), "a token is no matter for the log");
    collector.launch();
    let client = collector.client_with(Some(tokens[0]));
    assert_eq!(client.get(LIST).status, 200);
    let (_, printed) = collector.stop();
    assert_eq!(printed, "");
    // Nor where the command line made one.
    let mut other = Collector::start();
    assert_eq!(other.stop().1, "");
}

#[test]
fn serving_without_tokens_is_for_loopback_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/playback.db", folder.path().display());
    for address in ["0.0.0.0:0", "[::]:0"] {
        let done = Command::new(PLAYBACK)
            .args([
                "serve",
                "--no-auth",
                "--listen",
                address,
                "--database",
                &database,
            ])
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(1));
        let complaint = String::from_utf8(done.stderr).unwrap();
        assert!(complaint.contains("127.0.0.1"), "{complaint}");
    }
    let mut collector = Setup::default().argument("--no-auth").start_without_token();
    let client = collector.client_with(None);
    good_run().deliver(&client);
    assert_eq!(
        client.get(LIST).ok()["executions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // A page from elsewhere may not, even when its name was made to mean this machine.
    let evil = [("Origin", "http://evil.example")];
    client.send("GET", LIST, &evil, b"").error(403, "forbidden");
    let rebound = [("Origin", "http://evil.example"), ("Host", "evil.example")];
    client
        .send("GET", LIST, &rebound, b"")
        .error(403, "forbidden");
    let rebound = [("Host", "evil.example:8080")];
    client
        .send("GET", LIST, &rebound, b"")
        .error(403, "forbidden");
    let local = format!("localhost:{}", collector.address().port());
    assert_eq!(
        client.send("GET", LIST, &[("Host", &local)], b"").status,
        200
    );
    assert_eq!(collector.stop().1, "", "no token is made");
}

#[test]
fn a_login_sets_a_cookie_that_only_our_own_pages_can_use() {
    let config = "allowed_origins = [\"https://tools.example.org\"]";
    let collector = Setup::default().config(config).start();
    let client = collector.client_with(None);
    let id = good_run().deliver(&collector.client()).id;
    let session = format!("{API}/session");
    let login = json!({ "token": collector.token }).to_string();
    let answer = client.send("POST", &session, &[], login.as_bytes());
    assert_eq!(answer.ok(), json!({ "scopes": ["admin"] }));
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.split("; ").any(|found| found == part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();

    client
        .send("POST", &session, &[], b"{\"token\":\"pbk_wrong\"}")
        .error(401, "unauthorized");
    client
        .send("POST", &session, &[], b"token=pbk")
        .error(400, "bad_request");
    let evil = ("Origin", "http://evil.example");
    client
        .send("POST", &session, &[evil], login.as_bytes())
        .error(403, "forbidden");

    let own = format!("http://{}", collector.address());
    let stream = format!("/executions/{id}/stream");
    for (origin, allowed) in [
        (None, true),
        (Some(own.as_str()), true),
        (Some("https://tools.example.org"), true),
        (Some("http://tools.example.org"), false),
        (Some("http://evil.example"), false),
        (Some("null"), false),
    ] {
        let mut headers = vec![("cookie", cookie)];
        headers.extend(origin.map(|origin| ("origin", origin)));
        assert_eq!(
            client.send("GET", LIST, &headers, b"").status == 200,
            allowed,
            "{origin:?}"
        );
        for path in [stream.as_str(), "/stream"] {
            let opened = Socket::open(&collector, path, &headers);
            assert_eq!(
                opened.map(|_| ()),
                if allowed { Ok(()) } else { Err(403) },
                "{origin:?}"
            );
        }
    }
    assert_eq!(Socket::open(&collector, &stream, &[]).map(|_| ()), Err(401));
    let out = client.send("DELETE", &session, &[("cookie", cookie)], b"");
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
}

#[test]
fn a_configuration_that_sets_what_there_is_not_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("collector.toml");
    for (toml, named) in [
        ("lissten = \"127.0.0.1:0\"", "lissten"),
        ("silence_seconds = \"long\"", "silence_seconds"),
        ("silence_seconds = 0", "silence_seconds"),
        ("listen = \"here\"", "listen"),
        (
            "database = \"oracle://x\"\nlisten = \"127.0.0.1:0\"",
            "oracle",
        ),
        ("log_level = \"info,x=loud\"", "log_level"),
        ("database = \"postgres://u:s3cret@h/d", "u:…@h/d"),
        ("database_connections = 0", "database_connections"),
        ("database_wait_seconds = 0", "database_wait_seconds"),
        ("no_auth = true\nlisten = \"0.0.0.0:0\"", "0.0.0.0"),
    ] {
        std::fs::write(&file, toml).unwrap();
        let done = Command::new(PLAYBACK)
            .args(["serve", "--config"])
            .arg(&file)
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(1), "{toml}");
        let complaint = String::from_utf8(done.stderr).unwrap();
        assert!(complaint.contains(named), "{toml}: {complaint}");
        assert!(!complaint.contains("s3cret"), "{complaint}");
    }
    let missing = Command::new(PLAYBACK)
        .args(["serve", "--config", "/nowhere.toml"])
        .env_clear()
        .output()
        .unwrap();
    assert!(
        String::from_utf8(missing.stderr)
            .unwrap()
            .contains("/nowhere.toml")
    );
}

#[test]
fn environment_wins_over_the_file_and_options_over_both() {
    let config = "no_auth = true\nlisten = \"0.0.0.0:0\"";
    // --listen, which the harness gives, makes what the file asks for safe again.
    let collector = Setup::default().config(config).start_without_token();
    Run::new().deliver(&collector.client_with(None));
}
