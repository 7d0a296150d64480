//! `exports`: streams of the tenant's events to SIEMs.

use std::future::Future;

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use hub_commands::exports::Exports;
use hub_commands::{Caller, CommandError, Options, Outcome, Permission};
use hub_domain::export::{Export as Aggregate, ExportRefusal};
use hub_domain::kernel::{ExportId, TypedId as _};
use hub_projections::outlet::{OutletStatus, Unopened};
use hub_projections::{ExportQuery, Listed};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, OrPlan, Plan, done, found, page};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{
    AsOfParams, Bare, Command, CommandHeaders, DryRun, ExportPath, FreshParams, Id, OneOf, PageParams,
    Params, Resource as _,
};
use crate::problem::{Entry, FieldError, Problem, ProblemDocument, refused};
use crate::resources::{
    CreateExport, Export, ExportDeadLetter, ExportStatus, ExportSummary, ExportTest, ReplayExport,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(get, delete))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(replay))
        .routes(routes!(test))
        .routes(routes!(dead_letters))
        .routes(routes!(retry_dead_letters))
}

/// Which exports.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// States, parted by commas; with none given all but the deleted.
    #[param(inline, value_type = Option<Vec<ExportStatus>>, style = Form, explode = false)]
    status: Option<OneOf>,
    /// The name, in full.
    #[param(max_length = 63)]
    name: Option<String>,
}

impl Filters {
    fn query(self) -> Result<ExportQuery, Problem> {
        if self.name.as_ref().is_some_and(|name| name.chars().count() > 63) {
            return Err(Problem::parameter("name", "must be at most 63 characters"));
        }
        Ok(ExportQuery { status: self.status.unwrap_or_default().0, name: self.name })
    }
}

/// Lists the exports with how they are doing, or as they were.
#[utoipa::path(get, path = "/exports", tag = "exports", operation_id = "listExports",
    params(PageParams, FreshParams, AsOfParams, Filters),
    responses((status = 200, description = "A page of exports", body = [Export])))]
async fn list(
    State(app): State<App>,
    signed: Signed,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh, past, filters)): Params<(PageParams, FreshParams, AsOfParams, Filters)>,
) -> Answer {
    let caller = signed.may(Permission::ReadExports)?;
    let (paging, query) = (paging.page()?, filters.query()?);
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let listed = app.read().exports(caller.tenant, &query, &paging, moment).await?;
    let ids: Vec<String> = listed.rows.iter().map(|row| row.id.clone()).collect();
    let statuses = if moment.is_none() { statuses(&app, &ids).await? } else { vec![] };
    let shown = |row: hub_projections::ExportRow| {
        let status = statuses.iter().find(|status| status.name == row.id).cloned();
        Export::new(row, status)
    };
    Ok(page(&uri, &listed.map(shown)))
}

/// Lets an export come to be: from here on the tenant's events go out by it.
#[utoipa::path(post, path = "/exports", tag = "exports", operation_id = "createExport",
    params(DryRun, CommandHeaders), request_body = CreateExport,
    responses((status = 200, description = "A dry run: what would be recorded", body = Plan),
              (status = 201, description = "The export", body = ExportSummary,
               headers(("Location" = String, description = "Where the export is")))))]
async fn create(
    State(app): State<App>,
    signed: Signed,
    Command { body, options }: Command<CreateExport>,
) -> Answer {
    // Who may not create learns nothing of what is wrong with their body beyond its shape.
    signed.may(Permission::ManageExports)?;
    let new = body.command();
    let (id, outcome) = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.exports().create(&caller, new, &options).await
        })
        .await?;
    let location = app.reached(&format!("/api/v1/exports/{id}"));
    done(StatusCode::CREATED, &outcome, Some(&location), &ExportSummary::new(id, &outcome))
}

/// Shows one export with how it is doing, or as it was; also one that has been deleted.
#[utoipa::path(get, path = "/exports/{id}", tag = "exports", operation_id = "getExport",
    params(ExportPath, FreshParams, AsOfParams),
    responses((status = 200, description = "The export", body = Export)))]
async fn get(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    Params((fresh, past)): Params<(FreshParams, AsOfParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadExports)?;
    let position = app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let row = app.read().export(caller.tenant, id, moment).await?.ok_or_else(ExportId::missing)?;
    let revision = row.revision;
    let status = if moment.is_none() { statuses(&app, &[id.to_string()]).await?.pop() } else { None };
    Ok(found(&Export::new(row, status), Some(revision), position))
}

/// Ends an export for good: nothing goes out any more, its secrets are destroyed, its name is free again.
#[utoipa::path(delete, path = "/exports/{id}", tag = "exports", operation_id = "deleteExport",
    params(ExportPath, DryRun, CommandHeaders),
    responses((status = 200, description = "The export, or for a dry run what would be recorded",
               body = OrPlan<ExportSummary>)))]
async fn delete(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    Bare { options }: Bare,
) -> Answer {
    command(&app, &signed, id, options, move |exports, caller, options| async move {
        exports.delete(&caller, id, &options).await
    })
    .await
}

/// Lets an export's events wait.
#[utoipa::path(post, path = "/exports/{id}/pause", tag = "exports", operation_id = "pauseExport",
    params(ExportPath, DryRun, CommandHeaders),
    responses((status = 200, description = "The export, or for a dry run what would be recorded",
               body = OrPlan<ExportSummary>)))]
async fn pause(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    Bare { options }: Bare,
) -> Answer {
    command(&app, &signed, id, options, move |exports, caller, options| async move {
        exports.pause(&caller, id, &options).await
    })
    .await
}

/// Lets an export's events go out again, from where they stood.
#[utoipa::path(post, path = "/exports/{id}/resume", tag = "exports", operation_id = "resumeExport",
    params(ExportPath, DryRun, CommandHeaders),
    responses((status = 200, description = "The export, or for a dry run what would be recorded",
               body = OrPlan<ExportSummary>)))]
async fn resume(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    Bare { options }: Bare,
) -> Answer {
    command(&app, &signed, id, options, move |exports, caller, options| async move {
        exports.resume(&caller, id, &options).await
    })
    .await
}

/// Lets an export's events go out once more, from a ledger position on.
#[utoipa::path(post, path = "/exports/{id}/replay", tag = "exports", operation_id = "replayExport",
    params(ExportPath, DryRun, CommandHeaders), request_body = ReplayExport,
    responses((status = 200, description = "The export, or for a dry run what would be recorded",
               body = OrPlan<ExportSummary>)))]
async fn replay(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    Command { body, options }: Command<ReplayExport>,
) -> Answer {
    command(&app, &signed, id, options, move |exports, caller, options| async move {
        exports.replay(&caller, id, body.from, &options).await
    })
    .await
}

/// Sends one message that is no event, and answers what the other side said.
#[utoipa::path(post, path = "/exports/{id}/test", tag = "exports", operation_id = "testExport",
    params(ExportPath),
    responses((status = 200, description = "What the other side said", body = ExportTest),
              (status = 409, description = "The export has been deleted", content_type = "application/problem+json",
               body = ProblemDocument)))]
async fn test(State(app): State<App>, signed: Signed, Id(id): Id<ExportId>, _: Params<()>) -> Answer {
    let caller = signed.may(Permission::ManageExports)?;
    let export = app.read().export_version(caller.tenant, id, None).await?.ok_or_else(ExportId::missing)?;
    if export.row.status == "deleted" {
        return Err(refused(&ExportRefusal::Gone));
    }
    let revision = export.row.revision;
    let work = {
        let app = app.clone();
        async move { app.maker().test(&export.row).await }
    };
    let (delivered, answer) = match app.run(work).await? {
        Ok(answer) => (true, answer),
        Err(Unopened(answer)) => (false, answer),
    };
    Ok(found(&ExportTest { delivered, answer }, Some(revision), app.read().position()))
}

/// Lists what an export has set aside, in the ledger's order.
#[utoipa::path(get, path = "/exports/{id}/dead-letters", tag = "exports", operation_id = "listDeadLetters",
    params(ExportPath, PageParams, FreshParams),
    responses((status = 200, description = "A page of dead letters", body = [ExportDeadLetter])))]
async fn dead_letters(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh)): Params<(PageParams, FreshParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadExports)?;
    let paging = paging.page()?;
    if paging.sort.is_some() {
        return Err(Problem::parameter("sort", "is not known here: they stand in the ledger's order"));
    }
    let invalid = || {
        let error = FieldError::parameter("cursor", Entry::INVALID_CURSOR.title);
        Problem::new(Entry::INVALID_CURSOR).error(error)
    };
    // A cursor is the position behind which the page begins.
    let position = |text: String| text.parse::<i64>().ok().filter(|at| *at > 0 && at.to_string() == text);
    let after = paging.cursor.map(|text| position(text).ok_or_else(invalid)).transpose()?;
    let position = app.seen(fresh.min_position).await?;
    app.read().export(caller.tenant, id, None).await?.ok_or_else(ExportId::missing)?;
    let (outlets, name, tenant) = (app.outlets(), id.to_string(), caller.tenant.uuid());
    let after = after.map_or(0, |after| after as u64);
    let rows = outlets.dead_letters(tenant, &name, after, paging.limit + 1).await;
    let mut rows = rows.map_err(|cause| Problem::unavailable(&cause))?;
    let more = rows.len() > paging.limit as usize;
    rows.truncate(paging.limit as usize);
    let total = outlets.dead(&name).await.map_err(|cause| Problem::unavailable(&cause))?;
    let listed = Listed {
        next: rows.last().filter(|_| more).map(|last| last.position.to_string()),
        rows: rows.into_iter().map(ExportDeadLetter::from).collect(),
        total,
        exact: true,
        position,
    };
    Ok(page(&uri, &listed))
}

/// Tries once more what an export has set aside: late, and so out of order.
#[utoipa::path(post, path = "/exports/{id}/dead-letters/retry", tag = "exports", operation_id = "retryDeadLetters",
    params(ExportPath, DryRun, CommandHeaders),
    responses((status = 200, description = "The export, or for a dry run what would be recorded",
               body = OrPlan<ExportSummary>)))]
async fn retry_dead_letters(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ExportId>,
    Bare { options }: Bare,
) -> Answer {
    command(&app, &signed, id, options, move |exports, caller, options| async move {
        exports.retry_dead_letters(&caller, id, &options).await
    })
    .await
}

/// A command on one export, and the export as it left it.
async fn command<F>(
    app: &App,
    signed: &Signed,
    id: ExportId,
    options: Options,
    work: impl FnOnce(Exports, Caller, Options) -> F + Send + 'static,
) -> Answer
where
    F: Future<Output = Result<Outcome<Aggregate>, CommandError>> + Send + 'static,
{
    let run = |app: App, caller, options| work(Exports::clone(app.exports()), caller, options);
    let outcome = app.command(signed.caller(), options, run).await?;
    done(StatusCode::OK, &outcome, None, &ExportSummary::new(id, &outcome))
}

async fn statuses(app: &App, ids: &[String]) -> Result<Vec<OutletStatus>, Problem> {
    app.outlets().statuses(ids).await.map_err(|cause| Problem::unavailable(&cause))
}
