//! `delete`.

use serde_json::Value;
use uuid::Uuid;

use super::{Ran, command, run};
use crate::builders::{Run, good_run};
use crate::exec_terminal::Person;
use crate::harness::Collector;

const NOWHERE: &str = "0199c2a4-0000-7000-8000-000000000000";

/// Whether the collector still has it.
fn is_there(collector: &Collector, id: Uuid) -> bool {
    collector.client().execution(id, "").status == 200
}

#[test]
fn executions_are_deleted_by_their_ids() {
    let collector = Collector::start();
    let client = collector.client();
    let runs = [good_run(), Run::new().ended(2), good_run()];
    for one in &runs {
        one.deliver(&client);
    }
    let [first, second, kept] = runs.map(|run| run.id);
    let (one, two) = (first.to_string(), second.to_string());
    // Nobody can be asked, and nobody said yes.
    let ran = run(&collector, &["delete", &one, &two]);
    assert_eq!(
        ran.complaint(1),
        "playback: 2 executions would be deleted. Add --yes to delete them without being asked\n"
    );
    let arguments = ["delete", &one, &two, &one, "--yes", "--note", "CHG-1"];
    let ran = run(&collector, &arguments);
    assert_eq!(ran.ok(), format!("{one} is deleted\n{two} is deleted\n"));
    let there = [first, second, kept].map(|id| is_there(&collector, id));
    assert_eq!(there, [false, false, true]);
    let trail = client.api("/audit?action=delete").ok();
    let notes: Vec<&Value> = trail["entries"].as_array().unwrap().iter().collect();
    assert_eq!(notes.len(), 2, "{trail}");
    assert!(
        notes.iter().all(|entry| entry["note"] == "CHG-1"),
        "{trail}"
    );
    run(&collector, &["delete", "latest", "--yes"]).ok();
    assert!(!is_there(&collector, kept));
}

#[test]
fn what_cannot_be_deleted_is_told_and_nothing_is() {
    let collector = Collector::start();
    let client = collector.client();
    let (over, running, pinned) = (good_run(), Run::new().play("web"), good_run());
    for one in [&over, &running, &pinned] {
        one.deliver(&client);
    }
    let id = pinned.id.to_string();
    run(&collector, &["pin", &id]).ok();
    let delete = |id: &str| run(&collector, &["delete", &over.id.to_string(), id, "--yes"]);
    for (id, says) in [
        (id.as_str(), format!("\"playback unpin {id}\" unpins it")),
        (
            &running.id.to_string(),
            format!(
                "still running: it can be deleted when it is over, and \"playback follow {}\"",
                running.id
            ),
        ),
        (NOWHERE, format!("there is no execution {NOWHERE}")),
        ("ffff", "\"playback list\" shows".to_owned()),
    ] {
        let ran = delete(id);
        assert!(ran.complaint(1).contains(&says), "{ran:?}");
        assert!(is_there(&collector, over.id), "{id}");
    }
    let reader = collector.create_token(&["read"]);
    let mut as_reader = command(&collector, &["delete", &over.id.to_string(), "--yes"]);
    let ran = Ran::from(as_reader.env("PLAYBACK_TOKEN", reader).output().unwrap());
    assert!(ran.complaint(1).contains("--scope admin"), "{ran:?}");
    assert!(
        run(&collector, &["delete"])
            .complaint(2)
            .contains("Usage: playback delete")
    );
}

#[test]
fn a_person_is_asked_and_may_say_no() {
    let collector = Collector::start();
    let over = good_run();
    over.deliver(&collector.client());
    let id = over.id.to_string();
    for (answer, code, says) in [("n\n", 1, "nothing was deleted"), ("y\n", 0, "is deleted")] {
        let mut person = Person::runs_at(command(&collector, &["delete", &id]), 80);
        person.sees("Delete it permanently? [y/N] ");
        assert!(person.screen().contains("site.yml"), "{}", person.screen());
        person.types(answer);
        assert_eq!(person.leaves().code(), Some(code));
        person.sees(says);
        assert_eq!(is_there(&collector, over.id), code == 1);
    }
}
