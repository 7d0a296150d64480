//! Which addresses the hub speaks to. A user names them, so they are checked twice: as they are written in the
//! kubeconfig, and again when a name has been resolved, each time a connection is made.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower::Service;

use crate::Settings;

/// Metadata services of clouds that live outside the link-local ranges.
const METADATA: [IpAddr; 3] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
];

/// The API server's address as the ledger shows it (scheme, host, port), or the rule that it broke.
pub(crate) fn endpoint(server: &Uri, settings: Settings) -> Result<String, &'static str> {
    let (scheme, usual) = match server.scheme_str() {
        Some("https") => ("https", 443),
        Some("http") if settings.allow_plaintext => ("http", 80),
        Some("http") => {
            return Err("must begin with https://: the hub does not send credentials in the clear");
        }
        _ => return Err("must be an address such as https://HOST:PORT"),
    };
    let authority = server.authority().filter(|authority| !authority.as_str().contains('@'));
    let Some(authority) = authority.filter(|authority| !authority.host().is_empty()) else {
        return Err("must name a host, and no user");
    };
    if server.query().is_some() {
        return Err("must not hold a query");
    }
    let host = authority.host().to_ascii_lowercase();
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
        allowed(address, settings.allow_loopback)?;
    }
    Ok(format!("{scheme}://{host}:{}", authority.port_u16().unwrap_or(usual)))
}

/// Whether the hub may speak to an address; the rule that forbids it otherwise.
pub(crate) fn allowed(address: IpAddr, allow_loopback: bool) -> Result<(), &'static str> {
    let address = meant(address);
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if link_local || METADATA.contains(&address) || address.is_unspecified() || address.is_multicast() {
        return Err("must not be a link-local, metadata, unspecified or multicast address");
    }
    if address.is_loopback() && !allow_loopback {
        return Err("must not be on the hub's own machine");
    }
    Ok(())
}

/// The address behind an IPv6 form of an IPv4 address: mapped (RFC 4291, 2.5.5.2), or NAT64 (RFC 6052).
fn meant(address: IpAddr) -> IpAddr {
    if let IpAddr::V6(v6) = address
        && let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = v6.segments()
    {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    address.to_canonical()
}

/// Why a name led nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// The resolver has no address for it.
    #[error("the name cannot be resolved")]
    Unknown(#[source] io::Error),
    /// It has addresses, and the hub speaks to none of them.
    #[error("the name leads to an address that the hub does not speak to")]
    Refused,
}

/// The system's resolver, without the addresses that the hub does not speak to.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    allow_loopback: bool,
    system: GaiResolver,
}

impl Resolver {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { allow_loopback: settings.allow_loopback, system: GaiResolver::new() }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ResolveError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.system.poll_ready(context).map_err(ResolveError::Unknown)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (asked, allow_loopback) = (self.system.call(name), self.allow_loopback);
        Box::pin(async move {
            let found: Vec<SocketAddr> = asked.await.map_err(ResolveError::Unknown)?.collect();
            filtered(found, allow_loopback)
        })
    }
}

fn filtered(
    found: Vec<SocketAddr>,
    allow_loopback: bool,
) -> Result<std::vec::IntoIter<SocketAddr>, ResolveError> {
    if found.is_empty() {
        return Err(ResolveError::Unknown(io::ErrorKind::NotFound.into()));
    }
    let kept: Vec<SocketAddr> =
        found.into_iter().filter(|address| allowed(address.ip(), allow_loopback).is_ok()).collect();
    if kept.is_empty() { Err(ResolveError::Refused) } else { Ok(kept.into_iter()) }
}

#[cfg(test)]
mod tests;
