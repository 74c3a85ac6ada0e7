//! Delivery if the collector is down, refuses, or is hidden behind something else, and with invalid options. The
//! command runs in any case.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::builders::{Run, good_run};
use crate::exec::Spools;
use crate::harness::{Collector, PLAYBACK, Setup, eventually};
use crate::servers::free_port;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The commands in a warning.
pub(crate) fn commands_in(warning: &str) -> Vec<String> {
    let words = warning.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

/// Runs a command in a shell that only has `playback` in PATH, and a token.
pub(crate) fn type_in(command: &str, token: &str) -> Output {
    let bin = Path::new(PLAYBACK).parent().unwrap();
    Command::new("sh")
        .args(["-c", command])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("PLAYBACK_TOKEN", token)
        .current_dir("/")
        .output()
        .unwrap()
}

fn the_record(collector: &Collector) -> Value {
    let list = collector.client().api("/executions").ok();
    let id = list["executions"][0]["id"].as_str().unwrap().to_owned();
    collector.client().finished(id.parse().unwrap())
}

#[test]
fn an_odd_variable_is_told_and_the_command_runs_with_its_exit_code() {
    let latin = || OsString::from_vec(b"n\xe9".to_vec());
    let huge = "x".repeat(100_000);
    let odd: Vec<(&str, OsString, bool)> = vec![
        ("PLAYBACK_NOTE", latin(), true),
        ("PLAYBACK_LABELS", latin(), true),
        ("PLAYBACK_REDACT_KEYS", latin(), true),
        ("PLAYBACK_URL", latin(), true),
        ("PLAYBACK_URL", "ftp://x".into(), false),
        ("PLAYBACK_URL", "http://[".into(), false),
        ("PLAYBACK_TOKEN", latin(), true),
        ("PLAYBACK_TOKEN_FILE", latin(), false),
        ("PLAYBACK_TOKEN_FILE", "/nowhere".into(), false),
        ("PLAYBACK_CA_FILE", latin(), false),
        ("PLAYBACK_CA_FILE", "/dev/null".into(), false),
        ("PLAYBACK_SPOOL_MAX_MB", "abc".into(), true),
        ("PLAYBACK_SPOOL_MAX_MB", "-1".into(), true),
        ("PLAYBACK_SPOOL_MAX_MB", "0".into(), true),
        ("PLAYBACK_SPOOL_MAX_MB", "99999999999999999999".into(), true),
        ("PLAYBACK_FLUSH_SECONDS", "abc".into(), true),
        ("PLAYBACK_FLUSH_SECONDS", "-3".into(), true),
        ("PLAYBACK_FLUSH_SECONDS", "NaN".into(), true),
        ("PLAYBACK_FLUSH_SECONDS", "inf".into(), true),
        ("PLAYBACK_FLUSH_SECONDS", latin(), true),
        ("PLAYBACK_FLUSH_SECONDS_UNREACHABLE", "soon".into(), true),
        ("PLAYBACK_EXECUTION_ID", latin(), false),
        ("PLAYBACK_NOTE", huge.clone().into(), false),
        ("PLAYBACK_LABELS", huge.into(), false),
        ("PLAYBACK_LABELS", " , ,".into(), false),
        ("PLAYBACK_SPOOL_DIR", "/dev/null/x".into(), false),
        ("PLAYBACK_SPOOL_DIR", latin(), false),
        ("PLAYBACK_NOTE", "".into(), false),
        ("PLAYBACK_FLUSH_SECONDS", "".into(), false),
        ("PLAYBACK_TOKEN_FILE", "".into(), false),
    ];
    for (name, value, named) in odd {
        let spools = Spools::new();
        let home = tempfile::tempdir().unwrap();
        let mut command = spools.script("echo ran; exit 7");
        command
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("PLAYBACK_URL", "http://127.0.0.1:9")
            .env("PLAYBACK_FLUSH_SECONDS_UNREACHABLE", "0")
            .current_dir(home.path())
            .env(name, &value);
        let done = command.output().unwrap();
        let shown: String = value.to_string_lossy().chars().take(30).collect();
        assert_eq!(done.status.code(), Some(7), "{name}={shown}: {done:?}");
        assert_eq!(text(&done.stdout), "ran\n", "{name}={shown}");
        if named {
            assert!(
                text(&done.stderr).contains(name),
                "{name}={shown}: {}",
                text(&done.stderr)
            );
        }
    }
}

#[test]
fn what_can_be_read_of_an_odd_variable_is_recorded() {
    let spools = Spools::new();
    let mut command = spools.script("exit 0");
    command
        .env("PLAYBACK_NOTE", OsString::from_vec(b"caf\xe9".to_vec()))
        .env("PLAYBACK_LABELS", "a, b,,");
    assert!(command.status().unwrap().success());
    let started = spools.events().remove(0);
    assert_eq!(started["data"]["note"], "caf\u{fffd}");
    assert_eq!(started["data"]["labels"], serde_json::json!(["a", "b"]));
}

#[test]
fn an_option_that_somebody_types_wrong_is_told_before_anything_runs() {
    let spools = Spools::new();
    for wrong in [
        ["--flush-seconds", "abc"],
        ["--flush-seconds", "NaN"],
        ["--spool-max-mb", "0"],
    ] {
        let done = spools
            .playback(&["exec", wrong[0], wrong[1], "--", "echo", "ran"])
            .output()
            .unwrap();
        assert_eq!(
            (done.status.code(), text(&done.stdout).as_str()),
            (Some(2), "")
        );
        assert!(text(&done.stderr).contains(wrong[0]));
    }
}

#[test]
fn a_limit_of_file_sizes_is_a_full_spool_and_the_command_has_the_default_of_its_signal() {
    for (kibibytes, script) in [
        // A part is recorded, and the record says that the rest is missing.
        (
            16,
            "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exit 3",
        ),
        // Nothing is recorded.
        (0, "echo hello; exit 3"),
    ] {
        let collector = Collector::start();
        let spools = Spools::new();
        let line = format!("ulimit -f {kibibytes}; exec \"$@\"");
        let mut command = spools.command(
            "bash",
            &[
                "-c", &line, "bash", PLAYBACK, "exec", "--", "bash", "-c", script,
            ],
        );
        command
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token);
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(3), "{kibibytes}: {done:?}");
        assert!(!done.stdout.is_empty());
        if kibibytes > 0 {
            let record = the_record(&collector);
            assert_eq!(record["exit_code"], 3, "{record}");
        } else {
            assert!(text(&done.stderr).contains("not recorded"), "{done:?}");
        }
    }
    // Without the recorder, the signal also ends a process that writes beyond the limit.
    let spools = Spools::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let script = format!(
        "ulimit -f 1; exec \"$0\" exec -- bash -c 'head -c 100000 /dev/zero > {}; exit $?'",
        file.path().display()
    );
    // Whatever started the tests may ignore the signal, as Python does.
    let default = "--default-signal=XFSZ";
    let done = spools
        .command("/usr/bin/env", &[default, "bash", "-c", &script, PLAYBACK])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(128 + 25), "SIGXFSZ: {done:?}");
}

#[test]
fn standard_streams_that_are_closed_or_full_stop_nothing() {
    let spools = Spools::new();
    let flag = tempfile::NamedTempFile::new().unwrap();
    for redirection in [
        "<&-",
        ">&-",
        "2>&-",
        "<&- >&- 2>&-",
        "2>/dev/full",
        ">/dev/full",
    ] {
        std::fs::write(flag.path(), "").unwrap();
        let script = format!(
            "\"$0\" exec -- sh -c 'echo ran > {}; exit 4' {redirection}",
            flag.path().display()
        );
        // The collector does not exist, so there is a warning.
        let mut command = spools.command("sh", &["-c", &script, PLAYBACK]);
        command
            .env("PLAYBACK_URL", "ftp://x")
            .env("PLAYBACK_FLUSH_SECONDS", "x");
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(4), "{redirection}: {done:?}");
        assert_eq!(
            std::fs::read_to_string(flag.path()).unwrap(),
            "ran\n",
            "{redirection}"
        );
    }
}

#[test]
fn few_descriptors_stop_nothing() {
    let spools = Spools::new();
    let script = "ulimit -n 32; exec \"$0\" exec -- sh -c 'exit 6'";
    let mut command = spools.command("sh", &["-c", script, PLAYBACK]);
    command.env("PLAYBACK_URL", "http://127.0.0.1:9");
    assert_eq!(command.status().unwrap().code(), Some(6));
}

#[test]
fn a_collector_under_a_limit_of_file_sizes_refuses_and_lives() {
    let line = "ulimit -f 2048; exec \"$@\"";
    let port = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let collector = Setup::default()
        .within(&["bash", "-c", line, "bash"], port)
        .start();
    let client = collector.client();
    let mut refused = false;
    for number in 0..200_u64 {
        let noise: String = (0..20_000_u64)
            .map(|line| {
                format!(
                    "{:016x}\n",
                    (number * 20_000 + line).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                )
            })
            .collect();
        let answer = Run::new().output(&noise).ended(0).send(&client);
        if answer.status != 200 {
            answer.error(503, "busy");
            refused = true;
            break;
        }
    }
    assert!(refused, "the limit was reached");
    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(client.api("/executions").status, 200);
}

#[test]
fn a_run_that_ends_while_its_collector_is_away_for_two_seconds_is_complete() {
    let mut collector = Collector::start();
    let spools = Spools::new();
    let go = tempfile::tempdir().unwrap();
    let go_on = go.path().join("go");
    let script = format!(
        "echo one; while [ ! -e {0} ]; do sleep 0.05; done; echo two; exit 3",
        go_on.display()
    );
    let mut command = spools.script(&script);
    command
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token)
        .env("PLAYBACK_FLUSH_SECONDS", "60")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let client = collector.client();
    eventually("the run to arrive", || {
        let list = client.api("/executions").ok();
        (list["executions"].as_array().unwrap().len() == 1).then_some(())
    });
    collector.kill();
    std::fs::write(&go_on, "").unwrap();
    // This tests a duration.
    std::thread::sleep(Duration::from_secs(2));
    collector.launch();
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert_eq!(text(&done.stderr), "");
    let record = the_record(&collector);
    assert_eq!(
        (&record["exit_code"], &record["reason"]),
        (&3.into(), &"ansible_error".into()),
        "{record}"
    );
    assert_eq!(record["events"]["complete"], true);
    assert!(spools.files().is_empty());
}

#[test]
fn the_command_that_a_warning_names_delivers_the_run() {
    // The collector is down during the whole run.
    let mut collector = Collector::start();
    let url = collector.url();
    let token = collector.token.clone();
    collector.kill();
    let spools = Spools::new();
    let mut command = spools.script("exit 5");
    let done = command
        .env("PLAYBACK_URL", &url)
        .env("PLAYBACK_TOKEN", &token)
        .output()
        .unwrap();
    let warning = text(&done.stderr);
    collector.launch();
    for command in commands_in(&warning) {
        let flushed = type_in(&command, &token);
        assert!(flushed.status.success(), "{command}: {flushed:?}");
    }
    assert_eq!(the_record(&collector)["exit_code"], 5, "{warning}");
    assert!(spools.files().is_empty());

    // A token that is refused: the same command, with another one.
    let collector = Collector::start();
    let spools = Spools::new();
    let mut command = spools.script("exit 6");
    let done = command
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", "pbk_wrong")
        .output()
        .unwrap();
    let warning = text(&done.stderr);
    assert!(
        warning.contains("refuses the token") && !warning.contains("pbk_wrong"),
        "{warning}"
    );
    let commands = commands_in(&warning);
    assert_eq!(commands.len(), 1, "{warning}");
    assert!(!type_in(&commands[0], "pbk_wrong").status.success());
    let flushed = type_in(&commands[0], &collector.token);
    assert!(flushed.status.success(), "{warning}: {flushed:?}");
    assert_eq!(the_record(&collector)["exit_code"], 6);

    // Without a collector: the default address, or the one given to the command.
    let spools = Spools::new();
    let done = spools.script("exit 8").output().unwrap();
    let warning = text(&done.stderr);
    let command = format!("{} --url {}", commands_in(&warning)[0], collector.url());
    assert!(
        type_in(&command, &collector.token).status.success(),
        "{warning}"
    );
}

#[test]
fn the_next_run_with_a_good_token_delivers_what_a_wrong_one_left() {
    let collector = Collector::start();
    let spools = Spools::new();
    let run = |token: &str, script: &str| {
        let mut command = spools.script(script);
        command
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", token)
            .status()
            .unwrap()
    };
    run("pbk_wrong", "exit 0");
    run(&collector.token, "sleep 2");
    eventually("both runs", || {
        let list = collector.client().api("/executions").ok();
        (list["executions"].as_array().unwrap().len() == 2).then_some(())
    });
}

/// Answers every request with a page while it exists.
pub(crate) fn page(
    listener: TcpListener,
    answer: &'static str,
    stop: &Path,
) -> std::thread::JoinHandle<()> {
    let stop = stop.to_owned();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        while !stop.exists() {
            let Ok((mut stream, _)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            let _ = stream.set_nonblocking(false);
            let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
            let mut some = [0; 4096];
            let _ = stream.read(&mut some);
            let _ = stream.write_all(answer.as_bytes());
        }
    })
}

#[test]
fn a_page_in_the_midst_of_a_run_throws_nothing_out() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<h1>404</h1>",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlogin",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 11\r\nConnection: close\r\n\r\n<h1>Hi</h1>",
    ] {
        let mut collector = Collector::start();
        let spools = Spools::new();
        let folder = tempfile::tempdir().unwrap();
        let (go, stop) = (folder.path().join("go"), folder.path().join("stop"));
        let script = format!(
            "echo one; while [ ! -e {0} ]; do echo more; sleep 0.05; done; exit 3",
            go.display()
        );
        let mut command = spools.script(&script);
        command
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token)
            .env("PLAYBACK_FLUSH_SECONDS", "60")
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let client = collector.client();
        eventually("the run to arrive", || {
            let list = client.api("/executions").ok();
            (list["executions"].as_array().unwrap().len() == 1).then_some(())
        });
        collector.kill();
        let listener = eventually("its port", || TcpListener::bind(collector.address()).ok());
        let pages = page(listener, answer, &stop);
        std::thread::sleep(Duration::from_secs(1));
        std::fs::write(&go, "").unwrap();
        std::fs::write(&stop, "").unwrap();
        pages.join().unwrap();
        collector.launch();
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(text(&done.stderr), "");
        assert_eq!(the_record(&collector)["events"]["complete"], true);
    }
}

fn leave(run: &Run, dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(
        dir.join(format!("{}.recorder.ndjson", run.id)),
        run.ndjson(),
    )
    .unwrap();
}

fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(PLAYBACK);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    command
}

#[test]
fn flush_reads_the_settings_of_the_recorder() {
    let collector = Collector::start();
    let site = tempfile::tempdir().unwrap();
    let run = good_run();
    leave(&run, &site.path().join("spool"));
    std::fs::write(site.path().join("token"), format!("{}\n", collector.token)).unwrap();
    let config = format!(
        "[callback_playback]\nurl = {}\ntoken_file = token\nspool_dir = spool\n",
        collector.url()
    );
    std::fs::write(site.path().join("ansible.cfg"), config).unwrap();
    let flush = || {
        let mut flush = bare(&["flush"]);
        flush.current_dir(site.path()).env("HOME", site.path());
        flush
    };
    // The environment goes before it.
    let done = flush().env("PLAYBACK_TOKEN", "pbk_wrong").output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(text(&done.stdout).contains("401"), "{done:?}");
    let done = flush().output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        collector.client().finished(run.id)["events"]["complete"],
        true
    );
    // In a folder where everybody can write, it is anybody's.
    std::fs::set_permissions(site.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let done = flush().output().unwrap();
    assert!(
        !text(&done.stdout).contains(&site.path().join("spool").display().to_string()),
        "{done:?}"
    );
}

#[test]
fn flush_goes_on_past_a_folder_that_it_may_not_use_and_says_so_by_its_exit_code() {
    let collector = Collector::start();
    let home = tempfile::tempdir().unwrap();
    let open = home.path().join(".local/state/playback/spool");
    let private = home.path().join("playback-spool-0");
    let (hidden, run) = (good_run(), good_run());
    leave(&hidden, &open);
    leave(&run, &private);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut flush = bare(&["flush"]);
    flush
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token)
        .current_dir(home.path());
    let done = flush.output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(text(&done.stderr).contains("chmod go-w"), "{done:?}");
    assert!(text(&done.stdout).contains(&run.id.to_string()));
    assert_eq!(
        collector.client().finished(run.id)["events"]["complete"],
        true
    );
    assert_eq!(collector.client().execution(hidden.id, "").status, 404);
}

#[test]
fn flush_waits_for_the_collector() {
    let mut collector = Collector::start();
    let spool = tempfile::tempdir().unwrap();
    let run = good_run();
    leave(&run, spool.path());
    collector.kill();
    for wait in ["--wait", "--wait=60"] {
        let mut flush = bare(&["flush", wait, "--spool-dir", spool.path().to_str().unwrap()]);
        flush
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = flush.spawn().unwrap();
        // Longer than without the option.
        std::thread::sleep(Duration::from_millis(500));
        assert!(child.try_wait().unwrap().is_none(), "it waits");
        if wait == "--wait" {
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        }
        collector.launch();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    assert_eq!(
        collector.client().finished(run.id)["events"]["complete"],
        true
    );
}

#[test]
fn the_timer_in_the_examples_runs_a_command_that_works() {
    let collector = Collector::start();
    for kind in ["system", "user"] {
        let folder = Path::new("examples/systemd").join(kind);
        let timer = std::fs::read_to_string(folder.join("playback-flush.timer")).unwrap();
        assert!(
            timer.contains("[Timer]") && timer.contains("OnUnitInactiveSec=")
                || timer.contains("OnCalendar=")
        );
        let service = std::fs::read_to_string(folder.join("playback-flush.service")).unwrap();
        let start = service
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart="))
            .unwrap();
        let mut words = start.split_whitespace();
        assert!(words.next().unwrap().ends_with("/playback"));
        let words: Vec<&str> = words.collect();
        let home = tempfile::tempdir().unwrap();
        let run = good_run();
        leave(&run, &home.path().join(".local/state/playback/spool"));
        let mut flush = bare(&words);
        flush
            .env("HOME", home.path())
            .env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token);
        let done = flush.output().unwrap();
        assert!(done.status.success(), "{start}: {done:?}");
        assert_eq!(
            collector.client().finished(run.id)["events"]["complete"],
            true
        );
    }
}
