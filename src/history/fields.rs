//! The fields requested of a record: what only other fields need is not read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

use super::HistoryError;
use crate::model::ExecutionResult;

/// Fields that name every host, and the cost, for which every host is read.
const OF_HOSTS: [&str; 4] = ["stats", "unreachable", "failed", "cost"];

/// Which fields are requested.
#[derive(Debug, Clone)]
pub struct Fields(Requested);

#[derive(Debug, Clone)]
enum Requested {
    All,
    Named(Vec<String>),
    WithoutHosts,
}

impl Fields {
    /// All of them.
    pub const ALL: Self = Self(Requested::All);

    /// All but those for which every host is read: the record stays small, and `hosts_by_outcome` counts the hosts.
    pub const WITHOUT_HOSTS: Self = Self(Requested::WithoutHosts);

    /// Parses names separated by commas; none means all fields.
    #[must_use]
    pub fn named(text: Option<&str>) -> Self {
        let names = text.unwrap_or("").split(',').map(str::trim);
        let names: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self(match names.is_empty() {
            true => Requested::All,
            false => Requested::Named(names),
        })
    }

    /// Whether all fields are requested.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self.0, Requested::All)
    }

    /// Whether a field is requested.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match &self.0 {
            Requested::All => true,
            Requested::Named(names) => names.iter().any(|named| named == name),
            Requested::WithoutHosts => !OF_HOSTS.contains(&name),
        }
    }

    /// Whether the host counts are needed.
    pub(super) fn has_stats(&self) -> bool {
        OF_HOSTS.iter().any(|name| self.has(name))
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
        self.pick(serde_json::to_string(record)?)
    }

    /// These fields of an encoded record that has them all.
    pub(super) fn pick(&self, text: String) -> Result<String, HistoryError> {
        // Values stay encoded: a recap may have many thousand hosts.
        match &self.0 {
            Requested::All => Ok(text),
            Requested::Named(names) => Self::pick_named(names, &text),
            Requested::WithoutHosts => {
                let mut kept: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(&text)?;
                kept.retain(|name, _| self.has(name));
                Ok(serde_json::to_string(&kept)?)
            }
        }
    }

    fn pick_named(names: &[String], text: &str) -> Result<String, HistoryError> {
        let mut all: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text)?;
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

    #[test]
    fn without_hosts_all_other_fields_are_there_and_hosts_are_counted() {
        let fields = Fields::WITHOUT_HOSTS;
        assert!(fields.has("status") && fields.has("pinned") && fields.has_outcomes_alone());
        assert!(!fields.is_all() && !fields.has_stats());
        let text =
            r#"{"id":"a","stats":{"web-01":{}},"failed":[],"unreachable":[],"duration":1.50}"#;
        assert_eq!(
            fields.pick(text.to_owned()).unwrap(),
            r#"{"duration":1.50,"id":"a"}"#
        );
    }
}
