//! The documentation is correct: commands work, messages exist, links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use playback::store::dialect::Engine;
use tempfile::TempDir;

use crate::builders::good_run;
use crate::harness::{Collector, PLAYBACK, Setup};
use crate::servers::{self, Server};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> BTreeMap<String, String> {
    let folder = fs::read_dir(root().join("docs")).unwrap();
    folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn the_index_lists_every_page() {
    let pages = pages();
    for name in pages.keys().filter(|name| *name != "README.md") {
        assert!(pages["README.md"].contains(&format!("({name})")), "{name}");
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for name in [
        "README.md",
        "not-recorded.md",
        "shim.md",
        "troubleshooting.md",
        "backup.md",
        "upgrade.md",
        "uninstall.md",
        "configuration.md",
        "api.md",
        "databases.md",
    ] {
        assert!(
            readme.contains(&format!("(docs/{name}")),
            "README.md does not link docs/{name}"
        );
    }
}

#[test]
fn the_fields_of_queries_are_those_of_the_language() {
    let page = &pages()["query.md"];
    let (_, table) = page.split_once("\n## Fields\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let listed: Vec<(&str, bool)> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, rest)| (name, rest.ends_with("| yes |")))
        .collect();
    let known: Vec<(&str, bool)> = playback::filter::query::language()
        .map(|field| (field.name, field.meaning.glob.is_some()))
        .collect();
    assert_eq!(listed, known, "docs/query.md");
}

#[test]
fn the_columns_of_exports_are_those_that_are_documented() {
    let page = &pages()["export.md"];
    for dataset in playback::export::Dataset::ALL {
        let heading = format!("\n## Columns of {}\n", dataset.as_str());
        let (_, section) = page.split_once(&heading).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let listed: Vec<&str> = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        let columns = dataset.columns();
        let known: Vec<String> = columns
            .iter()
            .map(|one| format!("| `{}` | {} | {} |", one.name, one.kind.as_str(), one.doc))
            .collect();
        assert_eq!(listed, known, "docs/export.md: {}", dataset.as_str());
    }
    let (_, section) = page.split_once("\n## The audit trail\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let columns = playback::export::audit_columns();
    let known: Vec<String> = columns
        .iter()
        .map(|one| format!("| `{}` | {} | {} |", one.name, one.kind.as_str(), one.doc))
        .collect();
    assert_eq!(listed, known, "docs/export.md: the audit trail");
}

/// The heading's name in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut pages: Vec<(PathBuf, String)> = pages()
        .into_iter()
        .map(|(name, text)| (root().join("docs").join(name), text))
        .collect();
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let page = root().join(name);
        pages.push((page.clone(), fs::read_to_string(page).unwrap()));
    }
    for entry in fs::read_dir(root().join("docs/decisions")).unwrap() {
        let page = entry.unwrap().path();
        pages.push((page.clone(), fs::read_to_string(page).unwrap()));
    }
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
        {
            let (target, heading) = link.0.split_once('#').unwrap_or((link.0, ""));
            if target.contains("://") {
                continue;
            }
            let file = match target {
                "" => page.clone(),
                target => page.parent().unwrap().join(target),
            };
            let Ok(found) = fs::read_to_string(&file) else {
                if !file.is_dir() {
                    wrong.push(format!("{}: {target}", page.display()));
                }
                continue;
            };
            let known = found.lines().any(|line| {
                line.starts_with('#') && anchor(line.trim_start_matches('#')) == heading
            });
            if !heading.is_empty() && !known {
                wrong.push(format!("{}: {}", page.display(), link.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text of every source, with literals as they are printed.
fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, text);
            } else if path
                .extension()
                .is_some_and(|end| end == "rs" || end == "py" || end == "sh")
            {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    for folder in [
        "src",
        "spool/src",
        "producer/src",
        "supervisor/src",
        "callback_plugin/src",
        "callback_plugin/python",
        "redact/src",
    ] {
        collect(&root().join(folder), &mut text);
    }
    // A literal goes on in the next line without its indentation.
    let mut joined = String::with_capacity(text.len());
    let mut lines = text.split("\\\n");
    joined.push_str(lines.next().unwrap());
    for line in lines {
        joined.push_str(line.trim_start());
    }
    joined.replace("\\\"", "\"")
}

#[test]
fn messages_that_are_explained_exist() {
    let sources = sources();
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let mut quoted = 0;
    for row in page.lines().filter(|line| line.starts_with("| \"")) {
        let (message, _) = row[3..].split_once('"').unwrap();
        quoted += 1;
        for piece in message.split('…').map(str::trim) {
            assert!(sources.contains(piece), "no source says {piece:?}");
        }
    }
    assert!(quoted > 10, "the messages stand in the first column");
}

/// What stands between backticks in the first column of the tables below a heading.
fn settings(page: &str, heading: &str) -> BTreeSet<String> {
    let (_, below) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = below.split("\n## ").next().unwrap();
    let first = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    first
        .flat_map(|column| column.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_setting_of_the_collector_is_documented_and_no_other() {
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let example = fs::read_to_string(root().join("examples/collector.toml")).unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("collector.toml");
    for (heading, section) in [
        ("The collector", ""),
        ("Connections: `[http]`", "[http]\n"),
        ("Cost: `[cost]`", "[cost]\n"),
        ("Reports: `[reports]`", "[reports]\n"),
        ("Launched runs: `[launcher]`", "[launcher]\n"),
        ("Traces: `[traces]`", "[traces]\n"),
        ("Notifications: `[notifications]`", "[notifications]\n"),
    ] {
        // The collector names what it knows when it is asked for what it does not know.
        fs::write(&file, format!("{section}no_such_setting = 1\n")).unwrap();
        let done = Command::new(PLAYBACK)
            .args(["serve", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        let (_, names) = said.split_once("expected one of ").expect(&said);
        let mut known: BTreeSet<String> = names
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        for name in &known {
            assert!(example.contains(name), "examples/collector.toml: {name}");
        }
        if section.is_empty() {
            // These have sections of their own.
            for section in [
                "http",
                "cost",
                "reports",
                "launcher",
                "traces",
                "notifications",
            ] {
                known.remove(section);
            }
        }
        assert_eq!(settings(&page, heading), known, "{heading}");
    }
    // And so it is with the environment and flags.
    let help = Command::new(PLAYBACK).args(["serve", "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let (_, table) = page.split_once("\n## The collector\n").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let named = |text: &str, begin: &str| -> BTreeSet<String> {
        let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
        text.match_indices(begin)
            .map(|(at, _)| text[at..].split(end).next().unwrap().to_owned())
            .filter(|word| word[begin.len()..].starts_with(|c: char| c.is_ascii_alphabetic()))
            .collect()
    };
    assert_eq!(named(table, "PLAYBACK_"), named(&help, "PLAYBACK_"));
    let mut flags = named(&help, "--");
    flags.remove("--help");
    flags.remove("--version");
    assert_eq!(named(table, "--"), flags);
}

/// The commands of a page that a test is to run: the block after this mark.
fn commands(page: &str, mark: &str) -> String {
    let page = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let (_, rest) = page
        .split_once(&format!("<!-- test: {mark} -->\n```\n"))
        .unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// Runs a page's commands as they stand, with folders of the test's own for the system's.
#[track_caller]
fn follow(
    commands: &str,
    machine: &Path,
    database: &str,
    collector: &mut Collector,
    login: &str,
) -> String {
    let mut printed = String::new();
    // What the service manager would do, we do.
    for part in commands.split_inclusive('\n') {
        match part.trim() {
            "systemctl stop playback" => drop(collector.stop()),
            "systemctl start playback" => collector.launch(),
            line => {
                let line = line
                    .replace("/var/lib/playback/", &format!("{}/", machine.display()))
                    .replace(
                        "/var/backups/playback/",
                        &format!("{}/backup/", machine.display()),
                    );
                let done = Command::new("bash")
                    .args(["-euc", &format!("mariadb=({login})\n{line}")])
                    .env("PLAYBACK_DATABASE", database)
                    .env("MYSQL_PWD", servers::PASSWORD)
                    .output()
                    .unwrap();
                assert!(done.status.success(), "{line}: {done:?}");
                printed.push_str(&String::from_utf8_lossy(&done.stdout));
            }
        }
    }
    printed
}

/// A backup is made while a collector runs, more happens, and the backup is restored: the history is that of then.
#[track_caller]
fn restored(collector: &mut Collector, machine: &Path, engine: &str, login: &str) {
    fs::create_dir(machine.join("backup")).unwrap();
    let database = collector.database();
    let client = collector.client();
    let ids = |collector: &Collector| -> Vec<String> {
        let list = collector.client().api("/executions?fields=id").ok();
        let list = list["executions"].as_array().unwrap();
        list.iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (before, after) = (good_run(), good_run());
    before.deliver(&client);
    let record = client.finished(before.id);
    let said = follow(
        &commands("backup.md", &format!("{engine} backup")),
        machine,
        &database,
        collector,
        login,
    );
    if engine == "sqlite" {
        assert_eq!(said, "ok\n");
    }
    after.deliver(&client);
    client.finished(after.id);
    assert_eq!(ids(collector).len(), 2);
    follow(
        &commands("backup.md", &format!("{engine} restore")),
        machine,
        &database,
        collector,
        login,
    );
    assert_eq!(ids(collector), [before.id.to_string()]);
    assert_eq!(collector.client().finished(before.id), record);
    // It goes on from there.
    after.deliver(&collector.client());
    collector.client().finished(after.id);
}

/// The new version is this one, installed over itself, with a configuration file as the service has it.
#[test]
fn the_commands_to_upgrade_a_collector_work() {
    let machine = TempDir::new().unwrap();
    let folder = machine.path().display();
    let config = machine.path().join("collector.toml");
    let database = format!("sqlite://{folder}/playback.db");
    fs::write(&config, format!("database = \"{database}\"\n")).unwrap();
    let mut collector = Setup::default().database(database).start();
    let run = good_run();
    run.deliver(&collector.client());
    let record = collector.client().finished(run.id);
    let built = machine.path().join("target/release");
    fs::create_dir_all(&built).unwrap();
    fs::copy(PLAYBACK, built.join("playback")).unwrap();
    let mut printed = String::new();
    for line in commands("upgrade.md", "upgrade").lines() {
        // `make build` takes minutes and is what built this test.
        let line = match line {
            "make build" => continue,
            "systemctl stop playback" => {
                drop(collector.stop());
                continue;
            }
            "systemctl start playback" => {
                collector.launch();
                continue;
            }
            line => line
                .replace(
                    "/etc/playback/collector.toml",
                    &config.display().to_string(),
                )
                .replace("/usr/local/bin/", &format!("{folder}/"))
                .replace("http://127.0.0.1:8080", &collector.url()),
        };
        let done = Command::new("bash")
            .args(["-euc", &line])
            .current_dir(machine.path())
            .env_remove("PLAYBACK_DATABASE")
            .output()
            .unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
        printed.push_str(&String::from_utf8_lossy(&done.stdout));
    }
    assert!(printed.contains("up to date"), "{printed}");
    assert!(machine.path().join("playback").exists());
    assert_eq!(collector.client().finished(run.id), record);
}

#[test]
fn the_commands_to_leave_a_machine_work() {
    let home = TempDir::new().unwrap();
    let command = |line: &str| {
        let path = format!(
            "{}:/usr/bin:/bin",
            Path::new(PLAYBACK).parent().unwrap().display()
        );
        Command::new("bash")
            .args(["-euc", line])
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", path)
            // Not the folder in /tmp, which other tests use.
            .env("PLAYBACK_SPOOL_DIR", home.path().join("spool"))
            .output()
            .unwrap()
    };
    let installed = command("playback shim install --user");
    assert!(installed.status.success(), "{installed:?}");
    let shims = home.path().join(".local/share/playback/shims");
    let left = command(&commands("uninstall.md", "uninstall"));
    assert!(left.status.success(), "{left:?}");
    assert!(!shims.join("ansible-playbook").exists());
}

#[test]
fn the_commands_to_back_up_and_restore_sqlite_work() {
    let machine = TempDir::new().unwrap();
    let file = machine.path().join("playback.db");
    let mut collector = Setup::default()
        .database(format!("sqlite://{}", file.display()))
        .start();
    restored(&mut collector, machine.path(), "sqlite", "");
}

#[test]
fn the_commands_to_back_up_and_restore_postgres_work() {
    let machine = TempDir::new().unwrap();
    let server = Server::start_reachable(Engine::Postgres);
    let mut collector = Setup::default().database(server.database()).start();
    restored(&mut collector, machine.path(), "postgres", "");
}

#[test]
fn the_commands_to_back_up_and_restore_mariadb_work() {
    let machine = TempDir::new().unwrap();
    let server = Server::start_reachable(Engine::MySql);
    assert!(server.sql("CREATE DATABASE playback"));
    let mut collector = Setup::default()
        .database(server.address("playback"))
        .start();
    let login = format!("--host=127.0.0.1 --port={} --user=playback", server.port());
    restored(&mut collector, machine.path(), "mysql", &login);
}

#[test]
fn the_program_has_every_command_that_a_page_names() {
    let done = Command::new(PLAYBACK).arg("--help").output().unwrap();
    let help = String::from_utf8(done.stdout).unwrap();
    let known: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .collect();
    let mut wrong = Vec::new();
    for (name, text) in pages() {
        for rest in text.split("`playback ").skip(1) {
            let word = rest
                .split(|c: char| !c.is_ascii_lowercase())
                .next()
                .unwrap();
            if !word.is_empty() && !known.contains(&word) {
                wrong.push(format!("{name}: playback {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
