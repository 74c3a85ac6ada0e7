//! The schema's migrations: one folder for each database, with the same names in each.

use sqlx::migrate::{MigrateError, Migrator};

use super::dialect::Engine;
use super::pool::Pool;
use super::{Store, StoreError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static MYSQL: Migrator = sqlx::migrate!("migrations/mysql");

/// A migration of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether it has been applied.
    pub applied: bool,
}

impl Store {
    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// The database fails, or its schema is newer than this version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // Fails with our own message before anything is tried.
        self.migrations().await?;
        let migrator = migrator(self.engine());
        match &self.write {
            Pool::Sqlite(pool, _) => migrator.run(pool).await,
            Pool::Postgres(pool, _) => migrator.run(pool).await,
            Pool::MySql(pool, _) => migrator.run(pool).await,
        }
        .map_err(|error| match error {
            MigrateError::Dirty(version) => StoreError::HalfMigrated { version },
            error => StoreError::Migration(error),
        })
    }

    /// All migrations, and which of them are applied.
    ///
    /// # Errors
    /// The database fails, or its schema is newer than this version.
    pub async fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        let applied = self.applied().await?;
        let known: Vec<Migration> = migrator(self.engine())
            .iter()
            .map(|migration| Migration {
                version: migration.version,
                name: migration.description.to_string(),
                applied: applied.contains(&migration.version),
            })
            .collect();
        let newest = known.last().map_or(0, |migration| migration.version);
        match applied.last() {
            Some(database) if *database > newest => Err(StoreError::Newer {
                database: *database,
                program: newest,
            }),
            _ => Ok(known),
        }
    }

    /// Versions of the applied migrations, in order; none on an empty database.
    async fn applied(&self) -> Result<Vec<i64>, StoreError> {
        let mut known = self.query(match self.engine() {
            Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?",
            Engine::Postgres => {
                "SELECT 1 FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name = ?"
            }
            Engine::MySql => {
                "SELECT 1 FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = ?"
            }
        });
        let known = known.bind("_sqlx_migrations").fetch_optional(&self.read);
        if known.await?.is_none() {
            return Ok(Vec::new());
        }
        self.query("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(|row| row.get("version"))
            .collect()
    }
}

fn migrator(engine: Engine) -> &'static Migrator {
    match engine {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
        Engine::MySql => &MYSQL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_database_has_the_same_migrations() {
        let names = |migrator: &Migrator| -> Vec<(i64, String)> {
            migrator
                .iter()
                .map(|migration| (migration.version, migration.description.to_string()))
                .collect()
        };
        assert_eq!(names(&POSTGRES), names(&SQLITE));
        assert_eq!(names(&MYSQL), names(&SQLITE));
    }
}
