//! Runs launched by one of several collectors.

use serde_json::json;
use tempfile::TempDir;

use super::on;
use crate::ansible::newest;
use crate::harness::{API, Collector, eventually};
use crate::servers;
use playback::store::dialect::Engine;

/// Playbooks, inventories and a folder of runs.
fn site() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().display();
    std::fs::create_dir(folder.path().join("playbooks")).unwrap();
    std::fs::create_dir(folder.path().join("inventories")).unwrap();
    std::fs::write(
        folder.path().join("inventories/local"),
        "localhost ansible_connection=local\n",
    )
    .unwrap();
    let playbook = "- hosts: all\n  gather_facts: false\n  tasks:\n    - wait_for:\n        path: '{{ gate }}'\n";
    std::fs::write(folder.path().join("playbooks/gate.yml"), playbook).unwrap();
    let ansible = newest();
    let ansible = ansible.display();
    let config = format!(
        "[launcher]\nplaybooks = ['{path}/playbooks']\ninventories = ['{path}/inventories']\nansible = '{ansible}'\n"
    );
    (folder, config)
}

#[test]
fn a_run_is_canceled_by_whichever_is_asked() {
    let (folder, config) = site();
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let path = folder.path().display();
    let [launching] = on::<1>(
        &database,
        &format!("{config}folder = '{path}/runs-1'\nmax_running = 1\n"),
    );
    let [other] = on::<1>(&database, &format!("{config}folder = '{path}/runs-2'\n"));
    let all = [launching, other];
    let [one, other] = all.each_ref().map(Collector::client);
    let asked = json!({ "playbook": "gate.yml", "inventory": "local", "extra_vars": { "gate": format!("{path}/never") } });
    let launch = || {
        let answer = one.send(
            "POST",
            &format!("{API}/playbooks/run"),
            &[],
            asked.to_string().as_bytes(),
        );
        answer.json()["id"]
            .as_str()
            .expect("it is launched")
            .to_owned()
    };
    let (running, queued) = (launch(), launch());
    let record = |id: &str| other.api(&format!("/executions/{id}")).ok();
    eventually("the first to run", || {
        (record(&running)["phase"] == "running").then_some(())
    });
    // The other collector has a place free, and nothing of what it would take.
    assert_eq!(record(&queued)["phase"], "queued");
    for id in [&queued, &running] {
        let answer = other.send("POST", &format!("{API}/executions/{id}/cancel"), &[], b"");
        assert!(matches!(answer.status, 200 | 202), "{answer:?}");
        let over = other.api(&format!("/executions/{id}?wait=final")).ok();
        assert_eq!(
            (&over["status"], &over["reason"]),
            (&json!("failed"), &json!("canceled")),
            "{over}"
        );
    }
}
