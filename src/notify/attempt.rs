//! One attempt to deliver a message, and what follows from it.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::json;
use url::Url;

use super::notice::Notice;
use super::render::{self, Outgoing};
use super::secrets::TargetSecrets;
use super::send::mask::Mask;
use super::send::{Outcome, Sent};
use super::{Notifier, NotifyError, backoff, micros, object, read};
use crate::model::{
    Action, Actor, AttemptRow, AuditEntry, DeliveryKind, DeliveryRow, DeliveryState, TargetRow,
    time_from_us,
};
use crate::store::{AttemptOutcome, TargetCondition};

/// How much of a text the log keeps, in characters.
const KEPT_CHARS: usize = 1000;

/// How much of a body the log keeps, in characters.
const BODY_CHARS: usize = 64 << 10;

/// An attempt to send a message.
struct SentMessage {
    sent: Sent,
    request: Option<String>,
    body: Option<String>,
}

impl SentMessage {
    fn failed(outcome: Outcome, error: String) -> Self {
        Self {
            sent: Sent {
                outcome,
                status: None,
                answer: None,
                error: Some(error),
                recipients: Vec::new(),
            },
            request: None,
            body: None,
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What the audit trail says of a message that is given up. Why is in the log of deliveries, from which it goes with the
/// run.
fn given_up(
    target: &TargetRow,
    delivery: &DeliveryRow,
    state: DeliveryState,
    attempts: u32,
    status: Option<u16>,
    now_us: i64,
) -> Option<AuditEntry> {
    // The user who requested a test is in the trail, and saw its outcome.
    if state != DeliveryState::Failed || delivery.kind == DeliveryKind::Test {
        return None;
    }
    let object = format!("delivery:{}", delivery.uuid);
    let entry = AuditEntry::new(now_us, Actor::schedule(), Action::GiveUpDelivery, object);
    let mut after = json!({ "target": target.name, "attempts": attempts });
    if let Some(status) = status {
        after["status"] = status.into();
    }
    Some(entry.after(after))
}

impl Notifier {
    /// Tries to deliver a message, and notes what came of it. True: the target works.
    pub(super) async fn attempt(
        &self,
        target: &TargetRow,
        delivery: &DeliveryRow,
    ) -> Result<bool, NotifyError> {
        let parts = &self.0;
        let at_us = parts.clock.now_us();
        let begun_us = parts.clock.monotonic_us();
        let stored = delivery.notice.as_deref();
        let stored = stored.and_then(|notice| serde_json::from_str::<Notice>(notice).ok());
        let notice = match stored {
            Some(notice) => Ok(notice),
            None => {
                let reader = read::Reader {
                    store: &parts.store,
                    reports: &parts.reports,
                    target: &target.name,
                    pages: parts.pages.as_deref(),
                };
                reader.notice(delivery, at_us).await?
            }
        };
        let mut tried = match &notice {
            Ok(notice) => self.tried(target, delivery, notice, at_us).await?,
            Err(why) => SentMessage::failed(Outcome::Refused, why.clone()),
        };
        // A report tells of many runs, any of which may be redacted or deleted later: it is made again for each attempt,
        // and the log keeps nothing of it.
        let is_report = delivery.kind == DeliveryKind::Report;
        if is_report {
            tried.body = None;
            tried.sent.answer = None;
        }
        let duration_us = parts.clock.monotonic_us().saturating_sub(begun_us);
        let number = delivery.attempts.saturating_add(1);
        let ended_us = parts.clock.now_us();
        let (state, due_us, condition) =
            self.follows(target, delivery, &tried.sent, number, ended_us);
        let short = |text: Option<&String>| text.map(|text| cut(text, KEPT_CHARS));
        let outcome = AttemptOutcome {
            attempt: AttemptRow {
                number,
                at_us,
                duration_us,
                status: tried.sent.status,
                answer: short(tried.sent.answer.as_ref()),
                error: short(tried.sent.error.as_ref()),
            },
            state,
            due_us,
            notice: notice
                .ok()
                .filter(|_| !is_report)
                .and_then(|notice| serde_json::to_string(&notice).ok())
                .unwrap_or_default(),
            request: tried.request,
            body: tried.body.map(|body| cut(&body, BODY_CHARS)),
            recipients: tried.sent.recipients.join("\n"),
            error: short(tried.sent.error.as_ref()),
            target: condition,
            ended_us,
            entry: given_up(target, delivery, state, number, tried.sent.status, ended_us),
        };
        parts.store.note_attempt(delivery, &outcome).await?;
        let label = match state {
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "given_up",
            DeliveryState::Pending => "retried",
        };
        metrics::counter!("playback_notifications_total", "outcome" => label).increment(1);
        self.note(target, &tried.sent, ended_us, condition).await?;
        Ok(!matches!(condition, TargetCondition::Fails { .. }))
    }

    /// Makes and sends the message.
    async fn tried(
        &self,
        target: &TargetRow,
        delivery: &DeliveryRow,
        notice: &Notice,
        now_us: i64,
    ) -> Result<SentMessage, NotifyError> {
        let parts = &self.0;
        let secrets = match TargetSecrets::open(&parts.keys, target) {
            Ok(secrets) => secrets,
            Err(error) => return Ok(SentMessage::failed(Outcome::Later(None), error.to_string())),
        };
        let made = render::outgoing(
            &target.settings,
            &secrets,
            notice,
            delivery.uuid,
            now_us.div_euclid(1_000_000),
        );
        let message = match made {
            Ok(message) => message,
            Err(error) => {
                // A template of a header field may hold a secret, and an error may quote it.
                let error = Mask::new(&target.settings, &secrets).applied(&error);
                return Ok(SentMessage::failed(Outcome::Refused, error));
            }
        };
        let (request, body) = match &message {
            Outgoing::Http(request) => {
                let origin = Url::parse(request.url.expose_secret());
                let origin = origin.map(|url| url.origin().ascii_serialization());
                let origin = origin.unwrap_or_else(|_| target.address.clone());
                let line = format!("{} {origin}", request.method);
                (line, request.shown_body.clone())
            }
            Outgoing::Mail(mail) => {
                let body = json!({ "subject": mail.subject, "text": mail.text, "html": mail.html });
                (format!("mail to {}", target.address), body.to_string())
            }
        };
        let sender = parts.sender.clone();
        let settings = target.settings.clone();
        let have: Vec<String> = delivery.recipients.lines().map(str::to_owned).collect();
        let sending = tokio::task::spawn_blocking(move || {
            sender.send(&settings, &secrets, &message, &have, now_us)
        });
        let sent = sending.await.map_err(|_| NotifyError::BrokenOff)?;
        Ok(SentMessage {
            sent,
            request: Some(request),
            body: Some(body),
        })
    }

    /// The new state of the delivery, when it is tried again, and how long the target is left alone.
    fn follows(
        &self,
        target: &TargetRow,
        delivery: &DeliveryRow,
        sent: &Sent,
        number: u32,
        now_us: i64,
    ) -> (DeliveryState, i64, TargetCondition) {
        let config = &self.0.config;
        let wait = match sent.outcome {
            Outcome::Taken => return (DeliveryState::Delivered, now_us, TargetCondition::Works),
            Outcome::Refused => {
                let condition = match sent.status {
                    Some(_) => TargetCondition::Works,
                    None => TargetCondition::Unknown,
                };
                return (DeliveryState::Failed, now_us, condition);
            }
            Outcome::Later(wait) => wait.unwrap_or_default(),
            Outcome::Gone => Duration::ZERO,
        };
        let after = |failures: u32| {
            let chance = RandomState::new().hash_one(failures);
            let pause = backoff::pause(config.retry(), failures, chance).max(wait);
            now_us.saturating_add(micros(pause))
        };
        let retry_us = after(target.failures.saturating_add(1));
        let give_up = micros(Duration::from_secs(config.give_up_seconds));
        let is_old = now_us.saturating_sub(delivery.created_us) >= give_up;
        // The user who requests a test sees the answer, and may repeat it: several tests in a row say nothing about how
        // long the target should be left alone.
        if delivery.kind == DeliveryKind::Test {
            return (DeliveryState::Failed, now_us, TargetCondition::Unknown);
        }
        let condition = TargetCondition::Fails { retry_us };
        match is_old || sent.outcome == Outcome::Gone {
            true => (DeliveryState::Failed, now_us, condition),
            false => (DeliveryState::Pending, after(number), condition),
        }
    }

    /// Switches a target off that has failed for too long, or is gone.
    async fn note(
        &self,
        target: &TargetRow,
        sent: &Sent,
        now_us: i64,
        condition: TargetCondition,
    ) -> Result<(), NotifyError> {
        let parts = &self.0;
        let name = &target.name;
        let error = sent.error.as_deref().unwrap_or_default();
        if !matches!(condition, TargetCondition::Fails { .. }) {
            match sent.outcome {
                Outcome::Refused => {
                    tracing::warn!(to = name.as_str(), error, "a notification was given up");
                }
                Outcome::Taken if target.failures > 0 => {
                    tracing::info!(to = name.as_str(), "notifications arrive again");
                }
                _ => {}
            }
            return Ok(());
        }
        if target.failures == 0 {
            tracing::warn!(
                to = name.as_str(),
                error,
                "a notification does not arrive, and is tried again"
            );
        }
        let off_after = micros(Duration::from_secs(parts.config.off_after_seconds));
        let since_us = target.failing_since_us.unwrap_or(now_us);
        let is_gone = sent.outcome == Outcome::Gone;
        if !is_gone && now_us.saturating_sub(since_us) < off_after {
            return Ok(());
        }
        let reason = match is_gone {
            true => error.to_owned(),
            false => format!(
                "every attempt failed since {}: {error}",
                time_from_us(since_us).format("%Y-%m-%d %H:%M UTC")
            ),
        };
        let entry = AuditEntry::new(
            now_us,
            Actor::schedule(),
            Action::SwitchOffTarget,
            object(name),
        );
        let entry = entry.after(json!({ "reason": reason }));
        parts
            .store
            .switch_off_target(target.id, &reason, now_us, &entry)
            .await?;
        tracing::error!(
            to = name.as_str(),
            reason,
            "a notification target is switched off"
        );
        Ok(())
    }
}
