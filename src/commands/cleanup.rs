//! Applies retention rules on request.

use serde_json::{Value, json};

use super::{CommandError, Commands};
use crate::filter::place;
use crate::model::{Action, Actor, AuditEntry, Limits, RetentionRule};
use crate::retention::Report;

/// Which rules to apply.
#[derive(Debug, Clone)]
pub struct Cleanup {
    /// This rule; none: the configured ones.
    pub rule: Option<RetentionRule>,
    /// Only report what would be removed.
    pub is_dry_run: bool,
}

impl Commands {
    /// Removes what is no longer kept. The audit trail gets an entry before anything is removed, and one at the end;
    /// a dry run writes none.
    ///
    /// # Errors
    /// See [`CommandError`]; what was removed before the error stays removed.
    pub async fn cleanup(&self, actor: Actor, asked: Cleanup) -> Result<Report, CommandError> {
        let rules = match asked.rule {
            Some(rule) => vec![rule],
            None => self.retention.rules().to_vec(),
        };
        if rules.is_empty() {
            return Err(CommandError::Invalid(
                "no rules of retention are configured: give retention_days or another limit, or add [[retention]] to \
                 the collector's configuration"
                    .to_owned(),
            ));
        }
        let retention = self.retention.clone();
        if asked.is_dry_run {
            let cleaning = async move { retention.cleanup(&rules, None).await };
            return Ok(self.to_its_end("cleanup", cleaning).await??);
        }
        let begun = retention.begin_cleanup()?;
        let entry = |action| AuditEntry::new(self.clock.now_us(), actor.clone(), action, "history");
        let shown: Vec<Value> = rules.iter().map(rule).collect();
        let first = entry(Action::Cleanup).after(json!({ "rules": shown }));
        self.store.audit_deletion(&first).await?;
        tracing::info!(by = %actor, ?rules, "a cleanup was requested");
        let commands = self.clone();
        let cleaning = async move {
            let report = retention.cleanup(&rules, Some(begun)).await?;
            let ended = AuditEntry::new(
                commands.clock.now_us(),
                actor,
                Action::CleanupEnded,
                "history",
            );
            commands.store.audit(&ended.after(report.summary())).await?;
            Ok::<_, CommandError>(report)
        };
        self.to_its_end("cleanup", cleaning).await?
    }
}

/// A rule for the audit trail: only the fields that are set.
fn rule(rule: &RetentionRule) -> Value {
    let RetentionRule {
        scope,
        limits:
            Limits {
                keep_days,
                keep_runs,
                keep_bytes,
                keep_payload_days,
                keep_at_least,
            },
    } = rule;
    let filters = place::spelled::<place::Retention>().map(|(field, at)| {
        let text = (field.get)(scope);
        (at.name, text.map(Value::from))
    });
    let limits = [
        ("keep_days", keep_days.map(Value::from)),
        ("keep_runs", keep_runs.map(Value::from)),
        ("keep_bytes", keep_bytes.map(Value::from)),
        ("keep_payload_days", keep_payload_days.map(Value::from)),
        (
            "keep_at_least",
            Some(*keep_at_least)
                .filter(|least| *least > 0)
                .map(Value::from),
        ),
    ];
    filters
        .chain(limits)
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
