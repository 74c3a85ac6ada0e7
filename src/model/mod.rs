//! The domain's words: what an execution is, how it is stored in rows, how lists are asked for.
//! No I/O, no HTTP, no SQL.

mod audit;
mod execution;
mod filter;
mod launch;
mod messages;
mod pieces;
mod retention;
mod rows;
mod stats;

pub use audit::*;
pub use execution::*;
pub use filter::*;
pub use launch::*;
pub use messages::*;
pub use pieces::*;
pub use retention::*;
pub use rows::*;
pub use stats::*;
