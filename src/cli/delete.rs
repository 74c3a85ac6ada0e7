//! `playback delete`: deletes executions by their ids.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::ids::ShortIds;
use super::out::{self, Column, Out};
use super::pick::Pick;
use super::{summary, when};
use crate::model::{ExecutionResult, Status};

/// The fields of a record that identify it, and show whether it can be deleted.
const FIELDS: &str = "id,type,status,phase,reason,canceled_by,start_time,stats,changed,unreachable,failed,events,\
    output_lines,results,playbook,hosts,module,check,limit,tags,skip_tags,cwd,pinned";

/// Delete executions with their records and their output
///
/// Running or pinned executions are not deleted; if one of several is running or pinned, none is deleted. At a terminal
/// you are asked first; elsewhere --yes is needed. "playback prune" deletes by age, number and size. The token needs
/// the scope "admin".
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The id, the last 6 or more digits of it (as lists show them), the first 4 or more, or "latest" among yours; may be
    /// given several times
    #[arg(required = true, value_name = "ID")]
    ids: Vec<Pick>,
    /// Delete without asking
    #[arg(long, short)]
    yes: bool,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

pub(super) fn run(command: &Delete) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let mut ids: Vec<Uuid> = Vec::new();
    for pick in &command.ids {
        let id = pick.find_own(&client)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let records = ids.iter().map(|id| record(&client, *id));
    let records = records.collect::<anyhow::Result<Vec<_>>>()?;
    for record in &records {
        check(record)?;
    }
    if !command.yes && !is_confirmed(&records)? {
        out::note("playback: nothing was deleted");
        return Ok(ExitCode::FAILURE);
    }
    for id in &ids {
        client.delete(&format!("/executions/{id}"), command.note.as_deref())?;
        out::line(format_args!("{id} is deleted"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn record(client: &Client, id: Uuid) -> anyhow::Result<ExecutionResult> {
    let query = [("fields", FIELDS.to_owned())];
    client.get(&format!("/executions/{id}"), &query)
}

/// Refuses what the collector would refuse, before anything is deleted.
fn check(record: &ExecutionResult) -> anyhow::Result<()> {
    let id = record.id;
    if record.status == Status::Running {
        bail!(
            "{id} is still running: it can be deleted when it is over, and \"playback follow {id}\" waits for that; \
             nothing was deleted"
        );
    }
    if let Some(pinned) = &record.pinned {
        bail!(
            "{id} was pinned by {}: \"playback unpin {id}\" unpins it; nothing was deleted",
            pinned.by
        );
    }
    Ok(())
}

/// Shows what would be deleted, and asks for confirmation.
fn is_confirmed(records: &[ExecutionResult]) -> anyhow::Result<bool> {
    let (count, it) = match records.len() {
        1 => ("1 execution".to_owned(), "it"),
        several => (format!("{several} executions"), "them"),
    };
    if !out::can_ask() {
        bail!("{count} would be deleted. Add --yes to delete {it} without being asked");
    }
    let short = ShortIds::of(records.iter().map(|record| record.id));
    let rows = records.iter().zip(summary::names(records));
    let rows = rows.map(|(record, name)| {
        [
            short.show(record.id),
            when::show(record.start_time),
            summary::short_status(record),
            name + &summary::options(record),
        ]
    });
    let columns = [
        Column::whole("ID"),
        Column::whole("STARTED"),
        Column::whole("STATUS"),
        Column::by("WHAT", 12, summary::shorten),
    ];
    let mut out = Out::new();
    out.table(columns, rows.collect(), |_, _, line| line)?;
    out.flush()?;
    out::ask(&format!("Delete {it} permanently? [y/N] "))
}
