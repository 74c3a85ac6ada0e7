//! Code shared by tests and benchmarks.
//!
//! - [`servers`]: PostgreSQL and MariaDB, servers of our own, which end with the process
//! - [`history`]: a site's history of a year, made up and the same each time

pub mod history;
pub mod servers;
