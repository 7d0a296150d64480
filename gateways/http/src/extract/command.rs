//! Commands: their body, and the headers and parameters that say how they are to be carried out.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hub_commands::Options;
use hub_domain::kernel::Reason;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use utoipa::IntoParams;

use super::Params;
use super::json::{self, DEFAULT_LIMIT};
use crate::app::App;
use crate::middleware::sender::Sender;
use crate::problem::Problem;

/// A command with a body of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Command<T, const LIMIT: usize = DEFAULT_LIMIT> {
    /// What is wanted.
    pub body: T,
    /// How it is to be carried out.
    pub options: Options,
}

/// A command without a body.
#[derive(Debug)]
pub struct Bare {
    /// How it is to be carried out.
    pub options: Options,
}

/// The query of a command.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DryRun {
    /// Answers with the events that the command would record, and records nothing.
    #[param(default = false)]
    dry_run: Option<bool>,
}

/// The headers of a command, for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "read by hand, so that a broken header is named; declared for the document")]
pub struct CommandHeaders {
    /// The caller's own name for this command: a repeat answers with what the first one did.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        example = "import-prod-1",
        pattern = "^[!-~]{1,255}$"
    )]
    idempotency_key: Option<String>,
    /// The `ETag` that the resource must still have, or `*`.
    #[param(rename = "If-Match", nullable = false, example = "*", pattern = r#"^(\*|"[0-9]{1,19}")$"#)]
    if_match: Option<String>,
    /// The change request under which it is done: it stands in the audit log, in the clear.
    #[param(rename = "Change-Request", nullable = false, example = "CHG-123", pattern = "^[!-~]{1,128}$")]
    change_request: Option<String>,
    /// Why, in the caller's words (UTF-8): it stands in the audit log, in the clear.
    #[param(rename = "Reason", nullable = false, example = "certificates are due", max_length = 500)]
    reason: Option<String>,
}

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for Command<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        json::is_json(&parts.headers)?;
        let (options, bytes) = options(&mut parts, body, LIMIT, app).await?;
        Ok(Self { body: json::parse(&bytes)?, options })
    }
}

impl FromRequest<App> for Bare {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let (options, _) = options(&mut parts, body, DEFAULT_LIMIT, app).await?;
        Ok(Self { options })
    }
}

async fn options(
    parts: &mut Parts,
    body: Body,
    limit: usize,
    app: &App,
) -> Result<(Options, bytes::Bytes), Problem> {
    let Params((dry,)) = Params::<(DryRun,)>::from_request_parts(parts, app).await?;
    let idempotency_key = visible(&parts.headers, "Idempotency-Key", 255)?;
    let if_match = if_match(&parts.headers)?;
    let change_request = visible(&parts.headers, "Change-Request", 128)?;
    let reason = reason(&parts.headers)?;
    let sender = parts.extensions.get::<Sender>().cloned().unwrap_or_default();
    let bytes = json::collect(body, limit).await?;
    let options = Options {
        idempotency_key,
        fingerprint: fingerprint(app.fingerprint_key(), parts, &bytes),
        if_match,
        dry_run: dry.dry_run.unwrap_or(false),
        reason,
        change_request,
        ..sender.options()
    };
    Ok((options, bytes))
}

fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::header(name, "must stand there once"));
    }
    value.to_str().map(Some).map_err(|_| Problem::header(name, "must be visible ASCII"))
}

/// A header of 1 to `most` visible ASCII characters.
fn visible(headers: &HeaderMap, name: &'static str, most: usize) -> Result<Option<String>, Problem> {
    let Some(text) = single(headers, name)? else { return Ok(None) };
    if (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(text.to_owned()));
    }
    Err(Problem::header(name, format!("must be 1 to {most} visible ASCII characters")))
}

/// The one header that people write: UTF-8, as browsers and command lines send it.
fn reason(headers: &HeaderMap) -> Result<Option<Reason>, Problem> {
    let mut values = headers.get_all("Reason").iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::header("Reason", "must stand there once"));
    }
    let text =
        std::str::from_utf8(value.as_bytes()).map_err(|_| Problem::header("Reason", "must be UTF-8"))?;
    Reason::new(text).map(Some).map_err(|rule| Problem::header("Reason", rule.to_string()))
}

/// One strong entity tag, or `*` (RFC 9110, section 13.1.1): `*` asks only that the resource exists, which every
/// command that takes it demands anyway.
fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = single(headers, "If-Match")? else { return Ok(None) };
    let value = value.trim();
    if value == "*" {
        return Ok(None);
    }
    let tag = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let revision = tag.filter(|tag| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_digit()));
    match revision.and_then(|tag| tag.parse::<i64>().ok()) {
        Some(revision) => Ok(Some(revision as u64)),
        None => Err(Problem::header("If-Match", "must be one ETag of this resource, such as \"3\", or *")),
    }
}

/// What was asked, in 32 bytes: the same key for anything else is a mistake. Keyed, because a body may hold a
/// password and the fingerprint is stored.
fn fingerprint(key: &[u8], parts: &Parts, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for field in [parts.method.as_str(), parts.uri.path()] {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
    }
    canonical(body, |bytes| mac.update(bytes));
    mac.finalize().into_bytes().into()
}

/// The body without the white space between its tokens: a client may format it anew when it asks again.
fn canonical(body: &[u8], mut take: impl FnMut(&[u8])) {
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    for (at, byte) in body.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b' ' | b'\t' | b'\n' | b'\r' if !quoted => {
                take(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    take(&body[start..]);
}
