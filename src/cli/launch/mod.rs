//! `playback run`, `adhoc` and `replay`: launch a run on the collector, and follow it.
//!
//! The options are named after Ansible's own. Their values are sent as the fields of a request; files that they name
//! (extra variables, the vault password, a private key) are read on this machine.
//!
//! Layout:
//! - `options`: the options that all three accept
//! - `extra_vars`: the forms of `-e`
//! - `secrets`: the vault password, and the private key

mod extra_vars;
pub(super) mod options;
mod secrets;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use self::options::{Fields, ModuleOptions, RunOptions, TagOptions};
use super::client::{Client, ClientArgs};
use super::follow::{self, Watch};
use super::out;
use super::pick::Pick;

/// Run a playbook on the collector's machine, and follow it
///
/// The names of the playbook and the inventory are relative to the folders in the collector's configuration. Exits with
/// the run's own exit code. Ctrl-C stops following; the run continues, and "playback cancel" ends it.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Name of the playbook, below the collector's folders
    playbook: String,
    #[command(flatten)]
    tags: TagOptions,
    #[command(flatten)]
    options: RunOptions,
    #[command(flatten)]
    launch: LaunchArgs,
}

/// Run a module on hosts from the collector's machine, and follow it
///
/// Exits with the run's own exit code, as "run" does.
#[derive(Debug, Args)]
pub(super) struct Adhoc {
    /// Host pattern
    hosts: String,
    #[command(flatten)]
    module: ModuleOptions,
    #[command(flatten)]
    options: RunOptions,
    #[command(flatten)]
    launch: LaunchArgs,
}

/// Repeat a run that the collector launched, and follow it
///
/// Each option has the value of the first run unless you give another. Secrets are not stored: give them again. Exits
/// with the run's own exit code.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Its id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest" among those that
    /// your token launched
    id: Pick,
    /// Only on the hosts that failed or could not be reached
    #[arg(long, conflicts_with = "limit")]
    only_failed: bool,
    /// Another playbook
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
    #[command(flatten)]
    tags: TagOptions,
    /// For an ad-hoc run: another host pattern
    #[arg(long, value_name = "PATTERN")]
    hosts: Option<String>,
    #[command(flatten)]
    module: ModuleOptions,
    #[command(flatten)]
    options: RunOptions,
    #[command(flatten)]
    launch: LaunchArgs,
}

/// The collector, and what to do after the launch.
#[derive(Debug, Args)]
pub(super) struct LaunchArgs {
    /// Print the run's id, and do not follow it
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the stream's messages as they come, one a line, or with --detach the record
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Run) -> anyhow::Result<ExitCode> {
    let mut fields = command.options.fields()?;
    fields.set("playbook", Some(command.playbook.as_str()));
    command.tags.add_to(&mut fields);
    launch(&command.launch, fields, |_| Ok("/playbooks/run".to_owned()))
}

pub(super) fn adhoc(command: &Adhoc) -> anyhow::Result<ExitCode> {
    let mut fields = command.options.fields()?;
    fields.set("hosts", Some(command.hosts.as_str()));
    command.module.add_to(&mut fields);
    launch(&command.launch, fields, |_| Ok("/adhoc".to_owned()))
}

pub(super) fn replay(command: &Replay) -> anyhow::Result<ExitCode> {
    let mut fields = command.options.fields()?;
    fields.set("only_failed", command.only_failed.then_some(true));
    fields.set("playbook", command.playbook.as_deref());
    fields.set("hosts", command.hosts.as_deref());
    command.tags.add_to(&mut fields);
    command.module.add_to(&mut fields);
    launch(&command.launch, fields, |client| {
        let id = command.id.find_launched(client)?;
        Ok(format!("/executions/{id}/replay"))
    })
}

/// Runs a schedule at this path of the API, and follows the run.
pub(super) fn scheduled(
    arguments: &LaunchArgs,
    path: String,
    note: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let mut fields = Fields::default();
    fields.set("note", note);
    launch(arguments, fields, |_| Ok(path))
}

/// Launches a run and follows it; `path` returns the API's path for it.
fn launch(
    arguments: &LaunchArgs,
    fields: Fields,
    path: impl FnOnce(&Client) -> anyhow::Result<String>,
) -> anyhow::Result<ExitCode> {
    #[derive(Deserialize)]
    struct Launched {
        id: Uuid,
    }
    let client = Client::new(&arguments.client)?;
    let answer = client.post(&path(&client)?, &fields);
    // Wiped before the run is followed, which may take hours.
    drop(fields);
    let record: Box<RawValue> = answer.map_err(|error| options::named(&error))?;
    let Launched { id } = serde_json::from_str(record.get())?;
    if arguments.detach {
        if arguments.json {
            out::line(record.get())?;
        } else {
            out::line(id)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    // The id lets a reader of this log find the record.
    out::note(format_args!("playback: execution {id}"));
    out::note(format_args!("playback: {}", client.page_of(id)));
    let watch = Watch {
        id,
        since: 0,
        json: arguments.json,
        launched: true,
    };
    follow::watch(&client, &watch)
        .with_context(|| format!("execution {id} was launched, but cannot be followed"))
}
