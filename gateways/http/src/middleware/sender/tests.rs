use axum::body::Body;

use super::*;

fn proxies(header: ForwardedHeader) -> TrustedProxies {
    TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()], header)
}

fn client(proxies: &TrustedProxies, peer: &str, name: &'static str, values: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, value.parse().unwrap());
    }
    proxies.client(peer.parse().unwrap(), &headers).to_string()
}

#[test]
fn nobody_is_believed_unless_told_so() {
    let none = TrustedProxies::default();
    assert_eq!(client(&none, "10.0.0.1", "x-forwarded-for", &["192.0.2.1"]), "10.0.0.1");
    let some = proxies(ForwardedHeader::XForwardedFor);
    assert_eq!(client(&some, "192.0.2.9", "x-forwarded-for", &["192.0.2.1"]), "192.0.2.9");
    assert_eq!(client(&some, "10.0.0.1", "forwarded", &["for=192.0.2.1"]), "10.0.0.1");
}

#[test]
fn the_rightmost_address_that_is_no_proxys_is_the_client() {
    let some = proxies(ForwardedHeader::XForwardedFor);
    for (values, wanted) in [
        (&["192.0.2.1"][..], "192.0.2.1"),
        (&["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
        (&["6.6.6.6, 192.0.2.1, 10.2.2.2"], "192.0.2.1"),
        (&["6.6.6.6", "192.0.2.1", "10.2.2.2 , fd00::1"], "192.0.2.1"),
        (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (&["192.0.2.1:4711"], "192.0.2.1"),
        (&["[2001:db8::1]:4711"], "2001:db8::1"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
        (&["192.0.2.1, unknown"], "10.0.0.1"),
        (&["192.0.2.1, , 10.2.2.2"], "10.2.2.2"),
        (&[""], "10.0.0.1"),
        (&[], "10.0.0.1"),
    ] {
        assert_eq!(client(&some, "10.0.0.1", "x-forwarded-for", values), wanted, "{values:?}");
    }
    assert_eq!(client(&some, "::ffff:10.0.0.1", "x-forwarded-for", &["192.0.2.1"]), "192.0.2.1");
}

#[test]
fn the_standard_header_is_read_where_it_is_the_one() {
    let some = proxies(ForwardedHeader::Forwarded);
    for (value, wanted) in [
        ("for=192.0.2.1", "192.0.2.1"),
        ("for=6.6.6.6, For=\"192.0.2.1:80\";proto=https;by=10.0.0.9", "192.0.2.1"),
        ("proto=https; for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("for=192.0.2.1, for=_hidden", "10.0.0.1"),
        ("by=192.0.2.1", "10.0.0.1"),
    ] {
        assert_eq!(client(&some, "10.0.0.1", "forwarded", &[value]), wanted, "{value}");
    }
    assert_eq!(client(&some, "10.0.0.1", "x-forwarded-for", &["192.0.2.1"]), "10.0.0.1");
}

#[test]
fn only_a_trusted_proxy_tells_of_tls() {
    for (how, peer, name, values, wanted) in [
        (ForwardedHeader::XForwardedFor, "10.0.0.1", "x-forwarded-proto", &["https"][..], true),
        (ForwardedHeader::XForwardedFor, "::ffff:10.0.0.1", "x-forwarded-proto", &["HTTPS"], true),
        (ForwardedHeader::XForwardedFor, "10.0.0.1", "x-forwarded-proto", &["https, http"], true),
        (ForwardedHeader::XForwardedFor, "10.0.0.1", "x-forwarded-proto", &["http"], false),
        (ForwardedHeader::XForwardedFor, "10.0.0.1", "x-forwarded-proto", &["httpsx"], false),
        (ForwardedHeader::XForwardedFor, "192.0.2.9", "x-forwarded-proto", &["https"], false),
        (ForwardedHeader::XForwardedFor, "10.0.0.1", "forwarded", &["proto=https"], false),
        (ForwardedHeader::Forwarded, "10.0.0.1", "forwarded", &["for=192.0.2.1;Proto=\"https\""], true),
        (ForwardedHeader::Forwarded, "10.0.0.1", "forwarded", &["for=192.0.2.1;proto=http"], false),
        (ForwardedHeader::Forwarded, "10.0.0.1", "forwarded", &["for=https"], false),
        (ForwardedHeader::Forwarded, "192.0.2.9", "forwarded", &["proto=https"], false),
        (ForwardedHeader::Forwarded, "10.0.0.1", "x-forwarded-proto", &["https"], false),
    ] {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        assert_eq!(
            proxies(how).by_tls(peer.parse().unwrap(), &headers),
            wanted,
            "{how:?} {peer} {name} {values:?}"
        );
    }
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-proto", "https".parse().unwrap());
    assert!(!TrustedProxies::default().by_tls("10.0.0.1".parse().unwrap(), &headers));
}

#[test]
fn a_request_keeps_its_name_if_that_is_a_sane_one() {
    let long = "a".repeat(65);
    for (values, kept) in [
        (&["job-7.retry_2"][..], true),
        (&[&*"a".repeat(64)], true),
        (&[&*long], false),
        (&[""], false),
        (&["a b"], false),
        (&["a\"b"], false),
        (&["one", "two"], false),
        (&[], false),
    ] {
        let mut request = Request::builder();
        for value in values {
            request = request.header("x-request-id", *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let sender = Sender::of(&request, &TrustedProxies::default(), "fresh".into());
        assert_eq!(sender.request_id(), if kept { values[0] } else { "fresh" }, "{values:?}");
    }
}
