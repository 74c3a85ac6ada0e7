//! Notifications.
//!
//! - [`targets`]: where notifications are sent
//! - [`deliveries`]: the log of their messages

pub(super) mod deliveries;
pub(super) mod targets;
