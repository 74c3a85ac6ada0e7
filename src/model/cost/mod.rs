//! Costs of runs: prices, exact amounts, and sums of them. Pure.
//!
//! A run's cost is never stored. It is computed when it is read, from usage that is recorded anyway and from the prices
//! that were valid when the run started.
//!
//! Layout:
//! - [`Amount`], [`Price`]: money as whole numbers
//! - [`Prices`]: what a CPU second, a minute and a host cost, and from when on
//! - [`Costing`]: the prices, and which hosts are in groups that have their own price
//! - [`RunCost`]: of one run; [`CostSum`], [`CostFigures`]: of several
//! - [`Budget`]: how much may be spent in a period

mod budget;
mod costing;
mod money;
mod prices;
mod run;
mod sum;

pub use budget::{Budget, BudgetPeriod, BudgetState};
pub use costing::{Costing, HostGroupNumbers};
pub use money::{Amount, Price, PriceError};
pub use prices::{PricePeriod, Prices, PricesError};
pub use run::{RunCost, RunUsage};
pub use sum::{CostFigures, CostSum, SlotUsage};
