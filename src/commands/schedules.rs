//! Schedules: create, change, pause, resume, run, delete. With the scope `run` users change their own; `admin` changes
//! all.

use serde_json::{Value, json};
use uuid::Uuid;

use super::executions::checked;
use super::{CommandError, Commands};
use crate::auth::{Scope, Scopes};
use crate::launcher::LaunchRequest;
use crate::model::{
    Action, Actor, AuditEntry, Pause, ScheduleRow, ScheduleSettings, ScheduledRun, Via,
};
use crate::schedules::RunByHand;
use crate::schedules::rules::MOST_JITTER;
use crate::timetable::{Timetable, TimetableError};

/// The most schedules of a collector.
const MOST: usize = 1000;

/// The longest name of a schedule, in characters.
const LONGEST_NAME: usize = 100;

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 2000;

/// How often a change is tried whose schedule was decided about at the same moment.
const TRIES: usize = 10;

impl Commands {
    /// Creates a schedule, which starts runs on the actor's behalf.
    ///
    /// # Errors
    /// See [`CommandError`]; then there is none.
    pub async fn create_schedule(
        &self,
        actor: Actor,
        name: &str,
        settings: ScheduleSettings,
    ) -> Result<ScheduleRow, CommandError> {
        check_name(name)?;
        let now_us = self.clock.now_us();
        self.check_settings(name, &settings, now_us).await?;
        if self.store.schedules().await?.len() >= MOST {
            return Err(CommandError::Invalid(format!(
                "there are {MOST} schedules, and no more are kept: delete some first"
            )));
        }
        let row = ScheduleRow {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            owner: actor.name.clone(),
            token: self.token_of(&actor).await?,
            created_us: now_us,
            changed_us: now_us,
            paused: None,
            decided_us: now_us,
            revision: 1,
            last: None,
            last_run: None,
            settings,
        };
        let entry = entry(now_us, actor, Action::CreateSchedule, name);
        let entry = entry.after(shown(&row.settings));
        self.store.create_schedule(&row, Some(&entry)).await?;
        self.schedules.changed();
        Ok(row)
    }

    /// Replaces the settings of a schedule, which starts runs on the actor's behalf from now on. Times that came before
    /// are not made up for.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn change_schedule(
        &self,
        actor: Actor,
        name: &str,
        settings: ScheduleSettings,
    ) -> Result<ScheduleRow, CommandError> {
        // A user who may not change it learns nothing about errors in the settings.
        self.schedule_of(&actor, name).await?;
        let now_us = self.clock.now_us();
        self.check_settings(name, &settings, now_us).await?;
        let token = self.token_of(&actor).await?;
        self.changed_schedule(&actor, name, |before| {
            let entry = entry(now_us, actor.clone(), Action::ChangeSchedule, name)
                .before(shown(&before.settings))
                .after(shown(&settings));
            let row = ScheduleRow {
                settings: settings.clone(),
                owner: actor.name.clone(),
                token,
                changed_us: now_us,
                decided_us: now_us,
                ..before.clone()
            };
            Some((row, entry))
        })
        .await
    }

    /// Pauses a schedule: it starts nothing until it is resumed. A paused one stays as it is.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn pause_schedule(
        &self,
        actor: Actor,
        name: &str,
        note: Option<&str>,
    ) -> Result<ScheduleRow, CommandError> {
        let note = checked(note)?;
        let now_us = self.clock.now_us();
        self.changed_schedule(&actor, name, |before| {
            if before.paused.is_some() {
                return None;
            }
            let entry = entry(now_us, actor.clone(), Action::PauseSchedule, name).note(note);
            let row = ScheduleRow {
                paused: Some(Pause {
                    paused_us: now_us,
                    by: actor.name.clone(),
                    note: note.map(str::to_owned),
                }),
                changed_us: now_us,
                ..before.clone()
            };
            Some((row, entry))
        })
        .await
    }

    /// Resumes a schedule. Times that came while it was paused are not made up for.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn resume_schedule(
        &self,
        actor: Actor,
        name: &str,
        note: Option<&str>,
    ) -> Result<ScheduleRow, CommandError> {
        let note = checked(note)?;
        let now_us = self.clock.now_us();
        self.changed_schedule(&actor, name, |before| {
            let pause = before.paused.as_ref()?;
            let entry = entry(now_us, actor.clone(), Action::ResumeSchedule, name)
                .note(note)
                .before(
                    json!({ "paused_us": pause.paused_us, "by": pause.by, "note": pause.note }),
                );
            let row = ScheduleRow {
                paused: None,
                changed_us: now_us,
                decided_us: now_us,
                ..before.clone()
            };
            Some((row, entry))
        })
        .await
    }

    /// Runs a schedule now, on the actor's behalf, whoever owns it and whether it is paused or not; returns the run's
    /// identity. Its next times do not change.
    ///
    /// # Errors
    /// See [`CommandError`]; then there is no record.
    pub async fn run_schedule(
        &self,
        actor: &Actor,
        name: &str,
        note: Option<&str>,
    ) -> Result<Uuid, CommandError> {
        let note = checked(note)?;
        for _ in 0..TRIES {
            let Some(row) = self.store.schedule(name).await? else {
                return Err(CommandError::NoSuchSchedule(name.to_owned()));
            };
            let now_us = self.clock.now_us();
            let entry = entry(now_us, actor.clone(), Action::RunSchedule, name).note(note);
            let name = name.to_owned();
            match self.schedules.run_by_hand(&row, actor, note, entry).await? {
                RunByHand::Started(execution) => return Ok(execution),
                RunByHand::NotOver { execution } => {
                    return Err(CommandError::ScheduleRuns { name, execution });
                }
                RunByHand::AlreadyWaiting => return Err(CommandError::ScheduleWaits(name)),
                RunByHand::Overtaken => {}
            }
        }
        Err(CommandError::ScheduleChanged(name.to_owned()))
    }

    /// Deletes a schedule. Its runs continue, and stay in the history.
    ///
    /// # Errors
    /// See [`CommandError`]; then nothing was changed.
    pub async fn delete_schedule(
        &self,
        actor: Actor,
        name: &str,
        note: Option<&str>,
    ) -> Result<(), CommandError> {
        let note = checked(note)?;
        let row = self.schedule_of(&actor, name).await?;
        let entry = entry(self.clock.now_us(), actor, Action::DeleteSchedule, name)
            .note(note)
            .before(shown(&row.settings));
        match self.store.delete_schedule(row.id, &entry).await? {
            true => Ok(()),
            false => Err(CommandError::NoSuchSchedule(name.to_owned())),
        }
    }

    /// Makes a change of a schedule from its present state; none leaves it as it is.
    async fn changed_schedule(
        &self,
        actor: &Actor,
        name: &str,
        change: impl Fn(&ScheduleRow) -> Option<(ScheduleRow, AuditEntry)>,
    ) -> Result<ScheduleRow, CommandError> {
        for _ in 0..TRIES {
            let before = self.schedule_of(actor, name).await?;
            let Some((row, entry)) = change(&before) else {
                return Ok(before);
            };
            if self.store.change_schedule(&row, &entry).await? {
                self.schedules.changed();
                return Ok(row);
            }
        }
        Err(CommandError::ScheduleChanged(name.to_owned()))
    }

    /// The schedule of that name, if the actor may change it.
    async fn schedule_of(&self, actor: &Actor, name: &str) -> Result<ScheduleRow, CommandError> {
        let Some(row) = self.store.schedule(name).await? else {
            return Err(CommandError::NoSuchSchedule(name.to_owned()));
        };
        let may_all = actor.via == Via::Open || Scopes::decode(&actor.scopes).allow(Scope::Admin);
        let is_own = row.token.is_some() && row.token == self.token_of(actor).await?;
        match may_all || is_own {
            true => Ok(row),
            false => Err(CommandError::NotYourSchedule {
                name: row.name,
                owner: row.owner,
            }),
        }
    }

    /// The hash of the actor's token, by which a schedule knows it again.
    async fn token_of(&self, actor: &Actor) -> Result<Option<[u8; 32]>, CommandError> {
        match actor.token {
            Some(id) => Ok(self.store.token_hash(id).await?),
            None => Ok(None),
        }
    }

    /// Checks settings as far as they can be checked before a time comes.
    async fn check_settings(
        &self,
        name: &str,
        settings: &ScheduleSettings,
        now_us: i64,
    ) -> Result<(), CommandError> {
        if settings
            .description
            .as_ref()
            .is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION)
        {
            return Err(CommandError::Invalid(format!(
                "description is too long: {LONGEST_DESCRIPTION} characters at most"
            )));
        }
        let invalid = |error: TimetableError| CommandError::Invalid(error.to_string());
        let timetable = Timetable::parse(&settings.cron, &settings.zone).map_err(invalid)?;
        if timetable.next_after(now_us).is_none() {
            return Err(invalid(TimetableError::Never(settings.cron.clone())));
        }
        if settings.jitter_seconds > MOST_JITTER {
            return Err(CommandError::Invalid(format!(
                "jitter_seconds = {}: it must be from 0 to {MOST_JITTER}",
                settings.jitter_seconds
            )));
        }
        let request = self
            .launcher
            .scheduled_request(settings.run.clone())
            .await?;
        let request = LaunchRequest {
            schedule: Some(name.to_owned()),
            ..request
        };
        Ok(self.launcher.check(request).await?)
    }
}

fn check_name(name: &str) -> Result<(), CommandError> {
    let is_plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length)
        && name.chars().all(is_plain)
        && !name.starts_with(['-', '.'])
    {
        return Ok(());
    }
    Err(CommandError::Invalid(format!(
        "name = {name:?}: it must have 1 to {LONGEST_NAME} letters, digits, \".\", \"_\" and \"-\", and not begin with \"-\" or \
         \".\""
    )))
}

fn entry(now_us: i64, actor: Actor, action: Action, name: &str) -> AuditEntry {
    AuditEntry::new(now_us, actor, action, ScheduleRow::object(name))
}

/// Settings for the audit trail: without values, because nothing can be removed from it.
fn shown(settings: &ScheduleSettings) -> Value {
    // Every field is named, so that the compiler reports one that is forgotten.
    let ScheduleSettings {
        cron,
        zone,
        overlap,
        missed,
        jitter_seconds,
        run,
        // It may say anything.
        description: _,
    } = settings;
    let run = ScheduledRun {
        note: None,
        ..run.without_values()
    };
    json!({
        "cron": cron, "zone": zone, "overlap": overlap, "missed": missed, "jitter_seconds": jitter_seconds, "run": run,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_as_a_path_and_a_query_can_hold() {
        for good in ["nightly", "web-01.deploy_2", "täglich", &"a".repeat(100)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "a*",
            "-a",
            ".",
            "..",
            "a\n",
            "a:b",
            &"a".repeat(101),
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
