//! The data of `execution_started`: what runs, who runs it and with what.

use std::path::{Path, PathBuf};

use playback_producer::environment::{self, text as variable};
use playback_recorder_core::{argv, git};
use playback_wire::{ExecutionStarted, ExecutionType, TraceParent, printed};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::options::Options;
use crate::plays::{Spelled, text};

/// Hosts, module and arguments of a command that was typed into `ansible-console`.
pub(crate) type Typed = (Spelled, Spelled, Spelled);

/// Playbooks, inventory and limit of a program that uses Ansible as a library, and so has no Ansible command line.
pub(crate) type Program = (Vec<Spelled>, Vec<Spelled>, Option<Spelled>);

/// Facts known when the recorder is set up.
pub(crate) struct Context {
    pub(crate) started: ExecutionStarted,
}

impl Context {
    /// Reads Ansible's parsed command line (`ansible.context.CLIARGS`), the process and its environment.
    ///
    /// # Errors
    /// Ansible's modules cannot be read as expected.
    pub(crate) fn read(
        py: Python<'_>,
        options: &Options,
        extra_var_names: Vec<String>,
        typed: Option<Typed>,
        program: Option<Program>,
    ) -> PyResult<Self> {
        let sys = py.import("sys")?;
        let argv: Vec<String> = texts(&sys.getattr("argv")?);
        let cli = Cli(py.import("ansible.context")?.getattr("CLIARGS")?);
        let adhoc = program.is_none() && is_adhoc(&cli, &argv)?;
        let args = cli.get("args")?;
        let (playbooks, given, limit) = match program {
            Some((playbooks, inventories, limit)) => {
                let plain = |given: Vec<Spelled>| given.into_iter().map(|one| one.0).collect();
                (
                    plain(playbooks),
                    plain(inventories),
                    limit.map(|limit| limit.0),
                )
            }
            None if adhoc => (Vec::new(), cli.texts("inventory")?, cli.text("subset")?),
            None => (
                args.as_ref().map(texts).unwrap_or_default(),
                cli.texts("inventory")?,
                cli.text("subset")?,
            ),
        };
        let cwd = std::env::current_dir().ok();
        let inventory = match given {
            given if given.is_empty() => configured_inventory(py)?,
            given => given,
        };
        let (hosts, module, module_args) = match typed {
            Some((hosts, module, args)) => (Some(hosts.0), Some(module.0), Some(args.0)),
            None if adhoc => (
                args.map(|args| text(&args)),
                cli.text("module_name")?,
                cli.text("module_args")?,
            ),
            None => (None, None, None),
        };
        let started = ExecutionStarted {
            r#type: if adhoc {
                ExecutionType::Adhoc
            } else {
                ExecutionType::Playbook
            },
            instance: Some(uuid::Uuid::now_v7().simple().to_string()),
            inventory: joined(&inventory, ","),
            limit,
            tags: cli
                .texts("tags")?
                .into_iter()
                .filter(|tag| tag != "all")
                .collect(),
            skip_tags: cli.texts("skip_tags")?,
            check: cli.flag("check")?,
            diff: cli.flag("diff")?,
            forks: cli.number("forks")?,
            verbosity: cli.number("verbosity")?.unwrap_or_default(),
            extra_var_names,
            argv: argv::redact(&argv, adhoc),
            hosts: hosts.filter(|hosts| !hosts.is_empty()),
            module,
            args: module_args.filter(|args| options.record_args && !args.is_empty()),
            git: git::checkout(&folder(playbooks.first(), cwd.as_deref())),
            playbook: joined(&playbooks, " "),
            cwd: cwd.map(|cwd| printed::name(cwd.as_os_str().as_encoded_bytes())),
            labels: options.labels.clone(),
            user: user(py),
            sudo_user: environment::sudo_user(),
            controller: controller(py),
            launched_by: environment::launched_by(),
            note: options.note.clone().filter(|note| !note.is_empty()),
            replay_of: environment::replay_of(),
            schedule: None,
            parent: options.parent.clone(),
            traceparent: environment::traceparent()
                .and_then(|text| TraceParent::parse(&text))
                .map(|parent| parent.to_string()),
            ansible_version: py
                .import("ansible.release")?
                .getattr("__version__")?
                .extract()
                .ok(),
            python_version: python_version(&sys),
            recorder_version: Some(env!("CARGO_PKG_VERSION").into()),
            cancel_note: None,
            redacted: Vec::new(),
            output_left_out: 0,
            clock_corrected_us: 0,
            imported: None,
            left_out: Vec::new(),
        };
        Ok(Self { started })
    }
}

/// Ansible's parsed command line: a mapping.
struct Cli<'py>(Bound<'py, PyAny>);

impl<'py> Cli<'py> {
    fn get(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.0.call_method1("get", (name,))?;
        Ok(Some(value).filter(|value| !value.is_none()))
    }

    fn text(&self, name: &str) -> PyResult<Option<String>> {
        Ok(self
            .get(name)?
            .map(|value| text(&value))
            .filter(|text| !text.is_empty()))
    }

    fn texts(&self, name: &str) -> PyResult<Vec<String>> {
        Ok(self.get(name)?.as_ref().map(texts).unwrap_or_default())
    }

    fn flag(&self, name: &str) -> PyResult<bool> {
        self.get(name)?.map_or(Ok(false), |value| value.is_truthy())
    }

    fn number(&self, name: &str) -> PyResult<Option<u32>> {
        Ok(self.get(name)?.and_then(|value| value.extract().ok()))
    }
}

/// The texts of a sequence; a single text counts as a sequence of one.
fn texts(value: &Bound<'_, PyAny>) -> Vec<String> {
    if value.is_instance_of::<PyString>() {
        return vec![text(value)];
    }
    let Ok(values) = value.try_iter() else {
        return Vec::new();
    };
    values.flatten().map(|value| text(&value)).collect()
}

fn joined(parts: &[String], separator: &str) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(separator))
}

/// `ansible` and `ansible-console` have a module or a single pattern; `ansible-playbook` a list of files.
fn is_adhoc(cli: &Cli<'_>, argv: &[String]) -> PyResult<bool> {
    let name = argv.first().map(|path| {
        Path::new(path)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    });
    Ok(match cli.get("args")? {
        Some(args) if args.is_instance_of::<PyTuple>() => false,
        _ => {
            cli.get("module_name")?.is_some() || name.is_some_and(|name| !name.contains("playbook"))
        }
    })
}

fn configured_inventory(py: Python<'_>) -> PyResult<Vec<String>> {
    Ok(texts(
        &py.import("ansible.constants")?
            .getattr("DEFAULT_HOST_LIST")?,
    ))
}

fn folder(playbook: Option<&String>, cwd: Option<&Path>) -> PathBuf {
    let cwd = cwd.unwrap_or(Path::new("."));
    match playbook.and_then(|playbook| Path::new(playbook).parent()) {
        Some(parent) => cwd.join(parent),
        None => cwd.to_owned(),
    }
}

/// The login name of our user id, because environment variables may be wrong.
fn user(py: Python<'_>) -> Option<String> {
    let by_number = || -> PyResult<String> {
        let uid = py.import("os")?.call_method0("getuid")?;
        py.import("pwd")?
            .call_method1("getpwuid", (uid,))?
            .getattr("pw_name")?
            .extract()
    };
    by_number().ok().or_else(|| variable("USER"))
}

fn controller(py: Python<'_>) -> Option<String> {
    py.import("socket")
        .ok()?
        .call_method0("gethostname")
        .ok()?
        .extract()
        .ok()
}

fn python_version(sys: &Bound<'_, PyModule>) -> Option<String> {
    let version: String = sys.getattr("version").ok()?.extract().ok()?;
    Some(version.split_whitespace().next()?.to_owned())
}
