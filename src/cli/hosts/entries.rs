//! Lists of the API, page by page. A page may be empty although there are more.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::super::client::Client;
use super::super::out::Out;
use crate::model::UnreadableFacts;

/// Maximum number of entries on a page: the API's own limit.
const PAGE: u64 = 1000;

/// A page of any of these lists.
#[derive(Debug, Deserialize)]
struct Page {
    #[serde(alias = "hosts", alias = "runs", alias = "changes")]
    entries: Vec<Box<RawValue>>,
    #[serde(default)]
    unreadable: Vec<UnreadableFacts>,
    #[serde(alias = "next_since")]
    next_cursor: Option<String>,
}

/// The parameter that continues a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continued {
    Cursor,
    Since,
}

impl Continued {
    fn parameter(self) -> &'static str {
        match self {
            Self::Cursor => "cursor",
            Self::Since => "since",
        }
    }
}

/// The first entries of a list.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) entries: Vec<Box<RawValue>>,
    /// Reports of facts that cannot be read.
    pub(super) unreadable: Vec<UnreadableFacts>,
    /// How to continue the list.
    pub(super) next: Option<String>,
    continued: Continued,
}

impl Entries {
    /// Reads at most `wanted` entries.
    pub(super) fn read(
        client: &Client,
        path: &str,
        mut query: Vec<(&'static str, String)>,
        (wanted, continued): (u64, Continued),
    ) -> anyhow::Result<Self> {
        let mut all = Self {
            entries: Vec::new(),
            unreadable: Vec::new(),
            next: None,
            continued,
        };
        loop {
            let left = wanted.saturating_sub(all.entries.len() as u64);
            if left == 0 {
                return Ok(all);
            }
            if let Some(next) = all.next.take() {
                query.retain(|(name, _)| *name != continued.parameter());
                query.push((continued.parameter(), next));
            }
            query.retain(|(name, _)| *name != "limit");
            query.push(("limit", left.min(PAGE).to_string()));
            let page: Page = client.get(path, &query)?;
            all.entries.extend(page.entries);
            all.unreadable.extend(page.unreadable);
            all.next = page.next_cursor;
            if all.next.is_none() {
                return Ok(all);
            }
        }
    }

    /// The entries, parsed.
    pub(super) fn parsed<T: serde::de::DeserializeOwned>(&self) -> anyhow::Result<Vec<T>> {
        let entries = self.entries.iter();
        let parsed: Result<Vec<T>, _> = entries
            .map(|entry| serde_json::from_str(entry.get()))
            .collect();
        Ok(parsed?)
    }

    /// Prints the list in the form of the API, with its pages joined.
    pub(super) fn print_json(&self, name: &'static str, out: &mut Out) -> anyhow::Result<()> {
        out.bytes(format!("{{\"{name}\":[").as_bytes())?;
        for (at, entry) in self.entries.iter().enumerate() {
            out.bytes(if at == 0 { b"" } else { b"," })?;
            out.bytes(entry.get().as_bytes())?;
        }
        out.bytes(b"]")?;
        if self.continued == Continued::Since {
            out.bytes(format!(",\"unreadable\":{}", json!(self.unreadable)).as_bytes())?;
        }
        if let Some(next) = &self.next {
            let name = match self.continued {
                Continued::Cursor => "next_cursor",
                Continued::Since => "next_since",
            };
            out.bytes(format!(",\"{name}\":{}", json!(next)).as_bytes())?;
        }
        out.line("}")
    }
}
