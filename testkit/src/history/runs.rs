//! The template runs: each is written as events, compressed into a block, and projected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use playback::log::Assembler;
use playback::log::block;
use playback::model::{BlockRow, Changes};
use playback_wire::encode::{EventWriter, encode_line};
use playback_wire::{
    ExecutionEnded, ExecutionStarted, HostStarted, HostStats, Output, PlayStarted, Producer,
    ResultStatus, Stats, TaskResult, TaskStarted, decode_batch,
};
use uuid::Uuid;

use super::Random;

/// When every run begins, in microseconds since the epoch; copies begin elsewhere.
const BEGINNING_US: i64 = 1_768_904_400_000_000;

/// Hosts and tasks of the playbooks: 20 results in the middle.
const PLAYBOOKS: [(u32, u32); 24] = [
    (4, 5),
    (1, 12),
    (2, 10),
    (20, 3),
    (3, 6),
    (1, 20),
    (5, 4),
    (8, 3),
    (2, 4),
    (1, 6),
    (10, 4),
    (6, 3),
    (1, 30),
    (3, 10),
    (2, 16),
    (1, 3),
    (12, 2),
    (4, 8),
    (7, 2),
    (1, 15),
    (20, 1),
    (2, 8),
    (5, 5),
    (15, 2),
];

/// The same of ad-hoc commands.
const ADHOC: [(u32, u32); 3] = [(1, 1), (6, 1), (20, 1)];

/// What a run changes in the store when it goes well, and when its last task fails on its last host.
pub(super) struct Kind {
    pub(super) well: Changes,
    pub(super) failed: Changes,
}

pub(super) fn playbooks(random: &mut Random) -> Vec<Kind> {
    kinds(&PLAYBOOKS, random)
}

pub(super) fn adhoc(random: &mut Random) -> Vec<Kind> {
    kinds(&ADHOC, random)
}

fn kinds(sizes: &[(u32, u32)], random: &mut Random) -> Vec<Kind> {
    let kind = |&(hosts, tasks): &(u32, u32)| Kind {
        well: run(hosts, tasks, false, random),
        failed: run(hosts, tasks, true, random),
    };
    sizes.iter().map(kind).collect()
}

/// Everything that one commit writes of a whole run.
fn run(hosts: u32, tasks: u32, fails: bool, random: &mut Random) -> Changes {
    let mut writer = Writer::default();
    writer.begin();
    let mut counts: BTreeMap<String, HostStats> = BTreeMap::new();
    for task in 1..=tasks {
        writer.task(task);
        for host in 1..=hosts {
            let name = format!("web{host:03}.example.org");
            let fails = fails && task == tasks && host == hosts;
            let changed = writer.result(task, &name, fails, random);
            let host = counts.entry(name).or_default();
            if fails {
                host.failed += 1;
            } else {
                host.ok += 1;
                host.changed += u64::from(changed);
            }
        }
    }
    writer.end(counts, fails);
    let events = decode_batch(&writer.lines).expect("they were just encoded");
    let mut assembler = Assembler::new(Uuid::nil());
    assembler
        .apply_batch(Producer::Recorder, &events)
        .expect("they count from 1");
    assembler.push_block(BlockRow {
        producer: Producer::Recorder,
        first_seq: 1,
        last_seq: writer.seq,
        first_line: 0,
        lines: assembler.finished_lines(Producer::Recorder),
        raw_bytes: writer.lines.len() as u64,
        data: block::compress(&writer.lines),
    });
    assembler.take_changes(true)
}

/// A recorder's events, 50 ms apart.
#[derive(Default)]
struct Writer {
    lines: Vec<u8>,
    seq: u64,
}

impl Writer {
    fn next(&mut self) -> (u64, i64) {
        self.seq += 1;
        (self.seq, BEGINNING_US + self.seq as i64 * 50_000)
    }

    fn line<T: serde::Serialize>(&mut self, kind: &str, data: &T) {
        let (seq, at) = self.next();
        encode_line(&mut self.lines, seq, at, kind, data).expect("events are JSON");
    }

    fn print(&mut self, text: String, of: u64) {
        let output = Output {
            text: text.into(),
            of: Some(of),
            ..Output::default()
        };
        self.line("output", &output);
    }

    fn begin(&mut self) {
        let started = ExecutionStarted {
            instance: Some("1".to_owned()),
            forks: Some(10),
            ansible_version: Some("2.19.3".to_owned()),
            python_version: Some("3.12.3".to_owned()),
            recorder_version: Some("0.1.0".to_owned()),
            ..ExecutionStarted::default()
        };
        self.line("execution_started", &started);
        let play = PlayStarted {
            play: 1,
            name: "Bring the site to where it should be".into(),
            hosts: "all".into(),
            strategy: "linear".into(),
        };
        self.line("play_started", &play);
    }

    fn task(&mut self, task: u32) {
        const ACTIONS: [&str; 5] = ["command", "copy", "template", "service", "apt"];
        let action = ACTIONS[task as usize % ACTIONS.len()];
        let started = TaskStarted {
            task,
            play: 1,
            name: format!("Step {task} of the roll-out").into(),
            action: format!("ansible.builtin.{action}").into(),
            path: "/srv/automation/roles/web/tasks/main.yml".into(),
            line: task * 4,
            role: "web".into(),
            ..TaskStarted::default()
        };
        self.line("task_started", &started);
        let title = format!("\nTASK [web : Step {task} of the roll-out] ****************\n");
        self.print(title, self.seq);
    }

    /// Returns whether the task changed something.
    fn result(&mut self, task: u32, host: &str, fails: bool, random: &mut Random) -> bool {
        let started = HostStarted {
            task,
            host: host.into(),
            groups: (task == 1).then(|| vec!["web".to_owned()]),
        };
        self.line("host_started", &started);
        let (seq, at) = self.next();
        let changed = !fails && random.below(3) == 0;
        let result = TaskResult {
            task,
            host: host.into(),
            status: if fails {
                ResultStatus::Failed
            } else {
                ResultStatus::Ok
            },
            changed,
            started: Some(at - 40_000),
            ..TaskResult::default()
        };
        let content = content(changed, random);
        EventWriter::begin(&mut self.lines, seq, at, "result", &result)
            .expect("events are JSON")
            .content("content", |buffer| {
                buffer.extend_from_slice(content.as_bytes());
            })
            .end();
        let word = match (fails, changed) {
            (true, _) => "fatal",
            (false, true) => "changed",
            (false, false) => "ok",
        };
        self.print(format!("{word}: [{host}]\n"), seq);
        changed
    }

    fn end(&mut self, hosts: BTreeMap<String, HostStats>, fails: bool) {
        self.line("stats", &Stats { hosts });
        let ended = ExecutionEnded {
            exit_code: Some(if fails { 2 } else { 0 }),
            ..ExecutionEnded::default()
        };
        self.line("execution_ended", &ended);
    }
}

/// What a module returns: mostly short, now and then the output of a command.
fn content(changed: bool, random: &mut Random) -> String {
    const WORDS: [&str; 12] = [
        "active", "running", "loaded", "enabled", "started", "checked", "package", "newest",
        "kernel", "memory", "limit", "since",
    ];
    let mut stdout = String::new();
    for _ in 0..[2, 4, 6, 30][random.below(4) as usize] {
        let word = WORDS[random.below(12) as usize];
        // Writing to a String cannot fail.
        let _ = write!(stdout, "{word} {} ", random.below(100_000));
    }
    format!(
        "{{\"changed\":{changed},\"rc\":0,\"stdout\":\"{stdout}\",\"stderr\":\"\",\"msg\":\"\"}}"
    )
}
