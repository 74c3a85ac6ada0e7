//! `playback budgets`: how much of each budget was spent.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Client, ClientArgs};
use super::costs::amount;
use super::out::{self, Colour, Column, Layout, Out};
use super::when;
use crate::model::BudgetState;

/// Show how much of each budget was spent
///
/// Budgets and prices are part of the collector's configuration.
#[derive(Debug, Args)]
pub(super) struct Budgets {
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's list
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
struct List {
    budgets: Vec<BudgetState>,
}

pub(super) fn run(command: &Budgets) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    if command.json {
        let answer: Box<RawValue> = client.get("/budgets", &[])?;
        out::line(answer.get())?;
        return Ok(ExitCode::SUCCESS);
    }
    let list: List = client.get("/budgets", &[])?;
    if list.budgets.is_empty() {
        out::note("there is no budget: [[cost.budgets]] in the collector's configuration adds one");
        return Ok(ExitCode::SUCCESS);
    }
    let rows = list.budgets.iter().map(|budget| {
        let left = budget.left.as_deref().map(amount);
        let percent = budget.percent.map(|percent| format!("{percent} %"));
        [
            budget.name.clone(),
            budget.period.clone(),
            when::show(budget.from),
            amount(&budget.amount),
            budget.spent.shown(),
            left.unwrap_or_else(|| "-".to_owned()),
            percent.unwrap_or_else(|| "-".to_owned()),
            budget.query.clone().unwrap_or_default(),
        ]
    });
    let columns = [
        Column::end("BUDGET", 8),
        Column::whole("PER"),
        Column::whole("SINCE"),
        Column::whole("AMOUNT"),
        Column::whole("SPENT"),
        Column::whole("LEFT"),
        Column::whole("SHARE"),
        Column::end("RUNS", 8),
    ];
    let mut out = Out::laid_out(command.layout);
    out.table(columns, rows.collect(), |out, row, line| {
        match list.budgets[row].is_exceeded {
            true => out.paint(Colour::Red, &line),
            false => line,
        }
    })?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
