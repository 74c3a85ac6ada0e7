//! `playback doctor` finds each fault that a test causes.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::ansible::newest;
use crate::harness::{Collector, PLAYBACK, program};

/// A machine where everything is as it should be, and then is not.
struct Machine {
    dir: TempDir,
    bin: PathBuf,
    environment: Vec<(String, String)>,
}

impl Machine {
    fn new(collector: &Collector) -> Self {
        let machine = Self {
            dir: TempDir::new().unwrap(),
            bin: newest(),
            environment: Vec::new(),
        };
        fs::create_dir(machine.path("home")).unwrap();
        fs::create_dir(machine.path("work")).unwrap();
        machine.token(&collector.create_token(&["ingest"]));
        machine.configure(
            "callbacks_enabled = playback.history.recorder\nbin_ansible_callbacks = true",
            &format!("url = {}\ntoken_file = token", collector.url()),
        );
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn configure(&self, defaults: &str, recorder: &str) {
        let text = format!("[defaults]\n{defaults}\n[callback_playback]\n{recorder}\n");
        fs::write(self.path("work/ansible.cfg"), text).unwrap();
    }

    fn token(&self, token: &str) {
        let file = self.path("work/token");
        fs::write(&file, token).unwrap();
        fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PLAYBACK);
        command
            .arg("doctor")
            .args(arguments)
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.dir.path())
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What it finds, as JSON, and whether it ends with 0.
    #[track_caller]
    fn findings(&self) -> (Vec<Value>, bool) {
        let done = self.command(&["--json"]).output().unwrap();
        let text = String::from_utf8(done.stdout.clone()).unwrap();
        let token = fs::read_to_string(self.path("work/token")).unwrap_or_default();
        assert!(token.is_empty() || !text.contains(&token), "{text}");
        let said: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{done:?}"));
        let findings = said["findings"].as_array().unwrap().clone();
        assert_eq!(done.status.success(), said["problems"] == 0, "{said}");
        (findings, done.status.success())
    }

    /// The finding of a check must be of this level, and its message and next step say this.
    #[track_caller]
    fn finds(&self, check: &str, level: &str, says: &str) {
        let (findings, well) = self.findings();
        let found = findings.iter().any(|finding| {
            let text = format!("{} → {}", finding["message"], finding["next"]);
            finding["check"] == check && finding["level"] == level && text.contains(says)
        });
        assert!(found, "{check} {level} {says:?}: {findings:#?}");
        assert_eq!(well, level != "problem", "{findings:#?}");
    }
}

/// Answers every request alike.
fn server(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn where_all_is_well_the_doctor_says_so() {
    let collector = Collector::start();
    let machine = Machine::new(&collector);
    let (findings, well) = machine.findings();
    assert!(well, "{findings:#?}");
    let levels: Vec<_> = findings
        .iter()
        .filter(|finding| finding["level"] != "ok")
        .map(|finding| finding["check"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["shim"], "{findings:#?}");
    let done = machine.command(&[]).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    for line in [
        "it accepts what this machine records",
        "the recorder is enabled",
        "ad-hoc commands are recorded too",
        "its clock and ours agree",
        "Problems: 0. Warnings: 1.",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // Looking leaves nothing behind: no record, no folder.
    let list = collector.client().api("/executions").ok();
    assert_eq!(list["executions"].as_array().unwrap().len(), 0);
    assert!(!machine.path("home/.local").exists());

    let mut install = machine.command(&[]);
    let path = format!(
        "{}:{}:/usr/bin",
        machine.path("shims").display(),
        machine.bin.display()
    );
    let mut shim = Command::new(PLAYBACK);
    let done = shim
        .args(["shim", "install"])
        .arg(machine.path("shims"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let done = install.env("PATH", path).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(
        text.contains("Everything that runs here is recorded and delivered."),
        "{text}"
    );
}

#[test]
fn faults_of_the_configuration_are_found() {
    let collector = Collector::start();
    let mut machine = Machine::new(&collector);
    let recorder = format!("url = {}\ntoken_file = token", collector.url());
    let enabled = "callbacks_enabled = playback.history.recorder";
    machine.configure("forks = 5", &recorder);
    machine.finds("callback", "problem", "the recorder is not enabled");
    machine.configure(enabled, &recorder);
    machine.finds("adhoc", "warn", "bin_ansible_callbacks = true");
    machine.configure(enabled, &format!("{recorder}\ndisabled = true"));
    machine.finds(
        "disabled",
        "problem",
        "turned off by the option disabled in",
    );
    machine.configure(enabled, "");
    machine.finds("url", "problem", "no collector is configured");
    machine.configure(enabled, &format!("url = {}", collector.url()));
    machine.finds("token", "problem", "401");
    machine.configure(enabled, &recorder);
    fs::set_permissions(machine.path("work"), Permissions::from_mode(0o777)).unwrap();
    machine.finds("config", "problem", "chmod o-w");
    fs::set_permissions(machine.path("work"), Permissions::from_mode(0o755)).unwrap();
    fs::write(machine.path("work/ansible.cfg"), "no section\n").unwrap();
    machine.finds("ansible", "problem", "--version");
    machine.configure(enabled, &recorder);
    machine.set("ANSIBLE_CALLBACKS_ENABLED", "profile_tasks");
    machine.finds("callback", "problem", "ANSIBLE_CALLBACKS_ENABLED");
    machine.environment.clear();
    machine.set("PLAYBACK_DISABLED", "1");
    machine.finds("disabled", "problem", "PLAYBACK_DISABLED");
    machine.environment.clear();
    machine.set("PLAYBACK_EXECUTION_ID", &Uuid::now_v7().to_string());
    machine.finds("execution_id", "warn", "unset");
    machine.environment.clear();
    machine.bin = machine.path("nothing");
    machine.finds("ansible", "problem", "no ansible-playbook in PATH");
}

/// An Ansible that shares all packages but the recorder's with the real one.
fn ansible_without_the_recorder(machine: &Machine) -> (PathBuf, PathBuf) {
    let real = machine.bin.parent().unwrap();
    let python = fs::read_dir(real.join("lib"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let packages = python.path().join("site-packages");
    let venv = machine.path("venv");
    let bare = venv
        .join("lib")
        .join(python.file_name())
        .join("site-packages");
    fs::create_dir_all(&bare).unwrap();
    fs::create_dir_all(venv.join("bin")).unwrap();
    fs::copy(real.join("pyvenv.cfg"), venv.join("pyvenv.cfg")).unwrap();
    symlink(
        fs::canonicalize(real.join("bin/python")).unwrap(),
        venv.join("bin/python"),
    )
    .unwrap();
    for entry in fs::read_dir(&packages).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !name.starts_with("ansible_playback") && name != "ansible_collections" {
            symlink(entry.path(), bare.join(name)).unwrap();
        }
    }
    let text = fs::read_to_string(real.join("bin/ansible-playbook")).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    let made = venv.join("bin/ansible-playbook");
    program(&made, &format!("#!{}/bin/python\n{rest}", venv.display()));
    (packages, bare)
}

#[test]
fn faults_of_the_recorder_are_found() {
    let collector = Collector::start();
    let mut machine = Machine::new(&collector);
    let (packages, bare) = ansible_without_the_recorder(&machine);
    machine.bin = machine.path("venv/bin");
    machine.finds("recorder", "problem", "-m pip install ansible_playback");
    for name in ["ansible_playback", "ansible_collections"] {
        symlink(packages.join(name), bare.join(name)).unwrap();
    }
    let info = bare.join("ansible_playback-0.0.1.dist-info");
    fs::create_dir(&info).unwrap();
    fs::write(
        info.join("METADATA"),
        "Metadata-Version: 2.1\nName: ansible-playback\nVersion: 0.0.1\n",
    )
    .unwrap();
    machine.finds("recorder", "warn", "the recorder is version 0.0.1");
    fs::remove_file(bare.join("ansible_playback")).unwrap();
    fs::create_dir(bare.join("ansible_playback")).unwrap();
    fs::write(
        bare.join("ansible_playback/_native.py"),
        "raise ImportError('GLIBC_2.99 not found')\n",
    )
    .unwrap();
    machine.finds("recorder", "problem", "GLIBC_2.99 not found");
    // Named by hand, it is looked at instead of those in PATH.
    machine.bin = newest();
    let venv = machine.path("venv/bin");
    let done = machine
        .command(&["--ansible", venv.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
}

#[test]
fn faults_of_the_token_are_found() {
    let collector = Collector::start();
    let machine = Machine::new(&collector);
    let file = machine.path("work/token");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    machine.finds("token_file", "warn", "chmod 600");
    machine.token(&collector.create_token(&["read"]));
    machine.finds("token", "problem", "may not report runs");
    machine.token("no-such-token");
    machine.finds("token", "problem", "does not accept the token");
    machine.token("");
    machine.finds("token", "problem", "is empty");
    fs::remove_file(&file).unwrap();
    machine.finds("token", "problem", "cannot be read");
}

#[test]
fn faults_of_the_collector_are_found() {
    let mut collector = Collector::start();
    let mut machine = Machine::new(&collector);
    let at = |machine: &mut Machine, url: &str| {
        machine.environment.clear();
        machine.set("PLAYBACK_URL", url);
    };
    at(
        &mut machine,
        &server(answer("200 OK", "<html>Log in</html>")),
    );
    machine.finds("collector", "problem", "no collector that takes runs in");
    at(
        &mut machine,
        &server(answer("302 Found\r\nLocation: /login", "")),
    );
    machine.finds("collector", "problem", "no collector that takes runs in");
    let old = "200 OK\r\nPlayback-Collector: 1\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT";
    at(&mut machine, &server(answer(old, "{\"acked\":0}")));
    machine.finds("clock", "warn", "ahead of the collector's");
    at(&mut machine, &collector.url().replace("http:", "https:"));
    machine.finds("collector", "problem", "cannot be reached");
    at(&mut machine, "http://no-such-host.invalid:8080");
    machine.finds("collector", "problem", "cannot be reached");
    at(&mut machine, "localhost:8080");
    machine.finds("collector", "problem", "PLAYBACK_URL");
    machine.environment.clear();
    collector.kill();
    machine.finds("collector", "problem", "cannot be reached");
}

#[test]
fn faults_of_the_spool_are_found() {
    let collector = Collector::start();
    let mut machine = Machine::new(&collector);
    let spool = machine.path("home/.local/state/playback/spool");
    fs::create_dir_all(&spool).unwrap();
    fs::set_permissions(&spool, Permissions::from_mode(0o700)).unwrap();
    let file = |name: &str, text: &str| fs::write(spool.join(name), text).unwrap();
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    file(
        &format!("{one}.recorder.ndjson"),
        "{\"seq\":1,\"at\":1,\"kind\":\"x\",\"data\":{}}\n",
    );
    machine.finds("waiting", "warn", "1 spool waits");
    file(&format!("{other}.recorder.ndjson.rejected"), "{}\n");
    file(
        &format!("{other}.recorder.ndjson.rejected.txt"),
        "403: no scope\n\nmore\n",
    );
    machine.finds("set_aside", "warn", "was refused: 403: no scope");
    fs::set_permissions(&spool, Permissions::from_mode(0o777)).unwrap();
    machine.finds("spool", "problem", "other users can write there");
    fs::remove_dir_all(&spool).unwrap();
    fs::write(&spool, "").unwrap();
    machine.finds("spool", "problem", "it is no folder");
    let nowhere = Path::new("/proc/spool");
    machine.set("PLAYBACK_SPOOL_DIR", nowhere.to_str().unwrap());
    machine.finds("spool", "problem", "cannot be made");
}
