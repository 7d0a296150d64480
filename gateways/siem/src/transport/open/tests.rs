//! Every rule names its member, and nothing of what was handed in.

use hub_domain::export::{SaslMechanism, Tls, Transport as Config};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{check, open};
use crate::transport::testing::settings;
use crate::transport::{Part, Secrets, Settings};

fn secrets(document: &Value) -> Secrets {
    Secrets::parse(&SecretString::from(document.to_string())).expect("secrets")
}

fn strict() -> Settings {
    let export_dir = Some("/nowhere".into());
    Settings { allow_plaintext: false, allow_loopback: false, export_dir, ..settings() }
}

fn config(document: Value) -> Config {
    serde_json::from_value(document).expect("a transport")
}

#[tokio::test]
async fn each_way_out_opens_without_anybody_there() {
    let token = json!({ "token": "hidden" });
    let login = json!({ "username": "hub", "password": "hidden" });
    let key = json!({ "signing_key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    for (transport, document) in [
        (json!({ "kind": "syslog", "address": "siem.example:6514", "tls": {} }), json!({})),
        (
            json!({ "kind": "splunk_hec", "url": "https://splunk.example:8088", "index": "audit" }),
            token.clone(),
        ),
        (
            json!({ "kind": "elasticsearch", "url": "https://es.example:9200", "index": "logs-audit" }),
            json!({}),
        ),
        (json!({ "kind": "elasticsearch", "url": "https://es.example:9200", "index": "logs-audit" }), token),
        (
            json!({ "kind": "elasticsearch", "url": "https://10.0.0.1", "index": "a", "tls": { "server_name": "es.example" } }),
            login.clone(),
        ),
        (json!({ "kind": "webhook", "url": "https://hook.example/path" }), key),
        (json!({ "kind": "file", "name": "audit.log", "max_bytes": 1_000_000, "keep": 3 }), json!({})),
        (
            json!({ "kind": "kafka", "brokers": "a.example:9093, [2001:db8::1]:9093", "topic": "audit", "tls": {}, "sasl": "PLAIN" }),
            login,
        ),
    ] {
        let shown = transport.to_string();
        assert_eq!(check(&config(transport), &secrets(&document), &strict()), Ok(()), "{shown}");
    }
}

#[tokio::test]
async fn each_broken_rule_names_its_member() {
    let hec = |url: &str, index: &str| json!({ "kind": "splunk_hec", "url": url, "index": index });
    let bulk = |index: &str| json!({ "kind": "elasticsearch", "url": "https://es.example", "index": index });
    let hook = json!({ "kind": "webhook", "url": "https://hook.example" });
    let file = |name: &str, max: u64| json!({ "kind": "file", "name": name, "max_bytes": max, "keep": 0 });
    let kafka = |brokers: &str, topic: &str, tls: Value, sasl: Value| json!({ "kind": "kafka", "brokers": brokers, "topic": topic, "tls": tls, "sasl": sasl });
    let (none, token) = (json!({}), json!({ "token": "hidden" }));
    let login = json!({ "username": "hub", "password": "hidden" });
    for (transport, document, part, pointer) in [
        (json!({ "kind": "syslog", "address": "siem.example:6514" }), &none, Part::Transport, "/tls"),
        (
            json!({ "kind": "syslog", "address": "siem.example", "tls": {} }),
            &none,
            Part::Transport,
            "/address",
        ),
        (
            json!({ "kind": "syslog", "address": "169.254.169.254:514", "tls": {} }),
            &none,
            Part::Transport,
            "/address",
        ),
        (
            json!({ "kind": "syslog", "address": "a.example:6514", "tls": {} }),
            &token,
            Part::Secrets,
            "/token",
        ),
        (hec("http://splunk.example", "audit"), &token, Part::Transport, "/url"),
        (hec("https://hidden:hidden@splunk.example", "audit"), &token, Part::Transport, "/url"),
        (hec("https://metadata.google.internal", "audit"), &token, Part::Transport, "/url"),
        (hec("https://splunk.example", "_internal"), &token, Part::Transport, "/index"),
        (hec("https://splunk.example", "audit"), &none, Part::Secrets, "/token"),
        (hec("https://splunk.example", "audit"), &json!({ "token": "hid\nden" }), Part::Secrets, "/token"),
        (bulk("../_all"), &none, Part::Transport, "/index"),
        (bulk("audit"), &json!({ "username": "hub" }), Part::Secrets, "/password"),
        (bulk("audit"), &json!({ "password": "hidden" }), Part::Secrets, "/username"),
        (
            bulk("audit"),
            &json!({ "token": "hidden", "username": "a", "password": "b" }),
            Part::Secrets,
            "/token",
        ),
        (hook.clone(), &none, Part::Secrets, "/signing_key"),
        (hook.clone(), &json!({ "signing_key": "hidden" }), Part::Secrets, "/signing_key"),
        (hook, &json!({ "signing_key": "whsec_aGlkZGVu" }), Part::Secrets, "/signing_key"),
        (file("../a", 1 << 20), &none, Part::Transport, "/name"),
        (file("a", 1), &none, Part::Transport, "/max_bytes"),
        (kafka("a.example", "t", json!({}), json!(null)), &none, Part::Transport, "/brokers"),
        (
            kafka("a.example:1,169.254.169.254:1", "t", json!({}), json!(null)),
            &none,
            Part::Transport,
            "/brokers",
        ),
        (kafka("a.example:1", "..", json!({}), json!(null)), &none, Part::Transport, "/topic"),
        (kafka("a.example:1", "t", json!(null), json!(null)), &none, Part::Transport, "/tls"),
        (
            kafka("a.example:1", "t", json!({ "server_name": "b.example" }), json!(null)),
            &none,
            Part::Transport,
            "/tls/server_name",
        ),
        (kafka("a.example:1", "t", json!({}), json!("PLAIN")), &none, Part::Secrets, "/username"),
        (kafka("a.example:1", "t", json!({}), json!(null)), &login, Part::Secrets, "/username"),
    ] {
        let shown = transport.to_string();
        let refused = check(&config(transport), &secrets(document), &strict()).expect_err(&shown);
        assert_eq!((refused.part, refused.pointer.as_str()), (part, pointer), "{shown}: {refused}");
        assert!(!refused.to_string().contains("hidden"), "{refused}");
    }
}

#[tokio::test]
async fn what_the_hub_does_not_allow_is_refused() {
    let file = Config::File { name: "a".into(), max_bytes: 1 << 20, keep: 0 };
    let no_folder = Settings { export_dir: None, ..strict() };
    let refused = check(&file, &Secrets::default(), &no_folder).expect_err("there is no folder");
    assert_eq!(refused.pointer, "/kind");
    let brokers = "127.0.0.1:9092".to_owned();
    let plain = Config::Kafka { brokers, topic: "t".into(), tls: None, sasl: Some(SaslMechanism::Plain) };
    let login = secrets(&json!({ "username": "hub", "password": "hidden" }));
    assert_eq!(check(&plain, &login, &settings()).expect_err("in the clear").pointer, "/sasl");
    let http = Config::Webhook { url: "http://127.0.0.1:1".into(), tls: Some(Tls::default()) };
    let key = secrets(&json!({ "signing_key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }));
    assert_eq!(check(&http, &key, &settings()).expect_err("no TLS").pointer, "/tls");
    assert!(
        open(&Config::Webhook { url: "http://127.0.0.1:1".into(), tls: None }, &key, &settings()).is_ok()
    );
}

#[test]
fn a_document_of_secrets_is_read_strictly_and_not_repeated() {
    for text in
        ["", "[]", "{\"token\":1}", "{\"hidden\":\"hidden\"}", "{\"token\":\"hidden\",\"x\":1}", "\"hidden\""]
    {
        let refused = Secrets::parse(&text.to_owned().into()).expect_err(text);
        assert_eq!((refused.part, refused.pointer.as_str()), (Part::Secrets, ""));
        assert!(!refused.to_string().contains("hidden"), "{refused}");
    }
    let long = format!("{{\"token\":\"{}\"}}", "x".repeat(70_000));
    assert!(Secrets::parse(&long.into()).is_err());
    let read = Secrets::parse(&"{\"token\":\"hidden\"}".to_owned().into()).expect("secrets");
    assert!(read.token.is_some() && !format!("{read:?}").contains("hidden"));
}
