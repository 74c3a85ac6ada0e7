//! Compares what a few results returned in both runs: reads them from the log and finds different fields and loop items.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use playback_wire::{Body, Item, TaskResult};
use serde_json::Value;
use serde_json::value::RawValue;

use super::cells::{Changes, Spot};
use super::fields::{cut, differences};
use super::tasks::Tasks;
use crate::failure::item_label;
use crate::history::blocks::{LoopResult, OpenBlock, each_item_before, entry};
use crate::log::block::Entry;
use crate::model::{ExecutionKey, ItemDifference, Outcome, ResultDifference, ResultFlags};
use crate::store::{FoundResult, Store, StoreError};

/// Maximum number of results that are compared.
const RESULTS: usize = 20;

/// Maximum number of results of one task that are compared.
const OF_TASK: usize = 3;

/// Items of a result that are named, and bytes of a label.
const ITEMS: usize = 20;
const LABEL: usize = 200;

/// Selects results to look at: one for each kind of change of a task, failures first, then failures of both runs.
pub(super) fn selected(changes: &Changes) -> Vec<Spot> {
    let mut failures = Vec::new();
    let mut others = Vec::new();
    for task in &changes.tasks {
        for moved in task.transitions.iter().take(OF_TASK) {
            let Some(spot) = moved.spots.first() else {
                continue;
            };
            match (moved.now.is_trouble(), moved.before.is_trouble()) {
                (true, _) => failures.push(*spot),
                // Without a failure, a missing result has nothing to say.
                (false, false)
                    if moved.before == Outcome::Absent || moved.now == Outcome::Absent => {}
                (false, _) => others.push(*spot),
            }
        }
    }
    let mut tasks = HashSet::new();
    let same = changes.same.iter().filter(|spot| tasks.insert(spot.place));
    let all = failures.into_iter().chain(same.copied()).chain(others);
    all.take(RESULTS).collect()
}

/// A run, as far as its results are read.
pub(super) struct Source<'r> {
    pub(super) key: ExecutionKey,
    pub(super) tasks: &'r Tasks,
    /// Whether its log is there.
    pub(super) has_log: bool,
}

/// Compares what these results returned.
pub(super) async fn compare(
    store: &Store,
    before: &Source<'_>,
    now: &Source<'_>,
    spots: &[Spot],
    names: &[String],
) -> Result<Vec<ResultDifference>, StoreError> {
    let name = |spot: &Spot| names.get(spot.host as usize).cloned().unwrap_or_default();
    let wanted = |number: fn(&Spot) -> Option<u32>| -> Vec<(u32, String)> {
        let all = spots.iter();
        all.filter_map(|spot| Some((number(spot)?, name(spot))))
            .collect()
    };
    let of_before = wanted(|spot| spot.task_before);
    let of_now = wanted(|spot| spot.task_now);
    let (mut a, mut b) =
        tokio::try_join!(read(store, before, &of_before), read(store, now, &of_now))?;
    let found = spots.iter().filter_map(|spot| {
        let host = name(spot);
        let of = |results: &mut ReturnedResults, number: Option<u32>| {
            results.remove(&(number?, host.clone()))
        };
        let (a, b) = (of(&mut a, spot.task_before), of(&mut b, spot.task_now));
        let task = now.tasks.list.get(spot.place)?.shown.clone();
        let (fields, fields_left_out) = match (&a, &b) {
            (Some(a), Some(b)) if a.note.is_none() && b.note.is_none() => {
                differences(a.content.as_ref(), b.content.as_ref())
            }
            // A result that only one run has is reported as far as it is a failure.
            (None, Some(one)) => differences(None, one.content.as_ref()),
            (Some(one), None) => differences(one.content.as_ref(), None),
            _ => (Vec::new(), 0),
        };
        let (items, items_left_out) = items(a.as_ref(), b.as_ref());
        let note = [&b, &a]
            .into_iter()
            .flatten()
            .find_map(|said| said.note.clone());
        let is_missing =
            (a.is_none() && spot.task_before.is_some()) || (b.is_none() && spot.task_now.is_some());
        let note = note.or_else(|| is_missing.then(|| missing(before, now)));
        Some(ResultDifference {
            task,
            note,
            before_seq: a.map(|said| said.seq),
            now_seq: b.map(|said| said.seq),
            host,
            before: spot.before,
            now: spot.now,
            fields,
            fields_left_out,
            items,
            items_left_out,
        })
    });
    Ok(found.collect())
}

/// Why a result that there is cannot be read.
fn missing(before: &Source<'_>, now: &Source<'_>) -> String {
    match before.has_log && now.has_log {
        true => "what it returned cannot be read",
        false => "retention removed what it returned",
    }
    .to_owned()
}

/// Contents of results, by the number of their task and the name of their host.
type ReturnedResults = HashMap<(u32, String), Returned>;

/// The content of a result.
struct Returned {
    seq: u64,
    content: Option<Value>,
    items: Vec<ReturnedItem>,
    /// Whether the first items are too far back to be found.
    is_cut: bool,
    note: Option<String>,
}

/// The content of a loop item.
struct ReturnedItem {
    label: String,
    outcome: Outcome,
    content: Option<Value>,
}

async fn read(
    store: &Store,
    source: &Source<'_>,
    wanted: &[(u32, String)],
) -> Result<ReturnedResults, StoreError> {
    let mut results = ReturnedResults::new();
    if !source.has_log {
        return Ok(results);
    }
    let mut found: BTreeMap<u64, (FoundResult, String)> = BTreeMap::new();
    for (task, host) in wanted {
        let span = source.tasks.span(*task);
        let result = store.last_result_on(source.key, *task, host, span).await?;
        found.extend(result.map(|result| (result.seq, (result, host.clone()))));
    }
    let mut open: Option<OpenBlock> = None;
    for (seq, (result, host)) in found {
        OpenBlock::turn(&mut open, store, source.key, seq).await?;
        let mut returned = match entry(open.as_ref(), seq) {
            Entry::Event(_, event) => match &event.body {
                Body::Result(result) => returned(seq, result),
                _ => continue,
            },
            Entry::Gap(gap) => Returned {
                seq,
                content: None,
                items: Vec::new(),
                is_cut: false,
                note: Some(format!(
                    "the log is damaged at events {} to {}",
                    gap.first_seq, gap.last_seq
                )),
            },
        };
        if result.flags.has(ResultFlags::LOOP)
            && let Some(open) = &open
        {
            let result = LoopResult {
                seq,
                task: result.task,
                host: &host,
            };
            let items = &mut returned.items;
            let is_whole = each_item_before(store, source.key, open, result, |item| {
                items.push(returned_item(item));
            })
            .await?;
            returned.is_cut = !is_whole;
            returned.items.reverse();
        }
        results.insert((result.task, host), returned);
    }
    Ok(results)
}

fn returned(seq: u64, result: &TaskResult<'_>) -> Returned {
    Returned {
        seq,
        content: parsed(result.content.filter(|_| !result.censored)),
        items: Vec::new(),
        is_cut: false,
        note: result
            .censored
            .then(|| "no_log hides what was returned".to_owned()),
    }
}

fn returned_item(item: &Item<'_>) -> ReturnedItem {
    let flags = ResultFlags(if item.changed {
        ResultFlags::CHANGED
    } else {
        0
    });
    let content = parsed(item.content.filter(|_| !item.censored));
    let label = content.as_ref().and_then(item_label);
    ReturnedItem {
        label: cut(&label.unwrap_or_default(), LABEL),
        outcome: Outcome::of(item.status, flags),
        content,
    }
}

fn parsed(content: Option<&RawValue>) -> Option<Value> {
    serde_json::from_str(content?.get()).ok()
}

/// The loop items whose outcome is different or that failed, and how many more there are. Items of one label are compared
/// in their order.
fn items(a_side: Option<&Returned>, b_side: Option<&Returned>) -> (Vec<ItemDifference>, u64) {
    let is_cut = |said: Option<&Returned>| said.is_some_and(|said| said.is_cut);
    type Places<'s> = BTreeMap<(&'s str, usize), &'s ReturnedItem>;
    fn by_label(said: Option<&Returned>) -> Places<'_> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let items = said.map_or(&[][..], |said| &said.items).iter();
        let places = items.map(|item| {
            let count = counts.entry(&item.label).or_default();
            *count += 1;
            ((item.label.as_str(), *count), item)
        });
        places.collect()
    }
    let (a, b) = (by_label(a_side), by_label(b_side));
    let labels: BTreeSet<_> = a.keys().chain(b.keys()).copied().collect();
    let mut found = labels.into_iter().filter_map(|place| {
        let (old, new) = (a.get(&place).copied(), b.get(&place).copied());
        let outcome =
            |item: Option<&ReturnedItem>| item.map(|item| item.outcome).unwrap_or_default();
        let (before, now) = (outcome(old), outcome(new));
        if before == now && !now.is_failure() {
            return None;
        }
        // What was not found is not known to be missing.
        if (old.is_none() && is_cut(a_side)) || (new.is_none() && is_cut(b_side)) {
            return None;
        }
        let content = |item: Option<&'_ ReturnedItem>| item.and_then(|item| item.content.clone());
        let (fields, _) = differences(content(old).as_ref(), content(new).as_ref());
        Some(ItemDifference {
            item: place.0.to_owned(),
            before,
            now,
            fields,
        })
    });
    let first: Vec<ItemDifference> = found.by_ref().take(ITEMS).collect();
    (first, found.count() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn looped(items: &[(&str, Outcome, &str)]) -> Returned {
        let items = items.iter().map(|(label, outcome, msg)| ReturnedItem {
            label: (*label).to_owned(),
            outcome: *outcome,
            content: Some(json!({ "item": label, "msg": msg })),
        });
        Returned {
            seq: 1,
            content: None,
            items: items.collect(),
            is_cut: false,
            note: None,
        }
    }

    #[test]
    fn items_are_compared_by_their_labels() {
        let before = looped(&[
            ("nginx", Outcome::Ok, "fine"),
            ("redis", Outcome::Ok, "fine"),
            ("same", Outcome::Ok, "fine"),
        ]);
        let now = looped(&[
            ("inserted", Outcome::Changed, "new"),
            ("nginx", Outcome::Failed, "no such package"),
            ("same", Outcome::Ok, "another text"),
        ]);
        let (found, left_out) = items(Some(&before), Some(&now));
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.item.as_str(), one.before, one.now))
            .collect();
        assert_eq!(
            told,
            [
                ("inserted", Outcome::Absent, Outcome::Changed),
                ("nginx", Outcome::Ok, Outcome::Failed),
                ("redis", Outcome::Ok, Outcome::Absent),
            ]
        );
        assert_eq!(left_out, 0);
        // Items that are too far back are not said to be missing.
        let cut = Returned {
            is_cut: true,
            ..looped(&[("nginx", Outcome::Failed, "no such package")])
        };
        assert_eq!(items(Some(&before), Some(&cut)).0.len(), 1);
        let field = &found[1].fields[0];
        assert_eq!(
            (field.before.as_deref(), field.now.as_deref()),
            (Some("fine"), Some("no such package"))
        );
    }
}
