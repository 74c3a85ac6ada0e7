//! The groups that a host belonged to, as its runs told. The names are read from the log; a hash tells which runs say
//! something new.

use std::collections::HashMap;

use playback_wire::Body;

use super::events::EventReader;
use super::require_host;
use crate::history::HistoryError;
use crate::model::{HostGroupList, HostGroupNumbers, HostGroupsChange, time_from_us};
use crate::store::{GroupsInRun, NamesFrom, Store, StoreError};

/// Runs that are looked through, the newest first.
const RUNS: u32 = 10_000;

/// Runs that are tried for the names that all of them told: the log of some may be gone.
const TRIES: usize = 5;

/// The groups of a host now, and how they changed, the last change first; `limit` changes at most.
///
/// # Errors
/// No run has the host, or the store failed.
pub async fn groups(
    store: &Store,
    host: &str,
    limit: usize,
) -> Result<HostGroupList, HistoryError> {
    let runs = store.host_groups(host, RUNS).await?;
    if runs.is_empty() {
        require_host(store, host).await?;
    }
    let mut reader = EventReader::new(store);
    let mut names = Vec::new();
    let same: Vec<&[GroupsInRun]> = runs
        .chunk_by(|a, b| a.told.hash == b.told.hash)
        .take(limit.saturating_add(1))
        .collect();
    for same in &same {
        names.push(names_of(&mut reader, same).await?);
    }
    let changes = same
        .iter()
        .take(limit)
        .enumerate()
        .filter_map(|(at, same)| {
            let (first, groups) = (same.last()?, names.get(at)?.clone());
            let before = names.get(at + 1).and_then(Option::as_ref);
            let known = groups.as_ref().zip(before);
            Some(HostGroupsChange {
                execution: first.id,
                time: time_from_us(first.started_us),
                added: known.map(|(now, before)| missing(now, before)),
                removed: known.map(|(now, before)| missing(before, now)),
                groups,
            })
        });
    Ok(HostGroupList {
        host: host.to_owned(),
        groups: names.first().cloned().flatten(),
        changes: changes.collect(),
        complete: same.len() <= limit && runs.len() < RUNS as usize,
    })
}

/// The groups of a host, as its last run told; none if no run told, or what it told is gone.
///
/// # Errors
/// The store failed.
pub(super) async fn groups_now(
    store: &Store,
    host: &str,
) -> Result<Option<Vec<String>>, StoreError> {
    let runs = store.host_groups(host, 1).await?;
    names_of(&mut EventReader::new(store), &runs).await
}

/// Names of hosts that are read at once.
const NAMES: u32 = 500;

/// Which of these groups each host was last told to be in, by their places in `groups`. Hosts in none of them are left
/// out, and so are hosts whose groups none of the last ten runs reported, or whose report was deleted.
///
/// # Errors
/// The store failed.
pub(in crate::history) async fn group_numbers(
    store: &Store,
    groups: &[String],
) -> Result<HostGroupNumbers, StoreError> {
    let mut reader = EventReader::new(store);
    let mut hosts = HostGroupNumbers::new();
    // Many hosts are in the same groups: their names are read once.
    let mut sets: HashMap<i64, Vec<usize>> = HashMap::new();
    let mut after: Option<String> = None;
    loop {
        let from = after
            .as_deref()
            .map_or(NamesFrom::Name(""), NamesFrom::After);
        let names = store.known_hosts(from, NAMES).await?;
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        for (name, runs) in store.latest_groups(&texts).await? {
            let Some(hash) = runs.first().map(|run| run.told.hash) else {
                continue;
            };
            let known = sets.get(&hash).cloned();
            let set = match known {
                Some(set) => set,
                None => {
                    let same: Vec<GroupsInRun> = runs
                        .into_iter()
                        .filter(|run| run.told.hash == hash)
                        .collect();
                    let Some(told) = names_of(&mut reader, &same).await? else {
                        continue;
                    };
                    let places = groups.iter().zip(0..);
                    let places = places.filter(|(group, _)| told.contains(group));
                    let set: Vec<usize> = places.map(|(_, place)| place).collect();
                    sets.insert(hash, set.clone());
                    set
                }
            };
            if !set.is_empty() {
                hosts.insert(name, set);
            }
        }
        if names.len() < NAMES as usize {
            return Ok(hosts);
        }
        after = names.into_iter().next_back();
    }
}

/// The names that all of these runs told.
async fn names_of(
    reader: &mut EventReader<'_>,
    same: &[GroupsInRun],
) -> Result<Option<Vec<String>>, StoreError> {
    for run in same.iter().filter(|run| !run.is_removed).take(TRIES) {
        let names = reader
            .read(run.key, run.told.seq, |event| match &event.body {
                Body::HostStarted(started) => started.groups.clone(),
                _ => None,
            })
            .await?;
        if names.is_some() {
            return Ok(names);
        }
    }
    Ok(None)
}

/// The items of the first list that the second one does not have.
fn missing(from: &[String], of: &[String]) -> Vec<String> {
    let found = from.iter().filter(|name| !of.contains(name));
    found.cloned().collect()
}
