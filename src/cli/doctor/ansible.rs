//! Each Ansible: its configuration, the recorder in its Python, and whether it is enabled.

use std::path::{Path, PathBuf};

use super::super::sources::Sources;
use super::super::{environment, shim};
use super::finding::Report;
use super::python::{self, AnsibleInstall};
use super::settings;
use crate::config::ansible::AnsibleConfig;

/// The recorder's name in `callbacks_enabled`.
const CALLBACK: &str = "playback.history.recorder";

/// The oldest ansible-core that the recorder supports.
const OLDEST: (u32, u32) = (2, 14);

/// Checks the programs that were named, or all in PATH.
pub(super) fn look(report: &mut Report, named: &[PathBuf], sources: &Sources) {
    report.about("this shell and folder");
    shims(report);
    switched_off(report, sources);
    let programs = programs(named);
    if programs.is_empty() {
        report.problem(
            "ansible",
            "there is no ansible-playbook in PATH",
            "activate the virtualenv that holds it, or name it with --ansible",
        );
    }
    for (at, program) in programs.iter().enumerate() {
        let first = named.is_empty() && programs.len() > 1 && at == 0;
        let note = if first { ", the first in PATH" } else { "" };
        report.about(format!("{}{note}", program.display()));
        match python::ask(program) {
            Ok(install) => one(report, &install, sources.config()),
            Err(why) => report.problem(
                "ansible",
                format!("{}: {why}", program.display()),
                format!(
                    "run \"{} --version\" and mend what it complains of",
                    program.display()
                ),
            ),
        }
    }
}

/// The programs, each once, even if several links lead to it.
fn programs(named: &[PathBuf]) -> Vec<PathBuf> {
    if !named.is_empty() {
        let program = |path: &PathBuf| {
            if path.is_dir() {
                path.join("ansible-playbook")
            } else {
                path.clone()
            }
        };
        return named.iter().map(program).collect();
    }
    let mut seen = Vec::new();
    let mut programs = Vec::new();
    for found in shim::find("ansible-playbook") {
        let real = found
            .file
            .canonicalize()
            .unwrap_or_else(|_| found.file.clone());
        if !found.shim && !seen.contains(&real) {
            seen.push(real);
            programs.push(found.file);
        }
    }
    programs
}

fn shims(report: &mut Report) {
    match shim::find("ansible-playbook").first() {
        Some(first) if first.shim => report.ok(
            "shim",
            format!("{} records what ends before Ansible loads callbacks", first.file.display()),
        ),
        _ => report.warn(
            "shim",
            "what ends before Ansible loads callbacks (a malformed playbook, a wrong vault password) has no record",
            "\"playback shim install --user\" makes every run have one",
        ),
    }
}

fn switched_off(report: &mut Report, sources: &Sources) {
    if let Some(place) = settings::disabled(sources) {
        report.problem(
            "disabled",
            format!("recording is turned off by {place}"),
            "take that out",
        );
    }
    if environment::variable("PLAYBACK_EXECUTION_ID").is_some() {
        report.warn(
            "execution_id",
            "PLAYBACK_EXECUTION_ID is set: it is the identity of one run, and meant for what starts Ansible",
            "unset PLAYBACK_EXECUTION_ID",
        );
    }
}

fn one(report: &mut Report, install: &AnsibleInstall, config: &AnsibleConfig) {
    let found = &install.found;
    let version = format!(
        "ansible-core {}, Python {}",
        install.version, install.python_version
    );
    if numbers(&install.version).is_some_and(|version| version < OLDEST) {
        report.problem(
            "version",
            format!("{version}: the recorder needs ansible-core 2.14 or later"),
            "upgrade Ansible, or record from outside: \"playback exec -- ansible-playbook …\"",
        );
    } else {
        report.ok("version", version);
    }
    let enabled = found.callbacks.iter().any(|name| name == CALLBACK);
    configuration(report, install, config, enabled);
    recorder(report, install);
    if enabled {
        report.ok(
            "callback",
            format!("the recorder is enabled ({})", found.callbacks_from),
        );
        if found.adhoc {
            report.ok("adhoc", "ad-hoc commands are recorded too");
        } else {
            report.warn(
                "adhoc",
                "ad-hoc commands (ansible, ansible-console) are not recorded: they load no callbacks",
                format!("add \"bin_ansible_callbacks = true\" to [defaults] of {}", place(install)),
            );
        }
    } else if found.callbacks_from.starts_with("env") {
        report.problem(
            "callback",
            format!(
                "the recorder is not enabled: {} leaves it out",
                found.callbacks_from
            ),
            format!("add {CALLBACK} to that variable"),
        );
    } else {
        report.problem(
            "callback",
            "the recorder is not enabled",
            format!(
                "add \"callbacks_enabled = {CALLBACK}\" to [defaults] of {}",
                place(install)
            ),
        );
    }
}

fn place(install: &AnsibleInstall) -> String {
    let file = install.found.config.clone();
    file.unwrap_or_else(|| "~/.ansible.cfg".to_owned())
}

fn configuration(
    report: &mut Report,
    install: &AnsibleInstall,
    config: &AnsibleConfig,
    enabled: bool,
) {
    if let Some(ignored) = config.passed_over() {
        let folder = ignored.parent().unwrap_or(Path::new("."));
        let message = format!(
            "Ansible ignores {}, because every user can write to its folder",
            ignored.display()
        );
        let next = format!(
            "\"chmod o-w {}\", or set ANSIBLE_CONFIG={}",
            folder.display(),
            ignored.display()
        );
        if enabled {
            report.warn("config", message, next);
        } else {
            report.problem("config", message, next);
        }
    }
    match &install.found.config {
        Some(file) => report.ok("config", format!("the configuration is {file}")),
        None => report.ok("config", "no ansible.cfg is in force"),
    }
}

fn recorder(report: &mut Report, install: &AnsibleInstall) {
    let advice = format!(
        "install the wheel there: {} -m pip install ansible_playback-*.whl",
        install.python.display()
    );
    let ours = env!("CARGO_PKG_VERSION");
    match (&install.found.wheel, &install.found.error) {
        (None, Some(_)) => report.problem(
            "recorder",
            format!("the recorder is not installed in {}", install.python.display()),
            advice,
        ),
        (_, Some(error)) => report.problem(
            "recorder",
            format!("the recorder in {} cannot be loaded: {error}", install.python.display()),
            advice,
        ),
        (version, None) if !install.found.loads => report.problem(
            "recorder",
            format!(
                "the recorder {} is installed, and Ansible does not find it",
                version.as_deref().unwrap_or_default()
            ),
            "allow collections of Python's own folders: collections_scan_sys_path must not be false",
        ),
        (Some(version), None) if version != ours => report.warn(
            "recorder",
            format!("the recorder is version {version}, this program {ours}"),
            advice,
        ),
        (version, None) => report.ok(
            "recorder",
            format!("the recorder {} is installed", version.as_deref().unwrap_or(ours)),
        ),
    }
}

/// Major and minor number of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
