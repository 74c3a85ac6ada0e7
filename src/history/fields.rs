//! The fields requested of a record: what only other fields need is not read.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use super::HistoryError;
use crate::model::ExecutionResult;

/// Names of fields, or all of them.
#[derive(Debug, Clone)]
pub struct Fields(Option<Vec<String>>);

impl Fields {
    /// All of them.
    pub const ALL: Self = Self(None);

    /// Parses names separated by commas; none means all fields.
    #[must_use]
    pub fn named(text: Option<&str>) -> Self {
        let names = text.unwrap_or("").split(',').map(str::trim);
        let names: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self((!names.is_empty()).then_some(names))
    }

    /// Whether all fields are requested.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a field is requested.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let names = self.0.as_ref();
        names.is_none_or(|names| names.iter().any(|named| named == name))
    }

    /// Whether the host counts are needed.
    pub(super) fn has_stats(&self) -> bool {
        ["stats", "unreachable", "failed", "cost"]
            .iter()
            .any(|name| self.has(name))
    }

    /// Whether hosts are to be counted without reading each of them.
    pub(super) fn has_outcomes_alone(&self) -> bool {
        self.has("hosts_by_outcome") && !self.has_stats()
    }

    /// Writes these fields of a record as JSON, in the order in which they were named.
    ///
    /// # Errors
    /// The record cannot be encoded.
    pub fn write(&self, record: &ExecutionResult) -> Result<String, HistoryError> {
        let text = serde_json::to_string(record)?;
        let Self(Some(names)) = self else {
            return Ok(text);
        };
        // Values stay encoded: a recap may have many thousand hosts.
        let mut all: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(&text)?;
        let mut kept = String::from("{");
        for name in names {
            if let Some(value) = all.remove(name.as_str()) {
                if kept.len() > 1 {
                    kept.push(',');
                }
                kept.push_str(&serde_json::to_string(name)?);
                kept.push(':');
                kept.push_str(value.get());
            }
        }
        kept.push('}');
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_separated_by_commas_and_none_means_all() {
        for text in [None, Some(""), Some(" , ")] {
            let fields = Fields::named(text);
            assert!(fields.is_all() && fields.has("output") && fields.has_stats());
        }
        let some = Fields::named(Some("id, status"));
        assert!(some.has("status") && !some.has("output") && !some.has_stats());
        assert!(Fields::named(Some("failed")).has_stats());
        assert!(Fields::named(Some("hosts_by_outcome")).has_outcomes_alone());
        assert!(!Fields::named(Some("hosts_by_outcome,stats")).has_outcomes_alone());
    }
}
