//! Hosts that are new, and hosts that did not take part.

use std::collections::{HashMap, HashSet};

use super::ReportRequest;
use crate::history::HistoryError;
use crate::model::{MissingHost, Report, RunAt, Statistics, time_from_us};
use crate::store::{HostRuns, Store};

/// Hosts that are looked up whether they are new, and new ones in a report.
const LOOKED_UP: usize = 200;
const NEW: usize = 50;

/// Missing hosts in a report.
const MISSING: usize = 50;

/// Fills in both.
pub(super) async fn fill(
    store: &Store,
    request: &ReportRequest,
    now: &Statistics,
    before: &Statistics,
    report: &mut Report,
) -> Result<(), HistoryError> {
    let names = |of: &Statistics| -> HashSet<String> {
        let hosts = of.groups.iter().flatten();
        hosts.map(|host| host.name.clone()).collect()
    };
    let (here, there) = (names(now), names(before));
    let mut candidates: Vec<&String> = here.difference(&there).collect();
    candidates.sort_unstable();
    let more = candidates.len().saturating_sub(LOOKED_UP);
    report.new.hosts_unknown = more as u64;
    for host in candidates.into_iter().take(LOOKED_UP) {
        if report.new.hosts.len() >= NEW {
            break;
        }
        let first = store.first_run(host).await?;
        // If the first run is not found, it was deleted: it is unknown since when this host exists.
        if first.is_some_and(|first| first.run.started_us >= request.from_us) {
            report.new.hosts.push(host.clone());
        }
    }
    let mut missing: Vec<MissingHost> = before
        .groups
        .iter()
        .flatten()
        .filter(|host| !here.contains(&host.name))
        .map(|host| MissingHost {
            host: host.name.clone(),
            runs_before: host.figures.total,
            last: None,
        })
        .collect();
    missing.sort_by(|one, other| {
        let by_name = || one.host.cmp(&other.host);
        other.runs_before.cmp(&one.runs_before).then_with(by_name)
    });
    report.missing_hosts_total = missing.len() as u64;
    missing.truncate(MISSING);
    let names: Vec<&str> = missing.iter().map(|host| host.host.as_str()).collect();
    let latest = store.latest_runs(&names, HostRuns::All).await?;
    let mut latest: HashMap<String, RunAt> = latest
        .into_iter()
        .map(|found| {
            let at = RunAt {
                id: found.run.id,
                start_time: time_from_us(found.run.started_us),
            };
            (found.name, at)
        })
        .collect();
    for host in &mut missing {
        host.last = latest.remove(&host.host);
    }
    report.missing_hosts = missing;
    Ok(())
}
