use std::net::SocketAddr;

use super::{ResolveError, allowed, endpoint, filtered};
use crate::Settings;

#[test]
fn what_is_nobodys_api_server_is_refused() {
    let refused = [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "0.0.0.0",
        "::",
        "::ffff:0.0.0.0",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
    ];
    for address in refused {
        assert!(allowed(address.parse().expect("an address"), true).is_err(), "{address}");
    }
    for address in [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "8.8.8.8",
        "fd00::1",
        "2001:db8::1",
        "64:ff9b::808:808",
    ] {
        assert_eq!(allowed(address.parse().expect("an address"), false), Ok(()), "{address}");
    }
    for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(allowed(address.parse().expect("an address"), true), Ok(()), "{address}");
        assert!(allowed(address.parse().expect("an address"), false).is_err(), "{address}");
    }
}

#[test]
fn a_name_that_leads_to_a_refused_address_is_refused() {
    let addresses = |texts: &[&str]| {
        texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<SocketAddr>>()
    };
    let bad = filtered(addresses(&["169.254.169.254:443", "[fe80::1]:443"]), true);
    assert!(matches!(bad, Err(ResolveError::Refused)));
    let mixed = filtered(addresses(&["169.254.169.254:443", "10.0.0.1:443"]), true).expect("one is good");
    assert_eq!(mixed.as_slice(), addresses(&["10.0.0.1:443"]));
    assert!(matches!(filtered(addresses(&["127.0.0.1:443"]), false), Err(ResolveError::Refused)));
    assert!(matches!(filtered(vec![], true), Err(ResolveError::Unknown(_))));
}

#[test]
fn an_endpoint_is_scheme_host_and_port() {
    let of = |text: &str| endpoint(&text.parse().expect("a URI"), Settings::default());
    assert_eq!(of("https://API.example/k8s/clusters/c-1").as_deref(), Ok("https://api.example:443"));
    assert_eq!(of("https://[fd00::1]:6443").as_deref(), Ok("https://[fd00::1]:6443"));
    assert!(of("http://10.0.0.1").is_err_and(|rule| rule.contains("https://")));
    let plain = Settings { allow_plaintext: true, ..Settings::default() };
    assert_eq!(
        endpoint(&"http://10.0.0.1".parse().expect("a URI"), plain).as_deref(),
        Ok("http://10.0.0.1:80")
    );
}
