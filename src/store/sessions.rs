//! Browser sessions: each stands for a token, for a limited time. Only their hashes are stored, as with tokens.

use super::tokens::{TokenRow, read_token};
use super::{Store, StoreError};

impl Store {
    /// Stores a session by its hash, for the token with that hash; of the token's sessions only the latest `most` are
    /// kept.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_session(
        &self,
        hash: &[u8],
        token: &[u8],
        created_us: i64,
        expires_us: i64,
        most: usize,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO sessions (hash, token, created_us, expires_us) VALUES (?, ?, ?, ?)",
        )
        .bind(hash)
        .bind(token)
        .bind(created_us)
        .bind(expires_us)
        .execute(&self.write)
        .await?;
        let all = self
            .query("SELECT hash FROM sessions WHERE token = ? ORDER BY created_us DESC")
            .bind(token)
            .fetch_all(&self.write)
            .await?;
        for row in all.iter().skip(most) {
            let old: Vec<u8> = row.get("hash")?;
            self.end_session(&old).await?;
        }
        Ok(())
    }

    /// The token of the session with that hash, and when the session expires. None if the token was revoked.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session(&self, hash: &[u8]) -> Result<Option<(TokenRow, i64)>, StoreError> {
        let row = self
            .query(
                "SELECT t.id, t.name, t.scopes, t.created_us, t.expires_us, t.used_us, t.execution, \
                 s.expires_us AS until_us FROM sessions s JOIN tokens t ON t.hash = s.token WHERE s.hash = ?",
            )
            .bind(hash)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok((read_token(&row)?, row.get("until_us")?)))
            .transpose()
    }

    /// Ends a session, if it exists.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_session(&self, hash: &[u8]) -> Result<(), StoreError> {
        self.query("DELETE FROM sessions WHERE hash = ?")
            .bind(hash)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Removes expired sessions, and those of deleted tokens; returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove_ended_sessions(&self, now_us: i64) -> Result<u64, StoreError> {
        Ok(self
            .query(
                "DELETE FROM sessions WHERE expires_us <= ? OR token NOT IN (SELECT hash FROM tokens)",
            )
            .bind(now_us)
            .execute(&self.write)
            .await?)
    }
}
