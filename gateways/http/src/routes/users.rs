//! `users`: accounts of the tenant.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hub_commands::Permission;
use hub_domain::kernel::{IdError, TenantId, UserId};
use hub_projections::{Listed, UserQuery, UserRow};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, OrPlan, Plan, done, found, page};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{
    AsOfParams, Bare, Command, CommandHeaders, DryRun, FreshParams, Id, OneOf, PageParams, Params,
    Resource as _, UserPath,
};
use crate::problem::Problem;
use crate::resources::{ChangeUser, NewUser, Role, User, UserStatus, UserSummary};

/// Profiles of a page that are opened at once.
const AT_ONCE: usize = 16;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list, register)).routes(routes!(get, change, delete))
}

/// Which users.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// States, parted by commas; with none given all but the deleted.
    #[param(inline, value_type = Option<Vec<UserStatus>>, style = Form, explode = false)]
    status: Option<OneOf>,
    /// Roles, parted by commas, at least one of which the user has.
    #[param(inline, value_type = Option<Vec<Role>>, style = Form, explode = false)]
    role: Option<OneOf>,
}

impl Filters {
    fn query(self) -> UserQuery {
        UserQuery { status: self.status.unwrap_or_default().0, role: self.role.unwrap_or_default().0 }
    }
}

/// Lists the accounts of the tenant, as they are or as they were. Who is deleted by now has no name in the past either.
#[utoipa::path(get, path = "/users", tag = "users", operation_id = "listUsers",
    params(PageParams, FreshParams, AsOfParams, Filters),
    responses((status = 200, description = "A page of users", body = [User])))]
async fn list(
    State(app): State<App>,
    signed: Signed,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh, past, filters)): Params<(PageParams, FreshParams, AsOfParams, Filters)>,
) -> Answer {
    let caller = signed.may(Permission::ReadUsers)?;
    let (paging, query) = (paging.page()?, filters.query());
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let Listed { rows, total, exact, next, position } =
        app.read().users(caller.tenant, &query, &paging, moment).await?;
    let opening = stream::iter(rows).map(|row| opened(&app, caller.tenant, row));
    let rows: Vec<User> = opening.buffered(AT_ONCE).try_collect().await?;
    Ok(page(&uri, &Listed { rows, total, exact, next, position }))
}

/// Opens an account. Without a password it answers with one that is shown this once.
#[utoipa::path(post, path = "/users", tag = "users", operation_id = "createUser",
    params(DryRun, CommandHeaders), request_body = NewUser,
    responses((status = 200, description = "A dry run: what would be recorded", body = Plan),
              (status = 201, description = "The account", body = UserSummary,
               headers(("Location" = String, description = "Where the account is")))))]
async fn register(
    State(app): State<App>,
    signed: Signed,
    Command { body, options }: Command<NewUser>,
) -> Answer {
    let registered = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.accounts().register(&caller, body.into(), &options).await
        })
        .await?;
    let mut user = UserSummary::new(registered.id, &registered.outcome);
    user.one_time_password = registered.one_time_password.map(|password| password.expose_secret().to_owned());
    let location = app.reached(&format!("/api/v1/users/{}", registered.id));
    done(StatusCode::CREATED, &registered.outcome, Some(&location), &user)
}

/// Shows one account, as it is or as it was; also one that was deleted.
#[utoipa::path(get, path = "/users/{id}", tag = "users", operation_id = "getUser",
    params(UserPath, FreshParams, AsOfParams),
    responses((status = 200, description = "The account", body = User)))]
async fn get(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<UserId>,
    Params((fresh, past)): Params<(FreshParams, AsOfParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadUsers)?;
    let position = app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let row = app.read().user(caller.tenant, id, moment).await?.ok_or_else(UserId::missing)?;
    let revision = row.revision;
    Ok(found(&opened(&app, caller.tenant, row).await?, Some(revision), position))
}

/// Changes an account. Everybody may change their own password; a new password ends the user's sessions.
#[utoipa::path(put, path = "/users/{id}", tag = "users", operation_id = "changeUser",
    params(UserPath, DryRun, CommandHeaders), request_body = ChangeUser,
    responses((status = 200, description = "The account, or for a dry run what would be recorded",
               body = OrPlan<UserSummary>)))]
async fn change(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<UserId>,
    Command { body, options }: Command<ChangeUser>,
) -> Answer {
    let outcome = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.accounts().change(&caller, id, body.into(), &options).await
        })
        .await?;
    app.sessions().forget_all();
    done(StatusCode::OK, &outcome, None, &UserSummary::new(id, &outcome))
}

/// Ends an account for good: its sessions end, its login is free again, its id is never used again.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", operation_id = "deleteUser",
    params(UserPath, DryRun, CommandHeaders),
    responses((status = 200, description = "The account, or for a dry run what would be recorded",
               body = OrPlan<UserSummary>)))]
async fn delete(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<UserId>,
    Bare { options }: Bare,
) -> Answer {
    let outcome = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.accounts().delete(&caller, id, &options).await
        })
        .await?;
    app.sessions().forget_all();
    done(StatusCode::OK, &outcome, None, &UserSummary::new(id, &outcome))
}

/// A row with its personal data opened. Whose data was erased is still there, without a name.
async fn opened(app: &App, tenant: TenantId, row: UserRow) -> Result<User, Problem> {
    let id: UserId = row.id.parse().map_err(|cause: IdError| Problem::internal(&cause))?;
    let open = match &row.profile {
        Some(profile) => app.accounts().profile(tenant, id, profile).await?,
        None => None,
    };
    Ok(User::new(row, open.as_ref()))
}
