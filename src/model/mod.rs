//! The domain's types: what an execution is, how it is stored in rows, how lists are paged. No I/O, no HTTP, no SQL.
//! The filters in questions and rules are in [`crate::filter`].

mod audit;
mod comparison;
mod cost;
mod execution;
mod explanation;
mod hosts;
mod launch;
mod messages;
mod notifications;
mod page;
mod precondition;
mod report;
mod retention;
mod rows;
mod schedule;
mod search;
mod series;
mod stats;
mod task_name;
mod trends;
mod variables;

pub use audit::*;
pub use comparison::*;
pub use cost::*;
pub use execution::*;
pub use explanation::*;
pub use hosts::*;
pub use launch::*;
pub use messages::*;
pub use notifications::*;
pub use page::*;
pub use precondition::*;
pub use report::*;
pub use retention::*;
pub use rows::*;
pub use schedule::*;
pub use search::*;
pub use series::*;
pub use stats::*;
pub use task_name::*;
pub use trends::*;
pub use variables::*;

pub use crate::filter::{AuditFilter, ExecutionFilter, ResultFilter};
