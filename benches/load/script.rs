//! The events that producers send: encoded like the recorder's, cut into batches and compressed once, so that sending
//! them costs the load generator almost nothing. Bodies do not name an execution, so all producers share them.

use std::fmt::Write as _;

use anyhow::Result;
use playback_wire::encode::{EventWriter, encode_line};
use playback_wire::{
    ExecutionEnded, ExecutionStarted, Facts, HostStarted, HostStats, Output, PlayStarted,
    ResultStatus, Stats, TaskResult, TaskStarted,
};
use serde_json::json;
use serde_json::value::RawValue;

/// Level at which the recorder's sender compresses.
const LEVEL: i32 = 3;

/// When the script's first event happens, in microseconds since the epoch.
const BEGINNING_US: i64 = 1_768_904_400_000_000;

/// What the tasks of a script return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Results of a command, about 450 bytes of content.
    Commands,
    /// The same, but every tenth host fails at the last task.
    Failing,
    /// Results of `debug`: a short message.
    Debug,
    /// What a site's playbooks return: mostly short results, commands, files with their attributes,
    /// some long texts, now and then a host's facts.
    Realistic,
}

/// A batch, ready to be sent.
#[derive(Debug)]
pub(crate) struct Batch {
    /// One zstd frame of NDJSON.
    pub(crate) body: Vec<u8>,
    /// Its last event, which the collector has to acknowledge.
    pub(crate) last_seq: u64,
    /// How many events it holds.
    pub(crate) events: u64,
}

/// One execution, from its first event on.
#[derive(Debug)]
pub(crate) struct Script {
    /// Its batches, in order.
    pub(crate) batches: Vec<Batch>,
    /// How many results they hold.
    pub(crate) results: u64,
    /// Size of all events before compression.
    pub(crate) raw_bytes: u64,
}

/// How large a script is, and of what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) mix: Mix,
    pub(crate) hosts: u32,
    pub(crate) tasks: u32,
    /// Events in a batch.
    pub(crate) batch: u64,
    /// Whether the execution ends, or is left running.
    pub(crate) ends: bool,
}

impl Script {
    /// Writes the events of one play: each task on each host is started, prints a line and ends.
    pub(crate) fn write(size: Size) -> Result<Self> {
        let mut writer = Writer::new(size.batch);
        writer.line(
            "execution_started",
            &ExecutionStarted {
                instance: Some("bench".into()),
                playbook: Some("site.yml".into()),
                inventory: Some("hosts.ini".into()),
                user: Some("bench".into()),
                forks: Some(10),
                ..ExecutionStarted::default()
            },
        )?;
        writer.line(
            "play_started",
            &PlayStarted {
                play: 1,
                name: "all".into(),
                hosts: "all".into(),
                strategy: "linear".into(),
            },
        )?;
        let names: Vec<String> = (0..size.hosts)
            .map(|host| format!("web{host:03}"))
            .collect();
        let mut contents = Contents::new();
        for task in 1..=size.tasks {
            writer.task(task)?;
            for host in &names {
                let started = HostStarted {
                    task,
                    host: host.into(),
                    groups: (task == 1).then(|| vec!["web".to_owned()]),
                };
                writer.line("host_started", &started)?;
            }
            let fails = size.mix == Mix::Failing && task == size.tasks;
            for (at, host) in names.iter().enumerate() {
                let content = contents.next(size.mix, task, host);
                if fails && at.is_multiple_of(10) {
                    writer.failure(task, host, at)?;
                } else {
                    writer.result(task, host, content)?;
                }
            }
        }
        if size.ends {
            writer.end(&names, &size)?;
        }
        writer.cut()?;
        Ok(Self {
            batches: writer.batches,
            results: u64::from(size.hosts) * u64::from(size.tasks),
            raw_bytes: writer.raw_bytes,
        })
    }
}

/// What a task returned.
struct Content {
    changed: bool,
    json: String,
    facts: Option<String>,
}

struct Writer {
    lines: Vec<u8>,
    seq: u64,
    cut_after: u64,
    batch: u64,
    raw_bytes: u64,
    batches: Vec<Batch>,
}

impl Writer {
    fn new(batch: u64) -> Self {
        Self {
            lines: Vec::new(),
            seq: 0,
            cut_after: batch,
            batch,
            raw_bytes: 0,
            batches: Vec::new(),
        }
    }

    /// Every event comes 700 µs after the one before it.
    fn next(&mut self) -> Result<(u64, i64)> {
        if self.seq == self.cut_after {
            self.cut()?;
        }
        self.seq += 1;
        Ok((self.seq, BEGINNING_US + self.seq as i64 * 700))
    }

    fn line<T: serde::Serialize>(&mut self, kind: &str, data: &T) -> Result<()> {
        let (seq, at) = self.next()?;
        encode_line(&mut self.lines, seq, at, kind, data)?;
        Ok(())
    }

    fn task(&mut self, task: u32) -> Result<()> {
        self.line(
            "task_started",
            &TaskStarted {
                task,
                play: 1,
                name: format!("Step {task} of the roll-out").into(),
                action: "ansible.builtin.command".into(),
                path: "/srv/playbooks/roles/web/tasks/main.yml".into(),
                line: task * 4,
                role: "web".into(),
                ..TaskStarted::default()
            },
        )?;
        let of = self.seq;
        let title = format!("\nTASK [web : Step {task} of the roll-out] ***********************\n");
        self.print(title, of)
    }

    fn result(&mut self, task: u32, host: &str, content: Content) -> Result<()> {
        let (seq, at) = self.next()?;
        let result = TaskResult {
            task,
            host: host.into(),
            changed: content.changed,
            started: Some(at - 120_345),
            ..TaskResult::default()
        };
        EventWriter::begin(&mut self.lines, seq, at, "result", &result)?
            .content("content", |buffer| {
                buffer.extend_from_slice(content.json.as_bytes());
            })
            .end();
        let word = if content.changed { "changed" } else { "ok" };
        if let Some(facts) = content.facts {
            let facts = RawValue::from_string(facts)?;
            self.line(
                "facts",
                &Facts {
                    task,
                    host: host.into(),
                    facts: Some(&facts),
                },
            )?;
        }
        self.print(format!("{word}: [{host}]\n"), seq)
    }

    fn failure(&mut self, task: u32, host: &str, at: usize) -> Result<()> {
        let (seq, time) = self.next()?;
        let result = TaskResult {
            task,
            host: host.into(),
            status: ResultStatus::Failed,
            started: Some(time - 120_345),
            ..TaskResult::default()
        };
        let address = format!("10.0.{}.{}", at / 250, at % 250);
        let message = format!("connect to {address} port 5432: Connection refused");
        let content =
            json!({ "msg": "non-zero return code", "rc": 2, "stderr": message }).to_string();
        EventWriter::begin(&mut self.lines, seq, time, "result", &result)?
            .content("content", |buffer| {
                buffer.extend_from_slice(content.as_bytes());
            })
            .end();
        self.print(format!("fatal: [{host}]: FAILED! => {content}\n"), seq)
    }

    fn print(&mut self, text: String, of: u64) -> Result<()> {
        self.line(
            "output",
            &Output {
                text: text.into(),
                of: Some(of),
                ..Output::default()
            },
        )
    }

    fn end(&mut self, hosts: &[String], size: &Size) -> Result<()> {
        let fails = size.mix == Mix::Failing;
        let counts = |at: usize| {
            let failed = u64::from(fails && at.is_multiple_of(10));
            HostStats {
                ok: u64::from(size.tasks) - failed,
                failed,
                ..HostStats::default()
            }
        };
        let hosts = hosts.iter().enumerate();
        let hosts = hosts.map(|(at, host)| (host.clone(), counts(at))).collect();
        self.line("stats", &Stats { hosts })?;
        let ended = ExecutionEnded {
            exit_code: Some(if fails { 2 } else { 0 }),
            ..ExecutionEnded::default()
        };
        self.line("execution_ended", &ended)
    }

    fn cut(&mut self) -> Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let before = self.batches.last().map_or(0, |batch| batch.last_seq);
        self.batches.push(Batch {
            body: zstd::bulk::compress(&self.lines, LEVEL)?,
            last_seq: self.seq,
            events: self.seq - before,
        });
        self.raw_bytes += self.lines.len() as u64;
        self.lines.clear();
        self.cut_after = self.seq + self.batch;
        Ok(())
    }
}

/// Makes up what modules return: the same for every run of the benchmark, and no two alike.
struct Contents {
    state: u64,
}

impl Contents {
    fn new() -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// xorshift: good enough to make texts differ.
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random() % limit
    }

    fn words(&mut self, count: usize) -> String {
        const WORDS: [&str; 24] = [
            "service",
            "nginx",
            "active",
            "running",
            "since",
            "loaded",
            "enabled",
            "worker",
            "process",
            "started",
            "listening",
            "reload",
            "config",
            "checked",
            "package",
            "already",
            "newest",
            "version",
            "upgraded",
            "removed",
            "kernel",
            "memory",
            "tasks",
            "limit",
        ];
        let mut text = String::new();
        for index in 0..count {
            let gap = if index == 0 { "" } else { " " };
            if self.below(6) == 0 {
                let number = self.below(100_000);
                let _ = write!(text, "{gap}{number}");
            } else {
                let word = WORDS[self.below(24) as usize];
                let _ = write!(text, "{gap}{word}");
            }
        }
        text
    }

    fn next(&mut self, mix: Mix, task: u32, host: &str) -> Content {
        match mix {
            Mix::Commands | Mix::Failing => self.command(task, host, 22),
            Mix::Debug => Content {
                changed: false,
                json: format!("{{\"msg\":\"task {task} on {host}\"}}"),
                facts: None,
            },
            // What a task returns depends on the task: all hosts of one are alike in kind.
            Mix::Realistic => match task % 20 {
                1 => self.gathered(host),
                2..=5 => self.command(task, host, 22),
                6 | 7 => self.command(task, host, 150),
                8 => self.command(task, host, 500),
                9..=13 => self.file(task),
                14 | 15 => Content {
                    changed: false,
                    json: format!("{{\"msg\":\"task {task} on {host}\"}}"),
                    facts: None,
                },
                _ => Content {
                    changed: false,
                    json: format!(
                        "{{\"changed\":false,\"name\":\"unit{task}\",\"state\":\"started\",\"enabled\":true}}"
                    ),
                    facts: None,
                },
            },
        }
    }

    fn command(&mut self, task: u32, host: &str, words: usize) -> Content {
        let micros = self.below(1_000_000);
        let stdout = self.words(words);
        Content {
            changed: true,
            json: format!(
                "{{\"changed\":true,\"cmd\":[\"/usr/bin/check\",\"--unit\",\"web{task}\"],\
                 \"rc\":0,\"start\":\"2026-01-20 10:20:00.{micros:06}\",\
                 \"end\":\"2026-01-20 10:20:01.{micros:06}\",\"delta\":\"0:00:01.{micros:06}\",\
                 \"stdout\":\"{host} {stdout}\",\"stderr\":\"\",\"msg\":\"\"}}"
            ),
            facts: None,
        }
    }

    fn file(&mut self, task: u32) -> Content {
        let (a, b, c) = (self.random(), self.random(), self.random() as u32);
        let size = self.below(20_000);
        Content {
            changed: task.is_multiple_of(2),
            json: format!(
                "{{\"changed\":{},\"dest\":\"/etc/web/conf.d/{task}.conf\",\"owner\":\"root\",\
                 \"group\":\"root\",\"mode\":\"0644\",\"uid\":0,\"gid\":0,\"size\":{size},\
                 \"state\":\"file\",\"checksum\":\"{a:016x}{b:016x}{c:08x}\"}}",
                task.is_multiple_of(2)
            ),
            facts: None,
        }
    }

    /// About 13 KB of facts: names that every host has, values of which some are its own.
    fn gathered(&mut self, host: &str) -> Content {
        let mut facts = format!("{{\"ansible_hostname\":\"{host}\"");
        for index in 0..180 {
            let name = index % 60;
            let value = if index % 3 == 0 {
                self.words(6)
            } else {
                format!("value of fact {index}, the same on every machine of the site")
            };
            let _ = write!(facts, ",\"ansible_fact_{name}_{index}\":\"{value}\"");
        }
        facts.push('}');
        Content {
            changed: false,
            json: "{\"changed\":false}".into(),
            facts: Some(facts),
        }
    }
}
