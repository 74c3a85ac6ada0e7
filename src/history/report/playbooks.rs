//! Playbooks: how they went, and which are new.

use std::collections::HashMap;

use super::ReportRequest;
use crate::history::HistoryError;
use crate::model::{PlaybookFigures, Report, ReportPlaybook, Statistics};
use crate::store::Store;

/// Playbooks in a report.
const PLAYBOOKS: usize = 50;

/// Playbooks that are looked up whether they are new, and new ones in a report.
const LOOKED_UP: usize = 500;
const NEW: usize = 50;

/// The identity of a playbook.
fn key(one: &PlaybookFigures) -> (&str, Option<&str>) {
    (one.playbook.as_str(), one.folder.as_deref())
}

/// Fills in both.
pub(super) async fn fill(
    store: &Store,
    request: &ReportRequest,
    now: &Statistics,
    before: &Statistics,
    report: &mut Report,
) -> Result<(), HistoryError> {
    let earlier: HashMap<_, &PlaybookFigures> =
        before.playbooks.iter().map(|one| (key(one), one)).collect();
    let mut candidates: Vec<&str> = now
        .playbooks
        .iter()
        .filter(|one| !earlier.contains_key(&key(one)))
        .map(|one| one.playbook.as_str())
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    for playbook in candidates.into_iter().take(LOOKED_UP) {
        if report.new.playbooks.len() >= NEW {
            break;
        }
        if !store.ran_before(playbook, request.from_us).await? {
            report.new.playbooks.push(playbook.to_owned());
        }
    }
    let mut playbooks: Vec<ReportPlaybook> = now
        .playbooks
        .iter()
        .map(|one| {
            let before = earlier.get(&key(one)).map(|before| &before.figures);
            ReportPlaybook {
                playbook: one.playbook.clone(),
                folder: one.folder.clone(),
                figures: one.figures.clone(),
                total_before: before.map_or(0, |before| before.total),
                failed_before: before.map_or(0, |before| before.failed),
            }
        })
        .collect();
    report.playbooks_total = playbooks.len() as u64;
    playbooks.sort_by(|one, other| {
        let weight = |one: &ReportPlaybook| (one.figures.failed, one.figures.total);
        let by_name = || (&one.playbook, &one.folder).cmp(&(&other.playbook, &other.folder));
        weight(other).cmp(&weight(one)).then_with(by_name)
    });
    playbooks.truncate(PLAYBOOKS);
    report.playbooks = playbooks;
    Ok(())
}
