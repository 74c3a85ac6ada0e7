//! The values that a collector knows: ids of its newest executions, the playbooks, inventories, hosts, labels and users
//! of the last month, and what it can run.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Parser;
use serde::Deserialize;
use uuid::Uuid;

use super::super::client::{Client, ClientArgs};
use super::super::ids::ShortIds;
use super::super::when;
use super::query;
use super::typed::{Kind, Typed};
use crate::clock::Clock;
use crate::model::{By, Period, Schedule, Status};

/// How long to wait for values; after that, there are none.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many of the newest executions are offered.
const NEWEST: u32 = 200;

/// Text with more digits is the beginning of an id rather than its short end.
const END: usize = 6;

/// A value, and its description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) description: String,
}

/// The options that select the collector.
#[derive(Debug, Parser)]
struct Target {
    #[command(flatten)]
    client: ClientArgs,
}

/// Sends one request to the collector, for values that only it knows.
///
/// # Errors
/// The collector cannot be reached, is slow, or refuses.
pub(super) fn candidates(typed: &Typed) -> anyhow::Result<Vec<Value>> {
    match typed.kind {
        Kind::FieldName { about } => return Ok(query::names(about)),
        Kind::OneOf(field) => return Ok(query::words(field)),
        _ => {}
    }
    let words = [String::new()]
        .into_iter()
        .chain(typed.target.iter().cloned());
    let target = Target::try_parse_from(words)?;
    let client = Client::within(&target.client, PATIENCE)?;
    match typed.kind {
        Kind::Id => ids(&client, typed.typed_part()),
        Kind::Playbook => groups(&client, By::Playbook),
        Kind::Inventory => groups(&client, By::Inventory),
        Kind::Host => groups(&client, By::Host),
        Kind::Label => groups(&client, By::Label),
        Kind::User => groups(&client, By::User),
        Kind::Schedule => schedules(&client),
        Kind::RunPlaybook => files(&client, "/playbooks"),
        Kind::RunInventory => files(&client, "/inventories"),
        Kind::Secret => secrets(&client),
        Kind::Query | Kind::FieldName { .. } | Kind::OneOf(_) => Ok(Vec::new()),
    }
}

/// The short forms of the newest ids, or the whole ids that begin with many digits.
fn ids(client: &Client, begun: &str) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct List {
        executions: Vec<Run>,
    }
    #[derive(Deserialize)]
    struct Run {
        id: Uuid,
        status: Status,
        start_time: DateTime<Utc>,
        playbook: Option<String>,
        module: Option<String>,
    }
    let mut query = vec![
        ("fields", "id,status,start_time,playbook,module".to_owned()),
        ("limit", NEWEST.to_string()),
    ];
    let is_long = begun.len() > END;
    if is_long {
        query.push(("id", begun.to_owned()));
    }
    let list: List = client.get("/executions", &query)?;
    let short = ShortIds::of(list.executions.iter().map(|run| run.id));
    let clock = Clock::system();
    let values = list.executions.into_iter().map(|run| {
        let what = run.playbook.or(run.module).unwrap_or_default();
        let ago = when::ago(run.start_time, &clock);
        Value {
            text: match is_long {
                true => run.id.to_string(),
                false => short.show(run.id),
            },
            description: format!("{} {what}, {ago}", run.status.as_str()),
        }
    });
    Ok(values.collect())
}

/// The files with which a run can be launched.
fn files(client: &Client, path: &str) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct List {
        #[serde(alias = "playbooks", alias = "inventories")]
        files: Vec<File>,
    }
    #[derive(Deserialize)]
    struct File {
        name: String,
        description: Option<String>,
    }
    let list: List = client.get(path, &[])?;
    let values = list.files.into_iter().map(|file| Value {
        text: file.name,
        description: file.description.unwrap_or_default(),
    });
    Ok(values.collect())
}

/// The names of the schedules.
fn schedules(client: &Client) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct List {
        schedules: Vec<Schedule>,
    }
    let list: List = client.get("/schedules", &[])?;
    let values = list.schedules.into_iter().map(|schedule| Value {
        description: schedule.run.title(),
        text: schedule.name,
    });
    Ok(values.collect())
}

/// The names of the secrets that a schedule can name.
fn secrets(client: &Client) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct List {
        secrets: Vec<String>,
    }
    let list: List = client.get("/launch-secrets", &[])?;
    let values = list.secrets.into_iter().map(|text| Value {
        text,
        description: String::new(),
    });
    Ok(values.collect())
}

/// The names in the runs of the last month.
fn groups(client: &Client, by: By) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct Answer {
        groups: Vec<Group>,
    }
    #[derive(Deserialize)]
    struct Group {
        name: String,
        total: u64,
    }
    let query = [
        ("by", by.as_str().to_owned()),
        ("period", Period::Month.as_str().to_owned()),
        ("limit", "1000".to_owned()),
    ];
    let answer: Answer = client.get("/executions/stats", &query)?;
    // A playbook with the same name in another folder has the same value.
    let mut seen = HashSet::new();
    let groups = answer.groups.into_iter();
    let groups = groups.filter(|group| !group.name.is_empty() && seen.insert(group.name.clone()));
    let values = groups.map(|group| Value {
        description: match group.total {
            1 => "1 run".to_owned(),
            runs => format!("{runs} runs"),
        },
        text: group.name,
    });
    Ok(values.collect())
}
