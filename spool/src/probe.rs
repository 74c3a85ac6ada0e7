//! Asks a collector what it would answer to a producer: for diagnosis.

use playback_wire::Producer;
use uuid::Uuid;

use crate::client::{Answer, Client, Origin};
use crate::config::{ConfigError, SenderConfig};

/// Whether the collector would accept events. Messages are for people, and never hold the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It would accept our events.
    Takes,
    /// It refuses us with this status and message, most likely because of the token.
    Refuses(String),
    /// It answers, but not like a collector that can accept events.
    Answers(String),
    /// There is no answer.
    Unreachable(String),
}

/// The collector's answer.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Whether it would accept our events.
    pub verdict: Verdict,
    /// Why it says that it is not ready.
    pub not_ready: Option<String>,
    /// Its clock, as HTTP writes dates.
    pub date: Option<String>,
}

/// Asks like a producer that has just begun: nothing is recorded.
///
/// # Errors
/// The configuration cannot be used.
pub fn probe(config: &SenderConfig) -> Result<Probe, ConfigError> {
    let mut client = Client::new(config)?;
    let origin = Origin {
        key: None,
        execution: Uuid::now_v7(),
        producer: Producer::Recorder,
        instance: None,
        adopted: false,
    };
    let verdict = match client.send(&origin, &[]) {
        Answer::Acked(_) | Answer::Resume(_) => Verdict::Takes,
        Answer::Refused(refusal) => Verdict::Refuses(refusal.message),
        Answer::TooLarge(message) => Verdict::Refuses(message),
        Answer::TooLargeOnTheWay(trouble) => Verdict::Answers(trouble.message),
        // A response from something else begins with its status.
        Answer::Failed(trouble) if trouble.answered || has_status(&trouble.message) => {
            Verdict::Answers(trouble.message)
        }
        Answer::Failed(trouble) => Verdict::Unreachable(trouble.message),
    };
    let (not_ready, date) = match verdict {
        Verdict::Unreachable(_) => (None, None),
        _ => client.readiness(),
    };
    Ok(Probe {
        verdict,
        not_ready,
        date,
    })
}

fn has_status(message: &str) -> bool {
    let status = message.get(..3).unwrap_or_default();
    status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit())
}
