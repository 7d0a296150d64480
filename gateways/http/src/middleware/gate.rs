//! Who gets in. Deny by default: a route that is not in [`PUBLIC`] needs a living session.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hub_commands::Caller;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::limits::Left;
use super::sender::Sender;
use crate::app::App;
use crate::auth::{Signed, TokenError};
use crate::problem::{Entry, Problem};

/// The routes that need no session, and under which limit they stand.
pub const PUBLIC: &[(&str, &str, Public)] = &[
    ("POST", "/api/v1/auth/login", Public::ByAddress),
    ("POST", "/api/v1/auth/refresh", Public::ByAddress),
    ("GET", "/openapi.json", Public::ByAddress),
    // Probes keep coming while the hub is in trouble, and must tell it from being turned away.
    ("GET", "/healthz", Public::Unlimited),
    ("GET", "/readyz", Public::Unlimited),
    ("GET", "/metrics", Public::Scrape),
];

/// How a public route is guarded instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {
    /// By the limit of the sender's address.
    ByAddress,
    /// Not at all.
    Unlimited,
    /// By the metrics token, or by being reached from this machine where none is set.
    Scrape,
}

/// Whether and how a route is public.
pub fn public(method: &Method, route: &str) -> Option<Public> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    PUBLIC.iter().find(|line| *method == line.0 && route == line.1).map(|line| line.2)
}

/// The layer around every route.
pub async fn pass(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match public(request.method(), route) {
        Some(Public::Unlimited) => next.run(request).await,
        Some(Public::Scrape) => match scrape(&app, &request) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        },
        Some(Public::ByAddress) => match app.limits().address(peer(&request)) {
            Ok(left) => with(left, next.run(request).await),
            Err(refused) => with(refused.1, refused.0.into_response()),
        },
        None => match admit(&app, bearer(request.headers()).map(str::to_owned), peer(&request)).await {
            Ok((caller, left)) => {
                request.extensions_mut().insert(Signed::new(caller));
                with(left, next.run(request).await)
            }
            Err((problem, left)) => with(left, problem.into_response()),
        },
    }
}

/// The caller behind a request. The signature is checked before anything is counted or asked: it costs
/// microseconds, and nobody can use up another one's requests.
async fn admit(
    app: &App,
    token: Result<String, Problem>,
    peer: IpAddr,
) -> Result<(Caller, Left), (Problem, Left)> {
    let caller = match token.and_then(|token| Ok(app.tokens().check(&token)?)) {
        Ok(caller) => caller,
        Err(problem) => {
            return Err(match app.limits().address(peer) {
                Ok(left) => (problem, left),
                Err(refused) => *refused,
            });
        }
    };
    let left = app.limits().user(caller.tenant, &caller.actor).map_err(|refused| *refused)?;
    let session = caller.session().ok_or_else(|| (Problem::new(Entry::TOKEN_INVALID), left))?;
    match app.sessions().alive(caller.tenant, session).await {
        Ok(true) => Ok((caller, left)),
        Ok(false) => Err((Problem::new(Entry::SESSION_ENDED), left)),
        Err(cause) => Err((Problem::unavailable(cause.as_ref()), left)),
    }
}

fn scrape(app: &App, request: &Request) -> Result<(), Problem> {
    let Some(wanted) = &app.settings().metrics_token else {
        let local = peer(request).to_canonical().is_loopback();
        return if local { Ok(()) } else { Err(Problem::new(Entry::UNAUTHENTICATED)) };
    };
    let shown = bearer(request.headers())?;
    if bool::from(shown.as_bytes().ct_eq(wanted.expose_secret().as_bytes())) {
        return Ok(());
    }
    Err(Problem::new(Entry::TOKEN_INVALID))
}

/// The token of an `Authorization: Bearer` header (RFC 6750, section 2.1). It is taken from nowhere else.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| Problem::new(Entry::UNAUTHENTICATED))?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::new(Entry::UNAUTHENTICATED));
    }
    Ok(token.trim())
}

/// The sender's address. Headers that a client can write are not asked, unless a trusted proxy has written them.
pub fn peer(request: &Request) -> IpAddr {
    address(request.extensions().get())
}

/// The address of a sender; all whose address is not known share one.
pub fn address(sender: Option<&Sender>) -> IpAddr {
    sender.and_then(|sender| sender.address).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn with(left: Left, mut response: Response) -> Response {
    left.write(response.headers_mut());
    response
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(match error {
            TokenError::Invalid => Entry::TOKEN_INVALID,
            TokenError::Expired => Entry::TOKEN_EXPIRED,
        })
    }
}

#[cfg(test)]
mod tests;
