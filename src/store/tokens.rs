//! Tokens. Only their hashes are stored.

use uuid::Uuid;

use super::dialect::Engine;
use super::pool::Row;
use super::{Store, StoreError, audit, transaction};
use crate::model::AuditEntry;

/// A token, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Key in the store.
    pub id: i64,
    /// Its name, unique.
    pub name: String,
    /// Names of its scopes, separated by spaces.
    pub scopes: String,
    /// When it was created, in microseconds since the epoch.
    pub created_us: i64,
    /// When it expires.
    pub expires_us: Option<i64>,
    /// When it was last used, to the minute.
    pub used_us: Option<i64>,
    /// The only execution that it is valid for; none: all.
    pub execution: Option<Uuid>,
}

impl Store {
    /// Stores a token by its hash, with the audit entry, if a user created it.
    ///
    /// # Errors
    /// The name is taken, or the database failed.
    pub async fn create_token(
        &self,
        token: &TokenRow,
        hash: &[u8],
        entry: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        let done: Result<(), StoreError> = transaction!(self, transaction => {
            transaction
                .query(
                    "INSERT INTO tokens (name, hash, scopes, created_us, expires_us, execution) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(&token.name)
                .bind(hash)
                .bind(&token.scopes)
                .bind(token.created_us)
                .bind(token.expires_us)
                .bind(token.execution)
                .execute_in(transaction)
                .await?;
            if let Some(entry) = entry {
                audit::append(transaction, entry).await?;
            }
        });
        match done {
            Err(StoreError::Database(sqlx::Error::Database(error)))
                if error.is_unique_violation() =>
            {
                Err(StoreError::TokenExists {
                    name: token.name.clone(),
                })
            }
            done => done,
        }
    }

    /// The token with that hash.
    ///
    /// # Errors
    /// The database failed.
    pub async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
        let row = self
            .query(
                "SELECT id, name, scopes, created_us, expires_us, used_us, execution FROM tokens \
             WHERE hash = ?",
            )
            .bind(hash)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(read_token).transpose()
    }

    /// The hash of the token with that key in the store.
    ///
    /// # Errors
    /// The database failed.
    pub async fn token_hash(&self, id: i64) -> Result<Option<[u8; 32]>, StoreError> {
        let mut query = self.query("SELECT hash FROM tokens WHERE id = ?");
        let Some(row) = query.bind(id).fetch_optional(&self.read).await? else {
            return Ok(None);
        };
        let hash: Vec<u8> = row.get("hash")?;
        let hash = hash.try_into().map_err(|_| StoreError::Damaged {
            part: "a token's hash",
        })?;
        Ok(Some(hash))
    }

    /// The tokens that people created, by name; not those of runs, which are removed with the run.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        self.query(
            "SELECT id, name, scopes, created_us, expires_us, used_us, execution FROM tokens \
             WHERE execution IS NULL ORDER BY name",
        )
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(read_token)
        .collect()
    }

    /// All tokens, each with its hash.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tokens_with_hash(&self) -> Result<Vec<(TokenRow, Vec<u8>)>, StoreError> {
        self.query(
            "SELECT id, name, hash, scopes, created_us, expires_us, used_us, execution FROM tokens \
             ORDER BY name",
        )
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(|row| Ok((read_token(row)?, row.get("hash")?)))
        .collect()
    }

    /// Removes a token and its sessions; `entry` makes the audit entry from the token. False: there is none of that
    /// name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_token(
        &self,
        name: &str,
        entry: impl Fn(&TokenRow) -> AuditEntry,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let mut query = transaction.query(
                "SELECT id, name, scopes, created_us, expires_us, used_us, execution FROM tokens \
                 WHERE name = ?",
            );
            let rows = query.bind(name).fetch_all_in(transaction).await?;
            let token = rows.first().map(read_token).transpose()?;
            transaction
                .query("DELETE FROM sessions WHERE token IN (SELECT hash FROM tokens WHERE name = ?)")
                .bind(name)
                .execute_in(transaction)
                .await?;
            let mut delete = transaction.query("DELETE FROM tokens WHERE name = ?");
            let is_gone = delete.bind(name).execute_in(transaction).await? > 0;
            if let Some(token) = token.as_ref().filter(|_| is_gone) {
                audit::append(transaction, &entry(token)).await?;
            }
            is_gone
        })
    }

    /// Removes the tokens that are only valid for this execution.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_tokens_of(&self, execution: Uuid) -> Result<(), StoreError> {
        self.query("DELETE FROM tokens WHERE execution = ?")
            .bind(execution)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Notes when tokens were used.
    ///
    /// # Errors
    /// The database failed.
    pub async fn touch_tokens(&self, uses: &[(i64, i64)]) -> Result<(), StoreError> {
        for (id, used_us) in uses {
            self.query("UPDATE tokens SET used_us = ? WHERE id = ?")
                .bind(*used_us)
                .bind(*id)
                .execute(&self.write)
                .await?;
        }
        Ok(())
    }
}

pub(super) fn read_token(row: &Row) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        id: row.get("id")?,
        name: row.get("name")?,
        scopes: row.get("scopes")?,
        created_us: row.get("created_us")?,
        expires_us: row.get("expires_us")?,
        used_us: row.get("used_us")?,
        execution: row.get("execution")?,
    })
}
