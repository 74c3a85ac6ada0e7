//! Three collectors behind nginx are killed and restarted one after the other, while 200 commands or playbooks report
//! through it.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::collectors;
use super::nginx::Nginx;
use crate::harness::{Client, Collector, PLAYBACK, eventually};

const RUNS: usize = 200;

/// A command that prints until the gate is there.
fn start(number: usize, id: Uuid, url: &str, token: &str, folder: &Path) -> Child {
    let gate = folder.join("gate").display().to_string();
    let script = format!(
        "i=0; while [ ! -e '{gate}' ]; do i=$((i + 1)); echo \"run {number} line $i\"; sleep 1; done; \
         echo end; exit {}",
        number % 3
    );
    Command::new(PLAYBACK)
        .args([
            "exec",
            "--execution-id",
            &id.to_string(),
            "--",
            "sh",
            "-c",
            &script,
        ])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PLAYBACK_URL", url)
        .env("PLAYBACK_TOKEN", token)
        .env("PLAYBACK_SPOOL_DIR", folder.join(format!("spool-{number}")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn follow(id: Uuid, url: &str, token: &str) -> Child {
    Command::new(PLAYBACK)
        .args(["follow", &id.to_string()])
        .env_clear()
        .env("PLAYBACK_URL", url)
        .env("PLAYBACK_TOKEN", token)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The lines that a record has.
fn recorded(record: &Value) -> Vec<&str> {
    let lines = record["output"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect()
}

fn lines(output: &Output) -> Vec<&str> {
    std::str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .collect()
}

#[test]
fn two_hundred_runs_are_complete_though_one_after_the_other_is_killed() {
    let mut all = collectors::<3>("");
    let nginx = Nginx::before(&all);
    let (url, token) = (nginx.url(), all[0].token.clone());
    let client = Client::new(url.clone(), Some(token.clone()));
    let folder = TempDir::new().unwrap();
    let ids: Vec<Uuid> = (0..RUNS).map(|_| Uuid::now_v7()).collect();
    let runs: Vec<Child> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| start(number, *id, &url, &token, folder.path()))
        .collect();
    let known = || {
        let listed = client.try_send(
            "GET",
            "/api/v1/ansible/executions?limit=1000&fields=id",
            &[],
            b"",
        )?;
        let listed: Value = serde_json::from_str(&listed.text).ok()?;
        Some(listed["executions"].as_array()?.len())
    };
    // However slow the machine is, there are ever more of them.
    let mut now = 0;
    while now < RUNS {
        now = eventually("more of them to be known", || {
            known().filter(|known| *known > now)
        });
    }
    let followers: Vec<Child> = ids[..5]
        .iter()
        .map(|id| follow(*id, &url, &token))
        .collect();
    for collector in &mut all {
        let before = printed(&client, ids[0]);
        collector.kill();
        // The others go on with what it had.
        eventually("a run to go on", || {
            (printed(&client, ids[0]) > before).then_some(())
        });
        collector.launch();
    }
    std::fs::write(folder.path().join("gate"), "").unwrap();
    let printed: Vec<Output> = runs
        .into_iter()
        .map(|run| run.wait_with_output().unwrap())
        .collect();
    for (number, (id, output)) in ids.iter().zip(&printed).enumerate() {
        assert_eq!(
            output.status.code(),
            Some((number % 3) as i32),
            "{output:?}"
        );
        let record = eventually("the record to be final", || {
            let answer = client.execution(*id, "?wait=final");
            (answer.status == 200).then(|| answer.json())
        });
        assert_eq!(record["exit_code"], number % 3, "{record}");
        assert_eq!(record["events"]["complete"], true, "{record}");
        assert_eq!(recorded(&record), lines(output), "run {number}");
    }
    for (follower, output) in followers.into_iter().zip(&printed) {
        let followed = follower.wait_with_output().unwrap();
        assert_eq!(lines(&followed), lines(output), "{followed:?}");
    }
    let all: Vec<Client> = all.iter().map(Collector::client).collect();
    for client in all {
        let page = client.api("/executions?limit=1000&fields=id").ok();
        assert_eq!(page["executions"].as_array().unwrap().len(), RUNS);
    }
}

/// How many lines of a run are stored.
fn printed(client: &Client, id: Uuid) -> u64 {
    let path = format!("/api/v1/ansible/executions/{id}");
    let answer = client.try_send("GET", &path, &[], b"");
    let record = answer.and_then(|answer| serde_json::from_str::<Value>(&answer.text).ok());
    record.map_or(0, |record| record["output_lines"].as_u64().unwrap_or(0))
}

/// A playbook that stops at its gate, on a machine of its own; what it prints goes into `printed`.
fn start_playbook(bin: &Path, id: Uuid, url: &str, token: &str, machine: &Path) -> Child {
    std::fs::create_dir(machine).unwrap();
    let printed = File::create(machine.join("printed")).unwrap();
    Command::new(bin.join("ansible-playbook"))
        .args(["-i", "inventory.ini", "gate.yml", "-e"])
        .arg(format!("gate={}", machine.join("gate").display()))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/playbooks"))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("HOME", machine)
        .env("LANG", "C.UTF-8")
        .env("ANSIBLE_CALLBACKS_ENABLED", "playback.history.recorder")
        .env("PLAYBACK_EXECUTION_ID", id.to_string())
        .env("PLAYBACK_SPOOL_DIR", machine.join("spool"))
        // However slow the machine is.
        .env("PLAYBACK_FLUSH_SECONDS", "60")
        .env("PLAYBACK_FLUSH_SECONDS_UNREACHABLE", "60")
        .env("PLAYBACK_URL", url)
        .env("PLAYBACK_TOKEN", token)
        .stdin(Stdio::null())
        .stdout(printed.try_clone().unwrap())
        .stderr(printed)
        .spawn()
        .unwrap()
}

#[test]
fn playbooks_that_end_while_a_collector_is_dead_are_complete() {
    let mut all = collectors::<3>("");
    let nginx = Nginx::before(&all);
    let (url, token) = (nginx.url(), all[0].token.clone());
    let folder = TempDir::new().unwrap();
    let machine = |number: usize| folder.path().join(number.to_string());
    let ids: Vec<Uuid> = (0..6).map(|_| Uuid::now_v7()).collect();
    let environments = crate::ansible::both();
    let mut runs: Vec<Child> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let bin = &environments[number % environments.len()];
            start_playbook(bin, *id, &url, &token, &machine(number))
        })
        .collect();
    for number in 0..ids.len() {
        eventually("the playbooks to reach their gates", || {
            machine(number).join("gate.reached").exists().then_some(())
        });
    }
    for (at, collector) in all.iter_mut().enumerate() {
        collector.kill();
        for number in [2 * at, 2 * at + 1] {
            std::fs::write(machine(number).join("gate"), "").unwrap();
            assert_eq!(runs[number].wait().unwrap().code(), Some(0));
        }
        collector.launch();
    }
    for client in all.iter().map(Collector::client) {
        for (number, id) in ids.iter().enumerate() {
            let record = client.finished(*id);
            let printed = std::fs::read_to_string(machine(number).join("printed")).unwrap();
            assert_eq!(record["events"]["complete"], true, "{record}\n{printed}");
            assert_eq!(record["status"], "success");
            assert_eq!(record["results"], 3);
            assert_eq!(recorded(&record), printed.lines().collect::<Vec<_>>());
        }
    }
}
