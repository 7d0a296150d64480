use reqwest::dns::{Name, Resolve as _};

use super::{Address, Guarded, host_and_port, resolve, service};
use crate::transport::Settings;
use crate::transport::testing::settings;

#[test]
fn a_host_and_a_port_are_read() {
    let of = |text: &str| host_and_port(text, "/address", &settings());
    assert_eq!(of("Siem.example:6514"), Ok(Address { host: "siem.example".into(), port: 6514 }));
    assert_eq!(of("[2001:db8::1]:514"), Ok(Address { host: "2001:db8::1".into(), port: 514 }));
    for text in
        ["", "siem", "siem:", ":514", "siem:0", "siem:99999", "siem:+514", "a b:514", "2001:db8::1", "u@h:1"]
    {
        assert!(of(text).is_err_and(|error| error.rule.contains("host:port")), "{text}");
    }
    for text in
        ["169.254.169.254:80", "[fd00:ec2::254]:80", "metadata.google.internal:80", "0xa9fea9fe:80", "0:514"]
    {
        assert!(of(text).is_err_and(|error| error.rule.starts_with("must not")), "{text}");
    }
}

#[test]
fn a_service_is_reached_over_tls_and_named_without_secrets() {
    let strict = Settings { allow_plaintext: false, allow_loopback: false, ..settings() };
    let of = |text: &str| service(text, &strict);
    assert!(of("https://siem.example:8088/base").is_ok());
    for text in [
        "http://siem.example",
        "ftp://siem.example",
        "siem.example:8088",
        "https://user:hidden@siem.example",
        "https://siem.example/?token=hidden",
        "https://siem.example/#hidden",
        "https://127.0.0.1:9200",
        "https://localhost:9200",
        "https://2852039166/",
        "https://[::ffff:169.254.169.254]/",
    ] {
        let refused = of(text).expect_err(text);
        assert_eq!(refused.pointer, "/url", "{text}");
        assert!(!refused.to_string().contains("hidden"), "{text}");
    }
    assert!(service("http://127.0.0.1:1", &settings()).is_ok());
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_where_that_is_forbidden() {
    assert!(resolve("localhost", 1, true).await.is_ok());
    let refused = resolve("localhost", 1, false).await.expect_err("it is this machine");
    assert!(refused.to_string().contains("does not speak to"), "{refused}");
    let unknown = resolve("no-such-host.invalid", 1, true).await.expect_err("there is none");
    assert!(unknown.to_string().contains("cannot be resolved"), "{unknown}");
}

#[tokio::test]
async fn the_clients_resolver_keeps_to_the_rules_and_knows_its_alias() {
    let alias = Some(("siem.example".to_owned(), "127.0.0.1".to_owned()));
    let name = || "siem.example".parse::<Name>().expect("a name");
    let found =
        Guarded { allow_loopback: true, alias: alias.clone() }.resolve(name()).await.expect("an address");
    assert_eq!(found.map(|address| address.ip().to_string()).collect::<Vec<_>>(), ["127.0.0.1"]);
    let refused =
        Guarded { allow_loopback: false, alias }.resolve(name()).await.err().expect("it is this machine");
    assert!(refused.to_string().contains("does not speak to"), "{refused}");
}
