//! Where the other side is. A user names it: the kernel's rules for addresses hold for what is written, and for what a name
//! leads to, each time a connection is made.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hub_domain::kernel::address::{allowed, host_allowed};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::{OpenError, Settings};

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
}

/// Reads `host:port`.
pub(crate) fn host_and_port(text: &str, pointer: &str, settings: &Settings) -> Result<Address, OpenError> {
    let refused = |rule: &str| OpenError::transport(pointer, rule);
    let form = || refused("must be of the form host:port");
    let (host, port) = text.rsplit_once(':').ok_or_else(form)?;
    let port: u16 = port.parse().ok().filter(|port| *port != 0).ok_or_else(form)?;
    if host.len() > 253 || port.to_string().len() + host.len() + 1 != text.len() {
        return Err(form());
    }
    let host = match Host::parse(host).map_err(|_| form())? {
        Host::Domain(name) => name,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    host_allowed(&host, settings.allow_loopback).map_err(refused)?;
    Ok(Address { host, port })
}

/// Reads the address of a service over HTTP.
pub(crate) fn service(text: &str, settings: &Settings) -> Result<Url, OpenError> {
    let refused = |rule: &str| OpenError::transport("/url", rule);
    let form = || refused("must be an address such as https://HOST:PORT");
    if text.len() > 2000 {
        return Err(refused("must be at most 2000 characters"));
    }
    let url = Url::parse(text).map_err(|_| form())?;
    match url.scheme() {
        "https" => {}
        "http" if settings.allow_plaintext => {}
        "http" => return Err(refused("must begin with https://: nothing is sent in the clear")),
        _ => return Err(form()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not name a user: secrets belong into the export's secrets"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("must not hold a query or a fragment: secrets belong into the export's secrets"));
    }
    let host = url.host_str().ok_or_else(form)?;
    host_allowed(host, settings.allow_loopback).map_err(refused)?;
    Ok(url)
}

/// What a name leads to, without the addresses that the hub does not speak to.
async fn resolve(host: &str, port: u16, allow_loopback: bool) -> io::Result<Vec<SocketAddr>> {
    let unknown = || io::Error::other("the name cannot be resolved");
    let mut found = lookup_host((host, port)).await.map_err(|_| unknown())?.peekable();
    if found.peek().is_none() {
        return Err(unknown());
    }
    let kept: Vec<_> = found.filter(|address| allowed(address.ip(), allow_loopback).is_ok()).collect();
    if kept.is_empty() {
        return Err(io::Error::other("the name leads to an address that the hub does not speak to"));
    }
    Ok(kept)
}

impl Address {
    /// The addresses that it leads to.
    pub(crate) async fn resolve(&self, settings: &Settings) -> io::Result<Vec<SocketAddr>> {
        resolve(&self.host, self.port, settings.allow_loopback).await
    }

    /// A connection, and how long its handshake took: about one round trip.
    pub(crate) async fn connect(&self, settings: &Settings) -> io::Result<(TcpStream, Duration)> {
        let mut last = io::Error::other("there is no address");
        for address in self.resolve(settings).await? {
            let began = tokio::time::Instant::now();
            match timeout(settings.connect_within, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok((stream, began.elapsed()));
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::Error::other("it does not answer"),
            }
        }
        Err(last)
    }
}

/// The resolver of HTTP clients.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    pub allow_loopback: bool,
    /// A name that stands for another host: how a certificate may bear another name than the host's.
    pub alias: Option<(String, String)>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let host = match &self.alias {
            Some((alias, host)) if alias == name.as_str() => host.clone(),
            _ => name.as_str().to_owned(),
        };
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found = resolve(&host, 0, allow_loopback).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
