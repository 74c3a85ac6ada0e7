//! The list of executions, page by page.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;

/// Page size: the API's maximum.
const PAGE: u64 = 1000;

/// One page, its entries as the API sent them.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// The entries.
    pub(super) executions: Vec<Box<RawValue>>,
    /// Cursor of the next page.
    pub(super) next_cursor: Option<String>,
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
        Ok(Some(page))
    }

    /// Cursor of the page after the last one read.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}
