//! `auth`: sessions begin, go on and end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use hub_commands::accounts::SignedIn;
use secrecy::ExposeSecret as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, LEDGER_POSITION};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{self, Params};
use crate::middleware::gate;
use crate::middleware::sender::Sender;
use crate::problem::{Entry, Problem};
use crate::resources::{Login, Refresh, Session, SessionUser};

const DEFAULT_TENANT: &str = "default";
/// Argon2 reads all of a password: a long one would be a lever.
const LONGEST_PASSWORD: usize = 1024;
const LONGEST_EMAIL: usize = 254;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(login)).routes(routes!(refresh)).routes(routes!(logout))
}

/// Opens a session with an e-mail address and a password.
#[utoipa::path(post, path = "/auth/login", tag = "authentication", operation_id = "login",
    request_body = Login,
    responses((status = 200, description = "The session", body = Session)))]
async fn login(
    State(app): State<App>,
    sender: Sender,
    _: Params<()>,
    extract::Json(body): extract::Json<Login>,
) -> Answer {
    let tenant = body.tenant.unwrap_or_else(|| DEFAULT_TENANT.into());
    let email = body.email.expose_secret();
    // What no account can have is refused like what no account has: with one answer.
    if email.len() > LONGEST_EMAIL
        || body.password.expose_secret().len() > LONGEST_PASSWORD
        || tenant.len() > 63
    {
        return Err(Problem::new(Entry::SIGN_IN_REFUSED));
    }
    app.limits().sign_in(gate::address(Some(&sender)), &tenant, email)?;
    let options = sender.options();
    let work = {
        let app = app.clone();
        async move { app.accounts().sign_in(&tenant, &body.email, body.password, options).await }
    };
    Ok(opened(&app, app.run(work).await??))
}

/// Prolongs a session: exchanges its refresh token for the next pair of tokens.
#[utoipa::path(post, path = "/auth/refresh", tag = "authentication", operation_id = "refresh",
    request_body = Refresh,
    responses((status = 200, description = "The session", body = Session)))]
async fn refresh(
    State(app): State<App>,
    sender: Sender,
    _: Params<()>,
    extract::Json(body): extract::Json<Refresh>,
) -> Answer {
    if body.refresh_token.expose_secret().len() > LONGEST_PASSWORD {
        return Err(Problem::new(Entry::SIGN_IN_REFUSED));
    }
    let options = sender.options();
    let work = {
        let app = app.clone();
        async move { app.accounts().refresh(&body.refresh_token, &options).await }
    };
    Ok(opened(&app, app.run(work).await??))
}

/// Ends the session: its tokens are of no use from here on.
#[utoipa::path(post, path = "/auth/logout", tag = "authentication", operation_id = "logout",
    responses((status = 204, description = "The session has ended")))]
async fn logout(State(app): State<App>, signed: Signed, sender: Sender, _: Params<()>) -> Answer {
    let caller = signed.caller().clone();
    let options = sender.options();
    let (tenant, session) = (caller.tenant, caller.session());
    let work = {
        let app = app.clone();
        async move { app.accounts().sign_out(&caller, &options).await }
    };
    let receipt = app.run(work).await??;
    if let Some(session) = session {
        app.sessions().forget(tenant, session).await;
    }
    Ok((StatusCode::NO_CONTENT, [(LEDGER_POSITION, receipt.position.to_string())]).into_response())
}

fn opened(app: &App, signed: SignedIn) -> axum::response::Response {
    let token = app.tokens().issue(&signed.session, &signed.roles);
    let body = Session {
        access_token: token.token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: token.expires_in,
        refresh_token: signed.refresh_token.expose_secret().to_owned(),
        user: SessionUser { id: signed.session.user, roles: signed.roles },
    };
    ([(LEDGER_POSITION, signed.position.to_string())], Json(body)).into_response()
}
