//! Each rule, with the member that broke it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{Broken, examine};
use crate::Settings;
use crate::testing::identity;

/// "-----BEGIN CERTIFICATE-----" in base64, and nothing behind it.
const NO_CERTIFICATE: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t";

fn config() -> Value {
    json!({
        "current-context": "one",
        "clusters": [{ "name": "c", "cluster": { "server": "https://10.0.0.1:6443/" } }],
        "users": [{ "name": "u", "user": { "token": "secret-token" } }],
        "contexts": [
            { "name": "one", "context": { "cluster": "c", "user": "u", "namespace": "n" } },
            { "name": "two", "context": { "cluster": "c", "user": "missing" } },
        ],
    })
}

fn refused(config: &Value, context: Option<&str>) -> Broken {
    examine(&SecretString::from(config.to_string()), context, Settings::default()).expect_err("it is refused")
}

/// The config with one member set, by pointer of its parent.
fn with(parent: &str, member: &str, value: Value) -> Value {
    let mut config = config();
    config.pointer_mut(parent).and_then(Value::as_object_mut).expect("a parent").insert(member.into(), value);
    config
}

#[test]
fn one_context_comes_out_with_nothing_else() {
    let examined = examine(&SecretString::from(config().to_string()), None, Settings::default())
        .expect("it is accepted");
    assert_eq!((examined.context.as_str(), examined.endpoint.as_str()), ("one", "https://10.0.0.1:6443"));
    let kept: Value = serde_json::from_slice(examined.kubeconfig.expose_secret()).expect("JSON");
    assert_eq!(kept["users"], json!([{ "name": "hub", "user": { "token": "secret-token" } }]));
    assert_eq!(kept["contexts"].as_array().expect("contexts").len(), 1);
    assert!(!format!("{examined:?}").contains("secret-token"));
}

#[test]
fn yaml_serves_as_kubectl_writes_it() {
    let yaml = "apiVersion: v1\nclusters:\n- cluster:\n    server: https://[fd00::1]\n  name: c\ncontexts:\n- context:\n    cluster: c\n    user: u\n  name: only\nkind: Config\nusers:\n- name: u\n  user:\n    token: t\n";
    let examined = examine(&SecretString::from(yaml), None, Settings::default()).expect("it is accepted");
    assert_eq!((examined.context.as_str(), examined.endpoint.as_str()), ("only", "https://[fd00::1]:443"));
}

#[test]
fn every_refusal_names_member_and_rule() {
    let user = "/users/0/user";
    let cluster = "/clusters/0/cluster";
    let cases = [
        (user, "exec", json!({ "command": "aws" }), "/users/0/user/exec", "service account"),
        (user, "auth-provider", json!({ "name": "gcp" }), "/users/0/user/auth-provider", "service account"),
        (user, "tokenFile", json!("/etc/shadow"), "/users/0/user/tokenFile", "files are not read"),
        (user, "client-certificate", json!("/a"), "/users/0/user/client-certificate", "--flatten"),
        (user, "client-key", json!("/a"), "/users/0/user/client-key", "--flatten"),
        (user, "username", json!("a"), "/users/0/user/username", "basic"),
        (user, "as", json!("root"), "/users/0/user/as", "impersonation"),
        (
            user,
            "client-certificate-data",
            json!(NO_CERTIFICATE),
            "/users/0/user/client-key-data",
            "must come with",
        ),
        (
            user,
            "client-key-data",
            json!("no base64!"),
            "/users/0/user/client-certificate-data",
            "must come with",
        ),
        (user, "password", json!("p"), "/users/0/user/password", "basic"),
        (user, "as-groups", json!(["system:masters"]), "/users/0/user/as-groups", "impersonation"),
        (user, "as-user-extra", json!({ "a": ["b"] }), "/users/0/user/as-user-extra", "impersonation"),
        (user, "token", json!(12345), "/users/0/user/token", "quotes"),
        (
            cluster,
            "certificate-authority-data",
            json!("no base64!"),
            "/clusters/0/cluster/certificate-authority-data",
            "PEM in base64",
        ),
        (
            cluster,
            "certificate-authority-data",
            json!(NO_CERTIFICATE),
            "/clusters/0/cluster/certificate-authority-data",
            "certificate",
        ),
        (cluster, "tls-server-name", json!("not a name"), "/clusters/0/cluster/tls-server-name", "host name"),
        (cluster, "server", json!("https://10.0.0.1?a=b"), "/clusters/0/cluster/server", "query"),
        (cluster, "server", json!(""), "/clusters/0/cluster/server", "https://HOST:PORT"),
        (cluster, "server", json!("https://"), "/clusters/0/cluster/server", "https://HOST:PORT"),
        (cluster, "server", json!("ftp://10.0.0.1"), "/clusters/0/cluster/server", "https://HOST:PORT"),
        (
            cluster,
            "server",
            json!("https://[::ffff:169.254.169.254]"),
            "/clusters/0/cluster/server",
            "metadata",
        ),
        (user, "token", json!("two words"), "/users/0/user/token", "visible ASCII"),
        (user, "token", json!(""), "/users/0/user", "must hold a token"),
        (
            cluster,
            "certificate-authority",
            json!("/a"),
            "/clusters/0/cluster/certificate-authority",
            "--flatten",
        ),
        (
            cluster,
            "insecure-skip-tls-verify",
            json!(true),
            "/clusters/0/cluster/insecure-skip-tls-verify",
            "always verified",
        ),
        (cluster, "proxy-url", json!("http://p"), "/clusters/0/cluster/proxy-url", "proxies"),
        (cluster, "server", json!("http://10.0.0.1"), "/clusters/0/cluster/server", "https://"),
        (cluster, "server", json!("https://169.254.169.254"), "/clusters/0/cluster/server", "link-local"),
        (cluster, "server", json!("https://[fe80::1]:6443"), "/clusters/0/cluster/server", "link-local"),
        (cluster, "server", json!("https://0.0.0.0"), "/clusters/0/cluster/server", "unspecified"),
        (cluster, "server", json!("https://me@host"), "/clusters/0/cluster/server", "no user"),
        (cluster, "server", json!(7), "/clusters/0/cluster/server", "quotes"),
        ("", "contexts", json!([]), "/contexts", "at least one"),
        ("", "current-context", json!("three"), "/current-context", "one, two"),
        ("", "current-context", json!(""), "/current-context", "there are: one, two"),
        ("", "users", json!([]), "/users", "the context names"),
        (
            "/contexts/0",
            "context",
            json!({ "cluster": "c" }),
            "/contexts/0/context/user",
            "must name its user",
        ),
        ("/users/0", "user", json!(null), "/users/0/user", "must be an object"),
    ];
    for (parent, member, value, pointer, rule) in cases {
        let (found, said) = refused(&with(parent, member, value), None);
        assert_eq!(found, pointer, "{said}");
        assert!(said.contains(rule), "{pointer}: {said}");
    }
    assert_eq!(refused(&config(), Some("two")).0, "/users");
    let (at, rule) = refused(&config(), Some("three"));
    assert_eq!((at.as_str(), rule.contains("one, two")), ("/contexts", true));
    assert_eq!(refused(&json!([1]), None).0, "");
    let long = SecretString::from("x".repeat((1 << 20) + 1));
    assert!(examine(&long, None, Settings::default()).expect_err("it is refused").1.contains("at most"));
}

#[test]
fn a_broken_file_is_not_quoted() {
    let (_, said) = examine(&SecretString::from("token: 'hunter2"), None, Settings::default()).expect_err("broken");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_would_take_a_parser_long_is_refused_soon() {
    let mut bomb = String::from("a0: &a0 [x]\n");
    for nth in 1..40 {
        let before = nth - 1;
        writeln!(bomb, "a{nth}: &a{nth} [*a{before}, *a{before}, *a{before}, *a{before}]").expect("memory");
    }
    let long = |word: &str| word.repeat((1 << 20) / word.len());
    let mut texts: Vec<String> = ["[", "{a: ", "- ", "? ", "!a ", "&a ", "a: b\n", "#\n", " ", "\"", ", a"].map(long).into();
    texts.extend([bomb, format!("[{}", &long("a,")[1..]), format!("{{{}", &long("a,")[1..])]);
    let began = Instant::now();
    for text in texts {
        let shown = text[..4].to_owned();
        assert!(examine(&SecretString::from(text), None, Settings::default()).is_err(), "{shown}");
    }
    // It takes a tenth of a second. A parser without limits took a minute for one of them.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn settings_open_and_close() {
    let asks = |settings: Settings, member: &str, value: Value| {
        let text = SecretString::from(with("/clusters/0/cluster", member, value).to_string());
        examine(&text, None, settings).map_err(|(pointer, _)| pointer)
    };
    let usual = Settings::default();
    let (closed, plain) =
        (Settings { allow_loopback: false, ..usual }, Settings { allow_plaintext: true, ..usual });
    let lax = Settings { allow_insecure_tls: true, ..usual };
    let server = "/clusters/0/cluster/server";
    assert!(asks(usual, "server", json!("https://127.0.0.1:6443")).is_ok());
    assert_eq!(asks(closed, "server", json!("https://127.0.0.1:6443")).expect_err("it is closed"), server);
    assert_eq!(asks(usual, "server", json!("http://10.0.0.1")).expect_err("it is in the clear"), server);
    assert_eq!(
        asks(plain, "server", json!("http://10.0.0.1")).expect("it is open").endpoint,
        "http://10.0.0.1:80"
    );
    assert!(asks(lax, "insecure-skip-tls-verify", json!(true)).is_ok());
    assert!(asks(lax, "insecure-skip-tls-verify", json!("true")).is_err(), "a text is no yes");
    assert!(asks(usual, "insecure-skip-tls-verify", json!(false)).is_ok());
}

/// PEM in base64 as YAML writes it in a block: in lines.
fn in_lines(pem: &str) -> String {
    let text = STANDARD.encode(pem);
    text.as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn certificates_and_keys_are_checked() {
    let (one, other) = (identity(|_| ()), identity(|_| ()));
    let of = |certificate: &str, key: &str| {
        let mut config = config();
        config["users"][0]["user"] =
            json!({ "client-certificate-data": in_lines(certificate), "client-key-data": in_lines(key) });
        config["clusters"][0]["cluster"]["certificate-authority-data"] = in_lines(&one.certificate).into();
        config
    };
    let right = of(&one.certificate, &one.key).to_string();
    let examine_it =
        || examine(&SecretString::from(right.as_str()), None, Settings::default()).expect("it is accepted");
    let kept: Value = serde_json::from_slice(examine_it().kubeconfig.expose_secret()).expect("JSON");
    assert_eq!(kept["users"][0]["user"]["client-key-data"], STANDARD.encode(&one.key));
    assert_eq!(
        kept["clusters"][0]["cluster"]["certificate-authority-data"],
        STANDARD.encode(&one.certificate)
    );
    assert_eq!(examine_it().kubeconfig.expose_secret(), examine_it().kubeconfig.expose_secret());

    let key_at = "/users/0/user/client-key-data";
    let (at, rule) = refused(&of(&one.certificate, &other.key), None);
    assert_eq!((at.as_str(), rule.contains("key of the client certificate")), (key_at, true), "{rule}");
    assert_eq!(refused(&of(&one.key, &one.key), None).0, "/users/0/user/client-certificate-data");
    let sealed = one.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let (at, rule) = refused(&of(&one.certificate, &sealed), None);
    assert_eq!((at.as_str(), rule.contains("not encrypted")), (key_at, true), "{rule}");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(refused(&of(garbage, &one.key), None).0, "/users/0/user/client-certificate-data");
}

#[test]
fn no_refusal_tells_a_secret() {
    let secret = "hunter2-hunter2";
    for member in ["token", "client-key-data", "client-certificate-data", "password", "tokenFile", "exec"] {
        let text = with("/users/0/user", member, json!(format!("{secret} {secret}"))).to_string();
        if let Err((pointer, rule)) = examine(&SecretString::from(text), None, Settings::default()) {
            assert!(!pointer.contains(secret) && !rule.contains(secret), "{member}: {rule}");
        }
    }
}
