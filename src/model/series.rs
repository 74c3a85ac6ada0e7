//! Series: the runs of one playbook with the same inventory, limit, tags and check mode. Ad-hoc commands form no series:
//! the next one is rarely the same.

use playback_wire::{ExecutionStarted, ExecutionType};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::filter::indexed;

/// The key of a run that belongs to no series.
pub const NO_SERIES: i64 = 0;

/// Bits of a key that depend on the whole series. The bits above depend on the playbook alone, so that all series of a
/// playbook are one range of keys; the topmost bit is 0.
const BITS: u32 = 40;
const PLAYBOOK_BITS: u32 = 63 - BITS;

/// Failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailuresInRow {
    /// Number of failures.
    pub runs: u64,
    /// The first of them, and its start in microseconds since the epoch.
    pub first: (Uuid, i64),
}

/// The key of a run's series, from 1 on; [`NO_SERIES`] for an ad-hoc command.
///
/// The 40 bits that distinguish a playbook's series are those of a hash: among a thousand series of one playbook, two have
/// the same key with a probability of one in two million.
#[must_use]
pub fn series_key(run: &ExecutionStarted) -> i64 {
    match (run.r#type, &run.playbook) {
        (ExecutionType::Playbook, Some(playbook)) => {
            let whole = first_bits(series_hash(run), BITS);
            ((playbook_bits(playbook) << BITS) | whole).max(1)
        }
        _ => NO_SERIES,
    }
}

/// The keys of all series of a playbook: from the first one up to, but not including, the second. The range may contain
/// series of a few other playbooks.
#[must_use]
pub fn series_of_playbook(playbook: &str) -> (i64, i64) {
    let bits = playbook_bits(playbook);
    // The last range ends below the largest number, which hardly any key equals.
    let end = (bits + 1).checked_mul(1 << BITS).unwrap_or(i64::MAX);
    ((bits << BITS).max(1), end)
}

/// The folder to which a playbook's relative path refers; empty for an absolute path, and if the folder is not known. None
/// for an ad-hoc command.
#[must_use]
pub fn folder_of(run: &ExecutionStarted) -> Option<&str> {
    run.playbook.as_deref().map(|name| match is_whole(name) {
        true => "",
        false => run.cwd.as_deref().unwrap_or_default(),
    })
}

/// Whether a playbook's path is absolute.
#[must_use]
pub fn is_whole(playbook: &str) -> bool {
    playbook.starts_with('/')
}

/// A hash of everything that distinguishes series, including those of ad-hoc commands.
#[must_use]
pub fn series_hash(run: &ExecutionStarted) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |part: Option<&str>| {
        // The length makes the bytes of different lists of parts different.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(part.unwrap_or_default());
    };
    let adhoc = run.r#type == ExecutionType::Adhoc;
    add(run.playbook.as_deref());
    add(run.module.as_deref());
    add(run.inventory.as_deref());
    add(match adhoc {
        true => run.hosts.as_deref(),
        false => run.limit.as_deref(),
    });
    add(Some(if run.check { "check" } else { "" }));
    for list in [&run.tags, &run.skip_tags] {
        add(Some(&list.len().to_string()));
        for tag in list {
            add(Some(tag));
        }
    }
    hash.finalize().into()
}

fn playbook_bits(playbook: &str) -> i64 {
    // Has the value of the indexed column by which the series of a playbook are found.
    let hash = Sha256::digest(indexed(playbook).as_bytes());
    first_bits(hash.into(), PLAYBOOK_BITS)
}

/// This many bits of a hash, as a number that is not negative.
fn first_bits(hash: [u8; 32], bits: u32) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    let number = u64::from_be_bytes(first) >> (64 - bits);
    number.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(more: &serde_json::Value) -> ExecutionStarted {
        let mut json =
            serde_json::json!({ "type": "playbook", "playbook": "site.yml", "inventory": "prod" });
        json.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_series_is_a_playbook_with_its_inventory_limit_tags_and_mode() {
        let one = series_key(&run(&serde_json::json!({})));
        assert!(one > 0);
        let same =
            serde_json::json!({ "user": "ann", "forks": 50, "labels": ["a"], "cwd": "/srv" });
        assert_eq!(series_key(&run(&same)), one);
        for other in [
            serde_json::json!({ "playbook": "other.yml" }),
            serde_json::json!({ "inventory": "test" }),
            serde_json::json!({ "limit": "web-01" }),
            serde_json::json!({ "limit": "" }),
            serde_json::json!({ "tags": ["a"] }),
            serde_json::json!({ "skip_tags": ["a"] }),
            serde_json::json!({ "check": true }),
        ] {
            assert_ne!(series_key(&run(&other)), one, "{other}");
        }
        let adhoc = serde_json::json!({ "type": "adhoc", "module": "ping", "hosts": "all" });
        let adhoc: ExecutionStarted = serde_json::from_value(adhoc).unwrap();
        assert_eq!(series_key(&adhoc), NO_SERIES);
    }

    #[test]
    fn the_series_of_a_playbook_are_one_range() {
        for playbook in ["site.yml", "/srv/a b.yml", "", &"é".repeat(600)] {
            let (first, end) = series_of_playbook(playbook);
            for limit in 0..50 {
                let more = serde_json::json!({ "playbook": playbook, "limit": limit.to_string() });
                let key = series_key(&run(&more));
                assert!(first <= key && key < end, "{playbook}");
            }
        }
    }
}
