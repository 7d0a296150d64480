use super::{path_prefix, place};

#[test]
fn a_prefix_is_a_plain_path() {
    for good in ["", "/hub", "/a/b-c/d_e.f~1", "/api", "/healthz/hub"] {
        assert_eq!(path_prefix(good).as_deref(), Ok(good));
    }
    let long = format!("/{}", "a".repeat(128));
    for bad in [
        "/",
        "hub",
        "/hub/",
        "//hub",
        "/a//b",
        "/a/../b",
        "/.",
        "/a b",
        "/a%2Fb",
        "/ä",
        "/a?b",
        "/a;b",
        "/a\"b",
        "/<b>",
        "/healthz",
        "/readyz",
        "http://x/hub",
        &long,
    ] {
        assert!(path_prefix(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_is_printed_can_be_opened() {
    for (listening, prefix, wanted) in [
        ("127.0.0.1:8080", "", "http://127.0.0.1:8080/"),
        ("127.0.0.1:8080", "/hub", "http://127.0.0.1:8080/hub/"),
        ("0.0.0.0:80", "", "http://127.0.0.1:80/"),
        ("[::]:80", "/hub", "http://[::1]:80/hub/"),
        ("192.0.2.1:80", "", "http://192.0.2.1:80/"),
    ] {
        assert_eq!(place("http", listening.parse().unwrap(), prefix), wanted);
    }
}
