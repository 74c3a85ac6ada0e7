//! Findings: grouped for people, as JSON for scripts.

use serde::Serialize;
use serde_json::json;

use super::super::out::{Colour, Out, plain};

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// Everything is right.
    Ok,
    /// Something that may be wanted is not recorded, or not delivered yet.
    Warn,
    /// Runs are not recorded, or not delivered.
    Problem,
}

/// The result of one check.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// The subject: one of the Ansibles, the collector, the spool.
    about: String,
    /// Name of the check, the same in every version.
    check: &'static str,
    level: Level,
    message: String,
    /// The recommended action.
    next: Option<String>,
}

/// All findings.
#[derive(Debug, Default)]
pub(super) struct Report {
    about: String,
    findings: Vec<Finding>,
}

impl Report {
    /// Sets the subject of the next findings.
    pub(super) fn about(&mut self, subject: impl Into<String>) {
        self.about = subject.into();
    }

    pub(super) fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Level::Ok, &message.into(), None);
    }

    pub(super) fn warn(
        &mut self,
        check: &'static str,
        message: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.add(check, Level::Warn, &message.into(), Some(next.into()));
    }

    pub(super) fn problem(
        &mut self,
        check: &'static str,
        message: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.add(check, Level::Problem, &message.into(), Some(next.into()));
    }

    fn add(&mut self, check: &'static str, level: Level, message: &str, next: Option<String>) {
        self.findings.push(Finding {
            about: self.about.clone(),
            check,
            level,
            message: plain(message),
            next,
        });
    }

    fn count(&self, level: Level) -> usize {
        let of_it = self
            .findings
            .iter()
            .filter(|finding| finding.level == level);
        of_it.count()
    }

    pub(super) fn has_problems(&self) -> bool {
        self.count(Level::Problem) > 0
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let (problems, warnings) = (self.count(Level::Problem), self.count(Level::Warn));
        let mut out = Out::new();
        if json {
            out.json(&json!({
                "problems": problems,
                "warnings": warnings,
                "findings": self.findings,
            }))?;
            return out.flush();
        }
        let mut about = "";
        for finding in &self.findings {
            if finding.about != about {
                about = &finding.about;
                out.line(out.paint(Colour::Bold, about))?;
            }
            let mark = match finding.level {
                Level::Ok => out.paint(Colour::Green, "ok     "),
                Level::Warn => out.paint(Colour::Cyan, "warning"),
                Level::Problem => out.paint(Colour::Red, "problem"),
            };
            out.line(format_args!("  {mark}  {}", finding.message))?;
            if let Some(next) = &finding.next {
                out.line(format_args!("           → {next}"))?;
            }
        }
        out.line(match (problems, warnings) {
            (0, 0) => "Everything that runs here is recorded and delivered.".to_owned(),
            (problems, warnings) => format!("Problems: {problems}. Warnings: {warnings}."),
        })?;
        out.flush()
    }
}
