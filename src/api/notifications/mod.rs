//! Notifications.
//!
//! - [`targets`]: who is told what
//! - [`deliveries`]: the log of what they were sent

pub(super) mod deliveries;
pub(super) mod targets;
