//! Checks the import rules of ARCHITECTURE.md in the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the collector, and the modules of ours that it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("search", &[]),
    ("facts", &[]),
    ("failure", &[]),
    // The two halves of the domain: filters look at rows, and questions and rules hold filters.
    ("model", &["filter", "playback_wire"]),
    ("filter", &["model", "playback_wire"]),
    ("store", &["filter", "model", "search", "playback_wire"]),
    ("auth", &["clock", "store", "work"]),
    (
        "log",
        &[
            "facts",
            "failure",
            "model",
            "store",
            "playback_redact",
            "playback_wire",
        ],
    ),
    ("live", &["log", "model", "store"]),
    (
        "history",
        &[
            "facts",
            "failure",
            "filter",
            "live",
            "log",
            "model",
            "search",
            "store",
            "playback_wire",
        ],
    ),
    (
        "indexing",
        &[
            "clock",
            "history",
            "log",
            "model",
            "search",
            "store",
            "work",
            "playback_wire",
        ],
    ),
    (
        "export",
        &[
            "failure",
            "history",
            "live",
            "log",
            "model",
            "store",
            "playback_wire",
        ],
    ),
    (
        "import",
        &["log", "model", "store", "playback_redact", "playback_wire"],
    ),
    (
        "config",
        &[
            "filter",
            "model",
            "store",
            "playback_spool",
            "playback_supervisor",
        ],
    ),
    ("mcp", &["filter", "model", "playback_wire"]),
    ("pages", &["config"]),
    ("telemetry", &["config"]),
    ("work", &["clock", "config", "store"]),
    (
        "ingest",
        &[
            "clock",
            "live",
            "log",
            "model",
            "store",
            "work",
            "playback_redact",
            "playback_wire",
        ],
    ),
    (
        "launcher",
        &[
            "auth",
            "clock",
            "config",
            "ingest",
            "live",
            "model",
            "store",
            "work",
            "playback_spool",
            "playback_supervisor",
            "playback_wire",
        ],
    ),
    (
        "retention",
        &[
            "clock",
            "config",
            "filter",
            "ingest",
            "model",
            "store",
            "work",
            "playback_wire",
        ],
    ),
    (
        "reports",
        &[
            "clock",
            "config",
            "export",
            "filter",
            "history",
            "model",
            "store",
            "timetable",
            "work",
        ],
    ),
    ("timetable", &[]),
    ("stats", &["clock", "model", "store", "work"]),
    ("views", &["clock", "model", "store", "work"]),
    (
        "traces",
        &[
            "clock",
            "config",
            "model",
            "store",
            "telemetry",
            "work",
            "playback_spool",
            "playback_wire",
        ],
    ),
    (
        "notify",
        &[
            "clock",
            "config",
            "filter",
            "history",
            "log",
            "model",
            "reports",
            "store",
            "work",
            "playback_wire",
        ],
    ),
    (
        "schedules",
        &[
            "auth",
            "clock",
            "ingest",
            "launcher",
            "model",
            "store",
            "timetable",
            "work",
        ],
    ),
    (
        "commands",
        &[
            "auth",
            "clock",
            "export",
            "filter",
            "ingest",
            "launcher",
            "live",
            "log",
            "model",
            "notify",
            "reports",
            "retention",
            "schedules",
            "store",
            "timetable",
            "playback_redact",
            "playback_wire",
        ],
    ),
    (
        "app",
        &[
            "auth",
            "clock",
            "commands",
            "config",
            "history",
            "ingest",
            "launcher",
            "live",
            "notify",
            "reports",
            "retention",
            "schedules",
            "store",
            "telemetry",
            "traces",
            "views",
            "work",
        ],
    ),
    (
        "jobs",
        &[
            "app",
            "indexing",
            "retention",
            "stats",
            "store",
            "telemetry",
            "work",
        ],
    ),
    (
        "api",
        &[
            "app",
            "auth",
            "commands",
            "config",
            "export",
            "filter",
            "history",
            "ingest",
            "launcher",
            "live",
            "log",
            "mcp",
            "model",
            "notify",
            "pages",
            "reports",
            "retention",
            "schedules",
            "server",
            "store",
            "telemetry",
            "timetable",
            "playback_redact",
            "playback_spool",
            "playback_wire",
        ],
    ),
    (
        "server",
        &["app", "config", "jobs", "playback_spool", "playback_wire"],
    ),
    (
        "cli",
        &[
            "api",
            "app",
            "auth",
            "clock",
            "commands",
            "config",
            "export",
            "failure",
            "filter",
            "import",
            "indexing",
            "log",
            "mcp",
            "model",
            "notify",
            "reports",
            "server",
            "store",
            "telemetry",
            "playback_producer",
            "playback_redact",
            "playback_spool",
            "playback_supervisor",
            "playback_wire",
        ],
    ),
    ("lib", &[]),
    ("main", &[]),
];

/// Crates that stand in some modules alone.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("axum", &["api", "server"]),
    ("clap", &["auth", "cli", "config", "main"]),
    ("utoipa", &["api", "auth", "cli", "history", "model"]),
    ("anyhow", &["cli", "main", "app", "server", "telemetry"]),
    ("nix", &["cli", "config"]),
    ("rustix", &["cli", "config", "launcher", "server", "store"]),
    ("saphyr", &["cli", "launcher"]),
    ("saphyr_parser", &["cli"]),
    ("opentelemetry_proto", &["traces"]),
    ("parquet", &["export"]),
    ("prost", &["traces"]),
    ("flate2", &["import", "traces"]),
    ("croner", &["timetable"]),
    ("chrono_tz", &["model", "notify", "reports", "timetable"]),
    ("quick_xml", &["import"]),
    ("indicatif", &["cli"]),
    ("rpassword", &["cli"]),
    ("lettre", &["notify"]),
    ("minijinja", &["notify"]),
    ("ring", &["notify"]),
    ("url", &["api", "cli", "config", "notify", "store"]),
    ("hyper", &["server"]),
    ("hyper_util", &["server"]),
    ("http_body", &["server"]),
    ("rmcp", &["api", "cli", "mcp"]),
    ("rust_embed", &["pages"]),
    ("socket2", &["server"]),
];

#[test]
fn modules_name_only_what_they_may() {
    let mut wrong = Vec::new();
    for (module, file, text) in sources() {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: {module} is not in the list", file.display()));
            continue;
        };
        for named in named_modules(&text) {
            if named != module && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: {module} names {named}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stand_where_they_belong() {
    let mut wrong = Vec::new();
    for (module, file, text) in sources() {
        for (name, places) in ONLY_IN {
            let named = [format!("{name}::"), format!("use {name};")]
                .iter()
                .any(|way| words(&text, way));
            if named && !places.contains(&module.as_str()) {
                wrong.push(format!("{}: {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn packages_depend_in_one_direction() {
    let ours = |path: &str| -> BTreeSet<String> {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        dependencies
            .keys()
            .filter(|name| name.starts_with("playback-") || *name == "ansible-playback")
            .cloned()
            .collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(ours("wire/Cargo.toml"), BTreeSet::new());
    assert_eq!(ours("redact/Cargo.toml"), BTreeSet::new());
    assert_eq!(
        ours("spool/Cargo.toml"),
        set(&["playback-redact", "playback-wire"])
    );
    assert_eq!(ours("producer/Cargo.toml"), set(&["playback-spool"]));
    let all = &[
        "playback-producer",
        "playback-redact",
        "playback-spool",
        "playback-wire",
    ];
    assert_eq!(ours("supervisor/Cargo.toml"), set(all));
    assert_eq!(
        ours("callback_plugin/core/Cargo.toml"),
        set(&["playback-spool", "playback-wire"])
    );
    let recorder = [all, &["playback-recorder-core"][..]].concat();
    assert_eq!(ours("callback_plugin/Cargo.toml"), set(&recorder));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The module, the file and the code of each source file of the collector; comments left out.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(root().join("src")).unwrap();
            let first = relative.components().next().unwrap();
            let module = Path::new(first.as_os_str()).file_stem().unwrap();
            let module = module.to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            found.push((module, path, code));
        }
    }
    assert!(found.len() > 20, "the sources were found");
    found
}

/// Modules and packages of ours that a text names.
fn named_modules(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        // `use crate::{a, b}` is not our way; one module a line is.
        let name: String = part
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        assert!(!name.is_empty(), "name one module of ours in each `use`");
        named.insert(name);
    }
    for package in [
        "playback_producer",
        "playback_redact",
        "playback_spool",
        "playback_supervisor",
        "playback_wire",
    ] {
        if text.contains(package) {
            named.insert(package.to_owned());
        }
    }
    named
}

/// Whether `way` stands in the text at the beginning of a word.
fn words(text: &str, way: &str) -> bool {
    text.match_indices(way).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':'))
    })
}

/// A renamed test must not leave `make test` and `make whole` both.
#[test]
fn each_name_that_make_test_leaves_out_is_that_of_a_test() {
    let this = std::env::current_exe().unwrap();
    let listed = std::process::Command::new(this).arg("--list").output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    let left_out = include_str!("whole.txt").lines();
    for part in left_out.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(names.iter().any(|name| name.contains(part)), "{part}");
    }
}
