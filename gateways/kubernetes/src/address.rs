//! Which API servers the hub speaks to: the kernel's rules for addresses, applied to what the kubeconfig says and to what a
//! name leads to, each time a connection is made.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hub_domain::kernel::address::{allowed, host_allowed};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower::Service;

use crate::Settings;

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
    host_allowed(&host, settings.allow_loopback)?;
    Ok(format!("{scheme}://{host}:{}", authority.port_u16().unwrap_or(usual)))
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
