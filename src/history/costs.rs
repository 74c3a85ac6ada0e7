//! The cost of runs: prices, and which hosts are in groups that have a price of their own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::HistoryError;
use super::hosts::group_numbers;
use crate::model::{
    Budget, BudgetState, Costing, ExecutionResult, HostGroupNumbers, Prices, Question, RunCost,
    RunUsage, Status, interval_us,
};
use crate::store::Store;

/// How long the groups of hosts are taken as they were read. Hosts seldom change their groups.
const FRESH: Duration = Duration::from_secs(300);

/// Says what runs cost, if prices are configured; cheap to clone.
#[derive(Debug, Clone)]
pub struct Costs(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    store: Store,
    prices: Prices,
    budgets: Vec<Budget>,
    /// The last answer, and when it was made.
    known: Mutex<Option<(Instant, Arc<Costing>)>>,
}

impl Costs {
    /// These prices and budgets. Without prices nothing has a cost.
    #[must_use]
    pub fn new(store: Store, prices: Option<Prices>, budgets: Vec<Budget>) -> Self {
        Self(prices.map(|prices| {
            Arc::new(Inner {
                store,
                prices,
                budgets,
                known: Mutex::default(),
            })
        }))
    }

    /// All that is needed to say what runs cost; none without prices. If groups of hosts have prices, they are those that
    /// the hosts' last runs told, read at most five minutes ago.
    ///
    /// # Errors
    /// The store failed.
    pub async fn costing(&self) -> Result<Option<Arc<Costing>>, HistoryError> {
        let Some(inner) = &self.0 else {
            return Ok(None);
        };
        let mut known = inner.known.lock().await;
        let has_groups = !inner.prices.groups().is_empty();
        if let Some((read, costing)) = &*known
            && (!has_groups || read.elapsed() < FRESH)
        {
            return Ok(Some(Arc::clone(costing)));
        }
        let hosts = match has_groups {
            true => group_numbers(&inner.store, inner.prices.groups()).await?,
            false => HostGroupNumbers::new(),
        };
        let costing = Arc::new(Costing::new(inner.prices.clone(), hosts));
        *known = Some((Instant::now(), Arc::clone(&costing)));
        Ok(Some(costing))
    }

    /// The names of all budgets.
    #[must_use]
    pub fn budget_names(&self) -> Vec<String> {
        let budgets = self.0.iter().flat_map(|inner| &inner.budgets);
        budgets.map(|budget| budget.name.clone()).collect()
    }

    /// How much of each budget is spent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn budgets(&self, now_us: i64) -> Result<Vec<BudgetState>, HistoryError> {
        self.states(|budget| Some((budget.period.begins_us(now_us), now_us)))
            .await
    }

    /// The amounts spent of the configured budgets in the periods that ended at most `within_us` ago, in their order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ended_budgets(
        &self,
        now_us: i64,
        within_us: i64,
    ) -> Result<Vec<BudgetState>, HistoryError> {
        self.states(|budget| {
            let end_us = budget.period.begins_us(now_us);
            let begin_us = budget.period.begins_us(end_us.saturating_sub(1));
            (now_us.saturating_sub(end_us) <= within_us).then_some((begin_us, end_us))
        })
        .await
    }

    /// The amounts spent of the budgets in a time of each; those without one are left out.
    async fn states(
        &self,
        time: impl Fn(&Budget) -> Option<(i64, i64)>,
    ) -> Result<Vec<BudgetState>, HistoryError> {
        let (Some(inner), Some(costing)) = (&self.0, self.costing().await?) else {
            return Ok(Vec::new());
        };
        let mut states = Vec::with_capacity(inner.budgets.len());
        for budget in &inner.budgets {
            let Some((from_us, to_us)) = time(budget) else {
                continue;
            };
            let question = Question {
                from_us,
                to_us,
                interval_us: interval_us(from_us, to_us),
                filter: budget.filter.clone(),
                by: None,
                limit: 0,
                top: 0,
                host_percentiles: false,
                costing: Some(Arc::clone(&costing)),
            };
            let answer = inner.store.statistics(&question, None).await?;
            let spent = answer.figures.cost.unwrap_or_default();
            states.push(BudgetState::new(budget, (from_us, to_us), spent));
        }
        Ok(states)
    }
}

/// Adds the cost to the record of a run that is over. The record must have its hosts' counts.
pub fn add_cost(record: &mut ExecutionResult, costing: Option<&Costing>) {
    let Some(costing) = costing.filter(|_| record.status != Status::Running) else {
        return;
    };
    let us = |seconds: f64| (seconds * 1e6).round() as i64;
    let usage = RunUsage {
        started_us: record.start_time.timestamp_micros(),
        duration_us: record.duration.map(us),
        cpu_us: record.usage.as_ref().map(RunUsage::cpu_us),
    };
    let hosts = record.stats.keys().map(String::as_str);
    record.cost = Some(RunCost::of(costing, &usage, hosts));
}
