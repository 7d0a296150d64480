//! `auth`: sessions begin, go on and end.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hub_commands::accounts::{Holder, SignedIn};
use secrecy::{ExposeSecret as _, SecretString};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, LEDGER_POSITION};
use crate::app::App;
use crate::auth::{Signed, browser};
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
    responses((status = 200, description = "The session", body = Session,
               headers(("Set-Cookie" = String, description = "The refresh token of a browser session")))))]
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
    let holder = if body.browser { Holder::Browser } else { Holder::Program };
    let work = {
        let app = app.clone();
        async move { app.accounts().sign_in_as(holder, &tenant, &body.email, body.password, options).await }
    };
    let signed = app.run(work).await??;
    Ok(if body.browser { opened_in_browser(&app, &sender, signed) } else { opened(&app, signed) })
}

/// Prolongs a session: exchanges its refresh token for the next pair of tokens.
#[utoipa::path(post, path = "/auth/refresh", tag = "authentication", operation_id = "refresh",
    params(("clustermaster_refresh" = Option<String>, Cookie,
            description = "The refresh token of a browser session, where the body has none")),
    request_body = Refresh,
    responses((status = 200, description = "The session", body = Session,
               headers(("Set-Cookie" = String, description = "The next refresh token of a browser session")))))]
async fn refresh(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    _: Params<()>,
    extract::Json(body): extract::Json<Refresh>,
) -> Answer {
    if let Some(token) = body.refresh_token {
        return Ok(opened(&app, exchanged(&app, &sender, Holder::Program, token).await?));
    }
    match exchanged(&app, &sender, Holder::Browser, browser::token(&headers)?).await {
        Ok(signed) => Ok(opened_in_browser(&app, &sender, signed)),
        // It never opens anything again: the browser need not show it any more.
        Err(problem) if problem.entry() == Entry::SIGN_IN_REFUSED => {
            let mut response = problem.into_response();
            response.headers_mut().insert(header::SET_COOKIE, browser::forgotten(&app, &sender));
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

async fn exchanged(
    app: &App,
    sender: &Sender,
    holder: Holder,
    token: SecretString,
) -> Result<SignedIn, Problem> {
    if token.expose_secret().len() > LONGEST_PASSWORD {
        return Err(Problem::new(Entry::SIGN_IN_REFUSED));
    }
    let options = sender.options();
    let work = {
        let app = app.clone();
        async move { app.accounts().refresh_as(holder, &token, &options).await }
    };
    Ok(app.run(work).await??)
}

/// Ends the session: its tokens are of no use from here on.
#[utoipa::path(post, path = "/auth/logout", tag = "authentication", operation_id = "logout",
    responses((status = 204, description = "The session has ended",
               headers(("Set-Cookie" = String, description = "Forgets the cookie of a browser session")))))]
async fn logout(
    State(app): State<App>,
    signed: Signed,
    sender: Sender,
    headers: HeaderMap,
    _: Params<()>,
) -> Answer {
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
    let mut response =
        (StatusCode::NO_CONTENT, [(LEDGER_POSITION, receipt.position.to_string())]).into_response();
    if browser::sent(&headers) {
        response.headers_mut().insert(header::SET_COOKIE, browser::forgotten(&app, &sender));
    }
    Ok(response)
}

fn opened(app: &App, signed: SignedIn) -> Response {
    let refresh_token = signed.refresh_token.expose_secret().to_owned();
    answer(app, signed, Some(refresh_token))
}

fn opened_in_browser(app: &App, sender: &Sender, signed: SignedIn) -> Response {
    let life = signed.session.expires_at - app.clock().now();
    let cookie = browser::kept(app, sender, &signed.refresh_token, life);
    let mut response = answer(app, signed, None);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

fn answer(app: &App, signed: SignedIn, refresh_token: Option<String>) -> Response {
    let token = app.tokens().issue(&signed.session, &signed.roles);
    let body = Session {
        access_token: token.token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: token.expires_in,
        refresh_token,
        user: SessionUser { id: signed.session.user, roles: signed.roles },
    };
    ([(LEDGER_POSITION, signed.position.to_string())], Json(body)).into_response()
}
