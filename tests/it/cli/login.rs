//! `login`, `logout`, `whoami` and `context`, and which collector gets which token.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use super::Ran;
use crate::builders::good_run;
use crate::exec_terminal::Person;
use crate::harness::{Collector, PLAYBACK, Setup};

/// A person with a home of their own, and nothing in the environment.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PLAYBACK);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        command.output().unwrap().into()
    }

    /// Logs in as a script does.
    fn log_in(&self, url: &str, token: &str, more: &[&str]) -> Ran {
        let arguments = [&["login", url, "--with-token"], more].concat();
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let _ = writeln!(stdin, "{token}");
        drop(stdin);
        child.wait_with_output().unwrap().into()
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".config/playback/logins.json")
    }
}

#[test]
fn a_login_serves_all_further_commands_until_the_logout() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let (home, reader) = (Home::new(), collector.create_token(&["read"]));
    let url = format!("{}/", collector.url());
    let ran = home.log_in(&url, &reader, &[]);
    assert!(ran.ok().contains("logged in to"), "{ran:?}");
    assert!(!ran.stdout.contains(&reader), "{ran:?}");
    let found = home.file().metadata().unwrap();
    assert_eq!(found.mode() & 0o777, 0o600);
    let folder = home.file().parent().unwrap().metadata().unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
    assert!(home.run(&["list"]).ok().contains("site.yml"));
    let who = home.run(&["whoami", "--json"]).json();
    assert_eq!(who["scopes"], json!(["read"]));
    assert_eq!(who["url"], collector.url());
    assert!(
        who["token_from"]
            .as_str()
            .unwrap()
            .starts_with("log-in 127.0.0.1:"),
        "{who}"
    );
    let ran = home.run(&["prune", "--days", "3", "--yes"]);
    let told = ran.complaint(1);
    assert!(
        told.contains("--scope admin") && told.contains("log-in 127.0.0.1:"),
        "{told}"
    );
    home.run(&["logout", "--quiet"]).ok();
    assert!(
        !std::fs::read_to_string(home.file())
            .unwrap()
            .contains(&reader)
    );
    let ran = home.run_with(&[("PLAYBACK_URL", &collector.url())], &["list"]);
    assert!(ran.complaint(1).contains("playback login"), "{ran:?}");
    assert!(home.run(&["logout"]).complaint(1).contains("not logged in"));
}

#[test]
fn a_token_that_is_refused_is_not_kept() {
    let collector = Collector::start();
    let home = Home::new();
    let ran = home.log_in(&collector.url(), "pbk_wrong", &[]);
    assert!(ran.complaint(1).contains("not known here"), "{ran:?}");
    let ran = home.log_in(&collector.url(), "", &[]);
    assert!(ran.complaint(1).contains("token is empty"), "{ran:?}");
    let ran = home.run(&["login", &collector.url()]);
    assert!(ran.complaint(2).contains("--with-token"), "{ran:?}");
    let ran = home.log_in("http://127.0.0.1:99999", "pbk_x", &[]);
    assert!(ran.complaint(1).contains("no port"), "{ran:?}");
    assert!(!home.file().exists());
    // One that only sends is kept, and what it cannot do is said.
    let sender = collector.create_token(&["ingest"]);
    let ran = home.log_in(&collector.url(), &sender, &[]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("lacks the scope \"read\""), "{ran:?}");
}

#[test]
fn a_collector_without_tokens_asks_for_none() {
    let collector = Setup::default().argument("--no-auth").start_without_token();
    let home = Home::new();
    let ran = home.run(&["login", &collector.url()]);
    assert!(ran.ok().contains("without tokens"), "{ran:?}");
    let ran = home.run(&["list"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "no executions\n"));
}

#[test]
fn several_logins_are_told_apart_by_name() {
    let (one, other) = (Collector::start(), Collector::start());
    good_run().deliver(&one.client());
    let home = Home::new();
    home.log_in(&one.url(), &one.token, &["--context", "one", "--quiet"])
        .ok();
    home.log_in(&other.url(), &other.token, &["--context", "two", "--json"])
        .ok();
    let empty = |ran: &Ran| assert_eq!(ran.stderr, "no executions\n", "{ran:?}");
    let full = |ran: &Ran| assert!(ran.ok().contains("site.yml"), "{ran:?}");
    empty(&home.run(&["list"]));
    full(&home.run(&["list", "--context", "one"]));
    full(&home.run_with(&[("PLAYBACK_CONTEXT", "one")], &["list"]));
    home.run(&["context", "use", "one"]).ok();
    full(&home.run(&["list"]));
    let listed = home.run(&["context", "list", "--json"]);
    assert!(!listed.ok().contains("pbk_"), "{listed:?}");
    assert_eq!(listed.json()[0]["current"], true);
    for wrong in [
        &["context", "use", "three"][..],
        &["list", "--context", "three"],
    ] {
        let told = home.run(wrong);
        assert!(told.complaint(1).contains("one, two"), "{told:?}");
    }
    for wrong in ["", "-x", "a b", "a/b", "ä"] {
        home.log_in(&one.url(), &one.token, &[&format!("--context={wrong}")])
            .complaint(2);
    }
}

#[test]
fn options_come_before_the_environment_and_that_before_a_login() {
    let (here, there) = (Collector::start(), Collector::start());
    let home = Home::new();
    home.log_in(&here.url(), &here.token, &["--context", "here"])
        .ok();
    // The environment's token wins, and is named where it is refused.
    let ran = home.run_with(&[("PLAYBACK_TOKEN", "pbk_wrong")], &["list"]);
    let told = ran.complaint(1);
    assert!(
        told.contains("PLAYBACK_TOKEN in the environment, which wins over the log-in here"),
        "{told}"
    );
    // A context that is named outright is taken whole.
    let both = [
        ("PLAYBACK_TOKEN", "pbk_wrong"),
        ("PLAYBACK_URL", &*there.url()),
    ];
    assert_eq!(home.run_with(&both, &["list", "--context", "here"]).code, 0);
    // Both from the environment, as scripts have it.
    let theirs = [
        ("PLAYBACK_TOKEN", &*there.token),
        ("PLAYBACK_URL", &*there.url()),
    ];
    let who = home.run_with(&theirs, &["whoami", "--json"]).json();
    assert_eq!(who["url"], there.url());
    // A login's token goes to its own collector, and to no other.
    let only_url = [("PLAYBACK_URL", &*there.url())];
    let told = home.run_with(&only_url, &["list"]);
    assert!(told.complaint(1).contains("a token is needed"), "{told:?}");
    let same = home.run(&["list", "--url", &format!("{}/", here.url())]);
    assert_eq!(same.code, 0, "{same:?}");
    let told = home.run(&["list", "--url", &there.url(), "--context", "here"]);
    told.complaint(2);
}

#[test]
fn a_file_of_logins_that_others_could_read_or_that_is_a_link_is_not_used() {
    let collector = Collector::start();
    let home = Home::new();
    home.log_in(&collector.url(), &collector.token, &[]).ok();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(home.file(), open).unwrap();
    let told = home.run(&["list"]);
    assert!(told.complaint(1).contains("chmod 600"), "{told:?}");
    let elsewhere = home.0.path().join("elsewhere.json");
    std::fs::rename(home.file(), &elsewhere).unwrap();
    std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&elsewhere, home.file()).unwrap();
    let told = home.run(&["list"]);
    assert!(told.complaint(1).contains("symbolic link"), "{told:?}");
    // Nothing is in the way of a command that is told everything otherwise.
    let given = [
        ("PLAYBACK_TOKEN", &*collector.token),
        ("PLAYBACK_URL", &*collector.url()),
    ];
    assert_eq!(home.run_with(&given, &["list"]).code, 0);
    std::fs::remove_file(home.file()).unwrap();
    std::fs::write(home.file(), "{ \"contexts\": \"pbk_secret\"").unwrap();
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let told = home.run(&["list"]);
    assert!(told.complaint(1).contains("log in again"), "{told:?}");
    assert!(!told.stderr.contains("pbk_secret"), "{told:?}");
}

#[test]
fn a_token_that_is_typed_is_not_shown_and_ctrl_c_leaves_the_terminal_as_it_was() {
    let collector = Collector::start();
    let home = Home::new();
    let ask = || Person::runs_at(home.command(&["login", &collector.url()]), 80);
    let mut person = ask();
    person.sees("Token for ");
    person.types("\u{3}");
    assert!(!person.leaves().success());
    assert!(person.terminal_is_usual());
    assert!(!home.file().exists());
    let mut person = ask();
    person.sees("Token for ");
    person.types(&format!("{}\n", collector.token));
    assert_eq!(person.leaves().code(), Some(0));
    person.sees("logged in to ");
    assert!(!person.screen().contains(&collector.token));
    assert!(person.terminal_is_usual());
}

/// A run that was recorded while no collector was there.
fn left_behind(home: &Home) -> PathBuf {
    let spools = home.0.path().join("spools");
    let ran = home.run_with(
        &[
            ("PLAYBACK_URL", "http://127.0.0.1:9"),
            ("PLAYBACK_SPOOL_DIR", spools.to_str().unwrap()),
        ],
        &["exec", "--flush-seconds", "0", "--", "true"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    spools
}

#[test]
fn flush_goes_by_the_environment_then_ansible_cfg_then_the_login_and_says_whose_token_it_was() {
    let collector = Collector::start();
    let (reader, sender) = (
        collector.create_token(&["read"]),
        collector.create_token(&["ingest"]),
    );
    let home = Home::new();
    let spools = left_behind(&home);
    home.log_in(&collector.url(), &reader, &[]).ok();
    let flush = |variables: &[(&str, &str)], config: &str| -> (i32, String) {
        let folder = home.0.path().join("here");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ansible.cfg"), config).unwrap();
        let mut command = home.command(&["flush"]);
        command
            .current_dir(&folder)
            .env("PLAYBACK_SPOOL_DIR", &spools)
            .envs(variables.iter().copied());
        let ran = Ran::from(command.output().unwrap());
        assert!(!format!("{ran:?}").contains("pbk_"), "{ran:?}");
        (ran.code, ran.stdout + &ran.stderr)
    };
    let words = |told: &str| told.split_whitespace().collect::<Vec<_>>().join(" ");
    // The log-in, which may only read.
    let (code, told) = flush(&[], "");
    let told = words(&told);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("lacks the scope") && told.contains("the log-in 127.0.0.1:"));
    // ansible.cfg goes before it, and the environment before that.
    let config = format!(
        "[callback_playback]\nurl = {}\ntoken = pbk_wrong\n",
        collector.url()
    );
    let (code, told) = flush(&[], &config);
    assert_eq!(code, 1, "{told}");
    assert!(
        words(&told).contains("the option token in ansible.cfg"),
        "{told}"
    );
    let (code, told) = flush(&[("PLAYBACK_TOKEN", &reader)], &config);
    assert_eq!(code, 1, "{told}");
    assert!(
        words(&told).contains("PLAYBACK_TOKEN in the environment"),
        "{told}"
    );
    // The log-in's token goes to no other collector.
    let other = Collector::start();
    let (code, told) = flush(&[("PLAYBACK_URL", &other.url())], "");
    assert_eq!(code, 1, "{told}");
    assert!(!told.contains("log-in"), "{told}");
    home.log_in(&collector.url(), &sender, &[]);
    let (code, told) = flush(&[], "");
    assert_eq!(code, 0, "{told}");
    let page = collector.client().api("/executions?fields=id").ok();
    assert_eq!(page["executions"].as_array().unwrap().len(), 1);
}

#[test]
fn flush_at_a_terminal_of_80_columns_fits_it() {
    let collector = Collector::start();
    let home = Home::new();
    let spools = left_behind(&home);
    let mut command = home.command(&["flush"]);
    command
        .env("PLAYBACK_SPOOL_DIR", &spools)
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", collector.create_token(&["read"]));
    let seen = Person::runs_at(command, 80).sees_all();
    let lines: Vec<&str> = seen.lines().map(|line| line.trim_end()).collect();
    assert!(lines[0].starts_with("RUN"), "{seen}");
    assert!(seen.contains("lacks the scope"), "{seen}");
    let widest = lines.iter().map(|line| line.chars().count()).max();
    assert!(widest.unwrap() <= 80, "{seen}");
}

/// The words that name a command and each command below it.
fn named(command: &clap::Command, above: &[String]) -> Vec<Vec<String>> {
    let below = command.get_subcommands();
    let below = below.filter(|below| !below.is_hide_set() && below.get_name() != "help");
    let below =
        below.flat_map(|below| named(below, &[above, &[below.get_name().to_owned()]].concat()));
    [above.to_vec()].into_iter().chain(below).collect()
}

#[test]
fn the_help_of_every_command_fits_a_terminal_of_80_columns() {
    let home = Home::new();
    let commands = named(&playback::cli::command(), &[]);
    assert!(commands.contains(&vec!["token".to_owned(), "create".to_owned()]));
    for command in commands {
        let words: Vec<&str> = command
            .iter()
            .map(String::as_str)
            .chain(["--help"])
            .collect();
        let command = command.join(" ");
        let seen = Person::runs_at(home.command(&words), 80).sees_all();
        assert!(seen.contains("Usage: playback"), "{command}: {seen}");
        for line in seen.lines() {
            // Without what makes it bold.
            let mut parts = line.trim_end().split('\u{1b}');
            let first = parts.next().unwrap_or_default().to_owned();
            let bare = parts.fold(first, |line, part| {
                line + part.split_once('m').map_or("", |(_, rest)| rest)
            });
            assert!(bare.chars().count() <= 80, "{command}: {bare}");
        }
    }
}

#[test]
fn a_token_that_may_not_send_is_told_at_once_with_the_place_that_it_came_from() {
    let collector = Collector::start();
    let reader = collector.create_token(&["read"]);
    let folder = collector.folder();
    let config = "[callback_playback]\ntoken = pbk_other\n";
    std::fs::write(folder.join("ansible.cfg"), config).unwrap();
    for arguments in [&["exec", "--", "true"][..], &["flush"]] {
        let mut command = super::command(&collector, arguments);
        command.current_dir(folder).env("PLAYBACK_TOKEN", &reader);
        let ran = Ran::from(command.output().unwrap());
        let told = format!("{}{}", ran.stderr, ran.stdout);
        assert!(told.contains("--scope ingest"), "{arguments:?}: {told}");
        let place = "PLAYBACK_TOKEN in the environment, which wins over the one in ansible.cfg";
        assert!(told.contains(place), "{arguments:?}: {told}");
        assert!(!told.contains(&reader), "{told}");
    }
}

#[test]
fn a_token_file_in_the_environment_wins_over_a_token_in_ansible_cfg() {
    let collector = Collector::start();
    let folder = collector.folder();
    let config = "[callback_playback]\ntoken = pbk_other\n";
    std::fs::write(folder.join("ansible.cfg"), config).unwrap();
    let reader = collector.create_token(&["read"]);
    // The folder is that of HOME: "~" means it in a variable, too, as it does for the recorder.
    std::fs::write(folder.join("reader"), &reader).unwrap();
    for arguments in [&["exec", "--", "true"][..], &["flush"], &["doctor"]] {
        let mut command = super::command(&collector, arguments);
        command
            .current_dir(folder)
            .env_remove("PLAYBACK_TOKEN")
            .env("PLAYBACK_TOKEN_FILE", "~/reader");
        let ran = Ran::from(command.output().unwrap());
        let told = format!("{}{}", ran.stderr, ran.stdout);
        let place = format!(
            "the token file {}, which wins over the one in ansible.cfg",
            folder.join("reader").display()
        );
        assert!(told.contains(&place), "{arguments:?}: {told}");
        assert!(told.contains("--scope ingest"), "{arguments:?}: {told}");
    }
    // Both in one place: the token itself.
    let file = format!("{config}token_file = ~/reader\n");
    std::fs::write(folder.join("ansible.cfg"), file).unwrap();
    for arguments in [&["exec", "--", "true"][..], &["flush"], &["doctor"]] {
        let mut command = super::command(&collector, arguments);
        command.current_dir(folder).env_remove("PLAYBACK_TOKEN");
        let ran = Ran::from(command.output().unwrap());
        let told = format!("{}{}", ran.stderr, ran.stdout);
        let place = format!(
            "the option token in ansible.cfg, which wins over the token file {}",
            folder.join("reader").display()
        );
        assert!(told.contains(&place), "{arguments:?}: {told}");
    }
}

#[test]
fn a_variable_that_is_no_text_ends_the_command_and_is_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let collector = Collector::start();
    let odd = std::ffi::OsStr::from_bytes(b"http://h\xe9");
    for name in ["PLAYBACK_URL", "PLAYBACK_TOKEN"] {
        for arguments in [&["list"][..], &["flush"], &["whoami"]] {
            let mut command = super::command(&collector, arguments);
            let ran = Ran::from(command.env(name, odd).output().unwrap());
            let told = format!("{name} holds bytes that are not UTF-8");
            assert!(ran.complaint(1).contains(&told), "{arguments:?}: {ran:?}");
        }
        let mut doctor = super::command(&collector, &["doctor"]);
        let ran = Ran::from(doctor.env(name, odd).output().unwrap());
        let told = format!("{name} holds bytes that are not UTF-8");
        assert!(ran.code == 1 && ran.stdout.contains(&told), "{ran:?}");
        // What an option says is used instead.
        if name == "PLAYBACK_URL" {
            let mut list = super::command(&collector, &["list", "--url", &collector.url()]);
            let ran = Ran::from(list.env(name, odd).output().unwrap());
            assert_eq!(ran.code, 0, "{ran:?}");
        }
    }
    let mut list = super::command(&collector, &["list"]);
    let ran = Ran::from(list.env("PLAYBACK_CONTEXT", odd).output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = "PLAYBACK_CONTEXT holds bytes that are not UTF-8, and is not used";
    assert!(ran.stderr.contains(told), "{ran:?}");
}
