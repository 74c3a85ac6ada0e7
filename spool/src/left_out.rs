//! Events that did not fit into the spool: counted, and reported as soon as there is space.

use std::io;

use playback_wire::{Dropped, EventWriter};

/// Why an event was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The spool is at its limit, or the disk has no room.
    Full,
    /// The system refuses the write for another reason.
    Error,
    /// The event cannot be encoded, or is larger than any batch may be.
    TooLarge,
}

impl Reason {
    const ALL: [Reason; 3] = [Reason::Full, Reason::Error, Reason::TooLarge];

    fn as_str(self) -> &'static str {
        match self {
            Reason::Full => "spool_full",
            Reason::Error => "spool_error",
            Reason::TooLarge => "event_too_large",
        }
    }

    /// The reason that a failed write means.
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Reason::Full,
            _ => Reason::Error,
        }
    }
}

/// Events left out and not yet reported, by reason.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UnreportedEvents([u64; Reason::ALL.len()]);

impl UnreportedEvents {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|events| *events == 0)
    }

    /// Counts another event.
    pub(crate) fn add(&mut self, reason: Reason) {
        self.0[reason as usize] += 1;
    }

    /// The lines that report them, one for each reason, numbered from `seq`; also returns the number of lines.
    pub(crate) fn encode(&self, seq: u64, at: i64) -> (Vec<u8>, u64) {
        let mut lines = Vec::with_capacity(256);
        let mut count = 0;
        for reason in Reason::ALL {
            let events = self.0[reason as usize];
            if events == 0 {
                continue;
            }
            let data = Dropped {
                events,
                reason: reason.as_str().into(),
            };
            let start = lines.len();
            match EventWriter::begin(&mut lines, seq + count, at, "dropped", &data) {
                Ok(writer) => {
                    writer.end();
                    count += 1;
                }
                Err(_) => lines.truncate(start),
            }
        }
        (lines, count)
    }
}
