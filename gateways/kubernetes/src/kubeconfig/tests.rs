//! Each rule, with the member that broke it.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{Broken, examine};
use crate::Settings;

/// "-----BEGIN CERTIFICATE-----" in base64.
const PEM: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t";

fn config() -> Value {
    json!({
        "current-context": "one",
        "clusters": [{ "name": "c", "cluster": { "server": "https://10.0.0.1:6443/", "certificate-authority-data": PEM } }],
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
    let examined = examine(&SecretString::from(config().to_string()), None, Settings::default()).expect("it is accepted");
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
        (user, "client-certificate-data", json!(PEM), "/users/0/user/client-key-data", "must come with"),
        (user, "client-key-data", json!("no base64!"), "/users/0/user/client-key-data", "PEM"),
        (user, "token", json!("two words"), "/users/0/user/token", "visible ASCII"),
        (user, "token", json!(""), "/users/0/user", "must hold a token"),
        (cluster, "certificate-authority", json!("/a"), "/clusters/0/cluster/certificate-authority", "--flatten"),
        (cluster, "insecure-skip-tls-verify", json!(true), "/clusters/0/cluster/insecure-skip-tls-verify", "always verified"),
        (cluster, "proxy-url", json!("http://p"), "/clusters/0/cluster/proxy-url", "proxies"),
        (cluster, "server", json!("http://10.0.0.1"), "/clusters/0/cluster/server", "https://"),
        (cluster, "server", json!("https://169.254.169.254"), "/clusters/0/cluster/server", "link-local"),
        (cluster, "server", json!("https://[fe80::1]:6443"), "/clusters/0/cluster/server", "link-local"),
        (cluster, "server", json!("https://0.0.0.0"), "/clusters/0/cluster/server", "unspecified"),
        (cluster, "server", json!("https://me@host"), "/clusters/0/cluster/server", "no user"),
        (cluster, "server", json!(7), "/clusters/0/cluster/server", "address"),
        ("", "contexts", json!([]), "/contexts", "at least one"),
        ("", "current-context", json!("three"), "/current-context", "one, two"),
        ("", "current-context", json!(""), "/current-context", "choose a context: one, two"),
        ("", "users", json!([]), "/users", "the context names"),
        ("/contexts/0", "context", json!({ "cluster": "c" }), "/contexts/0/context/user", "must name its user"),
        ("/users/0", "user", json!(null), "/users/0/user", "must be an object"),
    ];
    for (parent, member, value, pointer, rule) in cases {
        let (found, said) = refused(&with(parent, member, value), None);
        assert_eq!(found, pointer, "{said}");
        assert!(said.contains(rule), "{pointer}: {said}");
    }
    assert_eq!(refused(&config(), Some("two")).0, "/users");
    assert!(refused(&config(), Some("three")).1.contains("one, two"));
    assert_eq!(refused(&json!([1]), None).0, "");
    let long = SecretString::from("x".repeat((1 << 20) + 1));
    assert!(examine(&long, None, Settings::default()).expect_err("it is refused").1.contains("at most"));
}

#[test]
fn a_broken_file_is_not_quoted_and_aliases_do_not_explode() {
    let (_, said) = examine(&SecretString::from("token: 'hunter2"), None, Settings::default()).expect_err("broken");
    assert!(!said.contains("hunter2"), "{said}");
    let mut bomb = String::from("a0: &a0 [x]\n");
    for nth in 1..40 {
        let before = nth - 1;
        bomb.push_str(&format!("a{nth}: &a{nth} [*a{before}, *a{before}, *a{before}, *a{before}]\n"));
    }
    examine(&SecretString::from(bomb), None, Settings::default()).expect_err("a bomb");
}

#[test]
fn loopback_can_be_closed() {
    let local = with("/clusters/0/cluster", "server", json!("https://127.0.0.1:6443"));
    let text = SecretString::from(local.to_string());
    assert!(examine(&text, None, Settings::default()).is_ok());
    let (pointer, _) = examine(&text, None, Settings { allow_loopback: false }).expect_err("it is closed");
    assert_eq!(pointer, "/clusters/0/cluster/server");
}
