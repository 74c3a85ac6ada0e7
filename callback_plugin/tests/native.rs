//! Unit tests of the recorder's modules that do not depend on Python.
//!
//! The recorder is a library for Python to load, and what is tested inside of it would have to be linked with
//! Python. These modules need none, so they are compiled once more, by themselves.

#![allow(dead_code, unreachable_pub, missing_docs)]

#[path = "../src/arena.rs"]
mod arena;
#[path = "../src/clock.rs"]
mod clock;
#[path = "../src/cut.rs"]
mod cut;
#[path = "../src/git.rs"]
mod git;
#[path = "../src/hookstats.rs"]
mod hookstats;
#[path = "../src/tasks.rs"]
mod tasks;
#[path = "../src/text.rs"]
mod text;
