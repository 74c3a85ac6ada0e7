//! R1: from the request to the start of the command.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::clock::{Stopwatch, since_epoch};
use crate::collector::Collector;
use crate::table::{Row, median};
use crate::{Scratch, Selection, note};

const LAUNCHES: usize = 40;
const LIMIT_MS: f64 = 50.0;
const PATIENCE: Duration = Duration::from_secs(60);

/// Stands where `ansible-playbook` stands, and only tells when it was started.
const PROGRAM: &str =
    "#!/bin/sh\ndate +%s%N > \"$STARTED.new\"\nmv \"$STARTED.new\" \"$STARTED\"\n";

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    if !asked.includes("R1") {
        return Ok(Vec::new());
    }
    note("R1: launches");
    let folder = scratch.file("launch");
    for part in ["bin", "playbooks"] {
        std::fs::create_dir_all(folder.join(part))?;
    }
    std::fs::write(folder.join("playbooks/site.yml"), "- hosts: all\n")?;
    let program = folder.join("bin/ansible-playbook");
    std::fs::write(&program, PROGRAM)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    let started = folder.join("started");
    let config = folder.join("collector.toml");
    std::fs::write(&config, settings(&folder, &started))?;

    let collector = Collector::start_with(&scratch.file("launch.db"), &config)?;
    let times = launches(&collector, &started)?;
    collector.stop()?;
    let middle = median(&times);
    let slowest = times.iter().copied().fold(0.0, f64::max);
    Ok(vec![Row {
        target: "R1",
        what: "request → command runs, median".into(),
        wanted: format!("≤ {LIMIT_MS} ms"),
        measured: format!("{middle:.1} ms"),
        reached: Some(middle <= LIMIT_MS),
        growth: format!("slowest of {LAUNCHES}: {slowest:.0} ms"),
    }])
}

fn settings(folder: &Path, started: &Path) -> String {
    let quoted = |name: &str| format!("{:?}", folder.join(name));
    format!(
        "[launcher]\nplaybooks = [{}]\nfolder = {}\nansible = {}\n[launcher.environment]\nSTARTED = {started:?}\n",
        quoted("playbooks"),
        quoted("runs"),
        quoted("bin"),
    )
}

/// Milliseconds of each launch; one begins when the one before is over.
fn launches(collector: &Collector, started: &Path) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..LAUNCHES {
        let asked = since_epoch();
        let record = collector.post(
            "/api/v1/ansible/playbooks/run",
            &json!({ "playbook": "site.yml" }),
        )?;
        let watch = Stopwatch::start();
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(started) {
                break text;
            }
            ensure!(watch.elapsed() < PATIENCE, "a command was not started");
            std::thread::sleep(Duration::from_millis(2));
        };
        std::fs::remove_file(started)?;
        let at = Duration::from_nanos(text.trim().parse()?);
        times.push(at.saturating_sub(asked).as_secs_f64() * 1e3);
        let id = record["id"].as_str().context("a record has an id")?;
        collector.get(&format!(
            "/api/v1/ansible/executions/{id}?wait=final&timeout=60&fields=status"
        ))?;
    }
    Ok(times)
}
