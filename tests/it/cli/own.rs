//! "latest" is one's own where something is done to a run.

use serde_json::json;

use super::{Ran, command, run};
use crate::builders::{Run, TEN};
use crate::harness::Collector;

#[test]
fn latest_is_ones_own_where_others_might_mind() {
    let collector = Collector::start();
    let client = collector.client();
    let actor = client.api("/whoami").ok()["actor"].clone();
    let launched = |by: &str, at: i64| {
        Run::starting(
            at,
            json!({ "type": "playbook", "launched_by": by, "user": "somebody-else" }),
        )
    };
    let mine = launched(actor.as_str().unwrap(), TEN);
    let others = launched("token:someone", TEN + 1_000_000).ended(0);
    for run in [&mine, &others] {
        run.deliver(&client);
    }
    let told = run(&collector, &["cancel", "latest"]);
    // It was not launched here, which the collector says of mine; of the other one it would say that it is over.
    assert!(
        told.complaint(1).contains("end it where it runs"),
        "{told:?}"
    );
    let stranger = collector.create_token(&["admin"]);
    for arguments in [
        &["cancel", "latest"][..],
        &["replay", "latest"],
        &["redact", "latest", "--key", "*password*"],
    ] {
        let mut theirs = command(&collector, arguments);
        let told = Ran::from(theirs.env("PLAYBACK_TOKEN", &stranger).output().unwrap());
        let told = told.complaint(1);
        assert!(told.contains("name it by its id"), "{arguments:?}: {told}");
    }
    // To look at one does nothing to it.
    let shown = run(&collector, &["show", "latest", "--json"]);
    assert_eq!(shown.json()["id"], others.id.to_string());
}
