//! For commands that change a run, "latest" means the user's own latest run.

use playback::clock::Clock;
use serde_json::json;

use super::{Ran, command, run};
use crate::builders::Run;
use crate::launch::{GATED, Site, launch_playbook};

#[test]
fn latest_is_ones_own_where_others_might_mind() {
    let site = Site::with_a_stand_in();
    site.playbook("gated.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let mine = launch_playbook(&client, "gated.yml");
    site.reached("began-run");
    // Only the collector says who launched a run: a producer's claim is ignored.
    let actor = client.api("/whoami").ok()["actor"].clone();
    let now = Clock::system().now_us();
    let said = json!({ "type": "playbook", "launched_by": actor, "user": "somebody-else" });
    let others = Run::starting(now + 3_600_000_000, said).ended(0);
    others.deliver(&client);
    let stranger = collector.create_token(&["admin"]);
    for arguments in [
        &["cancel", "latest"][..],
        &["replay", "latest"],
        &["redact", "latest", "--key", "*password*"],
        &["pin", "latest"],
        &["unpin", "latest"],
        &["delete", "latest", "--yes"],
    ] {
        let mut theirs = command(&collector, arguments);
        let told = Ran::from(theirs.env("PLAYBACK_TOKEN", &stranger).output().unwrap());
        let told = told.complaint(1);
        assert!(told.contains("name it by its id"), "{arguments:?}: {told}");
    }
    // Commands that only read a run use the latest run of anybody.
    let shown = run(&collector, &["show", "latest", "--json"]);
    assert_eq!(shown.json()["id"], others.id.to_string());
    // Without a name, one's own run is meant.
    let shown = run(&collector, &["show", "--json"]);
    assert_eq!(shown.json()["id"], mine.to_string());
    let mut theirs = command(&collector, &["show"]);
    let told = Ran::from(theirs.env("PLAYBACK_TOKEN", &stranger).output().unwrap());
    assert!(
        told.complaint(1).contains("is yours: \"latest\" means"),
        "{told:?}"
    );
    run(&collector, &["pin", "latest"]).ok();
    let pinned = |id| client.execution(id, "").ok()["pinned"].is_object();
    assert!(pinned(mine) && !pinned(others.id));
    run(&collector, &["unpin", "latest"]).ok();
    assert!(!pinned(mine));
    run(&collector, &["cancel", "latest"]).ok();
    assert_eq!(client.finished(mine)["reason"], "canceled");
}
