//! The list of executions, page by page.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;

/// Entries of one page at most: the API's own limit.
const PAGE: u64 = 1000;

/// One page, its entries as the API gave them.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// The entries.
    pub(super) executions: Vec<Box<RawValue>>,
    /// Where the next page begins.
    pub(super) next_cursor: Option<String>,
}

/// Reads pages until there are no more, or enough.
pub(super) struct Pages<'c> {
    client: &'c Client,
    query: Vec<(&'static str, String)>,
    wanted: u64,
    cursor: Option<String>,
    ended: bool,
}

impl<'c> Pages<'c> {
    /// Pages with `wanted` entries in all at most.
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

    /// Where one more page would begin.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}
