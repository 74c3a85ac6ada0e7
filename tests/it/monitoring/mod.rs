//! The alerts and the dashboard in `examples/`: promtool understands the rules and they say what they should, and all that
//! they ask for is served.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::harness::{Client, eventually};
use crate::metrics::{figures, filled, ran_in};

/// Labels that Prometheus adds, and that functions need.
const PROMETHEUS: &[&str] = &["instance", "job", "le"];

/// What Prometheus itself measures.
const OF_PROMETHEUS: &[&str] = &["up"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn alerts() -> PathBuf {
    root().join("examples/prometheus-alerts.yml")
}

fn promtool(arguments: &[&str], file: &Path) {
    let done = Command::new("promtool")
        .args(arguments)
        .arg(file)
        .output()
        .expect("promtool: make test installs it");
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}

#[test]
fn the_alerts_fire_when_they_should() {
    promtool(&["check", "rules"], &alerts());
    let tests = root().join("tests/it/monitoring/alerts.test.yml");
    promtool(&["test", "rules"], &tests);
}

/// The metrics that are served, each with the names of its labels.
fn served(client: &Client) -> BTreeMap<String, BTreeSet<String>> {
    let label = Regex::new(r#"([a-z_]+)="(?:[^"\\]|\\.)*""#).unwrap();
    let mut served: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in figures(client)
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let name = line.split(['{', ' ']).next().unwrap();
        let labels = served.entry(name.to_owned()).or_default();
        labels.extend(label.captures_iter(line).map(|found| found[1].to_owned()));
    }
    served
}

/// What is wrong with an expression: metrics and labels that are not served.
fn faults(expression: &str, served: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let metric = Regex::new(r"\b((?:playback|ansible)_[a-z0-9_]+)(?:\{([^}]*)\})?").unwrap();
    let matcher = Regex::new(r"([a-z_]+)\s*(?:=~|!~|!=|=)").unwrap();
    let grouping = Regex::new(r"\b(?:by|without|on)\s*\(([^)]*)\)").unwrap();
    let mut faults = Vec::new();
    let mut labels: BTreeSet<&str> = PROMETHEUS.iter().copied().collect();
    for found in metric.captures_iter(expression) {
        let name = &found[1];
        let Some(own) = served.get(name) else {
            faults.push(format!("{name} is not served: {expression}"));
            continue;
        };
        labels.extend(own.iter().map(String::as_str));
        let matched = found.get(2).map_or("", |braces| braces.as_str());
        for label in matcher.captures_iter(matched) {
            let label = &label[1];
            if !own.contains(label) && !PROMETHEUS.contains(&label) {
                faults.push(format!("{name} has no label {label}: {expression}"));
            }
        }
    }
    for group in grouping.captures_iter(expression) {
        for label in group[1].split(',').map(str::trim) {
            if !labels.contains(label) {
                faults.push(format!("nothing has the label {label}: {expression}"));
            }
        }
    }
    let names_a_metric =
        metric.is_match(expression) || OF_PROMETHEUS.iter().any(|name| expression.contains(name));
    if !names_a_metric {
        faults.push(format!("no metric is named: {expression}"));
    }
    faults
}

/// The expressions of the alerts.
fn of_alerts() -> Vec<String> {
    let text = std::fs::read_to_string(alerts()).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    lines.map(str::to_owned).collect()
}

/// The expressions of the dashboard's panels.
fn of_dashboard() -> Vec<String> {
    let path = root().join("examples/grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut expressions = Vec::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            // The one that is chosen in the dashboard, whatever its name here.
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{target}");
            expressions.push(target["expr"].as_str().unwrap().to_owned());
        }
    }
    expressions
}

#[test]
fn every_metric_and_label_that_they_name_is_served() {
    let collector = filled();
    let client = collector.client();
    ran_in("/srv/shop", 1_768_000_000, 2.0, 0).deliver(&client);
    let nobody = collector.client_with(Some("no such token"));
    assert_eq!(nobody.api("/executions").status, 401);
    let (alerts, dashboard) = (of_alerts(), of_dashboard());
    assert!(alerts.len() > 10 && dashboard.len() > 20);
    // The figures of background jobs come with their first run.
    eventually("all that is asked for to be served", || {
        let served = served(&client);
        let all = alerts.iter().chain(&dashboard);
        let wrong: Vec<String> = all
            .flat_map(|expression| faults(expression, &served))
            .collect();
        // A label that has no value yet.
        let late = |fault: &String| fault.contains("playback_job_");
        let unexpected: Vec<&String> = wrong.iter().filter(|fault| !late(fault)).collect();
        assert!(unexpected.is_empty(), "{unexpected:#?}");
        wrong.is_empty().then_some(())
    });
}

#[test]
fn what_is_not_served_is_found() {
    let served = BTreeMap::from([(
        "playback_executions".to_owned(),
        BTreeSet::from(["status".to_owned()]),
    )]);
    let well = "sum by (status) (playback_executions{status=\"failed\", instance=~\"a\"})";
    assert_eq!(faults(well, &served), Vec::<String>::new());
    for wrong in [
        "playback_execution",
        "playback_executions{state=\"failed\"}",
        "sum by (state) (playback_executions)",
        "1 + 1",
    ] {
        assert_eq!(faults(wrong, &served).len(), 1, "{wrong}");
    }
}
