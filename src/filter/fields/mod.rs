//! The filters of executions, one file each. [`crate::filter`] lists them.

pub mod changed;
pub mod controller;
pub mod duration;
pub mod host;
pub mod id;
pub mod inventory;
pub mod kind;
pub mod label;
pub mod pinned;
pub mod playbook;
pub mod reason;
pub mod schedule;
pub mod started;
pub mod status;
pub mod text;
pub mod user;
