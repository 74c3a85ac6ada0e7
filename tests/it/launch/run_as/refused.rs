//! A collector does not start if its runs could access its own files, or could not run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use playback::store::dialect::Engine;

use super::{USER, give, namespace, open, site, site_with};
use crate::ansible::newest;
use crate::harness::PLAYBACK;
use crate::launch::Site;

/// A site, and a folder with a history that is root's.
struct Collector {
    site: Site,
    history: tempfile::TempDir,
}

impl Collector {
    fn new(site: Site) -> Self {
        let history = tempfile::TempDir::new().unwrap();
        let collector = Self { site, history };
        let made = Command::new(PLAYBACK)
            .args(["migrate", "--database", &collector.database()])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        std::fs::write(collector.config(), collector.site.config()).unwrap();
        open(&collector.config(), 0o600);
        collector
    }

    fn file(&self) -> PathBuf {
        self.history.path().join("playback.db")
    }

    fn database(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    fn config(&self) -> PathBuf {
        self.history.path().join("collector.toml")
    }

    fn serve(&self, before: &[&str], database: &str) -> Output {
        let words = namespace(&self.site);
        Command::new("timeout")
            .arg("60")
            .args(words)
            .args(before)
            .arg(PLAYBACK)
            .args(["serve", "--listen", "127.0.0.1:0", "--database", database])
            .arg("--config")
            .arg(self.config())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap()
    }

    /// What it complains of.
    #[track_caller]
    fn complaint(&self) -> String {
        let done = self.serve(&[], &self.database());
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        String::from_utf8(done.stderr).unwrap()
    }

    /// Asserts that it does not start, and says these.
    #[track_caller]
    fn is_refused(&self, says: &[&str]) {
        let said = self.complaint();
        for word in ["launcher.run_as", USER].iter().chain(says) {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}

#[test]
fn a_history_that_the_user_could_reach_is_refused() {
    let collector = Collector::new(site());
    let folder = collector.history.path();
    open(folder, 0o755);
    let wal = folder.join("playback.db-backup");
    std::fs::write(&wal, "").unwrap();
    open(&wal, 0o644);
    collector.is_refused(&[
        "can read",
        "playback.db-backup",
        "(the database)",
        "chmod go-rwx",
    ]);
    std::fs::remove_file(wal).unwrap();
    // A group on purpose, in which the user is.
    std::os::unix::fs::chown(collector.file(), None, Some(super::FURTHER)).unwrap();
    open(&collector.file(), 0o640);
    collector.is_refused(&["can read", "playback.db ", "(the database)"]);
    open(&collector.file(), 0o620);
    collector.is_refused(&["can write to", "playback.db "]);
    open(&collector.file(), 0o600);
    give(&collector.file());
    collector.is_refused(&["playback.db"]);
    std::os::unix::fs::chown(collector.file(), Some(0), Some(0)).unwrap();
    // It got the owner and the mode of the database.
    std::fs::remove_file(folder.join("playback.db.lock")).unwrap();
    open(&collector.config(), 0o644);
    collector.is_refused(&["can read", "collector.toml", "of the collector's own files"]);
    open(&collector.config(), 0o600);
    // What the user may not read may still be replaced.
    open(folder, 0o777);
    collector.is_refused(&["can change", "and so replace", "playback.db"]);
    open(folder, 0o1777);
    open(&collector.site.path("playbooks"), 0o700);
    // That folder is well now: the next one is told.
    collector.is_refused(&[
        "cannot read",
        "/playbooks",
        "launcher.playbooks",
        "chmod -R go+rX",
    ]);
}

#[test]
fn an_access_list_is_seen_as_it_is() {
    let collector = Collector::new(site());
    open(collector.history.path(), 0o755);
    let done = Command::new("setfacl")
        .args(["-m", &format!("u:{}:r", super::NUMBER)])
        .arg(collector.file())
        .output();
    // Not every machine has the program, nor every file system the lists.
    if done.is_ok_and(|done| done.status.success()) {
        collector.is_refused(&["can read", "playback.db "]);
    }
}

#[test]
fn folders_that_runs_need_are_tried() {
    let collector = Collector::new(site());
    let site = &collector.site;
    open(&site.path("inventories"), 0o750);
    collector.is_refused(&["cannot read", "/inventories", "launcher.inventories"]);
    open(&site.path("inventories"), 0o755);
    std::os::unix::fs::chown(site.path("home"), Some(0), Some(0)).unwrap();
    collector.is_refused(&["cannot write to", "/home", "its home folder"]);
    std::fs::remove_dir(site.path("home")).unwrap();
    collector.is_refused(&["cannot write to", "/home", "useradd --create-home"]);
    std::fs::create_dir(site.path("home")).unwrap();
    give(&site.path("home"));
    give(&site.path("runs"));
    collector.is_refused(&["/runs", "launcher.folder"]);
    std::os::unix::fs::chown(site.path("runs"), Some(0), Some(0)).unwrap();
    open(site.dir.path(), 0o700);
    collector.is_refused(&["cannot go through", "/runs", "launcher.folder"]);
}

#[test]
fn a_collector_whose_program_the_user_could_change_is_refused() {
    let collector = Collector::new(site());
    let folder = tempfile::TempDir::new().unwrap();
    let program = folder.path().join("playback");
    crate::harness::copied(PLAYBACK, &program);
    give(folder.path());
    let done = Command::new("timeout")
        .arg("60")
        .args(namespace(&collector.site))
        .arg(&program)
        .args(["serve", "--listen", "127.0.0.1:0", "--database"])
        .arg(collector.database())
        .arg("--config")
        .arg(collector.config())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        said.contains("can change") && said.contains("the collector's program"),
        "{said}"
    );
}

#[test]
fn playbooks_that_a_run_could_change_are_told() {
    let site = site();
    give(&site.path("playbooks"));
    let collector = super::start(&site);
    let log = collector.log();
    let told = |line: &serde_json::Value| {
        let said = line["message"].as_str().unwrap_or_default();
        line["level"] == "WARN" && said.contains("/playbooks") && said.contains("later runs")
    };
    assert_eq!(log.iter().filter(|line| told(line)).count(), 1, "{log:?}");
}

#[test]
fn an_ansible_that_the_user_cannot_run_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    crate::harness::program(&folder.path().join("ansible-playbook"), "#!/bin/sh\n");
    let collector = Collector::new(site_with(folder.path(), USER));
    open(folder.path(), 0o700);
    collector.is_refused(&["cannot run", "ansible-playbook", "launcher.ansible"]);
    open(folder.path(), 0o755);
    let closed = tempfile::TempDir::new().unwrap();
    open(closed.path(), 0o700);
    let text = format!("#!{}/python\n", closed.path().display());
    crate::harness::program(&folder.path().join("ansible-playbook"), &text);
    collector.is_refused(&["cannot run the interpreter of", "ansible-playbook"]);
}

#[test]
fn only_a_user_who_is_somebody_else_will_do() {
    let bin = &newest();
    for (name, says) in [
        ("no-such-user", "there is no user \"no-such-user\""),
        ("root", "has the rights of root"),
        ("playback-run:root", "has the rights of root"),
        (
            "playback-run:no-such-group",
            "there is no group \"no-such-group\"",
        ),
    ] {
        let said = Collector::new(site_with(bin, name)).complaint();
        assert!(
            said.contains("launcher.run_as") && said.contains(says),
            "{said}"
        );
    }
}

#[test]
fn a_collector_that_is_not_root_says_what_it_needs() {
    let collector = Collector::new(site());
    let number = "65534";
    let drop = [
        "setpriv",
        "--reuid",
        number,
        "--regid",
        number,
        "--clear-groups",
    ];
    let done = Command::new("chown")
        .args(["-R", number])
        .arg(collector.history.path())
        .status();
    assert!(done.unwrap().success());
    let done = collector.serve(&drop, &collector.database());
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("launcher.run_as: only root can"), "{said}");
    // Root in name, without the right to become somebody else.
    let collector = Collector::new(site());
    let bounded = ["setpriv", "--bounding-set", "-setuid,-setgid"];
    let done = collector.serve(&bounded, &collector.database());
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        said.contains("the collector cannot become the user"),
        "{said}"
    );
}

#[test]
fn a_collector_without_tokens_is_refused() {
    let collector = Collector::new(site());
    let config = format!("no_auth = true\n{}", collector.site.config());
    std::fs::write(collector.config(), config).unwrap();
    let said = collector.complaint();
    assert!(
        said.contains("launcher.run_as: no_auth lets every user"),
        "{said}"
    );
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    let collector = Collector::new(site());
    let address = crate::servers::database(Engine::Postgres, Path::new("/"));
    let done = collector.serve(&[], &address);
    let said = String::from_utf8(done.stderr).unwrap();
    let expected =
        "launcher.run_as: the database's password stands on the collector's command line";
    assert!(
        said.contains(expected) && said.contains("PLAYBACK_DATABASE"),
        "{said}"
    );
}
