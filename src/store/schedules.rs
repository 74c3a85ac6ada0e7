//! Schedules, and the outcomes of their times.

use uuid::Uuid;

use super::dialect::Engine;
use super::pool::{Row, Transaction};
use super::tables::executions::read_status;
use super::{Store, StoreError, audit, transaction};
use crate::filter::indexed;
use crate::model::{
    AuditEntry, Changes, LastRun, MissedTimes, OpenRun, Overlap, Pause, Phase, ScheduleOutcome,
    ScheduleRow, ScheduleSettings, ScheduleTick, TickRow,
};

/// Decisions that are kept of each schedule.
pub const TICKS: u32 = 100;

const SELECT: &str = "SELECT s.uuid, s.name, s.cron, s.zone, s.overlap, s.missed, s.jitter_seconds, s.run, s.description, \
    s.owner, s.token, s.created_us, s.changed_us, s.paused_us, s.paused_by, s.paused_note, s.decided_us AS until_us, \
    s.revision, s.last_execution, e.status, t.number, t.time_us, t.decided_us, t.outcome, t.detail, t.passed_over, \
    t.execution FROM schedules s LEFT JOIN schedule_ticks t ON t.schedule = s.uuid AND t.number = s.last_tick \
    LEFT JOIN executions e ON e.uuid = s.last_execution";

impl Store {
    /// All schedules, by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        let mut query = self.query(SELECT);
        query.push(" ORDER BY s.name");
        let rows = query.fetch_all(&self.read).await?;
        rows.iter().map(read).collect()
    }

    /// The schedule of that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn schedule(&self, name: &str) -> Result<Option<ScheduleRow>, StoreError> {
        let mut query = self.query(SELECT);
        query.push(" WHERE s.name = ?").bind(name);
        let row = query.fetch_optional(&self.read).await?;
        row.as_ref().map(read).transpose()
    }

    /// The outcomes of a schedule's times, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ticks(&self, schedule: Uuid) -> Result<Vec<TickRow>, StoreError> {
        let mut query = self.query(
            "SELECT number, time_us, decided_us, outcome, detail, passed_over, execution FROM schedule_ticks \
             WHERE schedule = ? ORDER BY number DESC LIMIT ?",
        );
        let rows = query
            .bind(schedule)
            .bind(TICKS)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read_tick).collect()
    }

    /// Whether a run was started for this time of a schedule.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has_run_at(&self, schedule: Uuid, time_us: i64) -> Result<bool, StoreError> {
        let mut query = self.query(
            "SELECT number FROM schedule_ticks WHERE schedule = ? AND time_us = ? AND execution IS NOT NULL LIMIT 1",
        );
        let found = query.bind(schedule).bind(time_us);
        Ok(found.fetch_optional(&self.read).await?.is_some())
    }

    /// The runs of a schedule that are not over, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_runs_of(&self, schedule: &str) -> Result<Vec<OpenRun>, StoreError> {
        let mut query = self.query(
            "SELECT uuid, phase FROM executions WHERE schedule = ? AND status = 'running' \
             ORDER BY started_us DESC, id DESC",
        );
        let rows = query
            .bind(&*indexed(schedule))
            .fetch_all(&self.read)
            .await?;
        let open = rows.iter().map(|row| {
            Ok(OpenRun {
                execution: row.get("uuid")?,
                is_queued: row.get::<&str>("phase")? == Phase::Queued.as_str(),
            })
        });
        open.collect()
    }

    /// Stores a new schedule, with the audit entry, if a user created it.
    ///
    /// # Errors
    /// The name is taken, or the database failed.
    pub async fn create_schedule(
        &self,
        row: &ScheduleRow,
        entry: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        let done: Result<(), StoreError> = transaction!(self, transaction => {
            insert(transaction, row).await?;
            if let Some(entry) = entry {
                audit::append(transaction, entry).await?;
            }
        });
        match done {
            Err(StoreError::Database(sqlx::Error::Database(error)))
                if error.is_unique_violation() =>
            {
                Err(StoreError::ScheduleExists {
                    name: row.name.clone(),
                })
            }
            done => done,
        }
    }

    /// Replaces what can be changed of a schedule, with the audit entry; false if it is no longer at the row's revision.
    ///
    /// # Errors
    /// The database failed.
    pub async fn change_schedule(
        &self,
        row: &ScheduleRow,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let settings = &row.settings;
            let pause = row.paused.as_ref();
            let mut update = transaction.query(
                "UPDATE schedules SET cron = ?, zone = ?, overlap = ?, missed = ?, jitter_seconds = ?, run = ?, \
                 description = ?, owner = ?, token = ?, changed_us = ?, paused_us = ?, paused_by = ?, paused_note = ?, \
                 decided_us = ?, revision = ? WHERE uuid = ? AND revision = ?",
            );
            let run = run_text(settings);
            update
                .bind(&settings.cron)
                .bind(&settings.zone)
                .bind(settings.overlap.as_str())
                .bind(settings.missed.as_str())
                .bind(settings.jitter_seconds)
                .bind(&run)
                .bind(settings.description.as_deref())
                .bind(&row.owner)
                .bind(row.token.as_ref().map(<[u8; 32]>::as_slice))
                .bind(row.changed_us)
                .bind(pause.map(|pause| pause.paused_us))
                .bind(pause.map(|pause| pause.by.as_str()))
                .bind(pause.and_then(|pause| pause.note.as_deref()))
                .bind(row.decided_us)
                .bind(row.revision + 1)
                .bind(row.id)
                .bind(row.revision);
            let is_changed = update.execute_in(transaction).await? > 0;
            if is_changed {
                audit::append(transaction, entry).await?;
            }
            is_changed
        })
    }

    /// Removes a schedule and the outcomes of its times, with the audit entry; false if there is none of that identity.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_schedule(&self, id: Uuid, entry: &AuditEntry) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let mut delete = transaction.query("DELETE FROM schedules WHERE uuid = ?");
            let is_gone = delete.bind(id).execute_in(transaction).await? > 0;
            let mut delete = transaction.query("DELETE FROM schedule_ticks WHERE schedule = ?");
            delete.bind(id).execute_in(transaction).await?;
            if is_gone {
                audit::append(transaction, entry).await?;
            }
            is_gone
        })
    }

    /// Stores that nothing is started at a time, with an audit entry if there is one; false if the schedule is no longer at
    /// the revision that this was decided on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_tick(
        &self,
        tick: &ScheduleTick,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        transaction!(self, transaction => {
            let is_decided = decide(transaction, tick).await?;
            if is_decided && let Some(entry) = entry {
                audit::append(transaction, entry).await?;
            }
            is_decided
        })
    }

    /// Counts all times of a schedule up to this one as decided, without noting their outcomes; false if it is no
    /// longer at that revision.
    ///
    /// # Errors
    /// The database failed.
    pub async fn decide_schedule(
        &self,
        id: Uuid,
        revision: i64,
        until_us: i64,
    ) -> Result<bool, StoreError> {
        let mut update = self.query(
            "UPDATE schedules SET decided_us = ?, revision = ? WHERE uuid = ? AND revision = ?",
        );
        update
            .bind(until_us)
            .bind(revision + 1)
            .bind(id)
            .bind(revision);
        Ok(update.execute(&self.write).await? > 0)
    }

    /// Stores a copied schedule, and the outcomes of its times.
    ///
    /// # Errors
    /// The name is taken, or the database failed.
    pub(super) async fn copy_schedule(
        &self,
        row: &ScheduleRow,
        ticks: &[TickRow],
    ) -> Result<(), StoreError> {
        self.create_schedule(row, None).await?;
        transaction!(self, transaction => {
            for tick in ticks {
                insert_tick(transaction, row.id, tick).await?;
            }
        })
    }
}

/// Stores the decisions that these changes hold, within the transaction of the runs that they start. The indexes of those
/// that come too late are returned: another collector decided about the schedule, or it was changed.
pub(super) async fn decide_all(
    transaction: &mut Transaction,
    changes: &[Changes],
) -> Result<Vec<usize>, StoreError> {
    let mut late = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        if let Some(tick) = &change.tick
            && !decide(transaction, tick).await?
        {
            late.push(index);
        }
    }
    Ok(late)
}

async fn decide(transaction: &mut Transaction, tick: &ScheduleTick) -> Result<bool, StoreError> {
    let number = tick.revision + 1;
    let mut update =
        transaction.query("UPDATE schedules SET decided_us = ?, revision = ?, last_tick = ?");
    update.bind(tick.until_us).bind(number).bind(number);
    if let Some(execution) = tick.execution {
        update.push(", last_execution = ?").bind(execution);
    }
    update.push(" WHERE uuid = ? AND revision = ?");
    update.bind(tick.schedule).bind(tick.revision);
    if update.execute_in(transaction).await? == 0 {
        return Ok(false);
    }
    let row = TickRow {
        number,
        time_us: tick.time_us,
        decided_us: tick.decided_us,
        outcome: tick.outcome,
        detail: tick.detail.clone(),
        passed_over: tick.passed_over,
        execution: tick.execution,
    };
    insert_tick(transaction, tick.schedule, &row).await?;
    let mut delete =
        transaction.query("DELETE FROM schedule_ticks WHERE schedule = ? AND number <= ?");
    delete.bind(tick.schedule).bind(number - i64::from(TICKS));
    delete.execute_in(transaction).await?;
    Ok(true)
}

async fn insert(transaction: &mut Transaction, row: &ScheduleRow) -> Result<(), StoreError> {
    let settings = &row.settings;
    let pause = row.paused.as_ref();
    let run = run_text(settings);
    transaction
        .query(
            "INSERT INTO schedules (uuid, name, cron, zone, overlap, missed, jitter_seconds, run, description, owner, token, \
             created_us, changed_us, paused_us, paused_by, paused_note, decided_us, revision, last_tick, \
             last_execution) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id)
        .bind(&row.name)
        .bind(&settings.cron)
        .bind(&settings.zone)
        .bind(settings.overlap.as_str())
        .bind(settings.missed.as_str())
        .bind(settings.jitter_seconds)
        .bind(&run)
        .bind(settings.description.as_deref())
        .bind(&row.owner)
        .bind(row.token.as_ref().map(<[u8; 32]>::as_slice))
        .bind(row.created_us)
        .bind(row.changed_us)
        .bind(pause.map(|pause| pause.paused_us))
        .bind(pause.map(|pause| pause.by.as_str()))
        .bind(pause.and_then(|pause| pause.note.as_deref()))
        .bind(row.decided_us)
        .bind(row.revision)
        .bind(row.last.as_ref().map(|tick| tick.number))
        .bind(row.last_run.map(|run| run.execution))
        .execute_in(transaction)
        .await?;
    Ok(())
}

async fn insert_tick(
    transaction: &mut Transaction,
    schedule: Uuid,
    tick: &TickRow,
) -> Result<(), StoreError> {
    transaction
        .query(
            "INSERT INTO schedule_ticks (schedule, number, time_us, decided_us, outcome, detail, passed_over, \
             execution) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(schedule)
        .bind(tick.number)
        .bind(tick.time_us)
        .bind(tick.decided_us)
        .bind(tick.outcome.as_str())
        .bind(tick.detail.as_deref())
        .bind(tick.passed_over)
        .bind(tick.execution)
        .execute_in(transaction)
        .await?;
    Ok(())
}

/// What runs, as stored.
fn run_text(settings: &ScheduleSettings) -> String {
    serde_json::to_string(&settings.run).unwrap_or_else(|_| "{}".to_owned())
}

fn read(row: &Row) -> Result<ScheduleRow, StoreError> {
    let damaged = |part| StoreError::Damaged { part };
    let token: Option<Vec<u8>> = row.get("token")?;
    let token = token.map(TryInto::try_into).transpose();
    let paused_us: Option<i64> = row.get("paused_us")?;
    let paused = match paused_us {
        Some(paused_us) => Some(Pause {
            paused_us,
            by: row.get::<Option<String>>("paused_by")?.unwrap_or_default(),
            note: row.get("paused_note")?,
        }),
        None => None,
    };
    let last_execution: Option<Uuid> = row.get("last_execution")?;
    let last_run = match last_execution {
        Some(execution) => Some(LastRun {
            execution,
            status: match row.get::<Option<&str>>("status")? {
                Some(_) => Some(read_status(row)?),
                None => None,
            },
        }),
        None => None,
    };
    let last = match row.get::<Option<i64>>("number")? {
        Some(_) => Some(read_tick(row)?),
        None => None,
    };
    Ok(ScheduleRow {
        id: row.get("uuid")?,
        name: row.get("name")?,
        settings: ScheduleSettings {
            cron: row.get("cron")?,
            zone: row.get("zone")?,
            overlap: Overlap::from_name(row.get("overlap")?)
                .ok_or(damaged("a schedule's overlap"))?,
            missed: MissedTimes::from_name(row.get("missed")?)
                .ok_or(damaged("a schedule's missed"))?,
            jitter_seconds: row.number("jitter_seconds")?,
            run: serde_json::from_str(row.get("run")?)
                .map_err(|_| damaged("what a schedule runs"))?,
            description: row.get("description")?,
        },
        owner: row.get("owner")?,
        token: token.map_err(|_| damaged("a schedule's token"))?,
        created_us: row.get("created_us")?,
        changed_us: row.get("changed_us")?,
        paused,
        decided_us: row.get("until_us")?,
        revision: row.get("revision")?,
        last,
        last_run,
    })
}

fn read_tick(row: &Row) -> Result<TickRow, StoreError> {
    Ok(TickRow {
        number: row.get("number")?,
        time_us: row.get("time_us")?,
        decided_us: row.get("decided_us")?,
        outcome: ScheduleOutcome::from_name(row.get("outcome")?).ok_or(StoreError::Damaged {
            part: "the outcome of a schedule's time",
        })?,
        detail: row.get("detail")?,
        passed_over: row.unsigned("passed_over")?,
        execution: row.get("execution")?,
    })
}
