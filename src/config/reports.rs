//! Configuration of reports: `[reports]`.

use std::path::PathBuf;

use serde::Deserialize;

/// Where reports are written, and how long they are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportsConfig {
    /// The folder in which reports are written that are delivered as files; none: none are.
    pub folder: Option<PathBuf>,
    /// Days for which the reports of schedules are listed.
    pub keep_days: u32,
    /// How many reports of each schedule are listed, the newest ones.
    pub keep_reports: u32,
}

impl Default for ReportsConfig {
    fn default() -> Self {
        Self {
            folder: None,
            keep_days: 400,
            keep_reports: 400,
        }
    }
}

impl ReportsConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// One is not valid: which, and what is valid.
    pub fn check(&self) -> Result<(), String> {
        for (name, value) in [
            ("keep_days", self.keep_days),
            ("keep_reports", self.keep_reports),
        ] {
            if value == 0 {
                return Err(format!("reports.{name} must be at least 1"));
            }
        }
        match &self.folder {
            Some(folder) if !folder.is_absolute() => Err(format!(
                "reports.folder = {}: it must be an absolute path",
                folder.display()
            )),
            _ => Ok(()),
        }
    }
}
