//! Background work: the runner of all jobs, and how collectors use it.

mod faults;
mod runner;
