//! One statement with its values, for any of the databases.
//!
//! Its text comes from the program alone: only a `&'static str` can be pushed, and every value is bound.

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlArguments;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe};

use super::StoreError;
use super::dialect::Engine;
use super::explain;
use super::guide::{self, Choice};
use super::pool::{Pool, Row, Session, Transaction};
use super::value::Value;

/// The longest text of a statement that MySQL keeps though it will hardly be used again, in bytes.
const LONGEST_KEPT: usize = 8_192;

/// A statement under construction.
pub(super) struct Statement {
    engine: Engine,
    text: String,
    arguments: Arguments,
    /// The values' size, roughly.
    bytes: usize,
    /// Whether the text is one of many that will hardly be used again.
    rare: bool,
    /// What is left to MySQL's estimate, and its place in the text.
    choice: Option<(usize, Choice)>,
}

#[derive(Clone)]
enum Arguments {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
    MySql(MySqlArguments),
}

impl Statement {
    pub(super) fn new(engine: Engine, text: &'static str) -> Self {
        Self {
            engine,
            text: text.to_owned(),
            arguments: match engine {
                Engine::Sqlite => Arguments::Sqlite(SqliteArguments::default()),
                Engine::Postgres => Arguments::Postgres(PgArguments::default()),
                Engine::MySql => Arguments::MySql(MySqlArguments::default()),
            },
            bytes: 0,
            rare: false,
            choice: None,
        }
    }

    /// Makes room for this many more values, and their places in the text.
    pub(super) fn reserve(&mut self, values: usize) -> &mut Self {
        self.text.reserve(values * 4);
        match &mut self.arguments {
            Arguments::Sqlite(arguments) => arguments.reserve(values, 0),
            Arguments::Postgres(arguments) => arguments.reserve(values, values * 8),
            Arguments::MySql(arguments) => arguments.reserve(values, values * 8),
        }
        self
    }

    /// Appends text, with a `?` for each value.
    pub(super) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Binds the next value.
    pub(super) fn bind<'v>(&mut self, value: impl Into<Value<'v>>) -> &mut Self {
        let value = value.into();
        self.bytes += value.size();
        // Encoding could only fail for a value larger than memory.
        let _ = match &mut self.arguments {
            Arguments::Sqlite(arguments) => match value {
                Value::Integer(value) => arguments.add(value),
                Value::Boolean(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value.as_deref()),
                Value::Bytes(value) => arguments.add(value),
                Value::Uuid(value) => arguments.add(value),
            },
            Arguments::Postgres(arguments) => match value {
                Value::Integer(value) => arguments.add(value),
                Value::Boolean(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value.as_deref()),
                Value::Bytes(value) => arguments.add(value),
                Value::Uuid(value) => arguments.add(value),
            },
            Arguments::MySql(arguments) => match value {
                Value::Integer(value) => arguments.add(value),
                Value::Boolean(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value.as_deref()),
                Value::Bytes(value) => arguments.add(value),
                Value::Uuid(value) => arguments.add(value),
            },
        };
        self
    }

    /// The kind of database.
    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// Approximate size of the bound values, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Do not keep the statement prepared.
    pub(super) fn rarely(&mut self) -> &mut Self {
        self.rare = true;
        self
    }

    /// Whether the statement stays prepared. MySQL answers nothing when a statement is dropped, so the next one on the
    /// connection waits 40 ms for the packet to be acknowledged, as long as sqlx leaves Nagle's algorithm on (0.9.0). So short
    /// ones are kept, until others displace them.
    fn is_kept(&self) -> bool {
        !self.rare || (self.engine == Engine::MySql && self.text.len() <= LONGEST_KEPT)
    }

    /// Has the choice that the text leaves at its end made before it runs; only MySQL needs help with it.
    pub(super) fn guided(&mut self, choice: Choice) -> &mut Self {
        if self.engine == Engine::MySql {
            self.choice = Some((self.text.len(), choice));
        }
        self
    }

    /// The choice that is to be made, and its place in the text.
    pub(super) fn take_choice(&mut self) -> Option<(usize, Choice)> {
        self.choice.take()
    }

    /// Inserts text at a place.
    pub(super) fn insert(&mut self, at: usize, texts: &[&'static str]) {
        self.text.insert_str(at, &texts.concat());
    }

    /// Runs it outside of a transaction; returns how many rows it changed, including those that had the new values.
    pub(super) async fn execute(&mut self, pool: &Pool) -> Result<u64, sqlx::Error> {
        pool.check()?;
        let mut connection = pool.acquire().await?;
        let done = self.run(connection.session()).await?;
        pool.check()?;
        Ok(done)
    }

    /// Runs it as part of a transaction.
    pub(super) async fn execute_in(
        &mut self,
        transaction: &mut Transaction,
    ) -> Result<u64, sqlx::Error> {
        self.run(transaction.session()).await
    }

    /// All rows found.
    pub(super) async fn fetch_all(&mut self, pool: &Pool) -> Result<Vec<Row>, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        self.fetch(connection.session()).await
    }

    /// All rows found, as part of a transaction.
    pub(super) async fn fetch_all_in(
        &mut self,
        transaction: &mut Transaction,
    ) -> Result<Vec<Row>, sqlx::Error> {
        self.fetch(transaction.session()).await
    }

    /// Passes on the rows one by one, so that they are not all in memory.
    pub(super) async fn for_each(
        &mut self,
        pool: &Pool,
        mut each: impl FnMut(&Row) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let mut connection = pool.acquire().await?;
        guide::guide(self, &mut connection.session()).await?;
        explain::note(self, &mut connection.session()).await?;
        let (kept, bytes) = (self.is_kept(), self.bytes);
        let (text, arguments) = self.take();
        match (connection.session(), arguments) {
            (Session::Sqlite(connection), Arguments::Sqlite(arguments)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let mut rows = query.fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    each(&Row::Sqlite(row))?;
                }
            }
            (Session::Postgres(connection, limits), Arguments::Postgres(arguments)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let mut rows = query.fetch(connection);
                while let Some(row) = limits.wait_for(rows.try_next()).await? {
                    each(&Row::Postgres(row))?;
                }
            }
            (Session::MySql(held, limits), Arguments::MySql(arguments)) => {
                if bytes + text.len() > limits.packet {
                    return Err(too_large().into());
                }
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let mut rows = query.fetch(held.start());
                let done = loop {
                    match limits.wait_for(rows.try_next()).await {
                        // If interrupted midway, the connection cannot be used again.
                        Ok(Some(row)) => each(&Row::MySql(row))?,
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                };
                drop(rows);
                held.end(&done);
                done?;
            }
            _ => return Err(another_database().into()),
        }
        Ok(())
    }

    /// The row found, if any: at most one.
    pub(super) async fn fetch_optional(&mut self, pool: &Pool) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.fetch_all(pool).await?.into_iter().next())
    }

    /// The row, which always exists.
    pub(super) async fn fetch_one(&mut self, pool: &Pool) -> Result<Row, sqlx::Error> {
        let row = self.fetch_optional(pool).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    async fn run(&mut self, mut session: Session<'_>) -> Result<u64, sqlx::Error> {
        explain::note(self, &mut session).await?;
        let (kept, bytes) = (self.is_kept(), self.bytes);
        let (text, arguments) = self.take();
        Ok(match (session, arguments) {
            (Session::Sqlite(connection), Arguments::Sqlite(arguments)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                query.execute(connection).await?.rows_affected()
            }
            (Session::Postgres(connection, limits), Arguments::Postgres(arguments)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let done = limits.wait_for(query.execute(connection)).await?;
                done.rows_affected()
            }
            (Session::MySql(held, limits), Arguments::MySql(arguments)) => {
                if bytes + text.len() > limits.packet {
                    return Err(too_large());
                }
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let done = limits.wait_for(query.execute(held.start())).await;
                held.end(&done);
                done?.rows_affected()
            }
            _ => return Err(another_database()),
        })
    }

    async fn fetch(&mut self, mut session: Session<'_>) -> Result<Vec<Row>, sqlx::Error> {
        guide::guide(self, &mut session).await?;
        explain::note(self, &mut session).await?;
        self.rows(session).await
    }

    /// The database's plan for this statement, with the values bound so far: the statement's text, and the rows of the
    /// plan.
    pub(super) async fn account(
        &self,
        session: Session<'_>,
    ) -> Result<(String, Vec<Row>), sqlx::Error> {
        let mut asking = Self::new(self.engine, self.engine.explain());
        asking.text.push_str(&self.text);
        asking.arguments = self.arguments.clone();
        asking.rare = self.rare;
        Ok((self.text.clone(), asking.rows(session).await?))
    }

    async fn rows(&mut self, session: Session<'_>) -> Result<Vec<Row>, sqlx::Error> {
        let (kept, bytes) = (self.is_kept(), self.bytes);
        let (text, arguments) = self.take();
        Ok(match (session, arguments) {
            (Session::Sqlite(connection), Arguments::Sqlite(arguments)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let rows = query.fetch_all(connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            (Session::Postgres(connection, limits), Arguments::Postgres(arguments)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let rows = limits.wait_for(query.fetch_all(connection)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            (Session::MySql(held, limits), Arguments::MySql(arguments)) => {
                if bytes + text.len() > limits.packet {
                    return Err(too_large());
                }
                let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(kept);
                let rows = limits.wait_for(query.fetch_all(held.start())).await;
                held.end(&rows);
                rows?.into_iter().map(Row::MySql).collect()
            }
            _ => return Err(another_database()),
        })
    }

    fn take(&mut self) -> (String, Arguments) {
        let empty = Statement::new(self.engine, "");
        let text = std::mem::take(&mut self.text);
        let arguments = std::mem::replace(&mut self.arguments, empty.arguments);
        (self.engine.placeholders(text), arguments)
    }
}

/// Cannot happen: a statement is created by the pool or the transaction that it runs on.
fn another_database() -> sqlx::Error {
    sqlx::Error::Protocol("the statement was written for another database".to_owned())
}

/// The server would close the connection, which would look as if it were away.
fn too_large() -> sqlx::Error {
    sqlx::Error::Encode("it is larger than the server's max_allowed_packet".into())
}
