//! T9: how many bytes a result takes in the store, including everything that belongs to it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::clock::Stopwatch;
use crate::collector::Collector;
use crate::producers::send_all;
use crate::script::{Mix, Script, Size};
use crate::table::{Row, megabytes};
use crate::{Scratch, Selection, note};

const EXECUTIONS: usize = 20;

/// A recorder of a busy playbook sends so many events at once.
const BATCH: u64 = 10;

/// How long packing may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Executions are packed some seconds after their end; when nothing changes for longer, all are.
pub(crate) const SETTLED: Duration = Duration::from_secs(8);

pub(crate) fn rows(scratch: &Scratch, asked: &Selection) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, mix, wanted) in [
        ("debug flood", Mix::Debug, 120.0),
        ("realistic mix", Mix::Realistic, 300.0),
    ] {
        if !asked.includes("T9") {
            break;
        }
        note(&format!("T9: {name}"));
        let script = Script::write(Size {
            mix,
            hosts: 20,
            tasks: 50,
            batch: BATCH,
            ends: true,
        })?;
        let few = fill(&scratch.file("size.db"), &script, EXECUTIONS)?;
        let many = fill(&scratch.file("size-10.db"), &script, EXECUTIONS * 10)?;
        rows.push(Row {
            target: "T9",
            what: format!("bytes stored for a result, {name}"),
            wanted: format!("≤ {wanted:.0} B"),
            measured: format!("{few:.0} B"),
            reached: Some(few <= wanted),
            growth: format!("{many:.0} B"),
        });
    }
    Ok(rows)
}

/// Bytes for each result, after so many executions were stored and packed in a fresh database.
fn fill(database: &Path, script: &Script, executions: usize) -> Result<f64> {
    let collector = Collector::start(database)?;
    let empty = used_bytes(database)?;
    send_all(&collector, script, executions, 10)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let used = runtime.block_on(settle(database))?;
    collector.stop()?;
    let file = std::fs::metadata(database)?.len();
    let results = executions as u64 * script.results;
    note(&format!(
        "  {results} results, {} before compression: {} in use, file {}",
        megabytes(script.raw_bytes * executions as u64),
        megabytes(used),
        megabytes(file)
    ));
    for end in ["", "-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
    Ok((used - empty) as f64 / results as f64)
}

/// Waits until packing has ended, and returns how many bytes of the database are in use. Pages that
/// packing has freed are not counted: the next executions fill them.
pub(crate) async fn settle(database: &Path) -> Result<u64> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let watch = Stopwatch::start();
    let mut blocks: i64 = -1;
    let mut since = Stopwatch::start();
    loop {
        let now: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM event_blocks")
            .fetch_one(&mut connection)
            .await?;
        if now != blocks {
            blocks = now;
            since = Stopwatch::start();
        }
        if since.elapsed() > SETTLED {
            break;
        }
        ensure!(watch.elapsed() < PATIENCE, "packing does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    connection.close().await?;
    used(database).await
}

/// How many bytes of a database are in use now.
pub(crate) fn used_bytes(database: &Path) -> Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(used(database))
}

async fn used(database: &Path) -> Result<u64> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut figure = async |statement: &'static str| -> Result<i64> {
        Ok(sqlx::query_scalar(statement)
            .fetch_one(&mut connection)
            .await?)
    };
    let pages = figure("PRAGMA page_count").await? - figure("PRAGMA freelist_count").await?;
    let bytes = pages * figure("PRAGMA page_size").await?;
    connection.close().await?;
    Ok(u64::try_from(bytes)?)
}

/// How many results a database holds.
pub(crate) async fn results(database: &Path) -> Result<i64> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let results = sqlx::query_scalar("SELECT COUNT(*) FROM results")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(results)
}

/// Holds a database locked against all other writers.
pub(crate) fn lock(database: &Path, time: Duration) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(database)
            .busy_timeout(PATIENCE);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let locked = connection.begin_with("BEGIN IMMEDIATE").await?;
        tokio::time::sleep(time).await;
        locked.rollback().await?;
        connection.close().await?;
        Ok(())
    })
}
