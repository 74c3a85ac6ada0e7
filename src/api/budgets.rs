//! Budgets.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiError;
use super::auth::ReadAccess;
use crate::app::App;
use crate::model::BudgetState;

/// All budgets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BudgetList {
    /// The budgets, in the order of the configuration.
    budgets: Vec<BudgetState>,
}

/// List the budgets of the configuration, and how much of each was spent.
#[utoipa::path(
    get, path = "/budgets", tag = "history",
    responses((status = 200, body = BudgetList))
)]
pub(super) async fn list_budgets(
    State(app): State<App>,
    _: ReadAccess,
) -> Result<Json<BudgetList>, ApiError> {
    let budgets = app.costs.budgets(app.clock.now_us()).await?;
    Ok(Json(BudgetList { budgets }))
}
