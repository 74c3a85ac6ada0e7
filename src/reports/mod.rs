//! Reports: made on request, or by themselves.
//!
//! ```text
//! timetable: a time comes ── history::report ── store: figures, deliveries and the time, one commit
//!                                                          │
//!        whoever reads it, files, notify: made again from the history as it is then ── render
//! ```
//!
//! Layout:
//! - [`render`](mod@render): a report as HTML, Markdown, text, CSV or JSON; pure
//! - `request`: which runs a report is about
//! - `job`: makes what is due, on one collector at a time, and prunes the history of reports
//! - `documents`: one for each format, with the name of its file; pure
//! - `folder`: writes documents to folders. What goes to targets of notifications is sent by [`crate::notify`]

mod documents;
mod folder;
mod job;
pub mod render;
mod request;

use std::sync::Arc;

use tokio::sync::Notify;

pub use documents::{ReportDocument, documents};
pub use job::ScheduledReports;
pub use render::{Brief, as_text, brief, render};
pub use request::{ReportParameters, ReportsError, request};

use crate::clock::Clock;
use crate::config::ReportsConfig;
use crate::history::{self, Costs, ReportRequest};
use crate::model::{
    Report, ReportDestination, ReportPeriod, ReportRow, ReportSchedule, ReportSettings,
};
use crate::store::Store;
use crate::timetable::{Timetable, TimetableError};

/// Most formats and destinations of a schedule.
const MOST: usize = 10;

/// The longest name of a folder, in bytes.
const NAME_BYTES: usize = 100;

/// The reports of this collector's store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reports(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    costs: Costs,
    clock: Clock,
    config: ReportsConfig,
    /// Wakes the job: a schedule was changed.
    changed: Notify,
}

impl Reports {
    /// Of this store. Nothing is made by itself yet: see [`Reports::scheduled`].
    #[must_use]
    pub fn new(store: Store, costs: Costs, clock: Clock, config: ReportsConfig) -> Self {
        Self(Arc::new(Inner {
            store,
            costs,
            clock,
            config,
            changed: Notify::new(),
        }))
    }

    /// Makes a report, which is not kept.
    ///
    /// # Errors
    /// The time range or the query is not valid, or the store failed.
    pub async fn make(&self, parameters: &ReportParameters) -> Result<Report, ReportsError> {
        let inner = &*self.0;
        let now_us = inner.clock.now_us();
        let request = request(parameters, now_us).map_err(ReportsError::Invalid)?;
        Ok(history::report(&inner.store, &inner.costs, &request, now_us).await?)
    }

    /// Makes a report of a schedule again, from the history as it is now: without what was redacted or deleted meanwhile,
    /// and with what arrived late.
    ///
    /// # Errors
    /// Its query or zone is no longer valid, or the store failed.
    pub async fn again(&self, row: &ReportRow) -> Result<Report, ReportsError> {
        let inner = &*self.0;
        let request = row_request(row).map_err(ReportsError::Invalid)?;
        Ok(history::report(&inner.store, &inner.costs, &request, inner.clock.now_us()).await?)
    }

    /// What runs cost.
    #[must_use]
    pub fn costs(&self) -> &Costs {
        &self.0.costs
    }

    /// A schedule was changed: whatever is due next is looked up again.
    pub fn changed(&self) {
        self.0.changed.notify_one();
    }

    /// The next times of a schedule, at most `count`, in microseconds since the epoch; none while it is paused.
    #[must_use]
    pub fn next(&self, schedule: &ReportSchedule, count: usize) -> Vec<i64> {
        let settings = &schedule.settings;
        let timetable = Timetable::parse(&settings.cron, &settings.zone);
        match timetable {
            Ok(timetable) if !settings.paused => {
                let after_us = schedule.decided_us.max(self.0.clock.now_us());
                timetable.preview(after_us, count)
            }
            _ => Vec::new(),
        }
    }

    /// Checks what a schedule is to make.
    ///
    /// # Errors
    /// A field is not valid: which, why, and what is valid.
    pub fn check(&self, settings: &ReportSettings) -> Result<(), String> {
        let now_us = self.0.clock.now_us();
        let timetable = Timetable::parse(&settings.cron, &settings.zone);
        let timetable = timetable.map_err(|error| error.to_string())?;
        if timetable.next_after(now_us).is_none() {
            return Err(TimetableError::Never(settings.cron.clone()).to_string());
        }
        if ReportPeriod::from_name(&settings.period).is_none() {
            return Err(format!(
                "period = {:?}: it must be day, week or month",
                settings.period
            ));
        }
        if settings.formats.is_empty() || settings.formats.len() > MOST {
            return Err("formats: name at least one of html, markdown, csv, json, text".to_owned());
        }
        for (at, format) in settings.formats.iter().enumerate() {
            if settings.formats[..at].contains(format) {
                return Err(format!("formats: {} is there twice", format.as_str()));
            }
        }
        if settings.destinations.len() > MOST {
            return Err(format!("destinations: there can be at most {MOST}"));
        }
        for (at, destination) in settings.destinations.iter().enumerate() {
            if settings.destinations[..at].contains(destination) {
                return Err(format!(
                    "destinations: {} is there twice",
                    destination.shown()
                ));
            }
            if let ReportDestination::Folder { name } = destination {
                self.check_folder(name)?;
            }
        }
        request(&ReportParameters::of(&settings.into(), now_us), now_us).map(|_| ())
    }

    fn check_folder(&self, name: &str) -> Result<(), String> {
        if self.0.config.folder.is_none() {
            return Err(
                "destinations: this collector writes no files: set folder in [reports] of its configuration"
                    .to_owned(),
            );
        }
        match is_file_name(name) {
            true => Ok(()),
            false => Err(format!(
                "destinations: folder name = {name:?}: it must have 1 to {NAME_BYTES} letters, digits, \"-\", \"_\" or \
                 \".\", and not begin with \".\""
            )),
        }
    }
}

/// What a report of a schedule is about.
fn row_request(row: &ReportRow) -> Result<ReportRequest, String> {
    let parameters = ReportParameters {
        schedule: Some(row.schedule.clone()),
        ..ReportParameters::of(&row.content, row.due_us)
    };
    request(&parameters, row.due_us)
}

/// Whether a name can be that of a file, on every system and without any meaning.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=NAME_BYTES).contains(&name.len()) && !name.starts_with('.') && name.chars().all(is_plain)
}
