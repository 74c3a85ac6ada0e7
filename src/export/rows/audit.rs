//! Entries of the audit trail, newest first.

use super::Rows;
use crate::export::ExportError;
use crate::model::{AuditFilter, AuditRow};
use crate::store::Store;

/// Entries read at once.
const PAGE: u32 = 1000;

/// Entries of the audit trail. One that is added meanwhile is newer than the first, and is left out.
pub(in crate::export) struct AuditRows {
    store: Store,
    filter: AuditFilter,
    /// The number of the last entry that was read.
    before: Option<i64>,
    is_over: bool,
}

impl AuditRows {
    pub(in crate::export) fn new(store: Store, filter: AuditFilter) -> Self {
        Self {
            store,
            filter,
            before: None,
            is_over: false,
        }
    }
}

impl Rows for AuditRows {
    type Row = AuditRow;

    async fn next(&mut self) -> Result<Option<Vec<AuditRow>>, ExportError> {
        if self.is_over {
            return Ok(None);
        }
        let rows = self
            .store
            .audit_entries(&self.filter, self.before, PAGE)
            .await?;
        self.before = rows.last().map(|row| row.number);
        self.is_over = rows.len() < PAGE as usize;
        Ok((!rows.is_empty()).then_some(rows))
    }
}
