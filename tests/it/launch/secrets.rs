//! Secrets of a run are only in files that only the run can read, and only while its command runs.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use uuid::Uuid;

use super::{GATED, Site, launch};
use crate::harness::{API, zstd};

const VARIABLE: &str = "marker-of-a-variable";
const VAULT: &str = "marker-of-a-vault";
const KEY: &str =
    "-----BEGIN OPENSSH PRIVATE KEY-----\nmarker-of-a-key\n-----END OPENSSH PRIVATE KEY-----";
const MARKERS: [&str; 3] = [VARIABLE, VAULT, "marker-of-a-key"];

#[test]
fn secrets_live_in_closed_files_as_long_as_the_command() {
    let site = Site::new();
    site.playbook("gate.yml", GATED);
    let mut collector = site.start();
    let client = collector.client();
    let body = json!({
        "playbook": "gate.yml", "inventory": "prod", "extra_vars": { "password": VARIABLE },
        "vault_password": VAULT, "private_key": KEY,
    });
    let id = launch(&client, "/playbooks/run", &body);
    site.reached("began-run");
    let files = site.files_of(id);
    let mut found = 0;
    for file in &files {
        let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            mode,
            if file.is_dir() { 0o700 } else { 0o600 },
            "{}",
            file.display()
        );
        let text = std::fs::read(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        found += MARKERS
            .iter()
            .filter(|marker| text.contains(**marker))
            .count();
        let secret = MARKERS.iter().any(|marker| text.contains(marker));
        assert!(
            !secret || file.display().to_string().contains("/secrets/"),
            "{}",
            file.display()
        );
    }
    assert_eq!(found, 3, "each in its file: {files:?}");
    // No command line shows them.
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        if words.contains(&id.to_string()) {
            assert!(
                MARKERS.iter().all(|marker| !words.contains(marker)),
                "{words}"
            );
        }
    }
    site.make("go");
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    site.cleared(id);
    let log = format!("{:?}", collector.log());
    collector.stop();
    let mut stored = record.to_string() + &log;
    for end in ["", "-wal"] {
        let path = format!("{}{end}", collector.database_file().display());
        stored += &String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default());
    }
    for marker in MARKERS {
        assert!(!stored.contains(marker), "{marker} is stored");
    }
}

#[test]
fn a_runs_token_reports_that_run_and_nothing_else() {
    let site = Site::new();
    site.playbook("gate.yml", GATED);
    let collector = site.start();
    let client = collector.client();
    let body = json!({ "playbook": "gate.yml", "inventory": "prod" });
    let id = launch(&client, "/playbooks/run", &body);
    site.reached("began-run");
    let file = site.path("runs").join(id.to_string()).join("secrets/token");
    let token = std::fs::read_to_string(file).unwrap();
    let run = collector.client_with(Some(&token));
    run.api("/executions").error(403, "forbidden");
    run.send("POST", &format!("{API}/playbooks/run"), &[], b"{}")
        .error(403, "forbidden");
    let path = |id: Uuid, producer: &str| format!("{API}/ingest/{id}/{producer}");
    let other = crate::builders::Run::new();
    let batch = zstd(&other.ndjson());
    let answer = run.send("POST", &path(other.id, "recorder"), &[], &batch);
    assert!(answer.error(403, "forbidden").contains("one run"));
    assert_eq!(
        run.send("POST", &path(id, "recorder"), &[], b"").status,
        200
    );
    // Nor can anybody speak for the launcher.
    let answer = client.send("POST", &path(id, "launcher"), &[], &batch);
    answer.error(403, "forbidden");
    // It is not a user's token.
    let tokens = collector.command(&["token", "list", "--json"]).unwrap();
    assert!(!tokens.contains(&id.to_string()), "{tokens}");
    site.make("go");
    client.finished(id);
    site.cleared(id);
    run.send("POST", &path(id, "recorder"), &[], b"")
        .error(401, "unauthorized");
}
