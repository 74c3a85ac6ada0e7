//! What a collector answers to a producer that has nothing to say: for whoever looks for what is wrong.

use playback_wire::Producer;
use uuid::Uuid;

use crate::client::{Answer, Client, Origin};
use crate::config::{ConfigError, SenderConfig};

/// How a collector stands to us. Messages are for people, and never hold the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It would take our events in.
    Takes,
    /// It refuses us, with this status and message: the token, most likely.
    Refuses(String),
    /// It answers, but not as a collector does that can take events in.
    Answers(String),
    /// Nobody answers.
    Unreachable(String),
}

/// What a collector answered.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Whether it takes our events in.
    pub verdict: Verdict,
    /// Why it says that it is not ready.
    pub not_ready: Option<String>,
    /// Its clock, as HTTP writes dates.
    pub date: Option<String>,
}

/// Asks as a producer that has just begun: nothing is recorded by it.
///
/// # Errors
/// The configuration cannot work.
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
        // A page of something else begins with its status.
        Answer::Trouble(trouble) if trouble.answered || has_status(&trouble.message) => {
            Verdict::Answers(trouble.message)
        }
        Answer::Trouble(trouble) => Verdict::Unreachable(trouble.message),
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
