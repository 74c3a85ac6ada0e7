//! Requests that were refused because the actor was unknown or not allowed: counted, and entered in the audit trail at
//! a limited rate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::Commands;
use crate::model::{Action, Actor, AuditEntry};

/// How long further refusals of the same kind are only counted: a machine with a revoked token asks every few seconds.
const QUIET: Duration = Duration::from_secs(3600);

/// Kinds of refusals that are tracked at once; beyond that, further kinds get no entry.
const MOST: usize = 200;

/// Refusals of the same kind: the actor's name and address, and the status of the answer.
type Kind = (String, Option<String>, u16);

/// Recent refusals; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<Mutex<HashMap<Kind, (Instant, u64)>>>);

impl Refusals {
    /// Counts a refusal. Some: it is to be entered, with the number of earlier ones that were not.
    fn count(&self, kind: Kind, now: Instant) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, unwritten)) = all.get_mut(&kind) {
            if now.duration_since(*since) < QUIET {
                *unwritten += 1;
                return None;
            }
            let before = std::mem::take(unwritten);
            *since = now;
            return Some(before);
        }
        if all.len() >= MOST {
            all.retain(|_, (since, _)| now.duration_since(*since) < QUIET);
        }
        if all.len() >= MOST {
            // A client tries many in a row: more entries would add nothing.
            return None;
        }
        all.insert(kind, (now, 0));
        Some(0)
    }
}

impl Commands {
    /// Notes that a request was refused with a status, 401 or 403. The response does not wait for this.
    pub fn refused(&self, actor: Actor, status: u16, request: String) {
        metrics::counter!("playback_requests_refused_total", "status" => status.to_string())
            .increment(1);
        let kind = (actor.name.clone(), actor.peer.clone(), status);
        let Some(before) = self.refusals.count(kind, Instant::now()) else {
            return;
        };
        let entry = AuditEntry::new(self.clock.now_us(), actor, Action::Refused, request)
            .after(json!({ "status": status, "refused_before": before }));
        let store = self.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.audit(&entry).await {
                tracing::warn!(%error, "a refused request could not be entered in the audit trail");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> Kind {
        (name.to_string(), None, 401)
    }

    #[test]
    fn the_first_refusal_of_a_kind_is_entered_and_the_next_an_hour_later_with_their_number() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.count(kind("a"), now), Some(0));
        assert_eq!(refusals.count(kind("a"), now), None);
        assert_eq!(refusals.count(kind("a"), now), None);
        assert_eq!(refusals.count(kind("b"), now), Some(0));
        assert_eq!(refusals.count(kind("a"), now + QUIET), Some(2));
        assert_eq!(refusals.count(kind("a"), now + QUIET), None);
    }

    #[test]
    fn who_tries_many_names_fills_neither_memory_nor_the_trail() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let entered = (0..10_000).filter_map(|n| refusals.count(kind(&n.to_string()), now));
        assert_eq!(entered.count(), MOST);
        assert_eq!(refusals.count(kind("x"), now + QUIET), Some(0));
    }
}
