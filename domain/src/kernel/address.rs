//! Which addresses the hub speaks to when a user names them. Checked twice: as they are written, and again when a name
//! has been resolved, each time a connection is made.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata services of clouds that live outside the link-local ranges.
const METADATA: [IpAddr; 3] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
];
/// Names under which clouds offer them.
const METADATA_NAMES: [&str; 6] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "instance-data.ec2.internal",
];

/// Whether the hub may speak to an address; the rule that forbids it otherwise.
pub fn allowed(address: IpAddr, allow_loopback: bool) -> Result<(), &'static str> {
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

/// The same for a host as it is written: an address (an IPv6 one with or without its brackets), or a name, of which only
/// those are refused that are known; what it leads to is for [`allowed`].
pub fn host_allowed(host: &str, allow_loopback: bool) -> Result<(), &'static str> {
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
        return allowed(address, allow_loopback);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if METADATA_NAMES.contains(&name.as_str()) {
        return Err("must not name a cloud's metadata service");
    }
    if (name == "localhost" || name.ends_with(".localhost")) && !allow_loopback {
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

#[cfg(test)]
mod tests;
