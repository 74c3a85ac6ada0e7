//! R2 and R3: throughput and cost of `playback exec`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use playback_wire::{Body, decode_line};

use crate::clock::Stopwatch;
use crate::collector::{Collector, program, resident};
use crate::table::{Row, median, megabytes};
use crate::{Scratch, Selection, note};

/// How much is printed in a tenth of R2, in bytes.
const TENTH: u64 = 100_000_000;
const BYTES_PER_SECOND: f64 = 150e6;
/// How much more memory ten times the output may take.
const MORE_MEMORY: u64 = 2_000_000;

const PAIRS: usize = 100;
const ADDED_MS: f64 = 20.0;

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if asked.includes("R2") {
        rows.extend(output(scratch)?);
    }
    if asked.includes("R3") {
        rows.extend(short(scratch)?);
    }
    Ok(rows)
}

/// What a flood of output cost.
struct Flood {
    seconds: f64,
    peak_bytes: u64,
    spool_bytes: u64,
}

/// R2: a command that prints as fast as it can.
fn output(scratch: &Scratch) -> Result<Vec<Row>> {
    note("R2: a flood of output");
    let folder = scratch.file("flood");
    std::fs::create_dir(&folder)?;
    let printed = Printed::write(&folder)?;
    let mut floods = Vec::new();
    for times in [1, 10] {
        // The first run reads what is printed from disk; the middle one of three is taken.
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(flood(&folder, &printed, times)?);
        }
        runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let run = runs.swap_remove(1);
        note(&format!(
            "  {} printed in {:.2} s, spool {}, memory {}",
            megabytes(printed.bytes * times),
            run.seconds,
            megabytes(run.spool_bytes),
            megabytes(run.peak_bytes)
        ));
        floods.push(run);
    }
    let rate = |index: usize, times: u64| (printed.bytes * times) as f64 / floods[index].seconds;
    let (few, many) = (rate(0, 1), rate(1, 10));
    let (small, large) = (floods[0].peak_bytes, floods[1].peak_bytes);
    let row = |what: &str, wanted: String, measured, reached, growth| Row {
        target: "R2",
        what: what.to_owned(),
        wanted,
        measured,
        reached: Some(reached),
        growth,
    };
    Ok(vec![
        row(
            "playback exec, 1 GB of output into the spool, nothing lost",
            format!("≥ {:.0} MB/s", BYTES_PER_SECOND / 1e6),
            format!("{:.0} MB/s", many / 1e6),
            many >= BYTES_PER_SECOND,
            format!("from {:.0} MB/s at a tenth", few / 1e6),
        ),
        row(
            "its memory, peak",
            "constant".to_owned(),
            megabytes(large),
            large <= small + MORE_MEMORY,
            format!("from {} at a tenth", megabytes(small)),
        ),
    ])
}

/// Output like that of a playbook, with the recap at its end.
struct Printed {
    bytes: u64,
    lines: u64,
}

impl Printed {
    /// Writes the output, and an `ansible-playbook` that prints it as often as it is told.
    fn write(folder: &Path) -> Result<Self> {
        let path = folder.join("printed");
        let mut file = BufWriter::new(File::create(&path)?);
        let (mut bytes, mut lines) = (0, 0);
        let mut host = 0;
        while bytes < TENTH {
            host = (host + 1) % 1_000;
            let task = format!(
                "TASK [Configure web{host:03}] {}\n\u{1b}[0;33mchanged: [web{host:03}] => {{\"changed\": true, \
                 \"msg\": \"all is well here, \\\"and there\\\": {}\"}}\u{1b}[0m\n\n",
                "*".repeat(58),
                "grüße ".repeat(5)
            );
            file.write_all(task.as_bytes())?;
            bytes += task.len() as u64;
            lines += 3;
        }
        let recap = "PLAY RECAP ****\nweb : ok=1 changed=1 unreachable=0 failed=0\n\n";
        file.write_all(recap.as_bytes())?;
        file.flush()?;
        let script = folder.join("ansible-playbook");
        let text = format!(
            "#!/bin/sh\nexec cat $(yes '{}' | head -n \"$1\")\n",
            path.display()
        );
        std::fs::write(&script, text)?;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
        Ok(Self {
            bytes: bytes + recap.len() as u64,
            lines: lines + 3,
        })
    }
}

/// Prints so often, into a spool of the usual limit that nobody delivers; then looks for every byte.
fn flood(folder: &Path, printed: &Printed, times: u64) -> Result<Flood> {
    let spool = folder.join("spool");
    let watch = Stopwatch::start();
    let mut child = exec(&spool, &folder.join("ansible-playbook"))
        .arg(times.to_string())
        .spawn()?;
    let mut peak_bytes = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // The field is gone when the process ends.
        peak_bytes = resident(child.id(), "VmHWM:").unwrap_or(peak_bytes);
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = watch.elapsed().as_secs_f64();
    ensure!(status.success(), "playback exec: {status}");
    let file = only_file(&spool)?;
    let spool_bytes = file.metadata()?.len();
    check(&file, printed, times)?;
    std::fs::remove_dir_all(&spool)?;
    Ok(Flood {
        seconds,
        peak_bytes,
        spool_bytes,
    })
}

/// Whether a spool holds everything that was printed, and says so.
fn check(file: &Path, printed: &Printed, times: u64) -> Result<()> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(file)?);
    let mut line = Vec::new();
    let (mut bytes, mut lines, mut seq, mut hosts) = (0, 0, 0, 0);
    let mut ended = None;
    while reader.read_until(b'\n', &mut line)? > 0 {
        let event = decode_line(line.trim_ascii_end())?;
        seq += 1;
        ensure!(event.seq == seq, "event {seq} is missing");
        match event.body {
            Body::Output(output) => {
                bytes += output.text.len() as u64;
                lines += output.text.bytes().filter(|byte| *byte == b'\n').count() as u64;
            }
            Body::Stats(stats) => hosts += stats.hosts.len(),
            Body::ExecutionEnded(end) => ended = Some(end),
            _ => {}
        }
        line.clear();
    }
    let ended = ended.context("the record has no end")?;
    ensure!(
        ended.exit_code == Some(0) && ended.dropped == 0,
        "not everything is recorded: {ended:?}"
    );
    let expected = (printed.bytes * times, printed.lines * times, 1);
    ensure!(
        (bytes, lines, hosts) == expected,
        "recorded are {bytes} bytes in {lines} lines and {hosts} hosts: {expected:?}"
    );
    Ok(())
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut files = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .filter(|path: &std::io::Result<PathBuf>| {
            path.as_ref()
                .is_ok_and(|path| path.extension().is_some_and(|end| end == "ndjson"))
        });
    files
        .next()
        .context("there is no spool")?
        .map_err(Into::into)
}

/// R3: a command that does nothing.
fn short(scratch: &Scratch) -> Result<Vec<Row>> {
    note("R3: a short command");
    let collector = Collector::start(&scratch.file("short.db"))?;
    let url = collector.url();
    let with = added(&scratch.file("short-with"), |command| {
        command
            .env("PLAYBACK_URL", &url)
            .env("PLAYBACK_TOKEN", &collector.token);
    })?;
    ensure!(
        !scratch.file("short-with").read_dir()?.any(|_| true),
        "everything is delivered"
    );
    collector.stop()?;
    let without = added(&scratch.file("short-without"), |_| {})?;
    let row = |what: &str, added: f64| Row {
        target: "R3",
        what: format!("playback exec -- true less true, median, {what}"),
        wanted: format!("≤ {ADDED_MS:.0} ms"),
        measured: format!("{added:.1} ms"),
        reached: Some(added <= ADDED_MS),
        growth: String::new(),
    };
    Ok(vec![
        row("a collector answers", with),
        row("none is configured", without),
    ])
}

/// Milliseconds that recording adds to a command, in the middle of many pairs.
fn added(spool: &Path, configure: impl Fn(&mut Command)) -> Result<f64> {
    let timed = |command: &mut Command| -> Result<f64> {
        let watch = Stopwatch::start();
        ensure!(command.status()?.success(), "the command fails");
        Ok(watch.elapsed().as_secs_f64() * 1e3)
    };
    let mut differences = Vec::new();
    for _ in 0..PAIRS {
        // By their paths: a search would make this program fork itself for one and not for the other.
        let plain = timed(quiet(&mut Command::new("/bin/true")))?;
        let mut recorded = exec(spool, Path::new("/bin/true"));
        configure(&mut recorded);
        differences.push(timed(&mut recorded)? - plain);
    }
    Ok(median(&differences))
}

/// `playback exec -- PROGRAM`, whose spool is in this folder and goes nowhere.
fn exec(spool: &Path, command: &Path) -> Command {
    let mut exec = Command::new(program());
    exec.args(["exec", "--"]).arg(command);
    quiet(&mut exec).env("PLAYBACK_SPOOL_DIR", spool);
    exec
}

/// Nothing of the user's own settings may have a say, and nobody reads.
fn quiet(command: &mut Command) -> &mut Command {
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}
