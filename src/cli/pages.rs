//! The list of executions, page by page.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;
use super::{out, when};

/// Page size: the API's maximum.
const PAGE: u64 = 1000;

/// One page, its entries as the API sent them.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// The entries.
    pub(super) executions: Vec<Box<RawValue>>,
    /// Cursor of the next page.
    pub(super) next_cursor: Option<String>,
    /// If a search for the runs had no more time: how far back it came.
    searched_back_to: Option<DateTime<Utc>>,
}

/// Reads pages until there are no more, or enough entries.
pub(super) struct Pages<'c> {
    client: &'c Client,
    query: Vec<(&'static str, String)>,
    wanted: u64,
    cursor: Option<String>,
    ended: bool,
}

impl<'c> Pages<'c> {
    /// Reads at most `wanted` entries in total.
    pub(super) fn new(client: &'c Client, query: Vec<(&'static str, String)>, wanted: u64) -> Self {
        Self {
            client,
            query,
            wanted,
            cursor: None,
            ended: false,
        }
    }

    /// The next page.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Page>> {
        if self.ended || self.wanted == 0 {
            return Ok(None);
        }
        let mut query = self.query.clone();
        query.push(("limit", self.wanted.min(PAGE).to_string()));
        query.extend(self.cursor.take().map(|cursor| ("cursor", cursor)));
        let page: Page = self.client.get("/executions", &query)?;
        self.wanted = self.wanted.saturating_sub(page.executions.len() as u64);
        self.cursor.clone_from(&page.next_cursor);
        self.ended = self.cursor.is_none();
        if let Some(to) = page.searched_back_to.filter(|_| self.wanted > 0) {
            out::hint(format_args!(
                "Searched back to {}, continuing …",
                when::show(to)
            ));
        }
        Ok(Some(page))
    }

    /// Cursor of the page after the last one read.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}
