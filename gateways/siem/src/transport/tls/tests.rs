use hub_domain::export::Tls;
use rcgen::{CertificateParams, KeyPair};

use super::client;
use crate::transport::{Part, Secrets};

fn certificate() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate =
        CertificateParams::new(vec!["hub.example".into()]).expect("parameters").self_signed(&key);
    (certificate.expect("a certificate").pem(), key.serialize_pem())
}

#[test]
fn authorities_and_a_certificate_are_read() {
    let (certificate, key) = certificate();
    let tls = Tls { ca: Some(certificate.repeat(2)), server_name: Some("siem.example".into()) };
    assert!(client(&tls, &Secrets::default()).is_ok());
    let secrets = Secrets {
        client_certificate: Some(certificate.into()),
        client_key: Some(key.into()),
        ..Secrets::default()
    };
    assert!(client(&tls, &secrets).expect("a client").client_auth_cert_resolver.has_certs());
}

#[test]
fn each_rule_names_its_member() {
    let (certificate, key) = certificate();
    let (other, _) = self::certificate();
    let ca = |text: &str| Tls { ca: Some(text.into()), server_name: None };
    let named = |name: &str| Tls { ca: Some(certificate.clone()), server_name: Some(name.into()) };
    for (tls, pointer) in [
        (ca("none"), "/tls/ca"),
        (ca(&key), "/tls/ca"),
        (ca(&certificate.replace("MII", "AAA")), "/tls/ca"),
        (named("10.0.0.1"), "/tls/server_name"),
        (named("a b"), "/tls/server_name"),
    ] {
        let refused = client(&tls, &Secrets::default()).expect_err(pointer);
        assert_eq!((refused.part, refused.pointer.as_str()), (Part::Transport, pointer));
    }
    let with = |certificate: Option<&str>, key: Option<&str>| Secrets {
        client_certificate: certificate.map(Into::into),
        client_key: key.map(Into::into),
        ..Secrets::default()
    };
    for (secrets, pointer) in [
        (with(Some(&certificate), None), "/client_key"),
        (with(None, Some(&key)), "/client_certificate"),
        (with(Some("hidden"), Some(&key)), "/client_certificate"),
        (with(Some(&certificate), Some("hidden")), "/client_key"),
        (with(Some(&other), Some(&key)), "/client_key"),
    ] {
        let refused = client(&ca(&certificate), &secrets).expect_err(pointer);
        assert_eq!((refused.part, refused.pointer.as_str()), (Part::Secrets, pointer));
        assert!(!refused.to_string().contains("hidden"));
    }
}
