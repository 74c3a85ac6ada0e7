//! Exports: each format is read by a reader that is not ours, and compared row by row with what the API lists.

mod documents;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, SecondsFormat, Utc};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use playback::export::{Dataset, Kind};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::builders::{Run, TEN, good_run};
use crate::harness::{API, Client, Collector, DEADLINE, Setup, eventually};

pub(crate) use documents::a_junit_file_has_a_test_case_for_each_task_and_host;

type Rows = Vec<Map<String, Value>>;

/// Reads a file by Python's own modules.
fn by_python(script: &str, file: &Path) -> Value {
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(file)
        .output()
        .expect("python3 is installed");
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{complaint}");
    serde_json::from_slice(&done.stdout).unwrap()
}

const READ_CSV: &str = "
import csv, json, sys
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    print(json.dumps(list(csv.DictReader(file, strict=True))))
";

const READ_JSON: &str = "
import json, sys
with open(sys.argv[1], encoding='utf-8') as file:
    whole = json.load(file)
(name, rows), (count_name, count) = whole.items()
assert count_name == 'count' and count == len(rows), whole
print(json.dumps(rows))
";

const READ_NDJSON: &str = "
import json, sys
with open(sys.argv[1], encoding='utf-8', newline='\\n') as file:
    print(json.dumps([json.loads(line) for line in file]))
";

/// A row of CSV with the types of its columns.
fn typed(dataset: Dataset, row: &Map<String, Value>) -> Map<String, Value> {
    let columns = dataset.columns();
    let value = |name: &String, text: &Value| {
        let text = text.as_str().unwrap();
        let kind = columns.iter().find(|one| one.name == name).unwrap().kind;
        let bare = match text.strip_prefix('\'') {
            Some(bare) if bare.starts_with(['=', '+', '-', '@', '\t', '\r']) => bare,
            _ => text,
        };
        match kind {
            Kind::Texts if text.is_empty() => json!([]),
            Kind::Texts => json!(bare.split(',').collect::<Vec<_>>()),
            _ if text.is_empty() => Value::Null,
            Kind::Text => json!(bare),
            Kind::Time => json!(text),
            Kind::Integer | Kind::Number | Kind::Flag => serde_json::from_str(text).unwrap(),
        }
    };
    let cells = row
        .iter()
        .map(|(name, text)| (name.clone(), value(name, text)));
    cells.collect()
}

fn of_parquet(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(flag) => json!(flag),
        Field::Long(number) => json!(number),
        Field::Double(number) => json!(number),
        Field::Str(text) => json!(text),
        Field::TimestampMicros(us) => json!(time(*us)),
        Field::ListInternal(list) => list.elements().iter().map(of_parquet).collect(),
        other => panic!("no column holds {other:?}"),
    }
}

fn time(us: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_micros(us).unwrap();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The rows of a Parquet file, and how many row groups it has.
fn read_parquet(bytes: Vec<u8>) -> (Rows, usize) {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let groups = reader.metadata().num_row_groups();
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let columns = row.unwrap().into_columns();
        let fields = columns.iter();
        fields
            .map(|(name, field)| (name.clone(), of_parquet(field)))
            .collect()
    });
    (rows.collect(), groups)
}

/// The bytes of an export.
fn exported(collector: &Collector, query: &str) -> Vec<u8> {
    fetched(collector, &format!("/export?{query}"))
}

/// The bytes of an answer, which need not be text.
pub(crate) fn fetched(collector: &Collector, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(collector.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // HTTP/1.0 has no chunks: the answer ends with the connection.
    let request = format!(
        "GET {API}{path} HTTP/1.0\r\nauthorization: Bearer {}\r\n\r\n",
        collector.token
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
    answer.split_off(end + 4)
}

/// An export in every format, read back: all formats have the same rows.
fn read_back(collector: &Collector, dataset: Dataset, query: &str) -> Rows {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("export");
    let ask = |format: &str| {
        let query = format!("what={}&format={format}&{query}", dataset.as_str());
        let bytes = exported(collector, &query);
        std::fs::write(&file, &bytes).unwrap();
        bytes
    };
    ask("json");
    let json = by_python(READ_JSON, &file);
    let json: Rows = serde_json::from_value(json).unwrap();
    ask("ndjson");
    let ndjson: Rows = serde_json::from_value(by_python(READ_NDJSON, &file)).unwrap();
    assert_eq!(ndjson, json, "NDJSON");
    let (parquet, _) = read_parquet(ask("parquet"));
    assert_eq!(parquet, json, "Parquet");
    ask("csv");
    let csv: Rows = serde_json::from_value(by_python(READ_CSV, &file)).unwrap();
    let csv: Rows = csv.iter().map(|row| typed(dataset, row)).collect();
    // CSV knows no difference between an empty text and none.
    let mut bare = json.clone();
    for value in bare.iter_mut().flat_map(|row| row.values_mut()) {
        if value == "" {
            *value = Value::Null;
        }
    }
    assert_eq!(csv, bare, "CSV");
    json
}

/// What the API says of an execution, under the names of the columns.
fn of_record(record: &Value) -> Map<String, Value> {
    let hosts = record["stats"].as_object().unwrap();
    let with = |count: &str| hosts.values().filter(|host| host[count] != 0).count();
    let changed = match record["changed"] == true {
        true => with("changed"),
        false => 0,
    };
    let other = BTreeMap::from([
        ("host_count", json!(hosts.len())),
        ("changed_host_count", json!(changed)),
        ("failed_host_count", json!(with("failed"))),
        ("unreachable_host_count", json!(with("unreachable"))),
        ("git_commit", record["git"]["commit"].clone()),
        ("git_branch", record["git"]["branch"].clone()),
        ("git_dirty", record["git"]["dirty"].clone()),
        ("complete", record["events"]["complete"].clone()),
        ("missing", record["events"]["missing"].clone()),
        ("user_seconds", record["usage"]["user_s"].clone()),
        ("system_seconds", record["usage"]["system_s"].clone()),
        ("peak_bytes", record["usage"]["peak_bytes"].clone()),
    ]);
    columns_of(Dataset::Executions, record, &other)
}

/// The columns of a row, from an object of the API with the same names, and others.
fn columns_of(
    dataset: Dataset,
    object: &Value,
    other: &BTreeMap<&str, Value>,
) -> Map<String, Value> {
    let columns = dataset.columns().into_iter().map(|column| {
        let value = other.get(column.name).unwrap_or(&object[column.name]);
        let value = match (value, column.kind) {
            // The API leaves these out where they say nothing.
            (Value::Null, Kind::Texts) => json!([]),
            (Value::Null, Kind::Flag) if ["check", "diff"].contains(&column.name) => json!(false),
            (Value::Null, Kind::Integer) if column.name == "verbosity" => json!(0),
            (value, _) => value.clone(),
        };
        (column.name.to_owned(), value)
    });
    columns.collect()
}

/// What the API says of the parts of an execution, page by page.
fn parts(client: &Client, record: &Value, dataset: Dataset) -> Rows {
    let id: uuid::Uuid = record["id"].as_str().unwrap().parse().unwrap();
    let (part, list) = match dataset {
        Dataset::Output => ("output", "lines"),
        other => (other.as_str(), other.as_str()),
    };
    let tasks = client.execution(id, "/tasks?limit=1000").ok();
    let task = |number: &Value| {
        let mut all = tasks["tasks"].as_array().unwrap().iter();
        all.find(|task| task["task"] == *number)
            .cloned()
            .unwrap_or_default()
    };
    let mut rows = Rows::new();
    let mut place = 0;
    loop {
        let from = if dataset == Dataset::Output {
            "from"
        } else {
            "after"
        };
        let page = client
            .execution(id, &format!("/{part}?{from}={place}&limit=3"))
            .ok();
        for entry in page[list].as_array().unwrap() {
            let task = task(&entry["task"]);
            let mut other = BTreeMap::from([
                ("execution_id", record["id"].clone()),
                ("execution_start_time", record["start_time"].clone()),
                ("execution_status", record["status"].clone()),
                ("playbook", record["playbook"].clone()),
                ("check", record["check"].clone()),
            ]);
            match dataset {
                Dataset::Hosts => {
                    other.insert("host", entry["name"].clone());
                }
                Dataset::Results => {
                    let detail = client.execution(id, &format!("/results/{}", entry["seq"]));
                    let content = detail.ok()["event"]["data"]["content"].clone();
                    let failed = ["failed", "unreachable"]
                        .iter()
                        .any(|one| entry["status"] == *one);
                    let message = match &content["msg"] {
                        Value::String(text) if failed => json!(text),
                        _ if failed && !content.is_null() => json!("no message"),
                        _ => Value::Null,
                    };
                    other.insert("message", message);
                    for name in ["play", "role", "path"] {
                        other.insert(name, task[name].clone());
                    }
                    other.insert("path_line", task["line"].clone());
                }
                _ => {
                    other.insert("bytes", json!(entry["text"].as_str().unwrap().len()));
                }
            }
            rows.push(columns_of(dataset, entry, &other));
        }
        match page["next"].as_u64() {
            Some(next) => place = next,
            None => return rows,
        }
    }
}

/// Runs of all kinds, with texts that are meant to break things.
fn deliver_all(client: &Client) {
    let hostile =
        "<script>alert(1)</script> ]]> ` | \u{1b}[31m\u{7}\u{fffe} =1+1, \"quoted\"\nnext";
    let odd = json!({
        "type": "playbook", "playbook": "=cmd|' /C calc'!A0", "inventory": "@prod", "user": "-ann",
        "note": hostile, "labels": ["+a", "b c"], "tags": ["x", "y"], "check": true, "diff": true,
        "argv": ["ansible-playbook", "site.yml"], "verbosity": 3, "forks": 5, "cwd": "\tx",
        "git": { "commit": "0123456789abcdef", "branch": "main", "dirty": true },
        "ansible_version": "2.19.1", "python_version": "3.12.3",
    });
    let adhoc = json!({ "type": "adhoc", "hosts": "all", "module": "ping", "args": "data=\"x\"" });
    let unicode =
        json!({ "type": "playbook", "playbook": "plays/größe, 日本.yml", "limit": "web" });
    let second = 1_000_000;
    for run in [
        good_run(),
        Run::starting(TEN + second, odd)
            .play("db")
            .task(hostile)
            .changed("=web-01")
            .result(
                "db\r\n02",
                "failed",
                json!({ "content": { "msg": hostile } }),
            )
            .unreachable("db-03")
            .result("db-04", "skipped", json!({}))
            .output("plain\n")
            .output("=1+1\n-5\n\u{1b}[0;31mred\u{1b}[0m, \"quoted\"\n\n")
            .errors("to stderr\n")
            .output("not ended")
            .recap(&[
                ("=web-01", [1, 1, 0, 0, 0]),
                ("db\r\n02", [0, 0, 0, 1, 0]),
                ("db-03", [0, 0, 1, 0, 0]),
            ])
            .after(12.25)
            .ended(2),
        Run::starting(TEN + 2 * second, adhoc).ended(4),
        Run::starting(TEN + 3 * second, unicode)
            .play("web")
            .task("install")
            .result(
                "web-01",
                "failed",
                json!({ "ignored": true, "content": { "msg": "no space" } }),
            )
            .task("start")
            .result("web-01", "ok", json!({ "delegated_to": "db-01" }))
            .output("größe\n")
            .ended(0),
    ] {
        run.deliver(client);
    }
}

#[test]
pub(crate) fn every_format_has_what_the_api_lists() {
    let collector = Collector::start();
    let client = collector.client();
    // Without any run: no rows, and files that can be read.
    for dataset in Dataset::ALL {
        assert_eq!(
            read_back(&collector, dataset, ""),
            Rows::new(),
            "{}",
            dataset.as_str()
        );
    }
    deliver_all(&client);
    let list = client.api("/executions").ok();
    let records = list["executions"].as_array().unwrap();
    assert_eq!(records.len(), 4);
    let expected: Rows = records.iter().map(of_record).collect();
    assert_eq!(read_back(&collector, Dataset::Executions, ""), expected);
    for dataset in [Dataset::Results, Dataset::Hosts, Dataset::Output] {
        let rows = read_back(&collector, dataset, "");
        let expected: Rows = records
            .iter()
            .flat_map(|record| parts(&client, record, dataset))
            .collect();
        assert!(expected.len() > 2, "{}", dataset.as_str());
        assert_eq!(rows, expected, "{}", dataset.as_str());
    }
    // The filters and the query are those of the list, and so is the order.
    for query in [
        "status=failed",
        "q=host%3Aweb-01",
        "order=asc",
        "type=adhoc&changed=true",
    ] {
        let list = client.api(&format!("/executions?{query}")).ok();
        let expected: Rows = list["executions"]
            .as_array()
            .unwrap()
            .iter()
            .map(of_record)
            .collect();
        assert_eq!(
            read_back(&collector, Dataset::Executions, query),
            expected,
            "{query}"
        );
    }
}

#[test]
pub(crate) fn rows_are_narrowed_as_asked() {
    let collector = Collector::start();
    let client = collector.client();
    deliver_all(&client);
    let rows = |query: &str| -> Vec<Value> {
        let answer = client.api(&format!("/export?{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        assert!(answer.header("content-security-policy").contains("sandbox"));
        let lines = answer.text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let failed = rows("what=results&only_status=failed&columns=host,status,ignored");
    assert_eq!(
        failed,
        [
            json!({ "host": "web-01", "status": "failed", "ignored": true }),
            json!({ "host": "db\r\n02", "status": "failed", "ignored": false }),
        ]
    );
    let changed = rows("what=results&only_changed=true&columns=host");
    assert_eq!(
        changed,
        [json!({ "host": "=web-01" }), json!({ "host": "web-01" })]
    );
    let unchanged = rows("what=results&only_changed=false&only_host=web-01&columns=task_name");
    assert_eq!(
        unchanged,
        [
            json!({ "task_name": "install" }),
            json!({ "task_name": "start" })
        ]
    );
    let hosts = rows("what=hosts&only_host=db-03&columns=host,unreachable");
    assert_eq!(hosts, [json!({ "host": "db-03", "unreachable": 1 })]);
    let errors = rows("what=output&only_stream=stderr&columns=text,line");
    assert_eq!(errors, [json!({ "text": "to stderr", "line": 5 })]);
    let adhoc = rows("type=adhoc");
    let one = rows(&format!("execution={}", adhoc[0]["id"].as_str().unwrap()));
    assert_eq!(one, adhoc);
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    run.deliver(&client);
    for (query, named) in [
        ("what=planets", "executions, results, hosts, output"),
        ("format=xls", "json, ndjson, csv, parquet"),
        ("columns=id,planet", "planet"),
        ("what=results&columns=id", "execution_id"),
        ("only_status=failed", "only_status"),
        ("what=hosts&only_changed=true", "only_changed"),
        ("what=results&only_stream=stderr", "only_stream"),
        ("what=results&only_status=broken", "only_status"),
        ("what=results&only_changed=perhaps", "true or false"),
        ("execution=1", "UUID"),
        (
            &format!("execution={}&status=failed", run.id),
            "leave it or the filters out",
        ),
        ("q=(", "q: "),
        ("status=late", "status"),
        ("limit=5", "limit"),
    ] {
        let message = client
            .api(&format!("/export?{query}"))
            .error(400, "bad_request");
        assert!(message.contains(named), "{query}: {message}");
    }
    let unknown = client.api(&format!("/export?execution={}", uuid::Uuid::now_v7()));
    unknown.error(404, "not_found");
    let ingest = collector.create_token(&["ingest"]);
    collector
        .client_with(Some(&ingest))
        .api("/export")
        .error(403, "forbidden");
    collector
        .client_with(None)
        .api("/export")
        .error(401, "unauthorized");
}

/// A run that prints so many lines of that length.
fn wide_run(lines: usize, length: usize) -> Run {
    let wide = "x".repeat(length);
    (0..lines)
        .fold(Run::new(), |run, line| {
            run.output(&format!("{line} {wide}\n"))
        })
        .ended(0)
}

fn deliver_in_parts(run: &Run, client: &Client) {
    for start in (0..run.len()).step_by(10) {
        run.deliver_range(client, start..run.len().min(start + 10));
    }
}

#[test]
fn a_large_parquet_file_has_several_row_groups() {
    let collector = Collector::start();
    deliver_in_parts(&wide_run(60, 400_000), &collector.client());
    let (rows, groups) = read_parquet(exported(&collector, "what=output&format=parquet"));
    assert_eq!((rows.len(), groups), (60, 3));
    for (number, row) in rows.iter().enumerate() {
        let text = row["text"].as_str().unwrap();
        assert!(text.starts_with(&format!("{number} xxx")), "{number}");
        assert_eq!(row["bytes"], text.len());
    }
}

#[test]
fn a_reader_that_stops_holds_nothing_and_is_cut_off() {
    let collector = Setup::default()
        .config("[http]\nwrite_seconds = 12")
        .start();
    let client = collector.client();
    let run = wide_run(100, 200_000);
    deliver_in_parts(&run, &client);
    let ask = || {
        let mut stream = TcpStream::connect(collector.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let request = format!(
            "GET {API}/export?what=output HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
            collector.token
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let before = collector.peak_memory();
    let mut stopped: Vec<TcpStream> = (0..16).map(|_| ask()).collect();
    // All of them have begun before another one asks: it would take the place of one that is late.
    for stream in &mut stopped {
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
    }
    // There is room for no more of them, until they are given up.
    assert_eq!(client.api("/export").status, 503);
    // Meanwhile runs are written and deleted, and the list is read.
    good_run().deliver(&client);
    assert_eq!(client.delete(run.id).status, 204);
    assert_eq!(
        client.api("/executions").ok()["executions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    eventually("the exports to be given up", || {
        (client.api("/export").status == 200).then_some(())
    });
    let grown = collector.peak_memory().saturating_sub(before);
    assert!(grown < 512 << 20, "{grown} bytes more");
    // Each of them sees that its answer is not complete: there is no last chunk.
    for mut stream in stopped {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.ends_with(b"0\r\n\r\n"));
    }
}

#[test]
fn an_export_that_is_being_read_goes_on_while_runs_are_written_and_deleted() {
    let collector = Collector::start();
    let client = collector.client();
    let runs: Vec<Run> = (0..300)
        .map(|number| {
            let run = Run::starting(TEN + number * 1_000_000, json!({ "type": "playbook" }));
            (0..5)
                .fold(run, |run, line| run.output(&format!("{line}\n")))
                .ended(0)
        })
        .collect();
    for run in &runs {
        run.deliver(&client);
    }
    let writing = std::thread::spawn({
        let client = client.clone();
        let doomed: Vec<uuid::Uuid> = runs[100..200].iter().map(|run| run.id).collect();
        move || {
            for id in doomed {
                good_run().deliver(&client);
                assert_eq!(client.delete(id).status, 204);
            }
        }
    });
    let mut counts: Vec<usize> = Vec::new();
    while !writing.is_finished() || counts.is_empty() {
        let answer = client.api("/export?what=output&columns=execution_id,line");
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut lines: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for line in answer.text.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let id = row["execution_id"].as_str().unwrap().to_owned();
            lines
                .entry(id)
                .or_default()
                .push(row["line"].as_u64().unwrap());
        }
        for run in runs[..100].iter().chain(&runs[200..]) {
            assert!(
                lines.contains_key(&run.id.to_string()),
                "it was there all the time"
            );
        }
        let ids: Vec<String> = runs.iter().map(|run| run.id.to_string()).collect();
        for (id, lines) in &lines {
            // The runs that are written meanwhile have other lines.
            if ids.contains(id) {
                assert_eq!(*lines, [0, 1, 2, 3, 4], "{id}");
            }
        }
        counts.push(lines.len());
    }
    writing.join().unwrap();
}
