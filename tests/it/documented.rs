//! The examples of the document that Playback implements, exactly as written there.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::builders::{Run, TEN};
use crate::harness::{API, Collector, eventually};
use crate::socket::Socket;

/// The document's own three executions.
fn documented(collector: &Collector) -> [Run; 3] {
    let client = collector.client();
    let success = Run::starting(TEN, json!({ "type": "playbook", "playbook": "deploy.yml" }))
        .play("Deploy Application")
        .output("PLAY [Deploy Application] ***\n")
        .output("TASK [Gathering Facts] ***\nok: [web-01]\nok: [web-02]\n")
        .output("TASK [Deploy application code] ***\nchanged: [web-01]\nchanged: [web-02]\n")
        .output("PLAY RECAP ***\n")
        .output("web-01 : ok=15 changed=3 unreachable=0 failed=0 skipped=2\n")
        .output("web-02 : ok=15 changed=3 unreachable=0 failed=0 skipped=2\n")
        .recap(&[("web-01", [15, 3, 0, 0, 2]), ("web-02", [15, 3, 0, 0, 2])])
        .after(323.491)
        .ended(0);
    let failed = Run::starting(TEN - 3_600_000_000, json!({ "type": "playbook" }))
        .recap(&[("db-01", [3, 0, 0, 1, 0])])
        .after(135.198)
        .ended(2);
    let running = Run::starting(TEN + 600_000_000, json!({ "type": "adhoc" }))
        .output("TASK [Gathering Facts] ***\n");
    for run in [&success, &failed, &running] {
        run.deliver(&client);
    }
    [success, failed, running]
}

/// Asserts that `answer` says everything that `document` says; it may say more.
#[track_caller]
fn says(answer: &Value, document: &Value) {
    match (answer, document) {
        (Value::Object(answer), Value::Object(document)) => {
            for (key, value) in document {
                says(answer.get(key).unwrap_or(&Value::Null), value);
            }
        }
        (Value::Array(answer), Value::Array(document)) => {
            assert_eq!(answer.len(), document.len(), "{answer:?}");
            for (answer, document) in answer.iter().zip(document) {
                says(answer, document);
            }
        }
        _ => assert_eq!(answer, document),
    }
}

#[test]
fn the_list_is_as_documented() {
    let collector = Collector::start();
    let [success, failed, running] = documented(&collector);
    let page = collector.client().api("/executions").ok();
    says(
        &page,
        &json!({ "executions": [
        {
            "id": running.id, "type": "adhoc", "status": "running",
            "start_time": "2026-01-20T10:10:00Z", "output": ["TASK [Gathering Facts] ***"],
        },
        {
            "id": success.id, "type": "playbook", "status": "success",
            "start_time": "2026-01-20T10:00:00Z", "duration": 323.5, "exit_code": 0, "changed": true,
            "stats": {
                "web-01": { "ok": 15, "changed": 3, "failed": 0 },
                "web-02": { "ok": 15, "changed": 3, "failed": 0 },
            },
        },
        {
            "id": failed.id, "type": "playbook", "status": "failed",
            "start_time": "2026-01-20T09:00:00Z", "duration": 135.2, "exit_code": 2,
            "changed": false, "failed": ["db-01"],
            "stats": { "db-01": { "ok": 3, "changed": 0, "failed": 1 } },
        },
    ] }),
    );
    let filtered = collector
        .client()
        .api("/executions?status=failed&limit=10")
        .ok();
    says(
        &filtered,
        &json!({ "executions": [{ "id": failed.id, "status": "failed" }] }),
    );
}

#[test]
fn the_detail_is_as_documented() {
    let collector = Collector::start();
    let [success, ..] = documented(&collector);
    let record = collector.client().execution(success.id, "").ok();
    let host = json!({ "ok": 15, "changed": 3, "unreachable": 0, "failed": 0, "skipped": 2 });
    says(
        &record,
        &json!({
            "id": success.id,
            "type": "playbook",
            "status": "success",
            "start_time": "2026-01-20T10:00:00Z",
            "duration": 323.5,
            "output": [
                "PLAY [Deploy Application] ***",
                "TASK [Gathering Facts] ***",
                "ok: [web-01]",
                "ok: [web-02]",
                "TASK [Deploy application code] ***",
                "changed: [web-01]",
                "changed: [web-02]",
                "PLAY RECAP ***",
                "web-01 : ok=15 changed=3 unreachable=0 failed=0 skipped=2",
                "web-02 : ok=15 changed=3 unreachable=0 failed=0 skipped=2",
            ],
            "exit_code": 0,
            "stats": { "web-01": host, "web-02": host },
            "changed": true,
            "unreachable": [],
            "failed": [],
        }),
    );
    assert!(record["end_time"].is_string());
}

#[test]
fn the_four_metrics_come_first() {
    let collector = Collector::start();
    documented(&collector);
    let answer = collector.client().get("/metrics");
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let values: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(
        values[..4],
        [
            "ansible_executions_total 3",
            "ansible_executions_running 1",
            "ansible_executions_failed 1",
            "ansible_executions_success 1",
        ]
    );
}

/// The document's curl lines, in a shell, with its own way of waiting for the end.
#[test]
fn the_curl_examples_run_as_written() {
    let collector = Collector::start();
    let [success, failed, running] = documented(&collector);
    let shell = |script: &str| {
        let script = script.replace("http://localhost:8080", &collector.url());
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .env("TOKEN", &collector.token)
            .env("EXEC_ID", running.id.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let printed = |script: &str| {
        let done = shell(script).wait_with_output().unwrap();
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{complaint}");
        String::from_utf8(done.stdout).unwrap()
    };
    let listed = printed(
        "curl -H \"Authorization: Bearer $TOKEN\" \\
           http://localhost:8080/api/v1/ansible/executions | jq '.'",
    );
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["executions"][1]["id"], success.id.to_string());
    let filtered = printed(
        "curl -H \"Authorization: Bearer $TOKEN\" \\
           \"http://localhost:8080/api/v1/ansible/executions?status=failed&limit=10\"",
    );
    let filtered: Value = serde_json::from_str(&filtered).unwrap();
    assert_eq!(filtered["executions"][0]["id"], failed.id.to_string());

    // As documented, but that it looks more often than every five seconds.
    let mut polling = shell(
        "while true; do
           STATUS=$(curl -s http://localhost:8080/api/v1/ansible/executions/$EXEC_ID \\
             -H \"Authorization: Bearer $TOKEN\" | jq -r '.status')

           echo \"Status: $STATUS\"

           if [ \"$STATUS\" != \"running\" ]; then
             break
           fi

           sleep 0.1
         done",
    );
    assert!(polling.try_wait().unwrap().is_none());
    let running = running.ended(0);
    running.deliver_range(&collector.client(), running.len() - 1..running.len());
    eventually("the loop to end", || polling.try_wait().unwrap());
    let printed = polling.wait_with_output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.ends_with("Status: success\n"), "{printed}");
}

/// The document's JavaScript, in Node, logged in by a cookie as a page would be.
#[test]
fn the_javascript_examples_run_as_written() {
    const SNIPPETS: &str = r"
// Get failed executions
async function getFailedExecutions() {
  const response = await fetch('/api/v1/ansible/executions');
  const data = await response.json();
  
  const failed = data.executions.filter(e => e.status === 'failed');
  
  // Analyze failure patterns
  const failuresByHost = {};
  failed.forEach(exec => {
    exec.failed?.forEach(host => {
      failuresByHost[host] = (failuresByHost[host] || 0) + 1;
    });
  });
  
  console.log('Hosts with most failures:', failuresByHost);
}

// Calculate success rate
function calculateMetrics(executions) {
  const total = executions.length;
  const successful = executions.filter(e => e.status === 'success').length;
  const failed = executions.filter(e => e.status === 'failed').length;
  const running = executions.filter(e => e.status === 'running').length;
  
  const avgDuration = executions
    .filter(e => e.duration)
    .reduce((sum, e) => sum + e.duration, 0) / total;
  
  return {
    total,
    successful,
    failed,
    running,
    successRate: (successful / total * 100).toFixed(2) + '%',
    avgDuration: avgDuration.toFixed(2) + ' seconds'
  };
}
";
    let collector = Collector::start();
    documented(&collector);
    let login = json!({ "token": collector.token }).to_string();
    let client = collector.client_with(None);
    let session = client.send("POST", &format!("{API}/session"), &[], login.as_bytes());
    let cookie = session.header("set-cookie").split(';').next().unwrap();
    // A page's base and cookie, which Node does not have.
    let page = format!(
        "const page = fetch;
         globalThis.fetch = (path) => page('{}' + path, {{ headers: {{ cookie: '{cookie}' }} }});
         {SNIPPETS}
         (async () => {{
           await getFailedExecutions();
           const response = await fetch('/api/v1/ansible/executions');
           console.log(JSON.stringify(calculateMetrics((await response.json()).executions)));
         }})();",
        collector.url(),
    );
    let done = Command::new("node")
        .args(["-e", &page])
        .output()
        .expect("node is installed");
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{complaint}");
    let printed = String::from_utf8(done.stdout).unwrap();
    let (failures, metrics) = printed.split_once('\n').unwrap();
    assert_eq!(failures, "Hosts with most failures: { 'db-01': 1 }");
    let metrics: Value = serde_json::from_str(metrics).unwrap();
    assert_eq!(
        metrics,
        json!({
            "total": 3, "successful": 1, "failed": 1, "running": 1, "successRate": "33.33%",
            "avgDuration": "152.90 seconds",
        })
    );
}

#[test]
fn the_stream_is_as_documented() {
    let collector = Collector::start();
    let [success, ..] = documented(&collector);
    let (lines, record) = Socket::watch(&collector, success.id, "").rest();
    assert_eq!(lines.len(), 10);
    assert_eq!(json!(lines), record["output"]);
    assert_eq!(record["duration"], 323.5);
}

#[test]
fn the_openapi_document_is_the_one_that_is_served() {
    let document = serde_json::to_value(playback::api::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let collector = Collector::start();
    assert_eq!(collector.client().get("/api/openapi.json").ok(), document);
    insta::assert_json_snapshot!("openapi", document, { ".info.version" => "[version]" });
}
