//! T2: how long the playbook waits for each of the recorder's hooks, as the hooks measure it themselves.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::collector::Collector;
use crate::note;
use crate::playbook::recorded;
use crate::site::Site;
use crate::table::Row;

const COMMAND_US: f64 = 5.0;
const FACTS_US: f64 = 60.0;
const RARE_US: f64 = 1_000.0;

const EVERY: &str = include_str!("playbooks/every.yml");
const INCLUDED: &str =
    "- name: In the included file\n  ansible.builtin.debug:\n    msg: included\n";

/// Every kind of event: the hook that records it, in the order in which a run meets them. `output` is what
/// is printed, noted by the wrapped streams.
const KINDS: [&str; 19] = [
    "play_start",
    "task_start",
    "handler_task_start",
    "include",
    "notify",
    "start",
    "ok",
    "failed",
    "skipped",
    "unreachable",
    "item_ok",
    "item_failed",
    "item_skipped",
    "retry",
    "async_poll",
    "async_ok",
    "async_failed",
    "stats",
    "output",
];

/// What redaction looks for where the row says that it is on: what the README proposes, one a line.
const REDACTED: [(&str, &str); 2] = [
    (
        "PLAYBACK_REDACT_KEYS",
        "*password*\n*passwd*\n*secret*\n*token*\n*api_key*\n*private_key*\nauthorization",
    ),
    ("PLAYBACK_REDACT_PATTERNS", "AKIA[0-9A-Z]{16}"),
];

/// Writes the playbooks that only these rows run.
pub(crate) fn write(site: &Site) -> Result<()> {
    std::fs::write(site.path("every.yml"), EVERY)?;
    std::fs::write(site.path("included.yml"), INCLUDED)?;
    Ok(())
}

/// Times of the recorder's hooks in one run.
fn times(site: &Site, playbook: &str, url: &str, token: &str, redacted: bool) -> Result<Value> {
    let file = site.path("hooks.json");
    let mut environment = recorded(site, url, token);
    if redacted {
        environment.extend(REDACTED.map(|(name, value)| (name, value.into())));
    }
    environment.push(("PLAYBACK_HOOK_STATS", file.clone().into()));
    site.run(playbook, &environment)?;
    Ok(serde_json::from_slice(&read(&file)?)?)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("no times in {}", file.display()))
}

fn microseconds(hooks: &Value, hook: &str, field: &str) -> Result<f64> {
    let nanoseconds = hooks[hook][field].as_f64();
    Ok(nanoseconds.with_context(|| format!("no {field} of hook {hook}"))? / 1e3)
}

/// The largest p99.9 of the hooks that come with each result.
fn rare(hooks: &Value) -> Result<f64> {
    let start = microseconds(hooks, "start", "p99_9_ns")?;
    Ok(start.max(microseconds(hooks, "ok", "p99_9_ns")?))
}

pub(crate) fn rows(site: &Site, collector: &Collector) -> Result<Vec<Row>> {
    note("T2: the recorder's hooks");
    let mut rows = Vec::new();
    // Nobody listens on the discard port.
    let away = "http://127.0.0.1:9".to_owned();
    let up = collector.url();
    let mut every = Vec::new();
    for (when, url) in [("up", &up), ("down", &away)] {
        let times = |playbook| times(site, playbook, url, &collector.token, false);
        let mut row = |what: &str, wanted: f64, measured: f64, growth: String| {
            rows.push(Row {
                target: "T2",
                what: format!("time in a hook, {what}, collector {when}"),
                wanted: format!("≤ {wanted:.0} µs"),
                measured: format!("{measured:.1} µs"),
                reached: Some(measured <= wanted),
                growth,
            });
        };
        let command = microseconds(&times("command.yml")?, "ok", "p50_ns")?;
        row("command result, median", COMMAND_US, command, String::new());
        let facts = microseconds(&times("facts.yml")?, "ok", "p50_ns")?;
        row(
            "facts of this machine, median",
            FACTS_US,
            facts,
            String::new(),
        );
        let debug = rare(&times("debug.yml")?)?;
        // It takes two minutes: once is enough.
        let growth = if when == "up" {
            format!("{:.1} µs", rare(&times("long.yml")?)?)
        } else {
            String::new()
        };
        row("debug, p99.9", RARE_US, debug, growth);
        every.push(times("every.yml")?);
    }
    for kind in KINDS {
        rows.push(of_kind(kind, &every[0], &every[1])?);
    }
    for (playbook, what) in [
        ("command.yml", "command result"),
        ("facts.yml", "facts of this machine"),
    ] {
        let median = |redacted| {
            let hooks = times(site, playbook, &up, &collector.token, redacted)?;
            microseconds(&hooks, "ok", "p50_ns")
        };
        let (off, on) = (median(false)?, median(true)?);
        rows.push(Row {
            target: "T2",
            what: format!("time in a hook, {what}, median, redaction off / on"),
            wanted: String::new(),
            measured: format!("{off:.1} / {on:.1} µs"),
            reached: None,
            growth: String::new(),
        });
    }
    // What was spooled meanwhile arrives with the next run.
    site.run("facts.yml", &recorded(site, &up, &collector.token))?;
    Ok(rows)
}

/// One kind of event, whose longest time is compared with the target for rare times.
fn of_kind(kind: &str, up: &Value, down: &Value) -> Result<Row> {
    let median = |hooks| microseconds(hooks, kind, "p50_ns");
    let longest = |hooks| microseconds(hooks, kind, "max_ns");
    let worst = longest(up)?.max(longest(down)?);
    Ok(Row {
        target: "T2",
        what: format!("time in hook {kind}, median, collector up / down (longest of all)"),
        wanted: format!("longest ≤ {RARE_US:.0} µs"),
        measured: format!("{:.1} / {:.1} ({worst:.0}) µs", median(up)?, median(down)?),
        reached: Some(worst <= RARE_US),
        growth: format!("{} times", up[kind]["count"]),
    })
}
