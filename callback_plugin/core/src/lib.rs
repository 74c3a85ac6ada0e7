//! The recorder's parts that know nothing of Python.
//!
//! The recorder itself is a library for Python to load: a test of it would have to be linked with Python. What needs no
//! Python is here, and is tested like any other crate.
//!
//! Small functions that every hook calls are `#[inline]`: left to the linker they stay calls, and a hook takes a tenth
//! longer.
//!
//! - [`tasks`]: the recorder's own play and task numbers
//! - [`cut`], [`secret`], [`text`]: values as JSON, bounded and without secrets
//! - [`argv`], [`git`]: the command line and the checkout of a run
//! - [`arena`]: memory that `fork` does not copy
//! - [`clock`], [`hookstats`]: time

pub mod arena;
pub mod argv;
pub mod clock;
pub mod cut;
pub mod git;
pub mod hookstats;
pub mod secret;
pub mod tasks;
pub mod text;
