//! `search`: one text, looked for in clusters and in the audit log.

use axum::extract::State;
use hub_commands::Permission;
use hub_projections::query::SearchQuery;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, found};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{FreshParams, Params};
use crate::problem::Problem;
use crate::resources::Search;

const USUAL: u32 = 10;
const MOST: u32 = 50;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(search))
}

/// What is looked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The text.
    #[param(value_type = String, required, min_length = 1, max_length = 256, example = "prod")]
    q: Option<String>,
    /// At most so many clusters, and as many entries.
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: Option<u32>,
}

/// Looks for a text in clusters (a part of the name, region, id or endpoint) and, for whoever may read it, in the audit log (an
/// event, a position, a request, a change request, a target, an actor, the beginning of a command or of a kind of events).
#[utoipa::path(get, path = "/search", tag = "fleet", operation_id = "search",
    params(FreshParams, Wanted),
    responses((status = 200, description = "What was found", body = Search)))]
async fn search(
    State(app): State<App>,
    signed: Signed,
    Params((fresh, wanted)): Params<(FreshParams, Wanted)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let limit = wanted.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::parameter("limit", format!("must be 1 to {MOST}")));
    }
    let position = app.seen(fresh.min_position).await?;
    let q = wanted.q.ok_or_else(|| Problem::parameter("q", "is required"))?;
    let entries = caller.authorise(Permission::ReadAudit).is_ok();
    let query = SearchQuery { q: q.trim().to_owned(), limit, entries };
    let found_here = app.read().search(caller.tenant, &query).await?;
    Ok(found(&Search::from(found_here), None, position))
}
