//! JSON bodies: bounded in size and depth, strict, and precise about what is wrong.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};

use crate::problem::{Entry, FieldError, Problem};

/// Bytes that a body may have where a route does not say otherwise.
pub const DEFAULT_LIMIT: usize = 1 << 20;
/// Bytes of a refused body that are still taken off the wire: a client that is cut off while it sends rarely
/// reads why.
const DISCARDED: usize = 16 << 20;
const DEEPEST: usize = 32;

/// A JSON body of at most `LIMIT` bytes, without a command around it.
#[derive(Debug)]
pub struct Json<T, const LIMIT: usize = DEFAULT_LIMIT>(pub T);

impl<T: DeserializeOwned, S: Send + Sync, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        is_json(request.headers())?;
        let bytes = collect(request.into_body(), LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// The media type must be `application/json`; parameters such as `charset=utf-8` say nothing new.
pub fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Entry::UNSUPPORTED_MEDIA_TYPE)
        .error(FieldError::header("Content-Type", "must be application/json")))
}

/// Reads a body of at most `limit` bytes.
pub async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut seen) = (BytesMut::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Entry::MALFORMED_JSON).detail("the body ended early"))?;
        seen += chunk.len();
        if seen <= limit {
            kept.extend_from_slice(&chunk);
        } else if seen > DISCARDED {
            break;
        } else {
            kept.clear();
        }
    }
    if seen > limit {
        return Err(Problem::new(Entry::BODY_TOO_LARGE).detail(format!("a body may have {limit} bytes")));
    }
    Ok(kept.freeze())
}

/// Reads JSON strictly. The problem names the member and the rule, and never repeats a value: it may be a secret.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    shallow(bytes)?;
    // RFC 8259, section 8.1. The parser looks at the encoding only of what it keeps.
    let text =
        std::str::from_utf8(bytes).map_err(|_| Problem::new(Entry::MALFORMED_JSON).detail("not UTF-8"))?;
    // Well-formedness first: a member that is not known here shall not hide that the rest is no JSON.
    serde_json::from_str::<IgnoredAny>(text).map_err(|cause| malformed(&cause))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, cause) = (error.path().clone(), error.into_inner());
        if cause.is_data() { member(&path, &cause.to_string()) } else { malformed(&cause) }
    })
}

/// Refuses a document before anything is built from it when it is nested too deeply.
fn shallow(bytes: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(
                Problem::new(Entry::JSON_TOO_DEEP).detail(format!("a body may be {DEEPEST} levels deep"))
            );
        }
    }
    Ok(())
}

fn malformed(cause: &serde_json::Error) -> Problem {
    let place = format!("not well-formed at line {}, column {}", cause.line(), cause.column());
    Problem::new(Entry::MALFORMED_JSON).detail(place)
}

fn member(path: &Path, message: &str) -> Problem {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => step(&mut pointer, &index.to_string()),
            Segment::Map { key } => step(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    if let Some(name) = quoted(message, "missing field `") {
        step(&mut pointer, name);
        return Problem::member(&pointer, "is required");
    }
    if let Some(name) = quoted(message, "duplicate field `") {
        step_once(&mut pointer, name);
        return Problem::member(&pointer, "must stand there once");
    }
    if let Some(name) = quoted(message, "unknown field `") {
        step_once(&mut pointer, name);
        return Problem::member(&pointer, "is not known here");
    }
    // serde says "invalid type: <the value>, expected <the rule>": only the rule is passed on.
    let rule = match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None => message.to_owned(),
    };
    Problem::member(&pointer, rule)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

/// Adds a step to a pointer, escaped (RFC 6901, section 3) and cut to a length that is fit to be shown.
fn step(pointer: &mut String, name: &str) {
    pointer.push('/');
    for c in name.chars().take(64) {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// The path of an unknown member ends at its parent or at itself, depending on where serde noticed.
fn step_once(pointer: &mut String, name: &str) {
    let mut last = String::new();
    step(&mut last, name);
    if !pointer.ends_with(&last) {
        pointer.push_str(&last);
    }
}
