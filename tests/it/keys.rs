//! The run key of a launched run, and of a spool that was emptied during its run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use uuid::Uuid;

use crate::ansible::{Controller, environments, the_execution};
use crate::exec::Spools;
use crate::harness::{API, Client, Collector, PLAYBACK, eventually};
use crate::launch::{GATED, Site, launch_playbook};

/// Everything that a stranger with a token may try is refused.
#[track_caller]
fn refused(stranger: &Client, id: Uuid) {
    for producer in ["recorder", "supervisor"] {
        for body in [
            "",
            "{\"seq\":1,\"at\":1,\"kind\":\"execution_started\",\"data\":{}}",
            "{\"seq\":9,\"at\":1,\"kind\":\"execution_ended\",\"data\":{}}",
        ] {
            for query in ["", "?adopted=true"] {
                let path = format!("{API}/ingest/{id}/{producer}{query}");
                let answer = stranger.send("POST", &path, &[], body.as_bytes());
                answer.error(403, "not_yours");
            }
        }
    }
}

#[test]
fn a_launched_run_has_a_key_from_its_first_moment_and_nobody_else_adds_to_it() {
    for bin in environments() {
        let site = Site::with_ansible(&bin).setting("max_running = 1");
        site.playbook("gate.yml", GATED);
        let collector = site.start();
        let client = collector.client();
        let stranger = collector.client_with(Some(&collector.create_token(&["ingest"])));
        let id = launch_playbook(&client, "gate.yml");
        let waits = launch_playbook(&client, "gate.yml");
        site.reached("began-run");
        // One that runs, and one that has no process yet.
        refused(&stranger, id);
        refused(&stranger, waits);
        let key = |id: Uuid| {
            let files = site.files_of(id);
            let file = files.iter().find(|file| file.ends_with("secrets/run_key"));
            fs::read_to_string(file.unwrap()).unwrap()
        };
        let keys = [key(id), key(waits)];
        assert!(keys.iter().all(|key| key.trim().len() == 32), "{keys:?}");
        assert_ne!(keys[0], keys[1]);
        site.make("go");
        for id in [id, waits] {
            let record = client.finished(id);
            assert_eq!(record["status"], "success", "{record}");
            assert_eq!(record["events"]["complete"], true, "{record}");
            refused(&stranger, id);
            let events = client.execution(id, "/events?limit=1000").text;
            let shown = record.to_string() + &events;
            assert!(keys.iter().all(|key| !shown.contains(key.trim())));
            site.cleared(id);
        }
    }
}

/// Waits until a spool that grew large has been delivered and emptied: the run's first event is not in it any more.
fn emptied(folder: &Path, grown: &dyn Fn() -> bool) -> PathBuf {
    eventually("the spool to be emptied", || {
        let entries = fs::read_dir(folder).ok()?;
        let file = entries
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|end| end == "ndjson"))?;
        let begins = fs::read(&file).ok()?.starts_with(b"{\"seq\":1,");
        (grown() && !begins).then_some(file)
    })
}

fn printed(record: &Value) -> Vec<&str> {
    let lines = record["output"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect()
}

#[test]
fn a_spool_that_was_emptied_in_the_midst_of_its_run_has_the_key_again() {
    let mut collector = Collector::start();
    let spools = Spools::new();
    let marks = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; i=0; while [ $i -lt 100000 ]; do echo \"line $i of a long output that fills the spool\"; i=$((i+1)); done; \
         : >long; while [ ! -e go ]; do sleep 0.05; done; echo after; : >said; sleep 600",
        marks.path().display()
    );
    let mut child = spools
        .script(&script)
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let long = marks.path().join("long");
    let file = emptied(spools.folder(), &|| long.exists());
    collector.kill();
    fs::write(marks.path().join("go"), "").unwrap();
    eventually("the next line to be in the spool", || {
        fs::read_to_string(&file)
            .unwrap()
            .contains("after")
            .then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let first = fs::read_to_string(&file).unwrap();
    assert!(first.lines().next().unwrap().contains("\"run_key\":\""));
    collector.launch();
    delivered_with_another_token(&collector, spools.folder());
    let record = collector
        .client()
        .finished(the_execution(&collector.client()));
    assert_eq!(*printed(&record).last().unwrap(), "after");
    assert_eq!(record["output"].as_array().unwrap().len(), 100_001);
}

#[test]
fn a_recorders_spool_that_was_emptied_in_the_midst_of_its_run_has_the_key_again() {
    for bin in environments() {
        let mut collector = Collector::start();
        let controller = Controller::new(&bin);
        let playbook = controller.dir.path().join("long.yml");
        let gate = controller.gate();
        let tasks = format!(
            "- hosts: alpha\n  gather_facts: false\n  tasks:\n    \
             - {{debug: {{msg: \"{{{{ 'x' * 200000 }}}}\"}}, loop: \"{{{{ range(30) | list }}}}\"}}\n    \
             - {{debug: {{msg: long}}}}\n    \
             - {{shell: \"touch {0}.reached; while [ ! -e {0} ]; do [ -d $(dirname {0}) ] || exit 1; sleep 0.1; done\"}}\n    \
             - {{debug: {{msg: after}}}}\n    \
             - {{shell: \"while [ -d $(dirname {0}) ]; do sleep 0.1; done\"}}\n",
            gate.display()
        );
        fs::write(&playbook, tasks).unwrap();
        let mut command = controller.playbook(&collector, &[playbook.to_str().unwrap()]);
        let started = controller.start(&mut command);
        let reached = PathBuf::from(format!("{}.reached", gate.display()));
        let file = emptied(&controller.spool(), &|| reached.exists());
        let id = the_execution(&collector.client());
        collector.kill();
        controller.open_gate();
        eventually("the next result to be in the spool", || {
            let text = fs::read_to_string(&file).unwrap();
            text.contains("\"msg\":\"after\"").then_some(())
        });
        started.signal("-KILL");
        assert_eq!(started.wait().status.code(), None);
        let spooled = fs::read_to_string(&file).unwrap();
        assert!(spooled.lines().next().unwrap().contains("\"run_key\":\""));
        collector.launch();
        delivered_with_another_token(&collector, &controller.spool());
        let record = collector.client().finished(id);
        let lines = printed(&record);
        assert!(
            lines.iter().any(|line| line.contains("\"msg\": \"after\"")),
            "{:?}",
            lines.last()
        );
    }
}

/// Whoever holds the spool delivers it, whatever token they have; without it, that token adds nothing.
fn delivered_with_another_token(collector: &Collector, folder: &Path) {
    let token = collector.create_token(&["ingest"]);
    let client = collector.client();
    refused(&collector.client_with(Some(&token)), the_execution(&client));
    let done = Command::new(PLAYBACK)
        .args(["flush", "--spool-dir", folder.to_str().unwrap()])
        .env_clear()
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &token)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}
