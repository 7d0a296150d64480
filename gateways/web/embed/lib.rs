//! The web interface as files in the binary, and how they are served.
//!
//! [`Site::answer`] answers what is the interface's and leaves the rest to the API. It asks for no session and knows
//! none: what it serves is the same for everybody.

mod encoding;
mod files;
mod headers;
mod page;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use encoding::Encoding;
pub use files::{Embedded, File, Files};

/// Where Vite puts what it names by the hash of its content.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";

/// The interface, below a path prefix.
#[derive(Clone, Debug)]
pub struct Site<F = Embedded> {
    files: F,
    /// `index.html` with the prefix in its base, where that is not `/`; or what is shown where there is none.
    index: Option<Index>,
    built: bool,
    tls: bool,
}

/// A page that was made at the start, plain and by Brotli.
#[derive(Clone, Debug)]
struct Index {
    plain: File,
    packed: Option<File>,
}

impl Index {
    fn new(page: Bytes) -> Self {
        let packed = encoding::packed(&page).map(File::new);
        Self { plain: File::new(page), packed }
    }

    fn negotiate(&self, headers: &HeaderMap) -> (File, Encoding) {
        let taken = encoding::accepted(headers).any(|encoding| encoding == Encoding::Br);
        match self.packed.as_ref().filter(|_| taken) {
            Some(packed) => (packed.clone(), Encoding::Br),
            None => (self.plain.clone(), Encoding::Plain),
        }
    }
}

impl Site {
    /// What was embedded, below a prefix (`""` or `/hub`). `tls`: whether the hub itself speaks TLS.
    pub fn new(prefix: &str, tls: bool) -> Self {
        Self::of(Embedded, prefix, tls)
    }
}

impl<F: Files> Site<F> {
    /// The interface in these files.
    pub fn of(files: F, prefix: &str, tls: bool) -> Self {
        let found = files.get(INDEX);
        let built = found.is_some();
        let index = match found {
            Some(_) if prefix.is_empty() => None,
            Some(file) => Some(Index::new(page::based(&file.body, prefix))),
            None => Some(Index::new(page::not_built(prefix).into())),
        };
        Self { files, index, built, tls }
    }

    /// Whether there is an interface; without one `/` says how to get it.
    pub fn is_built(&self) -> bool {
        self.built
    }

    /// The answer to a request for a path below the prefix. `None`: there is nothing of the interface there.
    pub fn answer(&self, request: &Parts) -> Option<Response<Bytes>> {
        let path = request.uri.path().strip_prefix('/')?;
        let name = if path.is_empty() { INDEX } else { path };
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        let mut answer = match self.negotiate(name, &request.headers) {
            Some(_) if !reads => method_not_allowed(),
            Some((file, encoding)) => served(name, file, encoding, request),
            // A link into the interface: its router knows what the path means.
            None if reads && !looks_for_a_file(path) && wants_a_page(&request.headers) => {
                let (file, encoding) = self.negotiate(INDEX, &request.headers)?;
                served(INDEX, file, encoding, request)
            }
            None => return None,
        };
        headers::secure(answer.headers_mut(), self.tls);
        Some(answer)
    }

    /// A file in the smallest form that the client takes.
    fn negotiate(&self, name: &str, headers: &HeaderMap) -> Option<(File, Encoding)> {
        if name == INDEX
            && let Some(index) = &self.index
        {
            return Some(index.negotiate(headers));
        }
        let plain = self.visible(name)?;
        for encoding in encoding::accepted(headers) {
            if let Some(file) = self.files.get(&format!("{name}{}", encoding.suffix())) {
                return Some((file, encoding));
            }
        }
        Some((plain, Encoding::Plain))
    }

    /// A file that has an address of its own: neither a hidden one, nor the packed form of another.
    fn visible(&self, name: &str) -> Option<File> {
        let hidden = name.split('/').any(|segment| segment.starts_with('.'));
        let packed = Encoding::PACKED.iter().filter_map(|encoding| name.strip_suffix(encoding.suffix()));
        if hidden || packed.into_iter().any(|name| self.files.get(name).is_some()) {
            return None;
        }
        self.files.get(name)
    }
}

fn served(name: &str, file: File, encoding: Encoding, request: &Parts) -> Response<Bytes> {
    let tag = file.tag();
    let mut answer = Response::new(Bytes::new());
    let headers = answer.headers_mut();
    let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let known = is_known(&request.headers, &tag);
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("digits in quotes"));
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    headers.insert(header::CONTENT_TYPE, files::content_type(name));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.body.len()));
    if let Some(token) = encoding.token() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
    }
    if request.method != Method::HEAD {
        *answer.body_mut() = file.body;
    }
    answer
}

fn method_not_allowed() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

/// `If-None-Match` (RFC 9110, section 13.1.2): a list of tags, compared weakly, or `*`.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn looks_for_a_file(path: &str) -> bool {
    path.starts_with(HASHED) || path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// Whether pages are asked for by name. `*/*` is what programs send, and they are better told that there is nothing.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        kind.trim().eq_ignore_ascii_case("text/html") && !encoding::refused(parameters)
    })
}
