//! Schedules of reports: saved and deleted.

use serde_json::json;

use super::{CommandError, Commands};
use crate::model::{
    Action, Actor, AuditEntry, Precondition, ReportDestination, ReportSchedule, ReportSettings,
    TargetKind,
};
use crate::reports::is_file_name;

impl Commands {
    /// Saves a report schedule: creates it or replaces the existing one, as far as the precondition allows. From now
    /// on, reports are made for its next times.
    ///
    /// # Errors
    /// The name or a setting is not valid, the precondition does not hold, or the store failed.
    pub async fn save_report_schedule(
        &self,
        actor: &Actor,
        name: &str,
        settings: ReportSettings,
        precondition: Precondition,
        note: Option<&str>,
    ) -> Result<ReportSchedule, CommandError> {
        if !is_file_name(name) {
            return Err(CommandError::Invalid(format!(
                "name = {name:?}: it must have 1 to 100 letters, digits, \"-\", \"_\" or \".\", and not begin with \".\""
            )));
        }
        self.reports
            .check(&settings)
            .map_err(CommandError::Invalid)?;
        for destination in &settings.destinations {
            if let ReportDestination::Target { name } = destination {
                self.check_report_target(name).await?;
            }
        }
        let now_us = self.clock.now_us();
        let known = self.store.report_schedule(name).await?;
        let schedule = ReportSchedule {
            name: name.to_owned(),
            settings,
            changed_by: actor.name.clone(),
            created_us: known.map_or(now_us, |known| known.created_us),
            changed_us: now_us,
            decided_us: now_us,
        };
        let entry = |before: Option<&ReportSchedule>| {
            let object = ReportSchedule::object(name);
            let entry = AuditEntry::new(now_us, actor.clone(), Action::SaveReportSchedule, object)
                .note(note)
                .after(json!(schedule.settings));
            match before {
                Some(before) => entry.before(json!(before.settings)),
                None => entry,
            }
        };
        let saved = self
            .store
            .save_report_schedule_if(&schedule, precondition, entry);
        saved.await?;
        self.reports.changed();
        Ok(schedule)
    }

    async fn check_report_target(&self, name: &str) -> Result<(), CommandError> {
        match self.store.target(name).await? {
            None => Err(CommandError::Invalid(format!(
                "destinations: there is no target named {name:?}: \"playback notify list\" shows the existing ones"
            ))),
            Some(target) if target.settings.kind == TargetKind::Pagerduty => {
                Err(CommandError::Invalid(format!(
                    "destinations: {name:?} is a target of kind pagerduty, which takes incidents and no reports"
                )))
            }
            Some(_) => Ok(()),
        }
    }

    /// Deletes a schedule of reports. The reports that were made for it stay.
    ///
    /// # Errors
    /// There is none of that name, or the store failed.
    pub async fn delete_report_schedule(
        &self,
        actor: &Actor,
        name: &str,
        note: Option<&str>,
    ) -> Result<(), CommandError> {
        let now_us = self.clock.now_us();
        let entry = |before: &ReportSchedule| {
            let object = ReportSchedule::object(name);
            AuditEntry::new(now_us, actor.clone(), Action::DeleteReportSchedule, object)
                .note(note)
                .before(json!(before.settings))
        };
        match self.store.delete_report_schedule(name, entry).await? {
            true => Ok(()),
            false => Err(CommandError::NoSuchReportSchedule(name.to_owned())),
        }
    }
}
