use std::net::SocketAddr;

use super::{ResolveError, endpoint, filtered};
use crate::Settings;

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
    for server in ["https://169.254.169.254", "https://[fe80::1]:6443", "https://metadata.google.internal"] {
        assert!(of(server).is_err(), "{server}");
    }
    let plain = Settings { allow_plaintext: true, ..Settings::default() };
    assert_eq!(
        endpoint(&"http://10.0.0.1".parse().expect("a URI"), plain).as_deref(),
        Ok("http://10.0.0.1:80")
    );
}
