//! The code that this binary runs when a test starts it again as a separate process: a producer that can be killed, run
//! out of disk space, or be measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use playback_spool::{AdoptOptions, Sender, deliver_orphans};

use crate::support::{config, print, spool};

const TASK: &str = "PLAYBACK_SPOOL_TEST_TASK";
const DIR: &str = "PLAYBACK_SPOOL_TEST_DIR";
const URL: &str = "PLAYBACK_SPOOL_TEST_URL";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Appends for ever, and says each number once it is written.
    Append,
    /// As `Append`, and delivers.
    AppendAndSend,
    /// Fills a file up to a limit that the system sets, then goes on without one.
    FullDisk,
    /// Delivers the folder's orphans, and says its peak memory in KiB.
    Flush,
}

impl Task {
    const ALL: [Task; 4] = [
        Task::Append,
        Task::AppendAndSend,
        Task::FullDisk,
        Task::Flush,
    ];
}

pub(crate) struct Child {
    process: std::process::Child,
    output: Option<BufReader<std::process::ChildStdout>>,
}

impl Child {
    pub(crate) fn start(task: Task, dir: &Path, url: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::a_child_does_its_task", "--nocapture"])
            .env(TASK, format!("{task:?}"))
            .env(DIR, dir)
            .env(URL, url)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = process.stdout.take().map(BufReader::new);
        Self { process, output }
    }

    /// What it says, without what the test harness prints.
    pub(crate) fn lines(&mut self) -> impl Iterator<Item = String> {
        let output = self.output.as_mut().expect("not read to its end");
        output
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.split_once('>').map(|(_, said)| said.to_owned()))
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for its end; the last that it said.
    pub(crate) fn wait(&mut self) -> String {
        let last = self.lines().last();
        let mut rest = String::new();
        let output = self.output.as_mut().expect("not read to its end");
        output.read_to_string(&mut rest).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status} {rest}");
        last.expect("it said something")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, ">{what}").unwrap();
    out.flush().unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the way from a test to the child that it starts"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// In an ordinary test run there is nothing to do.
#[test]
fn a_child_does_its_task() {
    let Some(task) = told(TASK) else {
        return;
    };
    let task = Task::ALL
        .into_iter()
        .find(|known| format!("{known:?}") == task)
        .expect("a task");
    let dir = told(DIR).expect("a folder");
    let dir = Path::new(&dir);
    let url = told(URL).expect("a URL");
    match task {
        Task::Append => append(dir, None),
        Task::AppendAndSend => append(dir, Some(&url)),
        Task::FullDisk => full_disk(dir),
        Task::Flush => flush(dir, &url),
    }
}

fn append(dir: &Path, url: Option<&str>) {
    let spool = spool(dir);
    let _sender = url.map(|url| Sender::start(spool.clone(), &config(url)).unwrap());
    while let Some(seq) = print(&spool, 100) {
        say(&seq.to_string());
    }
}

fn full_disk(dir: &Path) {
    // A write past the limit is refused with an error, where its signal does not kill (Python
    // ignores it too).
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGXFSZ);
    signals.thread_block().unwrap();
    let spool = spool(dir);
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 20_000, hard).unwrap();
    let mut kept = 0;
    while print(&spool, 700).is_some() {
        kept += 1;
    }
    for _ in 0..4 {
        assert_eq!(print(&spool, 700), None);
    }
    let left_out = spool.dropped();
    let size = spool.path().unwrap().metadata().unwrap().len();
    assert_eq!(size, spool.bytes(), "the torn line was undone");
    setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
    print(&spool, 700).expect("room again");
    say(&format!("{kept} {left_out} {size}"));
}

fn flush(dir: &Path, url: &str) {
    let summary = deliver_orphans(dir, &config(url), &AdoptOptions::default(), |_| {}).unwrap();
    assert_eq!(summary.delivered, 1, "{summary:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    say(peak.trim().trim_end_matches(" kB"));
}
