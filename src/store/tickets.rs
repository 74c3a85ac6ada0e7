//! Tickets, by which a browser logs in once. Only their hashes are stored, as with tokens.

use super::{Store, StoreError};

impl Store {
    /// Stores a ticket by its hash, for the token with that hash; of the token's tickets only the latest `most` are kept.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_ticket(
        &self,
        hash: &[u8],
        token: &[u8],
        expires_us: i64,
        most: usize,
    ) -> Result<(), StoreError> {
        self.query("INSERT INTO tickets (hash, token, expires_us) VALUES (?, ?, ?)")
            .bind(hash)
            .bind(token)
            .bind(expires_us)
            .execute(&self.write)
            .await?;
        let all = self
            .query("SELECT hash FROM tickets WHERE token = ? ORDER BY expires_us DESC")
            .bind(token)
            .fetch_all(&self.write)
            .await?;
        for row in all.iter().skip(most) {
            let old: Vec<u8> = row.get("hash")?;
            self.delete_ticket(&old).await?;
        }
        Ok(())
    }

    /// Takes a ticket, so that it cannot be taken again: the hash of its token. None: there is no such ticket, it has
    /// expired, or it was taken before, on whatever collector.
    ///
    /// # Errors
    /// The database failed.
    pub async fn take_ticket(
        &self,
        hash: &[u8],
        now_us: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self
            .query("SELECT token FROM tickets WHERE hash = ? AND expires_us > ?")
            .bind(hash)
            .bind(now_us)
            .fetch_optional(&self.write)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let token = row.get("token")?;
        // Of several that found it, one deletes it.
        let is_ours = self.delete_ticket(hash).await? > 0;
        Ok(is_ours.then_some(token))
    }

    /// Removes expired tickets; returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove_expired_tickets(&self, now_us: i64) -> Result<u64, StoreError> {
        Ok(self
            .query("DELETE FROM tickets WHERE expires_us <= ?")
            .bind(now_us)
            .execute(&self.write)
            .await?)
    }

    async fn delete_ticket(&self, hash: &[u8]) -> Result<u64, StoreError> {
        Ok(self
            .query("DELETE FROM tickets WHERE hash = ?")
            .bind(hash)
            .execute(&self.write)
            .await?)
    }
}
