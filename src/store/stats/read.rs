//! Reads executions with their labels, hosts and tasks, and sums them up.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::StoreError;
use super::super::filter::{Source, push_filter};
use super::super::pool::{Row, Transaction};
use super::super::statement::Statement;
use super::super::tables::hosts::read_stats;
use super::super::tables::table::push_list;
use crate::filter::indexed;
use crate::model::{
    ExecutionFilter, ExecutionKey, Group, Reason, RollBuilder, Status, TaskCounts, TaskName,
};

/// Executions read at once.
pub(super) const PAGE: u32 = 2000;

/// Which executions.
pub(super) enum RunSelection<'w> {
    /// Those that started in a period, both ends included, and match a filter.
    Started {
        from_us: i64,
        to_us: i64,
        filter: &'w ExecutionFilter,
        stand: RunState,
    },
    /// These, no more than a statement can list.
    Keys(&'w [ExecutionKey]),
}

/// Restricts the status.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RunState {
    Any,
    Running,
    Over,
}

/// What to read besides the executions themselves.
#[derive(Clone, Copy, Default)]
pub(super) struct ReadParts<'w> {
    pub(super) labels: bool,
    pub(super) hosts: bool,
    /// Only hosts that failed or were unreachable.
    pub(super) failed_hosts: bool,
    /// Only this host.
    pub(super) host: Option<&'w str>,
    pub(super) tasks: bool,
}

impl ReadParts<'_> {
    /// Everything in a roll-up.
    pub(super) const ALL: Self = Self {
        labels: true,
        hosts: true,
        failed_hosts: false,
        host: None,
        tasks: true,
    };
}

pub(super) const RUNS: &str = "SELECT e.id, e.type, e.status, e.reason, e.changed, e.started_us, \
    e.duration_us, e.user_us, e.system_us, e.playbook, e.playbook_name, e.inventory, e.inventory_name, e.username, e.controller, \
    CASE WHEN e.playbook IS NULL OR e.playbook LIKE '/%' THEN NULL ELSE e.what END AS what \
    FROM executions e WHERE ";
pub(super) const LABELS: &str =
    "SELECT execution, label FROM execution_labels WHERE execution IN (";
pub(super) const HOSTS: &str = "SELECT execution, name, ok, changed, unreachable, failed, skipped, \
    rescued, ignored FROM execution_hosts WHERE execution IN (";
pub(super) const TASKS: &str = "SELECT execution, name, role, action, started_us, ended_us, ok, \
    changed, failed, skipped, unreachable, ignored FROM tasks WHERE execution IN (";

/// The range of a page of executions: the first and the last start time, the lowest and the highest key.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) started_us: (i64, i64),
    pub(super) keys: (ExecutionKey, ExecutionKey),
}

impl Extent {
    fn of(rows: &[Row]) -> Result<Option<Self>, StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(None);
        };
        let (mut lowest, mut highest) = (ExecutionKey::MAX, ExecutionKey::MIN);
        for row in rows {
            let key = row.get("id")?;
            lowest = lowest.min(key);
            highest = highest.max(key);
        }
        Ok(Some(Self {
            started_us: (first.get("started_us")?, last.get("started_us")?),
            keys: (lowest, highest),
        }))
    }
}

/// An execution's index in a roll-up, and its duration.
type Places = HashMap<ExecutionKey, (usize, Option<i64>)>;

/// Adds executions to a roll-up whose slots are `slot_us` long.
pub(super) async fn read(
    transaction: &mut Transaction,
    which: &RunSelection<'_>,
    wants: &ReadParts<'_>,
    slot_us: i64,
    roll: &mut RollBuilder,
) -> Result<(), StoreError> {
    let mut after: Option<(i64, ExecutionKey)> = None;
    loop {
        let mut query = transaction.query(RUNS);
        push_runs(&mut query, which, after);
        let rows = query.fetch_all_in(transaction).await?;
        let (Some(last), Some(extent)) = (rows.last(), Extent::of(&rows)?) else {
            return Ok(());
        };
        after = Some((last.get("started_us")?, last.get("id")?));
        let mut labels = match wants.labels {
            true => read_labels(transaction, which, extent).await?,
            false => HashMap::new(),
        };
        let mut places = Places::with_capacity(rows.len());
        for row in &rows {
            let key: ExecutionKey = row.get("id")?;
            let group = group(row, labels.remove(&key).unwrap_or_default())?;
            let started_us: i64 = row.get("started_us")?;
            let at_us = started_us.saturating_sub(started_us.rem_euclid(slot_us));
            let slot = roll.slot(at_us, &group);
            let duration_us = row.get("duration_us")?;
            roll.add_run(slot, duration_us, cpu_us(row)?);
            places.insert(key, (slot, duration_us));
        }
        if wants.hosts {
            read_hosts(transaction, which, extent, wants, &places, roll).await?;
        }
        if wants.tasks {
            read_tasks(transaction, which, extent, &places, roll).await?;
        }
        if matches!(which, RunSelection::Keys(_)) || rows.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// The CPU time of an execution, if it was recorded.
fn cpu_us(row: &Row) -> Result<Option<u64>, StoreError> {
    let user_us: Option<i64> = row.get("user_us")?;
    let system_us: Option<i64> = row.get("system_us")?;
    let whole = |user_us: i64| user_us.max(0).saturating_add(system_us.unwrap_or(0).max(0));
    Ok(user_us.map(|user_us| whole(user_us).unsigned_abs()))
}

/// Adds which executions to read, and in which order.
pub(super) fn push_runs(
    query: &mut Statement,
    which: &RunSelection<'_>,
    after: Option<(i64, ExecutionKey)>,
) {
    match which {
        RunSelection::Started {
            from_us,
            to_us,
            filter,
            stand,
        } => {
            let from_us = after.map_or(*from_us, |(started_us, _)| started_us);
            push_started(query, (from_us, *to_us), filter, *stand);
            if let Some((started_us, key)) = after {
                query.push(" AND (e.started_us > ? OR e.id > ?)");
                query.bind(started_us).bind(key);
            }
            query
                .push(" ORDER BY e.started_us, e.id LIMIT ?")
                .bind(PAGE);
        }
        RunSelection::Keys(keys) => {
            query.push("e.id IN (");
            push_list(query, keys);
        }
    }
}

fn push_started(
    query: &mut Statement,
    (from_us, to_us): (i64, i64),
    filter: &ExecutionFilter,
    stand: RunState,
) {
    query.push("e.started_us >= ? AND e.started_us <= ?");
    query.bind(from_us).bind(to_us);
    query.push(match stand {
        RunState::Any => "",
        RunState::Running => " AND e.status = 'running'",
        RunState::Over => " AND e.status <> 'running'",
    });
    // Tested for each execution of that period, because the list of all runs of a host grows without end.
    push_filter(query, filter, Source::Executions);
}

/// Adds the condition for rows of a page's executions, found by the first and the last start time. Rows of neighbours
/// may be included. For a partitioned table, the keys select the partitions.
pub(super) fn push_children(query: &mut Statement, which: &RunSelection<'_>, extent: Extent) {
    match which {
        RunSelection::Started { filter, stand, .. } => {
            query.push("SELECT e.id FROM executions e WHERE ");
            push_started(query, extent.started_us, filter, *stand);
            query.push(") AND execution >= ? AND execution <= ?");
            query.bind(extent.keys.0).bind(extent.keys.1);
        }
        RunSelection::Keys(keys) => push_list(query, keys),
    }
}

async fn read_labels(
    transaction: &mut Transaction,
    which: &RunSelection<'_>,
    extent: Extent,
) -> Result<HashMap<ExecutionKey, Vec<Arc<str>>>, StoreError> {
    let mut query = transaction.query(LABELS);
    push_children(&mut query, which, extent);
    let mut labels: HashMap<ExecutionKey, Vec<Arc<str>>> = HashMap::new();
    for row in query.fetch_all_in(transaction).await? {
        let label: &str = row.get("label")?;
        let labels = labels.entry(row.get("execution")?).or_default();
        labels.push(label.into());
    }
    labels
        .values_mut()
        .for_each(|labels| labels.sort_unstable());
    Ok(labels)
}

fn group(row: &Row, labels: Vec<Arc<str>>) -> Result<Group, StoreError> {
    let damaged = |part| StoreError::Damaged { part };
    let reason: Option<&str> = row.get("reason")?;
    let text = |column| {
        row.get::<Option<&str>>(column)
            .map(|text| text.map(Arc::from))
    };
    Ok(Group {
        adhoc: row.get::<&str>("type")? == "adhoc",
        status: Status::from_name(row.get("status")?).ok_or(damaged("a status"))?,
        reason: reason.and_then(Reason::from_name),
        changed: row.get("changed")?,
        playbook: text("playbook")?,
        playbook_name: text("playbook_name")?,
        folder: folder(row)?,
        inventory: text("inventory")?,
        inventory_name: text("inventory_name")?,
        user: text("username")?,
        controller: text("controller")?,
        labels,
    })
}

/// The folder that a playbook's relative path is based on.
fn folder(row: &Row) -> Result<Option<Arc<str>>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Description<'w> {
        #[serde(borrow)]
        cwd: Option<std::borrow::Cow<'w, str>>,
    }
    let Some(text) = row.get::<Option<&str>>("what")? else {
        return Ok(None);
    };
    let description: Description<'_> =
        serde_json::from_str(text).map_err(|_| StoreError::Damaged {
            part: "an execution's description",
        })?;
    Ok(description.cwd.map(|cwd| Arc::from(&*indexed(&cwd))))
}

async fn read_hosts(
    transaction: &mut Transaction,
    which: &RunSelection<'_>,
    extent: Extent,
    wants: &ReadParts<'_>,
    places: &Places,
    roll: &mut RollBuilder,
) -> Result<(), StoreError> {
    let mut query = transaction.query(HOSTS);
    push_children(&mut query, which, extent);
    if let Some(host) = wants.host {
        query.push(" AND name = ?").bind(host);
    }
    if wants.failed_hosts {
        query.push(" AND (failed > 0 OR unreachable > 0)");
    }
    for row in query.fetch_all_in(transaction).await? {
        let Some((slot, duration_us)) = places.get(&row.get("execution")?) else {
            continue;
        };
        roll.add_host(*slot, row.get("name")?, &read_stats(&row)?, *duration_us);
    }
    Ok(())
}

async fn read_tasks(
    transaction: &mut Transaction,
    which: &RunSelection<'_>,
    extent: Extent,
    places: &Places,
    roll: &mut RollBuilder,
) -> Result<(), StoreError> {
    let mut query = transaction.query(TASKS);
    push_children(&mut query, which, extent);
    for row in query.fetch_all_in(transaction).await? {
        let Some((slot, _)) = places.get(&row.get("execution")?) else {
            continue;
        };
        let name = TaskName {
            name: row.get("name")?,
            role: row.get("role")?,
            action: row.get("action")?,
        };
        let counts = TaskCounts {
            ok: row.number("ok")?,
            changed: row.number("changed")?,
            failed: row.number("failed")?,
            skipped: row.number("skipped")?,
            unreachable: row.number("unreachable")?,
            ignored: row.number("ignored")?,
        };
        let (started_us, ended_us): (i64, i64) = (row.get("started_us")?, row.get("ended_us")?);
        roll.add_task(*slot, name, &counts, ended_us.saturating_sub(started_us));
    }
    Ok(())
}
