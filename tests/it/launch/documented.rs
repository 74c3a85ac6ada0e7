//! The scripts of the documentation work.

use std::process::Command;

use super::Site;

/// The document's "Monitor Running Playbook", but for the address and the length of the pause.
const MONITOR: &str = r#"
# Start playbook
EXEC_ID=$(curl -X POST http://localhost:8080/api/v1/ansible/playbooks/run \
  -H "Authorization: Bearer $TOKEN" \
  -d '{"playbook": "deploy.yml", "inventory": "prod"}' \
  | jq -r '.id')

# Check status
while true; do
  STATUS=$(curl -s http://localhost:8080/api/v1/ansible/executions/$EXEC_ID \
    -H "Authorization: Bearer $TOKEN" | jq -r '.status')
  
  echo "Status: $STATUS"
  
  if [ "$STATUS" != "running" ]; then
    break
  fi
  
  sleep 5
done
"#;

#[test]
fn the_monitor_script_runs_as_written() {
    let site = Site::new();
    site.playbook(
        "deploy.yml",
        "- name: Deploy\n  hosts: all\n  gather_facts: false\n  tasks:\n    - command: echo deployed\n",
    );
    let collector = site.start();
    let script = MONITOR
        .replace("http://localhost:8080", &collector.url())
        .replace("sleep 5", "sleep 0.2");
    let done = Command::new("bash")
        .args(["-c", &script])
        .env("TOKEN", &collector.token)
        .env("no_proxy", "*")
        .output()
        .unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.last(), Some(&"Status: success"), "{printed}");
    let list = collector.client().api("/executions").ok();
    let record = &list["executions"][0];
    assert_eq!(record["playbook"], "deploy.yml");
    assert_eq!(record["changed"], true);
    assert_eq!(record["events"]["complete"], true, "{record}");
    assert_eq!(record["stats"]["web-02"]["ok"], 1);
}
