//! The browser session: its refresh token is in a cookie that no script can read and that counts for nothing but
//! prolonging the session. Every other route takes the bearer token only, which no browser sends by itself.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};

use crate::app::App;
use crate::middleware::sender::Sender;
use crate::problem::{Entry, FieldError, Problem};

/// The cookie's name.
pub const COOKIE: &str = "clustermaster_refresh";
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The refresh token of a browser session. Nothing is forgotten where there is none: who asks may be another site.
pub fn token(headers: &HeaderMap) -> Result<SecretString, Problem> {
    // Browsers tell who has made them ask; a script cannot write it. `none` is the user themselves.
    if headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none") {
        let error = FieldError::header("Sec-Fetch-Site", "must be `same-origin` for the cookie to count");
        return Err(Problem::new(Entry::UNAUTHENTICATED).error(error));
    }
    let mut shown = values(headers);
    // Of two, one was put there by somebody else, and nobody can tell which.
    match (shown.next(), shown.next()) {
        (Some(token), None) if !token.is_empty() => Ok(token.to_owned().into()),
        _ => Err(Problem::new(Entry::UNAUTHENTICATED).error(FieldError::pointer(
            "/refresh_token",
            "is required where there is no cookie of a browser session",
        ))),
    }
}

/// Whether the cookie was sent, whatever it holds.
pub fn sent(headers: &HeaderMap) -> bool {
    values(headers).next().is_some()
}

fn values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value.trim())
}

/// `Set-Cookie` (RFC 6265, section 4.1) with a refresh token.
pub fn kept(app: &App, sender: &Sender, token: &SecretString, life: TimeDelta) -> HeaderValue {
    cookie(app, sender, token.expose_secret(), life.num_seconds().max(0))
}

/// `Set-Cookie` that makes the browser forget it.
pub fn forgotten(app: &App, sender: &Sender) -> HeaderValue {
    cookie(app, sender, "", 0)
}

fn cookie(app: &App, sender: &Sender, value: &str, seconds: i64) -> HeaderValue {
    let path = app.reached("/api/v1/auth");
    let secure = if app.settings().tls || sender.by_tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut header =
        HeaderValue::from_str(&text).expect("base64, digits and a path of unreserved characters");
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests;
