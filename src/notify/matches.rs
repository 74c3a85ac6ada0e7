//! Matches runs with the queries of rules.

use std::collections::{HashMap, HashSet};

use crate::filter::query::{parse_query, time_at};
use crate::model::{ExecutionFilter, ExecutionKey, NotificationRule};
use crate::store::{Store, StoreError};

/// Which runs match the queries of rules: each query is asked once for all runs.
pub(super) struct Matches {
    store: Store,
    now_us: i64,
    keys: Vec<ExecutionKey>,
    found: HashMap<String, HashSet<ExecutionKey>>,
}

impl Matches {
    pub(super) fn new(store: &Store, now_us: i64, keys: Vec<ExecutionKey>) -> Self {
        Self {
            store: store.clone(),
            now_us,
            keys,
            found: HashMap::new(),
        }
    }

    pub(super) async fn has(
        &mut self,
        rule: &NotificationRule,
        key: ExecutionKey,
    ) -> Result<bool, StoreError> {
        let query = rule.query.trim();
        if query.is_empty() {
            return Ok(true);
        }
        if let Some(found) = self.found.get(query) {
            return Ok(found.contains(&key));
        }
        let filter = match parse_query(query, &time_at(self.now_us)) {
            Ok(Some(expression)) => ExecutionFilter::default().with_query(&expression),
            Ok(None) => ExecutionFilter::default(),
            Err(error) => {
                // It was checked when it was set: another version reads it differently.
                tracing::warn!(query, %error, "a query of a notification target cannot be read");
                self.found.insert(query.to_owned(), HashSet::new());
                return Ok(false);
            }
        };
        let rows = self.store.executions_among(&filter, &self.keys).await?;
        let keys: HashSet<ExecutionKey> = rows.iter().map(|(key, _)| *key).collect();
        let has = keys.contains(&key);
        self.found.insert(query.to_owned(), keys);
        Ok(has)
    }
}
