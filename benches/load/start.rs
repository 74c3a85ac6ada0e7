//! T10: from the start of the process to its first answer, on a large store.
//!
//! The store is filled by copying one recorded execution inside the database: what matters here is
//! how much there is, and a minute does not bring a million executions over the network.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};

use crate::collector::Collector;
use crate::producers::send_all;
use crate::script::{Mix, Script, Size};
use crate::table::{Row, median, megabytes};
use crate::{Asked, Scratch, note};

const EXECUTIONS: i64 = 1_000_000;
const RESULTS_EACH: u32 = 4;
const STARTS: usize = 5;
const LIMIT: Duration = Duration::from_millis(100);

pub(crate) fn rows(scratch: &Scratch, asked: &Asked) -> Result<Vec<Row>> {
    if !asked.includes("T10") {
        return Ok(Vec::new());
    }
    note("T10: filling a store");
    let database = scratch.file("start.db");
    let collector = Collector::start(&database)?;
    let script = Script::write(Size {
        mix: Mix::Commands,
        hosts: 2,
        tasks: RESULTS_EACH / 2,
        batch: 1_000,
        ends: true,
    })?;
    send_all(&collector, &script, 1, 1)?;
    collector.stop()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(multiply(&database, EXECUTIONS / 10))?;
    let tenth = starts(&database)?;
    runtime.block_on(multiply(&database, EXECUTIONS))?;
    let whole = starts(&database)?;
    let bytes = std::fs::metadata(&database)?.len();
    Ok(vec![Row {
        target: "T10",
        what: format!(
            "start → first answer, {} M executions, {} M results, {}",
            EXECUTIONS / 1_000_000,
            EXECUTIONS * i64::from(RESULTS_EACH) / 1_000_000,
            megabytes(bytes)
        ),
        wanted: format!("≤ {} ms", LIMIT.as_millis()),
        measured: format!("{whole:.0} ms"),
        reached: Some(whole <= LIMIT.as_secs_f64() * 1e3),
        growth: format!("from {tenth:.0} ms at a tenth"),
    }])
}

/// Milliseconds from the start to the first page of the list, in the middle of several starts.
fn starts(database: &Path) -> Result<f64> {
    let mut all = Vec::new();
    for _ in 0..STARTS {
        let collector = Collector::start(database)?;
        all.push(collector.first_answer.as_secs_f64() * 1e3);
        collector.stop()?;
    }
    note(&format!("  starts: {all:.0?} ms"));
    Ok(median(&all))
}

/// Copies the first execution with all its rows until there are `total` executions.
async fn multiply(database: &Path, total: i64) -> Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-500000");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let first: i64 = sqlx::query_scalar("SELECT MAX(id) + 1 FROM executions")
        .fetch_one(&mut connection)
        .await?;
    let mut transaction = connection.begin().await?;
    for (table, key) in [
        ("executions", "id"),
        ("execution_hosts", "execution"),
        ("plays", "execution"),
        ("tasks", "execution"),
        ("results", "execution"),
        ("event_blocks", "execution"),
    ] {
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM pragma_table_info(?) WHERE NOT (? = 'event_blocks' AND name = 'id')",
        )
        .bind(table)
        .bind(table)
        .fetch_all(&mut *transaction)
        .await?;
        let copied: Vec<&str> = columns
            .iter()
            .map(|column| match column.as_str() {
                name if name == key => "number.value",
                "uuid" => "randomblob(16)",
                // One a minute, so that the list has an order.
                "started_us" if table == "executions" => "started_us + number.value * 60000000",
                name => name,
            })
            .collect();
        let statement = format!(
            "WITH RECURSIVE number(value) AS (SELECT ? UNION ALL SELECT value + 1 FROM number \
             WHERE value < ?) INSERT INTO {table} ({}) SELECT {} FROM number, \
             (SELECT * FROM {table} WHERE {key} = 1 LIMIT 100) ORDER BY number.value",
            columns.join(", "),
            copied.join(", ")
        );
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(first)
            .bind(total)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}
