//! Runs with the text that real ones have: packages, services, paths, addresses, versions, checksums, times, diffs,
//! errors. The same playbooks come again and again, on the same hosts, with other values; now and then something occurs
//! once in the whole history.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use playback::log::{Assembler, block};
use playback::model::{BlockRow, Changes};
use playback_wire::encode::encode_line;
use playback_wire::{Producer, decode_batch};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::history::Random;

const HOSTS: u64 = 400;
const PLAYBOOKS: u64 = 60;

/// Tasks and hosts of a run, in the middle: about 15 KB of events.
const TASKS: u64 = 9;
const HOSTS_EACH: u64 = 3;

/// Once in so many runs there is an error that no other run has.
pub(crate) const RARE: u64 = 1_000;

const SYLLABLES: [&str; 32] = [
    "al", "ba", "cor", "da", "en", "fi", "gra", "hel", "in", "jo", "ka", "lib", "mon", "net", "ob",
    "pro", "qu", "re", "ser", "to", "ul", "ver", "web", "xe", "ya", "zen", "ap", "db", "log",
    "mail", "sys", "tool",
];

const MODULES: [&str; 6] = [
    "ansible.builtin.apt",
    "ansible.builtin.copy",
    "ansible.builtin.systemd",
    "ansible.builtin.command",
    "ansible.builtin.template",
    "ansible.builtin.uri",
];

const ERRORS: [&str; 6] = [
    "connection refused",
    "No space left on device",
    "Permission denied (publickey,password)",
    "Timeout (12s) waiting for privilege escalation prompt",
    "Could not get lock /var/lib/dpkg/lock-frontend",
    "Name or service not known",
];

/// Makes runs, oldest first.
pub(crate) struct Texts {
    random: Random,
    next: u64,
    count: u64,
    newest_us: i64,
    packages: Vec<String>,
    tasks: Vec<Vec<(String, &'static str, String)>>,
}

impl Texts {
    pub(crate) fn new(count: u64, newest_us: i64) -> Self {
        let mut random = Random::seeded(11);
        let packages: Vec<String> = (0..1_500).map(|_| name(&mut random)).collect();
        let tasks = (0..PLAYBOOKS)
            .map(|_| {
                let count = TASKS / 2 + random.below(TASKS);
                (0..count).map(|_| task(&mut random, &packages)).collect()
            })
            .collect();
        Self {
            random,
            next: 0,
            count,
            newest_us,
            packages,
            tasks,
        }
    }

    /// The word that only this run has.
    pub(crate) fn rare(run: u64) -> String {
        format!(
            "corrupt{:x}sector",
            run.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
        )
    }

    fn run(&mut self) -> Result<Changes> {
        let number = self.next;
        let apart_us = 20_000_000;
        let begun_us = self.newest_us - i64::try_from(self.count - number)? * apart_us;
        let playbook = self.random.skewed(PLAYBOOKS) as usize;
        let first_host = self.random.below(HOSTS);
        let hosts: Vec<String> = (0..1 + self.random.below(2 * HOSTS_EACH - 1))
            .map(|host| format!("web-{:03}.example.org", (first_host + host) % HOSTS))
            .collect();
        let fails = self.random.below(12) == 0 || number.is_multiple_of(RARE);
        let mut events = Events {
            lines: Vec::new(),
            seq: 0,
            at: begun_us,
        };
        events.add(
            "execution_started",
            &json!({ "type": "playbook", "playbook": format!("/srv/ansible/play-{playbook}.yml"), "user": "deploy" }),
        )?;
        events.add(
            "play_started",
            &json!({ "play": 1, "name": format!("Configure group {playbook}"), "hosts": "all" }),
        )?;
        let tasks = self.tasks[playbook].clone();
        for (index, (task, action, package)) in tasks.iter().enumerate() {
            let id = index + 1;
            events.add(
                "task_started",
                &json!({ "task": id, "play": 1, "name": task, "action": action, "role": "base" }),
            )?;
            events.print(&format!("\nTASK [base : {task}] {}\n", "*".repeat(60)))?;
            for (at, host) in hosts.iter().enumerate() {
                let is_last = index + 1 == tasks.len() && at + 1 == hosts.len();
                if is_last && fails {
                    let text = self.error(number);
                    let content = json!({ "msg": text, "rc": 1, "stderr": format!("E: {text}\nE: {}", self.line(package)) });
                    events.add("result", &json!({ "task": id, "host": host, "status": "failed", "content": content }))?;
                    events.print(&format!("fatal: [{host}]: FAILED! => {content}\n"))?;
                } else {
                    let content = self.content(action, package);
                    events.add("result", &json!({ "task": id, "host": host, "status": "ok", "changed": true, "content": content }))?;
                    events.print(&format!("changed: [{host}]\n"))?;
                }
            }
        }
        let recap: BTreeMap<&str, Value> = hosts
            .iter()
            .map(|host| (host.as_str(), json!({ "ok": tasks.len() })))
            .collect();
        events.print("\nPLAY RECAP ****\n")?;
        events.add("stats", &json!({ "hosts": recap }))?;
        events.add(
            "execution_ended",
            &json!({ "exit_code": if fails { 2 } else { 0 } }),
        )?;
        self.next += 1;
        events.changes()
    }

    fn error(&mut self, number: u64) -> String {
        if number.is_multiple_of(RARE) {
            return format!("I/O error: {}", Self::rare(number));
        }
        let error = ERRORS[self.random.skewed(6) as usize];
        format!(
            "Failed to connect to 10.{}.{}.{}: {error}",
            self.random.below(8),
            self.random.below(256),
            self.random.below(256)
        )
    }

    /// A line of a log.
    fn line(&mut self, package: &str) -> String {
        let random = &mut self.random;
        let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
        let pid = random.below(60_000);
        let version = format!(
            "{}.{}.{}-{}ubuntu{}",
            random.below(9),
            random.below(30),
            random.below(12),
            random.below(4),
            random.below(9)
        );
        let other = &self.packages[random.skewed(1_500) as usize];
        match random.below(4) {
            0 => format!(
                "Nov 25 {hour:02}:{minute:02}:{second:02} {package}[{pid}]: Started {other}.service - listening on 0.0.0.0:{}",
                1_024 + random.below(9_000)
            ),
            1 => format!("Setting up {other} ({version}) ..."),
            2 => format!(
                "Get:{} http://archive.ubuntu.com/ubuntu noble/main amd64 {other} amd64 {version} [{} kB]",
                random.below(40),
                random.below(9_000)
            ),
            _ => format!(
                "/etc/{package}/{other}.conf: worker_connections {} keepalive {}s # {:016x}",
                random.below(4_096),
                random.below(90),
                random.next()
            ),
        }
    }

    fn content(&mut self, action: &str, package: &str) -> Value {
        let lines = 2 + self.random.below(9);
        let text: Vec<String> = (0..lines).map(|_| self.line(package)).collect();
        let text = text.join("\n");
        let checksum = format!(
            "{:016x}{:016x}{:08x}",
            self.random.next(),
            self.random.next(),
            self.random.below(1 << 32)
        );
        match action {
            "ansible.builtin.copy" | "ansible.builtin.template" => json!({
                "checksum": checksum, "dest": format!("/etc/{package}/{package}.conf"), "mode": "0644", "owner": "root", "state": "file",
                "diff": [{ "before": text, "after": format!("{text}\n{}", self.line(package)) }],
            }),
            "ansible.builtin.systemd" => json!({
                "name": package, "state": "started", "enabled": true,
                "status": { "ActiveState": "active", "SubState": "running", "MainPID": self.random.below(60_000).to_string(), "FragmentPath": format!("/usr/lib/systemd/system/{package}.service") },
            }),
            _ => {
                json!({ "cmd": ["/usr/bin/env", package, "--check"], "rc": 0, "stdout": text, "stderr": "", "start": "2026-11-25 10:11:12.131415", "delta": format!("0:00:{:02}.{:06}", self.random.below(60), self.random.below(1_000_000)) })
            }
        }
    }
}

impl Iterator for Texts {
    type Item = Result<Changes>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.next < self.count).then(|| self.run())
    }
}

fn name(random: &mut Random) -> String {
    let count = 2 + random.below(3);
    let parts: Vec<&str> = (0..count)
        .map(|_| SYLLABLES[random.below(32) as usize])
        .collect();
    match random.below(3) {
        0 => parts.join("-"),
        _ => parts.concat(),
    }
}

fn task(random: &mut Random, packages: &[String]) -> (String, &'static str, String) {
    let package = packages[random.skewed(packages.len() as u64) as usize].clone();
    let module = MODULES[random.below(6) as usize];
    let verb = [
        "Install",
        "Configure",
        "Restart",
        "Check",
        "Remove old files of",
    ][random.below(5) as usize];
    (format!("{verb} {package}"), module, package)
}

/// The events of a run.
struct Events {
    lines: Vec<u8>,
    seq: u64,
    at: i64,
}

impl Events {
    fn add(&mut self, kind: &str, data: &Value) -> Result<()> {
        self.seq += 1;
        self.at += 50_000;
        encode_line(&mut self.lines, self.seq, self.at, kind, data)?;
        Ok(())
    }

    fn print(&mut self, text: &str) -> Result<()> {
        let of = self.seq;
        self.add("output", &json!({ "text": text, "of": of }))
    }

    fn changes(self) -> Result<Changes> {
        let events = decode_batch(&self.lines).map_err(|error| anyhow!("{error:?}"))?;
        let mut assembler = Assembler::new(Uuid::now_v7());
        assembler
            .apply_batch(Producer::Recorder, &events)
            .map_err(|error| anyhow!("{error:?}"))?;
        assembler.push_block(BlockRow {
            producer: Producer::Recorder,
            first_seq: 1,
            last_seq: self.seq,
            first_line: 0,
            lines: assembler.finished_lines(Producer::Recorder),
            raw_bytes: self.lines.len() as u64,
            data: block::compress(&self.lines),
        });
        Ok(assembler.take_changes(true))
    }
}
