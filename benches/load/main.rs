//! `make bench`: measures the collector and the recorder against their targets, and prints one table.
//!
//! Layout:
//! - [`script`], [`producers`]: the load: what many producers send, and how
//! - [`collector`]: the collector, in a process of its own, on a real file
//! - [`site`]: real playbooks, and what running them costs
//! - [`servers`]: PostgreSQL and MariaDB, servers of our own
//! - [`place`], [`history`], [`fill`]: databases of every kind, and a site's history of a year in them
//! - [`playbook`]: T1; [`hooks`]: T2; [`ingest`]: T3, T4, T8; [`limit`]: what T3 and T4 are held against
//! - [`growth`]: T5, T6, T8 and T10 as a history grows: [`lists`], [`large`], [`start`], and [`asking`] for all of them
//! - [`stream`]: T7; [`size`]: T9; [`search`]: T11, on the runs of [`text`]; [`answers`]: T13, and with [`lists`] on a large history
//! - [`pages`]: T12, in a browser
//! - [`launch`]: R1; [`supervise`]: R2, R3; [`growth`]: R4 too; [`options`]: R5, R6
//! - [`ara`]: the same of ARA, where it can be measured
//! - [`table`], [`clock`], [`cpu`]: what holds it together

mod answers;
mod ara;
mod asking;
mod clock;
mod collector;
mod cpu;
mod fill;
mod growth;
mod hooks;
mod ingest;
mod large;
mod launch;
mod limit;
mod lists;
mod options;
mod pages;
mod place;
mod playbook;
mod producers;
mod script;
mod search;
mod site;
mod size;
mod start;
mod stream;
mod supervise;
mod table;
mod text;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use playback_testkit::{history, servers};

/// A folder on a real disk for the time of the benchmark.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Result<Self> {
        // Beside what was built: a temporary folder may lie in memory, where a sync costs nothing.
        Ok(Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?))
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Tells what is going on.
#[expect(clippy::print_stderr, reason = "a run takes minutes")]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// The rows selected on the command line: all, or those whose name begins with one of these.
pub(crate) struct Selection(Vec<String>);

impl Selection {
    fn read() -> Self {
        // Cargo adds `--bench` of its own.
        Self(
            std::env::args()
                .skip(1)
                .filter(|argument| !argument.starts_with("--"))
                .collect(),
        )
    }

    /// Whether a measurement is requested, such as `T3/100`.
    pub(crate) fn includes(&self, name: &str) -> bool {
        let asked = |wanted: &String| {
            let rest = name.strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.is_empty() || self.0.iter().any(asked)
    }
}

/// A folder that make names: where an `ansible-playbook` lies.
fn folder(variable: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "make passes on what it installed"
    )]
    let folder = std::env::var_os(variable);
    if folder.is_none() {
        note(&format!(
            "{variable} names no folder: what needs it is left out"
        ));
    }
    folder.map(PathBuf::from)
}

/// How many executions the largest history has: fewer where somebody wants to see it work, or has no room.
fn executions() -> Result<u64> {
    #[expect(clippy::disallowed_methods, reason = "whoever measures says so")]
    let asked = std::env::var("PLAYBACK_BENCH_EXECUTIONS");
    match asked {
        Ok(asked) => asked
            .parse()
            .with_context(|| format!("PLAYBACK_BENCH_EXECUTIONS={asked}: it must be a number")),
        Err(_) => Ok(growth::EXECUTIONS),
    }
}

fn main() -> Result<()> {
    let scratch = Scratch::new()?;
    let asked = Selection::read();
    let mut rows = Vec::new();
    if let Some(bin) = folder("PLAYBACK_BENCH_ANSIBLE") {
        rows.extend(playbook::rows(&scratch, &asked, &bin)?);
    }
    rows.extend(ingest::rows(&scratch, &asked)?);
    rows.extend(ingest::into_servers(&scratch, &asked)?);
    rows.extend(ingest::away(&scratch, &asked)?);
    rows.extend(stream::rows(&scratch, &asked)?);
    rows.extend(size::rows(&scratch, &asked)?);
    rows.extend(growth::rows(&scratch, &asked, executions()?)?);
    rows.extend(search::rows(&scratch, &asked)?);
    rows.extend(answers::rows(&scratch, &asked)?);
    rows.extend(pages::rows(&scratch, &asked, executions()?)?);
    rows.extend(launch::rows(&scratch, &asked)?);
    rows.extend(supervise::rows(&scratch, &asked)?);
    rows.extend(options::rows(&scratch, &asked)?);
    if let Some(bin) = folder("PLAYBACK_BENCH_ARA") {
        rows.extend(ara::rows(&scratch, &asked, &bin)?);
    }
    table::print(&rows);
    Ok(())
}
