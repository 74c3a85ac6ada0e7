//! Measures ARA, the best-known recorder for Ansible, on the same machine with the same playbook, run as its users run
//! it. These rows have no targets.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::clock::Stopwatch;
use crate::site::{HOSTS, Site};
use crate::table::{Row, thousands};
use crate::{Scratch, Selection, note};

mod grown;

const TASKS: usize = 50;
const CLIENTS: usize = 4;
const POSTING: Duration = Duration::from_secs(5);

pub(crate) fn rows(scratch: &Scratch, asked: &Selection, bin: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if asked.includes("ARA/T1") {
        rows.extend(offline(scratch, bin)?);
    }
    if asked.includes("ARA/T3") {
        rows.push(served(scratch, bin)?);
    }
    if asked.includes("ARA/T5") {
        rows.extend(grown::rows(scratch, bin)?);
    }
    Ok(rows)
}

fn row(target: &'static str, mut what: String, measured: String) -> Row {
    what.insert_str(0, "ARA: ");
    Row {
        target,
        what,
        wanted: String::new(),
        measured,
        reached: None,
        growth: String::new(),
    }
}

/// T1 and T9 with ARA's offline client, which writes the database from within Ansible.
fn offline(scratch: &Scratch, bin: &Path) -> Result<Vec<Row>> {
    note("ARA: the playbook, recorded by its offline client");
    let site = Site::write(scratch, "ara-site", bin)?;
    site.playbook("debug.yml", "debug: {msg: all is well}", TASKS)?;
    let plugins = Command::new(bin.join("python"))
        .args(["-m", "ara.setup.callback_plugins"])
        .output()?;
    let plugins = String::from_utf8(plugins.stdout)?;
    let folder = site.path("ara");
    let with: Vec<(&str, OsString)> = vec![
        ("ANSIBLE_CALLBACK_PLUGINS", plugins.trim().into()),
        ("ARA_API_CLIENT", "offline".into()),
        ("ARA_BASE_DIR", folder.clone().into()),
    ];
    let without = site.run("debug.yml", &[])?;
    let recorded = site.run("debug.yml", &with)?;
    let bytes = std::fs::metadata(folder.join("ansible.sqlite"))?.len();
    let empty = {
        let bare = scratch.file("ara-bare");
        manage(bin, &bare, &["migrate"])?;
        std::fs::metadata(bare.join("ansible.sqlite"))?.len()
    };
    let results = (HOSTS * TASKS) as f64;
    let what = format!("playbook with recorder ÷ without, {HOSTS} × {TASKS} debug");
    Ok(vec![
        row(
            "T1",
            format!("{what}, CPU"),
            format!("{:.2}", recorded.cpu_s / without.cpu_s),
        ),
        row(
            "T1",
            format!("{what}, wall"),
            format!("{:.2}", recorded.wall_s / without.wall_s),
        ),
        row(
            "T9",
            "bytes stored for a result, debug flood".into(),
            format!("{:.0} B", (bytes - empty) as f64 / results),
        ),
    ])
}

/// T3 through ARA's API: results of about 450 bytes, one a request, as its recorder sends them.
fn served(scratch: &Scratch, bin: &Path) -> Result<Row> {
    note("ARA: results through its API");
    let (server, address) = serve(scratch, "ara-server", bin)?;
    let api = format!("{address}/api/v1");
    let at = "2026-01-20T10:20:00Z";
    let uuid = "5c5f67b9-e63c-6297-80da-000000000005";
    let playbook = post(
        &api,
        "playbooks",
        &json!({"ansible_version": "2.19", "status": "running", "path": "site.yml", "started": at}),
    )?;
    let play = post(
        &api,
        "plays",
        &json!({"playbook": playbook, "name": "all", "status": "running", "uuid": uuid, "started": at}),
    )?;
    let file = post(
        &api,
        "files",
        &json!({"playbook": playbook, "path": "site.yml", "content": "- hosts: all"}),
    )?;
    let task = post(
        &api,
        "tasks",
        &json!({
            "playbook": playbook, "play": play, "file": file, "name": "Step", "action": "command",
            "lineno": 1, "handler": false, "status": "running", "uuid": uuid, "started": at,
        }),
    )?;
    let host = post(&api, "hosts", &json!({"playbook": playbook, "name": "web"}))?;
    let result = json!({
        "playbook": playbook, "play": play, "task": task, "host": host, "status": "ok",
        "started": at, "ended": at, "changed": true,
        "content": {"changed": true, "rc": 0, "stdout": "service nginx active ".repeat(18)},
    });
    let stored = AtomicU64::new(0);
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while watch.elapsed() < POSTING {
                    // A database that is locked is how ARA answers several clients at times.
                    if post(&api, "results", &result).is_ok() {
                        stored.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let rate = stored.load(Ordering::Relaxed) as f64 / watch.elapsed().as_secs_f64();
    drop(server);
    Ok(row(
        "T3",
        format!("results/s stored, {CLIENTS} clients"),
        thousands(rate),
    ))
}

/// Starts its server on a new database, and waits until it answers.
fn serve(scratch: &Scratch, name: &str, bin: &Path) -> Result<(Server, String)> {
    let folder = scratch.file(name);
    manage(bin, &folder, &["migrate"])?;
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Server(
        command(bin, &folder)
            .args(["runserver", "--noreload", &address.to_string()])
            .spawn()?,
    );
    let address = format!("http://{address}");
    let watch = Stopwatch::start();
    while ureq::get(format!("{address}/api/v1/")).call().is_err() {
        ensure!(
            watch.elapsed() < Duration::from_secs(60),
            "ARA does not answer"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok((server, address))
}

fn post(api: &str, kind: &str, body: &Value) -> Result<i64> {
    let mut answer = ureq::post(format!("{api}/{kind}")).send_json(body)?;
    let answer: Value = answer.body_mut().read_json()?;
    answer["id"].as_i64().context("ARA made nothing")
}

fn command(bin: &Path, folder: &Path) -> Command {
    let mut command = Command::new(bin.join("ara-manage"));
    command
        .env("ARA_BASE_DIR", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn manage(bin: &Path, folder: &Path, arguments: &[&str]) -> Result<()> {
    let status = command(bin, folder).args(arguments).status()?;
    ensure!(status.success(), "ara-manage {arguments:?}: {status}");
    Ok(())
}

/// Ends with the measurement.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing that matters.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
