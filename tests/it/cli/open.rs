//! `open`, and the addresses of pages that commands print.

use serde_json::json;

use super::{command, run};
use crate::builders::{Run, TEN, good_run};
use crate::exec::Spools;
use crate::harness::{API, Collector, Setup, eventually, program};

/// Where browsers find the collector.
const PUBLIC: &str = "https://play.example/playback";

fn public() -> Collector {
    Setup::default()
        .config(&format!("[http]\npublic_url = \"{PUBLIC}/\""))
        .start()
}

#[test]
fn open_prints_an_address_that_logs_in_once() {
    let collector = Collector::start();
    let own = good_run();
    own.deliver(&collector.client());
    let other = Run::starting(TEN, json!({ "type": "playbook", "user": "nobody-else" })).ended(0);
    other.deliver(&collector.client());
    for (arguments, id) in [
        (&["open", "--print"][..], own.id),
        (&["open"], own.id),
        (&["open", &other.id.to_string(), "--print"], other.id),
    ] {
        let ran = run(&collector, arguments);
        let address = ran.ok().trim();
        let rest = address.strip_prefix(&format!("{}/login?ticket=", collector.url()));
        let (ticket, next) = rest.unwrap().split_once("&next=").unwrap();
        assert_eq!(next, format!("/runs/{id}"));
        assert!(!address.contains(&collector.token));
        let login = json!({ "ticket": ticket }).to_string();
        let client = collector.client_with(None);
        let log_in = || client.send("POST", &format!("{API}/session"), &[], login.as_bytes());
        assert_eq!(log_in().status, 200);
        assert_eq!(log_in().status, 401);
    }
}

#[test]
fn open_hands_the_address_to_the_users_browser() {
    let collector = public();
    let own = good_run();
    own.deliver(&collector.client());
    let folder = collector.folder();
    program(
        &folder.join("xdg-open"),
        "#!/bin/sh\nprintf %s \"$1\" > \"$HOME/opened\"\n",
    );
    let mut open = command(&collector, &["open", "latest"]);
    open.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let done = open.env("DISPLAY", ":0").output().unwrap();
    assert!(done.status.success() && done.stdout.is_empty(), "{done:?}");
    let opened = eventually("the browser to be asked", || {
        std::fs::read_to_string(folder.join("opened")).ok()
    });
    assert!(
        opened.starts_with(&format!("{PUBLIC}/login?ticket=")),
        "{opened}"
    );
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(told, format!("playback: opened {PUBLIC}/runs/{}\n", own.id));
    // A browser that cannot be opened is no failure.
    program(&folder.join("xdg-open"), "#!/bin/sh\nexit 3\n");
    let done = open.output().unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success() && printed.starts_with(PUBLIC),
        "{printed}"
    );
}

#[test]
fn a_collector_without_tokens_needs_no_ticket() {
    let collector = Setup::default().argument("--no-auth").start_without_token();
    let own = good_run();
    own.deliver(&collector.client_with(None));
    let ran = run(&collector, &["open", "--print"]);
    assert_eq!(ran.ok(), format!("{}/runs/{}\n", collector.url(), own.id));
}

#[test]
fn answers_about_a_run_end_with_the_address_of_its_page() {
    for (collector, base) in [(Collector::start(), None), (public(), Some(PUBLIC))] {
        let url = collector.url();
        let base = base.unwrap_or(&url);
        let about = json!({ "type": "playbook", "playbook": "site.yml" });
        let before = Run::starting(TEN, about.clone()).ended(0);
        let failed = Run::starting(TEN + 1_000_000, about).ended(2);
        for run in [&before, &failed] {
            run.deliver(&collector.client());
        }
        let (before, id) = (before.id.to_string(), failed.id.to_string());
        for (arguments, page) in [
            (vec!["show", &id], format!("{base}/runs/{id}")),
            (vec!["why", &id], format!("{base}/runs/{id}")),
            (
                vec!["diff", &before, &id],
                format!("{base}/compare/{before}/{id}"),
            ),
        ] {
            let ran = run(&collector, &arguments);
            assert_eq!(ran.ok().lines().last(), Some(page.as_str()), "{ran:?}");
        }
        let json = run(&collector, &["why", &id, "--json"]);
        assert!(!json.ok().contains("/runs/"), "{json:?}");
    }
}

#[test]
fn exec_tells_the_address_where_somebody_wants_to_know() {
    let collector = public();
    let spools = Spools::new();
    let exec = |link: &[(&str, &str)]| {
        let mut exec = spools.script("echo done");
        exec.env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token)
            .envs(link.iter().copied());
        let done = exec.output().unwrap();
        assert_eq!(done.stdout, b"done\n");
        String::from_utf8(done.stderr).unwrap()
    };
    // Standard error is no terminal.
    assert_eq!(exec(&[]), "");
    assert_eq!(exec(&[("PLAYBACK_LINK", "false")]), "");
    let told = exec(&[("PLAYBACK_LINK", "true")]);
    let newest = collector.client().api("/executions?limit=1&fields=id").ok();
    let id = newest["executions"][0]["id"].as_str().unwrap();
    assert_eq!(told, format!("playback: {PUBLIC}/runs/{id}\n"));
    let told = exec(&[("PLAYBACK_LINK", "perhaps")]);
    assert!(told.contains("must be true or false"), "{told}");
    // What was not delivered is nowhere to be seen.
    let mut lost = spools.script("true");
    lost.env("PLAYBACK_URL", "http://127.0.0.1:1")
        .env("PLAYBACK_LINK", "true");
    let told = String::from_utf8(lost.output().unwrap().stderr).unwrap();
    assert!(
        !told.contains("/runs/") && told.contains("playback flush"),
        "{told}"
    );
}
