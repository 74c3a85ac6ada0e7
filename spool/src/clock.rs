//! The one place that reads a clock: the monotonic one.
//!
//! Every time here is a wait of a real thread for a real socket, so there is no clock to put in its
//! place; a test shortens the waits instead, which all stand in the configuration. What time an
//! event happened is told by whoever appends it.

use std::time::Instant;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "waits of a real thread, see the module's text"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
