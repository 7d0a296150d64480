//! `me`: the caller.

use axum::extract::State;
use hub_commands::Permission;
use hub_commands::access::Grant;
use hub_domain::kernel::UserId;
use secrecy::ExposeSecret as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, found};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{FreshParams, Params, Resource as _};
use crate::problem::{Entry, Problem};
use crate::resources::Me;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(me))
}

/// Who the caller is, and what they may do.
#[utoipa::path(get, path = "/me", tag = "me", operation_id = "getMe",
    params(FreshParams),
    responses((status = 200, description = "The caller", body = Me)))]
async fn me(State(app): State<App>, signed: Signed, Params((fresh,)): Params<(FreshParams,)>) -> Answer {
    let caller = signed.may(Permission::ManageSelf)?;
    let id = signed.user()?;
    let position = app.seen(fresh.min_position).await?;
    let row = app.read().user(caller.tenant, id, None).await?.ok_or_else(UserId::missing)?;
    let open = match &row.profile {
        Some(profile) => app.accounts().profile(caller.tenant, id, profile).await?,
        None => None,
    };
    let (roles, session) = match &caller.grant {
        Grant::User { roles, session } => (roles.clone(), *session),
        Grant::System => return Err(Problem::new(Entry::FORBIDDEN)),
    };
    let may = |permission: &Permission| caller.authorise(*permission).is_ok();
    let me = Me {
        id,
        tenant: caller.tenant,
        email: open.as_ref().map(|profile| profile.email.expose_secret().to_owned()),
        display_name: open.as_ref().map(|profile| profile.display_name.expose_secret().to_owned()),
        roles,
        permissions: Permission::ALL.into_iter().filter(may).map(Permission::as_str).collect(),
        session,
    };
    Ok(found(&me, Some(row.revision), position))
}
