//! Who is at the other end: the client's address, also behind proxies, what it calls itself, and the id of its request.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use hub_commands::{Options, Origin};
use ipnet::IpNet;

use super::trace;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// The header by which a request is named.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// In which header trusted proxies say for whom they ask. Only one is read: a proxy that writes one of them may well pass
/// on the other as the client sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, and `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Which proxies are believed. By default none.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// Those in these networks, by this header.
    pub fn new(networks: Vec<IpNet>, header: ForwardedHeader) -> Self {
        Self { networks, header }
    }

    /// The client: read from the right, the first address that is no trusted proxy's. What stands to the left of it was
    /// written by somebody who is not believed.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut current = peer.to_canonical();
        if !self.trusts(current) {
            return current;
        }
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, node),
            ForwardedHeader::Forwarded => (header::FORWARDED, forwarded_for),
        };
        let values: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
        // A value that is no text has one entry, which is nobody's.
        let entries = values.into_iter().rev().flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
        for entry in entries {
            let Some(address) = read(entry.trim()) else { break };
            current = address.to_canonical();
            if !self.trusts(current) {
                break;
            }
        }
        current
    }

    /// Whether a trusted proxy says that it was reached by TLS. A client that lies here through a proxy which passes it
    /// on only gets a cookie that its own browser does not keep.
    fn by_tls(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let (name, says): (_, fn(&str) -> bool) = match self.header {
            ForwardedHeader::XForwardedFor => {
                (X_FORWARDED_PROTO, |entry| entry.eq_ignore_ascii_case("https"))
            }
            ForwardedHeader::Forwarded => (header::FORWARDED, |entry| {
                parameter(entry, "proto").is_some_and(|value| value.eq_ignore_ascii_case("https"))
            }),
        };
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        self.trusts(peer.to_canonical())
            && values.flat_map(|value| value.split(',')).any(|entry| says(entry.trim()))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// `for` of one element of a `Forwarded` header.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    parameter(element, "for").and_then(node)
}

fn parameter<'a>(element: &'a str, wanted: &str) -> Option<&'a str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
    })
}

/// An address, perhaps with a port, as proxies write it. Obfuscated ones and `unknown` name nobody.
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']').and_then(|(address, _)| address.parse().ok()).map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Who sent a request.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// The client's address; `None` where the connection has none.
    pub address: Option<IpAddr>,
    /// Whether a trusted proxy says that the client speaks TLS with it.
    pub by_tls: bool,
    user_agent: Option<HeaderValue>,
    request_id: String,
}

impl Sender {
    /// Of a request that the hub itself would name `fresh`.
    pub fn of(request: &Request, proxies: &TrustedProxies, fresh: String) -> Self {
        let headers = request.headers();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        Self {
            address: peer.map(|peer| proxies.client(peer.0.ip(), headers)),
            by_tls: peer.is_some_and(|peer| proxies.by_tls(peer.0.ip(), headers)),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            request_id: named(headers).unwrap_or(fresh),
        }
    }

    /// The id of the request.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// How a command of this request is to be carried out: with what the request says of itself.
    pub fn options(&self) -> Options {
        let agent = self.user_agent.as_ref().map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        Options {
            trace_id: trace::current().map(|ids| ids.trace_hex()),
            origin: self.address.map(|address| Origin::new(address, agent.as_deref())),
            request_id: Some(self.request_id.clone()).filter(|id| !id.is_empty()),
            ..Options::default()
        }
    }
}

/// The id that the client gave its request, if it is a sane one.
fn named(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(X_REQUEST_ID).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let id = value.to_str().ok()?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    ((1..=64).contains(&id.len()) && id.bytes().all(sane)).then(|| id.to_owned())
}

impl<S: Sync> FromRequestParts<S> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
