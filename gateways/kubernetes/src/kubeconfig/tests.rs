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

/// Sets each member below `parent` in turn; the refusal names what is expected of `parent/NAMED` and holds the words.
fn each_is_refused(parent: &str, cases: &[(&str, Value, &str, &str)]) {
    for (member, value, named, words) in cases {
        let (pointer, rule) = refused(&with(parent, member, value.clone()), None);
        assert_eq!(pointer, format!("{parent}{named}"), "{member} = {value}: {rule}");
        assert!(rule.contains(words), "{member} = {value}: {rule}");
    }
}

#[test]
fn what_a_user_may_not_hold() {
    each_is_refused(
        "/users/0/user",
        &[
            ("exec", json!({ "command": "aws" }), "/exec", "create a service account"),
            ("auth-provider", json!({ "name": "gcp" }), "/auth-provider", "create a service account"),
            ("tokenFile", json!("/etc/shadow"), "/tokenFile", "files are not read"),
            ("client-certificate", json!("/a"), "/client-certificate", "--flatten"),
            ("client-key", json!("/a"), "/client-key", "--flatten"),
            ("username", json!("a"), "/username", "basic"),
            ("password", json!("p"), "/password", "basic"),
            ("as", json!("root"), "/as", "impersonation"),
            ("as-uid", json!("0"), "/as-uid", "impersonation"),
            ("as-groups", json!(["system:masters"]), "/as-groups", "impersonation"),
            ("as-user-extra", json!({ "a": ["b"] }), "/as-user-extra", "impersonation"),
            ("client-certificate-data", json!(NO_CERTIFICATE), "/client-key-data", "must come with"),
            ("client-key-data", json!("no base64!"), "/client-certificate-data", "must come with"),
            ("token", json!(12345), "/token", "quotes"),
            ("token", json!("two words"), "/token", "visible ASCII"),
            ("token", json!(""), "", "must hold a token"),
        ],
    );
}

#[test]
fn what_a_cluster_may_not_hold() {
    each_is_refused(
        "/clusters/0/cluster",
        &[
            ("certificate-authority", json!("/a"), "/certificate-authority", "--flatten"),
            (
                "certificate-authority-data",
                json!("no base64!"),
                "/certificate-authority-data",
                "PEM in base64",
            ),
            (
                "certificate-authority-data",
                json!(NO_CERTIFICATE),
                "/certificate-authority-data",
                "certificate",
            ),
            ("insecure-skip-tls-verify", json!(true), "/insecure-skip-tls-verify", "always verified"),
            ("insecure-skip-tls-verify", json!("yes"), "/insecure-skip-tls-verify", "always verified"),
            ("proxy-url", json!("http://p"), "/proxy-url", "proxies"),
            ("tls-server-name", json!("not a name"), "/tls-server-name", "host name"),
            ("server", json!("http://10.0.0.1"), "/server", "https://"),
            ("server", json!("https://169.254.169.254"), "/server", "link-local"),
            ("server", json!("https://[fe80::1]:6443"), "/server", "link-local"),
            ("server", json!("https://[::ffff:169.254.169.254]"), "/server", "metadata"),
            ("server", json!("https://0.0.0.0"), "/server", "unspecified"),
            ("server", json!("https://me@host"), "/server", "no user"),
            ("server", json!("https://10.0.0.1?a=b"), "/server", "query"),
            ("server", json!(""), "/server", "https://HOST:PORT"),
            ("server", json!("https://"), "/server", "https://HOST:PORT"),
            ("server", json!("ftp://10.0.0.1"), "/server", "https://HOST:PORT"),
            ("server", json!(7), "/server", "quotes"),
            ("server", Value::Null, "/server", "https://HOST:PORT"),
        ],
    );
}

#[test]
fn a_context_must_be_found_whole() {
    each_is_refused(
        "",
        &[
            ("contexts", json!([]), "/contexts", "at least one"),
            ("contexts", Value::Null, "/contexts", "at least one"),
            ("current-context", json!("three"), "/current-context", "there are: one, two"),
            ("current-context", json!(""), "/current-context", "name a context; there are: one, two"),
            ("clusters", json!([]), "/clusters", "the context names"),
            ("users", json!([]), "/users", "the context names"),
        ],
    );
    each_is_refused(
        "/contexts/0",
        &[
            ("context", json!({ "cluster": "c" }), "/context/user", "must name its user"),
            ("context", json!({ "user": "u" }), "/context/cluster", "must name its cluster"),
        ],
    );
    each_is_refused("/users/0", &[("user", Value::Null, "/user", "must be an object")]);
    assert_eq!(refused(&config(), Some("two")).0, "/users");
    let (at, rule) = refused(&config(), Some("three"));
    assert_eq!((at.as_str(), rule.contains("one, two")), ("/contexts", true));
    assert_eq!(refused(&json!([1]), None).0, "");
    let long = SecretString::from("x".repeat((1 << 20) + 1));
    assert!(examine(&long, None, Settings::default()).expect_err("it is refused").1.contains("at most"));
}

#[test]
fn a_broken_file_is_not_quoted() {
    let (_, said) =
        examine(&SecretString::from("token: 'hunter2"), None, Settings::default()).expect_err("broken");
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
    let mut texts: Vec<String> =
        ["[", "{a: ", "- ", "? ", "!a ", "&a ", "a: b\n", "#\n", " ", "\"", ", a"].map(long).into();
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

#[test]
fn the_address_is_judged_last() {
    let mut config = config();
    config["clusters"][0]["cluster"]["server"] = json!("ftp://10.0.0.1");
    config["clusters"][0]["cluster"]["proxy-url"] = json!("http://10.0.0.2");
    let told = |config: &Value| examine(&SecretString::from(config.to_string()), None, Settings::default());
    assert_eq!(told(&config).expect_err("a proxy").0, "/clusters/0/cluster/proxy-url");
    config["clusters"][0]["cluster"]["proxy-url"].take();
    config["users"][0]["user"]["token"] = json!("two words");
    assert_eq!(told(&config).expect_err("no token").0, "/users/0/user/token");
    config["users"][0]["user"]["token"] = json!("one");
    assert_eq!(told(&config).expect_err("no address").0, "/clusters/0/cluster/server");
}
