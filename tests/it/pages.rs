//! The web UI as the collector serves it, whether or not this binary has it.

use serde_json::json;

use crate::builders::good_run;
use crate::harness::{API, Answer, Client, Collector, Setup, eventually};
use crate::sessions::log_in;
use crate::several::nginx::Nginx;
use crate::socket::{Socket, StreamEvent};

fn get(collector: &Collector, path: &str, headers: &[(&str, &str)]) -> Answer {
    collector.client_with(None).send("GET", path, headers, b"")
}

/// Whether the binary has the UI. Without it, one page says so.
fn is_built(collector: &Collector) -> bool {
    let answer = get(collector, "/", &[]);
    let kind = answer.header("content-type");
    assert_eq!(kind, "text/html; charset=utf-8", "{answer:?}");
    match answer.status {
        200 => true,
        404 => {
            assert!(answer.text.contains("make build"), "{answer:?}");
            false
        }
        _ => panic!("{answer:?}"),
    }
}

#[test]
fn pages_need_no_token_and_may_do_nothing_but_ask_the_collector() {
    let collector = Collector::start();
    let built = is_built(&collector);
    for path in [
        "/",
        "/runs",
        "/hosts/web-1.example.com",
        "/login?next=/runs",
    ] {
        let answer = get(&collector, path, &[]);
        assert_eq!(answer.status, if built { 200 } else { 404 }, "{path}");
        let policy = answer.header("content-security-policy");
        let mut rules = policy.split("; ");
        assert_eq!(rules.next(), Some("default-src 'none'"));
        assert!(
            rules.any(|rule| rule == "frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        let head = collector.client_with(None).send("HEAD", path, &[], b"");
        assert_eq!((head.status, head.text.as_str()), (answer.status, ""));
        let length = answer.text.len().to_string();
        assert_eq!(head.header("content-length"), length, "{path}");
    }
}

#[test]
fn what_is_no_page_is_refused_in_the_one_shape() {
    let collector = Collector::start();
    for path in [
        "/api",
        "/api/v1/ansible/nothing",
        "/playback/api/v1/ansible/executions",
        "/healthz/x",
        "/assets/gone-0a.js",
        "/robots.txt",
        "/.env",
        "/assets/..%2findex.html",
        "/assets/../../../Cargo.toml",
    ] {
        get(&collector, path, &[]).error(404, "not_found");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let client = collector.client_with(None);
        client
            .send(method, "/runs", &[], b"{}")
            .error(404, "not_found");
    }
}

#[test]
fn the_page_is_sent_again_only_where_it_has_changed() {
    let collector = Collector::start();
    if !is_built(&collector) {
        return;
    }
    let page = get(&collector, "/runs", &[]);
    assert_eq!(page.header("cache-control"), "no-cache");
    let etag = page.header("etag");
    assert_eq!(get(&collector, "/", &[]).header("etag"), etag);
    let again = get(&collector, "/", &[("if-none-match", etag)]);
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let weak = format!("\"other\", W/{etag}");
    assert_eq!(
        get(&collector, "/", &[("if-none-match", &weak)]).status,
        304
    );
    assert_eq!(
        get(&collector, "/", &[("if-none-match", "\"x\"")]).status,
        200
    );
    let script = page.text.split("src=\"").nth(1).unwrap();
    let script = get(&collector, script.split('"').next().unwrap(), &[]);
    assert_eq!(script.status, 200);
    assert_eq!(
        script.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert!(script.header("content-type").starts_with("text/javascript"));
}

#[test]
fn below_a_path_of_a_proxy_the_page_and_the_login_know_it() {
    let collector = Setup::default()
        .config("[http]\ntrusted_proxies = [\"127.0.0.1\"]")
        .start();
    let below = |prefix: &str| {
        let fields = [("x-forwarded-prefix", prefix)];
        let login = json!({ "token": collector.token }).to_string();
        let path = format!("{API}/session");
        let client = collector.client_with(None);
        let answer = client.send("POST", &path, &fields, login.as_bytes());
        answer.ok();
        let cookie = answer.header("set-cookie").to_owned();
        let path = cookie
            .split("; ")
            .find_map(|part| part.strip_prefix("Path="));
        let page = get(&collector, "/runs", &fields).text;
        (path.unwrap().to_owned(), page)
    };
    let built = is_built(&collector);
    for (prefix, base) in [
        ("/playback", "/playback/"),
        ("/tools/playback/", "/tools/playback/"),
        ("//evil.example", "/"),
        ("/\"><script>", "/"),
        ("/a;Domain=evil.example", "/"),
    ] {
        let (path, page) = below(prefix);
        assert_eq!(path, base, "{prefix}");
        if built {
            assert!(page.contains(&format!("src=\"{base}assets/")), "{page}");
            assert!(!page.contains("evil") && !page.contains("./"), "{page}");
        }
    }
    // Nobody else is believed.
    let direct = Collector::start();
    let page = get(&direct, "/", &[("x-forwarded-prefix", "/playback")]);
    assert!(!page.text.contains("/playback/"), "{page:?}");
}

#[test]
fn a_first_visit_is_no_refusal_and_a_wrong_credential_is_one() {
    let collector = Collector::start();
    let whoami = format!("{API}/whoami");
    let refusals = || {
        let found = collector.client().api("/audit?action=refused").ok();
        found["entries"].as_array().unwrap().len()
    };
    get(&collector, &whoami, &[]).error(401, "unauthorized");
    let figures = collector.client().get("/metrics").text;
    assert!(
        !figures.contains("playback_requests_refused_total{"),
        "{figures}"
    );
    let cookie = log_in(&collector, &collector.token);
    get(&collector, &whoami, &[("cookie", &cookie)]).ok();
    get(&collector, &whoami, &[("cookie", "playback_session=x")]).error(401, "unauthorized");
    eventually("the refusal to be entered", || {
        (refusals() == 1).then_some(())
    });
}

#[test]
fn nginx_serves_it_below_a_path_as_documented() {
    let collector = Setup::default()
        .config("[http]\ntrusted_proxies = [\"127.0.0.1\"]")
        .start();
    let run = good_run();
    run.deliver(&collector.client());
    let nginx = Nginx::below_a_path(&collector);
    let below = format!("{}/playback", nginx.url());
    let client = Client::new(below.clone(), None);
    let page = client.get("/runs");
    assert_eq!(page.status == 200, is_built(&collector));
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    if page.status == 200 {
        let script = page.text.split("src=\"").nth(1).unwrap();
        let script = script.split('"').next().unwrap();
        assert!(script.starts_with("/playback/assets/"), "{script}");
        let there = Client::new(nginx.url(), None).get(script);
        assert_eq!(there.status, 200, "{there:?}");
    }
    let login = json!({ "token": collector.token }).to_string();
    let own = nginx.url();
    let origin = [("origin", own.as_str())];
    let answer = client.send("POST", &format!("{API}/session"), &origin, login.as_bytes());
    answer.ok();
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.contains("; Path=/playback/;"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let list = client.send(
        "GET",
        &format!("{API}/executions"),
        &[("cookie", cookie)],
        b"",
    );
    assert_eq!(list.ok()["executions"][0]["id"], run.id.to_string());
    let headers = [("cookie", cookie), ("origin", own.as_str())];
    let feed = Socket::open_at(&below, "/stream", &headers);
    let mut feed = feed.unwrap().served();
    collector.client().delete(run.id);
    assert!(matches!(feed.next(), StreamEvent::Message(_)));
    // The path alone leads to the pages.
    let bare = Client::new(nginx.url(), None).get("/playback");
    assert_eq!(bare.text, page.text);
}
