//! The front door: all is reached below the path prefix, and what is not the API's may be the interface's.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use hub_http::App;
use hub_web::Site;
use tower::ServiceExt as _;

/// What whoever watches the process asks for, who knows nothing of proxies: answered without the prefix as well.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];
const LONGEST_PREFIX: usize = 128;

/// Under which label the interface's answers are counted: one for all of its files and pages.
const SITE: &str = "/{site}";

struct Front {
    app: App,
    prefix: String,
    api: Router,
    nowhere: Router,
    site: Site,
}

/// All that the hub serves, below a prefix (`""` or `/hub`).
pub fn router(app: &App, site: Site, prefix: &str) -> Router {
    let front = Arc::new(Front {
        app: app.clone(),
        prefix: prefix.to_owned(),
        api: hub_http::router(app.clone()),
        nowhere: hub_http::nowhere(app.clone()),
        site,
    });
    Router::new().fallback(move |request: Request| {
        let front = Arc::clone(&front);
        async move { front.answer(request).await }
    })
}

impl Front {
    async fn answer(&self, request: Request) -> Response {
        let Some(below) = self.below(&request) else { return self.outside(request).await };
        let request = with_uri(request, below);
        if hub_http::owns(request.uri().path()) {
            return pass(&self.api, request).await;
        }
        let (parts, body) = request.into_parts();
        match self.site.answer(&parts) {
            Some(answer) => {
                let request = Request::from_parts(parts, body);
                hub_http::observed(&self.app, SITE, request, answer.map(Body::from)).await
            }
            None => pass(&self.api, Request::from_parts(parts, body)).await,
        }
    }

    async fn outside(&self, request: Request) -> Response {
        let path = request.uri().path();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if reads && (path == "/" || path == self.prefix) {
            return hub_http::observed(&self.app, SITE, request, self.redirect()).await;
        }
        pass(if PROBES.contains(&path) { &self.api } else { &self.nowhere }, request).await
    }

    /// What is asked for below the prefix.
    fn below(&self, request: &Request) -> Option<Uri> {
        let uri = request.uri();
        let rest = uri.path().strip_prefix(&self.prefix)?;
        if !rest.starts_with('/') {
            return None;
        }
        let mut parts = uri.clone().into_parts();
        let rest = uri.query().map_or_else(|| rest.to_owned(), |query| format!("{rest}?{query}"));
        parts.path_and_query = Some(rest.parse().ok()?);
        Uri::from_parts(parts).ok()
    }

    fn redirect(&self) -> Response {
        let place = HeaderValue::from_str(&format!("{}/", self.prefix)).expect("unreserved characters");
        // Kept by nobody: the prefix may change.
        let headers =
            [(header::LOCATION, place), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (StatusCode::PERMANENT_REDIRECT, headers).into_response()
    }
}

/// Links are made from where the client has asked.
fn with_uri(mut request: Request, uri: Uri) -> Request {
    let asked = std::mem::replace(request.uri_mut(), uri);
    request.extensions_mut().insert(OriginalUri(asked));
    request
}

async fn pass(router: &Router, request: Request) -> Response {
    router.clone().oneshot(request).await.into_response()
}

/// Reads a path prefix: nothing, or `/` and segments of unreserved characters (RFC 3986, section 2.3).
pub fn path_prefix(text: &str) -> Result<String, String> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let segment =
        |name: &str| !name.is_empty() && name != "." && name != ".." && name.bytes().all(unreserved);
    let good = text.is_empty()
        || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment))
            && text.len() <= LONGEST_PREFIX
            && !PROBES.contains(&text);
    if good {
        return Ok(text.to_owned());
    }
    Err("must begin with `/`, not end with one, and be made of letters, digits, `-`, `.`, `_` and `~`: /hub"
        .into())
}

/// Where a browser finds the hub: one cannot open the address that stands for all addresses.
pub fn place(scheme: &str, mut address: std::net::SocketAddr, prefix: &str) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("{scheme}://{address}{prefix}/")
}

#[cfg(test)]
mod tests;
