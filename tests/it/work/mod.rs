//! Work in the background: the runner that all of it stands on, and what collectors do with it.

mod faults;
mod runner;
