//! The upper limit for T3 and T4: inserts the same blocks and result rows directly into the same database, with the
//! same statements and transactions. Without HTTP, decoding, assembling and other rows, only the cost of the database
//! remains.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use playback::log::block::expand_stored;
use playback::store::Store;
use playback::store::dialect::Engine;
use playback_wire::{Body, decode_batch};
use sqlx::{Connection as _, Executor as _, MySql, Postgres, QueryBuilder, Sqlite};

use crate::clock::Stopwatch;
use crate::place::{Database, blocking};
use crate::script::Script;
use crate::table::median;

/// Rows of a statement, and bytes, about: as the store has them.
const CHUNKS: [usize; 5] = [200, 50, 12, 3, 1];
const CHUNK_BYTES: usize = 1 << 20;

const WINDOW: Duration = Duration::from_secs(2);
const WINDOWS: usize = 3;

/// What is said to a connection before it writes: what the collector says to its own.
const SQLITE: &str = "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; \
    PRAGMA wal_autocheckpoint = 4096; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON";
const MYSQL: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'; \
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// One batch, as it becomes rows.
struct Batch {
    events: i64,
    first_seq: i64,
    data: Vec<u8>,
    raw_bytes: i64,
    /// seq, task, host, ended_us
    results: Vec<(i64, i64, i64, i64)>,
}

/// A batch, and the execution that it is of.
type Block<'b> = (i64, &'b Batch);

/// Commits until the windows are over. A macro, because sqlx's traits would need a page of bounds.
macro_rules! measure {
    ($connection:ident, $database:ty, $insert:literal, $next:ident, $rates:ident) => {
        for _ in 0..=WINDOWS {
            let (mut events, watch) = (0, Stopwatch::start());
            while watch.elapsed() < WINDOW {
                let blocks = $next.next();
                let mut transaction = $connection.begin().await?;
                let mut rest = blocks.as_slice();
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(fitting(rest, |of| of.1.data.len()));
                    let mut insert = QueryBuilder::<$database>::new($insert);
                    insert.push(
                        "event_blocks (execution, producer, first_seq, last_seq, first_line, \
                         \"lines\", raw_bytes, data) ",
                    );
                    insert.push_values(now, |mut row, (key, batch)| {
                        row.push_bind(*key).push_bind(0_i64).push_bind(batch.first_seq);
                        row.push_bind(batch.first_seq + batch.events - 1);
                        row.push_bind(batch.first_seq).push_bind(batch.events / 3);
                        row.push_bind(batch.raw_bytes).push_bind(batch.data.as_slice());
                    });
                    insert.build().execute(&mut *transaction).await?;
                    rest = later;
                }
                let results: Vec<_> = blocks
                    .iter()
                    .flat_map(|(key, batch)| batch.results.iter().map(move |row| (*key, row)))
                    .collect();
                let mut rest = results.as_slice();
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(fitting(rest, |_| 64));
                    let mut insert = QueryBuilder::<$database>::new($insert);
                    insert.push(
                        "results (execution, seq, task, host, status, flags, ended_us, duration_us) ",
                    );
                    insert.push_values(now, |mut row, (key, (seq, task, host, ended_us))| {
                        row.push_bind(*key).push_bind(*seq).push_bind(*task).push_bind(*host);
                        row.push_bind(0_i64).push_bind(1_i64);
                        row.push_bind(*ended_us).push_bind(120_345_i64);
                    });
                    insert.build().execute(&mut *transaction).await?;
                    rest = later;
                }
                transaction.commit().await?;
                events += blocks.iter().map(|(_, batch)| batch.events).sum::<i64>();
            }
            $rates.push(events as f64 / watch.elapsed().as_secs_f64());
        }
        $connection.close().await?;
    };
}

/// Events a second that go into an empty database, a batch of each of so many producers in a transaction.
pub(crate) fn rate(database: &Database, script: &Script, producers: usize) -> Result<f64> {
    let batches = read(script)?;
    blocking(async {
        // The schema is the store's own.
        Store::open(&database.address).await?.close().await;
        let mut rates = Vec::new();
        let mut next = Feed {
            batches: &batches,
            producers,
            round: 0,
        };
        match database.engine {
            Engine::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(&database.address).await?;
                connection.execute(sqlx::raw_sql(SQLITE)).await?;
                measure!(connection, Sqlite, "INSERT OR FAIL INTO ", next, rates);
            }
            Engine::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&database.address).await?;
                measure!(connection, Postgres, "INSERT INTO ", next, rates);
            }
            Engine::MySql => {
                let mut connection = sqlx::MySqlConnection::connect(&database.address).await?;
                connection.execute(sqlx::raw_sql(MYSQL)).await?;
                measure!(connection, MySql, "INSERT INTO ", next, rates);
            }
        }
        // The first one warms it up.
        Ok(median(&rates[1..]))
    })
}

/// What comes next: each producer's next batch; where the script is over, it is another execution.
struct Feed<'b> {
    batches: &'b [Batch],
    producers: usize,
    round: usize,
}

impl<'b> Feed<'b> {
    fn next(&mut self) -> Vec<Block<'b>> {
        let batch = &self.batches[self.round % self.batches.len()];
        let lap = self.round / self.batches.len();
        self.round += 1;
        let first = (lap * self.producers) as i64;
        (0..self.producers as i64)
            .map(|of| (1 + first + of, batch))
            .collect()
    }
}

/// How many of these go into one statement.
fn fitting<T>(rest: &[T], bytes: impl Fn(&T) -> usize) -> usize {
    let size = CHUNKS
        .into_iter()
        .find(|size| *size <= rest.len())
        .unwrap_or(1);
    let mut sum = 0;
    let full = rest[..size].iter().position(|row| {
        sum += bytes(row);
        sum > CHUNK_BYTES
    });
    full.map_or(size, |at| (at + 1).min(size))
}

/// The rows of each batch of a script.
fn read(script: &Script) -> Result<Vec<Batch>> {
    let mut hosts: HashMap<String, i64> = HashMap::new();
    let mut first_at = None;
    let mut all = Vec::new();
    for batch in &script.batches {
        let raw = expand_stored(&batch.body)?;
        let events = decode_batch(&raw)?;
        let mut results = Vec::new();
        for event in &events {
            let base = *first_at.get_or_insert(event.at);
            let Body::Result(result) = &event.body else {
                continue;
            };
            let count = hosts.len() as i64;
            let host = *hosts.entry(result.host.to_string()).or_insert(count + 1);
            let seq = i64::try_from(event.seq)?;
            results.push((seq, i64::from(result.task), host, event.at - base));
        }
        let first = events.first().context("a batch has events")?;
        all.push(Batch {
            events: i64::try_from(batch.events)?,
            first_seq: i64::try_from(first.seq)?,
            raw_bytes: i64::try_from(raw.len())?,
            data: batch.body.clone(),
            results,
        });
    }
    Ok(all)
}
