//! `playback notify`: targets are set, tested, rotated, switched and removed, and what they were sent is shown.

use super::run;
use crate::harness::Collector;
use crate::notify::receiver::{Receiver, Reply};
use crate::notify::{collector, log};

#[test]
fn a_target_is_set_tested_rotated_and_removed() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let file = collector.folder().join("url");
    std::fs::write(&file, receiver.url()).unwrap();
    let file = file.to_str().unwrap();
    let told = ["--on", "broke,recovered", "--query", "playbook:site.yml"];
    let missing = ["notify", "set", "ops", "--kind", "slack", "--on", "broke"];
    let refused = run(&collector, &missing);
    assert!(
        refused.complaint(1).contains("--address-file"),
        "{refused:?}"
    );
    let mut arguments = vec![
        "notify",
        "set",
        "ops",
        "--kind",
        "webhook",
        "--address-file",
        file,
    ];
    arguments.extend(told);
    // A night of a minute, which is over: the time zone is UTC.
    arguments.extend(["--quiet", "02:00-02:01", "--max-per-hour", "7"]);
    let set = run(&collector, &arguments);
    assert_eq!(set.code, 0, "{set:?}");
    for says in [
        "broke, recovered of playbook:site.yml",
        "signing secret: whsec_",
        "7 messages an hour",
    ] {
        assert!(set.stdout.contains(says), "{says}: {set:?}");
    }
    let list = run(&collector, &["notify", "list"]);
    let row = &list.rows()[1][..4];
    assert_eq!(row, ["ops", "webhook", "on", "broke,recovered"], "{list:?}");
    let tested = run(&collector, &["notify", "test", "ops"]);
    assert!(tested.ok().contains("state: delivered"), "{tested:?}");
    let rotated = run(&collector, &["notify", "rotate", "ops"]);
    assert!(rotated.stdout.starts_with("whsec_"), "{rotated:?}");
    run(&collector, &["notify", "disable", "ops"]).ok();
    let shown = run(&collector, &["notify", "show", "ops"]);
    assert!(shown.ok().contains("state: disabled"), "{shown:?}");
    run(&collector, &["notify", "enable", "ops"]).ok();
    let printed = run(&collector, &["notify", "log", "--target", "ops"]);
    assert!(printed.ok().contains("delivered"), "{printed:?}");
    let id = log(&client, "")[0]["id"].as_str().unwrap().to_owned();
    let shown = run(&collector, &["notify", "delivery", &id]);
    assert!(shown.ok().contains("status 204"), "{shown:?}");
    run(&collector, &["notify", "redeliver", &id]).ok();
    receiver.await_requests(2);
    receiver.reply(Reply::Status(500));
    let tested = run(&collector, &["notify", "test", "ops"]);
    assert_eq!(tested.code, 1, "{tested:?}");
    assert!(tested.stdout.contains("status 500"), "{tested:?}");
    let list = run(&collector, &["notify", "list", "--json"]).json();
    assert_eq!(list["targets"][0]["failed"], 1, "{list}");
    let list = run(&collector, &["notify", "list"]);
    assert!(list.rows()[0].ends_with(&["PENDING", "FAILED", "ADDRESS"]));
    assert_eq!(list.rows()[1][6..8], ["0", "1"], "{list:?}");
    let shown = run(&collector, &["notify", "show", "ops"]);
    assert!(shown.ok().contains("--state failed"), "{shown:?}");
    run(&collector, &["notify", "remove", "ops"]).ok();
    let gone = run(&collector, &["notify", "show", "ops"]);
    assert!(gone.complaint(1).contains("playback notify list"));
}

#[test]
fn a_target_that_is_meant_to_be_new_changes_none() {
    let collector = collector("");
    let file = collector.folder().join("target.toml");
    std::fs::write(
        &file,
        "kind = \"slack\"\nurl = \"https://hooks.example.org/a\"\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let new = ["notify", "set", "chat", "--new", "--file", file];
    run(&collector, &new).ok();
    let refused = run(&collector, &new);
    let complaint = refused.complaint(1);
    assert!(complaint.contains("\"chat\" exists already"), "{complaint}");
}

#[test]
fn a_password_is_removed_with_its_user() {
    let collector = collector("");
    let file = collector.folder().join("password");
    std::fs::write(&file, "hunter2").unwrap();
    let mail = [
        "notify",
        "set",
        "mail",
        "--kind",
        "mail",
        "--on",
        "broke",
        "--server",
        "mail.example",
        "--from",
        "a@b.example",
        "--to",
        "c@d.example",
    ];
    let file = file.to_str().unwrap();
    let set = run(
        &collector,
        &[&mail[..], &["--username", "u", "--password-file", file]].concat(),
    );
    assert!(set.ok().contains("secrets: password"), "{set:?}");
    let refused = run(&collector, &mail);
    assert!(
        refused.complaint(1).contains("--without password"),
        "{refused:?}"
    );
    let both = ["--without", "password", "--password-file", file];
    let refused = run(&collector, &[&mail[..], &both].concat());
    assert!(refused.complaint(1).contains("leave out one"));
    let set = run(
        &collector,
        &[&mail[..], &["--without", "password"]].concat(),
    );
    assert!(!set.ok().contains("secrets"), "{set:?}");
    let wrong = run(&collector, &[&mail[..], &["--without", "name"]].concat());
    assert!(wrong.complaint(2).contains("--without"), "{wrong:?}");
}

#[test]
fn without_a_key_nobody_is_asked_for_a_secret() {
    let collector = Collector::start();
    let list = run(&collector, &["notify", "list"]);
    assert_eq!(list.code, 0, "{list:?}");
    let set = ["notify", "set", "ops", "--kind", "slack", "--on", "broke"];
    let set = run(&collector, &set);
    for stderr in [list.stderr.as_str(), set.complaint(1)] {
        let plain = stderr.replace('\n', " ");
        assert!(plain.contains("notifications.key_file"), "{stderr}");
    }
}

#[test]
fn a_file_has_all_settings_and_a_new_key_is_printed() {
    let collector = collector("");
    let file = collector.folder().join("target.toml");
    let toml = "kind = \"slack\"\nurl = \"https://hooks.example.org/hunter2\"\n[[rules]]\non = [\"lost\"]\n";
    std::fs::write(&file, toml).unwrap();
    let file_name = file.to_str().unwrap();
    let arguments = ["notify", "set", "chat", "--file", file_name, "--json"];
    let set = run(&collector, &arguments);
    assert_eq!(
        set.json()["address"],
        "https://hooks.example.org",
        "{set:?}"
    );
    assert!(!set.stdout.contains("hunter2"), "{set:?}");
    std::fs::write(&file, "kind = \"slack\"\nurl = hunter2\n").unwrap();
    let wrong = run(&collector, &arguments);
    let complaint = wrong.complaint(1);
    assert!(
        complaint.contains("line 2") && !complaint.contains("hunter2"),
        "{complaint}"
    );
    let key = run(&collector, &["notify", "key"]);
    assert_eq!(key.ok().trim().len(), 44);
    assert_ne!(key.ok(), run(&collector, &["notify", "key"]).ok());
    let wrong = run(
        &collector,
        &["notify", "set", "a", "--kind", "pigeon", "--on", "broke"],
    );
    assert!(wrong.complaint(2).contains("webhook, slack"), "{wrong:?}");
}
