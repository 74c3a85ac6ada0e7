//! Applying rules of retention because somebody asks for it.

use serde_json::{Value, json};

use super::{CommandError, Commands};
use crate::model::{Action, Actor, AuditEntry, RetentionRule};
use crate::retention::Report;

/// Which rules are to be applied.
#[derive(Debug, Clone)]
pub struct Cleanup {
    /// This rule; none: the configured ones.
    pub rule: Option<RetentionRule>,
    /// Only say what would go.
    pub is_dry_run: bool,
}

impl Commands {
    /// Removes what is kept no longer. The audit trail has an entry before anything goes, and one at the end; a dry
    /// run has none.
    ///
    /// # Errors
    /// See [`CommandError`]; what went until then is gone.
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
        tracing::info!(by = %actor, ?rules, "a cleanup was asked for");
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

/// A rule as the audit trail shows it: what is set of it.
fn rule(rule: &RetentionRule) -> Value {
    let all = json!({
        "playbook": rule.scope.playbook,
        "label": rule.scope.label,
        "status": rule.scope.status.map(crate::model::Status::as_str),
        "type": rule.scope.r#type,
        "keep_days": rule.limits.keep_days,
        "keep_runs": rule.limits.keep_runs,
        "keep_bytes": rule.limits.keep_bytes,
        "keep_payload_days": rule.limits.keep_payload_days,
        "keep_at_least": Some(rule.limits.keep_at_least).filter(|least| *least > 0),
    });
    match all {
        Value::Object(all) => all
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        other => other,
    }
}
